//! The event of custom-email-provider.
//!
//! <https://auth0.com/docs/actions/reference/custom-email-provider/custom-email-provider-event-object>

use std::sync::Arc;

use postlogin_core::Trigger;
use serde_json::{Value, json};

use super::render::{Mail, RenderedEmail};
use crate::state::Tenant;
use crate::triggers::notification::{self, About};

/// Attributes of a profile that the event does not have.
const HIDDEN: &[&str] = &[
    "identities",
    "multifactor",
    "enrolledFactors",
    "created_at",
    "updated_at",
    "last_password_reset",
];

/// The parts of an event beside the mail: `null` where nothing is known.
#[derive(Debug, Clone, Default)]
pub(super) struct Around {
    pub(super) request: Value,
    /// The connection of who is not a user yet.
    pub(super) connection: Value,
}

/// Returns `event.notification.message_type` of a mail by the name of its template: most are the same.
fn message_type(template: &str) -> &str {
    match template {
        "passwordless_email" => "verification_code",
        "user_invitation" => "organization_invitation",
        other => other,
    }
}

/// Gives a mail to the Action of the trigger, and returns what became of it; `None` when there is no Action.
pub(super) async fn deliver(
    tenant: &Arc<Tenant>,
    mail: &Mail,
    rendered: &RenderedEmail,
    to: &str,
    around: Around,
) -> Option<&'static str> {
    let about = About {
        user: &mail.user,
        hidden: HIDDEN,
        client: &mail.client,
        organization: mail.organization.as_ref(),
        request: match around.request.is_object() {
            true => shown_request(&around.request),
            false => json!({}),
        },
    };
    let mut event = notification::event(tenant, about);
    notification::with_connection(&mut event, &around.connection);
    event.insert(
        "notification".into(),
        json!({
            "message_type": message_type(&mail.name), "from": rendered.from, "to": to, "subject": rendered.subject,
            "html": rendered.body, "text": plain(&rendered.body),
            "locale": mail.language.as_deref().unwrap_or("en"),
        }),
    );
    let trigger = Trigger::CustomEmailProvider;
    notification::deliver(tenant, trigger, &Value::Object(event)).await
}

/// The properties of `event.request` of the trigger.
/// Source: <https://auth0.com/docs/customize/actions/explore-triggers/custom-email-provider-trigger/custom-email-provider-event-object>.
const REQUEST: &[&str] = &["geoip", "hostname", "ip", "query", "user_agent"];

fn shown_request(request: &Value) -> Value {
    let mut request = request.clone();
    if let Some(request) = request.as_object_mut() {
        request.retain(|key, _| REQUEST.contains(&key.as_str()));
    }
    request
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
