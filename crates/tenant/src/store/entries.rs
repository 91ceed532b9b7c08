//! Everything that is found by an id and may run out: sessions, codes, tokens, settings.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{Result, Store, StoreError, writing};
use crate::records::Record;

/// The kind of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A login page that is open.
    Login,
    /// A browser's session.
    Session,
    /// An authorization code.
    Code,
    /// A refresh token; its owner is the family.
    Refresh,
    /// An opaque access token.
    Opaque,
    /// A device code.
    Device,
    /// The custom claims of a user's last login to an application, for `/userinfo`.
    Claims,
    /// A login that was begun in an application's own page.
    LoginTicket,
    /// A ticket for an e-mail verification or a change of password.
    Ticket,
    /// A message that would have been sent.
    Mail,
    /// A change of an application's configuration.
    Client,
    /// A code of the built-in identity provider.
    ProviderCode,
    /// Who a user is at the built-in identity provider; its owner is the user.
    Identity,
    /// An assertion of an application that was used.
    Assertion,
    /// The password of a user who was linked to another one; its owner is that one.
    LinkedLogin,
    /// Parameters of a request that an application has pushed.
    Pushed,
    /// An authenticator app; its owner is the user.
    Authenticator,
    /// A login that waits for its user.
    Waiting,
    /// Roles of a user.
    Roles,
    /// A code of a passwordless connection.
    OneTimeCode,
    /// The consent of a user to a third-party application; its owner is the user.
    Consent,
    /// A user's membership of an organization; its owner is the user.
    Member,
    /// A change of the configuration.
    Config,
    /// An invitation to an organization; its owner is the organization.
    Invitation,
    /// Roles of a member of an organization; its owner is the user.
    MemberRoles,
    /// A job of the Management API.
    Job,
    /// Permissions of a user; its owner is the user.
    Permissions,
    /// The passwords that a user had; its owner is the user.
    PasswordHistory,
    /// That a user of a seed was stored. It stays when the user goes.
    Seeded,
}

impl Kind {
    /// Every kind, with the name that the database has for it.
    const NAMES: &[(Self, &str)] = &[
        (Self::Login, "login"),
        (Self::Session, "session"),
        (Self::Code, "code"),
        (Self::Refresh, "refresh"),
        (Self::Opaque, "opaque"),
        (Self::Device, "device"),
        (Self::Claims, "claims"),
        (Self::LoginTicket, "login_ticket"),
        (Self::Ticket, "ticket"),
        (Self::Mail, "mail"),
        (Self::Client, "client"),
        (Self::ProviderCode, "provider_code"),
        (Self::Identity, "identity"),
        (Self::Assertion, "assertion"),
        (Self::LinkedLogin, "linked_login"),
        (Self::Pushed, "pushed"),
        (Self::Authenticator, "authenticator"),
        (Self::Waiting, "waiting"),
        (Self::Roles, "roles"),
        (Self::OneTimeCode, "one_time_code"),
        (Self::Consent, "consent"),
        (Self::Member, "member"),
        (Self::Config, "config"),
        (Self::Invitation, "invitation"),
        (Self::MemberRoles, "member_roles"),
        (Self::Job, "job"),
        (Self::Permissions, "permissions"),
        (Self::PasswordHistory, "password_history"),
        (Self::Seeded, "seeded"),
    ];

    pub(super) fn name(self) -> &'static str {
        let mut names = Self::NAMES.iter();
        names
            .find(|(kind, _)| *kind == self)
            .map_or("", |(_, name)| name)
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        let mut names = Self::NAMES.iter();
        names
            .find(|(_, known)| *known == name)
            .map(|(kind, _)| *kind)
    }
}

/// So many used refresh tokens of a family are kept at least.
const USED_KEPT: i64 = 100;

/// An entry to write.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) id: &'a str,
    pub(crate) owner: Option<&'a str>,
    /// Milliseconds since the epoch; `None` for what stays.
    pub(crate) expires_ms: Option<i64>,
}

