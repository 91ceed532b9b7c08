//! The one way to write a file that a command makes.
//!
//! The user chooses its name, and a project can have committed a link of that name, or in its place a folder that is a link. So
//! nothing is ever written through a link: a file is written under a new name beside its place and renamed, and a path below the
//! working folder stays below it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Who can read a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Readers {
    All,
    Owner,
}

/// Writes a file that the user named, whole or not at all. A pipe or a device that has the name is written to.
///
/// # Errors
/// When it cannot be written, or a link leads out of the working folder.
pub fn write_output(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if !is_open_ended(path) {
        refuse_detour(path)?;
    }
    write_with(path, Readers::All, |file| file.write_all(bytes))
}

/// As [`write_output`], in a folder that is made if it is not there.
///
/// # Errors
/// As [`write_output`].
pub fn write_output_in_folder(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if !is_open_ended(path)
        && let Some(folder) = path.parent()
    {
        refuse_detour(path)?;
        fs::create_dir_all(folder)?;
    }
    write_output(path, bytes)
}

/// Writes a file that is not there yet, whole or not at all, and through no link.
///
/// # Errors
/// When there is something of this name, or it cannot be written.
pub fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    let written = file.write_all(bytes);
    if written.is_err() {
        // On a full disk a part of it would stay, which is taken for the user's own later.
        let _ = fs::remove_file(path);
    }
    written
}

/// Writes a file that its owner alone can read, whole or not at all.
///
/// # Errors
/// When it cannot be written.
pub fn write_private(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    write_with(path, Readers::Owner, write)
}

/// Makes an empty file that its owner alone can read, in the place of a file or link of this name.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn new_private_file(path: &Path) -> io::Result<File> {
    write_with(path, Readers::Owner, |_| Ok(()))?;
    // It was made a moment ago, in a folder of the user's.
    OpenOptions::new().write(true).open(path)
}

fn write_with(
    path: &Path,
    readers: Readers,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let mut new = NewFile::begin(path, readers)?;
    write(&mut new.file)?;
    new.put()
}

/// Refuses a path below the working folder that links lead out of it. Paths elsewhere are the user's own.
///
/// # Errors
/// With the folder that it leads to.
pub fn refuse_detour(path: &Path) -> io::Result<()> {
    let here = std::env::current_dir()?;
    let below = match path.is_absolute() {
        true => path.strip_prefix(&here).ok(),
        false => Some(path),
    };
    let is_name = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    let Some(below) = below.filter(|below| below.components().all(is_name)) else {
        return Ok(());
    };
    let folder = here.join(below);
    let mut above = folder.ancestors().skip(1);
    // The first that is there; the others are made.
    let real = above.find_map(|above| above.canonicalize().ok());
    let top = here.canonicalize()?;
    match real {
        Some(real) if !real.starts_with(&top) => Err(io::Error::other(format!(
            "a link leads out of the working folder, to {}; name that folder instead, if it is meant",
            real.display()
        ))),
        _ => Ok(()),
    }
}

/// Whether a path is a pipe or a device by itself, not by a link: `/dev/stdout`, `>(gzip)` of a shell, a named pipe.
#[cfg(unix)]
fn is_open_ended(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;

    let is_open_already = ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc/self/fd"]
        .iter()
        .any(|open| path.starts_with(open));
    let kind = path.symlink_metadata().map(|found| found.file_type());
    is_open_already
        || kind.is_ok_and(|kind| kind.is_fifo() || kind.is_char_device() || kind.is_block_device())
}

#[cfg(not(unix))]
fn is_open_ended(_: &Path) -> bool {
    false
}

/// Writes a file beside its place and renames it. Errors name the path.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut new = NewFile::beside(path)?;
    new.write_all(bytes)?;
    new.store()
}

/// A file that is written beside its place. Unless it is stored, it goes when it is dropped. A pipe or a device that has the name is
/// written to.
pub(crate) struct NewFile {
    path: PathBuf,
    /// Where it is until it is stored; `None` when there is nothing to rename.
    beside: Option<PathBuf>,
    file: File,
}

