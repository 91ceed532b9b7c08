//! The attributes of a database that users sign up and sign in with: e-mail address, phone number, user name.
//!
//! A database without `options.attributes` has an address, and a user name if it says so. With them, each attribute says for itself
//! whether it identifies users and whether a sign-up and a profile need it; one that is not among them is off.
//!
//! <https://auth0.com/docs/authenticate/database-connections/activate-and-configure-attributes-for-flexible-identifiers>

use serde_json::{Map, Value};

use super::username;
use crate::http::text;
use crate::state::Tenant;
use crate::store::StoreError;

/// The attributes, in the order of a page.
pub(crate) const ATTRIBUTES: &[&str] = &["email", "phone_number", "username"];

/// The part of an attribute in a sign-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AtSignup {
    /// It refuses it.
    Off,
    Optional,
    Required,
}

fn configured(connection: &Value) -> Option<&Map<String, Value>> {
    let attributes = connection.pointer("/options/attributes")?.as_object();
    attributes.filter(|attributes| !attributes.is_empty())
}

/// Whether a database has flexible identifiers.
pub(crate) fn are_flexible(connection: &Value) -> bool {
    configured(connection).is_some()
}

/// Returns what a sign-up to a database does with an attribute.
pub(crate) fn at_signup(connection: &Value, attribute: &str) -> AtSignup {
    let Some(attributes) = configured(connection) else {
        return match attribute {
            "email" => AtSignup::Required,
            "username" if username::is_required(connection) => AtSignup::Required,
            _ => AtSignup::Optional,
        };
    };
    let found = attributes.get(attribute);
    let status = found.and_then(|it| it.pointer("/signup/status")?.as_str());
    match (found, status) {
        (None, _) | (_, Some("inactive")) => AtSignup::Off,
        (_, Some("required")) => AtSignup::Required,
        (_, Some("optional")) => AtSignup::Optional,
        // The defaults of a new connection: an address is required.
        _ if attribute == "email" => AtSignup::Required,
        _ => AtSignup::Optional,
    }
}

/// Whether users of a database sign in with an attribute.
pub(crate) fn identifies(connection: &Value, attribute: &str) -> bool {
    let Some(attributes) = configured(connection) else {
        return attribute != "phone_number";
    };
    let found = attributes.get(attribute);
    let active = found.and_then(|it| it.pointer("/identifier/active"));
    match active {
        Some(active) => *active == Value::Bool(true),
        None => attribute == "email" && found.is_some(),
    }
}

/// Returns the attribute that a profile of a database lacks: one that its profiles need, or any to sign in with.
pub(crate) fn missing(connection: &Value, profile: &Map<String, Value>) -> Option<&'static str> {
    let has = |attribute: &str| {
        let value = profile.get(attribute).and_then(Value::as_str);
        value.is_some_and(|value| !value.is_empty())
    };
    let mut needed = ATTRIBUTES.iter().filter(|attribute| {
        let pointer = format!("/options/attributes/{attribute}/profile_required");
        connection.pointer(&pointer) == Some(&Value::Bool(true))
    });
    let needed = needed.find(|attribute| !has(attribute));
    let identifies = |attribute: &&&str| identifies(connection, attribute);
    let is_known = || ATTRIBUTES.iter().filter(identifies).any(|it| has(it));
    let first = || ATTRIBUTES.iter().find(identifies);
    let found = needed.or_else(|| match is_known() {
        true => None,
        false => first(),
    });
    found.copied()
}

/// Whether another user of a database with flexible identifiers has a phone number: "each user must be assigned a unique username,
/// email address, and phone number".
pub(crate) fn is_phone_taken(
    tenant: &Tenant,
    connection: &Value,
    phone: Option<&str>,
    own_id: Option<&str>,
) -> Result<bool, StoreError> {
    let (Some(phone), true) = (phone, are_flexible(connection)) else {
        return Ok(false);
    };
    let name = text(connection, "name").unwrap_or_default();
    let found = tenant
        .store
        .user_by_attribute(name, "phone_number", phone)?;
    Ok(found.is_some_and(|user| own_id.is_none() || text(&user, "user_id") != own_id))
}

