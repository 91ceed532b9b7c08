//! Reports for programs.

use serde_json::{Value, json};

use crate::support::{QUIET, assert_command, folder, postlogin};

const ACTION: &str = "exports.onExecutePostLogin = async (event, api) => {
  console.log('a <log> & more');
  api.idToken.setCustomClaim('roles', ['a']);
};
";

const CASES: &str = "actions: [a.js]
cases:
  - description: passes
  - description: 'fails: 100%, surely'
    expect:
      id_token: { roles: [a] }
  - description: waits
    skip: until later
";

fn project() -> tempfile::TempDir {
    folder(&[("a.js", ACTION), ("t.case.yaml", CASES)])
}

#[test]
fn github_annotations() {
    let folder = project();
    let done = postlogin("test --reporter github")
        .within(folder.path())
        .finish();
    assert_eq!(done.code, Some(100), "{done}");
    let annotation = done.stdout.lines().find(|line| line.starts_with("::error"));
    assert_eq!(
        annotation,
        Some(
            "::error file=t.case.yaml,line=6,col=26,title=t fails%3A 100%25%2C surely::id_token.roles is not as expected\
             %0Aexpected  [\"a\"]%0A  actual  nothing%0A  ledger  dropped, the name is reserved (restricted-name): \
             a set [\"a\"] at a.js:3:15"
        ),
        "{done}"
    );
    assert!(
        done.stdout.contains("Summary"),
        "people read the log, too: {done}"
    );
}

