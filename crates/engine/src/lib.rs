//! Runs Actions that are WebAssembly components.
//!
//! Bytes of a component become a [`Program`] (compiled once per machine), a program and a source become
//! an [`ActionPre`], and an `ActionPre` runs one handler of one login in a fresh sandbox while
//! [`postlogin_core`] answers its `api` calls. No other crate names wasmtime, and no wasmtime type is public here.
//!
//! No part of it is API: the workspace is its only user, and public items change in any version.

mod abandon;
mod action;
mod apart;
mod api;
mod cache;
mod compile_cost;
mod config;
mod contract;
mod drive;
mod fault;
mod globals;
mod guest;
mod intl;
mod memory;
mod modules;
mod packages;
mod program;
mod progress;
mod recall;
mod resting;
mod rule_calls;
mod run_calls;
mod sandbox;
mod segments;
mod snapshot;
mod typed;
mod wasi;
mod watchdog;
mod witness;

pub use abandon::{abandon, is_abandoned};
pub use action::{ActionPre, Invocation, Phases, Ran, SharedSandbox};
pub use apart::{Helper, HelperError, NotKept, Part};
pub use cache::{CompileNotice, read_own, write_own};
pub use config::Allocation;
pub use contract::{NotAnAction, handlers_of};
pub use drive::{BoundAction, User, advance, finish, infos, run};
pub use guest::{Probe, Script, StackMapper};
pub use intl::IntlSource;
pub use memory::{MORE_ADDRESSES, Verified, lacks_addresses, verified, verify_images};
pub use modules::{
    Answer, Keyword, ModuleFile, ModuleFormat, ModuleSource, NoModules, Provided, Refusal, Resolved,
};
pub use packages::{Delta, NotPreloaded};
pub use program::{Engine, Program};
pub use recall::{Input, Inputs, NotRecalled, Reach};
pub use snapshot::{SnapshotError, Stage, snapshot};
