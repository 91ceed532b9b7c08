//! Paths in exports of all ages.
//!
//! Until January 2025 the Deploy CLI wrote the path of an Action's code with the folder of the export in front, or as an
//! absolute path of the machine that exported. Sources: auth0-deploy-cli pull request 1009, issues 439 and 899.

use std::path::{Path, PathBuf};

use crate::Error;
use crate::door::Boundary;
use crate::files::{configured_path, display_path};

/// Returns the file that a path of an export means, relative to `root`; `folder` is where exports keep such files (`actions`).
/// When there is no file at the path but one at its end from `folder` on, it is that one, with a notice.
pub(super) fn located(
    root: &Path,
    written: &str,
    folder: &str,
    declared_in: &Path,
) -> (PathBuf, Option<Error>) {
    let direct = configured_path(root, written);
    if direct.exists() && Boundary::around(root).admit(&direct, written).is_ok() {
        return (direct, None);
    }
    let parts: Vec<&str> = written.split(['/', '\\']).collect();
    let starts = parts.iter().enumerate().rev();
    let starts = starts.filter(|(_, part)| **part == folder);
    for (start, _) in starts {
        let Some(tail) = parts.get(start..) else {
            continue;
        };
        let path = configured_path(root, &tail.join("/"));
        if path != direct && path.is_file() {
            let notice = Error::new(format!(
                "`code` is {written:?}, which does not exist; read {} instead",
                display_path(&path, root)
            ));
            let notice = notice.in_file(&display_path(declared_in, root)).with_hint(
                "versions of the Deploy CLI before 2025 wrote such paths; export again, or write the path relative to the folder of the export",
            );
            return (path, Some(notice));
        }
    }
    (direct, None)
}

/// The marks of an export in a folder without Actions and Rules: folders of it, and the contents of one of their files.
const MARKS: &[(&str, &[&str])] = &[
    ("triggers", &["\"action_name\""]),
    ("action-modules", &["\"code\""]),
    (
        "clients",
        &["\"app_type\"", "\"grant_types\"", "\"oidc_conformant\""],
    ),
    ("connections", &["\"strategy\""]),
    ("resource-servers", &["\"identifier\""]),
    ("grants", &["\"audience\""]),
];

/// Whether a folder without Actions and Rules is an export all the same: by the text of its files, since a broken file should
/// be reported and not make the project vanish.
pub(super) fn is_root(folder: &Path) -> bool {
    let within = Boundary::around(folder);
    MARKS.iter().any(|(part, words)| {
        let mut files = crate::files::entries(&folder.join(part));
        files.retain(|path| crate::files::extension(path) == "json");
        files
            .iter()
            .any(|path| words.iter().any(|word| within.mentions(path, word)))
    })
}

#[cfg(test)]
mod tests;
