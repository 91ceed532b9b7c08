//! No text of others forges anything in a report: each format against a reader of it.

use postlogin_core::escape::{is_hostile, xml_attribute, xml_text};
use postlogin_core::outcome::Outcome;
use postlogin_project::cases::ExpectKey;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::*;
use crate::load::{LoadError, LoadProblem};
use crate::run_event::{Mismatch, SnapshotFailure};

#[path = "../../../../core/src/escape/tests/github_runner.rs"]
mod github_runner;
#[path = "../../../../core/src/escape/tests/hostile.rs"]
mod hostile;

use github_runner::commands;
use hostile::{HOSTILE, LETTERS};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        vec(select(LETTERS), 0..24).prop_map(|letters| letters.into_iter().collect::<String>()),
        any::<String>(),
        select(HOSTILE).prop_map(str::to_owned),
    ]
}

/// A case all of whose texts are foreign; `texts` are taken in turns.
fn hostile_case(texts: &[String], status: CaseStatus) -> CaseResult {
    let mut texts = texts.iter().cycle();
    let mut next = || texts.next().cloned().unwrap_or_default();
    let place = Place {
        source: Arc::new(Source {
            path: "t.case.yaml".into(),
            shown: next(),
        }),
        line: 3,
        column: 5,
    };
    let error = ActionError {
        action: next(),
        name: next(),
        message: next(),
        stack: format!("{}\n    at f ({}:1:2)", next(), next()),
        location: Some(postlogin_core::Location {
            file: next(),
            line: 1,
            column: 2,
        }),
    };
    let claim = next();
    let mismatch = |key, expected: Value, actual: Value, path: String| Mismatch {
        key,
        path,
        name: Some(claim.clone()),
        expected: Some(expected),
        actual: Some(actual),
        place: place.clone(),
    };
    let failures = match status {
        CaseStatus::Failed => vec![
            Failure::Expectation(mismatch(
                ExpectKey::IdToken,
                json!(next()),
                json!(next()),
                next(),
            )),
            Failure::Expectation(mismatch(
                ExpectKey::AccessToken,
                json!([next(), "x".repeat(200), {next(): next()}]),
                json!([next(), "y".repeat(200)]),
                next(),
            )),
            Failure::Expectation(mismatch(
                ExpectKey::Status,
                json!("allowed"),
                json!("denied"),
                next(),
            )),
            Failure::Unexpected(error),
            Failure::Load(LoadError {
                message: next(),
                hint: Some(next()),
                problem: LoadProblem::Unloadable,
            }),
            Failure::Snapshot(SnapshotFailure {
                stored: Some(next()),
                current: next(),
                file: next(),
                pending: true,
            }),
            Failure::Unfit {
                message: next(),
                hint: Some(next()),
                place: place.clone(),
            },
            Failure::Internal(next()),
        ],
        _ => Vec::new(),
    };
    let outcome: Outcome = serde_json::from_value(json!({
        "format": "postlogin.outcome/1", "status": "denied", "reason": next(),
        "id_token": {"claims": {claim.clone(): next()}},
        "access_token": {"claims": {}, "opaque": false},
        "userinfo": {}, "user": {"user_metadata": {}, "app_metadata": {}},
        "ledger": [
            {"token": "id_token", "name": claim, "value": next(), "verdict": "kept", "rule": null,
             "action": next(), "location": {"file": next(), "line": 1, "column": 1}, "sources": [next()]},
            {"token": "access_token", "name": next(), "value": next(), "verdict": "dropped", "rule": "restricted-name",
             "action": next(), "location": null, "sources": []},
        ],
        "commands": [], "notices": [], "error": null, "redirect": null, "usage": {"actions": []},
        "logs": [{"action": next(), "level": next(), "message": next()}],
    }))
    .expect("an outcome");
    CaseResult {
        name: next(),
        full_name: next(),
        place,
        status,
        failures,
        duration: Duration::from_millis(4),
        outcome: Some(Box::new(outcome)),
    }
}

/// Two cases in a format.
fn written(cases: &[CaseResult], make: impl FnOnce(Shared) -> Box<dyn Reporter>) -> String {
    let out = Shared::default();
    let mut reporter = make(out.clone());
    let mut summary = RunSummary::default();
    let texts = cases
        .first()
        .map(|case| (case.name.clone(), case.full_name.clone()));
    summary.snapshots.unused.extend(texts);
    let started = RunEvent::Started {
        cases: cases.len(),
        files: 1,
        left_out: 0,
        jobs: 1,
    };
    let finished = cases.iter().map(RunEvent::CaseFinished);
    for event in std::iter::once(started)
        .chain(finished)
        .chain([RunEvent::Finished(&summary)])
    {
        reporter.event(&event).expect("memory takes everything");
    }
    drop(reporter);
    String::from_utf8(out.0.take()).expect("it is UTF-8")
}

