//! JUnit XML. The file is written when the run ends, as its first line has the sums.
//!
//! `quick-junit` quotes, but it removes characters that XML cannot contain instead of showing them, and passes some on.
//! So every text goes through [`attribute`] or [`xml_text`] before, and the whole document through [`xml_document`].

use std::io::{self, Write};
use std::time::Duration;

use postlogin_core::escape::{xml_attribute as attribute, xml_document, xml_text};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::Reporter;
use super::json::kind;
use super::lines::{body, place_of, shown, title};
use crate::fuzz::Fault;
use crate::run_event::{CaseResult, CaseStatus, Failure, RunEvent};

pub(super) struct Junit<W> {
    out: W,
    suites: Vec<TestSuite>,
    /// Bytes of the descriptions and logs so far.
    kept: usize,
}

/// Bytes of all descriptions and logs of a report, which is in memory until the run ends. What comes later is left out,
/// with a mark.
const MOST_KEPT: usize = 32 << 20;

impl<W: Write> Junit<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            suites: Vec::new(),
            kept: 0,
        }
    }

    fn add(&mut self, result: &CaseResult) {
        let file = &*attribute(&result.place.source.shown);
        let mut case = TestCase::new(attribute(&result.name), self.status(result));
        case.set_classname(file);
        case.set_time(result.duration);
        case.extra.insert("file".into(), file.into());
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
            let logs = self.kept(logs.join("\n"));
            case.set_system_out(xml_text(&logs));
        }
        // Cases come file by file; findings may come back to one.
        let known = self.suites.iter_mut();
        match known.rev().find(|suite| suite.name.as_str() == file) {
            Some(suite) => {
                suite.add_test_case(case);
            }
            None => {
                let mut suite = TestSuite::new(file);
                suite.add_test_case(case);
                self.suites.push(suite);
            }
        }
    }

    fn status(&mut self, result: &CaseResult) -> TestCaseStatus {
        match &result.status {
            CaseStatus::Passed => TestCaseStatus::success(),
            CaseStatus::Skipped(reason) => {
                let mut status = TestCaseStatus::skipped();
                if !reason.is_empty() {
                    status.set_message(attribute(reason));
                }
                status
            }
            CaseStatus::Failed => {
                // JUnit's failure is an assertion that does not hold; everything else is an error.
                let is_failure = |failure: &Failure| match failure {
                    Failure::Expectation(_) | Failure::Snapshot(_) | Failure::Unfit { .. } => true,
                    Failure::LeftOut { exit_code, .. } => {
                        *exit_code == crate::run_event::exit::EXPECTATION
                    }
                    Failure::Found(finding) => !matches!(finding.fault, Fault::Throws(_)),
                    _ => false,
                };
                let kind_of_all = match result.failures.iter().all(is_failure) {
                    true => NonSuccessKind::Failure,
                    false => NonSuccessKind::Error,
                };
                let mut status = TestCaseStatus::non_success(kind_of_all);
                if let Some(first) = result.failures.first() {
                    let message = title(first);
                    status
                        .set_type(kind(first))
                        .set_message(attribute(&message));
                }
                let told: Vec<String> = result
                    .failures
                    .iter()
                    .map(|one| told(result, one))
                    .collect();
                let told = self.kept(told.join("\n"));
                status.set_description(xml_text(&told));
                status
            }
        }
    }

    /// Returns the text, or a mark when the report has too many already.
    fn kept(&mut self, text: String) -> String {
        if self.kept + text.len() > MOST_KEPT {
            return format!(
                "… {} bytes are left out: the report has {} MiB already; `--reporter json` has all",
                text.len(),
                MOST_KEPT >> 20
            );
        }
        self.kept += text.len();
        text
    }

    fn end(&mut self, took: Duration) -> io::Result<()> {
        let mut report = Report::new("postlogin");
        report.set_time(took);
        report.add_test_suites(std::mem::take(&mut self.suites));
        let text = report.to_string().map_err(io::Error::other)?;
        self.out.write_all(xml_document(&text).as_bytes())?;
        self.out.flush()
    }
}

/// Returns a failure in words: its place, what it is, and what was expected.
pub(crate) fn told(result: &CaseResult, failure: &Failure) -> String {
    let mut text = format!("{}: {}", shown(place_of(result, failure)), title(failure));
    for line in body(failure, result.outcome.as_deref()) {
        text.push_str("\n  ");
        text.push_str(&line.text().replace('\n', "\n  "));
    }
    text
}

impl<W: Write> Reporter for Junit<W> {
    fn event(&mut self, event: &RunEvent<'_>) -> io::Result<()> {
        match event {
            RunEvent::Started { .. } | RunEvent::FuzzStarted { .. } => {
                self.suites.clear();
                self.kept = 0;
            }
            RunEvent::CaseStarted { .. } | RunEvent::FuzzProgress { .. } => {}
            RunEvent::CaseFinished(result) => self.add(result),
            RunEvent::Finished(summary) => self.end(summary.duration)?,
            RunEvent::FuzzFinished(summary) => {
                if self.suites.is_empty() {
                    let name = format!("{} logins with generated events", summary.logins);
                    let mut suite = TestSuite::new("fuzz");
                    suite.add_test_case(TestCase::new(name, TestCaseStatus::success()));
                    self.suites.push(suite);
                }
                self.end(summary.duration)?;
            }
        }
        Ok(())
    }
}
