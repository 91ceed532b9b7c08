//! Logins for other programs: a request on one line, an answer on one line, for as long as it takes.
//!
//! A request is a case as JSON, with an `id` that comes back. Test runners of other languages start one process and ask
//! it for every test.

mod asker;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use postlogin_core::reads::Watch;
use postlogin_project::Error;
use postlogin_project::cases::{Case, Named, Request, read_request};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::case::run_case;
use crate::load::{Compiler, LoadError, Loaded};
use crate::plan::{Plan, Planner};
use crate::report::failures;
use crate::run_event::{CaseResult, CaseStatus};
use crate::snapshot::{Mode, Snapshots};

/// So many Actions are kept compiled. A program that mocks modules with another text in every test has one for each.
const MOST_ACTIONS: usize = 200;

/// Answers requests; each Action is compiled once, and once more when a file of it has changed.
pub struct Session<'a> {
    working_folder: &'a Path,
    planner: Planner<'a>,
    compiler: Compiler<'a>,
    compiled: Vec<Result<Loaded, LoadError>>,
    /// The files that were read, with what distinguishes their versions.
    files: HashMap<PathBuf, Option<Version>>,
    /// For requests that name no Actions.
    actions: Vec<String>,
    snapshots: Snapshots,
    number: usize,
}

/// When a file was written, and its size in bytes.
type Version = (SystemTime, u64);

impl<'a> Session<'a> {
    /// A session in a folder. `actions` are for requests that name none; without any, the project's binding is.
    pub fn new(working_folder: &'a Path, compiler: Compiler<'a>, actions: Vec<String>) -> Self {
        Self {
            working_folder,
            planner: Planner::new(working_folder),
            compiler,
            compiled: Vec::new(),
            files: HashMap::new(),
            actions,
            snapshots: Snapshots::new(Mode::ReadOnly, &Plan::default(), working_folder),
            number: 0,
        }
    }

    /// Answers one line: `{id, passed, failures, outcome, requests}`, or `{id, errors}` when the request is wrong. `{id, prepare: true}`
    /// compiles the JavaScript engine, as the first login would, and is answered with `{id, prepared: {version}}`.
    ///
    /// # Panics
    /// Inside a tokio runtime: call it from a blocking thread there.
    pub fn answer(&mut self, line: &str) -> Value {
        self.number += 1;
        if let Some(id) = Preparation::of(line) {
            return match self.compiler.javascript() {
                Ok(_) => json!({"id": id, "prepared": {"version": env!("CARGO_PKG_VERSION")}}),
                Err(error) => {
                    json!({"id": id, "errors": [{"message": error.message, "hint": error.hint}]})
                }
            };
        }
        match self.run(line) {
            Ok((id, result)) => json!({
                "id": id,
                "passed": result.status != CaseStatus::Failed,
                "failures": failures(&result),
                "requests": result.outcome.as_ref().map_or(&[][..], |outcome| &outcome.requests),
                "outcome": result.outcome,
            }),
            Err(errors) => {
                let errors: Vec<Value> = errors.iter().map(told).collect();
                // A broken request may still say who asks.
                json!({"id": Self::id_of(line.as_bytes()), "errors": errors})
            }
        }
    }

    /// Returns the `id` of a request that is refused, also of one that breaks off or is wrong after it; `null` when it has none.
    #[must_use]
    pub fn id_of(line: &[u8]) -> Value {
        asker::id_of(line)
    }

    fn run(&mut self, line: &str) -> Result<(Value, CaseResult), Vec<Error>> {
        let Request {
            id,
            reveals_secrets,
            mut case,
        } = read_request(line, self.number, self.working_folder)?;
        if let Some(error) = refused(&case) {
            return Err(vec![error]);
        }
        if case.actions.is_none() && !self.actions.is_empty() {
            let named = self.actions.iter().map(|name| Named {
                name: name.clone(),
                place: case.place.clone(),
            });
            case.actions = Some(named.collect());
        }
        self.forget_what_changed();
        let mut planned = self.planner.single(case).map_err(|error| vec![error])?;
        for file in planned.other_files() {
            if !self.files.contains_key(file) {
                self.files.insert(file.clone(), version(file));
            }
        }
        for source in self.planner.actions().iter().skip(self.compiled.len()) {
            self.compiled.push(self.compiler.action(source));
        }
        planned.reveals_secrets = reveals_secrets;
        let sources = self.planner.actions();
        let watch = Watch::Paths;
        let result = run_case(sources, &planned, &self.compiled, &self.snapshots, watch);
        Ok((id, result))
    }

    /// A test runner that watches files asks the same process again after an edit.
    fn forget_what_changed(&mut self) {
        let is_changed = self
            .files
            .iter()
            .any(|(file, known)| version(file) != *known);
        if is_changed || self.compiled.len() > MOST_ACTIONS {
            self.planner = Planner::new(self.working_folder);
            self.compiled.clear();
            self.files.clear();
        }
    }
}

/// A request to be ready for logins.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Preparation {
    #[serde(default)]
    id: Value,
    prepare: bool,
}

impl Preparation {
    /// Returns who asks, if a line is such a request.
    fn of(line: &str) -> Option<Value> {
        if !line.contains("\"prepare\"") {
            return None;
        }
        let asked: Self = serde_json::from_str(line).ok()?;
        asked.prepare.then_some(asked.id)
    }
}

fn version(file: &Path) -> Option<Version> {
    let about = file.metadata().ok()?;
    Some((about.modified().ok()?, about.len()))
}

fn told(error: &Error) -> Value {
    json!({"message": error.to_string(), "hint": error.hint})
}

/// Why a case cannot be a request: it would pass although nothing was compared, or although other requests run that it excludes.
fn refused(case: &Case) -> Option<Error> {
    let (key, hint) = if case.snapshot {
        (
            "a `snapshot`",
            "compare the `outcome` of the answer, or write a case file",
        )
    } else if case.skip.is_some() {
        ("`skip` or `todo`", "send no request for it")
    } else if case.only {
        ("`only`", "each request runs; send none that is not to run")
    } else {
        return None;
    };
    let error = case.place.error(format!("a request cannot have {key}"));
    Some(error.with_hint(hint))
}
