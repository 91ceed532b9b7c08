//! The provider triggers: an Action sends a message, drops it, or asks for another attempt.
//!
//! <https://auth0.com/docs/actions/reference/custom-email-provider/custom-email-provider-api-object>,
//! <https://auth0.com/docs/actions/reference/custom-phone-provider/custom-phone-provider-api-object>,
//! <https://auth0.com/docs/customize/actions/explore-triggers/send-phone-message>

use std::sync::Arc;
use std::time::{Duration, Instant};

use postlogin_core::Trigger;
use postlogin_core::outcome::{Delivery, Status};
use serde_json::{Map, Value, json};

use super::{Run, events, run};
use crate::http::text;
use crate::state::Tenant;

/// Attempts after the first one. Production spreads them over "a few minutes" and publishes no times, so that here there is no
/// wait: the message has its state in the outbox when the request that caused it is answered.
const RETRIES: usize = 5;
/// No attempt begins later than this after the first one: the request that caused the message waits.
const TIME: Duration = Duration::from_secs(20);

/// Gives a message to the Action of a trigger, and returns what became of it; `None` when there is no Action.
pub(crate) async fn deliver(
    tenant: &Arc<Tenant>,
    trigger: Trigger,
    event: &Value,
) -> Option<&'static str> {
    if !tenant.pipeline.binds(trigger) {
        return None;
    }
    let began = Instant::now();
    for _ in 0..=RETRIES {
        let attempt = Run {
            trigger,
            action: None,
            event: event.clone(),
            delay_ms: 0,
        };
        let outcome = match run(tenant, attempt).await {
            Ok(outcome) if outcome.status == Status::Allowed => outcome,
            _ => return Some("failed"),
        };
        match outcome.effects.notification.map(|it| it.delivery) {
            None => return Some("sent"),
            Some(Delivery::Dropped) => return Some("dropped"),
            Some(Delivery::Retried) if began.elapsed() > TIME => break,
            Some(Delivery::Retried) => {}
        }
    }
    Some("retried")
}

/// The parties of a message.
pub(crate) struct About<'a> {
    pub(crate) user: &'a Value,
    /// Attributes of the user that the event does not have.
    pub(crate) hidden: &'a [&'a str],
    /// The application, if it is known.
    pub(crate) client: &'a Value,
    pub(crate) organization: Option<&'a Value>,
    /// `event.request`.
    pub(crate) request: Value,
}

/// Returns the event of a provider trigger without the message itself.
pub(crate) fn event(tenant: &Tenant, about: About<'_>) -> Map<String, Value> {
    let settings = &tenant.catalog.settings;
    let mut of_tenant = json!({"id": tenant.name});
    if let Some(of_tenant) = of_tenant.as_object_mut() {
        for key in ["friendly_name", "support_email", "support_url"] {
            if let Some(value) = settings.get(key).filter(|value| value.is_string()) {
                of_tenant.insert(key.to_owned(), value.clone());
            }
        }
    }
    let mut event = Map::new();
    event.insert("request".into(), about.request);
    event.insert("secrets".into(), json!({}));
    event.insert("tenant".into(), of_tenant);
    if about.user.is_object() {
        let mut user = events::user(about.user, about.hidden);
        if let Some(user) = user.as_object_mut() {
            for key in ["user_metadata", "app_metadata"] {
                user.entry(key).or_insert_with(|| json!({}));
            }
        }
        event.insert("user".into(), user);
        // Who is invited has none.
        if about.user.pointer("/identities/0").is_some() {
            let connection = crate::oauth::event::connection(tenant, about.user, None);
            event.insert("connection".into(), events::connection(&connection));
        }
    }
    if about.client.is_object() {
        event.insert("client".into(), events::client(about.client));
    }
    if let Some(organization) = about.organization {
        event.insert("organization".into(), events::organization(organization));
    }
    event
}

/// The tenant's name as its messages have it.
pub(crate) fn friendly_name(tenant: &Tenant) -> &str {
    let named = tenant.catalog.settings.get("friendly_name");
    let named = named.and_then(Value::as_str);
    named
        .filter(|name| !name.is_empty())
        .unwrap_or(&tenant.name)
}

/// The connection that a message is about, where there is no user yet.
pub(crate) fn with_connection(event: &mut Map<String, Value>, connection: &Value) {
    if text(connection, "name").is_some() {
        event.insert("connection".into(), events::connection(connection));
    }
}
