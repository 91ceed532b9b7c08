//! One mail: the template of the export, or the tenant's own, filled in.

use std::fmt;

use postlogin_project::TenantData;
use serde_json::{Map, Value, json};

use super::renderer::{TemplateError, TemplateJob, TemplateRenderer};
use crate::catalog::Catalog;
use crate::http::text;

/// Templates that production knows, as the Deploy CLI has them (`src/tools/constants.ts`).
pub(crate) const TEMPLATES: &[&str] = &[
    "verify_email",
    "verify_email_by_code",
    "reset_email",
    "reset_email_by_code",
    "welcome_email",
    "blocked_account",
    "stolen_credentials",
    "enrollment_email",
    "mfa_oob_code",
    "user_invitation",
    "async_approval",
    "change_password",
    "password_reset",
];

/// A mail that is ready to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedEmail {
    /// The sender.
    pub from: String,
    /// The subject.
    pub subject: String,
    /// HTML.
    pub body: String,
    /// Where the user goes after the link of the mail, if the template has a `resultUrl`.
    pub result_url: Option<String>,
}

/// Why a mail could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmailError {
    /// The template is unknown.
    Unknown(String),
    /// A part of a template is not valid Liquid, or exceeds a limit.
    Template {
        /// `body`, `subject`, `from` or `resultUrl`.
        part: &'static str,
        /// The template's name.
        name: String,
        /// The file of the body, if it is in one.
        file: Option<String>,
        /// The problem.
        error: TemplateError,
    },
    /// The renderer failed, or had no time.
    Internal(String),
}

impl fmt::Display for EmailError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => write!(
                f,
                "unknown e-mail template `{name}`; production has {}",
                TEMPLATES.join(", ")
            ),
            Self::Template {
                part,
                name,
                file,
                error,
            } => {
                let message = &error.message;
                match (file, error.place) {
                    (Some(file), Some((line, column))) => write!(f, "{file}:{line}:{column}: ")?,
                    (Some(file), None) => write!(f, "{file}: ")?,
                    (None, _) => {}
                }
                write!(
                    f,
                    "the {part} of the e-mail template {name} cannot be rendered: "
                )?;
                match (file, error.place) {
                    (None, Some((line, column))) => {
                        write!(f, "line {line}, column {column}: {message}")
                    }
                    _ => f.write_str(message),
                }
            }
            Self::Internal(reason) => write!(f, "the mail was not rendered: {reason}"),
        }
    }
}

impl std::error::Error for EmailError {}

/// The user, application and link of a mail.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mail {
    pub(crate) name: String,
    pub(crate) user: Value,
    pub(crate) client: Value,
    pub(crate) url: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) organization: Option<Value>,
    /// The name of who invites.
    pub(crate) inviter: Option<String>,
    /// The template that a connection has for its mails, in place of one of the tenant.
    pub(crate) own: Option<Value>,
}

/// The templates of the tenant where an export has none: one sentence, in HTML.
fn built_in(name: &str) -> (&'static str, &'static str) {
    match name {
        "verify_email" => (
            "Verify your email",
            "<p>Verify your e-mail address for {{ application.name | escape }}: <a href=\"{{ url }}\">{{ url }}</a></p>",
        ),
        "verify_email_by_code" => (
            "Verify your email",
            "<p>Your verification code is {{ code }}</p>",
        ),
        "reset_email" | "change_password" | "password_reset" => (
            "Reset your password",
            "<p>Change your password: <a href=\"{{ url }}\">{{ url }}</a></p>",
        ),
        "reset_email_by_code" => (
            "Reset your password",
            "<p>Your password reset code is {{ code }}</p>",
        ),
        "welcome_email" => (
            "Welcome",
            "<p>Welcome to {{ application.name | escape }}, {{ user.name | escape }}!</p>",
        ),
        "blocked_account" => (
            "Account blocked",
            "<p>Your account was blocked. Unblock it: <a href=\"{{ url }}\">{{ url }}</a></p>",
        ),
        "mfa_oob_code" => ("Your code", "<p>Your code is {{ code }}</p>"),
        "user_invitation" => (
            "You were invited",
            "<p>{{ inviter.name | escape }} invites you: <a href=\"{{ url }}\">{{ url }}</a></p>",
        ),
        "enrollment_email" => (
            "Enroll your device",
            "<p>Enroll: <a href=\"{{ link }}\">{{ link }}</a></p>",
        ),
        _ => (
            "A message",
            "<p>A message about your account at {{ friendly_name | escape }}.</p>",
        ),
    }
}

/// Returns what the export says about a template.
pub(crate) fn configured<'a>(catalog: &'a Catalog, name: &str) -> Option<&'a Value> {
    let is = |known: &&Value| text(known, "template") == Some(name);
    catalog.emails.iter().find(is)
}