/// Finds the user of a database who signs in with a name, and the hash of the password.
pub(crate) fn find(
    tenant: &Tenant,
    connection: &str,
    login: &str,
) -> Result<Option<(Value, Option<String>)>, StoreError> {
    let found = tenant.store.user_by_login(connection, login)?;
    let Some(known) = tenant
        .catalog
        .connection(connection)
        .filter(|it| are_flexible(it))
    else {
        return Ok(found);
    };
    if let Some((user, hash)) = found {
        let is = |attribute: &str| {
            text(&user, attribute).is_some_and(|it| it.to_lowercase() == login.to_lowercase())
        };
        let by: Vec<&str> = ["email", "username"]
            .into_iter()
            .filter(|it| is(it))
            .collect();
        // A user who is linked to another one has names of their own.
        if by.is_empty() || by.iter().any(|attribute| identifies(known, attribute)) {
            return Ok(Some((user, hash)));
        }
    }
    match identifies(known, "phone_number") {
        true => tenant.store.user_by_phone(connection, login),
        false => Ok(None),
    }
}

/// The names of what users sign in with, for a page.
pub(crate) fn label(connection: &Value) -> String {
    let names = ATTRIBUTES.iter().filter(|it| identifies(connection, it));
    let names: Vec<&str> = names.map(|it| title(it)).collect();
    let label = match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => title("email").to_owned(),
    };
    let mut letters = label.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// The name of an attribute, for a page.
pub(crate) fn title(attribute: &str) -> &'static str {
    match attribute {
        "phone_number" => "phone number",
        "username" => "username",
        _ => "email address",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{AtSignup, at_signup, identifies, label, missing};

    fn flexible(attributes: Value) -> Value {
        json!({"name": "db", "options": {"attributes": attributes}})
    }

    #[test]
    fn each_attribute_says_what_it_is_for() {
        let old = json!({"options": {"requires_username": true}});
        let phone = flexible(json!({
            "email": {"identifier": {"active": false}, "signup": {"status": "optional"}},
            "phone_number": {"identifier": {"active": true}, "signup": {"status": "required"}},
        }));
        let names = flexible(json!({
            "username": {"identifier": {"active": true}, "signup": {"status": "optional"}},
            "email": {},
        }));
        for (connection, attribute, signup, signs_in) in [
            (&old, "email", AtSignup::Required, true),
            (&old, "username", AtSignup::Required, true),
            (&old, "phone_number", AtSignup::Optional, false),
            (&phone, "email", AtSignup::Optional, false),
            (&phone, "phone_number", AtSignup::Required, true),
            (&phone, "username", AtSignup::Off, false),
            (&names, "email", AtSignup::Required, true),
            (&names, "phone_number", AtSignup::Off, false),
            (&names, "username", AtSignup::Optional, true),
        ] {
            assert_eq!(
                at_signup(connection, attribute),
                signup,
                "{connection} {attribute}"
            );
            assert_eq!(
                identifies(connection, attribute),
                signs_in,
                "{connection} {attribute}"
            );
        }
        assert_eq!(label(&json!({})), "Email address or username");
        assert_eq!(label(&phone), "Phone number");
    }

    #[test]
    fn a_profile_has_what_it_needs() {
        let connection = flexible(json!({
            "email": {"identifier": {"active": false}},
            "phone_number": {"identifier": {"active": true}, "profile_required": true},
        }));
        let check = |connection: &Value, profile: Value, expected: Option<&str>| {
            assert_eq!(
                missing(connection, profile.as_object().unwrap()),
                expected,
                "{profile}"
            );
        };
        check(&connection, json!({"email": "a@b.c"}), Some("phone_number"));
        check(&connection, json!({"phone_number": "+1"}), None);
        check(&json!({}), json!({"phone_number": "+1"}), Some("email"));
        check(&json!({}), json!({"username": "a"}), None);
    }
}
