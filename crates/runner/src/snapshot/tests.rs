//! Stored and pending snapshots, and when they are written.

use postlogin_core::outcome::Outcome;
use serde_json::json;

use super::review::{Verdict, pending, settle};
use super::*;
use crate::plan::plan;

const CASES: &str =
    "actions: [a.js]\nsnapshot: true\ncases:\n  - description: one\n  - description: two\n";
const ACTION: &str = "exports.onExecutePostLogin = async () => {};\n";

fn outcome(reason: &str) -> Outcome {
    serde_json::from_value(json!({
        "format": "postlogin.outcome/1", "status": "denied", "reason": reason,
        "id_token": {"claims": {}}, "access_token": {"claims": {}, "opaque": true}, "userinfo": {},
        "user": {"user_metadata": {}, "app_metadata": {}},
        "ledger": [], "commands": [], "logs": [], "notices": [], "error": null, "redirect": null,
        "usage": {"actions": []},
    }))
    .expect("an outcome")
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        folder.write("t.case.yaml", CASES);
        folder.write("a.js", ACTION);
        folder
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).expect("a file");
    }

    fn text(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.0.path().join(name)).ok()
    }

    /// Compares these outcomes; gives which cases differ, and the summary.
    fn run(&self, mode: Mode, reasons: &[(&str, &str)]) -> (Vec<String>, SnapshotSummary) {
        let plan = plan(&[".".into()], self.0.path()).expect("a plan");
        let snapshots = Snapshots::new(mode, &plan, self.0.path());
        let file = self.0.path().join("t.snap");
        let differ = reasons
            .iter()
            .filter(|(case, reason)| snapshots.compare(&file, case, &outcome(reason)).is_some());
        let differ = differ.map(|(case, _)| (*case).to_owned()).collect();
        (
            differ,
            snapshots.finish(&plan).expect("files can be written"),
        )
    }
}

#[test]
fn differences_wait_until_they_are_accepted() {
    let folder = Folder::new();
    let (differ, summary) = folder.run(Mode::Pending, &[("two", "b"), ("one", "a")]);
    assert_eq!((differ.len(), summary.pending), (2, 2));
    assert_eq!(folder.text("t.snap"), None);
    let waiting = folder.text("t.snap.new").expect("they wait");
    assert_eq!(
        waiting,
        "# postlogin snapshots 1: change them with `postlogin test --review` or `--update`\n\n\
         === one\n{\n  \"status\": \"denied\",\n  \"reason\": \"a\",\n  \"access_token\": \"opaque\"\n}\n\n\
         === two\n{\n  \"status\": \"denied\",\n  \"reason\": \"b\",\n  \"access_token\": \"opaque\"\n}\n"
    );
    let cases = [folder.0.path().join("t.case.yaml")];
    let [one, two] = pending(&cases, folder.0.path())
        .expect("they can be read")
        .try_into()
        .expect("two wait");
    settle(&one, Verdict::Accept).expect("it can be written");
    settle(&two, Verdict::Reject).expect("it can be written");
    assert_eq!(folder.text("t.snap.new"), None);
    let (differ, _) = folder.run(Mode::Pending, &[("two", "b"), ("one", "a")]);
    assert_eq!(differ, ["two"]);
    // A case that did not run keeps what waits for it; one that is right again has nothing to wait for.
    let (_, summary) = folder.run(Mode::Pending, &[("one", "a")]);
    assert_eq!(summary.pending, 0);
    assert!(
        folder
            .text("t.snap.new")
            .is_some_and(|text| text.contains("=== two"))
    );
}

#[test]
fn update_stores_in_the_order_of_the_cases_and_drops_what_has_none() {
    let folder = Folder::new();
    let (differ, summary) = folder.run(Mode::Update, &[("two", "b"), ("one", "a")]);
    assert_eq!((differ.len(), summary.written), (0, 2));
    let stored = folder.text("t.snap").expect("they are stored");
    assert!(stored.find("=== one") < stored.find("=== two"), "{stored}");
    // Run in another order and in part: nothing moves.
    folder.run(Mode::Update, &[("one", "a")]);
    assert_eq!(folder.text("t.snap").as_deref(), Some(stored.as_str()));

    folder.write("t.case.yaml", &CASES.replace("  - description: two\n", ""));
    let (_, summary) = folder.run(Mode::Pending, &[("one", "a")]);
    assert_eq!(summary.unused, [("t.snap".to_owned(), "two".to_owned())]);
    let (_, summary) = folder.run(Mode::Update, &[("one", "a")]);
    assert_eq!(summary.unused, []);
    assert!(
        folder
            .text("t.snap")
            .is_some_and(|text| !text.contains("two"))
    );
}

#[test]
fn ci_writes_nothing() {
    let folder = Folder::new();
    let (differ, _) = folder.run(Mode::ReadOnly, &[("one", "a")]);
    assert_eq!(differ, ["one"]);
    assert_eq!(
        (folder.text("t.snap"), folder.text("t.snap.new")),
        (None, None)
    );
}

#[test]
fn a_file_edited_by_hand_is_read_for_what_it_says() {
    let folder = Folder::new();
    folder.run(Mode::Update, &[("one", "a")]);
    let stored = folder.text("t.snap").expect("it is stored");
    folder.write(
        "t.snap",
        &stored.replace("{\n  ", "{ ").replace('\n', "\r\n"),
    );
    assert_eq!(folder.run(Mode::ReadOnly, &[("one", "a")]).0, [""; 0]);
    for broken in [
        stored.replace("\"a\"", "\"c\""),
        stored.replace("\"a\"", ""),
        stored.replace("=== one", "one"),
        "=== one".to_owned(),
        String::new(),
    ] {
        folder.write("t.snap", &broken);
        let (differ, _) = folder.run(Mode::ReadOnly, &[("one", "a")]);
        assert_eq!(differ, ["one"], "{broken}");
    }
}