fn human(color: bool) -> impl FnOnce(Shared) -> Box<dyn Reporter> {
    let style = HumanStyle {
        color,
        progress: false,
        width: 80,
        level: StatusLevel::All,
        quiet: false,
        slowest: 0,
    };
    // Without the writer that catches what the reporter forgets.
    move |out| Box::new(Human::new(out, io::sink(), style))
}

#[track_caller]
fn assert_shown(printed: &str) {
    let bad = printed
        .chars()
        .find(|letter| !matches!(letter, '\n' | '\t') && is_hostile(*letter));
    assert_eq!(bad, None, "{printed}");
}

#[track_caller]
fn check(texts: &[String]) {
    let cases = [
        hostile_case(texts, CaseStatus::Failed),
        hostile_case(texts, CaseStatus::Skipped(texts.concat())),
    ];
    let failed = cases[0].failures.len();
    check_human(&cases);
    check_github(&cases, failed);
    check_junit(&cases);
    check_tap(&cases, failed);
    let json = written(&cases, |out| reporter(Format::Json, Below::default(), out));
    assert_eq!(json.split('\n').count(), 5, "{json}");
    for line in json.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
    }
    assert_eq!(commands(&json), [], "{json}");
    assert_shown(&json);
}

fn check_human(cases: &[CaseResult]) {
    let plain = written(cases, human(false));
    assert_eq!(commands(&plain), [], "{plain}");
    assert_shown(&plain);
    // Whatever has a place at the left edge is ours.
    let ours = |line: &str| line.is_empty() || line.starts_with(' ') || line.starts_with('─');
    assert!(plain.lines().all(ours), "{plain}");
    let colored = written(cases, human(true));
    let mut stripped = String::new();
    for (index, part) in colored.split("\x1b[").enumerate() {
        let text = match index {
            0 => part,
            _ => part.split_once('m').expect("a style").1,
        };
        stripped.push_str(text);
    }
    assert_eq!(stripped, plain);
}

fn check_github(cases: &[CaseResult], failed: usize) {
    let github = written(cases, |out| reporter(Format::Github, Below::default(), out));
    let read = commands(&github);
    let names: Vec<&str> = read.iter().map(|command| command.name.as_str()).collect();
    let mut expected = vec!["error"; failed];
    expected.push("warning");
    assert_eq!(names, expected, "{github}");
    assert_eq!(github.lines().count(), failed + 1, "{github}");
    for command in &read[..failed] {
        let keys: Vec<&str> = command
            .properties
            .iter()
            .map(|(key, _)| key.as_str())
            .collect();
        assert_eq!(keys, ["file", "line", "col", "title"], "{github}");
    }
    assert_shown(&github);
}

fn check_junit(cases: &[CaseResult]) {
    let xml = written(cases, |out| reporter(Format::Junit, Below::default(), out));
    // This reader knows no numeric references.
    let resolved = xml.replace("&#58;", ":").replace("&#35;", "#");
    let read = quick_junit::Report::deserialize_from_str(&resolved)
        .unwrap_or_else(|error| panic!("{error}: {xml}"));
    let [suite] = read.test_suites.as_slice() else {
        panic!("{xml}");
    };
    assert_eq!(suite.test_cases.len(), cases.len(), "{xml}");
    for (case, read) in cases.iter().zip(&suite.test_cases) {
        assert_eq!(read.name.as_str(), xml_attribute(&case.name), "{xml}");
    }
    let log = cases[0]
        .outcome
        .as_ref()
        .and_then(|outcome| outcome.logs.first())
        .expect("a log");
    let log = format!("{}: {}: {}", log.action, log.level, log.message);
    let out = suite.test_cases[0].system_out.as_ref().expect("logs");
    // The reader trims the text before and after each reference.
    let solid = |text: &str| text.split_whitespace().collect::<String>();
    assert_eq!(solid(out.as_str()), solid(&xml_text(&log)), "{xml}");
    assert_eq!(commands(&xml), [], "{xml}");
    assert_shown(&xml);
}

