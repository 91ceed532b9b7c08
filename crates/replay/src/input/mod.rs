//! Exports of users, one user at a time.
//!
//! An export is one JSON object a line (as the vendor's job makes it), one JSON array (as an import takes it), or CSV; each may be
//! compressed by gzip, in several members. At most [`LONGEST_ENTRY`] bytes are held for one user.

mod array;
mod lines;
mod packed;
mod records;
mod table;

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};

use crate::profile::Columns;
use packed::Unpacked;

/// The longest text of one user, in bytes. A profile with all its metadata has far less; a longer one is a problem of its own
/// and not read.
pub const LONGEST_ENTRY: usize = 4 << 20;

/// The beginning of every gzip file (RFC 1952, section 2.3.1): the mark, and the only method.
const GZIP: &[u8] = &[0x1f, 0x8b, 0x08];

/// The text of one user, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The line at which it begins, from 1; of an array, the number of the element. See [`Line`] for one of several files.
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

/// A line of one of several files in one number: numbers are in the order in which the lines are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// The index of the file.
    pub file: usize,
    /// The line, from 1.
    pub line: u64,
}

impl Line {
    const BITS: u32 = 48;

    /// The line behind a number.
    #[must_use]
    pub fn of(number: u64) -> Self {
        Self {
            file: usize::try_from(number >> Self::BITS).unwrap_or_default(),
            line: number & ((1 << Self::BITS) - 1),
        }
    }

    fn number(self) -> u64 {
        let file = u64::try_from(self.file).unwrap_or_default();
        (file << Self::BITS) | self.line
    }

    /// Returns the place in one of these files: the line alone if there is one file.
    #[must_use]
    pub fn shown(self, files: &[String]) -> String {
        match files.get(self.file) {
            Some(name) if files.len() > 1 => format!("{name}:{}", self.line),
            _ => self.line.to_string(),
        }
    }
}

/// The users of a file, or of several, one file after the other.
pub struct Users {
    form: Form,
    entries: Entries,
    columns: Vec<String>,
    /// The files after this one, and the number of those before it.
    later: VecDeque<Users>,
    file: usize,
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
                reader: Unpacked::of(source),
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
            later: VecDeque::new(),
            file: 0,
        })
    }

    /// Reads these users after those of this file.
    #[must_use]
    pub fn followed_by(mut self, later: impl IntoIterator<Item = Users>) -> Self {
        self.later.extend(later);
        self
    }

    /// Returns the form in which the users of this file are written.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// The forms of all files by their names, each once, in order: `ndjson`, or `ndjson, csv`.
    #[must_use]
    pub fn forms(&self) -> String {
        let mut names = vec![self.form.name()];
        for users in &self.later {
            if !names.contains(&users.form.name()) {
                names.push(users.form.name());
            }
        }
        names.join(", ")
    }

    /// The columns of tables that are no attribute of a user, in order.
    #[must_use]
    pub fn unknown_columns(&self) -> Vec<String> {
        let mut names = self.columns.clone();
        for name in self.later.iter().flat_map(|users| &users.columns) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    /// The attributes that each table has columns for, as paths below the user; `None` without a table: in other forms each user has
    /// their own.
    #[must_use]
    pub fn attributes(&self) -> Option<Vec<Vec<String>>> {
        let mut tables = std::iter::once(self)
            .chain(&self.later)
            .filter_map(|users| match &users.entries {
                Entries::Table(rows) => Some(rows.attributes()),
                Entries::Lines(_) | Entries::Array(_) => None,
            });
        let mut common = tables.next()?;
        for other in tables {
            common.retain(|path| other.contains(path));
        }
        Some(common)
    }

    /// Returns the next user; `None` at the end.
    ///
    /// # Errors
    /// When the bytes cannot be read: the disk, or a damaged compressed file.
    pub fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        loop {
            let entry = match &mut self.entries {
                Entries::Lines(lines) => lines.next_entry(),
                Entries::Array(elements) => elements.next_entry(),
                Entries::Table(rows) => rows.next_entry(),
            };
            if let Some(entry) = entry? {
                let place = Line {
                    file: self.file,
                    line: entry.line,
                };
                return Ok(Some(Entry {
                    line: place.number(),
                    ..entry
                }));
            }
            let Some(next) = self.later.pop_front() else {
                return Ok(None);
            };
            (self.form, self.entries, self.columns) = (next.form, next.entries, next.columns);
            self.file += 1;
        }
    }

    /// The index of the file that is being read.
    #[must_use]
    pub fn file(&self) -> usize {
        self.file
    }
}

/// The text of a compressed file, until reading is stopped.
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
