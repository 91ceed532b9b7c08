//! Mails that bring a code: of a passwordless connection, and of a second factor.

use std::sync::Arc;

use serde_json::{Value, json};

use super::provider::{self, Around};
use super::render::{Mail, RenderedEmail, configured};
use super::{keep, mailer};
use crate::clock::iso;
use crate::http::text;
use crate::records as stored;
use crate::state::Tenant;

/// A mail that brings a code.
#[derive(Debug, Clone, Default)]
pub(crate) struct OfCode {
    /// The name in the outbox, and of the template.
    pub(crate) template: &'static str,
    pub(crate) to: String,
    pub(crate) code: String,
    /// The link that brings the code, if it is one.
    pub(crate) url: Option<String>,
    /// `null` without one.
    pub(crate) user: Value,
    pub(crate) client: Value,
    /// The connection that the code signs in to; `null` for that of the user.
    pub(crate) connection: Value,
    /// The login that waits for the code.
    pub(crate) login: Option<String>,
    /// `event.request`.
    pub(crate) request: Value,
    /// Subject and body of a mail that is not made from a template.
    pub(crate) own: Option<(String, String)>,
}

/// Gives a mail to the Action of custom-email-provider, puts it into the outbox, and waits until it is there. There is none if its
/// template is switched off.
pub(crate) async fn send_with_code(tenant: &Arc<Tenant>, mail: OfCode) {
    let tenant = Arc::clone(tenant);
    // A task of its own: a client that hangs up loses no mail.
    let sent = tokio::spawn(async move { deliver(&tenant, mail).await });
    if let Err(error) = sent.await {
        tracing::error!("a mail was lost: {error}");
    }
}

/// Returns the template that a passwordless connection has for its mails.
///
/// Source: <https://auth0.github.io/node-auth0/interfaces/management.Management.ConnectionEmailEmail.html>.
fn of_connection(connection: &Value) -> Option<Value> {
    let own = connection.pointer("/options/email")?;
    let has_body = text(own, "body").is_some_and(|body| !body.trim().is_empty());
    has_body.then(|| own.clone())
}

async fn deliver(tenant: &Arc<Tenant>, mail: OfCode) {
    let now = tenant.now_ms();
    let user_id = text(&mail.user, "user_id").unwrap_or_default();
    let mut entry = json!({
        "type": "email", "date": iso(now), "template": mail.template, "user_id": user_id,
    });
    let mut log = |error: &str| {
        if let Some(entry) = entry.as_object_mut() {
            entry.insert("error".to_owned(), error.into());
        }
    };
    let mut stored = stored::Mail {
        template: mail.template.to_owned(),
        to: mail.to.clone(),
        code: Some(mail.code.clone()),
        user_id: user_id.to_owned(),
        login: mail.login.clone(),
        date: iso(now),
        ..stored::Mail::default()
    };
    let settings = configured(&tenant.catalog, mail.template);
    if settings.and_then(|known| known.get("enabled")) == Some(&Value::Bool(false)) {
        log("no mail: its template is switched off (`enabled: false`)");
        tenant.control.log(entry);
        return;
    }
    let about = Mail {
        name: mail.template.to_owned(),
        user: match mail.user.is_object() {
            true => mail.user.clone(),
            false => json!({"email": mail.to}),
        },
        client: mail.client,
        url: mail.url.clone(),
        code: Some(mail.code),
        language: Some("en".to_owned()),
        own: of_connection(&mail.connection),
        ..Mail::default()
    };
    let rendered = match mail.own.filter(|_| about.own.is_none()) {
        None => mailer::rendered(tenant, about.clone()).await,
        Some((subject, body)) => {
            let sender = tenant.catalog.settings.get("support_email");
            let sender = sender.and_then(Value::as_str);
            Ok(RenderedEmail {
                from: sender.unwrap_or("no-reply@localhost").to_owned(),
                subject,
                body,
                result_url: None,
            })
        }
    };
    match rendered {
        Ok(rendered) => {
            let around = Around {
                request: mail.request,
                connection: mail.connection,
            };
            let delivery = provider::deliver(tenant, &about, &rendered, &mail.to, around).await;
            stored.delivery = delivery.map(str::to_owned);
            stored.from = Some(rendered.from);
            stored.subject = Some(rendered.subject);
            stored.body = Some(rendered.body);
            stored.url = mail.url;
        }
        Err(error) => {
            let error = error.to_string();
            log(&error);
            stored.error = Some(error);
        }
    }
    if let Err(error) = keep(tenant, &stored, now) {
        tracing::error!("{error}");
    }
    tenant.control.log(entry);
}