/// A strict reader: every line has its form, and every test point and every YAML block has its place.
fn check_tap(cases: &[CaseResult], failed: usize) {
    let tap = written(cases, |out| reporter(Format::Tap, Below::default(), out));
    let mut lines = tap.split('\n');
    let mut line = || lines.next().unwrap_or_else(|| panic!("{tap}"));
    assert_eq!(line(), "TAP version 14");
    assert_eq!(line(), "1..2");
    let directive = |line: &str| {
        line.replace("\\\\", "")
            .replace("\\#", "")
            .find('#')
            .map(|_| ())
    };
    let point = line();
    assert!(point.starts_with("not ok 1 - "), "{tap}");
    assert_eq!(directive(point), None, "{tap}");
    assert_eq!([line(), line()], ["  ---", "  failures:"]);
    for _ in 0..failed {
        let entry = line()
            .strip_prefix("    - ")
            .unwrap_or_else(|| panic!("{tap}"));
        let value: Value =
            serde_json::from_str(entry).unwrap_or_else(|error| panic!("{error}: {tap}"));
        assert!(value["kind"].is_string(), "{tap}");
    }
    assert_eq!(line(), "  ...");
    let point = line().replace("\\\\", "").replace("\\#", "");
    assert!(
        point.starts_with("ok 2 - ") && point.contains(" # SKIP "),
        "{tap}"
    );
    assert_eq!(point.matches('#').count(), 1, "{tap}");
    assert_eq!(line(), "");
    assert_eq!(lines.next(), None);
    assert_eq!(commands(&tap), [], "{tap}");
    assert_shown(&tap);
    assert_eq!(cases.len(), 2);
}

#[test]
fn every_hostile_text_everywhere() {
    for text in HOSTILE {
        check(&[(*text).to_owned()]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_texts(texts in vec(text(), 1..40)) {
        check(&texts);
    }

    #[test]
    fn the_last_writer_lets_nothing_through(text in text(), styled in any::<bool>()) {
        let out = Shared::default();
        let mut people = People::new(out.clone(), styled);
        people.write_all(text.as_bytes()).expect("memory takes everything");
        people.flush().expect("memory takes everything");
        drop(people);
        let printed = String::from_utf8(out.0.take()).expect("it is UTF-8");
        prop_assert_eq!(commands(&printed), []);
        prop_assert_eq!(printed.split('\n').count(), text.split('\n').count());
        if !styled {
            assert_shown(&printed);
        }
    }
}

/// Two lists of 5,000 items and 5,000 expectations: what is printed is bounded, and says what is left out.
#[test]
fn large_differences_are_bounded() {
    let list =
        |letter: &str| -> Value { (0..5_000).map(|n| json!(format!("{letter}{n}"))).collect() };
    let mut result = hostile_case(&["x".to_owned()], CaseStatus::Failed);
    let Failure::Expectation(template) = &result.failures[0] else {
        panic!("it is an expectation");
    };
    let template = template.clone();
    let with = |expected: Value, actual: Value| {
        Failure::Expectation(Mismatch {
            expected: Some(expected),
            actual: Some(actual),
            name: Some("y".to_owned()),
            ..template.clone()
        })
    };
    let outcome = result.outcome.as_mut().expect("an outcome");
    let entry = outcome.ledger[0].clone();
    outcome.ledger.extend((0..5_000).map(|n| {
        let mut entry = entry.clone();
        (entry.name, entry.value) = (format!("claim-{n}"), list("v"));
        entry
    }));
    result.failures = vec![with(list("a"), list("b"))];
    let one = written(std::slice::from_ref(&result), human(false));
    assert!(one.lines().count() < 200, "{one}");
    assert!(
        one.contains("lines 1 to 500 and 1 to 500 are compared; there are 5002 and 5002"),
        "{one}"
    );
    result
        .failures
        .extend((0..5_000).map(|n| with(json!(n), json!(-n - 1))));
    let all = written(std::slice::from_ref(&result), human(false));
    assert!(
        all.contains("4981 more failures of this case; `--reporter json` lists all"),
        "{all}"
    );
    assert!(all.len() < 100_000, "{}", all.len());
    let xml = written(&[result], |out| {
        reporter(Format::Junit, Below::default(), out)
    });
    assert!(xml.len() < 10_000_000, "{}", xml.len());
}

#[test]
fn differences_show_what_changed() {
    let numbered = |count: usize, changed: usize| -> String {
        (0..count)
            .map(|n| {
                if n == changed {
                    format!("changed {n}\n")
                } else {
                    format!("{n}\n")
                }
            })
            .collect()
    };
    let shown = |before: &str, after: &str| -> Vec<String> {
        diff_lines(before, after).iter().map(Line::plain).collect()
    };
    assert_eq!(
        shown(&numbered(50_000, 40_000), &numbered(50_000, usize::MAX)),
        [
            "  39997",
            "  39998",
            "  39999",
            "- changed 40000",
            "+ 40000",
            "  40001",
            "  40002",
            "  40003"
        ]
    );
    let far = shown(
        &format!("x\n{}x\n", numbered(2_000, 5)),
        &format!("y\n{}y\n", numbered(2_000, 9)),
    );
    assert!(far.contains(&"- changed 5".to_owned()), "{far:?}");
    assert_eq!(
        far.last().map(String::as_str),
        Some("  … lines 1 to 500 and 1 to 500 are compared; there are 2002 and 2002")
    );
}
