//! One JSON object on each line: `postlogin.test/1`.

use std::io::{self, Write};

use postlogin_core::escape;
use postlogin_project::document::node::Place;
use serde_json::{Value, json};

use super::Reporter;
use super::lines::{place_of, title};
use crate::fuzz::{Fault, Finding};
use crate::run_event::{CaseResult, CaseStatus, Failure, RunEvent};

/// The name and version of the format, on the first line.
pub const TEST_FORMAT: &str = "postlogin.test/1";

pub(super) struct Json<W> {
    out: W,
}

impl<W: Write> Json<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write> Reporter for Json<W> {
    fn event(&mut self, event: &RunEvent<'_>) -> io::Result<()> {
        let value = match event {
            RunEvent::Started {
                cases,
                files,
                left_out,
                jobs,
            } => json!({
                "type": "run-started", "format": TEST_FORMAT,
                "cases": cases, "files": files, "left_out": left_out, "jobs": jobs,
            }),
            // When a case begins depends on the machine; a report does not.
            RunEvent::CaseStarted { .. } | RunEvent::FuzzProgress { .. } => return Ok(()),
            RunEvent::FuzzStarted {
                targets,
                logins,
                seed,
                jobs,
            } => json!({
                "type": "fuzz-started", "format": TEST_FORMAT,
                "targets": targets, "logins": logins, "seed": seed, "jobs": jobs,
            }),
            RunEvent::FuzzFinished(summary) => json!({
                "type": "fuzz-finished",
                "logins": summary.logins, "seed": summary.seed,
                "findings": summary.findings, "untold": summary.untold,
                "set_aside": summary.set_aside, "cut_short": summary.cut_short,
                "interrupted": summary.interrupted,
                "duration_us": micros(summary.duration),
                "exit_code": summary.exit_code,
            }),
            RunEvent::CaseFinished(result) => finished(result),
            RunEvent::Finished(summary) => {
                let unused = summary.snapshots.unused.iter();
                let unused = unused.map(|(file, name)| json!({"file": file, "name": name}));
                json!({
                    "type": "run-finished",
                    "passed": summary.passed, "failed": summary.failed,
                    "skipped": summary.skipped, "not_run": summary.not_run,
                    "interrupted": summary.interrupted,
                    "duration_us": micros(summary.duration),
                    "snapshots": {
                        "stored": summary.snapshots.written,
                        "pending": summary.snapshots.pending,
                        "unused": unused.collect::<Vec<_>>(),
                    },
                    "exit_code": summary.exit_code,
                })
            }
        };
        writeln!(self.out, "{}", escape::json(&value.to_string()))?;
        // Who reads along sees each case when it ends.
        self.out.flush()
    }
}

fn micros(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn place(place: &Place) -> Value {
    json!({"file": place.source.shown, "line": place.line, "column": place.column})
}

fn finished(result: &CaseResult) -> Value {
    let (status, reason) = match &result.status {
        CaseStatus::Passed => ("passed", None),
        CaseStatus::Failed => ("failed", None),
        CaseStatus::Skipped(reason) => ("skipped", Some(reason)),
    };
    // Of a case that passed, it is not needed; there may be thousands.
    let outcome = match result.status {
        CaseStatus::Failed => result.outcome.as_ref(),
        CaseStatus::Passed | CaseStatus::Skipped(_) => None,
    };
    json!({
        "type": "case-finished",
        "name": result.name,
        "full_name": result.full_name,
        "location": place(&result.place),
        "status": status,
        "reason": reason,
        "duration_us": micros(result.duration),
        "failures": failures(result),
        "outcome": outcome,
    })
}

/// A failure, for programs.
pub(crate) fn failures(result: &CaseResult) -> Vec<Value> {
    let failures = result.failures.iter();
    failures
        .map(|failure| of_failure(result, failure))
        .collect()
}

fn of_failure(result: &CaseResult, failure: &Failure) -> Value {
    let mut value = json!({
        "kind": kind(failure),
        "message": title(failure),
        "location": place(place_of(result, failure)),
    });
    let mut put = |key: &str, part: Value| {
        value[key] = part;
    };
    match failure {
        Failure::Expectation(mismatch) => {
            put("path", json!(mismatch.path));
            put("expected", json!(mismatch.expected));
            put("actual", json!(mismatch.actual));
        }
        Failure::Unexpected(error) => put("error", json!(error)),
        Failure::Found(finding) => found(finding, &mut put),
        Failure::Load(error) => put("hint", json!(error.hint)),
        Failure::Unfit { hint, .. } => put("hint", json!(hint)),
        Failure::LeftOut { failures, .. } => put("failures", json!(failures)),
        Failure::Snapshot(snapshot) => {
            put("file", json!(snapshot.file));
            put("stored", json!(snapshot.stored));
            put("current", json!(snapshot.current));
        }
        Failure::Internal(_) => {}
    }
    value
}

fn found(finding: &Finding, put: &mut impl FnMut(&str, Value)) {
    match &finding.fault {
        Fault::Throws(error) => put("error", json!(error)),
        Fault::LosesClaim(entry) => put("claim", json!(entry)),
        Fault::ExceedsLimit(notice) => put("notice", json!(notice)),
    }
    put("actions", json!(finding.actions));
    put("logins", json!(finding.logins));
    put("first", json!(finding.first));
    put("with", json!(finding.patch));
    put("event", finding.event.clone());
    let file = finding.case_file.as_ref().map(|(file, _)| file);
    put("case", json!(file));
    put("command", json!(finding.command));
}

/// A stable name for a kind of failure.
pub(super) fn kind(failure: &Failure) -> &'static str {
    match failure {
        Failure::Expectation(_) => "expectation",
        Failure::Unexpected(_) => "unexpected-failure",
        Failure::Load(_) => "unloadable",
        Failure::Snapshot(_) => "snapshot",
        Failure::Unfit { .. } => "unfit",
        Failure::LeftOut { .. } => "not-shown",
        Failure::Found(finding) => finding.fault.kind(),
        Failure::Internal(_) => "internal",
    }
}
