//! Rules of `POST /users` and `PATCH /users/{id}` that concern several properties, or the connection.
//!
//! <https://auth0.com/docs/api/management/v2/users/patch-users-by-id>

use serde_json::{Map, Value};

use super::{ApiError, Result};
use crate::http::text;
use crate::identities::Linked;
use crate::import::passwordless_attribute;
use crate::signup::identifiers::{self, AtSignup};
use crate::signup::strength;
use crate::signup::username;
use crate::state::Tenant;

/// Properties of which one request changes only one. The text of the first pair is what public code quotes of production; the
/// vendor's Terraform provider refuses those with `email_verified` beforehand (`validateUser` in `resource_auth0_user.go`).
const ALONE: &[(&str, &str)] = &[
    ("password", "email"),
    ("password", "username"),
    ("username", "email"),
    ("password", "email_verified"),
    ("username", "email_verified"),
];

/// The strategies of enterprise connections.
///
/// Source: <https://auth0.com/docs/authenticate/identity-providers/enterprise-identity-providers>.
const ENTERPRISE: &[&str] = &[
    "ad",
    "adfs",
    "auth0-adldap",
    "google-apps",
    "office365",
    "oidc",
    "okta",
    "pingfederate",
    "samlp",
    "waad",
];

/// The attributes at the root of a profile that every login brings anew, unless the connection says otherwise.
///
/// Source: <https://auth0.com/docs/manage-users/user-accounts/user-profiles/configure-connection-sync-with-auth0>.
const SYNCHRONISED: &[&str] = &["family_name", "given_name", "name", "nickname", "picture"];

/// Checks a new user against the connection.
///
/// # Errors
/// When the connection has no user names.
pub(super) fn of_connection(connection: &Value, body: &Map<String, Value>) -> Result<()> {
    of_phone(connection, body)?;
    if text(connection, "strategy") != Some("auth0") {
        return Ok(());
    }
    if body.get("username").is_some_and(Value::is_string) && !username::are_used(connection) {
        return Err(ApiError::new(400, username::UNUSED, "invalid_body"));
    }
    if let Some(name) = body.get("username").and_then(Value::as_str)
        && let Some(problem) = username::problem(connection, name)
    {
        let message = format!("Payload validation error: '{problem}' on property username.");
        return Err(ApiError::new(400, message, "invalid_body"));
    }
    Ok(())
}

/// Checks the password of a body, of a user with this profile.
///
/// # Errors
/// When the policy of the connection refuses it.
pub(super) fn of_password(
    connection: &Value,
    body: &Map<String, Value>,
    profile: &Value,
) -> Result<()> {
    let secret = body.get("password").and_then(Value::as_str);
    match secret.and_then(|secret| strength::refusal(connection, secret, profile)) {
        Some(refused) => Err(ApiError::new(
            400,
            strength::worded(&refused),
            "invalid_body",
        )),
        None => Ok(()),
    }
}

/// Checks a new user of a passwordless connection: who has what the code goes to, and no way in beside it. `password` is "only valid
/// for auth0 connection strategy", `username` "only valid if the connection requires a username"
/// (<https://auth0.com/docs/api/management/v2/users/post-users>). The text about the password is ours.
///
/// # Errors
/// Also when there is a user with the address or the number already.
pub(super) fn of_passwordless(
    tenant: &Tenant,
    connection: &Value,
    body: &Map<String, Value>,
) -> Result<()> {
    let strategy = text(connection, "strategy").unwrap_or("auth0");
    let Some(attribute) = passwordless_attribute(strategy) else {
        return Ok(());
    };
    let part = |key: &str| body.get(key).and_then(Value::as_str);
    let Some(value) = part(attribute) else {
        let message =
            format!("Payload validation error: 'Missing required property: {attribute}'.");
        return Err(ApiError::new(400, message, "invalid_body"));
    };
    if part("password").is_some() {
        let message = format!("Cannot set password for a user of a connection of {strategy}");
        return Err(ApiError::new(400, message, "invalid_body"));
    }
    if part("username").is_some() {
        return Err(ApiError::new(400, username::UNUSED, "invalid_body"));
    }
    let name = text(connection, "name").unwrap_or_default();
    let known = tenant
        .store
        .user_by_attribute(name, attribute, &value.to_lowercase())?;
    match known {
        Some(_) => Err(super::users::exists()),
        None => Ok(()),
    }
}

