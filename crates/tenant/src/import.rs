//! Users from a file: the vendor's export (NDJSON) or import (a JSON array) format.
//!
//! <https://auth0.com/docs/manage-users/user-migration/bulk-user-import-database-schema-and-examples>

pub(crate) mod keys;
mod places;
pub(crate) mod schema;
mod stored;

use serde_json::{Value, json};

use crate::catalog::DEFAULT_CONNECTION;
use crate::clock::iso;
use crate::http::text;
use crate::password;
use crate::randomness::Randomness;
use crate::signup::identifiers::ATTRIBUTES;
use crate::store::NewUser;

pub(crate) use places::Wrong;
pub use places::{ImportError, SeedUser, read_users};
pub(crate) use stored::{changed, is_own, passwordless_attribute};

/// The parts of a profile that are the tenant's own: no identity provider gives them, and they do not become part of an identity.
pub(crate) const OF_THE_TENANT: &[&str] = &[
    "user_id",
    "identities",
    "user_metadata",
    "app_metadata",
    "created_at",
    "updated_at",
    "logins_count",
    "last_login",
    "last_ip",
    "last_password_reset",
    "blocked",
    "multifactor",
    "enrolledFactors",
];

/// A user of a file as the tenant keeps it. `strategy` is the provider of one whose identities name none.
///
/// # Errors
/// When it lacks what a user needs. A hash that cannot be checked is kept: [`password::problem`] says why.
pub(crate) fn new_user(
    mut user: Value,
    strategy: Option<&str>,
    randomness: &Randomness,
    now_ms: i64,
) -> Result<NewUser, Wrong> {
    if !user.is_object() {
        return Err(Wrong::anywhere("a user must be a JSON object"));
    }
    let mut take = |key: &str| {
        user.as_object_mut()
            .and_then(|object| object.shift_remove(key))
    };
    let (plain, hash, custom) = (
        take("password"),
        take("password_hash"),
        take("custom_password_hash"),
    );
    let given_connection = take("connection");
    let password = secret(plain.as_ref(), hash.as_ref(), custom.as_ref(), randomness)?;
    for key in [
        "email",
        "username",
        "phone_number",
        "name",
        "nickname",
        "user_id",
    ] {
        if user
            .get(key)
            .is_some_and(|value| !value.is_string() && !value.is_null())
        {
            return Err(Wrong::at(key, format!("`{key}` must be a string")));
        }
    }
    for key in ["user_metadata", "app_metadata"] {
        if user
            .get(key)
            .is_some_and(|value| !value.is_object() && !value.is_null())
        {
            return Err(Wrong::at(key, format!("`{key}` must be an object")));
        }
    }
    let identity = user.pointer("/identities/0").cloned().unwrap_or_default();
    let connection =
        text(&identity, "connection").or(given_connection.as_ref().and_then(Value::as_str));
    let connection = connection.unwrap_or(DEFAULT_CONNECTION).to_owned();
    let provider = text(&identity, "provider")
        .or(strategy)
        .unwrap_or("auth0")
        .to_owned();
    let id = match text(&user, "user_id") {
        // An import names the id without its provider.
        Some(id) if id.contains('|') => id.to_owned(),
        Some(id) => format!("{provider}|{id}"),
        None => format!("{provider}|{}", randomness.hex_id()),
    };
    if ATTRIBUTES.iter().all(|key| text(&user, key).is_none()) && provider == "auth0" {
        return Err(Wrong::anywhere(
            "a user of a database needs an `email`, a `username` or a `phone_number`",
        ));
    }
    complete(&mut user, &id, &connection, &provider, now_ms);
    Ok(NewUser {
        connection,
        password,
        profile: user,
    })
}

fn secret(
    plain: Option<&Value>,
    hash: Option<&Value>,
    custom: Option<&Value>,
    randomness: &Randomness,
) -> Result<Option<String>, Wrong> {
    match plain {
        None | Some(Value::Null) => {}
        Some(Value::String(plain)) => return Ok(password::hash(plain, randomness)),
        Some(_) => return Err(Wrong::at("password", "`password` must be a string")),
    }
    Ok(password::imported(hash, custom))
}

/// Adds what every profile has.
pub(crate) fn complete(user: &mut Value, id: &str, connection: &str, provider: &str, now_ms: i64) {
    let Some(object) = user.as_object_mut() else {
        return;
    };
    object.retain(|_, value| !value.is_null());
    object.insert("user_id".into(), id.into());
    if is_own(provider) {
        stored::lower(object);
    }
    stored::enrol(object);
    let bare = id.split_once('|').map_or(id, |(_, bare)| bare);
    let now = iso(now_ms);
    let email = object
        .get("email")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let phone = object
        .get("phone_number")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let nickname = email.as_deref().and_then(|email| email.split('@').next());
    let nickname = nickname
        .or(object.get("username").and_then(Value::as_str))
        .unwrap_or(bare)
        .to_owned();
    let mut default = |key: &str, value: Value| {
        object.entry(key).or_insert(value);
    };
    if let Some(email) = email {
        default("email_verified", false.into());
        default("name", email.into());
    }
    if let Some(phone) = phone.filter(|_| provider == "sms") {
        default("name", phone.into());
    }
    default("nickname", nickname.clone().into());
    default("name", nickname.into());
    default("created_at", now.clone().into());
    default("updated_at", now.into());
    default(
        "identities",
        json!([{"connection": connection, "provider": provider, "user_id": bare, "isSocial": !is_own(provider)}]),
    );
    default("logins_count", 0.into());
    if is_own(provider)
        && let Some(picture) = stored::picture(object)
    {
        object.entry("picture").or_insert(picture.into());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::new_user;
    use crate::randomness::Randomness;

    #[test]
    fn a_password_never_stays_in_the_profile() {
        let user = json!({"email": "a@example.com", "password": "hunter2", "user_id": "7", "user_metadata": {"lang": "de"}});
        let user = new_user(user, None, &Randomness::seeded(1), 0).unwrap();
        assert_eq!(user.profile["user_id"], "auth0|7");
        assert!(
            !user.profile.to_string().contains("hunter2")
                && user.password.unwrap().starts_with("$argon2id$")
        );
        assert_eq!(user.profile["identities"][0]["user_id"], "7");
        for (wrong, message) in [
            (json!({"email": 1}), "`email` must be a string"),
            (
                json!({"email": "a", "password": 1}),
                "`password` must be a string",
            ),
            (json!(1), "a JSON object"),
            (json!({}), "needs an `email`"),
            (
                json!({"email": "a", "user_metadata": []}),
                "must be an object",
            ),
        ] {
            let error = new_user(wrong, None, &Randomness::seeded(1), 0).unwrap_err();
            assert!(error.message.contains(message), "{error:?}");
        }
    }
}
