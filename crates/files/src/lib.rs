//! Opens files whose paths come from others.
//!
//! A path that was checked can mean another file by the time that it is opened: a folder on the way may have become a link. Looking
//! again after opening does not help, since it may have become a folder once more. So the system is asked to open without following
//! a link anywhere ([`open_without_links`]).
//!
//! Which paths are admitted is decided by whoever calls this: `postlogin-project` for files that a project names, `postlogin-js`
//! for files of packages.

use std::{fs::File, io, path::Path};

/// Opens a file for reading that is no link itself. A pipe does not wait for its other end. Links on the way are followed.
///
/// # Errors
/// Those of the system; a link is one.
#[cfg(unix)]
pub fn open(path: &Path) -> io::Result<File> {
    use std::{fs::OpenOptions, os::unix::fs::OpenOptionsExt};

    let mut options = OpenOptions::new();
    // The bits are those of the system's `int`.
    let flags = unix::FLAGS.bits().cast_signed();
    options.read(true).custom_flags(flags).open(path)
}

/// As on Unix, where links can be told apart.
///
/// # Errors
/// Those of the system.
#[cfg(not(unix))]
pub fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Opens a file for reading by an absolute path that had no links when it was admitted ([`Path::canonicalize`]). A pipe does not
/// wait for its other end.
///
/// # Errors
/// Those of the system; [`io::ErrorKind::InvalidInput`] for another kind of path. A link on the way is an error.
#[cfg(unix)]
pub fn open_without_links(real: &Path) -> io::Result<File> {
    #[cfg(target_os = "linux")]
    if let Some(opened) = unix::at_once(real) {
        return opened;
    }
    unix::step_by_step(real)
}

/// Opens a file for reading, and looks once whether its path has links. The standard library offers no more on this system.
///
/// # Errors
/// Those of the system; a link on the way.
#[cfg(not(unix))]
pub fn open_without_links(real: &Path) -> io::Result<File> {
    let file = File::open(real)?;
    match real.canonicalize()? == real {
        true => Ok(file),
        false => Err(io::Error::other("there is a link on the way")),
    }
}

#[cfg(unix)]
mod unix {
    use std::{
        fs::File,
        io,
        os::fd::OwnedFd,
        path::{Component, Path},
    };

    use rustix::fs::{CWD, Mode, OFlags, openat};

    pub(super) const FLAGS: OFlags = OFlags::NOFOLLOW
        .union(OFlags::NONBLOCK)
        .union(OFlags::CLOEXEC);

    /// A folder on the way needs no permission to be read.
    #[cfg(target_os = "linux")]
    const FOLDER: OFlags = OFlags::PATH
        .union(OFlags::DIRECTORY)
        .union(OFlags::NOFOLLOW)
        .union(OFlags::CLOEXEC);
    #[cfg(not(target_os = "linux"))]
    const FOLDER: OFlags = OFlags::DIRECTORY
        .union(OFlags::NOFOLLOW)
        .union(OFlags::CLOEXEC);

    /// Asks for all of the path at once. `None` where the kernel is older than 5.6, or a sandbox does not let programs ask that.
    #[cfg(target_os = "linux")]
    pub(super) fn at_once(real: &Path) -> Option<io::Result<File>> {
        use rustix::{
            fs::{ResolveFlags, openat2},
            io::Errno,
        };

        if !real.is_absolute() {
            return None;
        }
        match openat2(CWD, real, FLAGS, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
            Ok(file) => Some(Ok(File::from(file))),
            Err(Errno::NOSYS | Errno::PERM | Errno::INVAL) => None,
            Err(error) => Some(Err(error.into())),
        }
    }

