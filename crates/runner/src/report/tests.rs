//! Reports of one run in every format, with names and texts that are hard on each.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use postlogin_core::outcome::ActionError;
use postlogin_project::document::node::{Place, Source};

use super::*;

mod forged;

use crate::run_event::{CaseResult, CaseStatus, Failure, RunSummary};

/// Texts that a careless writer breaks on.
const HARD: &str = "a \"b\" <c> & 'd' ]]> # ü😀 \u{1b}[31m\u{0} 100%, x:y\nnext line";

fn result(name: &str, status: CaseStatus) -> CaseResult {
    let failures = match status {
        CaseStatus::Failed => vec![Failure::Unexpected(ActionError {
            action: "a".into(),
            name: "Error".into(),
            message: HARD.into(),
            stack: "Error: x\n    at f (a.js:1:2)".into(),
            location: None,
        })],
        _ => Vec::new(),
    };
    CaseResult {
        name: name.to_owned(),
        full_name: format!("t {name}"),
        place: Place {
            source: Arc::new(Source {
                path: "t.case.yaml".into(),
                shown: "t, 1.case.yaml".into(),
            }),
            line: 3,
            column: 5,
        },
        status,
        failures,
        duration: Duration::from_millis(4),
        outcome: None,
    }
}

#[derive(Clone, Default)]
struct Shared(Rc<RefCell<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn report(make: impl FnOnce(Shared) -> Box<dyn Reporter>) -> String {
    let out = Shared::default();
    let mut reporter = make(out.clone());
    let summary = RunSummary {
        passed: 1,
        failed: 1,
        skipped: 1,
        exit_code: 102,
        ..RunSummary::default()
    };
    let results = [
        result("passes", CaseStatus::Passed),
        result("fails <&> \"it\"", CaseStatus::Failed),
        result("waits", CaseStatus::Skipped(HARD.into())),
    ];
    let started = RunEvent::Started {
        cases: 3,
        files: 1,
        left_out: 2,
        jobs: 1,
    };
    let finished = results.iter().map(RunEvent::CaseFinished);
    for event in std::iter::once(started)
        .chain(finished)
        .chain([RunEvent::Finished(&summary)])
    {
        reporter.event(&event).expect("memory takes everything");
    }
    drop(reporter);
    String::from_utf8(out.0.take()).expect("it is UTF-8")
}

#[test]
fn junit_is_read_back_as_it_was_meant() {
    let xml = report(|out| reporter(Format::Junit, Below::default(), out));
    let read = quick_junit::Report::deserialize_from_str(&xml)
        .unwrap_or_else(|error| panic!("{error}: {xml}"));
    assert_eq!((read.tests, read.failures, read.errors), (3, 0, 1));
    let [suite] = read.test_suites.as_slice() else {
        panic!("{xml}");
    };
    assert_eq!(suite.name.as_str(), "t, 1.case.yaml");
    let names: Vec<&str> = suite
        .test_cases
        .iter()
        .map(|case| case.name.as_str())
        .collect();
    assert_eq!(names, ["passes", "fails <&> \"it\"", "waits"]);
    let control = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
    assert!(!xml.contains(control), "XML has no place for these");
}

#[test]
fn lines_stay_lines() {
    let json = report(|out| reporter(Format::Json, Below::default(), out));
    assert_eq!(json.lines().count(), 5);
    assert!(
        json.lines()
            .all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok())
    );

    let tap = report(|out| reporter(Format::Tap, Below::default(), out));
    let points: Vec<&str> = tap
        .lines()
        .filter(|line| line.starts_with("ok") || line.starts_with("not ok"))
        .collect();
    assert_eq!(points.len(), 3, "{tap}");
    assert!(points[2].contains("# SKIP a \"b\""), "{tap}");

    let github = report(|out| reporter(Format::Github, Below::default(), out));
    assert_eq!(github.lines().count(), 1, "{github}");
    assert!(
        github.starts_with("::error file=t%2C 1.case.yaml,line=3,col=5,title=t fails <&> \"it\"::"),
        "{github}"
    );
    assert!(github.contains("%0Anext line"), "{github}");
}

#[test]
fn people_see_failures_at_the_end() {
    let style = HumanStyle {
        color: false,
        progress: false,
        width: 80,
        level: StatusLevel::All,
        quiet: false,
        slowest: 0,
    };
    let human = report(|out| Box::new(Human::new(out, io::sink(), style)));
    let at = |text: &str| {
        human
            .find(text)
            .unwrap_or_else(|| panic!("{text}: {human}"))
    };
    assert!(at("Starting 3 cases in 1 file (2 left out)") < at("PASS [   0.004s] t passes"));
    assert!(at("SKIP") < at("  FAIL t fails"), "{human}");
    assert!(at("at f (a.js:1:2)") < at("2 cases run: 1 passed, 1 failed, 1 skipped"));

    let colored = report(|out| {
        let style = HumanStyle {
            color: true,
            ..style
        };
        Box::new(Human::new(out, io::sink(), style))
    });
    assert!(colored.contains("\u{1b}[32m"), "{colored}");
}
