//! The finished parts of a replay, in a folder: one for each portion of users. Parts are renamed into place, so each is whole.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use postlogin_replay::Summary;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Folded;
use crate::output::{new_private_file, refuse_detour, write_private};

/// The name and version of a part.
const FORMAT: &str = "postlogin.replay-part/2";

/// The largest part that is read, in bytes. Counters have ceilings, so none is larger.
const LARGEST: u64 = 256 << 20;

/// So many bytes of hashes are held at once to find users that are there twice.
const HASHES: u64 = 4 << 20;

/// A folder of parts.
pub struct Parts {
    folder: PathBuf,
    key: String,
}

/// Why a part cannot be used.
#[derive(Debug)]
pub enum PartsError {
    /// It cannot be read or written.
    Io(PathBuf, io::Error),
    /// It is of other users, Actions or options.
    Foreign(PathBuf),
    /// It is damaged.
    Damaged(PathBuf),
}

/// The content of a file beside a part.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    bytes: u64,
    hash: String,
}

impl Mark {
    fn of(content: &[u8]) -> Self {
        Self {
            bytes: content.len() as u64,
            hash: hex(&Sha256::digest(content)),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    format: String,
    key: String,
    chunk: String,
    /// The files of rows and of ids; empty for a part of a worker, which has none.
    rows: Mark,
    ids: Mark,
    /// The hash of all others, so that a part that was cut, mixed with another one or edited is seen.
    seal: String,
    summary: Summary,
}

/// The fields of a part that bind the files beside it.
#[derive(Deserialize)]
struct Beside {
    rows: Mark,
    ids: Mark,
}

impl Stored {
    fn new(key: &str, chunk: String, rows: Mark, ids: Mark, summary: Summary) -> io::Result<Self> {
        let mut stored = Self {
            format: FORMAT.to_owned(),
            key: key.to_owned(),
            chunk,
            rows,
            ids,
            seal: String::new(),
            summary,
        };
        stored.seal = stored.sealed()?;
        Ok(stored)
    }

    fn sealed(&self) -> io::Result<String> {
        let beside = [&self.rows.hash, &self.ids.hash, &self.chunk, &self.key];
        let mut hash = Sha256::new();
        for text in beside {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        hash.update(self.rows.bytes.to_be_bytes());
        hash.update(self.ids.bytes.to_be_bytes());
        hash.update(serde_json::to_vec(&self.summary)?);
        Ok(hex(&hash.finalize()))
    }

    fn is_whole(&self) -> bool {
        self.summary.adds_up() && self.sealed().is_ok_and(|seal| seal == self.seal)
    }
}

/// Returns the text of a part that a worker made.
pub(super) fn text_of(key: &str, summary: Summary) -> io::Result<String> {
    let chunk = summary.input.hex();
    let stored = Stored::new(key, chunk, Mark::default(), Mark::default(), summary)?;
    serde_json::to_string(&stored).map_err(io::Error::from)
}

impl Parts {
    /// In a folder, which is made if it is not there, for its owner alone. `key` stands for Actions and options.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(folder: &Path, key: String) -> Result<Self, PartsError> {
        make_folder(folder).map_err(|error| PartsError::Io(folder.to_owned(), error))?;
        Ok(Self {
            folder: folder.to_owned(),
            key,
        })
    }

    /// Returns the folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether there is any part.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let mut entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        !entries.any(|entry| {
            entry
                .path()
                .extension()
                .is_some_and(|extension| extension == "json")
        })
    }

    /// Whether a portion is done.
    #[must_use]
    pub fn has(&self, number: u64) -> bool {
        let found = fs::symlink_metadata(self.path(number, "json"));
        found.is_ok_and(|found| found.is_file())
    }

    fn path(&self, number: u64, extension: &str) -> PathBuf {
        self.folder.join(format!("{number:08}.{extension}"))
    }

    /// Returns the fold of a portion, if it is done. `chunk` is the hash of its users; `None` for whatever they are.
    ///
    /// # Errors
    /// When the part is there, and of other users, Actions or options, or damaged.
    pub fn summary(
        &self,
        number: u64,
        chunk: Option<&[u8; 32]>,
    ) -> Result<Option<Summary>, PartsError> {
        let path = self.path(number, "json");
        let Some(text) = self.text(&path)? else {
            return Ok(None);
        };
        let Ok(stored) = serde_json::from_slice::<Stored>(&text) else {
            return Err(PartsError::Damaged(path));
        };
        let is_own = stored.format == FORMAT && stored.key == self.key;
        if !is_own || chunk.is_some_and(|chunk| stored.chunk != hex(chunk)) {
            return Err(PartsError::Foreign(path));
        }
        match stored.is_whole() {
            true => Ok(Some(stored.summary)),
            false => Err(PartsError::Damaged(path)),
        }
    }

    /// The text of a part; `None` when there is none.
    fn text(&self, path: &Path) -> Result<Option<Vec<u8>>, PartsError> {
        let mut text = Vec::new();
        let file = match regular(path) {
            Ok(Some(file)) => file,
            Ok(None) => return Err(PartsError::Damaged(path.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(PartsError::Io(path.to_owned(), error)),
        };
        match file.take(LARGEST).read_to_end(&mut text) {
            Ok(_) => Ok(Some(text)),
            Err(error) => Err(PartsError::Io(path.to_owned(), error)),
        }
    }

    /// The content of a file beside a part: rows or ids. It must be what the part was stored with; what has no part was put together
    /// by this process.
    fn beside(
        &self,
        number: u64,
        extension: &str,
        mark: impl FnOnce(Beside) -> Mark,
    ) -> Result<Vec<u8>, PartsError> {
        let path = self.path(number, extension);
        // Who removes the part has all of it made again.
        let damaged = || PartsError::Damaged(self.path(number, "json"));
        let expected = match self.text(&self.path(number, "json"))? {
            Some(text) => match serde_json::from_slice(&text) {
                Ok(beside) => Some(mark(beside)),
                Err(_) => return Err(damaged()),
            },
            None => None,
        };
        let file = match regular(&path) {
            Ok(Some(file)) => file,
            Ok(None) => return Err(damaged()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(damaged()),
            Err(error) => return Err(PartsError::Io(path, error)),
        };
        let most = expected.as_ref().map_or(u64::MAX, |mark| mark.bytes + 1);
        let mut content = Vec::new();
        if let Err(error) = file.take(most).read_to_end(&mut content) {
            return Err(PartsError::Io(path, error));
        }
        match expected {
            Some(mark) if mark != Mark::of(&content) => Err(damaged()),
            _ => Ok(content),
        }
    }

    /// Returns the fold of a part that a worker made; `None` when it is no part, or was made with other Actions or options.
    #[must_use]
    pub fn summary_of(&self, text: &[u8]) -> Option<Summary> {
        let stored: Stored = serde_json::from_slice(text).ok()?;
        let is_own = stored.format == FORMAT && stored.key == self.key && stored.is_whole();
        is_own.then_some(stored.summary)
    }

    /// Opens the file of a portion's hashes (`ids`) or rows (`ndjson`), empty.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn create(&self, number: u64, extension: &str) -> Result<File, PartsError> {
        let path = self.path(number, extension);
        new_private_file(&path).map_err(|error| PartsError::Io(path, error))
    }

    /// Stores what became of a portion.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn store(&self, number: u64, chunk: &[u8; 32], folded: &Folded) -> Result<(), PartsError> {
        let ids: Vec<u8> = folded.ids.iter().flat_map(|id| id.to_le_bytes()).collect();
        let mut rows = Vec::new();
        for row in &folded.rows {
            // Writing to memory cannot fail.
            let _ = writeln!(rows, "{row}");
        }
        let (of_rows, of_ids) = (Mark::of(&rows), Mark::of(&ids));
        self.write(number, "ids", |out| out.write_all(&ids))?;
        self.write(number, "ndjson", |out| out.write_all(&rows))?;
        // Last: with it, the part is there.
        self.write(number, "json", |out| {
            let summary = folded.summary.clone();
            let stored = Stored::new(&self.key, hex(chunk), of_rows, of_ids, summary)?;
            serde_json::to_writer(out, &stored).map_err(io::Error::from)
        })
    }

    fn write(
        &self,
        number: u64,
        extension: &str,
        write: impl FnOnce(&mut BufWriter<&mut File>) -> io::Result<()>,
    ) -> Result<(), PartsError> {
        let path = self.path(number, extension);
        let written = write_private(&path, |file| {
            let mut out = BufWriter::new(file);
            write(&mut out)?;
            out.flush()
        });
        written.map_err(|error| PartsError::Io(path, error))
    }

    /// Copies the differences of all portions, in their order.
    ///
    /// # Errors
    /// When a part cannot be read, or `out` cannot be written.
    pub fn copy_rows(&self, count: u64, out: &mut dyn io::Write) -> Result<u64, PartsError> {
        let mut rows = 0;
        for number in 0..count {
            let content = self.beside(number, "ndjson", |beside| beside.rows)?;
            rows += content.iter().filter(|byte| **byte == b'\n').count() as u64;
            let copied = out.write_all(&content);
            copied.map_err(|error| PartsError::Io(self.path(number, "ndjson"), error))?;
        }
        Ok(rows)
    }

    /// Counts users that are there more than once, without the first of each. Memory is bounded: the hashes of the ids are gone
    /// through several times, each time those of one remainder.
    ///
    /// # Errors
    /// When a part cannot be read.
    pub fn duplicates(&self, count: u64) -> Result<u64, PartsError> {
        let mut bytes = 0;
        for number in 0..count {
            // One that is not there is reported where it is read.
            let found = fs::metadata(self.path(number, "ids"));
            bytes += found.map_or(0, |found| found.len());
        }
        let passes = bytes.div_ceil(HASHES).max(1);
        let mut duplicates = 0;
        for pass in 0..passes {
            let mut hashes = Vec::new();
            for number in 0..count {
                let ids = self.beside(number, "ids", |beside| beside.ids)?;
                let all = ids
                    .as_chunks::<8>()
                    .0
                    .iter()
                    .map(|id| u64::from_le_bytes(*id));
                hashes.extend(all.filter(|hash| hash % passes == pass));
            }
            let all = hashes.len();
            hashes.sort_unstable();
            hashes.dedup();
            duplicates += (all - hashes.len()) as u64;
        }
        Ok(duplicates)
    }
}

/// Hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Opens a file; `None` when it is something else, such as a pipe, which might never be read to its end.
fn regular(path: &Path) -> io::Result<Option<File>> {
    match fs::symlink_metadata(path)?.is_file() {
        true => File::open(path).map(Some),
        false => Ok(None),
    }
}

fn make_folder(path: &Path) -> io::Result<()> {
    refuse_detour(path)?;
    // A link would lead the results of users elsewhere.
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
        return Err(io::Error::other(
            "this is a link, and parts are written to a folder",
        ));
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
