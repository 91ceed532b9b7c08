//! `postlogin test --coverage`.

use std::fs;

use serde_json::Value;

use crate::support::{folder, postlogin};

const ACTION: &str = "exports.onExecutePostLogin = async (event, api) => {\n  if (event.user.app_metadata.blocked) {\n    \
    return api.access.deny('blocked');\n  }\n  console.log(event.client.name === 'x' ? 'x' : 'y');\n};\n";

const BOTH: &str = "cases:\n  - description: good\n    actions: [a.ts]\n    with: { user: { app_metadata: { blocked: false } } }\n    \
    expect: { status: allowed, logs: [y] }\n  - description: bad\n    actions: [a.ts]\n    with: { user: { app_metadata: { blocked: true } } }\n    \
    expect: { status: denied }\n";

/// The last lines of the output, and what the file of `--coverage=FORM:FILE` holds.
#[track_caller]
fn check(cases: &str, arguments: &str, table: &str) -> (String, String) {
    let project = folder(&[("a.ts", ACTION), ("a.case.yaml", cases)]);
    let done = postlogin("test")
        .within(project.path())
        .args(["--reporter", "human"])
        .args([arguments])
        .finish();
    assert_eq!(done.code, Some(0), "{done}");
    assert!(done.stdout.ends_with(table), "{done}");
    let read = |name: &str| fs::read_to_string(project.path().join(name)).unwrap_or_default();
    (read("out/lcov.info"), read("out/index.html"))
}

#[test]
fn both_cases_cover_all_but_one_way() {
    check(
        BOTH,
        "--coverage",
        "coverage  lines        branches    uncovered lines\na.ts      100.0 % 4/4  75.0 % 3/4\n",
    );
}

#[test]
fn what_did_not_run_is_named_in_every_report() {
    let one = BOTH
        .split("  - description: bad")
        .next()
        .expect("two cases");
    let table =
        "coverage  lines       branches    uncovered lines\na.ts      75.0 % 3/4  50.0 % 2/4  3\n";
    let (lcov, _) = check(one, "--coverage=lcov:out/lcov.info", table);
    assert!(
        lcov.starts_with("TN:\nSF:a.ts\nFN:1,onExecutePostLogin\nFNDA:1,onExecutePostLogin\n"),
        "{lcov}"
    );
    assert!(
        lcov.contains("DA:2,1\nDA:3,0\nDA:5,1\nLF:4\nLH:3\nend_of_record\n"),
        "{lcov}"
    );
    let (_, page) = check(one, "--coverage=html:out/index.html", table);
    assert!(page.contains("class=\"l miss\"><b>   3 0×</b>"), "{page}");
}

#[test]
fn stdout_stays_the_reporters() {
    let project = folder(&[("a.ts", ACTION), ("a.case.yaml", BOTH)]);
    let done = postlogin("test --reporter json --coverage")
        .within(project.path())
        .finish();
    assert_eq!(done.code, Some(0), "{done}");
    for line in done.stdout.lines() {
        serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
    assert!(done.stderr.contains("a.ts      100.0 % 4/4"), "{done}");
}

#[test]
fn other_forms_are_refused() {
    let outside = folder(&[("a.case.yaml", BOTH), ("a.ts", ACTION)]);
    for form in ["xml:a", "lcov", "lcov:"] {
        let done = postlogin("test")
            .within(outside.path())
            .arg(format!("--coverage={form}"))
            .finish();
        assert_eq!(done.code, Some(2), "{done}");
        assert!(done.stderr.contains("hint: write --coverage,"), "{done}");
    }
}

#[test]
fn what_no_case_loads_has_a_row_unless_cases_are_left_out() {
    let project = folder(&[
        (
            "actions/a.js",
            "exports.onExecutePostLogin = async () => {};\n",
        ),
        ("actions/b.js", ACTION),
        (
            "t/a.case.yaml",
            "actions: [a]\nexpect: { status: allowed }\n",
        ),
    ]);
    let run = |arguments: &str| {
        let done = postlogin(&format!("test --coverage=lcov:out.info {arguments}"))
            .within(project.path())
            .finish();
        assert_eq!(done.code, Some(0), "{done}");
        let lcov = fs::read_to_string(project.path().join("out.info")).expect("a report");
        (done.stdout, lcov)
    };
    let (table, lcov) = run("");
    let row = table.lines().find(|line| line.starts_with("actions/b.js"));
    let words: Vec<&str> = row.unwrap_or_default().split_whitespace().collect();
    assert_eq!(words.get(1..4), Some(&["0.0", "%", "0/4"][..]), "{table}");
    assert!(
        lcov.contains("SF:actions/b.js") && lcov.contains("LH:0"),
        "{lcov}"
    );
    let (table, _) = run("t");
    assert!(!table.contains("b.js"), "{table}");
}

#[test]
fn rules_and_actions_of_other_triggers_have_rows() {
    let project = folder(&[
        (
            "rules/a.js",
            "function (user, context, callback) {\n  if (user.never) {\n    context.idToken.x = 1;\n  }\n  callback(null, user, context);\n}\n",
        ),
        (
            "m2m.js",
            "exports.onExecuteCredentialsExchange = async (event, api) => {\n  api.accessToken.setCustomClaim('https://a.com/x', 1);\n};\n",
        ),
        (
            "signup.js",
            "exports.onExecutePreUserRegistration = async (event, api) => {\n  api.user.setUserMetadata('a', 1);\n};\n",
        ),
        (
            "t.case.yaml",
            "cases:\n  - description: rules\n  - description: machine\n    actions: [m2m.js]\n  - description: signup\n    actions: [signup.js]\n",
        ),
    ]);
    let done = postlogin("test --coverage --coverage=html:out.html")
        .within(project.path())
        .finish();
    assert_eq!(done.code, Some(0), "{done}");
    for row in ["m2m.js", "rules/a.js", "signup.js"] {
        assert!(
            done.stdout.lines().any(|line| line.starts_with(row)),
            "{row}: {done}"
        );
    }
    let page = fs::read_to_string(project.path().join("out.html")).expect("a page");
    assert!(page.contains("<dt>files</dt><dd>3</dd>"), "{page}");
    assert!(page.contains("<a href=\"#f1L3\">3</a>"), "{page}");
}
