//! The folder form of a configuration: `actions/<name>.json`, `actions/<name>/code.js`, `triggers/triggers.json`.

use std::path::{Path, PathBuf};

use super::manifest::Manifest;
use super::{Action, Project, read_configuration, read_mappings, read_triggers};
use crate::Result;
use crate::files::{configured_path, display_path, entries, extension, file_name, file_stem};
use crate::keywords::KeywordMappings;

/// A folder with a file of an Action in `actions/`.
pub(super) fn is_root(folder: &Path) -> bool {
    // By the text, not by parsing: a broken file should be reported, not make the project vanish.
    manifest_paths(folder)
        .iter()
        .any(|path| mentions(path, "\"supported_triggers\""))
}

pub(super) fn load(root: &Path) -> Result<Project> {
    let mappings = read_mappings(root)?;
    let mut actions = Vec::new();
    for path in manifest_paths(root) {
        if let Some(action) = load_action(&path, root, &mappings)? {
            actions.push(action);
        }
    }
    let triggers_file = entries(&root.join("triggers"))
        .into_iter()
        .find(|path| extension(path) == "json");
    let triggers = match triggers_file {
        Some(path) => read_triggers(
            &read_configuration(&path, root, &mappings)?,
            &display_path(&path, root),
        )?,
        None => Vec::new(),
    };
    Ok(Project {
        root: root.to_owned(),
        mappings,
        actions,
        triggers,
    })
}

/// Reads the file of an Action; `None` if it is a JSON file of something else.
pub(crate) fn load_action(
    path: &Path,
    root: &Path,
    mappings: &KeywordMappings,
) -> Result<Option<Action>> {
    // Other JSON (tsconfig.json, with its comments) may stand in the folder: it is not even parsed.
    if !mentions(path, "\"supported_triggers\"") && !mentions(path, "\"code\"") {
        return Ok(None);
    }
    let value = read_configuration(path, root, mappings)?;
    let manifest = Manifest::read(value, &display_path(path, root))?;
    let code = match &manifest.code {
        Some(code) => configured_path(root, code),
        None => default_code(path),
    };
    // Older layouts keep the file in the Action's own folder and give a path relative to it.
    let beside = path.with_file_name(manifest.code.as_deref().map_or("code.js", last_part));
    let code = if !code.exists() && beside.exists() {
        beside
    } else {
        code
    };
    Ok(Some(Action {
        manifest,
        declared_in: path.to_owned(),
        code,
    }))
}

fn mentions(path: &Path, word: &str) -> bool {
    std::fs::read(path).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(word))
}

fn last_part(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Without `code`, an export keeps it in the folder of the same name.
fn default_code(manifest: &Path) -> PathBuf {
    if file_name(manifest) == "current.json" {
        return manifest.with_file_name("code.js");
    }
    manifest.with_file_name(file_stem(manifest)).join("code.js")
}

/// `actions/*.json`, and `actions/<name>/current.json` of older layouts.
fn manifest_paths(root: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for path in entries(&root.join("actions")) {
        let nested = path.join("current.json");
        let current = path.with_file_name(format!("{}.json", file_name(&path)));
        if extension(&path) == "json" && path.is_file() {
            paths.push(path);
        } else if nested.is_file() && !current.is_file() {
            paths.push(nested);
        }
    }
    paths
}
