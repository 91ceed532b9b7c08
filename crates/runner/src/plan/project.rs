//! The project that a file of cases belongs to.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use postlogin_core::{TenantSettings, Trigger};
use postlogin_project::cases::Case;
use postlogin_project::document::node::{Node, Place};
use postlogin_project::{
    ActionKind, ActionSource, Amount, Boundary, Error, NotRead, Project, Role, TenantData,
    connection_source_from, resolve_action_from,
};
use serde_json::{Map, Value};

/// A project as cases see it.
#[derive(Debug)]
pub(super) struct Surroundings {
    pub(super) project: Project,
    /// The folder from which defaults are looked for.
    pub(super) top: PathBuf,
    /// The files that say what the project is; a change of one may change every case.
    pub(super) configuration: Arc<Vec<PathBuf>>,
}

/// The projects found so far, by folder.
#[derive(Default)]
pub(super) struct Projects {
    found: HashMap<PathBuf, Option<Arc<Surroundings>>>,
    by_root: HashMap<PathBuf, Arc<Surroundings>>,
    /// The rest that all of them may still have.
    amount: Amount,
}

impl Projects {
    /// The project that a folder is in.
    pub(super) fn of(&mut self, folder: &Path) -> Result<Option<Arc<Surroundings>>, Error> {
        if let Some(known) = self.found.get(folder) {
            return Ok(known.clone());
        }
        let before = self.amount.clone();
        let found = self.amount.discover(folder)?.map(|project| {
            let root = project.root.clone();
            if self.by_root.contains_key(&root) {
                // It is there already.
                self.amount = before;
            }
            let make = || {
                Arc::new(Surroundings {
                    top: project.home.clone(),
                    configuration: Arc::new(project.configuration_files.clone()),
                    project,
                })
            };
            Arc::clone(self.by_root.entry(root).or_insert_with(make))
        });
        self.found.insert(folder.to_owned(), found.clone());
        Ok(found)
    }
}

/// The Action that a case names: a path relative to `base`, or a name.
pub(super) fn source(
    name: &str,
    base: &Path,
    working_folder: &Path,
    project: Option<&Surroundings>,
    within: &Boundary,
) -> Result<ActionSource, Error> {
    let project = project.map(|surroundings| &surroundings.project);
    // Never relative to the working folder: where a run starts must not matter.
    let from = match project {
        Some(project) if !base.join(name).exists() => project.root.as_path(),
        _ => base,
    };
    resolve_action_from(name, from, working_folder, project, within)
}

/// Returns the replacement of an Action that cannot be read.
pub(super) fn unreadable(name: &str) -> ActionSource {
    ActionSource {
        name: name.to_owned(),
        kind: ActionKind::Script {
            path: PathBuf::new(),
            text: Arc::default(),
        },
        display_path: name.to_owned(),
        declared: None,
        declared_in: None,
        root: PathBuf::new(),
        modules: Vec::new(),
        mocks: Vec::new(),
        role: Role::ByText,
        configuration: Map::new(),
    }
}

/// Whether a source is what [`unreadable`] returns.
pub(super) fn is_unreadable(source: &ActionSource) -> bool {
    matches!(&source.kind, ActionKind::Script { path, .. } if path.as_os_str().is_empty())
}

/// The connection that a case names: a file relative to `base`, or a connection of the project.
pub(super) fn connection(
    name: &str,
    base: &Path,
    working_folder: &Path,
    project: Option<&Surroundings>,
    within: &Boundary,
) -> Result<ActionSource, Error> {
    let project = project.map(|surroundings| &surroundings.project);
    connection_source_from(name, base, working_folder, project, Some(within))
}

/// The Rules of the project and the Actions that it binds to the trigger, with what cannot be read in its place.
pub(super) fn bound(
    trigger: Trigger,
    working_folder: &Path,
    project: Option<&Surroundings>,
    may_be_none: bool,
) -> Result<Vec<Result<ActionSource, NotRead>>, Error> {
    let Some(Surroundings { project, .. }) = project else {
        if may_be_none {
            return Ok(Vec::new());
        }
        return Err(
            Error::new("the case names no `actions`, and no project was found here")
                .with_hint("name them: `actions: [../actions/my-action/code.js]`"),
        );
    };
    let bound = project.parts_of(trigger, working_folder);
    if bound.is_empty() && !may_be_none {
        return Err(Error::new(format!(
            "the case names no `actions`, and the project binds none to {trigger}"
        ))
        .with_hint(format!(
            "list Actions under {trigger} in triggers/triggers.json, or name some"
        )));
    }
    Ok(bound)
}

/// An error at the place that led to it, unless it has one of its own.
pub(super) fn at(place: &Place, error: Error) -> Error {
    if error.file.is_some() {
        return error;
    }
    let mut placed = place.error(error.message);
    placed.hint = error.hint;
    placed
}

/// The tenant of a case: what its project says, then what it says itself.
pub(super) fn tenant_settings(
    case: &Case,
    event: &Value,
    project: Option<&Surroundings>,
) -> TenantSettings {
    let of_case = case.tenant.as_ref().map(Node::to_value);
    match project {
        Some(Surroundings { project, .. }) => project.tenant.settings_for(event, of_case.as_ref()),
        None => TenantData::default().settings_for(event, of_case.as_ref()),
    }
}
