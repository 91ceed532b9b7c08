//! Users: profiles as documents, passwords beside them and never in them.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde_json::Value;

use super::entries::{Entry, write};
use super::linked::has_login;
use super::{Result, Store, writing};
use crate::http::text;
use crate::records::LinkedLogin;

/// A user to be stored.
#[derive(Debug, Clone)]
pub(crate) struct NewUser {
    pub(crate) connection: String,
    /// The hash, never the password.
    pub(crate) password: Option<String>,
    /// The profile; `user_id` is in it.
    pub(crate) profile: Value,
}

/// The value that a new user shares with another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UserConflict {
    Id,
    Email,
    Username,
}

pub(super) fn profile(row: &Row<'_>) -> rusqlite::Result<Value> {
    let text: String = row.get(0)?;
    Ok(serde_json::from_str(&text).unwrap_or_default())
}

/// Returns the names with which a user of a database or of passwordless e-mail signs in. Users of other connections may share an e-mail.
fn lower(profile: &Value, key: &str) -> Option<String> {
    let provider = profile.pointer("/identities/0/provider");
    let is_name = match provider.and_then(Value::as_str) {
        Some("email") => key == "email",
        named => named.is_none_or(|provider| provider == "auth0"),
    };
    text(profile, key)
        .filter(|_| is_name)
        .map(str::to_lowercase)
}

impl Store {
    pub(crate) fn user(&self, user_id: &str) -> Result<Option<Value>> {
        get(&*self.lock()?, user_id)
    }

    /// Whether there is a user with this id or, in any connection, with this e-mail address.
    pub(crate) fn has_user(&self, id_or_email: &str) -> Result<bool> {
        let connection = self.lock()?;
        let mut statement = connection.prepare_cached(
            "SELECT 1 FROM users WHERE user_id = ?1 OR json_extract(document, '$.email') = ?1 COLLATE NOCASE LIMIT 1",
        )?;
        Ok(statement.exists([id_or_email])?)
    }

    /// A user of a connection by e-mail or user name, with the hash of the password.
    pub(crate) fn user_by_login(
        &self,
        connection: &str,
        login: &str,
    ) -> Result<Option<(Value, Option<String>)>> {
        let database = self.lock()?;
        let mut statement = database.prepare_cached(
            "SELECT document, password FROM users WHERE connection = ?1 AND (email = ?2 OR username = ?2) ORDER BY number",
        )?;
        let login = login.to_lowercase();
        let found = statement.query_row(params![connection, login], |row| {
            Ok((profile(row)?, row.get(1)?))
        });
        if let Some(found) = found.optional()? {
            return Ok(Some(found));
        }
        // A user who is linked to another one still has the password.
        let mut statement = database.prepare_cached(
            "SELECT users.document, json_extract(entries.document, '$.password') FROM entries JOIN users ON users.user_id = entries.owner WHERE kind = 'linked_login' AND id = ?1",
        )?;
        let linked = statement.query_row([format!("{connection}/{login}")], |row| {
            Ok((profile(row)?, row.get(1)?))
        });
        Ok(linked.optional()?)
    }

    /// The hash of the password of a user.
    pub(crate) fn password(&self, user_id: &str) -> Result<Option<String>> {
        let database = self.lock()?;
        let mut statement =
            database.prepare_cached("SELECT password FROM users WHERE user_id = ?1")?;
        let found = statement.query_row([user_id], |row| row.get(0));
        Ok(found.optional()?.flatten())
    }

    /// A user of a database by phone number, with the hash of the password.
    pub(crate) fn user_by_phone(
        &self,
        connection: &str,
        phone: &str,
    ) -> Result<Option<(Value, Option<String>)>> {
        let database = self.lock()?;
        let mut statement = database.prepare_cached(
            "SELECT document, password FROM users INDEXED BY users_phone WHERE connection = ?1 AND json_extract(document, '$.phone_number') IS NOT NULL AND json_extract(document, '$.phone_number') = ?2 ORDER BY number",
        )?;
        let found = statement.query_row(params![connection, phone], |row| {
            Ok((profile(row)?, row.get(1)?))
        });
        Ok(found.optional()?)
    }

