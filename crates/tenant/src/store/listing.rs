//! Lists of users: all of them, and the first ones, which takes no longer with more users.

use std::time::{Duration, Instant};

use rusqlite::{OptionalExtension, params};
use serde_json::Value;

use super::users::profile;
use super::{Result, Store};
use crate::trouble::aside;

/// The number of users that are read while the database is held.
const AT_ONCE: i64 = 200;

/// A number as the database has it.
fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Store {
    /// Shows each user with its number, in the order in which they came. Takes its time with many of them, and keeps no
    /// other request waiting: the database is free after every few of them.
    pub(crate) fn each_user(&self, visit: impl FnMut(i64, Value)) -> Result<()> {
        self.each_user_within(None, visit).map(|_| ())
    }

    /// The same for as long as `time`; returns whether all users were shown.
    pub(crate) fn each_user_within(
        &self,
        time: Option<Duration>,
        mut visit: impl FnMut(i64, Value),
    ) -> Result<bool> {
        let began = Instant::now();
        aside(|| {
            let mut last = 0;
            loop {
                if time.is_some_and(|time| began.elapsed() > time) {
                    return Ok(false);
                }
                let users = self.users_after(last)?;
                match users.last() {
                    Some((number, _)) => last = *number,
                    None => return Ok(true),
                }
                users
                    .into_iter()
                    .for_each(|(number, user)| visit(number, user));
            }
        })
    }

    /// The next users after a number, some of them at a time, with their numbers.
    pub(crate) fn users_after(&self, number: i64) -> Result<Vec<(i64, Value)>> {
        let connection = self.lock()?;
        let mut statement = connection.prepare_cached(
            "SELECT document, number FROM users WHERE number > ?1 ORDER BY number LIMIT ?2",
        )?;
        let rows = statement.query_map(params![number, AT_ONCE], |row| {
            Ok((row.get(1)?, profile(row)?))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The users with these numbers, in this order. One that has gone is left out.
    pub(crate) fn users_by_number(&self, numbers: &[i64]) -> Result<Vec<Value>> {
        let connection = self.lock()?;
        let mut statement =
            connection.prepare_cached("SELECT document FROM users WHERE number = ?1")?;
        let mut users = Vec::new();
        for number in numbers {
            users.extend(statement.query_row([number], profile).optional()?);
        }
        Ok(users)
    }

    /// A page of all users in the order in which they came, and how many there are. Takes no longer with more users before
    /// it than it takes to count them.
    pub(crate) fn user_page(&self, start: usize, count: usize) -> Result<(usize, Vec<Value>)> {
        let total = self.user_count()?;
        let connection = self.lock()?;
        let mut statement = connection
            .prepare_cached("SELECT document FROM users ORDER BY number LIMIT ?2 OFFSET ?1")?;
        let rows = statement.query_map(params![number(start), number(count)], profile)?;
        Ok((total, rows.collect::<rusqlite::Result<_>>()?))
    }

    /// A page of the users who belong to an organization, and how many there are.
    pub(crate) fn member_page(
        &self,
        organization: &str,
        start: usize,
        count: usize,
    ) -> Result<(usize, Vec<Value>)> {
        let members =
            "FROM users JOIN entries ON entries.owner = users.user_id AND entries.kind = 'member'
             WHERE entries.id = ?1 || '/' || users.user_id";
        let connection = self.lock()?;
        let total = format!("SELECT count(*) {members}");
        let total: i64 = connection.query_row(&total, [organization], |row| row.get(0))?;
        let page =
            format!("SELECT users.document {members} ORDER BY users.number LIMIT ?3 OFFSET ?2");
        let mut statement = connection.prepare_cached(&page)?;
        let rows =
            statement.query_map(params![organization, number(start), number(count)], profile)?;
        let users = rows.collect::<rusqlite::Result<_>>()?;
        Ok((usize::try_from(total).unwrap_or_default(), users))
    }

    /// Returns the number of users.
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
