//! What a login means.
//!
//! Total functions over plain data: no I/O, no clock, no randomness, and no panic on any JSON. Time and seeds come
//! in as arguments. A host creates a [`Transaction`], and for each Action calls [`Transaction::begin`], answers the
//! guest's `api` calls with [`Transaction::call`] and closes with [`Transaction::end`]; [`Transaction::finish`] folds
//! what was collected into an [`outcome::Outcome`].

mod api;
pub mod event;
pub mod fault;
pub mod location;
pub mod login;
pub mod outcome;
pub mod reply;
mod time;
pub mod transaction;
pub mod value;

pub use api::method::{MethodSpec, Returns, method_names};
pub use fault::{Fault, FaultKind};
pub use location::Location;
pub use login::{ActionInfo, EntryPoint, Login, TenantSettings};
pub use reply::{Answer, Failure, Reply, Returned};
pub use transaction::{Next, ResumeStep, Resumed, Suspension, Transaction};
pub use value::Argument;
