//! Lists of users: all of them, and the first ones, which takes no longer with more users.

use rusqlite::params;
use serde_json::Value;

use super::users::profile;
use super::{Result, Store};
use crate::trouble::aside;

impl Store {
    /// All users in the order in which they came. Takes its time with many of them, and keeps no other request waiting.
    pub(crate) fn users(&self) -> Result<Vec<Value>> {
        aside(|| {
            let connection = self.lock()?;
            let mut statement =
                connection.prepare_cached("SELECT document FROM users ORDER BY number")?;
            let rows = statement.query_map([], profile)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// How many users there are.
    pub(crate) fn user_count(&self) -> Result<usize> {
        let connection = self.lock()?;
        let count =
            connection.query_row("SELECT count(*) FROM users", [], |row| row.get::<_, i64>(0))?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// The first users of a connection, at most `most`, in the order in which they came; with `beginning`, those whose
    /// e-mail or user name begins with it. Takes no longer with more users.
    pub(crate) fn first_users(
        &self,
        connection: &str,
        beginning: Option<&str>,
        most: usize,
    ) -> Result<Vec<Value>> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let database = self.lock()?;
        let rows = match beginning {
            None => {
                let mut statement = database.prepare_cached(
                    "SELECT document FROM users WHERE connection = ?1 ORDER BY number LIMIT ?2",
                )?;
                let rows = statement.query_map(params![connection, most], profile)?;
                rows.collect::<rusqlite::Result<_>>()?
            }
            Some(beginning) => {
                // A range of each index: every text with this beginning is before that with the last letter of all.
                let from = beginning.to_lowercase();
                let to = format!("{from}\u{10ffff}");
                let mut statement = database.prepare_cached(
                    "SELECT document FROM users WHERE number IN (
                       SELECT number FROM (SELECT number FROM users WHERE connection = ?1 AND email >= ?2 AND email < ?3 LIMIT ?4)
                       UNION SELECT number FROM (SELECT number FROM users WHERE connection = ?1 AND username >= ?2 AND username < ?3 LIMIT ?4)
                     ) ORDER BY number LIMIT ?4",
                )?;
                let rows = statement.query_map(params![connection, from, to, most], profile)?;
                rows.collect::<rusqlite::Result<_>>()?
            }
        };
        Ok(rows)
    }

    /// The first users with an identity of a connection, at most `most`: those of the connection itself, then those to whom
    /// one was linked.
    pub(crate) fn first_users_with_identity(
        &self,
        connection: &str,
        most: usize,
    ) -> Result<Vec<Value>> {
        let mut users = self.first_users(connection, None, most)?;
        let rest = i64::try_from(most.saturating_sub(users.len())).unwrap_or_default();
        let written = format!("\"connection\":{}", Value::from(connection));
        let database = self.lock()?;
        let mut statement = database.prepare_cached(
            "SELECT document FROM users WHERE connection <> ?1 AND instr(document, ?2) > 0 ORDER BY number LIMIT ?3",
        )?;
        let rows = statement.query_map(params![connection, written, rest], profile)?;
        for user in rows {
            users.push(user?);
        }
        Ok(users)
    }
}