impl<'a> Entry<'a> {
    pub(crate) fn lasting(id: &'a str) -> Self {
        Self {
            id,
            owner: None,
            expires_ms: None,
        }
    }

    pub(crate) fn until(id: &'a str, expires_ms: i64) -> Self {
        Self {
            id,
            owner: None,
            expires_ms: Some(expires_ms),
        }
    }

    pub(crate) fn of(self, owner: &'a str) -> Self {
        Self {
            owner: Some(owner),
            ..self
        }
    }
}

/// Reads a document, which an older or newer release may have written.
fn parsed<R: Record>(document: Option<String>) -> Result<Option<R>> {
    document.map(|document| read(&document)).transpose()
}

fn read<R: Record>(document: &str) -> Result<R> {
    serde_json::from_str(document).map_err(|error| StoreError::unreadable(R::KIND, &error))
}

impl Store {
    /// Writes an entry in place of one with the same id. What ran out goes at the same time.
    pub(crate) fn put<R: Record>(&self, entry: Entry<'_>, record: &R, now_ms: i64) -> Result<()> {
        let mut connection = self.lock()?;
        let transaction = writing(&mut connection)?;
        sweep(&transaction, now_ms)?;
        write(&transaction, entry, record)?;
        transaction.commit()?;
        Ok(())
    }

    /// As [`Store::put`], for an entry that is most often there already as it is to be: nothing is written then.
    pub(crate) fn put_if_other<R: Record>(
        &self,
        entry: Entry<'_>,
        record: &R,
        now_ms: i64,
    ) -> Result<()> {
        let stored = {
            let connection = self.lock()?;
            let mut statement = connection.prepare_cached(
                "SELECT document FROM entries WHERE kind = ?1 AND id = ?2 AND owner IS ?3 AND expires_ms IS ?4",
            )?;
            statement
                .query_row(
                    params![R::KIND.name(), entry.id, entry.owner, entry.expires_ms],
                    |row| row.get::<_, String>(0),
                )
                .optional()?
        };
        match stored == Some(written(record)?) {
            true => Ok(()),
            false => self.put(entry, record, now_ms),
        }
    }

    /// Writes an entry unless there is one with the same id, and returns whether it did.
    pub(crate) fn put_new<R: Record>(
        &self,
        entry: Entry<'_>,
        record: &R,
        now_ms: i64,
    ) -> Result<bool> {
        let mut connection = self.lock()?;
        let transaction = writing(&mut connection)?;
        sweep(&transaction, now_ms)?;
        let taken = transaction
            .query_row(
                "SELECT 1 FROM entries WHERE kind = ?1 AND id = ?2",
                params![R::KIND.name(), entry.id],
                |_| Ok(()),
            )
            .optional()?
            .is_some();
        if !taken {
            write(&transaction, entry, record)?;
        }
        transaction.commit()?;
        Ok(!taken)
    }

    /// Returns the entry with an id that has not run out.
    pub(crate) fn get<R: Record>(&self, id: &str, now_ms: i64) -> Result<Option<R>> {
        get(&*self.lock()?, id, now_ms)
    }

    /// Takes an entry away: of two that ask at once, one gets it.
    pub(crate) fn take<R: Record>(&self, id: &str, now_ms: i64) -> Result<Option<R>> {
        let connection = self.lock()?;
        let mut statement = connection.prepare_cached(
            "DELETE FROM entries WHERE kind = ?1 AND id = ?2 AND (expires_ms IS NULL OR expires_ms >= ?3) RETURNING document",
        )?;
        let found = statement
            .query_row(params![R::KIND.name(), id, now_ms], |row| row.get(0))
            .optional()?;
        parsed(found)
    }

