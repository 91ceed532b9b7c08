//! An old export with one Action that does not load: every command reports it, runs the others, and is not green.

use std::{fs, path::Path, process::Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    serve::{Serving, USERS},
    support::{Finished, folder, postlogin},
};

/// Ways in which an Action can be wrong, each with a part of the message about it.
const WRONG: &[(&str, &str)] = &[
    ("syntax", "actions/bad/code.js:2:9"),
    ("file", "actions/bad.json"),
    ("package", "Cannot find module 'left-pad'"),
    ("manifest", "actions/bad.json:1:"),
];

/// A repository with an export as the Deploy CLI wrote it before 2025: `first`, `bad` and `last` are bound to the login.
fn export(wrong: &str) -> TempDir {
    let action = |name: &str| {
        format!(
            "exports.onExecutePostLogin = async (event, api) => {{\n  api.idToken.setCustomClaim('https://example.com/{name}', 1);\n  api.user.setAppMetadata('{name}', 1);\n}};\n"
        )
    };
    let manifest = |name: &str| {
        format!(
            "{{\"name\": \"{name}\", \"code\": \"tenant/actions/{name}/code.js\", \"dependencies\": [], \"secrets\": [], \"supported_triggers\": [{{\"id\": \"post-login\", \"version\": \"v3\"}}]}}"
        )
    };
    let (first, last, good) = (action("first"), action("last"), action("bad"));
    let bad = match wrong {
        "syntax" => "exports.onExecutePostLogin = async (event, api) => {\n  const = 1;\n};\n",
        "package" => {
            "const pad = require('left-pad');\nexports.onExecutePostLogin = async () => { pad('a'); };\n"
        }
        _ => &good,
    };
    let bad_manifest = match wrong {
        "manifest" => "{\"name\": \"bad\", \"code\": ".to_owned(),
        _ => manifest("bad"),
    };
    let made = folder(&[
        (".git/HEAD", ""),
        ("users.json", USERS),
        ("tenant/actions/first.json", &manifest("first")),
        ("tenant/actions/first/code.js", &first),
        ("tenant/actions/bad.json", &bad_manifest),
        ("tenant/actions/bad/code.js", bad),
        ("tenant/actions/last.json", &manifest("last")),
        ("tenant/actions/last/code.js", &last),
        (
            "tenant/triggers/triggers.json",
            "{\"post-login\": [{\"action_name\": \"first\"}, {\"action_name\": \"bad\"}, {\"action_name\": \"last\"}]}",
        ),
        (
            "tenant/cases/good.case.yaml",
            "cases:\n  - { description: alone, actions: [last], expect: { status: allowed } }\n",
        ),
        (
            "tenant/cases/bound.case.yaml",
            "description: all\nexpect: { status: allowed }\n",
        ),
    ]);
    if wrong == "file" {
        fs::remove_file(made.path().join("tenant/actions/bad/code.js")).expect("it was there");
    }
    made
}

fn run(root: &Path, arguments: &str) -> Finished {
    postlogin(arguments).within(root).finish()
}

#[test]
fn run_and_explain_show_what_the_others_do() {
    for (wrong, said) in WRONG {
        let export = export(wrong);
        for command in ["run", "explain", "run tenant", "-C tenant explain"] {
            let done = run(export.path(), command);
            assert_eq!(done.code, Some(101), "{wrong} {command}: {done}");
            for part in [
                *said,
                "https://example.com/first",
                "https://example.com/last",
                "✗ failed",
            ] {
                assert!(
                    done.printed().contains(part),
                    "{wrong} {command} {part}: {done}"
                );
            }
        }
        let outcome = postlogin("run").within(export.path()).outcome(101);
        assert_eq!(outcome["status"], "failed", "{wrong}");
        assert_eq!(outcome["error"]["action"], "bad", "{wrong}");
        // A login that fails stores nothing and issues nothing.
        for name in ["first", "last"] {
            let stored = &outcome["user"]["app_metadata"][name];
            assert!(stored.is_null(), "{wrong}: {outcome}");
        }
        assert_eq!(
            outcome["id_token"]["claims"],
            serde_json::json!({}),
            "{wrong}"
        );
        let notices = outcome["notices"].as_array().expect("a list");
        let codes = notices
            .iter()
            .filter(|it| it["code"] == "action-not-loaded");
        assert_eq!(codes.count(), 1, "{wrong}: {outcome}");
        let actions = outcome["usage"]["actions"].as_array().expect("a list");
        let names: Vec<&Value> = actions.iter().map(|it| &it["action"]).collect();
        assert_eq!(names, ["first", "bad", "last"], "{wrong}");
    }
}

#[test]
fn what_really_ends_the_login_is_still_shown() {
    let export = export("file");
    let write = |name: &str, text: &str| {
        let file = export.path().join(format!("tenant/actions/{name}/code.js"));
        fs::write(file, text).expect("it is written");
    };
    let handler =
        |body: &str| format!("exports.onExecutePostLogin = async (event, api) => {{ {body} }};\n");
    // The error of a later Action is shown, a denial stays one, and production never gets past an earlier one.
    write("last", &handler("throw new TypeError('of last');"));
    let outcome = postlogin("run").within(export.path()).outcome(101);
    assert_eq!(outcome["error"]["message"], "of last", "{outcome}");
    write("last", &handler("api.access.deny('no');"));
    let outcome = postlogin("run").within(export.path()).outcome(101);
    assert_eq!(outcome["status"], "denied", "{outcome}");
    write("first", &handler("api.access.deny('at once');"));
    let outcome = postlogin("run").within(export.path()).outcome(0);
    assert_eq!(outcome["reason"], "at once", "{outcome}");
}

