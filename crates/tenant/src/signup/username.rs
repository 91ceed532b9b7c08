//! User names of databases: whether there are any, and which may be.

use serde_json::Value;

use super::identifiers::are_flexible;
use super::is_email;
use crate::management::body::is_phone;

/// The refusal of a name where there are none, as public code quotes it.
pub(crate) const UNUSED: &str = "Cannot set username for connection without requires_username";

/// Whether users of a database have names beside their addresses.
pub(crate) fn are_used(connection: &Value) -> bool {
    let is_on = |pointer: &str| connection.pointer(pointer) == Some(&Value::Bool(true));
    is_on("/options/requires_username") || is_on("/options/attributes/username/identifier/active")
}

/// Whether a sign-up needs a name: of flexible identifiers a name may be optional.
pub(super) fn is_required(connection: &Value) -> bool {
    let status = connection.pointer("/options/attributes/username/signup/status");
    match status.and_then(Value::as_str) {
        Some(status) => status == "required",
        None => connection.pointer("/options/requires_username") == Some(&Value::Bool(true)),
    }
}

/// Returns the problem of a user name: 1 to 15 letters, digits and some signs unless the database has other lengths, and no
/// address.
///
/// Source: <https://auth0.com/docs/authenticate/database-connections/require-username>.
pub(crate) fn problem(connection: &Value, name: &str) -> Option<String> {
    let limit = |old: &str, new: &str, default: u64| {
        let found = [
            "/options/attributes/username/validation/",
            "/options/validation/username/",
        ]
        .iter()
        .zip([new, old])
        .find_map(|(of, key)| connection.pointer(&format!("{of}{key}"))?.as_u64());
        found.unwrap_or(default)
    };
    let (least, most) = (
        limit("min", "min_length", 1),
        limit("max", "max_length", 15),
    );
    let length = u64::try_from(name.chars().count()).unwrap_or(u64::MAX);
    if length < least || length > most {
        return Some(format!(
            "the username must have {least} to {most} characters, not {length}"
        ));
    }
    let is_sign = |letter: char| letter.is_ascii_alphanumeric() || "_+-.!#$^`~@'".contains(letter);
    if !name.chars().all(is_sign) {
        return Some("the username may have letters, digits and _+-.!#$^`~@' only".into());
    }
    // Flexible identifiers may allow names in the form of other identifiers.
    let is_allowed = |kind: &str| {
        let pointer = format!("/options/attributes/username/validation/allowed_types/{kind}");
        connection.pointer(&pointer) == Some(&Value::Bool(true))
    };
    if is_email(name) && !is_allowed("email") {
        return Some("the username must not be an email address".into());
    }
    let is_number = are_flexible(connection) && is_phone(name);
    (is_number && !is_allowed("phone_number"))
        .then(|| "the username must not be a phone number".into())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::problem;

    #[test]
    fn names_are_those_that_the_vendor_documents() {
        let check = |options: Value, name: &str, expected: bool| {
            let connection = json!({"options": options});
            let found = problem(&connection, name);
            assert_eq!(found.is_none(), expected, "{name}: {found:?}");
        };
        let default = json!({});
        for (name, expected) in [
            ("jane", true),
            ("J_a+n-e.1!#$^`~'", false),
            ("J_a+n-e.1!#$^`", true),
            ("~@'", true),
            ("", false),
            ("a b", false),
            ("<b>", false),
            ("ünsal", false),
            ("a@example.co", false),
            ("sixteen-letters-", false),
            ("fifteen-letters", true),
        ] {
            check(default.clone(), name, expected);
        }
        let longer = json!({"validation": {"username": {"min": 3, "max": 20}}});
        check(longer.clone(), "sixteen-letters-", true);
        check(longer, "ab", false);
        let flexible =
            json!({"attributes": {"username": {"validation": {"min_length": 2, "max_length": 4}}}});
        check(flexible.clone(), "abcd", true);
        check(flexible.clone(), "+491", false);
        check(flexible, "abcde", false);
        let allowed = json!({"attributes": {"username": {"validation": {"allowed_types": {"email": true, "phone_number": true}}}}});
        check(allowed.clone(), "a@example.co", true);
        check(allowed, "+491", true);
    }
}
