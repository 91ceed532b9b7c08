//! custom-email-provider: an Action sends the mail, drops it, or asks for another attempt.
//!
//! <https://auth0.com/docs/actions/reference/custom-email-provider/custom-email-provider-api-object>

use std::sync::Arc;

use postlogin_core::Trigger;
use postlogin_core::outcome::{Delivery, Status};
use serde_json::{Value, json};

use super::render::{Mail, RenderedEmail};
use crate::state::Tenant;
use crate::triggers::{Run, events, run};

/// Attempts after the first one. Production spreads them over minutes; here there is no wait.
const RETRIES: usize = 5;

/// Gives a mail to the Action of the trigger, and returns what became of it; `None` when there is no Action.
pub(super) async fn deliver(
    tenant: &Arc<Tenant>,
    mail: &Mail,
    rendered: &RenderedEmail,
    to: &str,
) -> Option<&'static str> {
    let trigger = Trigger::CustomEmailProvider;
    if !tenant.pipeline.binds(trigger) {
        return None;
    }
    let event = event(tenant, mail, rendered, to);
    for _ in 0..=RETRIES {
        let attempt = Run {
            trigger,
            action: None,
            event: event.clone(),
        };
        let outcome = match run(tenant, attempt).await {
            Ok(outcome) if outcome.status == Status::Allowed => outcome,
            _ => return Some("failed"),
        };
        match outcome.effects.notification.map(|it| it.delivery) {
            None => return Some("sent"),
            Some(Delivery::Dropped) => return Some("dropped"),
            Some(Delivery::Retried) => {}
        }
    }
    Some("retried")
}

fn event(tenant: &Tenant, mail: &Mail, rendered: &RenderedEmail, to: &str) -> Value {
    let settings = &tenant.catalog.settings;
    let mut of_tenant = json!({"id": tenant.name});
    let mut event = json!({
        "notification": {
            "message_type": mail.name, "from": rendered.from, "to": to, "subject": rendered.subject,
            "html": rendered.body, "text": plain(&rendered.body),
            "locale": mail.language.as_deref().unwrap_or("en"),
        },
        "request": {},
        "secrets": {},
        "user": events::user(&mail.user, &["identities", "multifactor", "enrolledFactors", "created_at", "updated_at", "last_password_reset"]),
    });
    if let Some(of_tenant) = of_tenant.as_object_mut() {
        for key in ["friendly_name", "support_email", "support_url"] {
            if let Some(value) = settings.get(key).filter(|value| value.is_string()) {
                of_tenant.insert(key.to_owned(), value.clone());
            }
        }
    }
    if let Some(event) = event.as_object_mut() {
        event.insert("tenant".into(), of_tenant);
        event.insert(
            "connection".into(),
            events::connection(&crate::oauth::event::connection(tenant, &mail.user, None)),
        );
        if mail.client.is_object() {
            event.insert("client".into(), events::client(&mail.client));
        }
        if let Some(organization) = &mail.organization {
            event.insert("organization".into(), events::organization(organization));
        }
        if let Some(user) = event.get_mut("user").and_then(Value::as_object_mut) {
            for key in ["user_metadata", "app_metadata"] {
                user.entry(key).or_insert_with(|| json!({}));
            }
        }
    }
    event
}

/// The text of a mail without its tags.
fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut in_tag = false;
    for letter in html.chars() {
        match letter {
            '<' => in_tag = true,
            '>' if in_tag => in_tag = false,
            _ if in_tag => {}
            letter => text.push(letter),
        }
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn tags_are_no_text() {
        for (html, text) in [
            ("<p>Hello <b>Jane</b></p>", "Hello Jane"),
            ("a > b", "a > b"),
            ("<a href=\"x\">link</a", "link"),
            ("", ""),
        ] {
            assert_eq!(plain(html), text, "{html}");
        }
    }
}
