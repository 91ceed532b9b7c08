//! `user`: the profile as Rules see it.
//!
//! Source: <https://auth0.com/docs/customize/rules/user-object-in-rules>.

use serde_json::{Map, Value};

/// The `user` of a Rule: the profile with `app_metadata` laid over its root.
///
/// Metadata that is empty is not there, as in a profile that never had any, and what only Actions know is left out.
/// Source: <https://auth0.com/docs/manage-users/user-accounts/metadata/metadata-fields-data>.
pub fn user_of(event: &Value) -> Value {
    let user = event.get("user").and_then(Value::as_object);
    let mut user = user.cloned().unwrap_or_default();
    user.shift_remove("enrolledFactors");
    for key in ["user_metadata", "app_metadata"] {
        if user.get(key).is_some_and(is_empty) {
            user.shift_remove(key);
        }
    }
    let merged = user.get("app_metadata").and_then(Value::as_object).cloned();
    for (key, value) in merged.unwrap_or_default() {
        if !is_own(&key) {
            user.insert(key, value);
        }
    }
    Value::Object(user)
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty)
}

/// Returns whether `app_metadata` cannot hide a member.
pub(super) fn is_own(key: &str) -> bool {
    matches!(
        key,
        "user_id" | "user_metadata" | "app_metadata" | "identities"
    )
}
