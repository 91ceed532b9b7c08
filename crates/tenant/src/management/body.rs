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
pub(crate) fn type_name(value: &Value) -> &'static str {
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
            && let Some(breach) = breach(kind, value)
        {
            return Err(refuse(&breach.text(value), Some(name)));
        }
    }
    metadata(body)
}

/// Returns the problem of one property of a user, which a sign-up may give as well.
pub(crate) fn problem_of(property: &str, value: &Value) -> Option<String> {
    breach_of(property, value).map(|breach| breach.text(value))
}

/// Returns the rule that one property of a user breaks.
pub(crate) fn breach_of(property: &str, value: &Value) -> Option<Breach> {
    let (_, kind) = PROPERTIES.iter().find(|(known, _)| *known == property)?;
    breach(kind, value)
}

/// A rule that a value breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Breach {
    /// It is not of this type.
    Type(&'static str),
    /// It has so many characters, and needs so many.
    Short(usize, usize),
    /// It has so many characters, and may have so many.
    Long(usize, usize),
    /// It does not have this format.
    Format(&'static str),
    /// It does not match this regular expression.
    Pattern(&'static str),
}

impl Breach {
    /// The words of the vendor's JSON Schema validator: SDKs pass them on.
    pub(crate) fn text(self, value: &Value) -> String {
        let shown = value.as_str().unwrap_or_default();
        match self {
            Self::Type(expected) => {
                format!(
                    "Expected type {expected} but found type {}",
                    type_name(value)
                )
            }
            Self::Short(length, least) => {
                format!("String is too short ({length} chars), minimum {least}")
            }
            Self::Long(length, most) => {
                format!("String is too long ({length} chars), maximum {most}")
            }
            Self::Format(name) => {
                format!("Object didn't pass validation for format {name}: {shown}")
            }
            Self::Pattern(pattern) => format!("String does not match pattern {pattern}: {shown}"),
        }
    }
}

/// The pattern of a phone number.
pub(crate) const PHONE: &str = "^\\+[0-9]{1,15}$";

/// Whether a text matches [`PHONE`].
pub(crate) fn is_phone(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (1..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn breach(kind: &Kind, value: &Value) -> Option<Breach> {
    match (kind, value) {
        (Kind::Object, Value::Object(_)) | (Kind::Bool, Value::Bool(_)) => None,
        (Kind::Object, _) => Some(Breach::Type("object")),
        (Kind::Bool, _) => Some(Breach::Type("boolean")),
        (Kind::Text(_, _, true) | Kind::Email | Kind::Phone | Kind::Uri, Value::Null) => None,
        (Kind::Text(least, most, _), Value::String(text)) => match text.chars().count() {
            length if length < *least => Some(Breach::Short(length, *least)),
            length if length > *most => Some(Breach::Long(length, *most)),
            _ => None,
        },
        (Kind::Email, Value::String(text)) => (!is_email(text)).then_some(Breach::Format("email")),
        (Kind::Phone, Value::String(text)) => (!is_phone(text)).then_some(Breach::Pattern(PHONE)),
        (Kind::Uri, Value::String(text)) => {
            let wrong = Url::parse(text).is_err();
            wrong.then_some(Breach::Format("strict-uri"))
        }
        _ => Some(Breach::Type("string")),
    }
}

/// Names that metadata must not have.
///
/// # Errors
/// When `app_metadata` or `user_metadata` of a body has one.
pub(super) fn metadata(body: &Map<String, Value>) -> Result<()> {
    if let Some(name) = forbidden_name(body) {
        let message = format!("Forbidden attribute in app_metadata: {name}");
        return Err(ApiError::new(400, message, "invalid_body"));
    }
    match signed_name(body) {
        Some((kind, _)) => Err(refuse("Property names must not contain . or $", Some(kind))),
        None => Ok(()),
    }
}

/// Returns the first name of `app_metadata` that is production's own.
pub(crate) fn forbidden_name(user: &Map<String, Value>) -> Option<&str> {
    let names = user.get("app_metadata")?.as_object()?.keys();
    let mut names = names.map(String::as_str);
    names.find(|name| FORBIDDEN_APP_METADATA.contains(name))
}

/// Returns the metadata that has a name with `.` or `$` at any depth, and the name.
pub(crate) fn signed_name(user: &Map<String, Value>) -> Option<(&'static str, &str)> {
    let kinds = ["user_metadata", "app_metadata"];
    kinds.into_iter().find_map(|kind| {
        let metadata = user.get(kind).filter(|it| it.is_object())?;
        Some((kind, bad_name_within(metadata)?))
    })
}

fn bad_name_within(value: &Value) -> Option<&str> {
    match value {
        Value::Object(object) => object.iter().find_map(|(name, value)| {
            let is_bad = name.contains(['.', '$']);
            is_bad
                .then_some(name.as_str())
                .or_else(|| bad_name_within(value))
        }),
        Value::Array(items) => items.iter().find_map(bad_name_within),
        _ => None,
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
