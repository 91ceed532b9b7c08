//! Logins for other programs: a request on one line, an answer on one line, for as long as it takes.
//!
//! A request is a case as JSON, with an `id` that comes back. Test runners of other languages start one process and ask
//! it for every test.

use std::path::Path;

use postlogin_core::reads::Watch;
use postlogin_project::Error;
use postlogin_project::cases::{Named, read_request};
use serde_json::{Value, json};

use crate::case::run_case;
use crate::load::{Compiler, LoadError, Loaded};
use crate::plan::{Plan, Planner};
use crate::report::failures;
use crate::run_event::{CaseResult, CaseStatus};
use crate::snapshot::{Mode, Snapshots};

/// Answers requests; each Action is compiled once.
pub struct Session<'a> {
    working_folder: &'a Path,
    planner: Planner<'a>,
    compiler: Compiler<'a>,
    compiled: Vec<Result<Loaded, LoadError>>,
    /// For requests that name no Actions.
    actions: Vec<String>,
    snapshots: Snapshots,
    number: usize,
}

impl<'a> Session<'a> {
    /// A session in a folder. `actions` are for requests that name none; without any, the project's binding is.
    pub fn new(working_folder: &'a Path, compiler: Compiler<'a>, actions: Vec<String>) -> Self {
        Self {
            working_folder,
            planner: Planner::new(working_folder),
            compiler,
            compiled: Vec::new(),
            actions,
            snapshots: Snapshots::new(Mode::ReadOnly, &Plan::default(), working_folder),
            number: 0,
        }
    }

    /// Answers one line: `{id, passed, failures, outcome}`, or `{id, errors}` when the request is wrong.
    ///
    /// # Panics
    /// Inside a tokio runtime: call it from a blocking thread there.
    pub fn answer(&mut self, line: &str) -> Value {
        self.number += 1;
        // A broken request may still say who asks.
        let id = || {
            let request: Option<Value> = serde_json::from_str(line).ok();
            request
                .and_then(|mut request| request.get_mut("id").map(Value::take))
                .unwrap_or_default()
        };
        match self.run(line) {
            Ok((id, result)) => json!({
                "id": id,
                "passed": result.status != CaseStatus::Failed,
                "failures": failures(&result),
                "outcome": result.outcome,
            }),
            Err(errors) => {
                let errors: Vec<Value> = errors.iter().map(told).collect();
                json!({"id": id(), "errors": errors})
            }
        }
    }

    fn run(&mut self, line: &str) -> Result<(Value, CaseResult), Vec<Error>> {
        let (id, mut case) = read_request(line, self.number, self.working_folder)?;
        // There is no file beside which it could be stored.
        case.snapshot = false;
        if case.actions.is_none() && !self.actions.is_empty() {
            let named = self.actions.iter().map(|name| Named {
                name: name.clone(),
                place: case.place.clone(),
            });
            case.actions = Some(named.collect());
        }
        let planned = self.planner.single(case).map_err(|error| vec![error])?;
        for source in self.planner.actions().iter().skip(self.compiled.len()) {
            self.compiled.push(self.compiler.action(source));
        }
        let sources = self.planner.actions();
        let watch = Watch::Paths;
        let result = run_case(sources, &planned, &self.compiled, &self.snapshots, watch);
        Ok((id, result))
    }
}

fn told(error: &Error) -> Value {
    json!({"message": error.to_string(), "hint": error.hint})
}
