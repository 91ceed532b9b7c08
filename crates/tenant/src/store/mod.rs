//! The memory of the tenant: one SQLite database, in a file of the project or in one that ends with the process.
//!
//! Every change is one transaction, and the file is in write-ahead mode: whatever moment the process is killed at, the
//! next start finds the last complete change. Codes and tokens are kept by their hash.

mod change;
mod entries;
mod linked;
mod listing;
mod owner;
mod transfer;
mod users;

use std::cell::Cell;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use postlogin_token::{Marks, foreign, foreign_hint};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use self::owner::{Lock, made_here, mark};
use crate::trouble::aside;

pub(crate) use change::Change;
pub(crate) use entries::{Entry, Kind};
pub(crate) use transfer::Contents;
pub(crate) use users::{ChangeError, NewUser, UserConflict};

/// The form of the tables. A file with another one is refused.
const SCHEMA_VERSION: i64 = 1;

/// Indices that files of older releases lack.
const LATER_INDICES: &str = "
CREATE INDEX IF NOT EXISTS users_connection ON users (connection, number);
CREATE INDEX IF NOT EXISTS users_phone ON users (connection, json_extract(document, '$.phone_number'))
  WHERE json_extract(document, '$.phone_number') IS NOT NULL;
";

const SCHEMA: &str = "
CREATE TABLE entries (
  kind TEXT NOT NULL, id TEXT NOT NULL, owner TEXT, expires_ms INTEGER, document TEXT NOT NULL,
  PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX entries_owner ON entries (kind, owner);
CREATE INDEX entries_expiry ON entries (expires_ms);
CREATE TABLE users (
  number INTEGER PRIMARY KEY, user_id TEXT NOT NULL UNIQUE, connection TEXT NOT NULL,
  email TEXT, username TEXT, password TEXT, document TEXT NOT NULL
);
CREATE UNIQUE INDEX users_email ON users (connection, email);
CREATE UNIQUE INDEX users_username ON users (connection, username);
";

/// Why the database did not do what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// Another program holds it, and went on doing so.
    Busy,
    /// The disk has no room for a change.
    Full,
    /// Another server uses it.
    InUse,
    /// A document of it is of another release.
    Unreadable,
    /// The user did not make it.
    Foreign,
    /// Something else.
    Broken,
}

/// The database could not do what was asked, or its file is not ours.
#[derive(Debug)]
pub struct StoreError {
    message: String,
    reason: Reason,
}

impl StoreError {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            reason: Reason::Broken,
        }
    }

    /// Returns the message for a client where a later attempt may succeed: another program holds the database, or the disk is full.
    pub(crate) fn passing(&self) -> Option<&'static str> {
        match self.reason {
            Reason::Busy => Some("Another program holds the tenant's database. Try again later."),
            Reason::Full => {
                Some("The disk of the tenant's database is full. Make room, and try again.")
            }
            _ => None,
        }
    }

    /// Returns what a user can do about a database that cannot be opened.
    pub fn hint(&self) -> String {
        match self.reason {
            Reason::Busy => {
                "end the program that holds the database, or run with --ephemeral".into()
            }
            Reason::Full => "make room on the disk of the project, or run with --ephemeral".into(),
            Reason::InUse => {
                "stop that server, run with --ephemeral, or use another project folder".into()
            }
            Reason::Broken | Reason::Unreadable => {
                "run with --ephemeral, or remove .postlogin/tenant.sqlite to start over".into()
            }
            Reason::Foreign => foreign_hint("start over, or run with --ephemeral"),
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StoreError {}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked, DiskFull};
        let reason = match error.sqlite_error_code() {
            Some(DatabaseBusy | DatabaseLocked) => return Self::busy(),
            Some(DiskFull) => Reason::Full,
            _ => Reason::Broken,
        };
        Self {
            message: format!("the tenant's database: {error}"),
            reason,
        }
    }
}

impl StoreError {
    /// Another release has stored a document that this one cannot read.
    fn unreadable(kind: Kind, error: &serde_json::Error) -> Self {
        let kind = kind.name();
        Self {
            message: format!(
                "a `{kind}` in the tenant's database {}. Remove .postlogin/tenant.sqlite to start over",
                worded(error)
            ),
            reason: Reason::Unreadable,
        }
    }

