//! E-mails: rendered with Liquid, kept in an outbox, never sent.
//!
//! <https://auth0.com/docs/customize/email/email-templates>

mod lenient;
mod outbox;
mod render;

use serde_json::{Value, json};

use crate::clock::iso;
use crate::http::text;
use crate::randomness::digest;
use crate::state::Tenant;
use crate::store::{Entry, Kind};

pub(crate) use outbox::{list, outbox, ticket};
pub use render::{EmailError, RenderedEmail, render_email};
pub(crate) use render::{Mail, render};

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

/// Puts a mail into the outbox. Why it could not be rendered stands there, too.
pub(crate) fn send(tenant: &Tenant, template: Template, user: &Value, client_id: Option<&str>) {
    let Some(to) = text(user, "email") else {
        return;
    };
    let name = template.name();
    let configured = tenant
        .catalog
        .emails
        .iter()
        .find(|known| text(known, "template") == Some(name));
    // Production sends the welcome mail only where it is switched on, and the others unless they are switched off.
    let default = template != Template::Welcome;
    let enabled = configured
        .and_then(|known| known.get("enabled"))
        .and_then(Value::as_bool)
        .unwrap_or(default);
    if !enabled {
        return;
    }
    let now = tenant.now_ms();
    let token = tenant.randomness.token();
    let user_id = text(user, "user_id").unwrap_or_default();
    let url = tenant.url(&format!("u/ticket?ticket={token}"));
    let life = configured
        .and_then(|known| known.get("urlLifetimeInSeconds"))
        .and_then(Value::as_i64);
    let expires = now.saturating_add(
        life.filter(|seconds| *seconds > 0)
            .map_or(LINK_MS, |seconds| seconds.saturating_mul(1000)),
    );
    let client = client_id
        .and_then(|id| tenant.client(id).ok().flatten())
        .unwrap_or_default();
    let mail = Mail {
        name,
        user,
        client: &client,
        url: Some(&url),
        code: None,
        language: "en",
        organization: None,
    };
    let document = match render(&tenant.catalog, &tenant.name, &mail) {
        Ok(rendered) => json!({
            "template": name, "to": to, "from": rendered.from, "subject": rendered.subject, "body": rendered.body,
            "url": url, "user_id": user_id, "date": iso(now),
        }),
        Err(error) => {
            json!({"template": name, "to": to, "error": error.to_string(), "user_id": user_id, "date": iso(now)})
        }
    };
    let purpose = json!({"user_id": user_id, "purpose": name, "result_url": configured.and_then(|known| text(known, "resultUrl"))});
    let id = format!("{now:015}-{}", tenant.randomness.hex_id());
    let stored = tenant.store.put(
        Kind::Ticket,
        Entry::until(&digest(&token), expires).of(user_id),
        &purpose,
        now,
    );
    let stored = stored.and_then(|()| {
        tenant
            .store
            .put(Kind::Mail, Entry::lasting(&id).of(user_id), &document, now)
    });
    if let Err(error) = stored {
        tracing::error!("{error}");
    }
    tenant
        .control
        .log(json!({"type": "email", "date": iso(now), "template": name, "user_id": user_id}));
}
