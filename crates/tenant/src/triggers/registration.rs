//! pre-user-registration and post-user-registration: around the creation of a user in a database or passwordless connection.
//!
//! <https://auth0.com/docs/customize/actions/explore-triggers/pre-user-registration>

use std::sync::Arc;

use postlogin_core::Trigger;
use postlogin_core::outcome::{Outcome, Status};
use serde_json::{Map, Value, json};

use super::{Run, events, run, run_later};
use crate::http::Call;
use crate::oauth::OAuthError;
use crate::state::Tenant;

/// The request that creates a user.
#[derive(Clone, Copy)]
pub(crate) struct Creation<'a> {
    pub(crate) call: &'a Call,
    pub(crate) connection: &'a Value,
    /// The application, if there is one.
    pub(crate) client: Option<&'a Value>,
    /// `event.transaction` of a sign-up in the browser. `/dbconnections/signup` has none.
    pub(crate) transaction: Option<&'a Value>,
}

/// A sign-up that an Action refused, or whose Action failed.
pub(crate) struct Denied {
    /// For the log and the application.
    pub(crate) reason: String,
    /// For the user.
    pub(crate) user_message: Option<String>,
}

impl Denied {
    fn of(outcome: &Outcome) -> Self {
        let effects = &outcome.effects;
        let shown = effects.validation_errors.first();
        let shown = shown.map(|error| error.message.clone());
        Self {
            reason: outcome.reason.clone().unwrap_or_default(),
            user_message: shown.or_else(|| effects.user_message.clone()),
        }
    }

    /// Returns the documented body of `/dbconnections/signup`, status 400.
    pub(crate) fn body(&self) -> Value {
        json!({
            "name": "InternalExtensibilityError", "statusCode": 400, "code": "extensibility_error",
            "message": self.reason, "description": self.reason, "friendly_message": self.user_message,
            "fromSandbox": true,
        })
    }
}

/// Whether a user of a connection is registered: those of social and enterprise connections are not.
pub(crate) fn is_registered(connection: &Value) -> bool {
    let strategy = crate::http::text(connection, "strategy").unwrap_or("auth0");
    matches!(strategy, "auth0" | "email" | "sms")
}

/// Asks the Actions of pre-user-registration about a new user, and puts what they set into the profile. Returns the id that they
/// chose, without its provider.
pub(crate) async fn before(
    tenant: &Arc<Tenant>,
    creation: &Creation<'_>,
    user: &mut Value,
) -> Result<Result<Option<String>, Denied>, OAuthError> {
    let trigger = Trigger::PreUserRegistration;
    if !is_registered(creation.connection) || !tenant.pipeline.binds(trigger) {
        return Ok(Ok(None));
    }
    let event = event(tenant, creation, user);
    let outcome = run(
        tenant,
        Run {
            trigger,
            action: None,
            event,
            delay_ms: 0,
        },
    )
    .await?;
    if outcome.status != Status::Allowed {
        return Ok(Err(Denied::of(&outcome)));
    }
    if let Some(user) = user.as_object_mut() {
        let metadata = [
            ("user_metadata", outcome.user.user_metadata),
            ("app_metadata", outcome.user.app_metadata),
        ];
        for (key, value) in metadata {
            if !value.is_empty() || user.contains_key(key) {
                user.insert(key.to_owned(), Value::Object(value));
            }
        }
    }
    Ok(Ok(outcome.effects.user_id))
}

/// Runs the Actions of post-user-registration for a user who was created, after the answer.
pub(crate) fn after(tenant: &Arc<Tenant>, creation: &Creation<'_>, user: &Value) {
    if !is_registered(creation.connection) {
        return;
    }
    let mut event = json!({
        "connection": events::connection(creation.connection),
        "request": events::request(tenant, creation.call),
        "secrets": {},
        "tenant": {"id": tenant.name},
        "user": events::user(user, &["identities", "multifactor", "enrolledFactors"]),
    });
    if let (Some(event), Some(transaction)) = (event.as_object_mut(), creation.transaction) {
        event.insert("transaction".into(), transaction.clone());
    }
    run_later(tenant, Trigger::PostUserRegistration, event);
}

/// The attributes of a new user that the event has.
const USER: &[&str] = &[
    "email",
    "phone_number",
    "username",
    "name",
    "given_name",
    "family_name",
    "nickname",
    "picture",
    "user_metadata",
    "app_metadata",
];

fn event(tenant: &Tenant, creation: &Creation<'_>, user: &Value) -> Value {
    let known = user.as_object().into_iter().flatten();
    let known = known.filter(|(key, _)| USER.contains(&key.as_str()));
    let user: Map<String, Value> = known
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let mut event = json!({
        "connection": events::connection(creation.connection),
        "request": events::request_with_body(tenant, creation.call),
        "secrets": {},
        "tenant": {"id": tenant.name},
        "user": user,
    });
    if let Some(event) = event.as_object_mut() {
        if let Some(client) = creation.client.filter(|client| client.is_object()) {
            event.insert("client".into(), events::client(client));
        }
        if let Some(transaction) = creation.transaction {
            event.insert("transaction".into(), transaction.clone());
        }
    }
    event
}