    /// Whether a document of the database is one of another release.
    pub(crate) fn is_unreadable(&self) -> bool {
        self.reason == Reason::Unreadable
    }

    /// A file that this user did not make.
    fn foreign(file: &Path) -> Self {
        Self {
            message: foreign(file),
            reason: Reason::Foreign,
        }
    }

    fn busy() -> Self {
        let seconds = PATIENCE.as_secs();
        Self {
            message: format!(
                "the tenant's database: another program has held it for more than {seconds} s"
            ),
            reason: Reason::Busy,
        }
    }
}

pub(crate) type Result<T> = std::result::Result<T, StoreError>;

/// The time that a request waits for a database that another program holds.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause between two attempts.
const NAP: Duration = Duration::from_millis(5);

thread_local! {
    /// Until when the access of this thread waits.
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Waits a moment for a database that another program holds, and returns whether to try again.
fn wait_for_others(_: i32) -> bool {
    let goes_on = DEADLINE.get().is_some_and(|until| Instant::now() < until);
    if goes_on {
        aside(|| std::thread::sleep(NAP));
    }
    goes_on
}

/// The time that a request waits for another one on its thread; who waits longer leaves the thread to others.
const PATIENCE_ON_THREAD: Duration = Duration::from_millis(2);

/// The tenant's memory.
#[derive(Debug)]
pub(crate) struct Store {
    connection: Mutex<Connection>,
    turns: Turns,
    /// Held as long as this server runs, and given back after the connection has ended.
    _lock: Option<Lock>,
}

impl Store {
    /// Opens the database of a file that `marks` accept, or a private one.
    pub(crate) fn open(file: Option<&Path>, marks: &Marks) -> Result<Self> {
        let lock = file.map(|file| Lock::take(file, marks)).transpose()?;
        if let (Some(file), Some(lock)) = (file, &lock) {
            made_here(file, marks, lock)?;
        }
        let mut connection = match file {
            Some(file) => Connection::open(file)?,
            // A temporary one: in memory while it is small, and else in a file without a name, so that tokens that nobody
            // uses any more do not fill the memory.
            None => Connection::open("")?,
        };
        distrust(&connection)?;
        connection.busy_handler(Some(wait_for_others))?;
        DEADLINE.set(Some(Instant::now() + PATIENCE));
        if let Some(file) = file {
            mark(&connection, file, marks)?;
        }
        connection.execute_batch(match file {
            // In write-ahead mode NORMAL loses nothing when the process dies; only a power failure may take the last changes.
            Some(_) => "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;",
            None => "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;",
        })?;
        // More than there are statements: by default a login would parse most of its own anew.
        connection.set_prepared_statement_cache_capacity(128);
        // Eight mebibytes, and at most sixteen of changes that are not in the file itself yet: moving them there waits for the disk.
        connection.execute_batch("PRAGMA cache_size = -8192; PRAGMA wal_autocheckpoint = 4000;")?;
        let transaction = writing(&mut connection)?;
        let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        match version {
            0 => {
                transaction.execute_batch(SCHEMA)?;
                transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
            }
            // Written again, so that there is a log whose salt can be noted.
            SCHEMA_VERSION => transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?,
            other => {
                return Err(StoreError::new(format!(
                    "the tenant's database has the form {other}, and this release reads {SCHEMA_VERSION}"
                )));
            }
        }
        // Files of older releases lack them.
        transaction.execute_batch(LATER_INDICES)?;
        if file.is_some() && objects(&transaction)? != own_objects()? {
            return Err(StoreError::new(
                "the tenant's database has tables, indices, views or triggers that postlogin did not make. Remove .postlogin/tenant.sqlite to start over",
            ));
        }
        transaction.commit()?;
        if let Some(lock) = &lock {
            lock.note_log(marks)?;
        }
        Ok(Self {
            connection: Mutex::new(connection),
            turns: Turns::default(),
            _lock: lock,
        })
    }

    /// The connection, when no other request uses it. Waits no longer than [`PATIENCE`], for others and for other programs
    /// together.
    fn lock(&self) -> Result<Borrowed<'_>> {
        let until = Instant::now() + PATIENCE;
        DEADLINE.set(Some(until));
        // The others are fast, unless another program holds them up.
        let turn = self.turns.wait(PATIENCE_ON_THREAD).or_else(|| {
            aside(|| {
                let left = until.saturating_duration_since(Instant::now());
                self.turns.wait(left)
            })
        });
        let turn = turn.ok_or_else(StoreError::busy)?;
        let connection = self.connection.lock();
        Ok(Borrowed {
            // A transaction that a panic cut off was rolled back when it was dropped.
            connection: connection.unwrap_or_else(PoisonError::into_inner),
            _turn: turn,
        })
    }

    /// Stores a change without an effect.
    ///
    /// # Errors
    /// When no change can be stored now.
    pub(crate) fn probe(&self) -> Result<()> {
        let mut connection = self.lock()?;
        let transaction = writing(&mut connection)?;
        transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        transaction.commit()?;
        Ok(())
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) -> Result<()> {
        let mut connection = self.lock()?;
        let transaction = writing(&mut connection)?;
        transaction.execute_batch("DELETE FROM entries; DELETE FROM users;")?;
        transaction.commit()?;
        Ok(())
    }
}

