//! Opens files whose paths come from others.
//!
//! A path that was checked can mean another file by the time that it is opened: a folder on the way may have become a link. Looking
//! again after opening does not help, since it may have become a folder once more. So the system is asked to open without following
//! a link anywhere ([`open_without_links`]).
//!
//! Which paths are admitted is decided by whoever calls this: `postlogin-project` for files that a project names, `postlogin-js`
//! for files of packages.

use std::{fs::File, io, path::Path};

/// Opens a file for reading, unless its last component is a link. Links before it are followed. A pipe does not wait for its other end.
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

/// As on Unix.
///
/// # Errors
/// Those of the system; a link is one.
#[cfg(windows)]
pub fn open(path: &Path) -> io::Result<File> {
    let _held = windows::hold(path)?;
    File::open(path)
}

/// As on Unix, but a link is looked for before the file is opened.
///
/// # Errors
/// Those of the system; a link is one.
#[cfg(not(any(unix, windows)))]
pub fn open(path: &Path) -> io::Result<File> {
    match path.symlink_metadata()?.is_symlink() {
        true => Err(is_a_link()),
        false => File::open(path),
    }
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

/// Opens a file for reading by an absolute path that had no links when it was admitted ([`Path::canonicalize`]).
///
/// # Errors
/// Those of the system; [`io::ErrorKind::InvalidInput`] for another kind of path. A link on the way is an error.
#[cfg(windows)]
pub fn open_without_links(real: &Path) -> io::Result<File> {
    windows::open_held(real)
}

/// Opens a file for reading, and looks once whether its path has links. The standard library offers no more on this system.
///
/// # Errors
/// Those of the system; a link on the way.
#[cfg(not(any(unix, windows)))]
pub fn open_without_links(real: &Path) -> io::Result<File> {
    let file = File::open(real)?;
    match real.canonicalize()? == real {
        true => Ok(file),
        false => Err(is_a_link()),
    }
}

#[cfg(not(unix))]
fn is_a_link() -> io::Error {
    io::Error::other("there is a link on the way")
}

/// Windows has no call that refuses links anywhere in a path. But what is open without `FILE_SHARE_DELETE` can be neither renamed nor
/// deleted, so a folder that is held, and that is not a link, stays what it is until the file in it is open.
/// <https://learn.microsoft.com/en-us/windows/win32/fileio/creating-and-opening-files>
#[cfg(windows)]
mod windows {
    use std::{
        fs::{File, OpenOptions},
        io,
        os::windows::fs::OpenOptionsExt as _,
        path::{Component, Path, PathBuf},
    };

    // <https://learn.microsoft.com/en-us/windows/win32/fileio/file-access-rights-constants>. Handles that may only read attributes are
    // left out when the system compares sharing; `FILE_EXECUTE`, for a folder the right to pass through it, is not.
    const FILE_EXECUTE: u32 = 0x20;
    const FILE_READ_DATA: u32 = 0x01;
    const FILE_READ_ATTRIBUTES: u32 = 0x80;
    const FILE_SHARE_READ_WRITE: u32 = 0x3;
    // <https://learn.microsoft.com/en-us/windows/win32/api/fileapi/nf-fileapi-createfilew>. The first opens folders, the second links
    // themselves.
    const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
    const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;

    fn held(path: &Path, access: u32) -> io::Result<File> {
        let file = OpenOptions::new()
            .access_mode(access | FILE_READ_ATTRIBUTES)
            .share_mode(FILE_SHARE_READ_WRITE)
            .custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT)
            .open(path)?;
        // Junctions are among them; placeholders of a cloud drive are not.
        match file.metadata()?.is_symlink() {
            true => Err(super::is_a_link()),
            false => Ok(file),
        }
    }

    /// Keeps a file from being renamed or replaced until the result is dropped.
    pub(super) fn hold(path: &Path) -> io::Result<File> {
        held(path, FILE_READ_DATA)
    }

    /// The same of a folder. One that the user may pass through but not open is only looked at: it is above what belongs to the user.
    fn hold_folder(path: &Path) -> io::Result<File> {
        match held(path, FILE_EXECUTE) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => held(path, 0),
            opened => opened,
        }
    }

    /// Opens one folder after the other, holds all, and opens the file.
    pub(super) fn open_held(real: &Path) -> io::Result<File> {
        let mut parts = real.components();
        let (Some(prefix @ Component::Prefix(_)), Some(root @ Component::RootDir)) =
            (parts.next(), parts.next())
        else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let mut path: PathBuf = [prefix, root].iter().collect();
        let mut holding = vec![hold_folder(&path)?];
        let mut parts = parts.peekable();
        while let Some(part) = parts.next() {
            let Component::Normal(name) = part else {
                return Err(io::ErrorKind::InvalidInput.into());
            };
            path.push(name);
            if parts.peek().is_none() {
                holding.push(hold(&path)?);
                return File::open(&path);
            }
            holding.push(hold_folder(&path)?);
        }
        Err(io::ErrorKind::IsADirectory.into())
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

#[cfg(all(test, windows))]
mod tests {
    use std::{fs, io::Read as _};

    use super::*;

    #[test]
    fn files_are_opened_and_their_folders_held() {
        let top = tempfile::tempdir().expect("a folder");
        let real = top.path().canonicalize().expect("it is there");
        fs::create_dir_all(real.join("real/deep")).expect("folders");
        fs::write(real.join("real/deep/a.js"), "inside").expect("a file");
        let path = real.join("real").join("deep").join("a.js");
        for open in [open, open_without_links] {
            let mut text = String::new();
            open(&path)
                .and_then(|mut file| file.read_to_string(&mut text))
                .expect("a file");
            assert_eq!(text, "inside");
            assert!(open(&real.join("b.js")).is_err());
        }
        for wrong in [Path::new("Cargo.toml"), real.join("real").as_path()] {
            assert!(open_without_links(wrong).is_err(), "{}", wrong.display());
        }
        // Nothing is held any more.
        fs::rename(real.join("real"), real.join("moved")).expect("renamed");
        let held = windows::hold(&real.join("moved/deep/a.js")).expect("a file");
        assert!(fs::remove_file(real.join("moved/deep/a.js")).is_err());
        drop(held);
        fs::remove_file(real.join("moved/deep/a.js")).expect("removed");
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