impl NewFile {
    /// Begins a file that is to be at `path`.
    ///
    /// # Errors
    /// When it cannot be created. All errors name the path.
    pub(crate) fn beside(path: &Path) -> io::Result<Self> {
        Self::begin(path, Readers::All).map_err(|error| named(path, &error))
    }

    fn begin(path: &Path, readers: Readers) -> io::Result<Self> {
        if is_open_ended(path) {
            return Ok(Self {
                path: path.to_owned(),
                beside: None,
                file: OpenOptions::new().append(true).open(path)?,
            });
        }
        // Two reports may have the same path.
        static FILES: AtomicUsize = AtomicUsize::new(0);
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let beside = path.with_file_name(format!(".{name}.{}.{number}", std::process::id()));
        // What is there is left of a run that was killed, or a link that was placed there: it is not written through.
        let _ = fs::remove_file(&beside);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if readers == Readers::Owner {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        #[cfg(not(unix))]
        let _ = readers;
        let file = options.open(&beside)?;
        Ok(Self {
            path: path.to_owned(),
            beside: Some(beside),
            file,
        })
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    /// When it cannot be renamed.
    pub(crate) fn store(mut self) -> io::Result<()> {
        self.put().map_err(|error| named(&self.path, &error))
    }

    fn put(&mut self) -> io::Result<()> {
        if let Some(beside) = &self.beside {
            fs::rename(beside, &self.path)?;
        }
        self.beside = None;
        Ok(())
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes);
        written.map_err(|error| named(&self.path, &error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if let Some(beside) = &self.beside {
            // What is left of it is of no use; the first error is the one to report.
            let _ = fs::remove_file(beside);
        }
    }
}

/// The same error with the path. It keeps its kind, so that a caller still tries again after an interruption.
fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_replaced_and_not_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("mine"), "trusted").expect("a file");
        for (name, write) in [
            ("a", write_output as fn(&Path, &[u8]) -> io::Result<()>),
            ("b", write_output_in_folder),
            ("c", write_whole),
            ("d", |path, bytes| {
                write_private(path, |file| file.write_all(bytes))
            }),
            ("e", |path, bytes| new_private_file(path)?.write_all(bytes)),
        ] {
            #[cfg(unix)]
            std::os::unix::fs::symlink(path("mine"), path(name)).expect("a link");
            write(&path(name), b"new").expect(name);
            assert_eq!(
                fs::read_to_string(path("mine")).expect("it is there"),
                "trusted",
                "{name}"
            );
            assert_eq!(
                fs::read_to_string(path(name)).expect("it is there"),
                "new",
                "{name}"
            );
            assert!(!path(name).is_symlink(), "{name}");
        }
        let left = fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(left, 6, "nothing is left beside the files");
    }

    /// A container's root could else rename a report over /dev/stdout.
    #[test]
    #[cfg(unix)]
    fn pipes_are_written_to_and_stay() {
        use std::os::unix::fs::FileTypeExt as _;

        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.expect("it runs").success());
        for write in [
            write_output as fn(&Path, &[u8]) -> io::Result<()>,
            write_output_in_folder,
            write_whole,
            |path, bytes| write_private(path, |file| file.write_all(bytes)),
            |path, bytes| {
                let mut new = NewFile::beside(path)?;
                new.write_all(bytes)?;
                new.store()
            },
        ] {
            let read = std::thread::scope(|scope| {
                let reader = scope.spawn(|| fs::read_to_string(&pipe));
                write(&pipe, b"new").expect("it is written");
                reader.join().expect("it ends")
            });
            assert_eq!(read.expect("it is read"), "new");
            let kind = pipe.symlink_metadata().expect("it is there").file_type();
            assert!(kind.is_fifo());
        }
        let left = fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(left, 1, "nothing is left beside it");
    }

    #[test]
    #[cfg(unix)]
    fn what_is_private_is_its_owners() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rows");
        write_private(&path, |file| file.write_all(b"x")).expect("written");
        let mode = fs::metadata(&path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
