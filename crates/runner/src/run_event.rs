//! The one stream of a run. Reporters see nothing else.

use std::time::Duration;

use postlogin_core::outcome::{ActionError, Outcome};
use postlogin_project::cases::ExpectKey;
use postlogin_project::document::node::Place;
use serde_json::Value;

use crate::fuzz::{Fault, Finding};
use crate::load::LoadError;

/// An event of a run, in order. A run makes them, and a [`crate::report::Reporter`] consumes them.
#[derive(Debug)]
pub enum RunEvent<'a> {
    /// The run begins.
    Started {
        /// The number of cases.
        cases: usize,
        /// The number of their files.
        files: usize,
        /// The number of cases that the filter or the shard left out.
        left_out: usize,
        /// The number that runs at once.
        jobs: usize,
    },
    /// A case begins. Not in the order of the plan: only for showing progress.
    CaseStarted {
        /// Its full name.
        name: &'a str,
    },
    /// A case ended. In the order of the plan, whatever ran at once.
    CaseFinished(&'a CaseResult),
    /// The run ends.
    Finished(&'a RunSummary),
    /// A search with generated events begins. What it finds comes as [`RunEvent::CaseFinished`].
    FuzzStarted {
        /// The Actions that log in together, for each target.
        targets: Vec<String>,
        /// The number of logins to run; `None` when time decides.
        logins: Option<u64>,
        /// The seed of the events.
        seed: u64,
        /// The number that runs at once.
        jobs: usize,
    },
    /// A search continues. Not for reports: when it comes depends on the machine.
    FuzzProgress {
        /// The number of logins that are done.
        done: u64,
        /// Of how many, if that is known.
        of: Option<u64>,
    },
    /// A search ends.
    FuzzFinished(&'a FuzzSummary),
}

/// The result of a search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FuzzSummary {
    /// The number of logins.
    pub logins: u64,
    /// The seed of the events.
    pub seed: u64,
    /// The number of different faults that were reported.
    pub findings: u64,
    /// The number of further ones.
    pub untold: u64,
    /// Logins that asked the network for what no exchange answers: they say nothing about production.
    pub set_aside: u64,
    /// It ended early, because logins computed until their time was over.
    pub cut_short: bool,
    /// Whether a signal stopped it.
    pub interrupted: bool,
    /// The time that it took.
    pub duration: Duration,
    /// The exit code of the process.
    pub exit_code: u8,
}

/// The result of a case.
#[derive(Debug)]
pub struct CaseResult {
    /// Its name in its file.
    pub name: String,
    /// Its file's name without the ending, then its name.
    pub full_name: String,
    /// Its place.
    pub place: Place,
    /// Whether it passed.
    pub status: CaseStatus,
    /// The failures; empty unless the case failed.
    pub failures: Vec<Failure>,
    /// The real time that it took.
    pub duration: Duration,
    /// The outcome, secrets hidden, if the login began.
    pub outcome: Option<Box<Outcome>>,
}

/// Whether a case passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseStatus {
    /// It did.
    Passed,
    /// It did not.
    Failed,
    /// It did not run, for this reason (which may be empty).
    Skipped(String),
}

/// Something that makes a case fail. Secrets are hidden.
#[derive(Debug)]
pub enum Failure {
    /// An expectation was not met.
    Expectation(Mismatch),
    /// The login failed, and the case did not expect it.
    Unexpected(ActionError),
    /// An Action could not be built or loaded.
    Load(LoadError),
    /// The outcome is not the stored one.
    Snapshot(SnapshotFailure),
    /// A step of the user or an answer of the network in the case did not fit the login.
    Unfit {
        /// One sentence.
        message: String,
        /// The way to fix it.
        hint: Option<String>,
        /// Its place.
        place: Place,
    },
    /// A generated event shows a fault of an Action.
    Found(Box<Finding>),
    /// The case has failures, and the reports of this run have no room for them.
    LeftOut {
        /// The number of failures.
        failures: usize,
        /// The most that a report of a run has of failures, in bytes.
        most: usize,
        /// The exit code that they lead to.
        exit_code: u8,
    },
    /// Our own fault.
    Internal(String),
}

/// An expectation that was not met.
#[derive(Debug, Clone, PartialEq)]
pub struct Mismatch {
    /// The key of `expect`.
    pub key: ExpectKey,
    /// Where in the outcome: `id_token["https://example.com/hobby"]`.
    pub path: String,
    /// The first step below the key, when it is a claim or a key of metadata.
    pub name: Option<String>,
    /// The expected value; `None` for nothing at all.
    pub expected: Option<Value>,
    /// The value of the outcome; `None` for nothing at all.
    pub actual: Option<Value>,
    /// The place of the expectation.
    pub place: Place,
}

/// The difference of an outcome to the stored one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotFailure {
    /// The stored text; `None` when there is none.
    pub stored: Option<String>,
    /// The text of this run.
    pub current: String,
    /// The file with the stored ones.
    pub file: String,
    /// Whether a pending file was written.
    pub pending: bool,
}

/// The result of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunSummary {
    /// The number of cases that passed.
    pub passed: usize,
    /// The number that failed.
    pub failed: usize,
    /// The number that is skipped.
    pub skipped: usize,
    /// The number that was never begun, because the run was stopped.
    pub not_run: usize,
    /// Whether a signal stopped it.
    pub interrupted: bool,
    /// The time that it took.
    pub duration: Duration,
    /// Snapshots: stored by `--update`, pending, and stored for cases that no longer exist.
    pub snapshots: SnapshotSummary,
    /// The exit code of the process.
    pub exit_code: u8,
}

/// The snapshots of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SnapshotSummary {
    /// The number that was stored.
    pub written: usize,
    /// The number that waits for a review.
    pub pending: usize,
    /// Stored ones that no case has: the file, and the name.
    pub unused: Vec<(String, String)>,
}

/// The exit codes of a run.
pub mod exit {
    /// All is well.
    pub const SUCCESS: u8 = 0;
    /// A bug of ours.
    pub const INTERNAL: u8 = 1;
    /// An expectation failed, or the run was stopped.
    pub const EXPECTATION: u8 = 100;
    /// An Action could not be built or loaded.
    pub const UNLOADABLE: u8 = 101;
    /// An Action failed where its case did not expect it.
    pub const UNEXPECTED: u8 = 102;
}

impl Failure {
    /// The exit code that it leads to.
    pub fn exit_code(&self) -> u8 {
        match self {
            Failure::Expectation(_) | Failure::Snapshot(_) | Failure::Unfit { .. } => {
                exit::EXPECTATION
            }
            Failure::Load(_) => exit::UNLOADABLE,
            Failure::Unexpected(_) => exit::UNEXPECTED,
            Failure::Found(finding) => match finding.fault {
                Fault::Throws(_) => exit::UNEXPECTED,
                Fault::LosesClaim(_) | Fault::ExceedsLimit(_) => exit::EXPECTATION,
            },
            Failure::LeftOut { exit_code, .. } => *exit_code,
            Failure::Internal(_) => exit::INTERNAL,
        }
    }
}
