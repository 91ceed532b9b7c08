//! Users in portions that are worked on, and done, as a whole.

use std::io;

use postlogin_replay::input::{Entry, Users};
use sha2::{Digest as _, Sha256};

/// So many bytes of users are one portion: about a second of work.
const BYTES: usize = 1 << 20;

/// Some users that follow each other.
pub struct Chunk {
    /// Its number, from 0.
    pub number: u64,
    /// Their texts.
    pub entries: Vec<Entry>,
    /// The SHA-256 hash of these.
    pub hash: [u8; 32],
}

/// Reads users in portions. Where a portion ends depends on the users alone.
pub struct Chunks {
    users: Users,
    next: u64,
}

impl Chunks {
    /// Of all users of a file.
    #[must_use]
    pub fn of(users: Users) -> Self {
        Self { users, next: 0 }
    }

    /// The users that are read.
    #[must_use]
    pub fn users(&self) -> &Users {
        &self.users
    }

    /// Returns the next portion; `None` at the end.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next_chunk(&mut self) -> io::Result<Option<Chunk>> {
        let mut entries = Vec::new();
        let mut bytes = 0;
        let mut hash = Sha256::new();
        while bytes < BYTES {
            let Some(entry) = self.users.next_entry()? else {
                break;
            };
            match &entry.content {
                Ok(text) => {
                    hash.update(text);
                    bytes += text.len();
                }
                Err(why) => hash.update(why),
            }
            // Short lines cost as much as long ones.
            bytes += BYTES / 4096;
            hash.update(b"\n");
            entries.push(entry);
        }
        if entries.is_empty() {
            return Ok(None);
        }
        let number = self.next;
        self.next += 1;
        Ok(Some(Chunk {
            number,
            entries,
            hash: hash.finalize().into(),
        }))
    }
}
