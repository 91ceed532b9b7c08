//! Event streams whose destination is an Action: what happens to users, as CloudEvents.
//!
//! <https://auth0.com/docs/customize/events/event-types>

use std::sync::Arc;

use postlogin_core::Trigger;
use postlogin_core::outcome::Status;
use postlogin_project::TenantData;
use serde_json::{Value, json};

use super::{Run, events, run};
use crate::clock::iso;
use crate::http::text;
use crate::state::Tenant;

/// Attempts to deliver an event, the first one included. Production waits 1, 2 and 4 s between them; here there is no wait.
const ATTEMPTS: usize = 4;

/// What happened to a user.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Happened {
    Created,
    Updated,
    Deleted,
}

impl Happened {
    /// The type of the event.
    fn name(self) -> &'static str {
        match self {
            Self::Created => "user.created",
            Self::Updated => "user.updated",
            Self::Deleted => "user.deleted",
        }
    }
}

/// Delivers an event to the Actions of all streams that subscribe to it, after the answer of the request that causes it.
pub(crate) fn publish(tenant: &Arc<Tenant>, happened: Happened, user: &Value) {
    let streams = tenant.catalog.streams.iter();
    let streams = streams.filter(|stream| is_subscribed(stream, happened.name()));
    for stream in streams {
        let Some(action) = TenantData::action_of(stream).map(str::to_owned) else {
            continue;
        };
        let now = tenant.now_ms();
        let message = json!({
            "id": format!("evt_{}", tenant.randomness.hex_id()),
            "type": happened.name(),
            "source": format!("urn:auth0:{}.users", tenant.name),
            "specversion": "1.0",
            "time": iso(now),
            "data": {"object": events::user(user, &["multifactor", "enrolledFactors"])},
            "a0tenant": tenant.name,
            "a0stream": text(stream, "id").or_else(|| text(stream, "name")),
        });
        let tenant = Arc::clone(tenant);
        tokio::spawn(async move {
            for _ in 0..ATTEMPTS {
                let event = json!({"message": message, "secrets": {}});
                let delivery = Run {
                    trigger: Trigger::EventStream,
                    action: Some(action.clone()),
                    event,
                };
                let delivered = run(&tenant, delivery).await;
                if delivered.is_ok_and(|outcome| outcome.status == Status::Allowed) {
                    return;
                }
            }
        });
    }
}

/// An export lists the subscriptions of a stream as objects with `event_type`.
fn is_subscribed(stream: &Value, kind: &str) -> bool {
    let is_enabled = text(stream, "status").is_none_or(|status| status == "enabled");
    let listed = stream.get("subscriptions").and_then(Value::as_array);
    let mut listed = listed.into_iter().flatten();
    is_enabled && listed.any(|it| text(it, "event_type").or_else(|| it.as_str()) == Some(kind))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::is_subscribed;

    #[test]
    fn streams_list_what_they_subscribe_to() {
        let stream = json!({"subscriptions": [{"event_type": "user.created"}, "user.deleted"]});
        assert!(is_subscribed(&stream, "user.created"));
        assert!(is_subscribed(&stream, "user.deleted"));
        assert!(!is_subscribed(&stream, "user.updated"));
        let off = json!({"status": "disabled", "subscriptions": [{"event_type": "user.created"}]});
        assert!(!is_subscribed(&off, "user.created"));
        assert!(!is_subscribed(&json!({"subscriptions": 5}), "user.created"));
    }
}
