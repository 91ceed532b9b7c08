//! The file of stored outcomes: one section for each case.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use postlogin_project::Boundary;

/// The first line. Other tools have `.snap` files, too.
const HEADER: &str =
    "# postlogin snapshots 1: change them with `postlogin test --review` or `--update`";

/// What the first line begins with, in every version.
const MARK: &str = "# postlogin snapshots ";

/// What the first line of a section begins with.
const SECTION: &str = "=== ";

/// The sections of a file, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sections(Vec<(String, String)>);

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

/// Whether this is a file of stored outcomes of ours.
pub(super) fn is_stored(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "snap")
        && text_of(path).is_some_and(|text| text.starts_with(MARK))
}

/// The sections of a file; none if it is not there.
pub(super) fn read(path: &Path) -> Sections {
    parse(&text_of(path).unwrap_or_default())
}

/// The text of a file beside its cases. One that is a link out of the project is none, as one that is not there; the
/// plan refuses it before anything runs.
fn text_of(path: &Path) -> Option<String> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let within = Boundary::around(folder.unwrap_or(Path::new(".")));
    within.read_text(path, "").ok()
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

/// Writes the file beside its place and renames it, so that nobody ever sees half of it.
pub(super) fn write(path: &Path, sections: &Sections) -> io::Result<()> {
    let mut text = format!("{HEADER}\n");
    for (name, section) in &sections.0 {
        text.push_str(&format!("\n{SECTION}{name}\n{section}\n"));
    }
    write_whole(path, text.as_bytes())
}

/// Writes a file beside its place and renames it.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}", std::process::id()));
    // What is there is left of a run that was killed, or a link that somebody placed: it is not written through.
    let _ = fs::remove_file(&beside);
    let written = fs::File::create_new(&beside)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // What is left of it is of no use; the first error is the one to tell.
        let _ = fs::remove_file(&beside);
    }
    written.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
