//! The schema of a user's body, with the vendor's texts for what breaks it.

use serde_json::{Map, Value};
use url::Url;

use super::{ApiError, Result};
use crate::signup::is_email;
use postlogin_core::limits::FORBIDDEN_APP_METADATA;

/// The type of a property.
enum Kind {
    Object,
    Bool,
    /// A text with its least and most characters, and whether `null` unsets it.
    Text(usize, usize, bool),
    Email,
    Phone,
    Uri,
}

/// The properties of `PATCH /users/{id}`; `POST /users` has `user_id` besides.
const PROPERTIES: &[(&str, Kind)] = &[
    ("app_metadata", Kind::Object),
    ("blocked", Kind::Bool),
    ("client_id", Kind::Text(1, 1_000, false)),
    ("connection", Kind::Text(1, 1_000, false)),
    ("email", Kind::Email),
    ("email_verified", Kind::Bool),
    ("family_name", Kind::Text(1, 150, true)),
    ("given_name", Kind::Text(1, 150, true)),
    ("name", Kind::Text(1, 300, true)),
    ("nickname", Kind::Text(1, 300, true)),
    ("password", Kind::Text(1, 1_024, true)),
    ("phone_number", Kind::Phone),
    ("phone_verified", Kind::Bool),
    ("picture", Kind::Uri),
    ("user_metadata", Kind::Object),
    ("username", Kind::Text(1, 128, true)),
    ("verify_email", Kind::Bool),
    ("verify_phone_number", Kind::Bool),
];

/// The JSON Schema name of a value's type.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn refuse(text: &str, property: Option<&str>) -> ApiError {
    let place = property
        .map(|property| format!(" on property {property}"))
        .unwrap_or_default();
    ApiError::new(
        400,
        format!("Payload validation error: '{text}'{place}."),
        "invalid_body",
    )
}

/// Checks the body of `POST /users` (`creates`) or `PATCH /users/{id}`.
pub(super) fn check(body: &Map<String, Value>, creates: bool) -> Result<()> {
    let known = |name: &str| {
        PROPERTIES.iter().any(|(known, _)| *known == name) || (creates && name == "user_id")
    };
    let extra: Vec<&str> = body
        .keys()
        .map(String::as_str)
        .filter(|name| !known(name))
        .collect();
    if !extra.is_empty() {
        return Err(refuse(
            &format!("Additional properties not allowed: {}", extra.join(",")),
            None,
        ));
    }
    if creates && !body.get("connection").is_some_and(Value::is_string) {
        return Err(refuse("Missing required property: connection", None));
    }
    if let Some(id) = body.get("user_id")
        && !id
            .as_str()
            .is_some_and(|id| !id.is_empty() && id.len() <= 255)
    {
        return Err(refuse(
            &format!("Expected type string but found type {}", type_name(id)),
            Some("user_id"),
        ));
    }
    for (name, kind) in PROPERTIES {
        if let Some(value) = body.get(*name)
            && let Some(text) = problem(kind, value)
        {
            return Err(refuse(&text, Some(name)));
        }
    }
    metadata(body)
}

/// Returns the problem of one property of a user, which a sign-up may give as well.
pub(crate) fn problem_of(property: &str, value: &Value) -> Option<String> {
    let (_, kind) = PROPERTIES.iter().find(|(known, _)| *known == property)?;
    problem(kind, value)
}

fn problem(kind: &Kind, value: &Value) -> Option<String> {
    let wrong_type = |expected: &str| {
        Some(format!(
            "Expected type {expected} but found type {}",
            type_name(value)
        ))
    };
    match (kind, value) {
        (Kind::Object, Value::Object(_)) | (Kind::Bool, Value::Bool(_)) => None,
        (Kind::Object, _) => wrong_type("object"),
        (Kind::Bool, _) => wrong_type("boolean"),
        (Kind::Text(_, _, true) | Kind::Email | Kind::Phone | Kind::Uri, Value::Null) => None,
        (Kind::Text(least, most, _), Value::String(text)) => {
            let length = text.chars().count();
            if length < *least {
                Some(format!(
                    "String is too short ({length} chars), minimum {least}"
                ))
            } else if length > *most {
                Some(format!(
                    "String is too long ({length} chars), maximum {most}"
                ))
            } else {
                None
            }
        }
        (Kind::Email, Value::String(text)) => (!is_email(text))
            .then(|| format!("Object didn't pass validation for format email: {text}")),
        (Kind::Phone, Value::String(text)) => {
            let digits = text.strip_prefix('+').unwrap_or_default();
            let fits = (1..=15).contains(&digits.len())
                && digits.bytes().all(|byte| byte.is_ascii_digit());
            (!fits).then(|| format!("String does not match pattern ^\\+[0-9]{{1,15}}$: {text}"))
        }
        (Kind::Uri, Value::String(text)) => Url::parse(text)
            .is_err()
            .then(|| format!("Object didn't pass validation for format strict-uri: {text}")),
        _ => wrong_type("string"),
    }
}