/// Checks that a connection has phone numbers: "only valid for users from SMS connections", and those of databases whose flexible
/// identifiers have them. The text of the refusal is ours.
fn of_phone(connection: &Value, body: &Map<String, Value>) -> Result<()> {
    let mut keys = ["phone_number", "phone_verified"].into_iter();
    let given = keys.find(|key| body.get(*key).is_some_and(|value| !value.is_null()));
    let has_numbers = match text(connection, "strategy").unwrap_or("auth0") {
        "sms" => true,
        "auth0" => {
            identifiers::are_flexible(connection)
                && identifiers::at_signup(connection, "phone_number") != AtSignup::Off
        }
        _ => false,
    };
    match given {
        Some(key) if !has_numbers => {
            let name = text(connection, "name").unwrap_or_default();
            let message = format!(
                "Payload validation error: 'The connection {name} has no phone numbers: it is neither an SMS connection nor a database with the attribute phone_number' on property {key}."
            );
            Err(ApiError::new(400, message, "invalid_body"))
        }
        _ => Ok(()),
    }
}

/// Checks the application that a body names.
///
/// # Errors
/// When there is none with this id.
pub(super) fn known_client(tenant: &Tenant, body: &Map<String, Value>) -> Result<()> {
    match body.get("client_id").and_then(Value::as_str) {
        Some(id) if tenant.catalog.client(id).is_none() => Err(ApiError::new(
            400,
            "The client does not exist.",
            "invalid_body",
        )),
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
    known_client(tenant, body)?;
    if [
        "username",
        "password",
        "connection",
        "email",
        "email_verified",
        "phone_number",
        "phone_verified",
    ]
    .iter()
    .chain(SYNCHRONISED)
    .all(|key| !body.contains_key(*key))
    {
        return Ok(());
    }
    let Some(user) = tenant.store.user(id)? else {
        // The change itself answers.
        return Ok(());
    };
    if let Some(named) = body.get("connection").and_then(Value::as_str) {
        let identities = user.get("identities").and_then(Value::as_array);
        let mut identities = identities.into_iter().flatten();
        if !identities.any(|it| text(it, "connection") == Some(named)) {
            return Err(match tenant.catalog.connection(named) {
                None => ApiError::new(400, "Connection does not exist.", "inexistent_connection"),
                Some(_) => {
                    let message = format!("The user has no identity of the connection {named}.");
                    ApiError::new(400, message, "invalid_body")
                }
            });
        }
    }
    let named = body.get("connection").and_then(Value::as_str);
    let connection = crate::oauth::event::connection(tenant, &user, named);
    of_strategy(&connection, body)?;
    of_synchronised(tenant, &user, body)?;
    of_connection(&connection, body)?;
    let linked = named.and_then(|named| Linked::of(&user, named));
    let profile = linked.map_or_else(|| user.clone(), |linked| linked.profile(&user));
    of_password(&connection, body, &profile)?;
    of_identifiers(tenant, &connection, &user, body)
}

/// Checks that a change sets nothing that the user's own connection sets at each login. The words are production's, as public code quotes
/// them; those about the address are of <https://community.auth0.com/t/106693>.
fn of_synchronised(tenant: &Tenant, user: &Value, body: &Map<String, Value>) -> Result<()> {
    let connection = crate::oauth::event::connection(tenant, user, None);
    let option = |key: &str| connection.pointer(&format!("/options/{key}"));
    let is_foreign = match text(&connection, "strategy").unwrap_or("auth0") {
        "email" | "sms" => false,
        "auth0" => {
            let is_on = |key: &str| option(key) == Some(&Value::Bool(true));
            is_on("enabledDatabaseCustomization") && !is_on("import_mode")
        }
        _ => true,
    };
    let sync = option("set_user_root_attributes").and_then(Value::as_str);
    if !is_foreign || sync.is_some_and(|sync| sync != "on_each_login") {
        return Ok(());
    }
    let given: Vec<&str> = SYNCHRONISED
        .iter()
        .copied()
        .filter(|key| body.contains_key(*key))
        .collect();
    if !given.is_empty() {
        let message = format!(
            "The following user attributes cannot be updated: {}. The connection ({}) must either be a database connection (using the Auth0 store), a passwordless connection (email or sms) or has disabled 'Sync user profile attributes at each login'. For more information, see https://auth0.com/docs/dashboard/guides/connections/configure-connection-sync",
            given.join(", "),
            text(&connection, "name").unwrap_or_default()
        );
        return Err(ApiError::new(400, message, "operation_not_supported"));
    }
    let of_linked = body.get("connection").is_some();
    match body.contains_key("email") && !of_linked && text(&connection, "strategy") != Some("auth0")
    {
        true => Err(ApiError::new(
            400,
            "Cannot update email for this user",
            "operation_not_supported",
        )),
        false => Ok(()),
    }
}

/// Checks that a user of a database with flexible identifiers keeps those that its profiles need, and has a number of their own.
fn of_identifiers(
    tenant: &Tenant,
    connection: &Value,
    user: &Value,
    body: &Map<String, Value>,
) -> Result<()> {
    if text(connection, "strategy") != Some("auth0") {
        return Ok(());
    }
    if !identifiers::are_flexible(connection) {
        return keeps_a_name(user, body);
    }
    let mut after = user.as_object().cloned().unwrap_or_default();
    for key in identifiers::ATTRIBUTES {
        if let Some(value) = body.get(*key) {
            after.insert((*key).to_owned(), value.clone());
        }
    }
    let is_changed = |key: &&str| body.contains_key(*key);
    if let Some(missing) = identifiers::missing(connection, &after).filter(|key| is_changed(key)) {
        let message = format!("Payload validation error: 'Missing required property: {missing}'.");
        return Err(ApiError::new(400, message, "invalid_body"));
    }
    let phone = body.get("phone_number").and_then(Value::as_str);
    match identifiers::is_phone_taken(tenant, connection, phone, text(user, "user_id"))? {
        true => {
            let message = "The specified new phone_number already exists";
            Err(ApiError::new(400, message, "auth0_idp_error"))
        }
        false => Ok(()),
    }
}

/// Checks that a change leaves a user something to sign in by. The text is that of a missing property.
fn keeps_a_name(user: &Value, body: &Map<String, Value>) -> Result<()> {
    let after = |key: &str| body.get(key).or_else(|| user.get(key));
    let names = ["email", "username"];
    let has_one = names
        .iter()
        .any(|key| after(key).is_some_and(Value::is_string));
    match names
        .iter()
        .find(|key| body.get(**key).is_some_and(Value::is_null))
    {
        Some(key) if !has_one => {
            let message = format!("Payload validation error: 'Missing required property: {key}'.");
            Err(ApiError::new(400, message, "invalid_body"))
        }
        _ => Ok(()),
    }
}

/// Checks that the users of a connection have what a change sets. `password` and `username` are of databases; `email_verified` is
/// "not supported for enterprise and passwordless sms connections". The text of the refusal is ours.
fn of_strategy(connection: &Value, body: &Map<String, Value>) -> Result<()> {
    let strategy = text(connection, "strategy").unwrap_or("auth0");
    let is_enterprise = ENTERPRISE.contains(&strategy);
    let refused = |key: &str| match key {
        "email_verified" => is_enterprise || strategy == "sms",
        _ => strategy != "auth0",
    };
    let keys = ["password", "username", "email_verified"];
    let mut keys = keys.into_iter().filter(|key| body.contains_key(*key));
    match keys.find(|key| refused(key)) {
        Some(key) => {
            let message = format!("Cannot update {key} for a user of a connection of {strategy}");
            Err(ApiError::new(400, message, "operation_not_supported"))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{of_connection, of_password, of_strategy};

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
    fn users_of_other_sites_have_no_password_here() {
        for (strategy, body, expected) in [
            ("oidc", json!({"email_verified": true}), false),
            ("sms", json!({"email_verified": true}), false),
            ("email", json!({"email_verified": true}), true),
            ("google-oauth2", json!({"email_verified": true}), true),
            ("google-oauth2", json!({"password": "Str0ng-enough"}), false),
            ("okta", json!({"username": "jane"}), false),
            ("okta", json!({"blocked": true, "name": "n"}), true),
            ("auth0", json!({"password": "Str0ng-enough"}), true),
        ] {
            let connection = json!({"strategy": strategy});
            let checked = of_strategy(&connection, body.as_object().unwrap());
            assert_eq!(checked.is_ok(), expected, "{strategy} {body}");
        }
    }

    #[test]
    fn phone_numbers_need_a_connection_that_has_them() {
        let with = |attributes: Value| json!({"name": "db", "strategy": "auth0", "options": {"attributes": attributes}});
        for (connection, expected) in [
            (json!({"strategy": "auth0"}), false),
            (json!({"strategy": "sms"}), true),
            (json!({"strategy": "google-oauth2"}), false),
            (
                with(json!({"email": {"identifier": {"active": true}}})),
                false,
            ),
            (
                with(json!({"phone_number": {"identifier": {"active": true}}})),
                true,
            ),
        ] {
            for body in [
                json!({"phone_number": "+15551234567"}),
                json!({"phone_verified": true}),
            ] {
                let checked = of_connection(&connection, body.as_object().unwrap());
                assert_eq!(checked.is_ok(), expected, "{connection} {body}");
            }
            let unset = json!({"phone_number": null});
            assert!(of_connection(&connection, unset.as_object().unwrap()).is_ok());
        }
    }

    #[test]
    fn a_weak_password_is_refused() {
        let connection = json!({"strategy": "auth0", "options": {"passwordPolicy": "good"}});
        for (password, expected) in [("weak", false), ("Str0ng-enough", true)] {
            let body = json!({"password": password});
            let checked = of_password(&connection, body.as_object().unwrap(), &body);
            assert_eq!(checked.is_ok(), expected, "{password}");
        }
    }
}
