//! Test Anything Protocol, version 14: <https://testanything.org/tap-version-14-specification.html>

use std::io::{self, Write};

use postlogin_core::escape::{self, tap};
use serde_json::json;

use super::Reporter;
use super::json::kind;
use super::lines::{body, place_of, shown, title};
use crate::run_event::{CaseResult, CaseStatus, RunEvent};

pub(super) struct Tap<W> {
    out: W,
    number: usize,
}

impl<W: Write> Tap<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, number: 0 }
    }

    fn finished(&mut self, result: &CaseResult) -> io::Result<()> {
        self.number += 1;
        let ok = match result.status {
            CaseStatus::Failed => "not ok",
            CaseStatus::Passed | CaseStatus::Skipped(_) => "ok",
        };
        write!(
            self.out,
            "{ok} {} - {}",
            self.number,
            tap(&result.full_name)
        )?;
        match &result.status {
            CaseStatus::Skipped(reason) => writeln!(self.out, " # SKIP {}", tap(reason))?,
            _ => writeln!(self.out)?,
        }
        if result.failures.is_empty() {
            return Ok(());
        }
        // JSON is YAML, and quotes what a text may hold.
        writeln!(self.out, "  ---\n  failures:")?;
        for failure in &result.failures {
            let lines = body(failure, result.outcome.as_deref());
            let details: Vec<String> = lines.iter().map(super::Line::text).collect();
            let value = json!({
                "kind": kind(failure),
                "message": title(failure),
                "at": shown(place_of(result, failure)),
                "details": details,
            });
            writeln!(self.out, "    - {}", escape::json(&value.to_string()))?;
        }
        writeln!(self.out, "  ...")
    }
}

impl<W: Write> Reporter for Tap<W> {
    fn event(&mut self, event: &RunEvent<'_>) -> io::Result<()> {
        match event {
            RunEvent::Started { cases, .. } => {
                self.number = 0;
                match cases {
                    0 => writeln!(self.out, "TAP version 14\n1..0 # no cases"),
                    _ => writeln!(self.out, "TAP version 14\n1..{cases}"),
                }
            }
            // How many there will be is known at the end; there the plan may stand, too.
            RunEvent::FuzzStarted { .. } => {
                self.number = 0;
                writeln!(self.out, "TAP version 14")
            }
            RunEvent::FuzzFinished(summary) => {
                match self.number {
                    0 => writeln!(
                        self.out,
                        "ok 1 - {} logins with generated events\n1..1",
                        summary.logins
                    )?,
                    number => writeln!(self.out, "1..{number}")?,
                }
                self.out.flush()
            }
            RunEvent::CaseStarted { .. } | RunEvent::FuzzProgress { .. } => Ok(()),
            RunEvent::CaseFinished(result) => self.finished(result),
            RunEvent::Finished(summary) => {
                if summary.not_run > 0 {
                    writeln!(self.out, "Bail out! the run was stopped")?;
                }
                self.out.flush()
            }
        }
    }
}
