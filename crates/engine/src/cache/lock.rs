//! One process compiles, the others wait for it.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use super::{make_folder, trust::check_folder};
use crate::progress;

/// The time that a process waits for another that compiles. Compiling takes seconds, on a busy machine a minute.
const PATIENCE: Duration = Duration::from_secs(120);

/// The time between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// The result of waiting. Without a lock, a process continues all the same.
#[derive(Debug)]
pub(crate) enum Lock {
    /// Others wait until it is dropped.
    Held(File),
    /// Another process holds this file for too long.
    Overdue(PathBuf),
    /// There can be no lock here.
    Impossible,
}

/// Waits until no other process compiles what will be in `file`, and keeps others waiting until the result is dropped.
/// `waiting` is called when there is another, and then about twice a second with the time so far.
///
/// The lock file stays: removing it would let two processes lock two files of one name.
pub(crate) fn lock(file: &Path, waiting: &mut dyn FnMut(Option<Duration>)) -> Lock {
    lock_within(file, PATIENCE, waiting)
}

fn lock_within(file: &Path, patience: Duration, waiting: &mut dyn FnMut(Option<Duration>)) -> Lock {
    let path = file.with_extension("lock");
    let Some(lock) = open(&path) else {
        return Lock::Impossible;
    };
    let started = Instant::now();
    // The time of the last report.
    let mut reported: Option<Duration> = None;
    loop {
        match lock.try_lock() {
            Ok(()) => return Lock::Held(lock),
            Err(TryLockError::Error(error)) => {
                tracing::debug!(file = %file.display(), %error, "the cache cannot be locked");
                return Lock::Impossible;
            }
            Err(TryLockError::WouldBlock) if started.elapsed() >= patience => {
                return Lock::Overdue(path);
            }
            Err(TryLockError::WouldBlock) => {
                let waited = started.elapsed();
                if reported.is_none_or(|last| waited.saturating_sub(last) >= progress::PAUSE) {
                    waiting(reported.map(|_| waited));
                    reported = Some(waited);
                }
                thread::sleep(PAUSE);
            }
        }
    }
}

/// Opens a lock file, in a folder that others cannot write to.
fn open(path: &Path) -> Option<File> {
    let folder = path.parent()?;
    make_folder(folder).ok()?;
    check_folder(folder).ok()?;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).ok()
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[test]
    fn one_at_a_time_holds_the_lock_and_patience_ends() {
        let folder = std::env::temp_dir().join(format!("postlogin-lock-{}", std::process::id()));
        let file = folder.join("a.cwasm");
        let inside = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    let held = lock(&file, &mut |_| {});
                    assert!(matches!(held, Lock::Held(_)));
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                    thread::sleep(Duration::from_millis(5));
                    inside.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        let held = lock(&file, &mut |_| {});
        let mut reports = Vec::new();
        let patience = progress::PAUSE * 2;
        let second = lock_within(&file, patience, &mut |waited| reports.push(waited));
        assert!(matches!(held, Lock::Held(_)));
        assert!(matches!(second, Lock::Overdue(path) if path == folder.join("a.lock")));
        assert!(
            matches!(reports.as_slice(), [None, Some(waited), ..] if *waited >= progress::PAUSE),
            "{reports:?}"
        );
        // Where nothing can be written, nothing is locked.
        let nowhere = lock(Path::new("/dev/null/x/a.cwasm"), &mut |_| {});
        assert!(matches!(nowhere, Lock::Impossible));
        fs::remove_dir_all(folder).unwrap();
    }
}
