//! Several changes as one.

use rusqlite::Transaction;
use serde_json::Value;

use super::entries::{self, Entry};
use super::linked;
use super::users::{self, ChangeError, NewUser, UserConflict};
use super::{Result, Store, StoreError, writing};
use crate::records::Record;

/// Changes that are stored together, or not at all. No other request changes anything in between.
pub(crate) struct Change<'a> {
    transaction: Transaction<'a>,
    now_ms: i64,
}

impl Store {
    /// Makes changes as one: when `work` fails, nothing was changed. Inside of it, only the [`Change`] may be used.
    ///
    /// # Errors
    /// Those of `work`, and when the database cannot store the changes.
    pub(crate) fn at_once<T, E: From<StoreError>>(
        &self,
        now_ms: i64,
        work: impl FnOnce(&Change<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let mut connection = self.lock()?;
        let transaction = writing(&mut connection)?;
        let change = Change {
            transaction,
            now_ms,
        };
        let done = work(&change)?;
        change.transaction.commit().map_err(StoreError::from)?;
        Ok(done)
    }
}

impl Change<'_> {
    pub(crate) fn user(&self, user_id: &str) -> Result<Option<Value>> {
        users::get(&self.transaction, user_id)
    }

    /// As [`Store::change_user`].
    pub(crate) fn change_user<E>(
        &self,
        user_id: &str,
        change: impl FnOnce(&mut Value) -> std::result::Result<Option<String>, E>,
    ) -> Result<Option<std::result::Result<Value, ChangeError<E>>>> {
        users::change(&self.transaction, user_id, change)
    }

    /// As [`Store::insert_user`].
    pub(crate) fn insert_user(
        &self,
        user: &NewUser,
    ) -> Result<std::result::Result<(), UserConflict>> {
        users::insert(&self.transaction, user)
    }

    /// Takes the password of a linked user back, for whom it becomes a user again.
    pub(crate) fn take_linked_login(
        &self,
        connection: &str,
        profile: &Value,
        primary_id: &str,
    ) -> Result<Option<String>> {
        users::take_linked_login(&self.transaction, connection, profile, primary_id)
    }

    /// Gives a linked identity of a database the names of its changed profile and, if there is one, another password. Returns
    /// whether the names are free; otherwise nothing was written.
    pub(crate) fn change_linked_login(
        &self,
        owner: &str,
        connection: &str,
        profiles: (&Value, &Value),
        password: Option<String>,
    ) -> Result<bool> {
        linked::change(&self.transaction, owner, connection, profiles, password)
    }

    /// As [`Store::get`].
    pub(crate) fn get<R: Record>(&self, id: &str) -> Result<Option<R>> {
        entries::get(&self.transaction, id, self.now_ms)
    }

    /// Writes an entry in place of one with the same id.
    pub(crate) fn put<R: Record>(&self, entry: Entry<'_>, record: &R) -> Result<()> {
        entries::write(&self.transaction, entry, record)
    }

    /// Removes what ran out.
    pub(crate) fn sweep(&self) -> Result<()> {
        entries::sweep(&self.transaction, self.now_ms)
    }

    /// As [`Store::change`].
    pub(crate) fn change<R: Record, T>(
        &self,
        id: &str,
        change: impl FnOnce(&mut R) -> T,
    ) -> Result<Option<T>> {
        entries::changed(&self.transaction, id, self.now_ms, change)
    }

    /// Removes the oldest used refresh tokens of a family: the latest ones are kept, because a second use of one ends the
    /// family.
    pub(crate) fn trim_family(&self, family: &str) -> Result<()> {
        entries::trim_family(&self.transaction, family)
    }

    /// As [`Store::remove`].
    pub(crate) fn remove<R: Record>(&self, id: &str) -> Result<()> {
        entries::remove::<R>(&self.transaction, id)
    }

    /// As [`Store::remove_owned`].
    pub(crate) fn remove_owned<R: Record>(&self, owner: &str) -> Result<()> {
        entries::remove_owned::<R>(&self.transaction, owner)
    }
}
