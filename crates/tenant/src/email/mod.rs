//! E-mails: rendered by a [`TemplateRenderer`], kept in an outbox, never sent.
//!
//! <https://auth0.com/docs/customize/email/email-templates>

mod code;
mod mailer;
mod outbox;
mod provider;
mod render;
mod renderer;
pub(crate) mod reset;
pub(crate) mod result;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::clock::iso;
use crate::http::{Call, text};
use crate::identities::Linked;
use crate::oauth::event::request;
use crate::records as stored;
use crate::state::Tenant;

pub(crate) use code::{OfCode, send_with_code};
pub(crate) use mailer::Mailer;
pub(crate) use outbox::{keep, list, list_texts, outbox, put_ticket, ticket};
use provider::Around;
pub(crate) use render::TEMPLATES;
pub use render::{EmailError, RenderedEmail, render_email};
use render::{Mail, configured};
pub use renderer::{TemplateError, TemplateJob, TemplateRenderer};

/// Milliseconds for which a link in a mail works, unless the template says otherwise.
const LINK_MS: i64 = 432_000_000;

/// The mails that the tenant itself has a reason to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Template {
    VerifyEmail,
    Welcome,
    ResetEmail,
}

impl Template {
    fn name(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::Welcome => "welcome_email",
            Self::ResetEmail => "reset_email",
        }
    }
}

/// The request that causes a mail.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cause<'a> {
    /// The application, if the request names one.
    pub(crate) client_id: Option<&'a str>,
    /// The id of the organization, if the request names one.
    pub(crate) organization: Option<&'a str>,
    /// The linked identity whose password the mail changes; `None` for the user's own.
    pub(crate) linked: Option<Linked>,
    /// The request itself, for `event.request`.
    pub(crate) call: Option<&'a Call>,
}

/// Whether a mail is sent: production sends the welcome mail only where it is switched on, and the others unless they are switched
/// off.
pub(crate) fn is_on(tenant: &Tenant, template: Template) -> bool {
    let settings = configured(&tenant.catalog, template.name());
    let enabled = settings.and_then(|known| known.get("enabled")?.as_bool());
    enabled.unwrap_or(template != Template::Welcome)
}

/// Puts a mail into the outbox, and waits until it is there. Why it could not be rendered is in the outbox, too: the
/// request that caused it succeeds, as it does in production, which sends mails later.
pub(crate) async fn send(tenant: &Arc<Tenant>, template: Template, user: &Value, cause: Cause<'_>) {
    let Some(to) = text(user, "email") else {
        return;
    };
    let name = template.name();
    let settings = configured(&tenant.catalog, name);
    let now = tenant.now_ms();
    if !is_on(tenant, template) {
        // The answer of the request says that there is one.
        if template == Template::ResetEmail {
            tenant.control.log(json!({
                "type": "email", "date": iso(now), "template": name, "user_id": text(user, "user_id"),
                "error": "no mail: its template is switched off (`enabled: false`)",
            }));
        }
        return;
    }
    let token = tenant.randomness.token();
    let url = tenant.url(&format!("u/ticket?ticket={token}"));
    let life = settings
        .and_then(|known| known.get("urlLifetimeInSeconds"))
        .and_then(Value::as_i64);
    let expires = now.saturating_add(
        life.filter(|seconds| *seconds > 0)
            .map_or(LINK_MS, |seconds| seconds.saturating_mul(1000)),
    );
    let client = cause
        .client_id
        .and_then(|id| tenant.client(id).ok().flatten());
    let organization = cause.organization.and_then(|id| {
        let found = tenant.catalog.organization(id);
        found.filter(|found| text(found, "id") == Some(id))
    });
    let mail = Mail {
        name: name.to_owned(),
        user: user.clone(),
        client: client.unwrap_or_default(),
        url: Some(url.clone()),
        code: None,
        // Staff: a reset mail has none, https://community.auth0.com/t/190798.
        language: (template != Template::ResetEmail).then(|| "en".to_owned()),
        organization: organization.cloned(),
        ..Mail::default()
    };
    let around = Around {
        request: cause
            .call
            .map(|call| request(tenant, call))
            .unwrap_or_default(),
        ..Around::default()
    };
    let sending = Sending {
        name,
        to: to.to_owned(),
        user_id: text(user, "user_id").unwrap_or_default().to_owned(),
        client_id: cause.client_id.map(str::to_owned),
        organization: cause.organization.map(str::to_owned),
        identity: cause.linked.map(|linked| linked.id(user)),
        includes_email: settings.and_then(|known| known.get("includeEmailInRedirect"))
            == Some(&Value::Bool(true)),
        token,
        url,
        now,
        expires,
    };
    let tenant = Arc::clone(tenant);
    // A task of its own: a client that hangs up loses no mail.
    let sent = tokio::spawn(async move {
        let about = mail.clone();
        let rendered = mailer::rendered(&tenant, mail).await;
        let delivery = match &rendered {
            Ok(rendered) => provider::deliver(&tenant, &about, rendered, &sending.to, around).await,
            Err(_) => None,
        };
        sending.store(&tenant, rendered, delivery);
    });
    if let Err(error) = sent.await {
        tracing::error!("a mail was lost: {error}");
    }
}

