//! The logins of linked identities: users who were users of a database before still sign in by their password there.

use rusqlite::{OptionalExtension as _, Transaction, params};
use serde_json::Value;

use super::Result;
use super::entries::{Entry, write};
use crate::http::text;
use crate::records::LinkedLogin;

fn key(connection: &str, login: &str) -> String {
    format!("{connection}/{login}")
}

/// The names by which an identity signs in.
fn logins(profile: &Value) -> Vec<String> {
    let names = ["email", "username"].iter();
    names
        .filter_map(|key| text(profile, key))
        .map(str::to_lowercase)
        .collect()
}

/// Whether a linked identity signs in to a database by a name.
pub(super) fn has_login(
    transaction: &Transaction<'_>,
    connection: &str,
    login: &str,
) -> Result<bool> {
    let mut statement = transaction
        .prepare_cached("SELECT 1 FROM entries WHERE kind = 'linked_login' AND id = ?1")?;
    Ok(statement.exists([key(connection, login)])?)
}

/// Gives a linked identity of a database the names of its changed profile and, if there is one, another password. Returns whether
/// the names are free; otherwise nothing was written.
pub(super) fn change(
    transaction: &Transaction<'_>,
    owner: &str,
    connection: &str,
    (before, after): (&Value, &Value),
    password: Option<String>,
) -> Result<bool> {
    let (before, after) = (logins(before), logins(after));
    for login in after.iter().filter(|login| !before.contains(login)) {
        let mut statement = transaction.prepare_cached(
            "SELECT 1 FROM users WHERE connection = ?1 AND (email = ?2 OR username = ?2)",
        )?;
        if statement.exists(params![connection, login])?
            || has_login(transaction, connection, login)?
        {
            return Ok(false);
        }
    }
    let mut known = None;
    for login in &before {
        let mut statement = transaction.prepare_cached(
            "DELETE FROM entries WHERE kind = 'linked_login' AND id = ?1 AND owner = ?2 RETURNING json_extract(document, '$.password')",
        )?;
        let found = statement.query_row(params![key(connection, login), owner], |row| {
            row.get::<_, Option<String>>(0)
        });
        known = found.optional()?.flatten().or(known);
    }
    // Without a password nobody signs in by them.
    let Some(password) = password.or(known) else {
        return Ok(true);
    };
    let document = LinkedLogin { password };
    for login in &after {
        let id = key(connection, login);
        write(transaction, Entry::lasting(&id).of(owner), &document)?;
    }
    Ok(true)
}
