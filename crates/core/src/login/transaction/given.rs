//! The event that the running handler was given.

use std::sync::OnceLock;

use serde_json::{Map, Value};

use crate::json;

/// The key of the Action's own secrets.
const SECRETS: &str = "secrets";

/// The event of the running handler: as it was given, with what its calls have changed since.
///
/// It is a deep copy of the login's event, which many handlers never need, so it is made when it is first looked at. All that
/// changes the login's event while a handler runs looks at this one before.
#[derive(Debug)]
pub(crate) struct Given {
    seen: OnceLock<Value>,
    secrets: Map<String, Value>,
}

impl Given {
    /// This event.
    pub fn made(event: Value) -> Self {
        Self {
            seen: OnceLock::from(event),
            secrets: Map::new(),
        }
    }

    /// The login's event with these secrets, and its text.
    pub fn later(event: &mut Value, secrets: Map<String, Value>) -> (Self, String) {
        // The secrets are lent to the login's own event.
        let Some(entries) = event.as_object_mut() else {
            let text = json::text(event);
            return (Self::made(event.clone()), text);
        };
        let before = entries.insert(SECRETS.to_owned(), Value::Object(secrets));
        let text = json::text(event);
        let entries = event.as_object_mut();
        let lent = entries.and_then(|entries| match before {
            Some(before) => entries.insert(SECRETS.to_owned(), before),
            None => entries.shift_remove(SECRETS),
        });
        let secrets = match lent {
            Some(Value::Object(secrets)) => secrets,
            _ => Map::new(),
        };
        let seen = OnceLock::new();
        (Self { seen, secrets }, text)
    }

    /// Returns the event. `event` is that of the login.
    pub fn get(&self, event: &Value) -> &Value {
        self.seen
            .get_or_init(|| with_secrets(event.clone(), self.secrets.clone()))
    }

    /// Puts a value at a path of keys, as [`json::put`] does.
    pub fn put(&mut self, event: &Value, path: &[&str], value: Option<Value>) {
        self.get(event);
        if let Some(seen) = self.seen.get_mut() {
            json::put(seen, path, value);
        }
    }
}

/// An event with the Action's own secrets.
pub(super) fn with_secrets(mut event: Value, secrets: Map<String, Value>) -> Value {
    json::put(&mut event, &[SECRETS], Some(Value::Object(secrets)));
    event
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_text_has_the_secrets_and_the_event_of_the_login_stays() {
        #[track_caller]
        fn check(event: Value, expected: &str) {
            let secrets = json!({"KEY": "value"});
            let secrets = secrets.as_object().cloned().unwrap_or_default();
            let mut own = event.clone();
            let (given, text) = Given::later(&mut own, secrets);
            assert_eq!(text, expected);
            assert_eq!(own.to_string(), event.to_string(), "in the same order");
            assert_eq!(given.get(&own).to_string(), expected);
        }
        check(
            json!({"user": {"a": 1}, "b": []}),
            r#"{"user":{"a":1},"b":[],"secrets":{"KEY":"value"}}"#,
        );
        // What the case gives there keeps its place.
        check(
            json!({"secrets": 5, "user": {}}),
            r#"{"secrets":{"KEY":"value"},"user":{}}"#,
        );
        check(json!([1]), "[1]");
    }

    #[test]
    fn what_is_put_is_seen_and_the_login_keeps_its_own() {
        let mut own = json!({"user": {}});
        let (mut given, _) = Given::later(&mut own, Map::new());
        given.put(&own, &["user", "name"], Some(json!("Jane")));
        own = json!({});
        assert_eq!(
            *given.get(&own),
            json!({"user": {"name": "Jane"}, "secrets": {}})
        );
    }
}
