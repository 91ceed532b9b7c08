//! Whose a database is: one server's while it runs, and the user's own.
//!
//! A checkout may contain a database, or the log of one. So databases carry a number that only the user's own have, and a server
//! that is killed leaves a note in its lock which log beside the database is its own.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use postlogin_token::Marks;
use rusqlite::Connection;

use super::{Reason, Result, StoreError};
use crate::randomness::Randomness;

/// The most bytes of a note.
const NOTE: u64 = 256;
/// The bytes of a database that are read before SQLite reads it: up to the end of `application_id`
/// (<https://www.sqlite.org/fileformat.html#the_database_header>).
const HEAD: u64 = 72;

fn failed(file: &Path) -> impl Fn(io::Error) -> StoreError {
    move |error| StoreError::new(format!("the tenant's database {}: {error}", file.display()))
}

/// Returns the path of a companion of a database.
fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The bytes of the head of a write-ahead log; a shorter one has no content
/// (<https://www.sqlite.org/fileformat.html#the_write_ahead_log>).
const LOG_HEAD: usize = 32;
/// A log is begun anew after some 16 MiB, with a first salt that is larger by one; so often it may be until the server ends.
const RESTARTS: u32 = 1 << 16;

/// Returns the first salt of the write-ahead log of a database; `None` when it has no content.
fn salt(file: &Path) -> Option<u32> {
    let mut head = [0; LOG_HEAD];
    let mut log = File::open(beside(file, "-wal")).ok()?;
    log.read_exact(&mut head).ok()?;
    head.get(16..)?
        .first_chunk::<4>()
        .map(|salt| u32::from_be_bytes(*salt))
}

/// The log that a server which did not end in order has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// None: there was no such server of this user.
    Nothing,
    /// It had just begun, and there was no log yet.
    Any,
    /// The one that began with this salt.
    Salted(u32),
}

/// Whether the write-ahead log of a database has content.
fn has_log(file: &Path) -> bool {
    let log = beside(file, "-wal").symlink_metadata();
    log.is_ok_and(|log| log.len() > 0)
}

/// A database that is this server's alone, by a lock on a file beside it that ends with the process.
#[derive(Debug)]
pub(super) struct Lock {
    held: File,
    file: PathBuf,
    /// The traces of a server of this user that did not end in order.
    left: Left,
}

impl Lock {
    /// Makes the file of a database, if there is none, and takes it. Where the file system knows no locks, nothing keeps another
    /// server from it.
    ///
    /// # Errors
    /// When another server has it.
    pub(super) fn take(file: &Path, marks: &Marks) -> Result<Self> {
        private(file).map_err(failed(file))?;
        // Two names of one file are one file.
        let real = file.canonicalize().map_err(failed(file))?;
        let held = private(&beside(&real, ".lock")).map_err(failed(file))?;
        match held.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                return Err(StoreError {
                    message: format!(
                        "another server uses the tenant's database {}",
                        file.display()
                    ),
                    reason: Reason::InUse,
                });
            }
            Err(fs::TryLockError::Error(error)) => {
                tracing::debug!("no lock for {}: {error}", file.display());
            }
        }
        let mut note = String::new();
        // Whatever it is, it is a note or it is not.
        let _ = (&held).take(NOTE).read_to_string(&mut note);
        let (noted, mark) = note.trim().rsplit_once(' ').unwrap_or_default();
        let is_ours = !mark.is_empty() && marks.mark("log", noted).as_deref() == Some(mark);
        let salt = noted.split_once(' ').map(|(_, salt)| salt.parse());
        let left = match (is_ours, salt) {
            (true, None) => Left::Any,
            (true, Some(Ok(salt))) => Left::Salted(salt),
            _ => Left::Nothing,
        };
        Ok(Self {
            held,
            file: real,
            left,
        })
    }

    /// Whether the log beside the database is that of the server that left the note.
    fn owns_log(&self) -> bool {
        match (self.left, salt(&self.file)) {
            (Left::Nothing, _) => false,
            (Left::Any, _) | (Left::Salted(_), None) => true,
            (Left::Salted(first), Some(salt)) => salt.wrapping_sub(first) <= RESTARTS,
        }
    }

    /// Notes which log is this server's own, once something was written to it.
    pub(super) fn note_log(&self, marks: &Marks) -> Result<()> {
        match salt(&self.file) {
            Some(salt) => self.write(marks, &format!("{} {salt}", Randomness::System.token())),
            None => Ok(()),
        }
        .map_err(failed(&self.file))
    }

    /// Notes that the log of the database is this server's own from now on, whichever it will be.
    fn note(&self, marks: &Marks) -> io::Result<()> {
        self.write(marks, &Randomness::System.token())
    }

    fn write(&self, marks: &Marks, noted: &str) -> io::Result<()> {
        self.held.set_len(0)?;
        match marks.mark("log", noted) {
            Some(mark) => (&self.held).write_all(format!("{noted} {mark}\n").as_bytes()),
            None => Ok(()),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Another program that has the database open keeps its log.
        if !has_log(&self.file) {
            // The note would only be true for longer than it has to be.
            let _ = self.held.set_len(0);
        }
    }
}

