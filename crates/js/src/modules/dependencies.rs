//! The dependencies of an Action, from which [`Modules`](super::Modules) are made.

use std::{fmt, path::PathBuf, sync::Arc};

use super::{
    SCHEME,
    local::{Imports, LocalFile},
    mocks::ModuleMock,
    room::Room,
};
use crate::source_map::SourceMap;

/// The dependencies of an Action, and where they are.
#[derive(Debug, Clone, Default)]
pub struct Dependencies {
    /// The folder where the search for `node_modules` starts, upwards. Without one there are no packages.
    pub folder: Option<PathBuf>,
    /// The npm packages that the Action's configuration declares; `None` when nothing declares any.
    pub declared: Option<Vec<DeclaredPackage>>,
    /// The Action Modules.
    pub modules: Vec<ActionModule>,
    /// The replacements for modules, whoever requires them.
    pub mocks: Vec<ModuleMock>,
    /// Whether they are a Rule's, which may name versions: `require('lodash@4.17.10')`.
    pub is_rule: bool,
    /// The files of the project that the Action imports, itself or through others.
    pub local: Vec<LocalFile>,
    /// The specifiers that the Action writes for them, and their indices.
    pub imports: Imports,
    /// The map of the Action's text, if it was built from other files.
    pub source_map: Option<Arc<SourceMap>>,
    /// The memory that its files have together with those of other Actions.
    pub room: Room,
}

/// An npm package that a configuration declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredPackage {
    /// Its name.
    pub name: String,
    /// Its version; `None` when that is left to the vendor.
    pub version: Option<String>,
}

/// A module that Actions share.
#[derive(Debug, Clone, Default)]
pub struct ActionModule {
    /// Its name, as in `require('actions:NAME')`.
    pub name: String,
    /// The file that stands in messages.
    pub file: String,
    /// Its code.
    pub text: Arc<str>,
    /// The packages that it declares; `None` when nothing declares any.
    pub declared: Option<Vec<DeclaredPackage>>,
    /// Whether the Action's configuration names it.
    pub is_bound: bool,
}

/// Why an Action cannot have its dependencies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable(pub(super) String);

impl Unusable {
    /// Two Action Modules have one name.
    pub(super) fn duplicate(name: &str) -> Self {
        Self(format!("Module '{SCHEME}{name}' is already registered"))
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unusable {}
