//! The facts with which a login starts.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::settings::TenantSettings;
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
    /// What ids (`sid`, `jti`, `state`) are derived from: the same seed gives the same ids.
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

/// Adds to an event what production never leaves out: `{}` for the metadata of the user, the application and the
/// transaction, and for the query and the body of the request ([`crate::trigger::Table::always`]), and `null` for
/// `experiment`.
///
/// An Action may read `event.user.user_metadata.x` whatever the profile holds; events that people write down often
/// lack the empty objects. What stands there already, even with a wrong type, stays. A `context` of Rules in the event
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
            owner
                .entry(*key)
                .or_insert_with(|| Value::Object(Map::new()));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{complete_event, remove_parameters};
    use crate::trigger::Trigger;

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
            json!({"user": {"app_metadata": [], "user_id": "x"}, "transaction": {}}),
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
        let told = remove_parameters(&mut event).unwrap();
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
            assert_eq!(remove_parameters(&mut event), None);
            assert_eq!(event, odd);
        }
    }
}
