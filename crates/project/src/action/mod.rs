//! From what a user calls an Action to its source.
//!
//! An argument is, in this order: a file, a folder of an Action or a Cargo package, the name of an Action of the
//! project, the name of one of its Rules. A file wins over an Action of the same name; so does a folder, unless no Action is in it.

mod allowance;
mod find;
mod load;
mod modules;
mod search;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::door::Boundary;
use crate::files::{absolute, normalize};
use crate::project::configuration::CONFIGURATION_FILE;
use crate::project::manifest::Manifest;
use crate::project::rules::Rule;
use crate::project::{Action, Project};
use crate::{Error, Result};
use find::Found;
pub(crate) use find::SCRIPTS;
pub(crate) use search::{has_handler, is_beside_an_action};

pub use allowance::Allowance;
pub use search::actions_below;

/// An Action, ready to be compiled or loaded: found by [`resolve_action`] or by a [`Project`].
#[derive(Debug, Clone)]
pub struct ActionSource {
    /// The name: the configuration's if there is one, else by the file or folder.
    pub name: String,
    /// Its language, with its source or bytes.
    pub kind: ActionKind,
    /// The file (the folder, for a Cargo package) relative to the working folder or to the project, with `/`.
    pub display_path: String,
    /// Its entry in the configuration, if there is one.
    pub declared: Option<Manifest>,
    /// The file of that configuration, shown like `display_path`.
    pub declared_in: Option<String>,
    /// The folder where a search for `node_modules` starts, upwards.
    pub root: PathBuf,
    /// The Action Modules that it may use.
    pub modules: Vec<ModuleSource>,
    /// Sources that a case gives in place of modules that the Action and its packages require.
    pub mocks: Vec<ModuleMock>,
    /// Its role by the configuration.
    pub role: Role,
    /// Its `configuration` if it is a Rule.
    pub configuration: Map<String, Value>,
}

/// The purpose of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Nothing says so: an Action or a Rule, by its text.
    ByText,
    /// A Rule.
    Rule,
    /// The script `fetchUserProfile` of a custom social connection.
    Connection,
}

impl ActionSource {
    /// Returns the configuration that uploads the file as it is: an export or Terraform, and not `postlogin.toml`, beside which a
    /// build step may be.
    #[must_use]
    pub fn is_uploaded_by(&self) -> Option<&str> {
        let by = self.declared.as_ref().and(self.declared_in.as_deref())?;
        (!by.ends_with(CONFIGURATION_FILE)).then_some(by)
    }

    /// The files that it is made of, for whoever waits for an edit.
    pub fn files(&self) -> Vec<PathBuf> {
        match &self.kind {
            ActionKind::Script { path, .. } | ActionKind::Component { path, .. } => {
                vec![path.clone()]
            }
            ActionKind::CargoPackage { dir, .. } => {
                let sources = std::fs::read_dir(dir.join("src"));
                let sources = sources.into_iter().flatten().flatten();
                sources
                    .map(|entry| entry.path())
                    .chain([dir.join("Cargo.toml")])
                    .collect()
            }
        }
    }
}

/// An Action Module, ready to be loaded.
#[derive(Debug, Clone)]
pub struct ModuleSource {
    /// Its name, as in `require('actions:NAME')`.
    pub name: String,
    /// Its text, keywords replaced.
    pub text: Arc<str>,
    /// The file relative to the working folder or to the project, with `/`.
    pub display_path: String,
    /// Its entry in the configuration: its packages and the names of its secrets.
    pub declared: Manifest,
    /// Whether the Action's configuration names it; true for an Action without one.
    pub is_bound: bool,
}

/// A module that a case gives in place of another one, below every `require`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleMock {
    /// The required specifier: `auth0`, `@scope/name/file.js`, `actions:name`.
    pub specifier: String,
    /// The name in messages and stacks: the file relative to the working folder, with `/`.
    pub display_path: String,
    /// Its source.
    pub text: Arc<str>,
    /// Whether the source is JSON, not code.
    pub is_json: bool,
}

