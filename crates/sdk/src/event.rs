//! The v3 event object, read only.
//!
//! Its properties: <https://auth0.com/docs/actions/reference/post-login/post-login-event-object>

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Error, Result};

/// The event of the trigger, as it was when the handler was called.
///
/// Frequent properties have a method. Any other is reached by [`get`](Event::get) or
/// [`read`](Event::read). A property that is absent, or not of the type that is asked for, is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct Event(Value);

impl From<Value> for Event {
    fn from(value: Value) -> Event {
        Event(value)
    }
}

impl Event {
    /// Reads the JSON text of an event.
    ///
    /// # Errors
    /// If it is no JSON.
    pub fn from_json(text: &str) -> Result<Event> {
        Ok(Event(serde_json::from_str(text)?))
    }

    /// The whole event.
    #[must_use]
    pub fn as_value(&self) -> &Value {
        &self.0
    }

    /// The value at a path of keys and indices: `user.identities.0.provider`. For keys that contain a dot, see
    /// [`as_value`](Event::as_value).
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Value> {
        path.split('.').try_fold(&self.0, |value, key| match value {
            Value::Array(items) => items.get(key.parse::<usize>().ok()?),
            Value::Object(members) => members.get(key),
            _ => None,
        })
    }

    /// The string at a path.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.get(path)?.as_str()
    }

    /// The value at a path as a type of the Action's own; `None` when there is nothing or `null`.
    ///
    /// # Errors
    /// If there is something else. The message names the path.
    #[track_caller]
    pub fn read<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>> {
        match self.get(path) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match T::deserialize(value) {
                Ok(value) => Ok(Some(value)),
                Err(error) => Err(Error::new(format_args!("event.{path}: {error}"))),
            },
        }
    }

    /// One key below a path; the key may contain dots.
    fn entry(&self, path: &str, key: &str) -> Option<&Value> {
        self.get(path)?.as_object()?.get(key)
    }

    /// The strings of a list; none when it is absent.
    fn texts(&self, path: &str) -> impl Iterator<Item = &str> {
        self.get(path)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
    }

    /// `event.user.user_id`; empty only in an incomplete event.
    #[must_use]
    pub fn user_id(&self) -> &str {
        self.text("user.user_id").unwrap_or_default()
    }

    /// `event.user.email`
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.text("user.email")
    }

    /// `event.user.email_verified`
    #[must_use]
    pub fn email_verified(&self) -> bool {
        self.get("user.email_verified")
            .and_then(Value::as_bool)
            .unwrap_or_default()
    }

    /// One key of `event.user.user_metadata`.
    #[must_use]
    pub fn user_metadata(&self, key: &str) -> Option<&Value> {
        self.entry("user.user_metadata", key)
    }

    /// One key of `event.user.app_metadata`.
    #[must_use]
    pub fn app_metadata(&self, key: &str) -> Option<&Value> {
        self.entry("user.app_metadata", key)
    }

    /// One of this Action's secrets.
    #[must_use]
    pub fn secret(&self, name: &str) -> Option<&str> {
        self.entry("secrets", name)?.as_str()
    }

    /// `event.client.client_id`; empty only in an incomplete event.
    #[must_use]
    pub fn client_id(&self) -> &str {
        self.text("client.client_id").unwrap_or_default()
    }

    /// One key of `event.client.metadata`.
    #[must_use]
    pub fn client_metadata(&self, key: &str) -> Option<&str> {
        self.entry("client.metadata", key)?.as_str()
    }

    /// `event.connection.name`; empty only in an incomplete event.
    #[must_use]
    pub fn connection(&self) -> &str {
        self.text("connection.name").unwrap_or_default()
    }

    /// `event.connection.strategy`; empty only in an incomplete event.
    #[must_use]
    pub fn strategy(&self) -> &str {
        self.text("connection.strategy").unwrap_or_default()
    }

    /// One parameter of `event.request.query`.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.entry("request.query", name)?.as_str()
    }

    /// One field of `event.request.body`.
    #[must_use]
    pub fn body(&self, name: &str) -> Option<&Value> {
        self.entry("request.body", name)
    }

    /// `event.transaction.protocol`
    #[must_use]
    pub fn protocol(&self) -> Option<&str> {
        self.text("transaction.protocol")
    }

    /// `event.transaction.requested_scopes`
    pub fn requested_scopes(&self) -> impl Iterator<Item = &str> {
        self.texts("transaction.requested_scopes")
    }

    /// One key of `event.transaction.metadata`: what an earlier Action shared. What this Action shares does not
    /// show here.
    #[must_use]
    pub fn transaction_metadata(&self, key: &str) -> Option<&Value> {
        self.entry("transaction.metadata", key)
    }

    /// `event.resource_server.identifier`: the audience of the access token.
    #[must_use]
    pub fn audience(&self) -> Option<&str> {
        self.text("resource_server.identifier")
    }

    /// `event.authorization.roles`: names of the user's roles.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.texts("authorization.roles")
    }

    /// `event.organization.id`
    #[must_use]
    pub fn organization_id(&self) -> Option<&str> {
        self.text("organization.id")
    }

    /// Names of `event.authentication.methods`: `pwd`, `mfa`, …
    pub fn authentication_methods(&self) -> impl Iterator<Item = &str> {
        let methods = self.get("authentication.methods").and_then(Value::as_array);
        methods
            .into_iter()
            .flatten()
            .filter_map(|method| method.get("name")?.as_str())
    }

    /// `event.stats.logins_count`
    #[must_use]
    pub fn logins_count(&self) -> u64 {
        self.get("stats.logins_count")
            .and_then(Value::as_u64)
            .unwrap_or_default()
    }

    /// `event.tenant.id`: the tenant's name; empty only in an incomplete event.
    #[must_use]
    pub fn tenant(&self) -> &str {
        self.text("tenant.id").unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event() -> Event {
        Event::from(json!({
            "user": {
                "user_id": "auth0|1",
                "email_verified": true,
                "identities": [{"provider": "auth0"}],
                "user_metadata": {"hobby": "surfing", "a.b": 1},
            },
            "authentication": {"methods": [{"name": "pwd"}, {"timestamp": "?"}, {"name": "mfa"}]},
            "transaction": {"requested_scopes": ["openid", 7, "email"]},
            "secrets": {"KEY": "value", "NUMBER": 1},
            "stats": {"logins_count": -1},
        }))
    }

    #[test]
    fn paths() {
        #[track_caller]
        fn check(path: &str, expected: Option<Value>) {
            assert_eq!(event().get(path), expected.as_ref(), "{path}");
        }
        check("user.user_id", Some(json!("auth0|1")));
        check("user.identities.0.provider", Some(json!("auth0")));
        check("user.identities.1.provider", None);
        check("user.identities.first", None);
        check("user.user_id.length", None);
        check("user.user_metadata.a.b", None);
        check("", None);
    }

    #[test]
    fn getters_take_any_json() {
        let event = event();
        assert_eq!(event.user_metadata("a.b"), Some(&json!(1)));
        assert_eq!(event.app_metadata("points"), None);
        assert_eq!(
            (event.secret("KEY"), event.secret("NUMBER")),
            (Some("value"), None)
        );
        assert_eq!(
            event.requested_scopes().collect::<Vec<_>>(),
            ["openid", "email"]
        );
        assert_eq!(
            event.authentication_methods().collect::<Vec<_>>(),
            ["pwd", "mfa"]
        );
        assert_eq!(
            (event.logins_count(), event.email(), event.email_verified()),
            (0, None, true)
        );
        for odd in [
            json!(null),
            json!([]),
            json!({"user": 1, "secrets": []}),
            json!("event"),
        ] {
            let event = Event::from(odd);
            assert_eq!(
                (event.user_id(), event.secret("KEY"), event.roles().count()),
                ("", None, 0)
            );
        }
    }

    #[test]
    fn reads_own_types() {
        let event = event();
        assert_eq!(
            event.read::<String>("user.user_metadata.hobby"),
            Ok(Some("surfing".to_owned()))
        );
        assert_eq!(event.read::<String>("user.email"), Ok(None));
        let error = event.read::<u32>("user.user_metadata.hobby").unwrap_err();
        assert_eq!(
            error.message(),
            "event.user.user_metadata.hobby: invalid type: string \"surfing\", expected u32"
        );
        assert!(Event::from_json("{").is_err());
    }
}
