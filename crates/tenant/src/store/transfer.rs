//! All that is stored as one JSON value, and back.

use rusqlite::params;
use serde_json::{Map, Value, json};

use super::entries::{Entry, Kind, write_document};
use super::users::{NewUser, insert};
use super::{Result, Store, worded, writing};
use crate::http::text;
use crate::records::check;

/// All that a tenant stores, checked.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) users: Vec<NewUser>,
    entries: Vec<KeptEntry>,
}

#[derive(Debug)]
struct KeptEntry {
    kind: Kind,
    id: String,
    owner: Option<String>,
    expires_ms: Option<i64>,
    document: String,
}

impl Contents {
    pub(crate) fn entry_count(&self) -> usize {
        self.entries.len()
    }

    /// Reads `users` and `entries` of an export.
    ///
    /// # Errors
    /// When something in it is wrong, in words that name its place and no value.
    pub(crate) fn read(export: &Map<String, Value>) -> std::result::Result<Self, String> {
        let list = |key: &str| match export.get(key) {
            Some(Value::Array(items)) => Ok(items.as_slice()),
            _ => Err(format!("`{key}` must be a list")),
        };
        let mut contents = Self::default();
        for (index, user) in list("users")?.iter().enumerate() {
            let wrong = |what: &str| format!("users[{index}]: {what}");
            let profile = user.get("profile").filter(|profile| profile.is_object());
            let profile = profile.ok_or_else(|| wrong("`profile` must be an object"))?;
            text(profile, "user_id").ok_or_else(|| wrong("the profile needs a `user_id`"))?;
            let connection = text(user, "connection");
            let connection = connection.ok_or_else(|| wrong("`connection` must be a string"))?;
            contents.users.push(NewUser {
                connection: connection.to_owned(),
                password: optional_text(user, "password").map_err(|what| wrong(&what))?,
                profile: profile.clone(),
            });
        }
        for (index, entry) in list("entries")?.iter().enumerate() {
            let wrong = |what: &str| format!("entries[{index}]: {what}");
            let kind = text(entry, "kind").and_then(Kind::named);
            let kind = kind.ok_or_else(|| wrong("unknown `kind`"))?;
            contents.entries.push(KeptEntry {
                kind,
                id: text(entry, "id")
                    .ok_or_else(|| wrong("`id` must be a string"))?
                    .to_owned(),
                owner: optional_text(entry, "owner").map_err(|what| wrong(&what))?,
                expires_ms: match entry.get("expires_ms") {
                    None | Some(Value::Null) => None,
                    Some(time) => Some(time.as_i64().ok_or_else(|| {
                        wrong("`expires_ms` must be null or whole milliseconds since the epoch")
                    })?),
                },
                document: {
                    let document = entry.get("document");
                    let document = document.ok_or_else(|| wrong("`document` is missing"))?;
                    check(kind, document)
                        .map_err(|error| wrong(&format!("`document` {}", worded(&error))))?;
                    document.to_string()
                },
            });
        }
        Ok(contents)
    }
}

/// A member that is a text, null or not there.
fn optional_text(value: &Value, key: &str) -> std::result::Result<Option<String>, String> {
    match value.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("`{key}` must be null or a string")),
    }
}

impl Store {
    /// `users` in the order in which they came, with the hashes of their passwords, and all `entries` that have not run out.
    pub(crate) fn export(&self, now_ms: i64) -> Result<Map<String, Value>> {
        let connection = self.lock()?;
        let document = |text: String| serde_json::from_str::<Value>(&text).unwrap_or_default();
        let mut users = connection
            .prepare("SELECT connection, password, document FROM users ORDER BY number")?;
        let users = users.query_map([], |row| {
            let (connection, password): (String, Option<String>) = (row.get(0)?, row.get(1)?);
            let profile = document(row.get(2)?);
            Ok(json!({"connection": connection, "password": password, "profile": profile}))
        })?;
        let users: Vec<Value> = users.collect::<rusqlite::Result<_>>()?;
        let mut entries = connection.prepare(
            "SELECT kind, id, owner, expires_ms, document FROM entries WHERE expires_ms IS NULL OR expires_ms >= ?1 ORDER BY kind, id",
        )?;
        let entries = entries.query_map(params![now_ms], |row| {
            let (kind, id): (String, String) = (row.get(0)?, row.get(1)?);
            let (owner, expires_ms): (Option<String>, Option<i64>) = (row.get(2)?, row.get(3)?);
            let document = document(row.get(4)?);
            Ok(json!({"kind": kind, "id": id, "owner": owner, "expires_ms": expires_ms, "document": document}))
        })?;
        let entries: Vec<Value> = entries.collect::<rusqlite::Result<_>>()?;
        Ok(Map::from_iter([
            ("users".to_owned(), Value::Array(users)),
            ("entries".to_owned(), Value::Array(entries)),
        ]))
    }

    /// Puts contents in place of all that is stored, in one transaction. Gives the id of a user who cannot be stored beside
    /// the ones before; then everything stays as it was.
    pub(crate) fn replace(&self, contents: &Contents) -> Result<std::result::Result<(), String>> {
        let mut connection = self.lock()?;
        let transaction = writing(&mut connection)?;
        transaction.execute_batch("DELETE FROM entries; DELETE FROM users;")?;
        for user in &contents.users {
            if insert(&transaction, user)?.is_err() {
                let id = text(&user.profile, "user_id").unwrap_or_default();
                return Ok(Err(id.to_owned()));
            }
        }
        for kept in &contents.entries {
            let entry = Entry {
                id: &kept.id,
                owner: kept.owner.as_deref(),
                expires_ms: kept.expires_ms,
            };
            write_document(&transaction, kept.kind, entry, &kept.document)?;
        }
        transaction.commit()?;
        Ok(Ok(()))
    }
}
