//! Which files of the cache were compared with their checksums before, and have not changed since.
//!
//! Reading machine code and memory to their ends is a third of the time that a start takes. So what a file system knows about a file
//! that was whole is kept beside it: as long as all of that is the same, the file is not read again. Any program that writes to the
//! file or puts another in its place changes its time of change (`st_ctime`), which no program can set.
//!
//! Two things change a file without that, and are left to the comparison: pages that were never written before the power went, so
//! young files are always read; and bits that rot, so every file is read again once a week. Systems without such a time read always.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use super::{trust::open_own, write_own};

/// A file of this age is on the disk: Linux writes pages that have waited for 30 seconds.
const AGE: Duration = Duration::from_secs(60);
/// The time for which a comparison counts.
const VALID: Duration = Duration::from_secs(7 * 24 * 3600);
/// The most that is read of a file that should have one short line, in bytes.
const LONGEST: u64 = 1_024;

/// Compares a file, which was opened at `path`, with the checksum `sum` by calling `compare`, unless that was done before and the file
/// is the same.
///
/// # Errors
/// Those of `compare`. That something cannot be remembered is none.
pub(super) fn unless_seen(
    file: &File,
    path: &Path,
    sum: u64,
    compare: impl FnOnce() -> io::Result<()>,
) -> io::Result<()> {
    unless_seen_at(SystemTime::now(), file, path, sum, compare)
}

fn unless_seen_at(
    now: SystemTime,
    file: &File,
    path: &Path,
    sum: u64,
    compare: impl FnOnce() -> io::Result<()>,
) -> io::Result<()> {
    let Some(before) = stamp(file, sum) else {
        return compare();
    };
    let beside = beside(path);
    if is_remembered(now, &beside, &before.text) {
        return Ok(());
    }
    compare()?;
    let is_settled = now
        .duration_since(before.changed)
        .is_ok_and(|age| age >= AGE);
    // It may have been written to while it was read.
    let is_same = stamp(file, sum).is_some_and(|after| after.text == before.text);
    if is_settled && is_same {
        // Without a place for it, the file is read again next time.
        if let Err(reason) = write_own(&beside, before.text.as_bytes()) {
            tracing::debug!(%reason, "it is not remembered that a file of the cache is whole");
        }
    }
    Ok(())
}

/// The file beside `path` that remembers it.
fn beside(path: &Path) -> PathBuf {
    let mut extension = path.extension().unwrap_or_default().to_owned();
    extension.push(".seen");
    path.with_extension(extension)
}

fn is_remembered(now: SystemTime, beside: &Path, text: &str) -> bool {
    let read = || -> Option<bool> {
        let file = open_own(beside).ok()??.file;
        let written = file.metadata().ok()?.modified().ok()?;
        let mut found = Vec::new();
        file.take(LONGEST).read_to_end(&mut found).ok()?;
        let is_valid = now.duration_since(written).is_ok_and(|age| age < VALID);
        Some(is_valid && found == text.as_bytes())
    };
    read().unwrap_or_default()
}

/// The facts of a file system about a file.
struct Stamp {
    /// All of it, and the checksum, as a line.
    text: String,
    /// When the file was changed last.
    changed: SystemTime,
}

#[cfg(unix)]
fn stamp(file: &File, sum: u64) -> Option<Stamp> {
    use std::os::unix::fs::MetadataExt;
    let meta = file.metadata().ok()?;
    let (seconds, nanoseconds) = (meta.ctime(), meta.ctime_nsec());
    let since_epoch = Duration::new(seconds.try_into().ok()?, nanoseconds.try_into().ok()?);
    // A file system that knows no times says 0.
    let changed = (!since_epoch.is_zero()).then(|| SystemTime::UNIX_EPOCH + since_epoch)?;
    let text = format!(
        "postlogin seen 1 {} {} {} {}.{} {seconds}.{nanoseconds} {sum:016x}\n",
        meta.dev(),
        meta.ino(),
        meta.len(),
        meta.mtime(),
        meta.mtime_nsec(),
    );
    Some(Stamp { text, changed })
}

