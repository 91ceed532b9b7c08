//! From Actions and cases on disk to outcomes and reports.
//!
//! Actions are loaded in one place ([`load`]) and one prepared login is run in one place ([`login`]), whoever asks. Files
//! of cases become a [`Plan`], a run of it becomes one stream of [`RunEvent`]s, and reporters ([`report`]) turn that into
//! text for people and machines.
//!
//! Nothing here prints or reads the command line: messages while Actions are loaded go to a callback,
//! results are values, and reporters write to the writer that they get.
//!
//! API for tests in Rust: [`run_cases`] with [`RunReport`] and [`RunError`]. Everything else is for the workspace, and changes in any version.

mod case;
pub mod check;
pub mod closely;
pub mod compare;
pub mod endless;
mod execute;
pub mod fuzz;
mod held;
mod lab;
pub mod library;
pub mod load;
pub mod login;
mod numbered;
pub mod output;
pub mod page;
pub mod pipeline;
pub mod plan;
pub mod replay;
pub mod report;
pub mod run_event;
pub mod select;
pub mod session;
pub mod snapshot;
pub mod texts;
mod user;
pub mod watch;
mod yaml;

pub use case::{Compiled, DEFAULT_NOW_MS, unloadable};
pub use compare::{CompareError, CompareOptions, Comparison, Side, compare};
pub use execute::{RunOptions, Sink, run};
pub use fuzz::{FuzzOptions, Logins, Targets, fuzz};
pub use library::{RunError, RunReport, run_cases};
pub use load::dependencies::{
    imports_left_out, local_texts, missing_files, missing_modules, module_problems,
    unexported_names,
};
pub use load::{
    ALLOW_CARGO_BUILD, Compiler, FoundMap, LeftOut, LoadError, LoadNotice, LoadProblem, Loaded,
    SourceMaps, fingerprint, is_incomplete, sort_parts, trigger_of, trigger_of_all,
};
pub use login::{PreparedLogin, run_login, secrets_of, unseen};
pub use pipeline::{Pipeline, PipelineNotice, PipelineSetup, ProgramError};
pub use plan::{Plan, PlannedCase, plan};
pub use postlogin_js::Packages;
pub use run_event::{CaseResult, CaseStatus, Failure, FuzzSummary, Mismatch, RunEvent, RunSummary};
pub use select::{Filter, Shard, select};
pub use session::Session;
