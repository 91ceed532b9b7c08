//! A folder with plain Actions and Rules: `actions/*.js` and `rules/*.js` without any configuration.

use std::path::{Path, PathBuf};

use serde_json::Map;

use super::manifest::Manifest;
use super::remarks::{Part, Remarks};
use super::tenant::TenantData;
use super::{Action, Project, TestConfiguration, read_configuration, rules};
use crate::Error;
use crate::action::{SCRIPTS, is_beside_an_action};
use crate::door::Boundary;
use crate::files::{decode, display_path, entries, extension, file_name, file_stem};
use crate::keywords::KeywordMappings;

/// The beginning of every handler's name.
const HANDLER: &str = "onExecute";

/// The plain Actions of a folder: scripts in `actions/`, and `code.js` in the folders of it. Nothing says in which order
/// they are bound, so none is.
pub(super) fn load(root: &Path) -> Option<Project> {
    let within = Boundary::around(root);
    let mut actions = Vec::new();
    let mut remarks = Remarks::default();
    for path in entries(&root.join("actions")) {
        if let Some(error) = broken_manifest(&path, root) {
            remarks.keep::<()>(Part::Action, &path, Err(error));
        }
        if let Some(error) = unreadable(&path, root, &within) {
            remarks.keep::<()>(Part::Action, &path, Err(error));
            continue;
        }
        let (name, code) = if path.is_dir() {
            let code = ["code", "index"]
                .iter()
                .flat_map(|stem| SCRIPTS.iter().map(move |ext| format!("{stem}.{ext}")))
                .map(|file| path.join(file))
                .find(|path| is_action(path, &within));
            (file_name(&path), code)
        } else {
            (
                file_stem(&path),
                Some(path).filter(|path| is_action(path, &within)),
            )
        };
        if let Some(code) = code {
            actions.push(undeclared(name, code));
        }
    }
    let rules = rules::plain(root);
    if actions.is_empty() && rules.is_empty() {
        return None;
    }
    Some(Project {
        root: root.to_owned(),
        mappings: KeywordMappings::default(),
        modules: Vec::new(),
        actions,
        rules,
        rules_configs: Map::new(),
        triggers: Vec::new(),
        tenant: TenantData::default(),
        test: TestConfiguration::default(),
        home: root.to_owned(),
        configuration_files: Vec::new(),
        remarks,
    })
}

fn undeclared(name: String, code: PathBuf) -> Action {
    Action {
        manifest: Manifest {
            name,
            ..Manifest::default()
        },
        declared_in: code.clone(),
        code,
        inline: None,
        declared: false,
    }
}

/// Says why the file of an Action cannot be read, if it stands beside that Action's folder or script: a configuration of
/// which no file can be read is not recognised as one.
fn broken_manifest(path: &Path, root: &Path) -> Option<Error> {
    let folder = path.with_file_name(file_stem(path));
    let mut scripts = SCRIPTS.iter().map(|ext| path.with_extension(ext));
    let is_meant = extension(path) == "json"
        && (folder.join("code.js").is_file() || scripts.any(|script| script.is_file()));
    match is_meant {
        true => read_configuration(path, root, &KeywordMappings::default()).err(),
        false => None,
    }
}

/// Says why a script cannot be read, which may be an Action; `None` for what is read, and for what is none.
fn unreadable(path: &Path, root: &Path, within: &Boundary) -> Option<Error> {
    let is_script = SCRIPTS.contains(&extension(path).as_str());
    let is_meant = is_script && !path.is_dir() && !is_beside_an_action(&file_name(path));
    let shown = display_path(path, root);
    // One that leads out of the project stays an Action: its reader says so.
    if !is_meant || within.admit(path, &shown).is_err() {
        return None;
    }
    let bytes = match within.read(path, &shown) {
        Ok(bytes) => bytes,
        Err(error) => return Some(error),
    };
    match extension(path) == "wasm" {
        true => None,
        false => decode(bytes, &shown).err(),
    }
}

/// A script of the trigger: tests and helpers may stand beside it.
fn is_action(path: &Path, within: &Boundary) -> bool {
    SCRIPTS.contains(&extension(path).as_str()) && within.mentions(path, HANDLER)
}