#[cfg(not(unix))]
fn stamp(_: &File, _: u64) -> Option<Stamp> {
    None
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::{cell::Cell, fs, thread};

    use super::*;

    /// A file of the cache, in a folder of this test.
    struct Kept {
        folder: PathBuf,
        path: PathBuf,
        compared: Cell<u32>,
    }

    impl Kept {
        fn new(name: &str) -> Self {
            let process = std::process::id();
            let folder = std::env::temp_dir().join(format!("postlogin-seen-{process}-{name}"));
            let path = folder.join("a.cwasm");
            write_own(&path, b"code").unwrap();
            Self {
                folder,
                path,
                compared: Cell::new(0),
            }
        }

        /// Returns how often the file was read when it is opened so many seconds from now.
        fn reads_after(&self, seconds: u64, sum: u64) -> u32 {
            let now = SystemTime::now() + Duration::from_secs(seconds);
            let file = File::open(&self.path).unwrap();
            self.compared.set(0);
            let compare = || {
                self.compared.set(self.compared.get() + 1);
                Ok(())
            };
            unless_seen_at(now, &file, &self.path, sum, compare).unwrap();
            self.compared.get()
        }

        /// Later than the last change, also for a clock of 10 ms.
        fn later(&self) {
            thread::sleep(Duration::from_millis(30));
        }
    }

    impl Drop for Kept {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }

    #[test]
    fn a_young_file_is_read_each_time_and_an_old_one_once_a_week() {
        let kept = Kept::new("age");
        assert_eq!(kept.reads_after(0, 7), 1);
        assert_eq!(kept.reads_after(30, 7), 1);
        assert_eq!(kept.reads_after(61, 7), 1);
        assert_eq!(kept.reads_after(62, 7), 0);
        assert_eq!(kept.reads_after(VALID.as_secs() - 60, 7), 0);
        assert_eq!(kept.reads_after(VALID.as_secs() + 60, 7), 1);
        // The clock was set back.
        let file = File::open(&kept.path).unwrap();
        let mut is_read = false;
        let past = SystemTime::now() - Duration::from_secs(3600);
        unless_seen_at(past, &file, &kept.path, 7, || {
            is_read = true;
            Ok(())
        })
        .unwrap();
        assert!(is_read);
    }

    #[test]
    fn whatever_changes_the_file_has_it_read() {
        let kept = Kept::new("change");
        let remembered = || {
            kept.later();
            assert_eq!(kept.reads_after(100, 7), 1);
            assert_eq!(kept.reads_after(100, 7), 0);
            kept.later();
        };
        remembered();
        assert_eq!(kept.reads_after(100, 8), 1, "another checksum");
        remembered();
        // Other content of the same length, with the old time of modification.
        let modified = fs::metadata(&kept.path).unwrap().modified().unwrap();
        fs::write(&kept.path, "node").unwrap();
        let file = File::options().write(true).open(&kept.path).unwrap();
        file.set_modified(modified).unwrap();
        remembered();
        // Another file in its place, with its time.
        write_own(&kept.path, b"edoc").unwrap();
        let file = File::options().write(true).open(&kept.path).unwrap();
        file.set_modified(modified).unwrap();
        remembered();
        file.set_len(2).unwrap();
        remembered();
        let beside = beside(&kept.path);
        for text in ["", "postlogin seen 1 0 0 0 0.0 0.0 0000000000000007\n"] {
            fs::write(&beside, text).unwrap();
            remembered();
        }
        // What others may write to is not believed.
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&beside, fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(kept.reads_after(100, 7), 1);
    }

    #[test]
    fn a_file_that_is_not_whole_is_never_remembered() {
        let kept = Kept::new("damaged");
        let later = SystemTime::now() + Duration::from_secs(100);
        for _ in 0..2 {
            let file = File::open(&kept.path).unwrap();
            let damaged = || Err(io::ErrorKind::InvalidData.into());
            assert!(unless_seen_at(later, &file, &kept.path, 7, damaged).is_err());
        }
        // Nor one that is written to while it is read.
        let file = File::open(&kept.path).unwrap();
        let changed = || {
            kept.later();
            fs::write(&kept.path, "other")
        };
        unless_seen_at(later, &file, &kept.path, 7, changed).unwrap();
        assert!(!beside(&kept.path).exists());
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_no_error() {
        let kept = Kept::new("read-only");
        fs::create_dir(beside(&kept.path)).unwrap();
        assert_eq!(kept.reads_after(100, 7), 1);
        assert_eq!(kept.reads_after(100, 7), 1);
    }
}