    /// Opens one folder after the other, each within the one before.
    pub(super) fn step_by_step(real: &Path) -> io::Result<File> {
        let mut parts = real.components();
        if parts.next() != Some(Component::RootDir) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut folder: OwnedFd = openat(CWD, "/", FOLDER, Mode::empty())?;
        let mut parts = parts.peekable();
        while let Some(part) = parts.next() {
            let Component::Normal(name) = part else {
                return Err(io::ErrorKind::InvalidInput.into());
            };
            if parts.peek().is_none() {
                return Ok(File::from(openat(&folder, name, FLAGS, Mode::empty())?));
            }
            folder = openat(&folder, name, FOLDER, Mode::empty())?;
        }
        Err(io::ErrorKind::IsADirectory.into())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::{
        fs,
        io::Read as _,
        os::unix::fs::symlink,
        path::PathBuf,
        sync::atomic::{AtomicBool, Ordering},
        thread,
        time::{Duration, Instant},
    };

    use super::*;

    type Open = fn(&Path) -> io::Result<File>;

    /// Each way of opening without links that this system has.
    fn ways() -> Vec<(&'static str, Open)> {
        vec![("usual", open_without_links), ("steps", unix::step_by_step)]
    }

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let top = tempfile::tempdir().expect("a folder");
        let real = top.path().canonicalize().expect("it is there");
        fs::create_dir_all(real.join("real/deep")).expect("folders");
        fs::create_dir_all(real.join("outside")).expect("a folder");
        fs::write(real.join("real/deep/a.js"), "inside").expect("a file");
        fs::write(real.join("outside/a.js"), "outside").expect("a file");
        (top, real)
    }

    fn text(file: io::Result<File>) -> io::Result<String> {
        let mut text = String::new();
        file?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn files_are_opened_and_links_are_not() {
        let (_top, real) = folder();
        symlink("deep", real.join("real/link")).expect("a link");
        symlink("a.js", real.join("real/deep/b.js")).expect("a link");
        for (way, open) in ways() {
            let found = text(open(&real.join("real/deep/a.js")));
            assert_eq!(found.ok().as_deref(), Some("inside"), "{way}");
            for path in [
                "real/link/a.js",
                "real/deep/b.js",
                "real/deep/c.js",
                "real/deep/a.js/x",
            ] {
                assert!(open(&real.join(path)).is_err(), "{way}: {path}");
            }
            assert!(open(&real.join("real/../outside/a.js")).is_err() || way == "usual");
            assert!(open(Path::new("Cargo.toml")).is_err(), "{way}");
            assert!(open(Path::new("/")).is_err() || way == "usual");
        }
        assert_eq!(
            text(open(&real.join("real/link/a.js"))).ok().as_deref(),
            Some("inside")
        );
        assert!(open(&real.join("real/deep/b.js")).is_err());
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let (_top, real) = folder();
        let pipe = real.join("pipe");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0)
            .expect("a pipe");
        for (way, open) in ways() {
            assert!(open(&pipe).is_ok(), "{way}");
        }
        assert!(open(&pipe).is_ok());
    }

    /// A folder that is a link in some moments, by a thread that changes it without end.
    #[test]
    fn a_folder_that_becomes_a_link_leads_nowhere() {
        for (way, open) in ways() {
            let (_top, real) = folder();
            let (path, spare) = (real.join("real/deep"), real.join("real/spare"));
            let is_over = AtomicBool::new(false);
            let seen = thread::scope(|scope| {
                scope.spawn(|| {
                    while !is_over.load(Ordering::Relaxed) {
                        let _ = fs::rename(&path, &spare);
                        let _ = symlink("../outside", &path);
                        let _ = fs::remove_file(&path);
                        let _ = fs::rename(&spare, &path);
                    }
                });
                let mut seen = Vec::new();
                let limit = Instant::now() + Duration::from_secs(20);
                for tries in 0.. {
                    if let Ok(text) = text(open(&path.join("a.js"))) {
                        seen.push(text);
                    }
                    if (tries > 20_000 && !seen.is_empty()) || Instant::now() > limit {
                        break;
                    }
                }
                // Before anything can fail: the other thread would go on for ever.
                is_over.store(true, Ordering::Relaxed);
                seen
            });
            assert!(!seen.is_empty(), "{way}: it was there at times");
            assert!(seen.iter().all(|text| text == "inside"), "{way}: {seen:?}");
        }
    }
}
