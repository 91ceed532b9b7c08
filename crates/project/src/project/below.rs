//! Projects below a folder that is in none: a repository often keeps its export in a folder of its own.

use std::path::{Path, PathBuf};

use super::configuration::CONFIGURATION_FILE;
use super::{Project, directory, exported, plain, rules, tenant_yaml};
use crate::Result;
use crate::amount;
use crate::files::{absolute, entries, file_name};

/// Folders that contain the work of others, or of tools.
const PASSED_OVER: &[&str] = &[
    "node_modules",
    "target",
    "vendor",
    "dist",
    "build",
    "coverage",
];
/// Deeper than exports are kept.
const DEEPEST: usize = 4;
/// So many folders are looked into. Below a home folder there may be any number.
const MOST_FOLDERS: usize = 2_000;

impl Project {
    /// Finds the project that a command means that was started in `folder`: the one that the folder is in, as
    /// [`Project::discover`] finds it, else the only one below it. When several are below, it returns none and their folders.
    ///
    /// # Errors
    /// As [`Project::discover`].
    pub fn find(folder: &Path) -> Result<(Option<Project>, Vec<PathBuf>)> {
        if let Some(project) = Project::discover(folder)? {
            return Ok((Some(project), Vec::new()));
        }
        let below = amount::counted(|| Ok(folders_below(folder)))?;
        match below.as_slice() {
            [only] => Ok((Project::discover(only)?, Vec::new())),
            _ => Ok((None, below)),
        }
    }
}

/// The folders of projects below a folder, by name; those in a project belong to it.
fn folders_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut level = vec![absolute(folder)];
    let mut seen = 0;
    for _ in 0..DEEPEST {
        let mut next = Vec::new();
        for path in level.iter().flat_map(|folder| entries(folder)) {
            let name = file_name(&path);
            let is_exceeded_over = name.starts_with('.') || PASSED_OVER.contains(&name.as_str());
            // A link may lead out of the folder, or up again.
            if is_exceeded_over || path.is_symlink() || !path.is_dir() {
                continue;
            }
            seen += 1;
            if seen > MOST_FOLDERS {
                return found;
            }
            match is_project(&path) {
                true => found.push(path),
                false => next.push(path),
            }
        }
        level = next;
    }
    found
}

fn is_project(folder: &Path) -> bool {
    folder.join(CONFIGURATION_FILE).is_file()
        || directory::is_root(folder)
        || rules::is_root(folder)
        || exported::is_root(folder)
        || tenant_yaml::find(folder).is_some()
        || super::terraform::is_root(folder)
        || plain::load(folder).is_some()
}