#[test]
fn snapshots_of_other_tools_are_left_alone() {
    let folder = Folder::new();
    folder.write("x.test.js.snap", "// Jest Snapshot v1\n=== one\n");
    folder.write("gone.snap", "# postlogin snapshots 1\n\n=== one\n{}\n");
    let (_, summary) = folder.run(Mode::Pending, &[]);
    assert_eq!(summary.unused, [("gone.snap".to_owned(), "one".to_owned())]);
}

#[cfg(unix)]
#[test]
fn nothing_is_written_or_read_through_a_link() {
    use std::os::unix::fs::symlink;

    let outside = tempfile::tempdir().expect("a folder");
    let target = outside.path().join("target");
    std::fs::write(&target, "untouched").expect("a file");
    let folder = Folder::new();
    let path = |name: &str| folder.0.path().join(name);
    // The name under which a file is written first can be guessed.
    symlink(&target, path(&format!(".t.snap.{}", std::process::id()))).expect("a link");
    folder.run(Mode::Update, &[("one", "1"), ("two", "2")]);
    assert!(
        folder
            .text("t.snap")
            .is_some_and(|text| text.contains("\"1\""))
    );
    for name in ["t.snap", "t.snap.new"] {
        let _ = std::fs::remove_file(path(name));
        symlink(&target, path(name)).expect("a link");
        let errors = plan(&[".".into()], folder.0.path()).expect_err("it leads out");
        let told = errors.first().map(ToString::to_string).unwrap_or_default();
        assert!(told.contains("outside of the project"), "{told}");
        std::fs::remove_file(path(name)).expect("removed");
    }
    assert_eq!(
        std::fs::read_to_string(&target).ok().as_deref(),
        Some("untouched")
    );
}

#[test]
fn what_a_case_names_stays_inside_the_project() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
        std::fs::write(file, text).expect("a file");
    };
    write("foreign/x.json", "{\"user\": {\"email\": \"secret\"}}");
    write("foreign/x.js", ACTION);
    write("foreign/list.json", "[]");
    write("repo/.git/x.json", "{}");
    write("repo/a.js", ACTION);
    write("repo/events/x.json", "{}");
    write("repo/.env", "A=b");
    let repo = folder.path().join("repo");
    let told = |case: &str| {
        write("repo/tests/t.case.yaml", case);
        let planned = plan(&["tests".into()], &repo);
        planned
            .err()
            .map(|errors| errors.iter().map(ToString::to_string).collect::<String>())
    };
    let fine = "actions: [../a.js]\nevent: ../events/x.json\nsecrets_file: ../.env";
    assert_eq!(told(fine), None);
    for (line, why) in [
        ("event: ../../foreign/x.json", "outside of the project"),
        ("event: ../../foreign/none.json", "outside of the project"),
        ("user: ../../foreign/x.json", "outside of the project"),
        ("client: /etc/passwd", "outside of the project"),
        ("http: ../../foreign/list.json", "outside of the project"),
        (
            "secrets_file: ../../foreign/x.json",
            "outside of the project",
        ),
        ("connection: ../../foreign/x.js", "outside of the project"),
        ("event: ../.git/x.json", "hidden"),
        ("http: ../.env", "hidden"),
        ("secrets_file: ../.git/x.json", "hidden"),
    ] {
        let case = format!("actions: [../a.js]\n{line}\n");
        let told = told(&case).unwrap_or_else(|| panic!("{line}: no error"));
        assert!(
            told.contains(why) && told.contains("tests/t.case.yaml:2:"),
            "{line}: {told}"
        );
        assert!(!told.contains("secret\""), "{told}");
    }
    let told = told("actions: [../../foreign/x.js]\n").expect("an error");
    assert!(told.contains("outside of the project"), "{told}");
}

#[test]
fn stored_outcomes_that_cannot_be_read_are_an_error_and_not_missing() {
    for name in ["t.snap", "t.snap.new"] {
        for (bytes, reason) in [
            (vec![0xff, 0, 1], "is not UTF-8"),
            (vec![b' '; (16 << 20) + 1], "has more than 16 MiB"),
        ] {
            let folder = Folder::new();
            std::fs::write(folder.0.path().join(name), bytes).expect("a file");
            let errors = plan(&[".".into()], folder.0.path()).expect_err("it cannot be read");
            let [error] = errors.as_slice() else {
                panic!("one error: {errors:?}")
            };
            assert_eq!(error.file.as_deref(), Some(name), "{error:?}");
            assert!(error.message.contains(reason), "{error:?}");
            assert!(error.hint.is_some(), "{error:?}");
            let cases = [folder.0.path().join("t.case.yaml")];
            pending(&cases, folder.0.path()).expect_err("it cannot be reviewed");
        }
    }
}

#[test]
fn no_file_is_written_that_could_not_be_read_again() {
    let folder = Folder::new();
    let long = "x".repeat(9 << 20);
    let plan = plan(&[".".into()], folder.0.path()).expect("a plan");
    let snapshots = Snapshots::new(Mode::Update, &plan, folder.0.path());
    let file = folder.0.path().join("t.snap");
    for case in ["one", "two"] {
        snapshots.compare(&file, case, &outcome(&long));
    }
    let error = snapshots.finish(&plan).expect_err("it would be too large");
    assert!(error.to_string().contains("more than 16 MiB"), "{error}");
    assert_eq!(folder.text("t.snap"), None);
}
