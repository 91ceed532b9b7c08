//! The file of stored outcomes: one section for each case.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use postlogin_project::{Boundary, Error, LARGEST_FILE};

use crate::output::write_whole;

/// The first line. Other tools have `.snap` files, too.
const HEADER: &str =
    "# postlogin snapshots 1: change them with `postlogin test --review` or `--update`";

/// The beginning of the first line in every version.
const MARK: &str = "# postlogin snapshots ";

/// The beginning of a section's first line.
const SECTION: &str = "=== ";

/// The sections of a file, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sections(Vec<(String, String)>);

impl Sections {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, text)| text.as_str())
    }

    pub(super) fn set(&mut self, name: &str, text: &str) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => text.clone_into(known),
            None => self.0.push((name.to_owned(), text.to_owned())),
        }
    }

    pub(super) fn take(&mut self, name: &str) {
        self.0.retain(|(known, _)| known != name);
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The file in which outcomes wait for a review.
pub fn pending_file(snapshot: &Path) -> PathBuf {
    let name = snapshot.file_name().unwrap_or_default().to_string_lossy();
    snapshot.with_file_name(format!("{name}.new"))
}

/// Whether this is a file of stored outcomes of ours, by its first bytes. What cannot be opened is none.
pub(super) fn is_stored(path: &Path) -> bool {
    let is_named = path
        .extension()
        .is_some_and(|extension| extension == "snap");
    is_named && around(path).begins_with(path, MARK.as_bytes())
}

/// The project of a file beside its cases.
fn around(path: &Path) -> Boundary {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    Boundary::around(folder.unwrap_or(Path::new(".")))
}

/// Returns the sections of a file beside its cases; none if it is not there. `shown` is its name in a message.
///
/// # Errors
/// When it is there and cannot be read: a stored outcome must not count as missing.
pub(crate) fn read(path: &Path, shown: &str) -> Result<Sections, Error> {
    if let Err(error) = path.symlink_metadata()
        && error.kind() == io::ErrorKind::NotFound
    {
        return Ok(Sections::default());
    }
    match around(path).read_text(path, shown) {
        Ok(text) => Ok(parse(&text)),
        Err(error) if error.hint.is_some() => Err(error),
        Err(error) => Err(error.with_hint(
            "restore the file of stored outcomes from version control, or delete it and run `postlogin test --update`",
        )),
    }
}

fn parse(text: &str) -> Sections {
    let mut sections = Sections::default();
    let mut current: Option<(String, Vec<&str>)> = None;
    let mut close = |section: Option<(String, Vec<&str>)>| {
        if let Some((name, lines)) = section {
            sections.set(&name, lines.join("\n").trim());
        }
    };
    for line in text.lines() {
        if let Some(name) = line.strip_prefix(SECTION) {
            close(current.replace((name.trim().to_owned(), Vec::new())));
        } else if let Some((_, lines)) = &mut current {
            lines.push(line);
        }
    }
    close(current);
    sections
}

/// Writes the file beside its place and renames it, so that no reader ever sees half of it.
pub(super) fn write(path: &Path, sections: &Sections) -> io::Result<()> {
    let mut text = format!("{HEADER}\n");
    for (name, section) in &sections.0 {
        text.push_str(&format!("\n{SECTION}{name}\n{section}\n"));
    }
    // A larger file could not be read again.
    if text.len() as u64 > LARGEST_FILE {
        return Err(io::Error::other(format!(
            "{}: the outcomes of its cases have more than {} MiB; move some cases to another file",
            path.display(),
            LARGEST_FILE >> 20
        )));
    }
    write_whole(path, text.as_bytes())
}

pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
