//! An Action that is a Cargo package.

use std::{env, fs, path::Path};

use serde_json::{Value, json};

use crate::support::{FIXED, Invocation, QUIET, folder, postlogin};

const PACKAGE: &str = "actions/loyalty-tier";

/// Settings for this machine's processor are not meant for the Action, whose build stays among the tests' files.
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
fn a_package_of_credentials_exchange_is_built_and_run() {
    let run = |more: &str| {
        let arguments = format!("run actions/order-scopes {FIXED} {more}");
        cargo(&arguments).outcome(0)
    };
    let outcome = run("");
    assert_eq!(outcome["trigger"], "credentials-exchange", "{outcome}");
    assert_eq!(outcome["status"], "allowed", "{outcome}");
    let token = &outcome["access_token"];
    assert_eq!(token["claims"]["https://example.com/team"], "logistics");
    assert_eq!(token["scopes"], json!(["read:orders", "write:orders"]));
    assert_eq!(outcome["ledger"][0]["location"]["line"], 14, "{outcome}");

    let limited = run("--set client.metadata.access=read-only");
    assert_eq!(limited["access_token"]["scopes"], json!(["read:orders"]));

    let denied = run("--set client.metadata.access=suspended");
    assert_eq!(denied["status"], "denied", "{denied}");
    assert_eq!(denied["code"], "invalid_request");
    assert_eq!(denied["reason"], "This client is suspended.");
}

