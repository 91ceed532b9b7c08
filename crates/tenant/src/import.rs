//! Users from a file: the vendor's export (NDJSON) or import (a JSON array) format.
//!
//! <https://auth0.com/docs/manage-users/user-migration/bulk-user-import-database-schema-and-examples>

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use postlogin_project::Format;
use postlogin_project::document::node::{NodeValue, Source};
use postlogin_project::document::parse_placed;
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
    /// `users.json:3:5`, or `user 3` of a list that has no file.
    pub place: String,
    /// One sentence; never an attribute of a user, which may be a secret.
    pub message: String,
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl std::error::Error for ImportError {}

/// What is wrong with a user, and under which key.
#[derive(Debug)]
pub(crate) struct Wrong {
    key: Option<&'static str>,
    message: String,
}

impl Wrong {
    pub(crate) fn at(key: &'static str, message: impl Into<String>) -> Self {
        Self {
            key: Some(key),
            message: message.into(),
        }
    }

    pub(crate) fn anywhere(message: impl Into<String>) -> Self {
        Self {
            key: None,
            message: message.into(),
        }
    }
}

/// The text that users come from.
#[derive(Debug, Default)]
struct Origin {
    /// The name of the file; empty for a list that comes from none.
    shown: String,
    text: String,
    /// The lines of the users, from 1, where each has its own.
    lines: Option<Vec<usize>>,
}

/// A user of a file or a list, with its place.
#[derive(Debug)]
pub struct SeedUser {
    pub(crate) value: Value,
    /// The number in the file or list, from 0.
    index: usize,
    origin: Arc<Origin>,
}

impl SeedUser {
    /// The users of a list that comes from no file.
    pub fn listed(users: impl IntoIterator<Item = Value>) -> Vec<Self> {
        placed(users.into_iter().collect(), &Arc::default())
    }

    /// Where the user stands, or the value under a key.
    pub(crate) fn place(&self, key: Option<&str>) -> String {
        let origin = &self.origin;
        if origin.shown.is_empty() {
            return format!("user {}", self.index + 1);
        }
        let (line, column) = match &origin.lines {
            Some(lines) => {
                let line = lines.get(self.index).copied().unwrap_or(1);
                let text = origin.text.lines().nth(line - 1).unwrap_or_default();
                (line, key.and_then(|key| node_place(text, None, key)))
            }
            None => {
                let start = element_line(&origin.text, self.index);
                match key.and_then(|key| node_place(&origin.text, Some(self.index), key)) {
                    Some((line, column)) => (line, Some((1, column))),
                    None => (start.0, Some((1, start.1))),
                }
            }
        };
        match column {
            Some((_, column)) => format!("{}:{line}:{column}", origin.shown),
            None => format!("{}:{line}", origin.shown),
        }
    }

    pub(crate) fn error(&self, wrong: &Wrong) -> ImportError {
        ImportError {
            place: self.place(wrong.key),
            message: wrong.message.clone(),
        }
    }
}

/// Line and column of a key of an object, or of that with a number in a list. Looked for only when something is wrong there.
fn node_place(text: &str, index: Option<usize>, key: &str) -> Option<(usize, usize)> {
    let source = Arc::new(Source {
        path: PathBuf::new(),
        shown: String::new(),
    });
    let node = parse_placed(text, Format::Json, &source).ok()?;
    let user = match (&node.value, index) {
        (NodeValue::List(users), Some(index)) => users.get(index)?,
        _ => &node,
    };
    let place = &user.entry(key)?.place;
    Some((
        usize::try_from(place.line).ok()?,
        usize::try_from(place.column).ok()?,
    ))
}

/// Line and column, from 1, at which an element of a JSON list begins, or the only value.
fn element_line(text: &str, index: usize) -> (usize, usize) {
    let (mut line, mut column, mut depth, mut seen) = (1, 0, 0_usize, 0);
    let (mut in_string, mut escaped, mut waits) = (false, false, true);
    for letter in text.chars() {
        match letter {
            '\n' => (line, column) = (line + 1, 0),
            _ => column += 1,
        }
        if in_string {
            match letter {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => in_string = false,
                _ => {}
            }
            continue;
        }
        let is_list = depth == 0 && letter == '[';
        if depth <= 1 && waits && !is_list && !letter.is_whitespace() && letter != ']' {
            if seen == index {
                return (line, column);
            }
            waits = false;
        }
        match letter {
            '"' => in_string = true,
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 1 => (seen, waits) = (seen + 1, true),
            _ => {}
        }
    }
    (1, 1)
}

