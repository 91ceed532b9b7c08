//! Rules of `POST /users` and `PATCH /users/{id}` that concern several properties, or the connection.
//!
//! <https://auth0.com/docs/api/management/v2/users/patch-users-by-id>

use serde_json::{Map, Value};

use super::{ApiError, Result};
use crate::http::text;
use crate::signup::strength::is_weak;
use crate::state::Tenant;

/// Properties of which one request changes only one. The text of the first pair is what public code quotes of production; for
/// the others none is published.
const ALONE: &[(&str, &str)] = &[
    ("password", "email"),
    ("password", "username"),
    ("username", "email"),
];

/// Checks a new user against the connection.
///
/// # Errors
/// When the connection has no user names, or its policy refuses the password.
pub(super) fn of_connection(connection: &Value, body: &Map<String, Value>) -> Result<()> {
    if text(connection, "strategy") != Some("auth0") {
        return Ok(());
    }
    let has_usernames = connection.pointer("/options/requires_username")
        == Some(&Value::Bool(true))
        || connection.pointer("/options/attributes/username/identifier/active")
            == Some(&Value::Bool(true));
    if body.get("username").is_some_and(Value::is_string) && !has_usernames {
        return Err(ApiError::new(
            400,
            "Cannot set username for connection without requires_username",
            "invalid_body",
        ));
    }
    match body.get("password").and_then(Value::as_str) {
        Some(password) if is_weak(connection, password) => {
            let message = "PasswordStrengthError: Password is too weak";
            Err(ApiError::new(400, message, "invalid_body"))
        }
        _ => Ok(()),
    }
}

/// Checks a change of a user.
///
/// # Errors
/// When properties are changed at once that must not be, and as [`of_connection`].
pub(super) fn of_change(tenant: &Tenant, body: &Map<String, Value>, id: &str) -> Result<()> {
    let both = ALONE
        .iter()
        .find(|(one, other)| body.contains_key(*one) && body.contains_key(*other));
    if let Some((one, other)) = both {
        let message = format!("Cannot update {one} and {other} simultaneously");
        return Err(ApiError::new(400, message, "operation_not_supported"));
    }
    if !body.contains_key("username") && !body.contains_key("password") {
        return Ok(());
    }
    let Some(user) = tenant.store.user(id)? else {
        // The change itself answers.
        return Ok(());
    };
    let connection = crate::oauth::event::connection(tenant, &user, None);
    of_connection(&connection, body)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::of_connection;

    #[test]
    fn user_names_need_a_connection_that_has_them() {
        let check = |connection: Value, expected: bool| {
            let body = json!({"username": "jane"});
            let checked = of_connection(&connection, body.as_object().unwrap());
            assert_eq!(checked.is_ok(), expected, "{connection}");
        };
        check(json!({"strategy": "auth0"}), false);
        check(
            json!({"strategy": "auth0", "options": {"requires_username": true}}),
            true,
        );
        let flexible = json!({"username": {"identifier": {"active": true}}});
        check(
            json!({"strategy": "auth0", "options": {"attributes": flexible}}),
            true,
        );
        check(json!({"strategy": "google-oauth2"}), true);
    }

    #[test]
    fn a_weak_password_is_refused() {
        let connection = json!({"strategy": "auth0", "options": {"passwordPolicy": "good"}});
        for (password, expected) in [("weak", false), ("Str0ng-enough", true)] {
            let body = json!({"password": password});
            let checked = of_connection(&connection, body.as_object().unwrap());
            assert_eq!(checked.is_ok(), expected, "{password}");
        }
    }
}
