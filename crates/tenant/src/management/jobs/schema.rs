//! The schema of an imported user, and the errors that it finds.
//!
//! Codes of errors: <https://auth0.com/docs/manage-users/user-migration/bulk-user-imports#retrieve-failed-entries>. Texts of
//! which none is published are ours.

use postlogin_core::limits::FORBIDDEN_APP_METADATA;
use serde_json::{Value, json};

use super::super::body::type_name;
use crate::signup::is_email;

/// The attributes of a user, and what they hold: a JSON type.
/// Source: <https://auth0.com/docs/manage-users/user-migration/bulk-user-import-database-schema-and-examples>.
const SCHEMA: &[(&str, &str)] = &[
    ("app_metadata", "object"),
    ("blocked", "boolean"),
    ("custom_password_hash", "object"),
    ("email", "string"),
    ("email_verified", "boolean"),
    ("family_name", "string"),
    ("given_name", "string"),
    ("mfa_factors", "array"),
    ("name", "string"),
    ("nickname", "string"),
    ("password_hash", "string"),
    ("phone_number", "string"),
    ("phone_verified", "boolean"),
    ("picture", "string"),
    ("user_id", "string"),
    ("user_metadata", "object"),
    ("username", "string"),
];

/// A user as an error shows it.
pub(super) fn hidden(user: &Value) -> Value {
    let mut shown = user.clone();
    if let Some(shown) = shown.as_object_mut() {
        for key in [
            "password",
            "password_hash",
            "custom_password_hash",
            "mfa_factors",
        ] {
            if let Some(value) = shown.get_mut(key) {
                *value = "*****".into();
            }
        }
    }
    shown
}

pub(super) fn error(code: &str, message: impl Into<String>, path: Option<&str>) -> Value {
    let mut error = json!({"code": code, "message": message.into()});
    if let (Some(path), Some(error)) = (path, error.as_object_mut()) {
        error.insert("path".into(), path.into());
    }
    error
}

/// Returns the errors that the schema finds in a user.
pub(super) fn problems(user: &Value) -> Vec<Value> {
    let Some(user) = user.as_object() else {
        let message = format!("Expected type object but found type {}", type_name(user));
        return vec![error("INVALID_TYPE", message, None)];
    };
    let mut problems = Vec::new();
    let unknown: Vec<&str> = user
        .keys()
        .map(String::as_str)
        .filter(|key| !SCHEMA.iter().any(|(known, _)| known == key))
        .collect();
    if !unknown.is_empty() {
        let message = format!("Additional properties not allowed: {}", unknown.join(","));
        problems.push(error("OBJECT_ADDITIONAL_PROPERTIES", message, None));
    }
    for (key, kind) in SCHEMA {
        match user.get(*key) {
            Some(value) if type_name(value) != *kind => {
                let found = type_name(value);
                let message = format!(
                    "Error in {key} property - Expected type {kind} but found type {found}"
                );
                problems.push(error("INVALID_TYPE", message, Some(key)));
            }
            Some(Value::String(address)) if *key == "email" && !is_email(address) => {
                let message = format!(
                    "Error in email property - Object didn't pass validation for format email: {address}"
                );
                problems.push(error("INVALID_FORMAT", message, Some(key)));
            }
            _ => {}
        }
    }
    if !user.contains_key("email")
        && !user.contains_key("username")
        && !user.contains_key("phone_number")
    {
        let message = "Missing required property: email";
        problems.push(error("OBJECT_MISSING_REQUIRED_PROPERTY", message, None));
    }
    let metadata = user.get("app_metadata").and_then(Value::as_object);
    let forbidden = metadata.and_then(|it| {
        it.keys()
            .find(|key| FORBIDDEN_APP_METADATA.contains(&key.as_str()))
    });
    if let Some(name) = forbidden {
        let message =
            format!("Error in app_metadata property - Forbidden attribute in app_metadata: {name}");
        problems.push(error("NOT_PASSED", message, Some("app_metadata")));
    }
    problems
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{hidden, problems};

    #[test]
    fn the_schema_names_each_problem_by_its_code() {
        for (user, expected) in [
            (
                json!({"email": "a@example.com", "email_verified": true}),
                vec![],
            ),
            (json!({"username": "a"}), vec![]),
            (json!(1), vec![("INVALID_TYPE", None)]),
            (json!({}), vec![("OBJECT_MISSING_REQUIRED_PROPERTY", None)]),
            (
                json!({"email": "a@"}),
                vec![("INVALID_FORMAT", Some("email"))],
            ),
            (
                json!({"email": "a@b.c", "blocked": "no"}),
                vec![("INVALID_TYPE", Some("blocked"))],
            ),
            (
                json!({"email": "a@b.c", "password": "x", "name": null}),
                vec![
                    ("OBJECT_ADDITIONAL_PROPERTIES", None),
                    ("INVALID_TYPE", Some("name")),
                ],
            ),
            (
                json!({"email": "a@b.c", "app_metadata": {"user_id": 1}}),
                vec![("NOT_PASSED", Some("app_metadata"))],
            ),
        ] {
            let found = problems(&user);
            let found: Vec<(&str, Option<&str>)> = found
                .iter()
                .map(|it| {
                    (
                        it["code"].as_str().unwrap(),
                        it.get("path").and_then(Value::as_str),
                    )
                })
                .collect();
            assert_eq!(found, expected, "{user}");
        }
    }

    #[test]
    fn an_error_shows_no_secret() {
        let user = json!({"email": "a", "password": "p", "password_hash": "h", "custom_password_hash": {"hash": "x"}, "mfa_factors": [{"totp": {"secret": "s"}}]});
        assert_eq!(
            hidden(&user),
            json!({"email": "a", "password": "*****", "password_hash": "*****", "custom_password_hash": "*****", "mfa_factors": "*****"})
        );
    }
}
