//! The facts with which a login starts.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::settings::TenantSettings;
use crate::json;
use crate::limits::REMOVED_PARAMETERS;
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
    /// The source of ids (`sid`, `jti`, `state`): the same seed gives the same ids.
    pub seed: u64,
    /// The time at which the login starts, in milliseconds since the epoch.
    pub now_ms: i64,
}

/// Takes out of an event the parameters of its request that production shows no Action ([`REMOVED_PARAMETERS`]). Returns a
/// sentence that names them; `None` when there are none.
pub fn remove_parameters(event: &mut Value) -> Option<String> {
    let request = event.get_mut("request")?.as_object_mut()?;
    let mut removed = Vec::new();
    for part in ["query", "body"] {
        let Some(parameters) = request.get_mut(part).and_then(Value::as_object_mut) else {
            continue;
        };
        for name in REMOVED_PARAMETERS {
            if parameters.shift_remove(*name).is_some() {
                removed.push(format!("event.request.{part}.{name}"));
            }
        }
    }
    (!removed.is_empty()).then(|| {
        format!(
            "Production shows no Action {}: taken out of the event.",
            removed.join(", ")
        )
    })
}

/// Whether [`remove_parameters`] takes something out of an event.
pub(crate) fn has_removed_parameters(event: &Value) -> bool {
    ["query", "body"].iter().any(|part| {
        let parameters = json::at(event, &["request", part]).and_then(Value::as_object);
        parameters.is_some_and(|parameters| {
            REMOVED_PARAMETERS
                .iter()
                .any(|name| parameters.contains_key(*name))
        })
    })
}

/// Adds to an event what production never leaves out: `{}` for the metadata of the user, the application and the
/// transaction, and for the query and the body of the request ([`crate::trigger::Table::always`]), and `null` for
/// `experiment`.
///
/// An Action may read `event.user.user_metadata.x` whatever the profile holds; events that people write down often
/// lack the empty objects, or have `null` for them. What stands there already, even with a wrong type, stays. A `context` of Rules in the event
/// says what is in it.
pub fn complete_event(trigger: Trigger, event: &mut Value) {
    if trigger == Trigger::PostLogin {
        crate::rules::spread_given(event);
    }
    let table = trigger.table();
    if table.experiment
        && let Some(event) = event.as_object_mut()
    {
        // Production sends null, not undefined, when no experiment is active.
        event.entry("experiment").or_insert(Value::Null);
    }
    for (owner, key) in table.always {
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

    use super::{complete_event, has_removed_parameters, remove_parameters, store_user};
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
        check(json!({"user": 5}), json!({"user": 5, "experiment": null}));
        check(
            json!({"experiment": {"variation_id": "v"}}),
            json!({"experiment": {"variation_id": "v"}}),
        );
        check(
            json!({"user": {"app_metadata": [], "user_id": "x", "user_metadata": null}, "transaction": {}}),
            json!({
                "user": {"app_metadata": [], "user_id": "x", "user_metadata": {}},
                "transaction": {"metadata": {}},
                "experiment": null,
            }),
        );
    }

    #[test]
    fn the_five_parameters_are_taken_out_of_query_and_body_and_nothing_else_is() {
        let mut event = json!({
            "client_secret": "stays",
            "request": {
                "query": {"auth_session": "a", "state": "s", "refresh_token": ["r"]},
                "body": {
                    "authn_response": {}, "client_secret": "x", "client_assertion": null,
                    "client_assertion_type": "t", "nested": {"client_secret": "n"},
                },
            },
        });
        assert!(has_removed_parameters(&event));
        let told = remove_parameters(&mut event).unwrap();
        assert!(!has_removed_parameters(&event));
        assert_eq!(
            event,
            json!({
                "client_secret": "stays",
                "request": {
                    "query": {"state": "s"},
                    "body": {"client_assertion_type": "t", "nested": {"client_secret": "n"}},
                },
            })
        );
        assert_eq!(
            told,
            "Production shows no Action event.request.query.auth_session, event.request.query.refresh_token, \
             event.request.body.authn_response, event.request.body.client_secret, event.request.body.client_assertion: \
             taken out of the event."
        );
        for odd in [
            json!(null),
            json!({"request": 5}),
            json!({"request": {"body": "x"}}),
        ] {
            let mut event = odd.clone();
            assert!(!has_removed_parameters(&event));
            assert_eq!(remove_parameters(&mut event), None);
            assert_eq!(event, odd);
        }
    }
}
