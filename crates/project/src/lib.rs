//! Reads what teams have on disk: a configuration as the Auth0 Deploy CLI exports it, Actions, events, secrets.
//!
//! Everything here reads; nothing writes, prints or asks the network. What is wrong in a file becomes an [`Error`]
//! with its place and, where there is one, a hint.
//!
//! No part of it is API: the workspace is its only user, and public items change in any version.

pub mod action;
mod amount;
pub mod cases;
mod connections;
pub mod document;
mod door;
mod error;
mod files;
mod folders;
mod gzip;
mod keywords;
mod local;
pub mod project;
pub mod secrets;
mod shapes;
pub mod units;

pub use action::{
    ActionKind, ActionSource, Allowance, ModuleMock, ModuleSource, NamedBy, Role, actions_below,
    is_action_folder, resolve_action, resolve_action_from,
};
pub use amount::Amount;
pub use connections::{connection_source, connection_source_from};
pub use document::{Format, parse_document, read_document, read_list, read_object};
pub use door::{
    Boundary, LARGEST_COMPONENT, LARGEST_FILE, admit_argument, distrust_arguments, read_small,
};
pub use error::{Error, Result};
pub use files::{display_path, read_text, read_users_text};
pub use folders::{CacheEnvironment, cache_folder, data_folder, keep_out_of_git, state_folder};
pub use keywords::{KeywordMappings, leftover};
pub use local::{Beside, LocalSource, LocalSources, local_sources, read_beside};
pub use project::configuration::{CONFIGURATION_FILE, configuration_schema};
pub use project::manifest::{Dependency, Manifest, ModuleReference, SupportedTrigger};
pub use project::remarks::{Broken, Part, Remarks, Undescribed};
pub use project::rules::Rule;
pub use project::sections::is_on;
pub use project::tenant::{TenantData, tenant_keys};
pub use project::{Action, Binding, MissingAction, NotRead, Project, TestConfiguration, login_set};
pub use project::{BindingProblem, PlacedParts, ProblemKind};
pub use secrets::{Secret, parse_dotenv, parse_secret, read_dotenv};
pub use units::{parse_duration, parse_size};
