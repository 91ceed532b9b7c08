//! An Action that is a Cargo package.

use std::{env, fs, path::Path};

use serde_json::{Value, json};

use crate::support::{FIXED, Invocation, folder, postlogin};

const PACKAGE: &str = "actions/loyalty-tier";

/// What is meant for this machine's processor is not meant for the Action, whose build stays among the tests' files.
fn cargo(arguments: &str) -> Invocation {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("actions");
    postlogin(arguments).env("CARGO_TARGET_DIR", target)
}

#[test]
fn a_package_is_built_and_run() {
    let outcome = cargo(&format!("run {PACKAGE} {FIXED}"))
        .args(["--set", "user.app_metadata.loyalty={\"points\": 5000}"])
        .outcome(0);
    assert_eq!(outcome["status"], "allowed", "{outcome}");
    for token in ["id_token", "access_token"] {
        let claims = &outcome[token]["claims"];
        assert!(
            claims["https://example.com/loyalty_tier"].is_string(),
            "{claims}"
        );
    }
    let place = &outcome["ledger"][0]["location"];
    let file = place["file"].as_str().unwrap_or_default();
    assert!(
        file.ends_with("src/lib.rs") && !file.starts_with('/'),
        "{place}"
    );

    // The component that `build` writes is the same Action.
    let files = folder(&[]);
    let component = files.path().join("loyalty-tier.wasm");
    let done = cargo(&format!("build {PACKAGE} -o"))
        .arg(&component)
        .finish();
    assert_eq!(done.code, Some(0), "{done}");
    let bytes = fs::read(&component).expect("it was written");
    let home = env::var("HOME").unwrap_or_default();
    for private in [
        format!("{home}/.cargo"),
        format!("{home}/.rustup"),
        files.path().to_string_lossy().into_owned(),
    ] {
        assert!(
            !bytes
                .windows(private.len())
                .any(|window| window == private.as_bytes()),
            "the component holds {private}"
        );
    }
    let again = cargo(&format!("run loyalty-tier.wasm {FIXED}"))
        .within(files.path())
        .args(["--set", "user.app_metadata.loyalty={\"points\": 5000}"])
        .outcome(0);
    let comparable = |mut outcome: Value| {
        outcome["usage"].take();
        outcome
    };
    assert_eq!(comparable(again), comparable(outcome));
}

#[test]
fn a_package_that_does_not_build_is_told() {
    let files = folder(&[
        (
            "broken/Cargo.toml",
            "[package]\nname = \"broken\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n[lib]\ncrate-type = [\"cdylib\"]\n",
        ),
        ("broken/src/lib.rs", "fn broken( {}\n"),
        (
            "library/Cargo.toml",
            "[package]\nname = \"library\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n",
        ),
        ("library/src/lib.rs", ""),
    ]);
    for (package, message) in [
        (
            "broken",
            "error: broken: the package does not build\nhint: ",
        ),
        (
            "library",
            "error: library: Cargo built no component\nhint: ",
        ),
    ] {
        let done = cargo(&format!("run {package}"))
            .env("CARGO_TARGET_DIR", files.path().join("target"))
            .within(files.path())
            .finish();
        assert_eq!(done.code, Some(101), "{done}");
        assert_eq!(done.stdout, json!("").as_str().unwrap_or_default());
        assert!(done.stderr.contains(message), "{done}");
    }
}
