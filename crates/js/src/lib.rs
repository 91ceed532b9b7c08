//! JavaScript and TypeScript Actions: from the text that a team wrote to WebAssembly that runs, and back from the
//! engine's places and words to the team's places and production's words.
//!
//! No part of it is API: the workspace is its only user, and public items change in any version.

mod action;
pub mod check;
pub mod coverage;
pub mod engine;
pub mod errors;
pub mod inputs;
pub mod intl;
mod kept;
pub mod liquid;
mod modules;
mod provenance;
pub mod source;
pub mod source_map;
pub mod text;

pub use action::{BuildError, JavaScript, mapper_of_component, source_of_component};
pub use kept::Packages;
pub use modules::{
    ActionModule, DeclaredPackage, Dependencies, Imports, LocalFile, ModuleMock, Modules, Room,
    Unusable, check_local, manifests, missing_exports, package_places, specifiers,
};
