//! The finished parts of a replay, in a folder: one for each portion of users. Parts are renamed into place, so each is whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use postlogin_replay::Summary;
use serde::{Deserialize, Serialize};

use super::Folded;

/// The name and version of a part.
const FORMAT: &str = "postlogin.replay-part/1";

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

#[derive(Serialize, Deserialize)]
struct Stored {
    format: String,
    key: String,
    chunk: String,
    summary: Summary,
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
        self.path(number, "json").is_file()
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
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(PartsError::Io(path, error)),
        };
        let mut text = Vec::new();
        if let Err(error) = file.take(LARGEST).read_to_end(&mut text) {
            return Err(PartsError::Io(path, error));
        }
        let Ok(stored) = serde_json::from_slice::<Stored>(&text) else {
            return Err(PartsError::Damaged(path));
        };
        let is_own = stored.format == FORMAT && stored.key == self.key;
        if !is_own || chunk.is_some_and(|chunk| stored.chunk != hex(chunk)) {
            return Err(PartsError::Foreign(path));
        }
        Ok(Some(stored.summary))
    }

    /// Stores what became of a portion.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn store(&self, number: u64, chunk: &[u8; 32], folded: &Folded) -> Result<(), PartsError> {
        let ids: Vec<u8> = folded.ids.iter().flat_map(|id| id.to_le_bytes()).collect();
        self.write(number, "ids", |out| out.write_all(&ids))?;
        self.write(number, "ndjson", |out| {
            folded
                .rows
                .iter()
                .try_for_each(|row| writeln!(out, "{row}"))
        })?;
        let stored = Stored {
            format: FORMAT.to_owned(),
            key: self.key.clone(),
            chunk: hex(chunk),
            summary: folded.summary.clone(),
        };
        // Last: with it, the part is there.
        self.write(number, "json", |out| {
            serde_json::to_writer(out, &stored).map_err(io::Error::from)
        })
    }

    fn write(
        &self,
        number: u64,
        extension: &str,
        write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<(), PartsError> {
        let path = self.path(number, extension);
        let new = self.path(number, &format!("{extension}.new-{}", std::process::id()));
        let written = private_file(&new).and_then(|file| {
            let mut out = BufWriter::new(file);
            write(&mut out)?;
            out.flush()?;
            fs::rename(&new, &path)
        });
        written.map_err(|error| {
            // A full disk must not stay full of halves.
            let _ = fs::remove_file(&new);
            PartsError::Io(path, error)
        })
    }

    /// Copies the differences of all portions, in their order.
    ///
    /// # Errors
    /// When a part cannot be read, or `out` cannot be written.
    pub fn copy_rows(&self, count: u64, out: &mut dyn io::Write) -> Result<u64, PartsError> {
        let mut rows = 0;
        for number in 0..count {
            let path = self.path(number, "ndjson");
            let copied = File::open(&path).and_then(|file| {
                for line in BufReader::new(file).split(b'\n') {
                    out.write_all(&line?)?;
                    out.write_all(b"\n")?;
                    rows += 1;
                }
                Ok(())
            });
            copied.map_err(|error| PartsError::Io(path, error))?;
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
            let path = self.path(number, "ids");
            let found = fs::metadata(&path).map_err(|error| PartsError::Io(path, error))?;
            bytes += found.len();
        }
        let passes = bytes.div_ceil(HASHES).max(1);
        let mut duplicates = 0;
        for pass in 0..passes {
            let mut hashes = Vec::new();
            for number in 0..count {
                let path = self.path(number, "ids");
                let ids = fs::read(&path).map_err(|error| PartsError::Io(path, error))?;
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

/// Makes a file that its owner alone can read.
///
/// # Errors
/// When it cannot be made.
pub fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