fn placed(users: Vec<Value>, origin: &Arc<Origin>) -> Vec<SeedUser> {
    let users = users.into_iter().enumerate();
    let placed = users.map(|(index, value)| SeedUser {
        value,
        index,
        origin: Arc::clone(origin),
    });
    placed.collect()
}

/// Reads the users of a text: a JSON array of objects, one object, or one object on each line. `shown` is the name of the
/// file in errors.
///
/// # Errors
/// When the text is neither, with the place.
pub fn read_users(shown: &str, text: &str) -> Result<Vec<SeedUser>, ImportError> {
    let text = text.trim_start_matches('\u{feff}');
    let broken = |line: usize, error: &serde_json::Error, what: &str| ImportError {
        place: format!("{shown}:{line}:{}", error.column().max(1)),
        message: format!("{what} is not valid JSON"),
    };
    let mut lines = None;
    let users = match serde_json::from_str::<Value>(text) {
        Ok(Value::Array(users)) => users,
        Ok(single @ Value::Object(_)) => vec![single],
        Err(error) if text.trim_start().starts_with('[') => {
            return Err(broken(error.line(), &error, "the JSON array"));
        }
        _ => {
            let mut users = Vec::new();
            let mut numbers = Vec::new();
            for (index, line) in text.lines().enumerate() {
                if line.trim().is_empty() {
                    continue;
                }
                let user = serde_json::from_str(line);
                users.push(user.map_err(|error| broken(index + 1, &error, "the line"))?);
                numbers.push(index + 1);
            }
            lines = Some(numbers);
            users
        }
    };
    let origin = Arc::new(Origin {
        shown: shown.to_owned(),
        text: text.to_owned(),
        lines,
    });
    let users = placed(users, &origin);
    match users.iter().find(|user| !user.value.is_object()) {
        Some(user) => Err(user.error(&Wrong::anywhere("a user must be a JSON object"))),
        None => Ok(users),
    }
}

/// A user of a file as the tenant keeps it.
///
/// # Errors
/// When it lacks what a user needs, or its hash is of a kind that can't be checked.
pub(crate) fn new_user(
    mut user: Value,
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
    let provider = text(&identity, "provider").unwrap_or("auth0").to_owned();
    let id = match text(&user, "user_id") {
        // An import names the id without its provider.
        Some(id) if id.contains('|') => id.to_owned(),
        Some(id) => format!("{provider}|{id}"),
        None => format!("{provider}|{}", randomness.hex_id()),
    };
    if text(&user, "email").is_none() && text(&user, "username").is_none() && provider == "auth0" {
        return Err(Wrong::anywhere(
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
    let custom = custom.map(|custom| custom.pointer("/hash/value").unwrap_or(&Value::Null));
    match hash.or(custom) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(hash)) if password::is_known_hash(hash) => Ok(Some(hash.clone())),
        Some(_) => Err(Wrong::at(
            "password_hash",
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

    use super::{element_line, new_user, read_users};
    use crate::randomness::Randomness;

    #[test]
    fn both_forms_are_read() {
        for (text, expected) in [
            ("[{\"email\": \"a\"}, {\"email\": \"b\"}]", 2),
            ("{\"email\": \"a\"}\n\n{\"email\": \"b\"}\n", 2),
            ("\u{feff}{\"email\": \"a\"}", 1),
            ("", 0),
            ("[]", 0),
        ] {
            assert_eq!(read_users("f", text).unwrap().len(), expected, "{text}");
        }
    }

    #[test]
    fn the_elements_of_a_list_have_their_lines() {
        let text = " [ {\"a\": \"],[\\\"\"},\n  [1,\n2],\n\n 3]";
        for (index, expected) in [(0, (1, 4)), (1, (2, 3)), (2, (5, 2))] {
            assert_eq!(element_line(text, index), expected);
        }
        assert_eq!(element_line("{\"a\": [1, 2]}", 0), (1, 1));
    }

    #[test]
    fn a_password_never_stays_in_the_profile() {
        let user = json!({"email": "a@example.com", "password": "hunter2", "user_id": "7", "user_metadata": {"lang": "de"}});
        let user = new_user(user, &Randomness::seeded(1), 0).unwrap();
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
            (json!({"email": "a", "password_hash": "md5"}), "bcrypt"),
            (
                json!({"email": "a", "user_metadata": []}),
                "must be an object",
            ),
        ] {
            let error = new_user(wrong, &Randomness::seeded(1), 0).unwrap_err();
            assert!(error.message.contains(message), "{error:?}");
        }
    }
}
