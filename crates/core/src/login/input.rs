//! The facts with which a login starts.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::settings::TenantSettings;
use crate::trigger::Trigger;

/// One login before any Action ran.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LoginInput {
    /// The trigger.
    pub trigger: Trigger,
    /// The event of the trigger. Anything but an object counts as an empty object.
    pub event: Value,
    /// The tenant.
    pub tenant: TenantSettings,
    /// Ids of the Rules that ran before, for `api.rules.wasExecuted`.
    pub rules_executed: Vec<String>,
    /// What ids (`sid`, `jti`, `state`) are derived from: the same seed gives the same ids.
    pub seed: u64,
    /// The time at which the login starts, in milliseconds since the epoch.
    pub now_ms: i64,
}

/// Adds to an event what production never leaves out: `{}` for the metadata of the user, the application and the
/// transaction, and for the query and the body of the request.
///
/// An Action may read `event.user.user_metadata.x` whatever the profile holds; events that people write down often
/// lack the empty objects, or have `null` for them. What stands there already, even with a wrong type, stays. A `context` of Rules in the event
/// says what is in it.
pub fn complete_event(trigger: Trigger, event: &mut Value) {
    if trigger == Trigger::PostLogin {
        crate::rules::spread_given(event);
    }
    const USER: &[(&str, &str)] = &[
        ("user", "user_metadata"),
        ("user", "app_metadata"),
        ("client", "metadata"),
        ("request", "query"),
        ("request", "body"),
        ("transaction", "metadata"),
    ];
    const MACHINE: &[(&str, &str)] = &[
        ("accessToken", "customClaims"),
        ("client", "metadata"),
        ("request", "body"),
    ];
    let always = match trigger {
        Trigger::PostLogin => USER,
        Trigger::CredentialsExchange => MACHINE,
    };
    for (owner, key) in always {
        if let Some(owner) = event.get_mut(*owner).and_then(Value::as_object_mut) {
            let value = owner.entry(*key).or_insert(Value::Null);
            if value.is_null() {
                *value = Value::Object(Map::new());
            }
        }
    }
}

/// Writes the e-mail address and user name of a file's user as a database stores them: in lower case. Users of other providers
/// stay as they are; a user without identities is of the connection of the event. Returns whether something changed.
///
/// Source: <https://community.auth0.com/t/uppercase-characters-in-user-email-addresses/124757>.
pub fn store_user(event: &mut Value) -> bool {
    let of_identity = event.pointer("/user/identities/0/provider");
    let provider = of_identity.or(event.pointer("/connection/strategy"));
    let provider = provider.and_then(Value::as_str).unwrap_or("auth0");
    if !matches!(provider, "auth0" | "email" | "sms") {
        return false;
    }
    let mut changed = false;
    for key in ["email", "username"] {
        if let Some(Value::String(name)) = event.pointer_mut(&format!("/user/{key}")) {
            let lower = name.to_lowercase();
            changed |= lower != *name;
            *name = lower;
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{complete_event, store_user};
    use crate::trigger::Trigger;

    #[test]
    fn a_database_has_lower_case_names() {
        let check = |mut event: Value, expected: &str| {
            let changed = store_user(&mut event);
            assert_eq!(event["user"]["email"], expected, "{event}");
            assert_eq!(changed, expected == "jane@x.com", "{event}");
        };
        check(json!({"user": {"email": "Jane@X.com"}}), "jane@x.com");
        let own = json!([{"provider": "auth0"}]);
        let event = json!({"user": {"email": "Jane@X.com", "identities": own}, "connection": {"strategy": "google-oauth2"}});
        check(event, "jane@x.com");
        let event = json!({"user": {"email": "Jane@X.com"}, "connection": {"strategy": "samlp"}});
        check(event, "Jane@X.com");
        let other = json!([{"provider": "github"}]);
        check(
            json!({"user": {"email": "Jane@X.com", "identities": other}}),
            "Jane@X.com",
        );
    }

    #[test]
    fn an_event_is_completed_but_not_corrected() {
        let check = |mut event: Value, expected: Value| {
            complete_event(Trigger::PostLogin, &mut event);
            assert_eq!(event, expected);
        };
        check(json!(null), json!(null));
        check(json!({"user": 5}), json!({"user": 5}));
        check(
            json!({"user": {"app_metadata": [], "user_id": "x", "user_metadata": null}, "transaction": {}}),
            json!({
                "user": {"app_metadata": [], "user_id": "x", "user_metadata": {}},
                "transaction": {"metadata": {}},
            }),
        );
    }
}