/// One package with a handler for each trigger beside the login: the typed `api` of each, served by the host.
#[test]
fn a_package_has_the_api_of_every_trigger() {
    for (trigger, more, pointer, expected) in [
        (
            "custom-email-provider",
            "notification.to=a@test.example",
            "/effects/notification/delivery",
            json!("dropped"),
        ),
        (
            "custom-phone-provider",
            "notification.delivery_method=voice",
            "/effects/notification/delivery",
            json!("retried"),
        ),
        (
            "custom-token-exchange",
            "transaction.subject_token=ann",
            "/effects/exchange_user/attributes/email",
            json!("ann@example.com"),
        ),
        (
            "custom-token-exchange",
            "transaction.subject_token=ann",
            "/effects/actor/sub",
            json!("support"),
        ),
        (
            "custom-token-exchange",
            "transaction.subject_token=expired",
            "/effects/invalid_subject_token",
            json!(true),
        ),
        (
            "event-stream",
            "message.id=evt_1",
            "/logs/0/message",
            json!("user.created evt_1"),
        ),
        (
            "password-reset-post-challenge",
            "connection.strategy=ad",
            "/reason",
            json!("Ask your administrator."),
        ),
        (
            "password-reset-post-challenge",
            "connection.strategy=auth0",
            "/status",
            json!("redirected"),
        ),
        (
            "post-change-password",
            "user.user_id=auth0|1",
            "/logs/0/message",
            json!("auth0|1 has a new password"),
        ),
        (
            "post-user-registration",
            "user.user_id=auth0|1",
            "/logs/0/message",
            json!("auth0|1 signed up"),
        ),
        (
            "pre-user-registration",
            "user.email=a@spam.example",
            "/effects/user_message",
            json!("Please use another address."),
        ),
        (
            "pre-user-registration",
            "user.email=a@typo.example",
            "/effects/validation_errors/0/code",
            json!("address"),
        ),
        (
            "pre-user-registration",
            "user.email=a@b.example",
            "/effects/user_id",
            json!("new.user"),
        ),
        (
            "send-phone-message",
            "message_options.recipient=+15550100",
            "/logs/0/message",
            json!("a code for +15550100"),
        ),
    ] {
        let arguments =
            format!("run fixtures/rust/every-trigger --trigger {trigger} {FIXED} --set {more}");
        let outcome = cargo(&arguments).outcome(0);
        assert_eq!(outcome["trigger"], trigger, "{outcome}");
        assert_eq!(
            outcome.pointer(pointer),
            Some(&expected),
            "{trigger} {more}: {outcome}"
        );
    }
    // The answer of the other site goes to the handler that continues.
    let folder = folder(&[("back.json", r#"{"query": {}}"#)]);
    let back = folder.path().join("back.json");
    let outcome = cargo(&format!(
        "run fixtures/rust/every-trigger --trigger password-reset-post-challenge {FIXED}"
    ))
    .args(["--set", "connection.strategy=auth0", "--continue"])
    .arg(&back)
    .outcome(0);
    assert_eq!(outcome["reason"], "There is no answer.", "{outcome}");
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
        let done = cargo(&format!("run ./{package}"))
            .env("CARGO_TARGET_DIR", files.path().join("target"))
            .within(files.path())
            .finish();
        assert_eq!(done.code, Some(101), "{done}");
        assert_eq!(done.stdout, json!("").as_str().unwrap_or_default());
        assert!(done.stderr.contains(message), "{done}");
    }
}

const ALLOW: &str = "POSTLOGIN_ALLOW_CARGO_BUILD";

/// A package whose build script leaves a mark, with everything in a project that can name a package.
fn hostile() -> tempfile::TempDir {
    folder(&[
        (
            "actions/evil/Cargo.toml",
            "[package]\nname = \"evil\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n",
        ),
        (
            "actions/evil/build.rs",
            "fn main() { std::fs::write(\"../../ran\", \"\").unwrap(); }\n",
        ),
        ("actions/evil/src/lib.rs", ""),
        (
            "actions/declared.json",
            r#"{"name": "declared", "code": "actions/evil/evil.wasm", "supported_triggers": [{"id": "post-login", "version": "v3"}]}"#,
        ),
        ("tests/path.case.yaml", "actions: [../actions/evil]\n"),
        ("tests/name.case.yaml", "actions: [evil]\n"),
        ("quiet.js", QUIET),
        ("postlogin.toml", ""),
    ])
}

#[test]
fn what_a_project_names_is_built_only_if_the_user_allows_it() {
    let files = hostile();
    let mark = files.path().join("ran");
    let target = files.path().join("target");
    let ways = [
        "test tests/path.case.yaml",
        "test tests/name.case.yaml",
        "test --fuzz 5 tests/path.case.yaml",
        "test --coverage tests/path.case.yaml",
        "compare quiet.js declared --generate 1",
        "compare quiet.js quiet.js --cases tests/path.case.yaml",
        "run evil",
        "run declared",
        "explain actions/declared.json",
        "build declared -o x.wasm",
    ];
    for way in ways {
        for value in ["", "0", "true"] {
            let done = cargo(way)
                .env("CARGO_TARGET_DIR", &target)
                .env(ALLOW, value)
                .within(files.path())
                .finish();
            // `compare` replaces the Actions of a case by those that it compares.
            let replaces = way.ends_with("quiet.js --cases tests/path.case.yaml");
            assert_eq!(
                done.code,
                Some(if replaces { 0 } else { 101 }),
                "{way}: {done}"
            );
            let printed = done.printed();
            assert!(
                replaces || printed.contains("set POSTLOGIN_ALLOW_CARGO_BUILD=1 if"),
                "{way}: {done}"
            );
            assert!(!mark.exists(), "{way}: the build script ran");
        }
    }
    let answers = cargo("run --stdin-json")
        .env("CARGO_TARGET_DIR", &target)
        .stdin("{\"actions\": [\"actions/evil\"]}\n")
        .within(files.path())
        .finish();
    assert!(answers.stdout.contains(ALLOW), "{answers}");
    assert!(!mark.exists(), "the build script ran");
}

#[test]
fn what_a_project_names_is_built_with_permission_and_what_the_user_names_without() {
    for (way, allowed) in [
        ("test tests/path.case.yaml", true),
        ("run actions/evil", false),
    ] {
        let files = hostile();
        let mut command = cargo(way)
            .env("CARGO_TARGET_DIR", files.path().join("target"))
            .within(files.path());
        if allowed {
            command = command.env(ALLOW, "1");
        }
        let done = command.finish();
        assert_eq!(done.code, Some(101), "{way}: {done}");
        assert!(
            done.printed().contains("Cargo built no component"),
            "{done}"
        );
        assert!(files.path().join("ran").exists(), "{way}: {done}");
    }
}
