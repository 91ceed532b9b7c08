//! A folder with plain Actions and Rules: `actions/*.js` and `rules/*.js` without any configuration.

use std::path::{Path, PathBuf};

use serde_json::Map;

use super::manifest::Manifest;
use super::remarks::Remarks;
use super::tenant::TenantData;
use super::{Action, Project, TestConfiguration, rules};
use crate::action::SCRIPTS;
use crate::door::Boundary;
use crate::files::{entries, extension, file_stem};
use crate::keywords::KeywordMappings;

/// The beginning of every handler's name.
const HANDLER: &str = "onExecute";

/// The plain Actions of a folder: scripts in `actions/`, and `code.js` in the folders of it. Nothing says in which order
/// they are bound, so none is.
pub(super) fn load(root: &Path) -> Option<Project> {
    let within = Boundary::around(root);
    let mut actions = Vec::new();
    for path in entries(&root.join("actions")) {
        let (name, code) = if path.is_dir() {
            let code = ["code", "index"]
                .iter()
                .flat_map(|stem| SCRIPTS.iter().map(move |ext| format!("{stem}.{ext}")))
                .map(|file| path.join(file))
                .find(|path| is_action(path, &within));
            (crate::files::file_name(&path), code)
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
        remarks: Remarks::default(),
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

/// A script of the trigger: tests and helpers may stand beside it.
fn is_action(path: &Path, within: &Boundary) -> bool {
    SCRIPTS.contains(&extension(path).as_str()) && within.mentions(path, HANDLER)
}