#[test]
fn tap() {
    let folder = project();
    assert_command!(postlogin("test --reporter tap").within(folder.path()), @r#"
    exit code: 100
    ----- stdout -----
    TAP version 14
    1..3
    ok 1 - t passes
    not ok 2 - t fails: 100%, surely
      ---
      failures:
        - {"kind":"expectation","message":"id_token.roles is not as expected","at":"t.case.yaml:6:26","details":["expected  [\"a\"]","  actual  nothing","  ledger  dropped, the name is reserved (restricted-name): a set [\"a\"] at a.js:3:15"]}
      ...
    ok 3 - t waits # SKIP until later
    "#);
}

#[test]
fn json_lines() {
    let folder = project();
    let done = postlogin("test --reporter json")
        .within(folder.path())
        .finish();
    let events: Vec<Value> = done
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect();
    let kinds: Vec<&str> = events
        .iter()
        .filter_map(|event| event["type"].as_str())
        .collect();
    assert_eq!(
        kinds,
        [
            "run-started",
            "case-finished",
            "case-finished",
            "case-finished",
            "run-finished"
        ]
    );
    assert_eq!(events[0]["format"], "postlogin.test/1");
    let failure = &events[2]["failures"][0];
    assert_eq!(failure["kind"], "expectation");
    assert_eq!(failure["location"]["line"], 6);
    assert_eq!(events[2]["outcome"]["ledger"][0]["rule"], "restricted-name");
    assert_eq!(events[4]["exit_code"], 100);
    assert_eq!(done.stderr, "");
}

#[test]
fn several_reports_at_once() {
    let folder = project();
    let done = postlogin(
        "test --reporter human --reporter junit=out/report.xml --reporter json=run.jsonl",
    )
    .within(folder.path())
    .finish();
    assert_eq!(done.code, Some(100), "{done}");
    assert!(done.stdout.contains("Summary"), "{done}");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect(name);
    assert_eq!(read("run.jsonl").lines().count(), 5);
    let xml = read("out/report.xml");
    for expected in [
        "<testsuites name=\"postlogin\" tests=\"3\" skipped=\"1\" failures=\"1\" errors=\"0\"",
        "<testsuite name=\"t.case.yaml\" tests=\"3\" skipped=\"1\" errors=\"0\" failures=\"1\"",
        "<testcase name=\"fails: 100%, surely\" classname=\"t.case.yaml\"",
        "a &lt;log&gt; &amp; more",
        "<skipped message=\"until later\"/>",
    ] {
        assert!(xml.contains(expected), "{expected}: {xml}");
    }
    assert_eq!(
        std::fs::read_dir(folder.path().join("out"))
            .expect("a folder")
            .count(),
        1,
        "nothing is left beside the report"
    );
}

/// Starts a run, sends it a signal when its first case has passed, and returns its exit code.
#[cfg(unix)]
fn stopped(arguments: &str, folder: &std::path::Path, signal: &str) -> Option<i32> {
    use std::io::{BufRead as _, BufReader, Read as _};
    use std::process::{Command, Stdio};

    let mut child = postlogin(arguments)
        .within(folder)
        .command()
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut printed = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    while !line.contains("PASS") {
        line.clear();
        let length = printed.read_line(&mut line).expect("text");
        assert!(length > 0, "no case has passed");
    }
    let sent = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status();
    assert!(sent.is_ok_and(|status| status.success()));
    let _ = printed.read_to_string(&mut line);
    child.wait().expect("the program ends").code()
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_has_complete_reports() {
    let slow = "exports.onExecutePostLogin = async () => { const end = Date.now; for (let i = 0; i < 3e6; i++); };\n";
    let folder = folder(&[
        ("a.js", slow),
        (
            "t.case.yaml",
            &format!(
                "actions: [a.js]\nmatrix: {{ user.user_metadata.n: [{}] }}\n",
                (0..2000)
                    .map(|n| n.to_string())
                    .collect::<Vec<_>>()
                    .join(",")
            ),
        ),
    ]);
    let arguments =
        "test --jobs 1 --reporter human --reporter junit=report.xml --reporter json=run.jsonl";
    let code = stopped(arguments, folder.path(), "-INT");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect(name);
    let lines = read("run.jsonl");
    let last: Value = lines
        .lines()
        .last()
        .and_then(|line| serde_json::from_str(line).ok())
        .expect("the last line is whole");
    assert_eq!(last["type"], "run-finished");
    assert_eq!(last["interrupted"], true);
    assert_eq!(code, Some(100));
    assert!(last["not_run"].as_u64() > Some(0), "{last}");
    assert!(read("report.xml").trim_end().ends_with("</testsuites>"));
}

/// A CI service sends SIGTERM once, and SIGKILL some seconds later.
#[cfg(unix)]
#[test]
fn a_run_that_computes_without_end_ends_soon_and_reports() {
    let folder = folder(&[
        ("ok.js", QUIET),
        (
            "endless.js",
            "exports.onExecutePostLogin = async () => { for (;;); };\n",
        ),
        (
            "t.case.yaml",
            "cases:\n  - { description: good, actions: [ok.js] }\n  - { description: endless, actions: [endless.js] }\n  - { description: later, actions: [ok.js] }\n",
        ),
    ]);
    // The time-out of the endless one would count as a failure.
    let arguments = "test --jobs 1 --reporter human --reporter json=run.jsonl";
    assert_eq!(stopped(arguments, folder.path(), "-TERM"), Some(100));
    let lines = std::fs::read_to_string(folder.path().join("run.jsonl")).expect("a report");
    let last = lines.lines().last().expect("a line");
    let last: Value = serde_json::from_str(last).expect("the last line is whole");
    assert_eq!(
        (
            &last["type"],
            &last["interrupted"],
            &last["passed"],
            &last["failed"],
            &last["not_run"]
        ),
        (
            &json!("run-finished"),
            &json!(true),
            &json!(1),
            &json!(0),
            &json!(2)
        )
    );
}

#[test]
fn a_run_says_as_much_as_is_asked_for() {
    let project = folder(&[
        ("a.js", QUIET),
        (
            "t.case.yaml",
            "actions: [a.js]\ncases:\n  - description: good\n  - description: bad\n    expect: { status: denied }\n  - description: later\n    skip: true\n",
        ),
    ]);
    let lines = |arguments: &str| -> Vec<String> {
        let done = postlogin(&format!("test {arguments}"))
            .within(project.path())
            .finish();
        assert_eq!(done.code, Some(100), "{done}");
        assert!(done.stdout.contains("  FAIL t bad"), "{done}");
        assert!(
            done.stdout.contains("1 passed, 1 failed, 1 skipped"),
            "{done}"
        );
        let words = ["Starting", "PASS", "FAIL [", "SKIP", "Slowest"];
        let found = words.iter().map(|word| done.stdout.matches(word).count());
        found.map(|count| count.to_string()).collect()
    };
    assert_eq!(lines(""), ["1", "1", "1", "1", "0"]);
    assert_eq!(lines("--status-level pass"), ["1", "1", "1", "0", "0"]);
    assert_eq!(lines("--status-level slow"), ["1", "0", "1", "0", "0"]);
    assert_eq!(lines("--status-level fail"), ["1", "0", "1", "0", "0"]);
    assert_eq!(lines("--status-level none"), ["1", "0", "0", "0", "0"]);
    assert_eq!(lines("--quiet"), ["0", "0", "0", "0", "0"]);
    assert_eq!(lines("-q --slowest"), ["0", "0", "0", "0", "2"]);
    assert_eq!(lines("--slowest=1"), ["1", "1", "1", "1", "1"]);
    for wrong in [
        "--slowest=0",
        "--status-level loud",
        "--quiet --status-level fail",
    ] {
        let done = postlogin(&format!("test {wrong}"))
            .within(project.path())
            .finish();
        assert_eq!(done.code, Some(2), "{done}");
    }
}
