//! Runs Actions that are WebAssembly components.
//!
//! Bytes of a component become a [`Program`] (compiled once per machine), a program and a source become
//! an [`ActionPre`], and an `ActionPre` runs one handler of one login in a fresh sandbox while
//! [`postlogin_core`] answers its `api` calls. No other crate names wasmtime, and no wasmtime type is public here.

mod action;
mod api;
mod cache;
mod config;
mod contract;
mod fault;
mod login;
mod modules;
mod program;
mod rule_calls;
mod run_calls;
mod sandbox;
mod segments;
mod snapshot;
mod typed;
mod wasi;
mod watchdog;

pub use action::{ActionPre, Invocation, Phases, Probe, Ran, Script, StackMapper};
pub use cache::{CompileNotice, read_own, write_own};
pub use config::Allocation;
pub use contract::NotAnAction;
pub use login::{
    BoundAction, run_connection, run_login, run_login_with_user, run_stored_login,
    run_watched_login,
};
pub use modules::{
    Answer, Keyword, ModuleFile, ModuleFormat, ModuleSource, NoModules, Provided, Refusal, Resolved,
};
pub use program::{Engine, Program};
pub use snapshot::{SnapshotError, Stage, snapshot};
