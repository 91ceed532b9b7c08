//! Outcomes that wait to be accepted or rejected.

use std::io;
use std::path::{Path, PathBuf};

use postlogin_project::{Error, display_path};

use super::file::{self, Sections, pending_file};

/// An outcome that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// The snapshot file.
    pub file: PathBuf,
    /// The case.
    pub case: String,
    /// The stored text; `None` when there is none.
    pub stored: Option<String>,
    /// The text that waits.
    pub current: String,
}

/// The decision about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is stored.
    Accept,
    /// It goes.
    Reject,
}

/// Returns everything that waits for the files of cases. Messages show files relative to `working_folder`.
///
/// # Errors
/// When a file of outcomes cannot be read.
pub fn pending(case_files: &[PathBuf], working_folder: &Path) -> Result<Vec<Pending>, Error> {
    let mut found = Vec::new();
    for case_file in case_files {
        let path = postlogin_project::cases::snapshot_file(case_file);
        let read = |path: &Path| file::read(path, &display_path(path, working_folder));
        let stored = read(&path)?;
        let waiting = read(&pending_file(&path))?;
        for case in waiting.names() {
            found.push(Pending {
                file: path.clone(),
                case: case.to_owned(),
                stored: stored.get(case).map(str::to_owned),
                current: waiting.get(case).unwrap_or_default().to_owned(),
            });
        }
    }
    Ok(found)
}

/// Stores or drops what waits.
///
/// # Errors
/// When a file cannot be read or written.
pub fn settle(pending: &Pending, verdict: Verdict) -> io::Result<()> {
    if verdict == Verdict::Accept {
        let mut stored = read(&pending.file)?;
        stored.set(&pending.case, &pending.current);
        file::write(&pending.file, &stored)?;
    }
    let waiting = pending_file(&pending.file);
    let mut left = read(&waiting)?;
    left.take(&pending.case);
    write_or_remove(&waiting, &left)
}

fn read(path: &Path) -> io::Result<Sections> {
    file::read(path, &path.to_string_lossy()).map_err(io::Error::other)
}

fn write_or_remove(path: &Path, sections: &Sections) -> io::Result<()> {
    match sections.is_empty() {
        true => file::remove(path),
        false => file::write(path, sections),
    }
}