    /// The first user of a connection whose attribute has this value: what passwordless users are known by.
    pub(crate) fn user_by_attribute(
        &self,
        connection: &str,
        attribute: &str,
        value: &str,
    ) -> Result<Option<Value>> {
        if attribute == "phone_number" {
            let found = self.user_by_phone(connection, value)?;
            return Ok(found.map(|(user, _)| user));
        }
        let database = self.lock()?;
        let mut statement = database.prepare_cached(
            "SELECT document FROM users WHERE connection = ?1 AND json_extract(document, '$.' || ?2) = ?3 ORDER BY number",
        )?;
        let found = statement.query_row(params![connection, attribute, value], profile);
        Ok(found.optional()?)
    }

    /// The user with a linked identity that was a user of its own before.
    pub(crate) fn user_by_identity(&self, provider: &str, id: &str) -> Result<Option<Value>> {
        let is_it = |identity: &Value| {
            (text(identity, "provider"), text(identity, "user_id")) == (Some(provider), Some(id))
        };
        let has_it = |user: &Value| {
            let identities = user.get("identities").and_then(Value::as_array);
            identities.is_some_and(|identities| identities.iter().any(is_it))
        };
        // The documents are as serde_json writes them, so that most of them need not be read.
        let written = format!("\"user_id\":{}", Value::from(id));
        let connection = self.lock()?;
        let mut statement = connection.prepare_cached(
            "SELECT document FROM users WHERE instr(document, ?1) > 0 ORDER BY number",
        )?;
        for user in statement.query_map([written], profile)? {
            let user = user?;
            if has_it(&user) {
                return Ok(Some(user));
            }
        }
        Ok(None)
    }

    /// The ids that users had before they were linked to others.
    pub(crate) fn linked_identities(&self) -> Result<HashSet<String>> {
        let mut linked = HashSet::new();
        self.each_user(|_, user| {
            let identities = user.get("identities").and_then(Value::as_array);
            for identity in identities.into_iter().flatten().skip(1) {
                let part = |key: &str| text(identity, key).unwrap_or_default();
                linked.insert(format!("{}|{}", part("provider"), part("user_id")));
            }
        })?;
        Ok(linked)
    }

    /// Stores a user, or returns the conflict.
    pub(crate) fn insert_user(
        &self,
        user: &NewUser,
    ) -> Result<std::result::Result<(), UserConflict>> {
        let mut connection = self.lock()?;
        let transaction = writing(&mut connection)?;
        let inserted = insert(&transaction, user)?;
        if inserted.is_ok() {
            transaction.commit()?;
        }
        Ok(inserted)
    }

    /// Stores all of these users or, when something stands in the way of one, none: then its number in the list is given.
    pub(crate) fn insert_users(
        &self,
        users: &[NewUser],
    ) -> Result<std::result::Result<(), (usize, UserConflict)>> {
        let mut connection = self.lock()?;
        let transaction = writing(&mut connection)?;
        for (index, user) in users.iter().enumerate() {
            if let Err(conflict) = insert(&transaction, user)? {
                return Ok(Err((index, conflict)));
            }
        }
        transaction.commit()?;
        Ok(Ok(()))
    }

    /// Stores those of these users in whose way nothing stands, and says of each what does.
    pub(crate) fn insert_new_users(
        &self,
        users: &[&NewUser],
    ) -> Result<Vec<std::result::Result<(), UserConflict>>> {
        let mut connection = self.lock()?;
        let transaction = writing(&mut connection)?;
        let stored = users.iter().map(|user| insert(&transaction, user));
        let stored = stored.collect::<Result<_>>()?;
        transaction.commit()?;
        Ok(stored)
    }