    /// Changes an entry; `None` when there is none. No other request changes it in between.
    pub(crate) fn change<R: Record, T>(
        &self,
        id: &str,
        now_ms: i64,
        change: impl FnOnce(&mut R) -> T,
    ) -> Result<Option<T>> {
        let mut connection = self.lock()?;
        let transaction = writing(&mut connection)?;
        let found = changed(&transaction, id, now_ms, change)?;
        transaction.commit()?;
        Ok(found)
    }

    /// Removes the entry with an id.
    pub(crate) fn remove<R: Record>(&self, id: &str) -> Result<()> {
        remove::<R>(&*self.lock()?, id)
    }

    /// Removes all entries of an owner.
    pub(crate) fn remove_owned<R: Record>(&self, owner: &str) -> Result<()> {
        remove_owned::<R>(&*self.lock()?, owner)
    }

    /// Returns the entries of a kind whose document has a text under a key.
    pub(crate) fn list_with<R: Record>(
        &self,
        key: &str,
        text: &str,
        now_ms: i64,
    ) -> Result<Vec<(String, R)>> {
        let connection = self.lock()?;
        let mut statement = connection.prepare_cached(
            "SELECT id, document FROM entries WHERE kind = ?1 AND json_extract(document, '$.' || ?2) = ?3 AND (expires_ms IS NULL OR expires_ms >= ?4) ORDER BY id",
        )?;
        let rows = statement.query_map(params![R::KIND.name(), key, text, now_ms], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?;
        let mut found = Vec::new();
        for row in rows {
            let (id, document) = row?;
            found.extend(parsed(Some(document))?.map(|record| (id, record)));
        }
        Ok(found)
    }

    /// As [`Store::list_with`], by the user that a document names.
    pub(crate) fn list_of_user<R: Record>(
        &self,
        user_id: &str,
        now_ms: i64,
    ) -> Result<Vec<(String, R)>> {
        self.list_with("user_id", user_id, now_ms)
    }

    /// Removes the entries of a kind whose id begins with an organization's and a slash.
    pub(crate) fn remove_below<R: Record>(&self, organization: &str) -> Result<()> {
        self.lock()?.execute(
            "DELETE FROM entries WHERE kind = ?1 AND substr(id, 1, length(?2) + 1) = ?2 || '/'",
            params![R::KIND.name(), organization],
        )?;
        Ok(())
    }

    /// Returns the bytes of all documents of a kind.
    pub(crate) fn bytes_of<R: Record>(&self) -> Result<usize> {
        let connection = self.lock()?;
        let mut statement = connection.prepare_cached(
            "SELECT coalesce(sum(length(document)), 0) FROM entries WHERE kind = ?1",
        )?;
        let bytes: i64 = statement.query_row([R::KIND.name()], |row| row.get(0))?;
        Ok(usize::try_from(bytes).unwrap_or_default())
    }

    /// Removes the refresh tokens that were issued in a session.
    pub(crate) fn remove_refresh_tokens_of(&self, session_id: &str) -> Result<()> {
        self.lock()?.execute(
            "DELETE FROM entries WHERE kind = ?1 AND json_extract(document, '$.session_id') = ?2",
            params![Kind::Refresh.name(), session_id],
        )?;
        Ok(())
    }

    /// All entries of a kind with their ids, by id; of one owner, if one is named.
    pub(crate) fn list<R: Record>(
        &self,
        owner: Option<&str>,
        now_ms: i64,
    ) -> Result<Vec<(String, R)>> {
        let connection = self.lock()?;
        let mut statement = connection.prepare_cached(
            "SELECT id, document FROM entries WHERE kind = ?1 AND (?2 IS NULL OR owner = ?2) AND (expires_ms IS NULL OR expires_ms >= ?3) ORDER BY id",
        )?;
        let rows = statement.query_map(params![R::KIND.name(), owner, now_ms], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?;
        let mut found = Vec::new();
        for row in rows {
            let (id, document) = row?;
            found.extend(parsed(Some(document))?.map(|record| (id, record)));
        }
        Ok(found)
    }
}

pub(super) fn get<R: Record>(connection: &Connection, id: &str, now_ms: i64) -> Result<Option<R>> {
    parsed(document::<R>(connection, id, now_ms)?)
}

/// Returns a record as it is stored.
fn document<R: Record>(connection: &Connection, id: &str, now_ms: i64) -> Result<Option<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT document FROM entries WHERE kind = ?1 AND id = ?2 AND (expires_ms IS NULL OR expires_ms >= ?3)",
    )?;
    let found = statement
        .query_row(params![R::KIND.name(), id, now_ms], |row| row.get(0))
        .optional()?;
    Ok(found)
}

