//! Opens regular files, and reads them up to a limit.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use postlogin_files::open_without_links;

use crate::{Error, Result};

/// Reads a regular file whose path has no links.
pub(super) fn regular(real: &Path, shown: &str, most: u64) -> Result<Vec<u8>> {
    let file = opened(real, shown)?;
    let size = file.metadata().map_err(|error| unreadable(&error, shown))?;
    // Else a file that is asked for again and again is read up to the limit each time.
    if size.len() > most {
        return Err(too_large(shown, most));
    }
    bounded(file, shown, most)
}

/// Opens a regular file whose path has no links. A device need not end.
pub(super) fn opened(real: &Path, shown: &str) -> Result<File> {
    // The path was checked before: a folder on the way may have become a link since.
    let file = open_without_links(real).map_err(|error| unreadable(&error, shown))?;
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
    Ok(file)
}

pub(super) fn bounded(file: impl Read, shown: &str, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more shows that there is more.
    let read = file.take(most + 1).read_to_end(&mut bytes);
    read.map_err(|error| unreadable(&error, shown))?;
    if bytes.len() as u64 > most {
        return Err(too_large(shown, most));
    }
    Ok(bytes)
}

fn too_large(shown: &str, most: u64) -> Error {
    let message = format!("cannot read the file: it has more than {} MiB", most >> 20);
    Error::new(message).in_file(shown)
}

pub(super) fn unreadable(error: &io::Error, shown: &str) -> Error {
    let reason = match error.kind() {
        ErrorKind::NotFound => "no such file".to_owned(),
        ErrorKind::IsADirectory => "it is a folder, not a file".to_owned(),
        _ => error.to_string(),
    };
    Error::new(format!("cannot read the file: {reason}")).in_file(shown)
}