    /// Changes a profile and, if `change` gives one, the hash of the password; `None` for an unknown user. An
    /// e-mail or user name that another user of the connection has leaves everything as it is.
    pub(crate) fn change_user<E>(
        &self,
        user_id: &str,
        change: impl FnOnce(&mut Value) -> std::result::Result<Option<String>, E>,
    ) -> Result<Option<std::result::Result<Value, ChangeError<E>>>> {
        let mut connection = self.lock()?;
        let transaction = writing(&mut connection)?;
        let changed = self::change(&transaction, user_id, change)?;
        if matches!(changed, Some(Ok(_))) {
            transaction.commit()?;
        }
        Ok(changed)
    }

    /// Makes one user part of another one, who takes over the sessions and the way in by password; `None` when one of the
    /// two is not there. `link` changes the first profile with what the second holds.
    pub(crate) fn link_users(
        &self,
        primary_id: &str,
        secondary_id: &str,
        link: impl FnOnce(&mut Value, &Value),
    ) -> Result<Option<Value>> {
        let mut connection = self.lock()?;
        let transaction = writing(&mut connection)?;
        let get = |id: &str| {
            let query = "SELECT document, connection, password FROM users WHERE user_id = ?1";
            let found = transaction.query_row(query, [id], |row| {
                let (connection, password): (String, Option<String>) = (row.get(1)?, row.get(2)?);
                Ok((profile(row)?, connection, password))
            });
            found.optional()
        };
        let (Some((mut primary, ..)), Some((secondary, name, password))) =
            (get(primary_id)?, get(secondary_id)?)
        else {
            return Ok(None);
        };
        link(&mut primary, &secondary);
        transaction.execute(
            "UPDATE users SET document = ?2 WHERE user_id = ?1",
            params![primary_id, primary.to_string()],
        )?;
        transaction.execute("DELETE FROM users WHERE user_id = ?1", [secondary_id])?;
        transaction.execute(
            "UPDATE entries SET owner = ?2, document = json_set(document, '$.user_id', ?2) WHERE kind = 'session' AND owner = ?1",
            params![secondary_id, primary_id],
        )?;
        transaction.execute(
            "UPDATE entries SET owner = ?2 WHERE kind = 'linked_login' AND owner = ?1",
            params![secondary_id, primary_id],
        )?;
        transaction.execute("DELETE FROM entries WHERE owner = ?1", [secondary_id])?;
        if let Some(password) = password {
            let document = LinkedLogin { password };
            for login in ["email", "username"]
                .iter()
                .filter_map(|key| lower(&secondary, key))
            {
                let id = format!("{name}/{login}");
                let entry = Entry::lasting(&id).of(primary_id);
                write(&transaction, entry, &document)?;
            }
        }
        transaction.commit()?;
        Ok(Some(primary))
    }

    /// Forgets the users of a connection, and returns their profiles.
    pub(crate) fn remove_users_of(&self, name: &str) -> Result<Vec<Value>> {
        let mut connection = self.lock()?;
        let transaction = writing(&mut connection)?;
        let mut removed = Vec::new();
        {
            let mut statement = transaction
                .prepare("DELETE FROM users WHERE connection = ?1 RETURNING document")?;
            for user in statement.query_map([name], profile)? {
                removed.push(user?);
            }
        }
        for user in &removed {
            let id = text(user, "user_id").unwrap_or_default();
            transaction.execute("DELETE FROM entries WHERE owner = ?1", [id])?;
        }
        transaction.commit()?;
        Ok(removed)
    }

    /// Forgets a user, and returns whether there was one.
    pub(crate) fn remove_user(&self, user_id: &str) -> Result<bool> {
        let mut connection = self.lock()?;
        let transaction = writing(&mut connection)?;
        let count = transaction.execute("DELETE FROM users WHERE user_id = ?1", [user_id])?;
        transaction.execute("DELETE FROM entries WHERE owner = ?1", [user_id])?;
        transaction.commit()?;
        Ok(count > 0)
    }
}

pub(super) fn get(connection: &Connection, user_id: &str) -> Result<Option<Value>> {
    let mut statement =
        connection.prepare_cached("SELECT document FROM users WHERE user_id = ?1")?;
    Ok(statement.query_row([user_id], profile).optional()?)
}

