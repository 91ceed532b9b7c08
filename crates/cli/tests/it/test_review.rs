//! `postlogin test --review` on a terminal, which `script` of util-linux gives to it.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use crate::support::{folder, postlogin};

const ACTION: &str = "exports.onExecutePostLogin = async (event, api) => { api.idToken.setCustomClaim('https://example.com/v', 1); };\n";

const CASES: &str = "actions: [a.js]\nsnapshot: true\ncases:\n  - description: one\n  - description: two\n  - description: three\n";

/// The folder with three outcomes that differ from the stored ones.
fn waiting() -> tempfile::TempDir {
    let project = folder(&[("a.js", ACTION), ("a.case.yaml", CASES)]);
    let done = postlogin("test --update").within(project.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
    let changed = ACTION.replace("v', 1", "v', 2");
    fs::write(project.path().join("a.js"), changed).expect("it can be written");
    let done = postlogin("test").within(project.path()).finish();
    assert_eq!(done.code, Some(100), "{done}");
    project
}

/// Returns the screen after the user has typed this.
fn review(folder: &Path, typed: &str) -> String {
    let command = postlogin("test --review --color never")
        .within(folder)
        .command();
    let program = command.get_program().to_string_lossy().into_owned();
    let arguments: Vec<_> = command
        .get_args()
        .map(|word| word.to_string_lossy())
        .collect();
    let mut terminal = Command::new("script")
        .args(["--quiet", "--return", "--echo", "never", "--command"])
        .arg(format!("'{program}' {}", arguments.join(" ")))
        .arg("/dev/null")
        .current_dir(folder)
        .envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("`script` of util-linux is there");
    let mut keys = terminal.stdin.take().expect("stdin is a pipe");
    keys.write_all(typed.as_bytes()).expect("it is written");
    let output = terminal.wait_with_output().expect("it ends");
    drop(keys);
    let shown = String::from_utf8(output.stdout).expect("it is UTF-8");
    assert!(output.status.success(), "{shown}");
    shown
}

/// Checks how many of the three stored outcomes are new after these answers, and how many still wait.
#[track_caller]
fn check(typed: &str, accepted: usize, left: usize, told: &str) {
    let project = waiting();
    let count = |file: &str, value: u32| {
        let text = fs::read_to_string(project.path().join(file)).unwrap_or_default();
        text.matches(&format!("\"https://example.com/v\": {value}"))
            .count()
    };
    let of_one_case = count("a.snap", 1) / 3;
    assert!(of_one_case > 0);
    let shown = review(project.path(), typed);
    assert!(shown.contains("1 of 3: [a]ccept, [r]eject"), "{shown}");
    assert!(shown.contains(told), "{shown}");
    assert_eq!(count("a.snap", 2), accepted * of_one_case, "{shown}");
    assert_eq!(count("a.snap.new", 2), left * of_one_case, "{shown}");
}

#[test]
fn each_answer_does_what_it_says() {
    check("a\nr\ns\n", 1, 1, "1 accepted, 1 rejected, 1 left");
    check("A\n", 3, 0, "3 accepted, 0 rejected, 0 left");
    check("r\nr\nr\n", 0, 0, "0 accepted, 3 rejected, 0 left");
    check("q\n", 0, 3, "0 accepted, 0 rejected, 3 left");
}