/// The connection while one request uses it.
struct Borrowed<'a> {
    connection: MutexGuard<'a, Connection>,
    /// After the connection: it ends when that is free.
    _turn: Turn<'a>,
}

impl Deref for Borrowed<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for Borrowed<'_> {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

/// One request at a time. A `Mutex` alone knows no patience.
#[derive(Debug, Default)]
struct Turns {
    state: Mutex<TurnState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct TurnState {
    is_taken: bool,
    waiting: usize,
}

impl Turns {
    fn state(&self) -> MutexGuard<'_, TurnState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn; `None` when none came for so long.
    fn wait(&self, patience: Duration) -> Option<Turn<'_>> {
        let mut state = self.state();
        if state.is_taken {
            state.waiting += 1;
            let waited = self
                .changed
                .wait_timeout_while(state, patience, |state| state.is_taken);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.waiting -= 1;
        }
        (!std::mem::replace(&mut state.is_taken, true)).then(|| Turn(self))
    }
}

/// A turn, until this is dropped.
struct Turn<'a>(&'a Turns);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.is_taken = false;
        // To wake nobody is a system call, too.
        let is_awaited = state.waiting > 0;
        drop(state);
        if is_awaited {
            self.0.changed.notify_one();
        }
    }
}

/// A repository may contain a database, made by anyone: nothing in its schema runs.
fn distrust(connection: &Connection) -> Result<()> {
    use rusqlite::config::DbConfig;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    Ok(())
}

/// Returns what a database consists of: kind, name, table and definition of each object.
fn objects(connection: &Connection) -> Result<Vec<[Option<String>; 4]>> {
    let mut query = connection
        .prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name")?;
    let rows = query.query_map([], |row| {
        Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])
    })?;
    let mut objects = rows.collect::<rusqlite::Result<Vec<[Option<String>; 4]>>>()?;
    // Where SQLite says how often values occur; it makes it itself.
    objects.retain(|[_, name, ..]| {
        name.as_deref()
            .is_none_or(|name| !name.starts_with("sqlite_stat"))
    });
    Ok(objects)
}

/// Returns what a database of this release consists of.
fn own_objects() -> Result<Vec<[Option<String>; 4]>> {
    let connection = Connection::open("")?;
    connection.execute_batch(SCHEMA)?;
    connection.execute_batch(LATER_INDICES)?;
    objects(&connection)
}

/// Says why a document is none of this release's, without a value that the reader quotes: a document may hold secrets.
fn worded(error: &serde_json::Error) -> String {
    const WRONG: &str = "is not of the form that this release stores";
    let message = error.to_string();
    let at = match message.starts_with("missing field") {
        true => Some(0),
        false => message.rfind("expected "),
    };
    match at.and_then(|at| message.get(at..)) {
        Some(detail) => format!("{WRONG}: {detail}"),
        None => WRONG.to_owned(),
    }
}

/// A transaction that writes. It asks for the right to write at once: one that reads first, and finds that another program
/// has written meanwhile, could only fail.
fn writing(connection: &mut Connection) -> Result<Transaction<'_>> {
    Ok(connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
}

#[cfg(test)]
mod tests;
