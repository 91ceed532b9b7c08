//! What a login means.
//!
//! Total functions over plain data: no I/O, no clock, no randomness, and no panic on any JSON. Time and seeds come
//! in as arguments. A host creates a [`Transaction`], and for each Action calls [`Transaction::begin`], answers the
//! guest's `api` calls with [`Transaction::call`] and closes with [`Transaction::end`]; [`Transaction::finish`] folds
//! what was collected into an [`outcome::Outcome`].

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
mod session_token;
mod sources;
mod time;
mod tokens;
pub mod transaction;
pub mod units;
pub mod value;
pub mod wildcard;

pub use api::method::{MethodSpec, Returns, method_names};
pub use fault::{Fault, FaultKind};
pub use location::Location;
pub use login::{
    ActionInfo, EntryPoint, HandlerKind, Login, TenantSettings, TokenDialect, complete_event,
};
pub use metadata::is_storable;
pub use reply::{Answer, Failure, Reply, Returned};
pub use sources::sources;
pub use time::iso_text;
pub use tokens::userinfo;
pub use transaction::{
    EndedLogin, Next, Pause, ResumeStep, Resumed, Resumption, Suspension, Transaction,
};
pub use value::Argument;
