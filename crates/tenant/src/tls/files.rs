//! Files that appear complete or not at all.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

/// Puts a secret at `path` unless a file is there: the first of several processes wins.
pub(super) fn publish(path: &Path, content: &str) -> io::Result<()> {
    let temporary = Temporary::write(path, content, 0o600)?;
    match fs::hard_link(&temporary.0, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // A file system without hard links.
        Err(_) if !path.exists() => fs::rename(&temporary.0, path),
        other => other,
    }
}

/// Puts a public file at `path`, in place of what is there.
pub(super) fn replace(path: &Path, content: &str) -> io::Result<()> {
    let temporary = Temporary::write(path, content, 0o644)?;
    fs::rename(&temporary.0, path)
}

/// A file beside the final one, removed when dropped.
struct Temporary(PathBuf);

impl Temporary {
    #[cfg_attr(not(unix), expect(unused_variables, reason = "no modes there"))]
    fn write(path: &Path, content: &str, mode: u32) -> io::Result<Self> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        // Containers share folders and process ids.
        let mut unique = [0; 8];
        getrandom::fill(&mut unique).map_err(|error| io::Error::other(error.to_string()))?;
        let unique = u64::from_le_bytes(unique);
        let name = format!(".{unique:016x}.{}.{number}.tmp", process::id());
        let temporary = Self(folder.join(name));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
        let mut file = options.open(&temporary.0)?;
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