/// An invitation to an organization.
pub(crate) struct Invited<'a> {
    pub(crate) to: &'a str,
    pub(crate) inviter: &'a str,
    /// Where it is accepted.
    pub(crate) url: &'a str,
    pub(crate) client: &'a Value,
    pub(crate) organization: &'a Value,
    /// The request, for `event.request`.
    pub(crate) call: &'a Call,
}

/// Puts the mail of an invitation into the outbox, and waits until it is there; without a mail if its template is off.
pub(crate) async fn send_invitation(tenant: &Arc<Tenant>, invited: Invited<'_>) {
    const NAME: &str = "user_invitation";
    let settings = configured(&tenant.catalog, NAME);
    let is_off = settings.and_then(|known| known.get("enabled")) == Some(&Value::Bool(false));
    if is_off {
        return;
    }
    let mail = Mail {
        name: NAME.to_owned(),
        user: json!({"email": invited.to}),
        client: invited.client.clone(),
        url: Some(invited.url.to_owned()),
        organization: Some(invited.organization.clone()),
        inviter: Some(invited.inviter.to_owned()),
        ..Mail::default()
    };
    let now = tenant.now_ms();
    let around = Around {
        request: request(tenant, invited.call),
        ..Around::default()
    };
    let (to, url, known) = (
        invited.to.to_owned(),
        invited.url.to_owned(),
        Arc::clone(tenant),
    );
    let sent = tokio::spawn(async move {
        let mut stored = stored::Mail {
            template: NAME.to_owned(),
            to,
            date: iso(now),
            ..stored::Mail::default()
        };
        let about = mail.clone();
        match mailer::rendered(&known, mail).await {
            Ok(rendered) => {
                let delivery =
                    provider::deliver(&known, &about, &rendered, &stored.to, around).await;
                stored.delivery = delivery.map(str::to_owned);
                stored.from = Some(rendered.from);
                stored.subject = Some(rendered.subject);
                stored.body = Some(rendered.body);
                stored.url = Some(url);
            }
            Err(error) => stored.error = Some(error.to_string()),
        }
        if let Err(error) = keep(&known, &stored, now) {
            tracing::error!("{error}");
        }
        known
            .control
            .log(json!({"type": "email", "date": iso(now), "template": NAME}));
    });
    if let Err(error) = sent.await {
        tracing::error!("a mail was lost: {error}");
    }
}

/// A mail on its way into the outbox.
struct Sending {
    name: &'static str,
    to: String,
    user_id: String,
    client_id: Option<String>,
    organization: Option<String>,
    identity: Option<String>,
    /// Whether the address after the link gets the user's.
    includes_email: bool,
    token: String,
    url: String,
    now: i64,
    expires: i64,
}

impl Sending {
    fn store(
        self,
        tenant: &Tenant,
        rendered: Result<RenderedEmail, EmailError>,
        delivery: Option<&'static str>,
    ) {
        let Self {
            name,
            to,
            user_id,
            client_id,
            organization,
            identity,
            includes_email,
            token,
            url,
            now,
            expires,
        } = self;
        let result_url = rendered
            .as_ref()
            .ok()
            .and_then(|it| it.result_url.as_deref());
        let result_url = result_url
            .and_then(|url| result::address(url, includes_email.then_some(to.as_str())))
            .map(|url| Value::from(url.as_str()));
        let mut entry =
            json!({"type": "email", "date": iso(now), "template": name, "user_id": user_id});
        let email = Some(to.clone());
        let mail = stored::Mail {
            template: name.to_owned(),
            to,
            user_id: user_id.clone(),
            date: iso(now),
            delivery: delivery.map(str::to_owned),
            ..stored::Mail::default()
        };
        let mail = match rendered {
            Ok(rendered) => stored::Mail {
                from: Some(rendered.from),
                subject: Some(rendered.subject),
                body: Some(rendered.body),
                url: Some(url),
                ..mail
            },
            Err(error) => {
                let error = error.to_string();
                if let Some(entry) = entry.as_object_mut() {
                    entry.insert("error".into(), error.as_str().into());
                }
                stored::Mail {
                    error: Some(error),
                    ..mail
                }
            }
        };
        let purpose = stored::Ticket {
            user_id: user_id.clone(),
            purpose: name.to_owned(),
            email,
            result_url,
            client_id,
            organization,
            identity,
            reset: stored::Reset::New,
        };
        let stored = put_ticket(tenant, &token, &purpose, expires);
        let stored = stored.and_then(|()| keep(tenant, &mail, now));
        if let Err(error) = stored {
            tracing::error!("{error}");
        }
        tenant.control.log(entry);
    }
}
