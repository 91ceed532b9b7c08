//! Cases inside a Rust test, beside whatever else a team tests.
//!
//! ```no_run
//! # fn main() -> Result<(), postlogin_runner::RunError> {
//! let report = postlogin_runner::run_cases(&["tests".into()], std::path::Path::new("."), None)?;
//! assert!(report.passed(), "{report}");
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::thread;

use postlogin_engine::{Allocation, Engine};
use postlogin_project::Error;

use crate::execute::{RunOptions, run};
use crate::load::Compiler;
use crate::plan::plan;
use crate::report::{Human, HumanStyle, Reporters, StatusLevel};
use crate::run_event::{RunSummary, exit};
use crate::snapshot::Mode;

/// The result of a run, with the report for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunReport {
    /// The sums.
    pub summary: RunSummary,
    /// The output of `postlogin test`.
    pub text: String,
}

/// Why a run could not begin or end.
#[derive(Debug)]
pub enum RunError {
    /// Files of cases, or the configuration, are wrong; all mistakes.
    Mistakes(Vec<Error>),
    /// No case was found: a test that tests nothing should not pass.
    NoCases,
    /// The sandbox cannot be started here.
    Engine(anyhow::Error),
    /// A snapshot could not be written.
    Output(io::Error),
}

/// Runs the cases of files and folders, as `postlogin test` does. Machine code is kept in `cache`, if one is given.
/// Snapshots are only compared.
///
/// # Errors
/// When the run cannot begin. Cases that fail are in the report.
///
/// # Panics
/// Inside a tokio runtime: call it from a blocking thread there.
pub fn run_cases(
    paths: &[PathBuf],
    working_folder: &Path,
    cache: Option<PathBuf>,
) -> Result<RunReport, RunError> {
    let plan = plan(paths, working_folder).map_err(RunError::Mistakes)?;
    if plan.cases.is_empty() {
        return Err(RunError::NoCases);
    }
    let jobs = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let sandboxes = u32::try_from(jobs).unwrap_or(u32::MAX).saturating_add(1);
    let engine = Engine::new(Allocation::Pooling { sandboxes }, cache).map_err(RunError::Engine)?;
    let mut compiler = Compiler::new(engine, |_| {});
    let compiled: Vec<_> = (0..plan.actions.len())
        .map(|index| plan.load(index, &mut compiler))
        .collect();
    let selected: Vec<usize> = (0..plan.cases.len()).collect();
    let options = RunOptions {
        selected: &selected,
        jobs,
        fail_fast: false,
        snapshots: Mode::ReadOnly,
        working_folder,
    };
    let mut text = Vec::new();
    let style = HumanStyle {
        color: false,
        progress: false,
        width: 100,
        level: StatusLevel::Fail,
        quiet: false,
        slowest: 0,
    };
    let mut sink = Reporters(vec![Box::new(Human::new(&mut text, io::sink(), style))]);
    let summary = run(
        &plan,
        &compiled,
        &options,
        &AtomicBool::new(false),
        &mut sink,
    )
    .map_err(RunError::Output)?;
    drop(sink);
    Ok(RunReport {
        summary,
        text: String::from_utf8_lossy(&text).into_owned(),
    })
}

impl RunReport {
    /// Whether no case failed.
    pub fn passed(&self) -> bool {
        self.summary.exit_code == exit::SUCCESS
    }
}

impl fmt::Display for RunReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mistakes(errors) => {
                let shown: Vec<String> = errors.iter().map(Error::to_string).collect();
                f.write_str(&shown.join("\n"))
            }
            Self::NoCases => f.write_str("no case was found"),
            Self::Engine(error) => write!(f, "{error:#}"),
            Self::Output(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for RunError {}