/// Renders a mail.
///
/// # Errors
/// When the template is unknown, or a part of it cannot be rendered.
pub(crate) fn render(
    catalog: &Catalog,
    tenant: &str,
    mail: &Mail,
    renderer: &dyn TemplateRenderer,
    now_ms: i64,
) -> Result<RenderedEmail, EmailError> {
    let configured = mail
        .own
        .as_ref()
        .or_else(|| configured(catalog, &mail.name));
    if configured.is_none() && !TEMPLATES.contains(&mail.name.as_str()) {
        return Err(EmailError::Unknown(mail.name.clone()));
    }
    let (subject, body) = built_in(&mail.name);
    let part = |key: &str, default| {
        let own = configured.and_then(|known| text(known, key));
        own.filter(|text| !text.is_empty()).unwrap_or(default)
    };
    let sender = catalog.settings.get("support_email");
    let sender = sender.and_then(Value::as_str);
    let mut templates = vec![
        part("from", sender.unwrap_or("no-reply@localhost")),
        part("subject", subject),
        part("body", body),
    ];
    let result_url = part("resultUrl", "");
    templates.extend(Some(result_url).filter(|url| !url.is_empty()));
    let job = TemplateJob {
        templates: &templates,
        variables: &variables(catalog, tenant, mail),
        now_ms,
    };
    let texts = renderer.render(&job).map_err(|error| {
        if error.is_internal {
            return EmailError::Internal(error.message);
        }
        let part = ["from", "subject", "body", "resultUrl"].get(error.template);
        let part = part.copied().unwrap_or("body");
        let file = configured.and_then(|known| text(known, "bodyFile"));
        EmailError::Template {
            part,
            name: mail.name.clone(),
            file: file.filter(|_| part == "body").map(str::to_owned),
            error,
        }
    })?;
    let mut texts = texts.into_iter();
    match (texts.next(), texts.next(), texts.next()) {
        (Some(from), Some(subject), Some(body)) => Ok(RenderedEmail {
            from,
            subject,
            body,
            result_url: texts.next(),
        }),
        _ => Err(EmailError::Internal("a part of the mail is missing".into())),
    }
}

/// Renders a mail for the user and the application of an event, as the tenant `tenant` would.
///
/// `now` of a template is `now_ms`, milliseconds since the epoch.
///
/// # Errors
/// When the template is unknown, or a part of it cannot be rendered.
pub fn render_email(
    data: &TenantData,
    tenant: &str,
    template: &str,
    event: &Value,
    renderer: &dyn TemplateRenderer,
    now_ms: i64,
) -> Result<RenderedEmail, EmailError> {
    let catalog = Catalog::new(data, tenant, b"", &[]);
    let part = |pointer: &str| event.pointer(pointer).cloned().unwrap_or_default();
    let name = event.pointer("/client/name").and_then(Value::as_str);
    let known = |client: &&Value| name.is_some() && text(client, "name") == name;
    let mut client = catalog
        .clients
        .iter()
        .find(known)
        .cloned()
        .unwrap_or_else(|| json!({}));
    if let Some(client) = client.as_object_mut() {
        for (key, pointer) in [
            ("name", "/client/name"),
            ("client_id", "/client/client_id"),
            ("client_metadata", "/client/metadata"),
        ] {
            let value = part(pointer);
            if !value.is_null() {
                client.insert(key.into(), value);
            }
        }
    }
    let language = event.pointer("/request/language").and_then(Value::as_str);
    let mail = Mail {
        name: template.to_owned(),
        user: part("/user"),
        client,
        url: Some("https://example.com/ticket".to_owned()),
        code: Some("123456".to_owned()),
        language: Some(language.unwrap_or("en").to_owned()),
        organization: Some(part("/organization")).filter(Value::is_object),
        inviter: Some("The inviter".to_owned()),
        own: None,
    };
    render(&catalog, tenant, &mail, renderer, now_ms)
}

fn variables(catalog: &Catalog, tenant: &str, mail: &Mail) -> Value {
    let setting = |key: &str| catalog.settings.get(key).cloned().unwrap_or_default();
    let mut user = Map::new();
    for key in [
        "email",
        "email_verified",
        "picture",
        "nickname",
        "given_name",
        "family_name",
        "name",
        "user_metadata",
        "app_metadata",
    ] {
        user.insert(key.into(), mail.user.get(key).cloned().unwrap_or_default());
    }
    let callback = mail
        .client
        .pointer("/callbacks/0")
        .and_then(Value::as_str)
        .and_then(|url| url::Url::parse(url).ok());
    let application = json!({
        "name": mail.client.get("name"), "clientID": mail.client.get("client_id"),
        "client_metadata": mail.client.get("client_metadata"),
        "callback_domain": callback.map(|url| url.origin().ascii_serialization()),
    });
    let connection = mail.user.pointer("/identities/0/connection");
    json!({
        "application": application, "client": application, "request_language": mail.language, "connection": {"name": connection},
        "tenant": tenant, "friendly_name": setting("friendly_name"), "support_email": setting("support_email"),
        "support_url": setting("support_url"), "user": user, "organization": mail.organization.as_ref().map(organization), "url": mail.url, "link": mail.url,
        "code": mail.code, "inviter": {"name": mail.inviter},
        // The template of a passwordless connection.
        "app": {"name": mail.client.get("name")}, "send": if mail.url.is_some() { "link" } else { "code" },
        // A sample of the vendor's documentation writes it without `user`.
        "user_metadata": mail.user.get("user_metadata"),
    })
}

/// Returns an organization as templates see it.
fn organization(organization: &Value) -> Value {
    let keys = ["id", "name", "display_name", "metadata", "branding"];
    let known = keys.iter().filter_map(|key| {
        let value = organization.get(*key)?;
        Some(((*key).to_owned(), value.clone()))
    });
    Value::Object(known.collect())
}

#[cfg(test)]
mod tests;
