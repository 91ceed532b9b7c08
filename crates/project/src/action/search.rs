//! Actions in a folder that is none itself.

use std::path::{Path, PathBuf};

use postlogin_core::trigger::Exported;

use super::find::SCRIPTS;
use super::{ActionKind, ActionSource, Allowance, NamedBy, resolve_action};
use crate::Result;
use crate::door::Boundary;
use crate::files::{absolute, display_path, entries, extension, file_name, normalize};
use crate::project::Project;

/// Folders that hold the work of others, or of tools.
const PASSED_OVER: &[&str] = &["node_modules", "target"];
/// Deeper than Actions are kept.
const DEEPEST: usize = 8;

/// The Actions in and below a folder: those that the project's configuration has there, with the scripts that
/// it should describe, else the scripts that export a handler of a trigger. Relative paths are relative to `working_folder`.
///
/// One that cannot be read does not hide the others: its error is in its place.
pub fn actions_below(
    folder: &Path,
    working_folder: &Path,
    project: Option<&Project>,
    left: &mut Allowance,
) -> Vec<Result<ActionSource>> {
    let mut admitted = |source: Result<ActionSource>| {
        source.and_then(|source| left.admit(&source).map(|()| source))
    };
    let folder = normalize(&absolute(working_folder).join(folder));
    if let Some(project) = project {
        let is_below = |path: &Path| normalize(path).starts_with(&folder);
        let declared: Vec<_> = project
            .actions
            .iter()
            .filter(|action| is_below(&action.declared_in) || is_below(&action.code))
            // An Action in Rust has no text to be read.
            .filter(|action| action.code.is_file() || !is_package(&action.code))
            .collect();
        if !declared.is_empty() {
            let declared = declared.into_iter();
            let declared = declared.map(|action| project.source(action, working_folder));
            let undescribed = project.remarks.undescribed.iter();
            let undescribed = undescribed.filter(|one| is_below(&one.code)).map(|one| {
                resolve_action(
                    &one.code.to_string_lossy(),
                    working_folder,
                    Some(project),
                    NamedBy::Project,
                )
            });
            return declared.chain(undescribed).map(admitted).collect();
        }
    }
    let mut scripts = Vec::new();
    collect(&folder, 0, &mut scripts);
    let mut found = Vec::new();
    let within = Boundary::around(&folder);
    for path in scripts {
        let is_within = within.admit(&path, &display_path(&path, working_folder));
        if is_within.is_ok() && !path.is_file() {
            continue;
        }
        let source = is_within.and_then(|()| {
            resolve_action(
                &path.to_string_lossy(),
                working_folder,
                project,
                NamedBy::Project,
            )
        });
        let is_action = match &source {
            Ok(source) => {
                matches!(&source.kind, ActionKind::Script { text, .. } if has_handler(text))
            }
            Err(_) => true,
        };
        if is_action {
            found.push(admitted(source));
        }
    }
    found
}

fn is_package(code: &Path) -> bool {
    code.parent()
        .is_some_and(|folder| folder.join("Cargo.toml").is_file())
}

/// Whether a text names a handler of any trigger, or exports what has the form of one.
pub(crate) fn has_handler(text: &str) -> bool {
    let parts = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let mut before = "";
    for name in parts {
        match Exported::of(name) {
            Exported::Handler(..) | Exported::WithoutContract(_) => return true,
            // Components of pages have properties of such names, too.
            Exported::UnknownHandler if before == "exports" => return true,
            Exported::UnknownHandler | Exported::Other => {}
        }
        before = name;
    }
    false
}

fn collect(folder: &Path, depth: usize, scripts: &mut Vec<PathBuf>) {
    for path in entries(folder) {
        let name = file_name(&path);
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            // A link may lead out of the project, or up again.
            if !path.is_symlink() && depth < DEEPEST && !PASSED_OVER.contains(&name.as_str()) {
                collect(&path, depth + 1, scripts);
            }
        } else if SCRIPTS.contains(&extension(&path).as_str()) && !is_beside_an_action(&name) {
            scripts.push(path);
        }
    }
}

/// Tests and type declarations name handlers and export none.
pub(crate) fn is_beside_an_action(name: &str) -> bool {
    [".test.", ".spec.", ".d."]
        .iter()
        .any(|mark| name.contains(mark))
}
