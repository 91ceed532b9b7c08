//! The semantics of a login.
//!
//! Total functions over plain data: no I/O, no clock, no randomness, and no panic on any JSON. Time and seeds come
//! in as arguments. A host creates a [`Login`] and steps it: [`Login::next`] names the handler to run, its calls of `api`
//! methods are answered by [`Login::call`], and [`Login::finish`] folds what was collected into an [`outcome::Outcome`].
//!
//! API are the serialised forms, each with its name and version: [`outcome::OUTCOME_FORMAT`] and [`explanation::EXPLANATION_FORMAT`]. The Rust items
//! are for the workspace, and change in any version.

mod api;
pub mod ceilings;
pub mod claim_rules;
mod derive;
pub mod escape;
pub mod event;
pub mod explanation;
pub mod fault;
mod json;
mod ledger;
pub mod limits;
pub mod location;
pub mod login;
pub mod measure;
mod metadata;
pub mod outcome;
pub mod reads;
pub mod redact;
pub mod reply;
pub mod rules;
pub mod session_token;
mod sources;
mod time;
pub mod token_size;
mod tokens;
pub mod trigger;
pub mod units;
pub mod value;
pub mod wildcard;

pub use api::CacheEntries;
pub use api::method::{MethodSpec, Returns};
pub use fault::{Fault, FaultKind};
pub use location::Location;
pub use login::{
    Call, Changes, EntryPoint, Finished, HandlerInfo, HandlerKind, LOGIN_VERSION, Login,
    LoginInput, Pause, RefreshTokenChanges, RestoreError, ResumeStep, Resumption, RevokedSession,
    SandboxUse, SessionChanges, Step, Suspension, TenantSettings, TokenDialect, complete_event,
    remove_parameters,
};
pub use metadata::is_storable;
pub use reply::{Answer, Failure, Reply, Returned};

pub use time::iso_text;
pub use token_size::signed_bytes;
pub use tokens::userinfo;
pub use trigger::Trigger;
pub use value::Argument;
