//! Event streams whose destination is an Action: what happens to users, organizations and connections, as CloudEvents.
//!
//! <https://auth0.com/docs/customize/events/event-types>

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use postlogin_core::Trigger;
use postlogin_core::outcome::Status;
use postlogin_project::TenantData;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::{Run, run};
use crate::clock::iso;
use crate::http::text;
use crate::state::Tenant;

/// Milliseconds between the four attempts to deliver an event.
///
/// Source: <https://auth0.com/docs/customize/events/events-best-practices>
const WAITS_MS: [i64; 3] = [1_000, 2_000, 4_000];

/// Deliveries that are under way or wait for their next attempt. What exceeds them is dropped and logged.
const MOST: usize = 1_000;

/// Deliveries that are prepared at the same time; the pipeline runs one of them.
const AT_ONCE: usize = 1;

/// Attributes of a profile that say nothing of a change by themselves: every login moves them.
pub(crate) const COUNTERS: &[&str] = &["last_login", "last_ip", "logins_count", "updated_at"];

/// The event of a user.
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

/// The events of requests that are not answered yet, and the deliveries under way.
#[derive(Debug)]
pub(crate) struct Streams {
    waiting: Mutex<Vec<Delivery>>,
    /// The events that found no place among those that wait, since they were last logged.
    dropped: AtomicUsize,
    under_way: Arc<Semaphore>,
    turn: Semaphore,
}

impl Default for Streams {
    fn default() -> Self {
        Self {
            waiting: Mutex::default(),
            dropped: AtomicUsize::new(0),
            under_way: Arc::new(Semaphore::new(MOST)),
            turn: Semaphore::new(AT_ONCE),
        }
    }
}

impl Streams {
    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Delivery>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One event on its way to the Action of a stream.
#[derive(Debug)]
struct Delivery {
    action: String,
    message: Value,
}

/// Whether any stream wants to know of something.
pub(crate) fn is_wanted(tenant: &Tenant, happened: Happened) -> bool {
    wants(tenant, happened.name())
}

/// Whether any stream subscribes to a type of event.
pub(super) fn wants(tenant: &Tenant, kind: &str) -> bool {
    let mut streams = tenant.catalog.streams.iter();
    streams.any(|stream| is_subscribed(stream, kind))
}

/// Whether a profile changed by more than a login changes each time.
pub(crate) fn differs(before: &Value, after: &Value) -> bool {
    let without = |user: &Value| {
        let mut user = user.as_object().cloned().unwrap_or_default();
        user.retain(|key, _| !COUNTERS.contains(&key.as_str()));
        user
    };
    without(before) != without(after)
}

/// Notes an event for the Actions of all streams that subscribe to it. [`deliver`] sends it when the request that causes it is
/// answered.
pub(crate) fn publish(tenant: &Tenant, happened: Happened, user: &Value) {
    publish_data(
        tenant,
        happened.name(),
        "users",
        || json!({"object": object(user)}),
    );
}

/// Notes that a user was updated, with the profile as it was.
///
/// Source: <https://auth0.github.io/node-auth0/interfaces/index.Management.EventStreamCloudEventUserUpdatedData.html>.
pub(crate) fn publish_update(tenant: &Tenant, before: &Value, after: &Value) {
    publish_data(
        tenant,
        Happened::Updated.name(),
        "users",
        || json!({"object": object(after), "previous_object": object(before)}),
    );
}

/// The same for an event of any type, with the `data` that it has. `of` is the end of its source.
pub(super) fn publish_data(tenant: &Tenant, kind: &str, of: &str, data: impl Fn() -> Value) {
    let streams = tenant.catalog.streams.iter();
    let streams = streams.filter(|stream| is_subscribed(stream, kind));
    for stream in streams {
        let Some(action) = TenantData::action_of(stream).map(str::to_owned) else {
            continue;
        };
        let message = json!({
            "id": tenant.randomness.event_id(),
            "type": kind,
            "source": format!("urn:auth0:{}.{of}", tenant.name),
            "specversion": "1.0",
            "time": iso(tenant.now_ms()),
            "data": data(),
            "a0tenant": tenant.name,
            "a0stream": text(stream, "id"),
        });
        let mut waiting = tenant.streams.waiting();
        match waiting.len() < MOST {
            true => waiting.push(Delivery { action, message }),
            false => {
                tenant.streams.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// Returns the profile as the events of a stream have it, counters of logins included.
fn object(user: &Value) -> Value {
    let mut user = user.clone();
    if let Some(user) = user.as_object_mut() {
        for key in ["enrolledFactors", "multifactor_last_modified"] {
            user.shift_remove(key);
        }
    }
    user
}

/// Delivers what was published until now, beside the requests.
pub(crate) fn deliver(tenant: &Arc<Tenant>) {
    let waiting = std::mem::take(&mut *tenant.streams.waiting());
    let dropped = tenant.streams.dropped.swap(0, Ordering::Relaxed);
    if dropped > 0 {
        tenant.control.log(json!({
            "type": "event-stream", "date": iso(tenant.now_ms()),
            "error": format!("at most {MOST} events wait for their delivery: {dropped} more were dropped"),
        }));
    }
    for delivery in waiting {
        let under_way = Arc::clone(&tenant.streams.under_way);
        let Ok(place) = under_way.try_acquire_owned() else {
            tenant.control.log(json!({
                "type": "event-stream", "date": iso(tenant.now_ms()),
                "error": format!("{MOST} deliveries are under way: the event {} was dropped", delivery.message["id"]),
            }));
            continue;
        };
        let tenant = Arc::clone(tenant);
        tokio::spawn(async move {
            attempt(&tenant, delivery).await;
            drop(place);
        });
    }
}

/// Tries to deliver an event, four times at most. While the tenant's clock stands still the waits are virtual: each attempt is
/// later by them, and nothing is waited for.
async fn attempt(tenant: &Arc<Tenant>, Delivery { action, message }: Delivery) {
    let mut delay_ms = 0;
    for wait_ms in std::iter::once(0).chain(WAITS_MS) {
        if tenant.clock.is_frozen() {
            delay_ms += wait_ms;
        } else {
            let wait = Duration::from_millis(u64::try_from(wait_ms).unwrap_or_default());
            tokio::time::sleep(wait).await;
        }
        // Closed never; without a turn the event would be lost.
        let turn = tenant.streams.turn.acquire().await;
        let delivered = run(
            tenant,
            Run {
                trigger: Trigger::EventStream,
                action: Some(action.clone()),
                event: json!({"message": message, "secrets": {}}),
                delay_ms,
            },
        )
        .await;
        drop(turn);
        if delivered.is_ok_and(|outcome| outcome.status == Status::Allowed) {
            return;
        }
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

    use super::{differs, is_subscribed, object};

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

    #[test]
    fn counters_alone_are_no_update() {
        let before = json!({"name": "Jane", "logins_count": 1, "last_login": "a"});
        let login = json!({"name": "Jane", "logins_count": 2, "last_login": "b", "last_ip": "::1", "updated_at": "c"});
        assert!(!differs(&before, &login));
        assert!(differs(&before, &json!({"name": "Joe", "logins_count": 1})));
        assert!(differs(
            &before,
            &json!({"name": "Jane", "email_verified": true})
        ));
    }

    #[test]
    fn events_have_the_counters_and_not_the_factors() {
        let user = json!({"user_id": "auth0|1", "logins_count": 3, "blocked": false, "enrolledFactors": [{"type": "otp"}]});
        let shown = json!({"user_id": "auth0|1", "logins_count": 3, "blocked": false});
        assert_eq!(object(&user), shown);
    }
}