/// Changes a profile inside of a transaction. Unless it gives the changed profile, nothing was written.
pub(super) fn change<E>(
    transaction: &Transaction<'_>,
    user_id: &str,
    change: impl FnOnce(&mut Value) -> std::result::Result<Option<String>, E>,
) -> Result<Option<std::result::Result<Value, ChangeError<E>>>> {
    let Some(mut document) = get(transaction, user_id)? else {
        return Ok(None);
    };
    let names = |document: &Value| [lower(document, "email"), lower(document, "username")];
    let before = names(&document);
    let password = match change(&mut document) {
        Ok(password) => password,
        Err(error) => return Ok(Some(Err(ChangeError::Refused(error)))),
    };
    let after = names(&document);
    if before != after {
        let find = "SELECT connection FROM users WHERE user_id = ?1";
        let of: String = transaction.query_row(find, [user_id], |row| row.get(0))?;
        for name in after.iter().flatten() {
            if !before.contains(&Some(name.clone())) && has_login(transaction, &of, name)? {
                return Ok(Some(Err(ChangeError::Conflict)));
            }
        }
    }
    let [email, username] = after;
    let written = transaction.execute(
        "UPDATE users SET document = ?2, email = ?3, username = ?4, password = COALESCE(?5, password) WHERE user_id = ?1",
        params![user_id, document.to_string(), email, username, password],
    );
    match written {
        Ok(_) => Ok(Some(Ok(document))),
        Err(rusqlite::Error::SqliteFailure(error, _))
            if error.code == rusqlite::ErrorCode::ConstraintViolation =>
        {
            Ok(Some(Err(ChangeError::Conflict)))
        }
        Err(error) => Err(error.into()),
    }
}

/// Takes the password of a linked user back inside of a transaction.
pub(super) fn take_linked_login(
    transaction: &Transaction<'_>,
    connection: &str,
    profile: &Value,
    primary_id: &str,
) -> Result<Option<String>> {
    let mut password = None;
    for login in ["email", "username"]
        .iter()
        .filter_map(|key| lower(profile, key))
    {
        let mut statement = transaction.prepare_cached(
            "DELETE FROM entries WHERE kind = 'linked_login' AND id = ?1 AND owner = ?2 RETURNING json_extract(document, '$.password')",
        )?;
        let found = statement.query_row(
            params![format!("{connection}/{login}"), primary_id],
            |row| row.get::<_, Option<String>>(0),
        );
        password = found.optional()?.flatten().or(password);
    }
    Ok(password)
}

/// Stores a user inside of a transaction, or returns the conflict.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    user: &NewUser,
) -> Result<std::result::Result<(), UserConflict>> {
    let (email, username) = (
        lower(&user.profile, "email"),
        lower(&user.profile, "username"),
    );
    let id = text(&user.profile, "user_id").unwrap_or_default();
    let taken = |column: &str, value: Option<&str>| -> Result<bool> {
        let Some(value) = value else {
            return Ok(false);
        };
        let query = format!("SELECT 1 FROM users WHERE connection = ?1 AND {column} = ?2");
        let found = transaction
            .query_row(&query, params![user.connection, value], |_| Ok(()))
            .optional()?;
        // A user who is linked to another one still has the name.
        Ok(found.is_some() || has_login(transaction, &user.connection, value)?)
    };
    if transaction
        .query_row("SELECT 1 FROM users WHERE user_id = ?1", [id], |_| Ok(()))
        .optional()?
        .is_some()
    {
        return Ok(Err(UserConflict::Id));
    }
    if taken("email", email.as_deref())? {
        return Ok(Err(UserConflict::Email));
    }
    if taken("username", username.as_deref())? {
        return Ok(Err(UserConflict::Username));
    }
    transaction.execute(
        "INSERT INTO users (user_id, connection, email, username, password, document) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![id, user.connection, email, username, user.password, user.profile.to_string()],
    )?;
    Ok(Ok(()))
}

/// Why a profile was not changed.
#[derive(Debug)]
pub(crate) enum ChangeError<E> {
    /// The change itself refused.
    Refused(E),
    /// Another user of the connection has the e-mail or the user name.
    Conflict,
}
