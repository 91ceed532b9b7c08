//! Exports of users, one user at a time.
//!
//! An export is one JSON object a line (as the vendor's job makes it), one JSON array (as an import takes it), or CSV; each may be
//! compressed by gzip, in several members. At most [`LONGEST_ENTRY`] bytes are held for one user.

mod array;
mod lines;
mod table;

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use crate::profile::Columns;

/// The longest text of one user, in bytes. A profile with all its metadata has far less; a longer one is a problem of its own
/// and not read.
pub const LONGEST_ENTRY: usize = 4 << 20;

/// The beginning of every gzip file (RFC 1952, section 2.3.1): the mark, and the only method.
const GZIP: &[u8] = &[0x1f, 0x8b, 0x08];

/// The text of one user, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The line at which it begins, from 1; of an array, the number of the element.
    pub line: u64,
    /// One JSON value as text, or why it cannot be read.
    pub content: Result<Vec<u8>, &'static str>,
}

/// The form in which the users are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One JSON object a line.
    Lines,
    /// One JSON array.
    Array,
    /// Comma-separated values with a heading.
    Table,
}

impl Form {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Form::Lines => "ndjson",
            Form::Array => "json",
            Form::Table => "csv",
        }
    }
}

/// The users of a file.
pub struct Users {
    form: Form,
    entries: Entries,
    columns: Vec<String>,
}

enum Entries {
    Lines(lines::Lines),
    Array(array::Elements),
    Table(table::Rows),
}

/// A stream of bytes that can be handed to a thread.
pub type Source = Box<dyn BufRead + Send>;

impl Users {
    /// Begins to read: finds out whether the bytes are compressed, and how the users are written down.
    ///
    /// # Errors
    /// When the bytes cannot be read, or are text in UTF-16.
    pub fn of(source: Source, columns: &Columns) -> io::Result<Self> {
        Self::until(source, columns, || false)
    }

    /// As [`Users::of`], until `stop` returns true: then reading is an error, also in the middle of a user, a member of a compressed
    /// file, or blank lines.
    ///
    /// # Errors
    /// As [`Users::of`], and when it is stopped.
    pub fn until(mut source: Source, columns: &Columns, stop: fn() -> bool) -> io::Result<Self> {
        if source.fill_buf()?.starts_with(GZIP) {
            // A small file may have very much content.
            let content = Stoppable {
                reader: MultiGzDecoder::new(source),
                stop,
            };
            source = Box::new(BufReader::with_capacity(1 << 16, content));
        }
        let form = form(&mut source)?;
        let mut names = Vec::new();
        let entries = match form {
            Form::Lines => Entries::Lines(lines::Lines::new(source)),
            Form::Array => Entries::Array(array::Elements::new(source)),
            Form::Table => {
                let rows = table::Rows::new(source, columns)?;
                names = rows.unknown();
                Entries::Table(rows)
            }
        };
        Ok(Self {
            form,
            entries,
            columns: names,
        })
    }

    /// Returns the form in which the users are written.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// The columns of a table that are no attribute of a user, in order.
    #[must_use]
    pub fn unknown_columns(&self) -> &[String] {
        &self.columns
    }

    /// The attributes that a table has columns for, as paths below the user; `None` for other forms, where each user has their own.
    #[must_use]
    pub fn attributes(&self) -> Option<Vec<Vec<String>>> {
        match &self.entries {
            Entries::Table(rows) => Some(rows.attributes()),
            Entries::Lines(_) | Entries::Array(_) => None,
        }
    }

    /// Returns the next user; `None` at the end.
    ///
    /// # Errors
    /// When the bytes cannot be read: the disk, or a damaged compressed file.
    pub fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        match &mut self.entries {
            Entries::Lines(lines) => lines.next_entry(),
            Entries::Array(elements) => elements.next_entry(),
            Entries::Table(rows) => rows.next_entry(),
        }
    }
}

/// What a compressed file has, until it is stopped.
struct Stoppable<R> {
    reader: R,
    stop: fn() -> bool,
}

impl<R: Read> Read for Stoppable<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match (self.stop)() {
            true => Err(io::Error::other("stopped")),
            false => self.reader.read(bytes),
        }
    }
}

/// Finds out how the users are written down by the first characters, and passes a byte order mark.
fn form(source: &mut Source) -> io::Result<Form> {
    let start = source.fill_buf()?;
    if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the text is UTF-16: save the file as UTF-8",
        ));
    }
    if start.starts_with("\u{feff}".as_bytes()) {
        source.consume("\u{feff}".len());
    }
    // Blank lines count as lines, so they are left for the reader, unless there are very many.
    let start = source.fill_buf()?;
    let first = start.iter().find(|byte| !byte.is_ascii_whitespace());
    Ok(match first {
        Some(b'[') => Form::Array,
        Some(b'{') | None => Form::Lines,
        Some(_) => Form::Table,
    })
}

/// Takes bytes up to and with the next `end`, and keeps at most [`LONGEST_ENTRY`] of them. Returns `None` at the end of the file,
/// and otherwise whether all were kept.
fn take_until(source: &mut Source, end: u8, kept: &mut Vec<u8>) -> io::Result<Option<bool>> {
    let mut read_any = false;
    let mut is_whole = true;
    loop {
        let available = match source.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if available.is_empty() {
            return Ok(read_any.then_some(is_whole));
        }
        read_any = true;
        let found = available.iter().position(|byte| *byte == end);
        let taken = found.map_or(available.len(), |at| at + 1);
        if kept.len() + taken <= LONGEST_ENTRY {
            kept.extend(available.iter().take(taken));
        } else {
            is_whole = false;
        }
        source.consume(taken);
        if found.is_some() {
            return Ok(Some(is_whole));
        }
    }
}

/// Returns a source for tests and for text that is in memory.
#[must_use]
pub fn of_bytes(bytes: Vec<u8>) -> Source {
    Box::new(BufReader::new(io::Cursor::new(bytes)))
}

/// Returns a source for a stream that is not buffered.
pub fn of_reader(reader: impl Read + Send + 'static) -> Source {
    Box::new(BufReader::with_capacity(1 << 16, reader))
}

#[cfg(test)]
mod tests;