#[test]
fn tests_of_other_actions_run() {
    for (wrong, said) in WRONG {
        let export = export(wrong);
        let done = run(export.path(), "-C tenant test");
        assert!(matches!(done.code, Some(101 | 102)), "{wrong}: {done}");
        assert!(
            done.printed().contains("1 passed, 1 failed"),
            "{wrong}: {done}"
        );
        assert!(done.printed().contains(said), "{wrong}: {done}");
    }
}

#[test]
fn fuzz_and_compare_look_at_the_others() {
    for (wrong, said) in WRONG {
        let export = export(wrong);
        let done = run(export.path(), "-C tenant test --fuzz 30");
        assert_eq!(done.code, Some(101), "{wrong}: {done}");
        for part in [*said, "Fuzzing first, last with 30 logins"] {
            assert!(done.printed().contains(part), "{wrong} {part}: {done}");
        }
        let other = self::export(wrong);
        let other = other.path().join("tenant");
        let compare = |right: &Path| {
            postlogin("compare tenant --generate 30")
                .arg(right)
                .within(export.path())
                .finish()
        };
        let same = compare(&other);
        assert_eq!(same.code, Some(101), "{wrong}: {same}");
        for part in [
            *said,
            "`bad` does not load",
            "Equal but for what is left out",
        ] {
            assert!(same.printed().contains(part), "{wrong} {part}: {same}");
        }
        let text = "exports.onExecutePostLogin = async () => {};\n";
        fs::write(other.join("actions/last/code.js"), text).expect("it is written");
        let changed = compare(&other);
        assert_eq!(changed.code, Some(100), "{wrong}: {changed}");
        assert!(
            changed.stdout.contains("https://example.com/last"),
            "{changed}"
        );
        assert!(changed.printed().contains(said), "{wrong}: {changed}");
    }
}

#[test]
fn replay_runs_the_others() {
    for (wrong, said) in WRONG {
        let export = export(wrong);
        let done = run(
            export.path(),
            "replay users.json --before tenant --after tenant",
        );
        assert_eq!(done.code, Some(101), "{wrong}: {done}");
        assert!(done.stderr.contains(said), "{wrong}: {done}");
        // The report says so, too: what it finds is not all that changes.
        assert!(done.stdout.contains("not loaded"), "{wrong}: {done}");
        assert!(
            !done.stdout.contains("**nothing changes"),
            "{wrong}: {done}"
        );
    }
}

#[test]
fn a_server_starts_and_its_logins_say_what_is_missing() {
    for (wrong, said) in WRONG {
        let export = export(wrong);
        let child = postlogin(
            "serve --port 0 --ephemeral --control-token ctl -C tenant --users ../users.json",
        )
        .within(export.path())
        .command()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(fs::File::create(export.path().join("log")).expect("a file"))
        .spawn();
        let tenant = Serving::of(child.expect("the program starts"));
        let (status, body) = tenant.try_to_log_in();
        assert_ne!(status, 200, "{wrong}: {body}");
        let stored = tenant.control("GET", "users")[0]["app_metadata"].clone();
        assert_ne!(stored["last"], 1, "{wrong}: a failed login stores nothing");
        let logins = tenant.control("GET", "log").to_string();
        assert!(logins.contains("bad"), "{wrong}: {logins}");
        // No restart is needed.
        let good = self::export("nothing");
        for name in ["bad.json", "bad/code.js"] {
            let from = good.path().join("tenant/actions").join(name);
            fs::copy(from, export.path().join("tenant/actions").join(name)).expect("a copy");
        }
        tenant.log_in();
        let stored = tenant.control("GET", "users")[0]["app_metadata"].clone();
        assert_eq!(stored["bad"], 1, "{wrong}: {stored}");
        drop(tenant);
        let log = fs::read_to_string(export.path().join("log")).expect("a log");
        assert!(log.contains(said) || *wrong == "package", "{wrong}: {log}");
    }
}

#[test]
fn a_rule_and_an_action_of_another_trigger_are_no_better() {
    let good = "function (user, context, callback) { user.app_metadata = user.app_metadata || {}; context.idToken['https://example.com/rule'] = 1; callback(null, user, context); }\n";
    let export = folder(&[
        (".git/HEAD", ""),
        (
            "rules/good.json",
            "{\"name\": \"good\", \"enabled\": true, \"order\": 2, \"script\": \"good.js\"}",
        ),
        ("rules/good.js", good),
        (
            "rules/gone.json",
            "{\"name\": \"gone\", \"enabled\": true, \"order\": 1, \"script\": \"gone.js\"}",
        ),
        ("rules/broken.json", "{"),
    ]);
    let outcome = postlogin("run").within(export.path()).outcome(101);
    assert_eq!(outcome["status"], "failed", "{outcome}");
    let ledger = outcome["ledger"].to_string();
    assert!(ledger.contains("https://example.com/rule"), "{outcome}");
    let notices = outcome["notices"].to_string();
    for name in ["`gone`", "`broken`"] {
        assert!(notices.contains(name), "{outcome}");
    }
    // Nothing at all that can be read is an error as before.
    let nothing = folder(&[
        (".git/HEAD", ""),
        (
            "rules/gone.json",
            "{\"name\": \"gone\", \"enabled\": true, \"script\": \"gone.js\"}",
        ),
    ]);
    let done = run(nothing.path(), "run");
    assert_eq!(done.code, Some(2), "{done}");
    assert!(done.stderr.contains("does not exist"), "{done}");
}
