//! JUnit XML. The file is written when the run ends, as its first line has the sums.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::Reporter;
use super::json::kind;
use super::lines::{body, place_of, shown, title};
use crate::run_event::{CaseResult, CaseStatus, Failure, RunEvent};

pub(super) struct Junit<W> {
    out: W,
    suites: Vec<TestSuite>,
}

impl<W: Write> Junit<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            suites: Vec::new(),
        }
    }

    fn add(&mut self, result: &CaseResult) {
        let file = &result.place.source.shown;
        let mut case = TestCase::new(result.name.as_str(), status(result));
        case.set_classname(file.as_str());
        case.set_time(result.duration);
        case.extra.insert("file".into(), file.as_str().into());
        case.extra
            .insert("line".into(), result.place.line.to_string().as_str().into());
        if let Some(outcome) = &result.outcome
            && result.status == CaseStatus::Failed
            && !outcome.logs.is_empty()
        {
            let logs = outcome.logs.iter();
            let logs: Vec<String> = logs
                .map(|log| format!("{}: {}: {}", log.action, log.level, log.message))
                .collect();
            case.set_system_out(logs.join("\n"));
        }
        // Cases come file by file.
        match self.suites.last_mut() {
            Some(suite) if suite.name.as_str() == file => {
                suite.add_test_case(case);
            }
            _ => {
                let mut suite = TestSuite::new(file.as_str());
                suite.add_test_case(case);
                self.suites.push(suite);
            }
        }
    }
}

fn status(result: &CaseResult) -> TestCaseStatus {
    match &result.status {
        CaseStatus::Passed => TestCaseStatus::success(),
        CaseStatus::Skipped(reason) => {
            let mut status = TestCaseStatus::skipped();
            if !reason.is_empty() {
                status.set_message(reason.as_str());
            }
            status
        }
        CaseStatus::Failed => {
            // JUnit's failure is an assertion that does not hold; everything else is an error.
            let is_failure = |failure: &Failure| {
                matches!(
                    failure,
                    Failure::Expectation(_) | Failure::Snapshot(_) | Failure::Unfit { .. }
                )
            };
            let kind_of_all = match result.failures.iter().all(is_failure) {
                true => NonSuccessKind::Failure,
                false => NonSuccessKind::Error,
            };
            let mut status = TestCaseStatus::non_success(kind_of_all);
            if let Some(first) = result.failures.first() {
                status.set_type(kind(first)).set_message(title(first));
            }
            let told: Vec<String> = result
                .failures
                .iter()
                .map(|one| told(result, one))
                .collect();
            status.set_description(told.join("\n"));
            status
        }
    }
}

fn told(result: &CaseResult, failure: &Failure) -> String {
    let mut text = format!("{}: {}", shown(place_of(result, failure)), title(failure));
    for line in body(failure, result.outcome.as_deref()) {
        text.push_str("\n  ");
        text.push_str(&line.plain());
    }
    text
}

impl<W: Write> Reporter for Junit<W> {
    fn event(&mut self, event: &RunEvent<'_>) -> io::Result<()> {
        match event {
            RunEvent::Started { .. } => self.suites.clear(),
            RunEvent::CaseStarted { .. } => {}
            RunEvent::CaseFinished(result) => self.add(result),
            RunEvent::Finished(summary) => {
                let mut report = Report::new("postlogin");
                report.set_time(summary.duration);
                report.add_test_suites(std::mem::take(&mut self.suites));
                let text = report.to_string().map_err(io::Error::other)?;
                self.out.write_all(text.as_bytes())?;
                self.out.flush()?;
            }
        }
        Ok(())
    }
}