/// Refuses a database that the user did not make, and one with which SQLite would follow a rollback journal. The file may have
/// come with a repository, and such a journal can name any file of the user, which SQLite deletes before anything of the database
/// can be looked at (<https://www.sqlite.org/fileformat.html#the_rollback_journal>). This program writes in write-ahead mode
/// alone, whose log names no file.
pub(super) fn made_here(file: &Path, marks: &Marks, lock: &Lock) -> Result<()> {
    let journal = beside(file, "-journal");
    let mut head = Vec::new();
    let opened = File::open(file).map_err(failed(file))?;
    opened
        .take(HEAD)
        .read_to_end(&mut head)
        .map_err(failed(file))?;
    if has_log(file) && !lock.owns_log() && !marks.accepts_all() {
        return Err(StoreError::foreign(&beside(file, "-wal")));
    }
    if head.is_empty() {
        // A process that died while it made the database has left it.
        match fs::remove_file(journal) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(file)(error)),
            _ => return lock.note(marks).map_err(failed(file)),
        }
    }
    // Bytes 18 and 19 are the versions of the format for writing and for reading: 2 is that of the write-ahead log.
    let is_sound = head.starts_with(b"SQLite format 3\0") && head.get(18..20) == Some(&[2, 2]);
    if !is_sound || journal.symlink_metadata().is_ok() {
        return Err(StoreError::new(format!(
            "{} was not made by postlogin, or another program has changed it: its mode is not write-ahead, or a rollback journal is beside it",
            file.display()
        )));
    }
    let id = head.last_chunk::<4>().map(|id| i32::from_be_bytes(*id));
    if !marks.accepts_all() && (id.is_none() || id != marks.database_id()) {
        return Err(StoreError::foreign(file));
    }
    lock.note(marks).map_err(failed(file))
}

/// Gives a database the user's number: a new one, or one that is accepted without it.
///
/// # Errors
/// When its log changes the number.
pub(super) fn mark(connection: &Connection, file: &Path, marks: &Marks) -> Result<()> {
    let Some(own) = marks.database_id() else {
        return Ok(());
    };
    let found: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if found == own {
        return Ok(());
    }
    let is_new = file.metadata().map_err(failed(file))?.len() == 0;
    if !is_new && !marks.accepts_all() {
        return Err(StoreError::foreign(file));
    }
    connection.pragma_update(None, "application_id", own)?;
    // The next start reads it from the file, before SQLite looks at the log. Without a log this does nothing.
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

/// Makes the file, for its owner alone: profiles and hashes of passwords are in it. SQLite gives its companions the same
/// permissions.
fn private(file: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}
