//! Opens regular files, and reads them up to a limit.

#[cfg(unix)]
use std::fs::OpenOptions;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use crate::{Error, Result};

/// Reads a regular file whose path has no links.
pub(super) fn regular(real: &Path, shown: &str, most: u64) -> Result<Vec<u8>> {
    bounded(opened(real, shown)?, shown, most)
}

/// Opens a regular file whose path has no links. A device need not end.
pub(super) fn opened(real: &Path, shown: &str) -> Result<File> {
    let file = open(real).map_err(|error| unreadable(&error, shown))?;
    let meta = file.metadata().map_err(|error| unreadable(&error, shown))?;
    if meta.is_dir() {
        return Err(unreadable(&ErrorKind::IsADirectory.into(), shown));
    }
    if !meta.is_file() {
        let error = Error::new("cannot read the file: it is not a regular file");
        return Err(error
            .in_file(shown)
            .with_hint("pipes and devices cannot be files of a project"));
    }
    // The path was checked before the file was opened: a folder on the way may have become a link in between. What is
    // read is what was opened, so that is what has to be at the path.
    if !is_at(&meta, real) {
        let error = Error::new("cannot read the file: it was replaced while it was opened");
        return Err(error.in_file(shown).with_hint("run the command again"));
    }
    Ok(file)
}

/// Opens a file for reading. A link is not followed, and a pipe does not wait for its other end.
#[cfg(unix)]
pub(super) fn open(real: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    use rustix::fs::OFlags;

    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut options = OpenOptions::new();
    // The bits are those of the system's `int`.
    options
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(real)
}

#[cfg(not(unix))]
pub(super) fn open(real: &Path) -> io::Result<File> {
    File::open(real)
}

/// Whether an opened file is the one at a path without links.
fn is_at(opened: &Metadata, real: &Path) -> bool {
    let is_real = real.canonicalize().is_ok_and(|now| now == real);
    is_real && fs::symlink_metadata(real).is_ok_and(|there| is_same(opened, &there))
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;

    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Where files have no number in the standard library, the path alone decides.
#[cfg(not(unix))]
fn is_same(_: &Metadata, there: &Metadata) -> bool {
    there.is_file()
}

pub(super) fn bounded(file: impl Read, shown: &str, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more shows that there is more.
    let read = file.take(most + 1).read_to_end(&mut bytes);
    read.map_err(|error| unreadable(&error, shown))?;
    if bytes.len() as u64 > most {
        let message = format!("cannot read the file: it has more than {} MiB", most >> 20);
        return Err(Error::new(message).in_file(shown));
    }
    Ok(bytes)
}

pub(super) fn unreadable(error: &io::Error, shown: &str) -> Error {
    let reason = match error.kind() {
        ErrorKind::NotFound => "no such file".to_owned(),
        ErrorKind::IsADirectory => "it is a folder, not a file".to_owned(),
        _ => error.to_string(),
    };
    Error::new(format!("cannot read the file: {reason}")).in_file(shown)
}