/// Names that metadata must not have.
fn metadata(body: &Map<String, Value>) -> Result<()> {
    let part = |key: &str| {
        body.get(key)
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
    };
    for (name, _) in part("app_metadata") {
        if FORBIDDEN_APP_METADATA.contains(&name.as_str()) {
            return Err(ApiError::new(
                400,
                format!("Forbidden attribute in app_metadata: {name}"),
                "invalid_body",
            ));
        }
    }
    for kind in ["user_metadata", "app_metadata"] {
        for (name, value) in part(kind) {
            if bad_name(name) || bad_name_within(value) {
                let message = format!(
                    "Payload validation error: 'Property names must not contain . or $' on property {kind}."
                );
                return Err(ApiError::new(400, message, "invalid_body"));
            }
        }
    }
    Ok(())
}

fn bad_name(name: &str) -> bool {
    name.contains(['.', '$'])
}

fn bad_name_within(value: &Value) -> bool {
    match value {
        Value::Object(object) => object
            .iter()
            .any(|(name, value)| bad_name(name) || bad_name_within(value)),
        Value::Array(items) => items.iter().any(bad_name_within),
        _ => false,
    }
}

/// First level only: a key replaces the one that is there, `null` deletes it, and `{}` for the whole deletes all.
pub(crate) fn merge_metadata(stored: &mut Value, change: &Map<String, Value>) {
    if change.is_empty() {
        *stored = Value::Object(Map::new());
        return;
    }
    if !stored.is_object() {
        *stored = Value::Object(Map::new());
    }
    let Some(stored) = stored.as_object_mut() else {
        return;
    };
    for (key, value) in change {
        if value.is_null() {
            stored.shift_remove(key);
        } else {
            stored.insert(key.clone(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{check, merge_metadata};

    #[test]
    fn bodies_are_checked_in_the_vendors_words() {
        let expect = |body: Value, creates: bool, expected: Option<&str>| {
            let result = check(body.as_object().unwrap(), creates);
            assert_eq!(
                result.as_ref().err().map(|error| error.message.as_str()),
                expected,
                "{body}"
            );
        };
        expect(
            json!({"name": "Jane", "picture": null, "phone_number": "+4179"}),
            false,
            None,
        );
        expect(
            json!({"foo": 1}),
            false,
            Some("Payload validation error: 'Additional properties not allowed: foo'."),
        );
        expect(
            json!({"name": {}}),
            false,
            Some(
                "Payload validation error: 'Expected type string but found type object' on property name.",
            ),
        );
        expect(
            json!({"blocked": null}),
            false,
            Some(
                "Payload validation error: 'Expected type boolean but found type null' on property blocked.",
            ),
        );
        expect(
            json!({"email": "a@b.c"}),
            true,
            Some("Payload validation error: 'Missing required property: connection'."),
        );
        expect(
            json!({"app_metadata": {"email": "x"}}),
            false,
            Some("Forbidden attribute in app_metadata: email"),
        );
        expect(
            json!({"user_metadata": {"a": {"b.c": 1}}}),
            false,
            Some(
                "Payload validation error: 'Property names must not contain . or $' on property user_metadata.",
            ),
        );
    }

    #[test]
    fn metadata_is_merged_at_the_first_level() {
        let check = |stored: Value, change: Value, expected: Value| {
            let mut merged = stored;
            merge_metadata(&mut merged, change.as_object().unwrap());
            assert_eq!(merged, expected);
        };
        check(
            json!({"a": {"x": 1}, "b": 2}),
            json!({"a": {"y": 2}}),
            json!({"a": {"y": 2}, "b": 2}),
        );
        check(json!({"a": 1, "b": 2}), json!({"a": null}), json!({"b": 2}));
        check(json!({"a": 1}), json!({}), json!({}));
        check(
            json!(null),
            json!({"a": {"b": null}}),
            json!({"a": {"b": null}}),
        );
    }
}
