//! Cases from a Rust test, as another team would run them.

use std::path::Path;

use postlogin_runner::{RunError, run_cases};

fn cache() -> Option<std::path::PathBuf> {
    Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache"))
}

#[test]
fn the_sample_actions_pass_their_cases() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let report = run_cases(&["fixtures/cases".into()], &root, cache()).expect("it runs");
    assert!(report.passed(), "{report}");
    assert!(report.summary.passed > 20, "{report}");
}

#[test]
fn the_sample_rules_and_their_actions_pass_the_same_cases() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let report = run_cases(&["fixtures/rules".into()], &root, cache()).expect("it runs");
    assert!(report.passed(), "{report}");
    assert!(report.summary.passed > 30, "{report}");
}

#[test]
fn what_fails_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("a file");
    };
    let none = run_cases(&[".".into()], folder.path(), cache());
    assert!(matches!(none, Err(RunError::NoCases)), "{none:?}");

    write(
        "a.js",
        "exports.onExecutePostLogin = async (event, api) => api.access.deny('no');\n",
    );
    write(
        "a.case.yaml",
        "actions: [a.js]\nexpect: { status: allowed }\n",
    );
    let report = run_cases(&[".".into()], folder.path(), cache()).expect("it runs");
    assert!(!report.passed());
    assert!(report.text.contains("a.case.yaml:2:19"), "{report}");

    write("a.case.yaml", "actoins: [a.js]\n");
    let wrong = run_cases(&[".".into()], folder.path(), cache()).expect_err("it is wrong");
    assert!(
        wrong.to_string().contains("unknown key `actoins`"),
        "{wrong}"
    );
}
