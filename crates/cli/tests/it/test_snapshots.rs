//! Stored outcomes, from the command line.

use std::fs;

use crate::support::{assert_command, folder, postlogin};

const CASES: &str =
    "actions: [a.js]\nsnapshot: true\ncases:\n  - description: one\n  - description: two\n";

fn action(claim: &str) -> String {
    format!(
        "exports.onExecutePostLogin = async (event, api) => {{ api.idToken.setCustomClaim('https://example.com/x', '{claim}'); }};\n"
    )
}

#[test]
fn from_the_first_run_to_a_review() {
    let folder = folder(&[("a.js", &action("1")), ("t.case.yaml", CASES)]);
    let test = |arguments: &str| postlogin(&format!("test {arguments}")).within(folder.path());
    let exists = |name: &str| folder.path().join(name).exists();

    let done = test("").finish();
    assert_eq!(done.code, Some(100), "{done}");
    assert!(
        done.stdout.contains("2 wait for `postlogin test --review`"),
        "{done}"
    );
    assert!(exists("t.snap.new") && !exists("t.snap"));

    let done = test("--update").finish();
    assert_eq!(done.code, Some(0), "{done}");
    assert!(done.stdout.contains("2 stored"), "{done}");
    assert!(exists("t.snap") && !exists("t.snap.new"));
    assert_eq!(test("").finish().code, Some(0));

    fs::write(folder.path().join("a.js"), action("2")).expect("a file");
    let done = test("--filter one").finish();
    assert_eq!(done.code, Some(100), "{done}");
    assert!(
        done.stdout
            .contains("-     \"https://example.com/x\": \"1\"")
            && done
                .stdout
                .contains("+     \"https://example.com/x\": \"2\""),
        "{done}"
    );
    // Without a terminal, nobody can be asked.
    let done = test("--review").finish();
    assert_eq!(done.code, Some(0), "{done}");
    for expected in [
        "one (t.snap)",
        "accept: postlogin test --update t.case.yaml",
        "reject: rm t.snap.new",
    ] {
        assert!(done.stdout.contains(expected), "{done}");
    }
}

#[test]
fn ci_never_writes() {
    let folder = folder(&[("a.js", &action("1")), ("t.case.yaml", CASES)]);
    let done = postlogin("test")
        .within(folder.path())
        .env("CI", "true")
        .finish();
    assert_eq!(done.code, Some(100), "{done}");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2);
    assert_command!(postlogin("test --update").within(folder.path()).env("CI", "true"), @"
    exit code: 2
    ----- stderr -----
    error: --update: snapshots are never written in CI
    hint: run it on your machine and commit the .snap files; unset CI if this is one
    ");
}

#[test]
fn unused_ones_are_told() {
    let folder = folder(&[("a.js", &action("1")), ("t.case.yaml", CASES)]);
    postlogin("test --update").within(folder.path()).finish();
    let fewer = CASES.replace("  - description: two\n", "");
    fs::write(folder.path().join("t.case.yaml"), fewer).expect("a file");
    let done = postlogin("test").within(folder.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
    assert!(done.stdout.contains("unused: two in t.snap"), "{done}");
}

#[test]
fn ci_that_is_switched_off_is_none() {
    for value in ["false", "False", "FALSE", "0", "", "no", "off", " false "] {
        let folder = folder(&[("a.js", &action("1")), ("t.case.yaml", CASES)]);
        let done = postlogin("test --update")
            .within(folder.path())
            .env("CI", value)
            .finish();
        assert_eq!(done.code, Some(0), "CI={value}: {done}");
        assert!(done.stdout.contains("2 stored"), "CI={value}: {done}");
    }
    for value in ["true", "1", "yes", "woodpecker", "falsey"] {
        let folder = folder(&[("a.js", &action("1")), ("t.case.yaml", CASES)]);
        let done = postlogin("test --update")
            .within(folder.path())
            .env("CI", value)
            .finish();
        assert_eq!(done.code, Some(2), "CI={value}: {done}");
    }
}