/// As [`Store::change`]. What stays as it is is not written.
pub(super) fn changed<R: Record, T>(
    connection: &Connection,
    id: &str,
    now_ms: i64,
    change: impl FnOnce(&mut R) -> T,
) -> Result<Option<T>> {
    let Some(before) = document::<R>(connection, id, now_ms)? else {
        return Ok(None);
    };
    let mut record = read::<R>(&before)?;
    let result = change(&mut record);
    let after = written(&record)?;
    if after != before {
        connection
            .prepare_cached("UPDATE entries SET document = ?3 WHERE kind = ?1 AND id = ?2")?
            .execute(params![R::KIND.name(), id, after])?;
    }
    Ok(Some(result))
}

/// Removes what ran out.
pub(super) fn sweep(connection: &Connection, now_ms: i64) -> Result<()> {
    connection
        .prepare_cached("DELETE FROM entries WHERE expires_ms < ?1")?
        .execute([now_ms])?;
    Ok(())
}

/// As [`super::Change::trim_family`].
pub(super) fn trim_family(connection: &Connection, family: &str) -> Result<()> {
    let kind = Kind::Refresh.name();
    let count: i64 = connection
        .prepare_cached("SELECT count(*) FROM entries WHERE kind = ?1 AND owner = ?2")?
        .query_row(params![kind, family], |row| row.get(0))?;
    // Rarely, and many at once: each is looked into.
    if count > 2 * USED_KEPT {
        connection.execute(
            "DELETE FROM entries WHERE kind = ?1 AND id IN (SELECT id FROM entries WHERE kind = ?1 AND owner = ?2
               AND json_extract(document, '$.used_at') IS NOT NULL
               ORDER BY json_extract(document, '$.used_at') DESC LIMIT -1 OFFSET ?3)",
            params![kind, family, USED_KEPT],
        )?;
    }
    Ok(())
}

pub(super) fn remove<R: Record>(connection: &Connection, id: &str) -> Result<()> {
    connection
        .prepare_cached("DELETE FROM entries WHERE kind = ?1 AND id = ?2")?
        .execute(params![R::KIND.name(), id])?;
    Ok(())
}

pub(super) fn remove_owned<R: Record>(connection: &Connection, owner: &str) -> Result<()> {
    connection.execute(
        "DELETE FROM entries WHERE kind = ?1 AND owner = ?2",
        params![R::KIND.name(), owner],
    )?;
    Ok(())
}

fn written<R: Record>(record: &R) -> Result<String> {
    let document = serde_json::to_string(record);
    document.map_err(|error| StoreError::new(format!("an entry cannot be written: {error}")))
}

pub(super) fn write<R: Record>(
    transaction: &Transaction<'_>,
    entry: Entry<'_>,
    record: &R,
) -> Result<()> {
    write_document(transaction, R::KIND, entry, &written(record)?)
}

/// Writes a document of any kind, which [`crate::records::check`] has accepted.
pub(super) fn write_document(
    transaction: &Transaction<'_>,
    kind: Kind,
    entry: Entry<'_>,
    document: &str,
) -> Result<()> {
    let mut statement = transaction.prepare_cached(
        "INSERT OR REPLACE INTO entries (kind, id, owner, expires_ms, document) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    statement.execute(params![
        kind.name(),
        entry.id,
        entry.owner,
        entry.expires_ms,
        document
    ])?;
    Ok(())
}
