//! One mail: the template of the export, or the tenant's own, filled in.

use std::fmt;

use liquid::ParserBuilder;
use postlogin_project::TenantData;
use serde_json::{Map, Value, json};

use super::lenient::Node;
use crate::catalog::Catalog;
use crate::http::text;

/// Templates that production knows.
const KNOWN: &[&str] = &[
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
}

/// Why a mail could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmailError {
    /// There is no such template; the known ones.
    Unknown(String),
    /// Liquid refuses a part (`body`, `subject`, `from`) of a template; with its reason.
    Liquid(String, String),
}

impl fmt::Display for EmailError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => write!(
                f,
                "there is no e-mail template `{name}`; production has {}",
                KNOWN.join(", ")
            ),
            Self::Liquid(part, reason) => write!(f, "the {part} is no Liquid template: {reason}"),
        }
    }
}

impl std::error::Error for EmailError {}

/// What a mail is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mail<'a> {
    pub(crate) name: &'a str,
    pub(crate) user: &'a Value,
    pub(crate) client: &'a Value,
    pub(crate) url: Option<&'a str>,
    pub(crate) code: Option<&'a str>,
    pub(crate) language: &'a str,
    pub(crate) organization: Option<&'a Value>,
}

/// What the tenant sends where an export has no template: one sentence, in HTML.
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

/// Renders a mail.
///
/// # Errors
/// When there is no such template or Liquid refuses it.
pub(crate) fn render(
    catalog: &Catalog,
    tenant: &str,
    mail: &Mail<'_>,
) -> Result<RenderedEmail, EmailError> {
    let configured = catalog
        .emails
        .iter()
        .find(|known| text(known, "template") == Some(mail.name));
    if configured.is_none() && !KNOWN.contains(&mail.name) {
        return Err(EmailError::Unknown(mail.name.to_owned()));
    }
    let (subject, body) = built_in(mail.name);
    let part = |key: &str, default: &str| {
        configured
            .and_then(|known| text(known, key))
            .filter(|text| !text.is_empty())
            .unwrap_or(default)
            .to_owned()
    };
    let sender = catalog
        .settings
        .get("support_email")
        .and_then(Value::as_str)
        .unwrap_or("no-reply@localhost");
    let variables = Node::of(&variables(catalog, tenant, mail));
    let fill = |name: &str, template: String| {
        fill(&template, &variables).map_err(|reason| EmailError::Liquid(name.to_owned(), reason))
    };
    Ok(RenderedEmail {
        from: fill("sender", part("from", sender))?,
        subject: fill("subject", part("subject", subject))?,
        body: fill("body", part("body", body))?,
    })
}

/// Renders a mail for the user and the application of an event, as the tenant `tenant` would.
///
/// # Errors
/// When there is no such template or Liquid refuses it.
pub fn render_email(
    data: &TenantData,
    tenant: &str,
    template: &str,
    event: &Value,
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
    let (user, organization) = (part("/user"), part("/organization"));
    let mail = Mail {
        name: template,
        user: &user,
        client: &client,
        url: Some("https://example.com/ticket"),
        code: Some("123456"),
        language: event
            .pointer("/request/language")
            .and_then(Value::as_str)
            .unwrap_or("en"),
        organization: Some(&organization).filter(|organization| organization.is_object()),
    };
    render(&catalog, tenant, &mail)
}

fn fill(template: &str, variables: &Node) -> Result<String, String> {
    let parser = ParserBuilder::with_stdlib()
        .build()
        .map_err(|error| error.to_string())?;
    let template = parser.parse(template).map_err(|error| error.to_string())?;
    template
        .render(variables)
        .map_err(|error| error.to_string())
}

fn variables(catalog: &Catalog, tenant: &str, mail: &Mail<'_>) -> Value {
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
        "support_url": setting("support_url"), "user": user, "organization": mail.organization, "url": mail.url, "link": mail.url,
        "code": mail.code,
        // A sample of the vendor's documentation writes it without `user`.
        "user_metadata": mail.user.get("user_metadata"),
    })
}

#[cfg(test)]
mod tests {
    use postlogin_project::TenantData;
    use serde_json::{Value, json};

    use super::{EmailError, Mail, render};
    use crate::catalog::Catalog;

    fn check(body: &str, expected: &str) {
        let template = json!({"template": "welcome_email", "body": body, "subject": "Hi {{ user.name | upcase }}", "from": "a@example.com", "enabled": true});
        let data = TenantData {
            email_templates: vec![template],
            ..TenantData::default()
        };
        let catalog = Catalog::new(&data, "example", b"s", &[]);
        let user = json!({"name": "<Jane>", "email": "j@example.com", "user_metadata": {"lang": "de", "tags": ["a", "b"]}});
        let mail = Mail {
            name: "welcome_email",
            user: &user,
            client: &catalog.clients[0],
            url: Some("http://x/"),
            code: None,
            language: "en",
            organization: None,
        };
        let rendered = render(&catalog, "example", &mail).unwrap();
        assert_eq!(
            (rendered.subject.as_str(), rendered.body.as_str()),
            ("Hi <JANE>", expected)
        );
    }

    #[test]
    fn templates_are_filled_as_production_does() {
        check(
            "{% if user.user_metadata.lang == 'de' %}Hallo{% else %}Hello{% endif %} {{ user.name | escape }}",
            "Hallo &lt;Jane&gt;",
        );
        check(
            "{{ user.app_metadata.plan.name }}|{{ nothing.at.all }}|{{ organization.name | default: 'none' }}",
            "||none",
        );
        check("{% unless organization %}alone{% endunless %}", "alone");
        check(
            "{% for tag in user.user_metadata.tags %}{{ tag }}{% unless forloop.last %}, {% endunless %}{% endfor %}",
            "a, b",
        );
        check(
            "{% assign lang = user_metadata.lang %}{% case lang %}{% when 'de' %}1{% else %}2{% endcase %} {{ tenant }} {{ application.name }}",
            "1 example Local Application",
        );
    }

    #[test]
    fn what_is_no_template_is_said() {
        let catalog = Catalog::new(&TenantData::default(), "t", b"s", &[]);
        let mail = Mail {
            name: "nonsense",
            user: &Value::Null,
            client: &Value::Null,
            url: None,
            code: None,
            language: "en",
            organization: None,
        };
        assert!(matches!(
            render(&catalog, "t", &mail),
            Err(EmailError::Unknown(_))
        ));
        let data = TenantData {
            email_templates: vec![json!({"template": "verify_email", "body": "{% if %}"})],
            ..TenantData::default()
        };
        let catalog = Catalog::new(&data, "t", b"s", &[]);
        let mail = Mail {
            name: "verify_email",
            ..mail
        };
        assert!(
            matches!(render(&catalog, "t", &mail), Err(EmailError::Liquid(part, _)) if part == "body")
        );
    }
}
