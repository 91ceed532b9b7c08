//! Finding files of cases.

use std::path::{Path, PathBuf};

use crate::door::admit_argument;
use crate::files::{absolute, display_path, entries, file_name};
use crate::{Error, Result};

/// The endings of files of cases.
const ENDINGS: &[&str] = &[".case.yaml", ".case.yml", ".case.json"];

/// The stem of the file that gives defaults to a folder.
const DEFAULTS: &str = "defaults";

/// Folders that hold no cases of the team's own.
const NEVER: &[&str] = &["node_modules", "target"];

/// The files that paths of the command line mean.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FoundCases {
    /// Files of cases, in order, each once.
    pub files: Vec<PathBuf>,
    /// Snapshot files (`.snap`, `.snap.new`) in the folders that were looked through.
    pub snapshots: Vec<PathBuf>,
}

/// Finds the files of cases in files and folders. Hidden folders, `node_modules` and `target` are left out.
///
/// # Errors
/// When a path does not exist, or names a file that is none of cases.
pub fn find_case_files(paths: &[PathBuf], working_folder: &Path) -> Result<FoundCases> {
    let working_folder = absolute(working_folder);
    let mut found = FoundCases::default();
    for path in paths {
        let path = absolute(&working_folder.join(path));
        let shown = display_path(&path, &working_folder);
        admit_argument(&path, &shown)?;
        if path.is_dir() {
            walk(&path, &mut found);
        } else if !path.exists() {
            return Err(Error::new("no such file or folder").in_file(&shown));
        } else if !is_case_file(&path) {
            return Err(Error::new("this is not a file of cases")
                .in_file(&shown)
                .with_hint("the name of a file of cases ends with .case.yaml or .case.json"));
        } else {
            found.files.push(path);
        }
    }
    found.files.sort();
    found.files.dedup();
    found.snapshots.sort();
    found.snapshots.dedup();
    Ok(found)
}

fn walk(folder: &Path, found: &mut FoundCases) {
    for path in entries(folder) {
        let name = file_name(&path);
        // A link may lead back up.
        let is_link = path.is_symlink();
        if path.is_dir() {
            let passed = name.starts_with('.') || NEVER.contains(&name.as_str());
            if !passed && !is_link {
                walk(&path, found);
            }
        } else if is_case_file(&path) {
            if stem(&path) != DEFAULTS {
                found.files.push(path);
            }
        } else if name.ends_with(".snap") || name.ends_with(".snap.new") {
            found.snapshots.push(path);
        }
    }
}

fn is_case_file(path: &Path) -> bool {
    let name = file_name(path).to_ascii_lowercase();
    ENDINGS.iter().any(|ending| {
        name.strip_suffix(ending)
            .is_some_and(|stem| !stem.is_empty())
    })
}

/// The name of a file of cases without its ending.
pub(super) fn stem(path: &Path) -> String {
    let name = file_name(path);
    let ending = ENDINGS
        .iter()
        .find(|ending| name.to_ascii_lowercase().ends_with(*ending));
    let length = ending.map_or(0, |ending| ending.len());
    name.get(..name.len().saturating_sub(length))
        .unwrap_or(&name)
        .to_owned()
}

/// The files with defaults that hold for a file, outermost first: those of the folders from `top` down to its own.
pub(super) fn defaults_of(file: &Path, top: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<&Path> = Vec::new();
    for folder in file.ancestors().skip(1) {
        folders.push(folder);
        if folder == top {
            break;
        }
    }
    // A file outside of the top has only its own folder's.
    if folders.last() != Some(&top) {
        folders.truncate(1);
    }
    let mut found = Vec::new();
    for folder in folders.into_iter().rev() {
        let candidates = ENDINGS
            .iter()
            .map(|ending| folder.join(format!("{DEFAULTS}{ending}")));
        found.extend(candidates.filter(|path| path.is_file()).take(1));
    }
    found
}
