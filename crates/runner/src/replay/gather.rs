//! Joins the results of workers.

use std::fs::File;
use std::io::{self, BufRead, BufWriter, Write as _};

use postlogin_replay::Summary;
use postlogin_replay::arrow::{Message, Row, Streams, read_rows};

use super::{Parts, PartsError};

/// So many bytes are in one pair of files, so that few are held at once when they are read.
const PAIR: u64 = 4 << 20;

/// The results of all workers.
#[derive(Debug)]
pub struct Gathered {
    /// The fold of all users.
    pub summary: Summary,
    /// The number of parts, one for each stream of a worker.
    pub parts: u64,
    /// The number of files of hashes and rows in the folder, for [`Parts::copy_rows`] and [`Parts::duplicates`].
    pub files: u64,
}

/// Why results cannot be put together.
#[derive(Debug)]
pub enum GatherError {
    /// They cannot be read.
    Input(io::Error),
    /// The folder cannot be written.
    Parts(PartsError),
    /// A part, by its number from 1, was made with other Actions, options or another version.
    Foreign(u64),
    /// Rows of differences are missing or there twice: so many were read, so many did the workers find.
    Incomplete {
        /// The number of rows that were read.
        read: u64,
        /// The number that the workers counted.
        counted: u64,
    },
}

/// Reads streams of results, in any order and from any number of workers, and keeps rows and hashes in the folder of `parts`.
/// Memory does not grow with the number of users. Without `needs_rows`, rows of differences may be left out, all of them.
///
/// # Errors
/// When anything is missing, foreign or there twice. A part that is missing as a whole, with its rows, cannot be seen here.
pub fn gather(
    results: impl BufRead,
    parts: &Parts,
    needs_rows: bool,
) -> Result<Gathered, GatherError> {
    let mut streams = Streams::new(results);
    let mut gathered = Gathered {
        summary: Summary::default(),
        parts: 0,
        files: 0,
    };
    let mut files = Files {
        open: None,
        bytes: 0,
    };
    let mut read = 0;
    while let Some(message) = streams.next_message().map_err(GatherError::Input)? {
        let Message::Batch(batch) = message else {
            continue;
        };
        for row in read_rows(&batch).map_err(GatherError::Input)? {
            match row {
                Row::Difference(row) => {
                    read += 1;
                    let row = format!("{row}\n");
                    let (_, rows) = files.next(parts, &mut gathered.files, row.len() as u64)?;
                    rows.write_all(row.as_bytes())
                        .map_err(|error| unwritable(parts, error))?;
                }
                Row::Ids(ids) => {
                    let (hashes, _) = files.next(parts, &mut gathered.files, ids.len() as u64)?;
                    hashes
                        .write_all(&ids)
                        .map_err(|error| unwritable(parts, error))?;
                }
                Row::Part(text) => {
                    gathered.parts += 1;
                    let part = parts.summary_of(&text);
                    let part = part.ok_or(GatherError::Foreign(gathered.parts))?;
                    gathered.summary.merge(part);
                }
            }
        }
    }
    files.close(parts)?;
    // Whoever has no use for rows passes none.
    let is_counted = gathered.parts > 0 && (needs_rows || read > 0);
    if is_counted && read != gathered.summary.rows {
        return Err(GatherError::Incomplete {
            read,
            counted: gathered.summary.rows,
        });
    }
    Ok(gathered)
}

type Pair = (BufWriter<File>, BufWriter<File>);

struct Files {
    /// Hashes and rows.
    open: Option<Pair>,
    bytes: u64,
}

impl Files {
    /// The files for so many more bytes.
    fn next(
        &mut self,
        parts: &Parts,
        count: &mut u64,
        bytes: u64,
    ) -> Result<&mut Pair, GatherError> {
        if self.bytes + bytes > PAIR {
            self.close(parts)?;
        }
        self.bytes += bytes;
        if self.open.is_none() {
            let number = *count;
            *count += 1;
            let create = |extension| parts.create(number, extension).map(BufWriter::new);
            let hashes = create("ids").map_err(GatherError::Parts)?;
            let rows = create("ndjson").map_err(GatherError::Parts)?;
            self.open = Some((hashes, rows));
        }
        self.open
            .as_mut()
            .ok_or_else(|| unwritable(parts, io::ErrorKind::NotFound.into()))
    }

    fn close(&mut self, parts: &Parts) -> Result<(), GatherError> {
        self.bytes = 0;
        if let Some((mut hashes, mut rows)) = self.open.take() {
            hashes
                .flush()
                .and_then(|()| rows.flush())
                .map_err(|error| unwritable(parts, error))?;
        }
        Ok(())
    }
}

fn unwritable(parts: &Parts, error: io::Error) -> GatherError {
    GatherError::Parts(PartsError::Io(parts.folder().to_owned(), error))
}
