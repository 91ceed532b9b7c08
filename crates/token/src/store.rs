//! The key file of a project: made once, then only read.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::digest::{encode, sha256};
use crate::marks::{foreign, foreign_hint};
use crate::{KeyError, KeyPair, Marks, Randomness};

/// The most bytes of a key file: a key of 4096 bits in PEM has 3,272.
const MOST: u64 = 64 * 1024;

/// Why the key file could not be used.
#[derive(Debug)]
pub enum StoreError {
    /// The file exists but cannot be read.
    Read(PathBuf, io::Error),
    /// A new file could not be written.
    Write(PathBuf, io::Error),
    /// The file exists and holds no usable key. It is left as it is.
    Broken(PathBuf, KeyError),
    /// The file has a key without the user's mark. It is left as it is.
    Foreign(PathBuf),
    /// No key could be made.
    Generate(KeyError),
}

impl StoreError {
    /// Returns the remedy, for the user.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Read(path, _) => Some(format!(
                "make `{}` readable for you, or move it away",
                path.display()
            )),
            Self::Write(path, _) => {
                let folder = path.parent().unwrap_or(path);
                Some(format!(
                    "make the folder `{}` writable for you",
                    folder.display()
                ))
            }
            Self::Broken(path, _) => Some(format!(
                "restore the file from a copy, or delete `{}` to have a new key made; applications then have to \
                 fetch the new public key, and tokens that were issued before become invalid",
                path.display()
            )),
            Self::Foreign(_) => Some(foreign_hint("have a new key made")),
            Self::Generate(_) => None,
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(path, error) => write!(
                f,
                "cannot read the signing key `{}`: {error}",
                path.display()
            ),
            Self::Write(path, error) => write!(
                f,
                "cannot write the signing key `{}`: {error}",
                path.display()
            ),
            Self::Broken(path, error) => {
                write!(f, "the signing key `{}` is broken: {error}", path.display())
            }
            Self::Foreign(path) => f.write_str(&foreign(path)),
            Self::Generate(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for StoreError {}

/// Reads the project's key, or makes one when there is no file yet.
///
/// A new file (PKCS#8 PEM, readable only for its owner) appears under its name complete or not at all, and never
/// replaces another: when several processes start at once, all of them end with the key that came first. Missing
/// folders are created. The file must not be committed; the caller keeps it in an ignored folder.
///
/// The file has a mark of `marks`, and one that has none is refused, or marked if `marks` accepts everything.
///
/// # Errors
/// See [`StoreError`]; a broken file is an error and is never overwritten.
pub fn load_or_create(path: &Path, marks: &Marks) -> Result<KeyPair, StoreError> {
    load_or_create_with(path, marks, || KeyPair::generate(Randomness::System))
}

fn load_or_create_with(
    path: &Path,
    marks: &Marks,
    make: impl FnOnce() -> Result<KeyPair, KeyError>,
) -> Result<KeyPair, StoreError> {
    if let Some(key) = load(path, marks)? {
        return Ok(key);
    }
    let key = make().map_err(StoreError::Generate)?;
    let pem = key.to_pem().map_err(StoreError::Generate)?;
    let content = marks.label(&pem) + &pem;
    publish(path, &content).map_err(|error| StoreError::Write(path.to_owned(), error))?;
    if !marks.can_mark() {
        // The next run will refuse it; this one made it, or another process that cannot mark it either.
        return Ok(load(path, &Marks::accept_all())?.unwrap_or(key));
    }
    // Not `key`: another process may have been first.
    load(path, marks)?
        .ok_or_else(|| StoreError::Read(path.to_owned(), io::ErrorKind::NotFound.into()))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    // A pipe would wait for its other end.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    // One byte more shows that there is more.
    fs::File::open(path)?
        .take(MOST + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn load(path: &Path, marks: &Marks) -> Result<Option<KeyPair>, StoreError> {
    let bytes = match read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::Read(path.to_owned(), error)),
    };
    if bytes.len() as u64 > MOST {
        let found = format!("the file is larger than {MOST} bytes");
        return Err(StoreError::Broken(
            path.to_owned(),
            KeyError::NotAPrivateKey(found),
        ));
    }
    // Bytes that are no UTF-8 become characters that no PEM text has, and so a broken key.
    let text = String::from_utf8_lossy(&bytes);
    let pem = text.get(text.find("-----BEGIN ").unwrap_or(0)..);
    let pem = pem.unwrap_or_default();
    let key = KeyPair::from_pem(pem).map_err(|error| StoreError::Broken(path.to_owned(), error))?;
    if !marks.is_labelled(&text) {
        if !marks.accepts_all() {
            return Err(StoreError::Foreign(path.to_owned()));
        }
        if marks.can_mark() {
            // Where it cannot be written, it is accepted again and again.
            let _ = replace(path, &(marks.label(pem) + pem));
        }
    }
    Ok(Some(key))
}

/// Puts a complete file, for its owner alone, at `path` unless one is there: the first of several processes wins. Missing folders
/// are made.
///
/// # Errors
/// When it cannot be written.
pub fn publish(path: &Path, content: &str) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    let temporary = Temporary::write(folder, content)?;
    match fs::hard_link(&temporary.0, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // A file system without hard links (FAT, some network drives). A rename is as atomic, but replaces: of two
        // processes that start in the same instant, the first may go on with a key that the second has replaced.
        Err(_) if !path.exists() => fs::rename(&temporary.0, path),
        other => other,
    }
}

/// Puts a complete file at `path` in place of what is there.
fn replace(path: &Path, content: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let temporary = Temporary::write(folder, content)?;
    fs::rename(&temporary.0, path)
}

/// A file beside the final one, removed when dropped.
struct Temporary(PathBuf);

impl Temporary {
    fn write(folder: &Path, content: &str) -> io::Result<Self> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        // Two containers may share the folder and the process id, and the content is a secret of theirs.
        let unique = encode(&sha256(&[content.as_bytes()]));
        let path = folder.join(format!(".{unique}.{}.{number}.tmp", process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path)?;
        let temporary = Self(path);
        file.write_all(content.as_bytes())?;
        file.sync_all()?;
        Ok(temporary)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a rename it is gone already; a file that stays behind does no harm.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests;
