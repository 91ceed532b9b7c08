//! Users from a file: the vendor's export (NDJSON) or import (a JSON array) format.
//!
//! <https://auth0.com/docs/manage-users/user-migration/bulk-user-import-database-schema-and-examples>

use std::fmt;

use serde_json::{Value, json};

use crate::catalog::DEFAULT_CONNECTION;
use crate::clock::iso;
use crate::http::text;
use crate::password;
use crate::randomness::Randomness;
use crate::store::NewUser;

/// What of a profile is the tenant's own affair: no identity provider tells it, and it does not become part of an identity.
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

/// What is wrong in a file of users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportError {
    /// The line of NDJSON, or the number of the user in an array, from 1.
    pub number: usize,
    /// One sentence; never a value of the file, which holds secrets.
    pub message: String,
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "user {}: {}", self.number, self.message)
    }
}

impl std::error::Error for ImportError {}

fn refuse(number: usize, message: impl Into<String>) -> ImportError {
    ImportError {
        number,
        message: message.into(),
    }
}

/// The users of a text: a JSON array of objects, one object, or one object on each line.
///
/// # Errors
/// When the text is neither, with the line.
pub fn read_users(text: &str) -> Result<Vec<Value>, ImportError> {
    let text = text.trim_start_matches('\u{feff}');
    let users = match serde_json::from_str::<Value>(text) {
        Ok(Value::Array(users)) => users,
        Ok(single @ Value::Object(_)) => vec![single],
        _ if text.trim_start().starts_with('[') => {
            return Err(refuse(1, "the JSON array is broken"));
        }
        _ => {
            let lines = text
                .lines()
                .enumerate()
                .filter(|(_, line)| !line.trim().is_empty());
            let parse = |(index, line): (usize, &str)| {
                serde_json::from_str(line).map_err(|error| {
                    refuse(
                        index + 1,
                        format!("no JSON object (column {})", error.column()),
                    )
                })
            };
            lines.map(parse).collect::<Result<_, _>>()?
        }
    };
    match users.iter().position(|user| !user.is_object()) {
        Some(index) => Err(refuse(index + 1, "a user must be a JSON object")),
        None => Ok(users),
    }
}

/// A user of a file as the tenant keeps it.
///
/// # Errors
/// When it lacks what a user needs, or its hash is of a kind that can't be checked.
pub(crate) fn new_user(
    number: usize,
    mut user: Value,
    randomness: &Randomness,
    now_ms: i64,
) -> Result<NewUser, ImportError> {
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
    let password = secret(
        number,
        plain.as_ref(),
        hash.as_ref(),
        custom.as_ref(),
        randomness,
    )?;
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
            return Err(refuse(number, format!("`{key}` must be a string")));
        }
    }
    for key in ["user_metadata", "app_metadata"] {
        if user
            .get(key)
            .is_some_and(|value| !value.is_object() && !value.is_null())
        {
            return Err(refuse(number, format!("`{key}` must be an object")));
        }
    }
    let identity = user.pointer("/identities/0").cloned().unwrap_or_default();
    let connection =
        text(&identity, "connection").or(given_connection.as_ref().and_then(Value::as_str));
    let connection = connection.unwrap_or(DEFAULT_CONNECTION).to_owned();
    let provider = text(&identity, "provider").unwrap_or("auth0").to_owned();
    let id = match text(&user, "user_id") {
        // An import names the id without its provider.
        Some(id) if id.contains('|') => id.to_owned(),
        Some(id) => format!("{provider}|{id}"),
        None => format!("{provider}|{}", randomness.hex_id()),
    };
    if text(&user, "email").is_none() && text(&user, "username").is_none() && provider == "auth0" {
        return Err(refuse(
            number,
            "a user of a database needs an `email` or a `username`",
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
    number: usize,
    plain: Option<&Value>,
    hash: Option<&Value>,
    custom: Option<&Value>,
    randomness: &Randomness,
) -> Result<Option<String>, ImportError> {
    if let Some(plain) = plain.and_then(Value::as_str) {
        return Ok(password::hash(plain, randomness));
    }
    let custom = custom.map(|custom| custom.pointer("/hash/value").unwrap_or(&Value::Null));
    match hash.or(custom) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(hash)) if password::is_known_hash(hash) => Ok(Some(hash.clone())),
        Some(_) => Err(refuse(
            number,
            "the password's hash is neither bcrypt nor Argon2 in PHC form; leave it out, or give a `password`",
        )),
    }
}

/// Adds what every profile has.
pub(crate) fn complete(user: &mut Value, id: &str, connection: &str, provider: &str, now_ms: i64) {
    let Some(object) = user.as_object_mut() else {
        return;
    };
    object.retain(|_, value| !value.is_null());
    object.insert("user_id".into(), id.into());
    let bare = id.split_once('|').map_or(id, |(_, bare)| bare);
    let now = iso(now_ms);
    let email = object
        .get("email")
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
    default("nickname", nickname.clone().into());
    default("name", nickname.into());
    default("created_at", now.clone().into());
    default("updated_at", now.into());
    default(
        "identities",
        json!([{"connection": connection, "provider": provider, "user_id": bare, "isSocial": provider != "auth0"}]),
    );
    default("logins_count", 0.into());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{new_user, read_users};
    use crate::randomness::Randomness;

    #[test]
    fn both_forms_are_read_and_mistakes_have_a_line() {
        let check =
            |text: &str, expected: Result<usize, (usize, &str)>| match (read_users(text), expected)
            {
                (Ok(users), Ok(count)) => assert_eq!(users.len(), count),
                (Err(error), Err((number, message))) => {
                    assert_eq!(error.number, number);
                    assert!(error.message.contains(message), "{error}");
                }
                (got, expected) => panic!("{text}: {got:?} is not {expected:?}"),
            };
        check("[{\"email\": \"a\"}, {\"email\": \"b\"}]", Ok(2));
        check("{\"email\": \"a\"}\n\n{\"email\": \"b\"}\n", Ok(2));
        check("", Ok(0));
        check("{}\n{\"a\": }", Err((2, "column 7")));
        check("[1]", Err((1, "object")));
        check("[{]", Err((1, "broken")));
    }

    #[test]
    fn a_password_never_stays_in_the_profile() {
        let user = json!({"email": "a@example.com", "password": "hunter2", "user_id": "7", "user_metadata": {"lang": "de"}});
        let user = new_user(1, user, &Randomness::seeded(1), 0).unwrap();
        assert_eq!(user.profile["user_id"], "auth0|7");
        assert!(
            !user.profile.to_string().contains("hunter2")
                && user.password.unwrap().starts_with("$argon2id$")
        );
        assert_eq!(user.profile["identities"][0]["user_id"], "7");
        for (wrong, message) in [
            (json!({"email": 1}), "`email` must be a string"),
            (json!({}), "needs an `email`"),
            (json!({"email": "a", "password_hash": "md5"}), "bcrypt"),
            (
                json!({"email": "a", "user_metadata": []}),
                "must be an object",
            ),
        ] {
            let error = new_user(3, wrong, &Randomness::seeded(1), 0).unwrap_err();
            assert!(
                error.number == 3 && error.message.contains(message),
                "{error}"
            );
        }
    }
}
