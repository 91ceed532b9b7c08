//! What the tenant remembers: one SQLite database, in a file of the project or in one that ends with the process.
//!
//! Every change is one transaction, and the file is in write-ahead mode: whatever moment the process is killed at, the
//! next start finds the last complete change. Codes and tokens are kept by their hash.

mod entries;
mod transfer;
mod users;

use std::fmt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

pub(crate) use entries::{Entry, Kind};
pub(crate) use transfer::Contents;
pub(crate) use users::{ChangeError, NewUser, UserConflict};

/// The form of the tables. A file with another one is refused.
const SCHEMA_VERSION: i64 = 1;

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

/// The database could not do what was asked, or its file is not ours.
#[derive(Debug)]
pub struct StoreError(pub(crate) String);

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StoreError {}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self(format!("the tenant's database: {error}"))
    }
}

pub(crate) type Result<T> = std::result::Result<T, StoreError>;

/// The tenant's memory.
#[derive(Debug)]
pub(crate) struct Store {
    connection: Mutex<Connection>,
}

impl Store {
    /// Opens the database of a file, or one that nobody else sees.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self> {
        let mut connection = match file {
            Some(file) => {
                private(file).map_err(|error| {
                    StoreError(format!("the tenant's database {}: {error}", file.display()))
                })?;
                Connection::open(file)?
            }
            // A temporary one: in memory while it is small, and else in a file without a name, so that tokens that nobody
            // uses any more do not fill the memory.
            None => Connection::open("")?,
        };
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.execute_batch(match file {
            // In write-ahead mode NORMAL loses nothing when the process dies; only a power failure may take the last changes.
            Some(_) => "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;",
            None => "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;",
        })?;
        // Eight mebibytes.
        connection.execute_batch("PRAGMA cache_size = -8192;")?;
        let transaction = connection.transaction()?;
        let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        match version {
            0 => {
                transaction.execute_batch(SCHEMA)?;
                transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
            }
            SCHEMA_VERSION => {}
            other => {
                return Err(StoreError(format!(
                    "the tenant's database has the form {other}, and this release reads {SCHEMA_VERSION}"
                )));
            }
        }
        transaction.commit()?;
        Ok(Self {
            connection: Mutex::new(connection),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A transaction that a panic cut off was rolled back when it was dropped.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) -> Result<()> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        transaction.execute_batch("DELETE FROM entries; DELETE FROM users;")?;
        transaction.commit()?;
        Ok(())
    }
}

/// Makes the file, for its owner alone: profiles and hashes of passwords are in it. SQLite gives its companions the same
/// permissions.
fn private(file: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(|_| ())
}

#[cfg(test)]
mod tests;