/// The language of an Action.
#[derive(Debug, Clone)]
pub enum ActionKind {
    /// JavaScript or TypeScript.
    Script {
        /// The file.
        path: PathBuf,
        /// Its text, keywords replaced.
        text: Arc<str>,
    },
    /// A WebAssembly component.
    Component {
        /// The file.
        path: PathBuf,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// A package to be built by Cargo.
    CargoPackage {
        /// The folder with the `Cargo.toml`.
        dir: PathBuf,
        /// Who decided that it is to be built: a build runs programs of the package natively.
        named_by: NamedBy,
    },
}

/// Who named a Cargo package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    /// The user, who wrote its folder on the command line.
    User,
    /// A file of the project, a case, a default, a revision or the call of a tool; also a name on the command line, since the
    /// project decides what it means.
    Project,
}

impl ActionSource {
    /// The size of the code as production counts it, in bytes: npm packages excluded. `None` if it is not a script.
    pub fn code_bytes(&self) -> Option<usize> {
        match &self.kind {
            // Code in the middle of a file has empty lines before it.
            ActionKind::Script { text, .. } => Some(text.trim_start_matches('\n').len()),
            ActionKind::Component { .. } | ActionKind::CargoPackage { .. } => None,
        }
    }
}

/// Finds and reads the Action that `argument` means. Relative paths are relative to `working_folder`. `named_by` is who chose
/// the argument: the command line, or a default or a tool's call, which permit no build.
pub fn resolve_action(
    argument: &str,
    working_folder: &Path,
    project: Option<&Project>,
    named_by: NamedBy,
) -> Result<ActionSource> {
    let working_folder = &absolute(working_folder);
    let found = find::find(argument, working_folder, project, named_by)?;
    load::load(
        found,
        &Surroundings {
            working_folder,
            project,
            within: None,
        },
    )
}

/// Returns whether a folder is that of one Action: it has its code, its configuration or a Cargo package.
///
/// # Errors
/// When a configuration there cannot be read.
pub fn is_action_folder(path: &Path) -> Result<bool> {
    find::is_action_folder(path)
}

/// As [`resolve_action`], for an argument that a file of a project contains: it is relative to `base` and stays `within`
/// the project. Names that are shown stay relative to `working_folder`.
pub fn resolve_action_from(
    argument: &str,
    base: &Path,
    working_folder: &Path,
    project: Option<&Project>,
    within: &Boundary,
) -> Result<ActionSource> {
    within.admit_argument(&normalize(&absolute(base).join(argument)), argument)?;
    let found = find::find(argument, &absolute(base), project, NamedBy::Project)?;
    load::load(
        found,
        &Surroundings {
            working_folder: &absolute(working_folder),
            project,
            within: Some(within),
        },
    )
}

impl Project {
    /// Reads the source of one of the project's Actions.
    pub fn source(&self, action: &Action, working_folder: &Path) -> Result<ActionSource> {
        let found = Found::Declared {
            action: action.clone(),
            root: self.root.clone(),
        };
        self.load(found, working_folder)
    }

    /// Reads the source of one of the project's Rules.
    pub fn rule_source(&self, rule: &Rule, working_folder: &Path) -> Result<ActionSource> {
        let found = Found::Rule {
            rule: rule.clone(),
            root: self.root.clone(),
        };
        self.load(found, working_folder)
    }

    fn load(&self, found: Found, working_folder: &Path) -> Result<ActionSource> {
        let surroundings = Surroundings {
            working_folder: &absolute(working_folder),
            project: Some(self),
            within: None,
        };
        load::load(found, &surroundings)
    }
}

/// Where the user stands.
struct Surroundings<'a> {
    working_folder: &'a Path,
    project: Option<&'a Project>,
    /// The folder that a file which nothing declares stays within; `None` when the user named it.
    within: Option<&'a Boundary>,
}

#[cfg(test)]
mod tests;
