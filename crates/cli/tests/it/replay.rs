//! `postlogin replay`.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Finished, folder, postlogin};

pub(crate) const OLD: &str = "exports.onExecutePostLogin = async (event, api) => {\n  \
    const { roles = ['none'], plan } = event.user.app_metadata;\n  \
    api.idToken.setCustomClaim('https://example.com/roles', roles);\n  \
    api.idToken.setCustomClaim('https://example.com/plan', plan);\n};\n";

/// Fails for users without roles, and loses the plan `free`.
pub(crate) const NEW: &str = "exports.onExecutePostLogin = async (event, api) => {\n  \
    const { roles, plan } = event.user.app_metadata;\n  \
    roles.join();\n  api.idToken.setCustomClaim('https://example.com/roles', roles);\n  \
    if (plan !== 'free') api.idToken.setCustomClaim('https://example.com/plan', plan);\n};\n";

/// Users 0 to `count`: every seventh has no roles and is of the connection `legacy-db`, every third has the plan `free`.
pub(crate) fn users(count: usize) -> String {
    let mut text = String::new();
    for number in 0..count {
        let is_legacy = number % 7 == 0;
        let user = json!({
            "user_id": format!("auth0|{number}"),
            "email": format!("User{number}@example.com"),
            "identities": [{
                "connection": if is_legacy { "legacy-db" } else { "main-db" },
                "provider": "auth0",
                "user_id": number.to_string(),
                "isSocial": false,
            }],
            "user_metadata": {},
            "app_metadata": match is_legacy {
                true => json!({"plan": "pro"}),
                false => json!({"plan": if number % 3 == 0 { "free" } else { "pro" }, "roles": ["editor"]}),
            },
        });
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{user}");
    }
    text
}

fn project(users: &str) -> TempDir {
    folder(&[("old.js", OLD), ("new.js", NEW), ("users.ndjson", users)])
}

pub(crate) fn replay(place: &Path, arguments: &str) -> Finished {
    postlogin(&format!("replay {arguments}"))
        .within(place)
        .finish()
}

#[track_caller]
pub(crate) fn json_of(done: &Finished) -> Value {
    serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done}"))
}

fn read(place: &Path, file: &str) -> String {
    fs::read_to_string(place.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn the_report_says_who_changes_and_why() {
    let place = project(&users(2100));
    let done = replay(
        place.path(),
        "users.ndjson --before old.js --after new.js --format json",
    );
    assert_eq!(done.code, Some(100), "{done}");
    let report = json_of(&done);
    assert_eq!(report["format"], "postlogin.replay/1");
    let count = |name: &str| report[name].as_u64().unwrap_or_default();
    // 300 of the legacy connection; of the 1,800 others, 600 have the plan that is lost.
    assert_eq!(count("lines"), 2100);
    assert_eq!((count("same"), count("different")), (1200, 600));
    assert_eq!(
        (
            count("failed_before"),
            count("failed_after"),
            count("unreadable")
        ),
        (0, 300, 0)
    );
    let differences = report["differences"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let lost = differences
        .iter()
        .find(|one| one["name"] == "https://example.com/plan");
    let lost = lost.unwrap_or_else(|| panic!("{done}"));
    assert_eq!(
        (&lost["before"], &lost["after"], &lost["users"]),
        (&json!("set"), &json!("absent"), &json!(600))
    );
    assert_eq!(lost["segments"][0]["path"], "event.user.app_metadata.plan");
    let failed = differences.iter().find(|one| one["what"] == "status");
    let failed = failed.unwrap_or_else(|| panic!("{done}"));
    assert_eq!(failed["segments"][0]["property"], "is \"legacy-db\"");
    assert_eq!(failed["segments"][0]["lift"], 7.0);
    let error = &report["errors"][0];
    assert_eq!(
        error["message"],
        "TypeError: Cannot read properties of undefined (reading 'join')"
    );
    assert_eq!(
        (&error["place"], &error["side"], &error["users"]),
        (&json!("new.js:3:9"), &json!("after"), &json!(300))
    );
    let plan = &report["claims"]["id_token"]["https://example.com/plan"]["users"];
    assert_eq!(*plan, json!({"kept → kept": 1200, "kept → absent": 900}));
    assert_eq!(
        report["status"],
        json!({"allowed → allowed": 1800, "allowed → failed": 300})
    );
}

/// Whatever the threads, the shards and the stops, the report is the same, byte by byte.
#[test]
fn threads_shards_and_resuming_change_no_byte() {
    let mut text = users(6000);
    text.push_str("{\"no\": \"user\"}\n{torn");
    let place = project(&text);
    let run = |arguments: &str| {
        replay(
            place.path(),
            &format!("users.ndjson --before old.js --after new.js {arguments}"),
        )
    };
    assert_eq!(run("--jobs 1 --out one").code, Some(100));
    assert_eq!(run("--jobs 3 --out three").code, Some(100));
    for shard in ["2/3", "1/3"] {
        let done = run(&format!("--jobs 2 --out shards --shard {shard}"));
        assert_eq!(done.code, Some(0), "{done}");
        assert!(
            done.stderr.contains("portions in shards are missing"),
            "{done}"
        );
        assert!(!place.path().join("shards/summary.json").exists());
    }
    assert_eq!(
        run("--out shards --shard 3/3").code,
        Some(100),
        "the last shard makes the report"
    );
    // A part that is gone is made again, and the others are not.
    fs::remove_file(place.path().join("three/parts/00000001.json")).expect("there are two parts");
    assert_eq!(run("--out three --resume").code, Some(100));
    for file in ["summary.json", "differences.ndjson", "report.html"] {
        let one = read(place.path(), &format!("one/{file}"));
        assert!(one.len() > 1000, "{file}");
        for other in ["three", "shards"] {
            assert!(
                one == read(place.path(), &format!("{other}/{file}")),
                "{other}/{file}"
            );
        }
    }
    let report: Value =
        serde_json::from_str(&read(place.path(), "one/summary.json")).expect("it is JSON");
    assert_eq!(
        (&report["lines"], &report["unreadable"]),
        (&json!(6002), &json!(2))
    );
    let rows = read(place.path(), "one/differences.ndjson").lines().count() as u64;
    let users: u64 = report["differences"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["users"].as_u64())
        .sum();
    assert_eq!(rows, users, "one row for each difference of a user");
}

#[test]
fn what_is_done_is_only_used_for_the_same_replay() {
    let place = project(&users(50));
    let first = replay(
        place.path(),
        "users.ndjson --before old.js --after new.js --out r",
    );
    assert_eq!(first.code, Some(100), "{first}");
    let again = replay(
        place.path(),
        "users.ndjson --before old.js --after new.js --out r",
    );
    assert_eq!(again.code, Some(2), "{again}");
    assert!(again.stderr.contains("hint: --resume"), "{again}");
    for arguments in [
        "users.ndjson --before old.js --after old.js",
        "users.ndjson --before old.js --after new.js --seed 2",
        "users.ndjson --before old.js --after new.js --show-values",
        "other.ndjson --before old.js --after new.js",
    ] {
        fs::write(place.path().join("other.ndjson"), users(49)).expect("a file can be written");
        let done = replay(place.path(), &format!("{arguments} --out r --resume"));
        assert_eq!(done.code, Some(2), "{arguments}: {done}");
        assert!(
            done.stderr.contains("of other users, Actions or options"),
            "{arguments}: {done}"
        );
    }
    fs::write(place.path().join("r/parts/00000000.json"), "{").expect("a file can be written");
    let done = replay(
        place.path(),
        "users.ndjson --before old.js --after new.js --out r --resume",
    );
    assert!(
        done.stderr.contains("is damaged") && done.code == Some(2),
        "{done}"
    );
}

#[test]
fn no_user_is_named_and_no_value_is_shown_unless_asked() {
    let place = project(&users(100));
    let hidden = replay(
        place.path(),
        "users.ndjson --before old.js --after new.js --out hidden --format json",
    );
    let rows = read(place.path(), "hidden/differences.ndjson");
    for file in [
        &hidden.stdout,
        &rows,
        &read(place.path(), "hidden/report.html"),
    ] {
        assert!(
            !file.contains("auth0|") && !file.contains("\"pro\"") && !file.contains("editor"),
            "{file}"
        );
    }
    let shown = replay(
        place.path(),
        "users.ndjson --before old.js --after new.js --out shown --show-ids --show-values",
    );
    assert_eq!(shown.code, Some(100), "{shown}");
    let rows = read(place.path(), "shown/differences.ndjson");
    assert!(
        rows.contains("\"auth0|3\"") && rows.contains("\"free\""),
        "{rows}"
    );
    #[cfg(unix)]
    for file in [
        "summary.json",
        "differences.ndjson",
        "report.html",
        "parts/00000000.json",
    ] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(place.path().join("hidden").join(file))
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn limits_decide_about_the_exit_code() {
    let place = project(&users(210));
    for (arguments, expected) in [
        ("--before old.js --after old.js", 0),
        ("--before old.js --after new.js", 100),
        ("--before old.js --after new.js --fail-if changed>50%", 0),
        (
            "--before old.js --after new.js --fail-if changed>50% --fail-if newly-failed>10%",
            100,
        ),
        ("--after old.js", 0),
        ("--after new.js", 102),
        ("--before new.js --after new.js", 102),
        ("--before old.js --after new.js --fail-if different>1", 2),
    ] {
        let done = replay(place.path(), &format!("users.ndjson {arguments}"));
        assert_eq!(done.code, Some(expected), "{arguments}: {done}");
    }
}

#[test]
fn what_is_missing_is_asked_for_in_own_words() {
    let place = project("{\"user_id\": \"auth0|1\"}\n");
    for arguments in ["users.ndjson", "users.ndjson --before old.js"] {
        let done = replay(place.path(), arguments);
        assert_eq!(done.code, Some(2), "{done}");
        assert!(done.stderr.contains("hint: add --after "), "{done}");
    }
    let done = replay(
        place.path(),
        "users.ndjson --before git:main --after new.js",
    );
    assert_eq!(done.code, Some(2), "{done}");
    assert!(done.stderr.contains("in no git repository"), "{done}");
    assert!(done.stderr.contains("hint: name a folder"), "{done}");
    let made = Command::new("git")
        .args(["init", "-q"])
        .current_dir(place.path())
        .status();
    assert!(made.expect("git starts").success());
    let done = replay(
        place.path(),
        "users.ndjson --before git:mian --after new.js",
    );
    assert_eq!(done.code, Some(2), "{done}");
    assert!(
        done.stderr
            .contains("error: git:mian: the repository has no such revision"),
        "{done}"
    );
    assert!(done.stderr.contains("hint: `git branch"), "{done}");
    // A login that fails on both sides compares nothing.
    let done = replay(place.path(), "users.ndjson --before new.js --after new.js");
    assert_eq!(done.code, Some(102), "{done}");
    assert!(
        done.stderr
            .contains("exit code 102: 1 login fails on both sides"),
        "{done}"
    );
    let done = replay(place.path(), "users.ndjson --after new.js");
    assert!(
        done.stderr.contains("exit code 102: 1 login fails;"),
        "{done}"
    );
}

#[test]
fn bad_input_is_said_and_nothing_is_counted_twice() {
    let place = project("");
    let check = |text: &str, code: i32, expected: &[&str]| {
        fs::write(place.path().join("users.ndjson"), text).expect("a file can be written");
        let done = replay(place.path(), "users.ndjson --before old.js --after old.js");
        assert_eq!(done.code, Some(code), "{done}");
        for part in expected {
            assert!(
                done.stdout.contains(part) || done.stderr.contains(part),
                "{part}: {done}"
            );
        }
    };
    check("", 2, &["it has no users"]);
    check(
        "{\"id\": 1}\n",
        2,
        &["no line is a user", "user_id", "--map NAME=user_id"],
    );
    check(
        "{\"email\": \"a@b.co\", \"password\": \"x\"}\n",
        2,
        &["user_id", "a file for an import may lack it"],
    );
    for (broken, why) in [
        ("[{\"email\":", "the array is cut off"),
        ("{\"user_id\": \"a", "JSON that is cut off (line 1)"),
        ("{\"user_id\": a}\n{]\n", "not JSON (lines 1, 2)"),
    ] {
        check(broken, 2, &["no line is a user: ", why]);
        let done = replay(place.path(), "users.ndjson --after old.js");
        assert!(!done.stderr.contains("--map"), "{done}");
    }
    check("id,mail\n1,a@b.c\n", 2, &["no column of the heading"]);
    let user = "{\"user_id\": \"auth0|1\", \"app_metadata\": {}}\n";
    check(
        &format!("{user}{user}"),
        0,
        &[
            "1 line repeats a `user_id`",
            "no user has `user_metadata`",
            "| 2 | 2 | 0 |",
        ],
    );
    check(
        &format!("{user}{{\"user_id\": \"a"),
        102,
        &[
            "1 line could not be read: JSON that is cut off (line 2)",
            "| 2 | 1 | 0 | 0 | 0 | 1 |",
            "exit code 102: 1 line could not be read; --fail-if",
            "1 user, ",
        ],
    );
    let long = "x".repeat(50 << 20);
    check(
        &format!("{user}{{\"user_id\": \"{long}\"}}\n{user}"),
        102,
        &["| 3 | 2 | 0 | 0 | 0 | 1 |"],
    );
    fs::write(place.path().join("users.ndjson"), b"\xff\xfe{\0").expect("a file can be written");
    let done = replay(place.path(), "users.ndjson --after old.js");
    assert!(
        done.code == Some(2) && done.stderr.contains("UTF-16"),
        "{done}"
    );
    let done = replay(place.path(), "missing.ndjson --after old.js");
    assert!(
        done.code == Some(2) && done.stderr.contains("hint:"),
        "{done}"
    );
    let done = replay(place.path(), ". --after old.js");
    assert!(
        done.code == Some(2) && done.stderr.contains("is a folder"),
        "{done}"
    );
}

#[test]
fn roles_and_organizations_come_from_files_of_their_own() {
    let action = "exports.onExecutePostLogin = async (event, api) => {\n  \
        api.idToken.setCustomClaim('https://example.com/r', [event.authorization.roles, event.organization?.id]);\n};\n";
    let place = folder(&[
        ("a.js", action),
        (
            "users.csv",
            "user_id,app_metadata,user_metadata\n\"'auth0|1\",\"'{}\",\"'{}\"\n\"'auth0|2\",\"'{}\",\"'{}\"\n",
        ),
        ("roles.csv", "user_id,roles\nauth0|1,admin;editor\n"),
        (
            "organizations.ndjson",
            "{\"user_id\": \"auth0|2\", \"organization\": {\"id\": \"org_1\", \"name\": \"one\"}}\n",
        ),
        ("wrong.ndjson", "{\"user_id\": \"auth0|1\"}\n"),
    ]);
    let arguments = "users.csv --after a.js --roles roles.csv --organizations organizations.ndjson --before before.js \
        --show-ids --show-values --out r --format json";
    fs::write(
        place.path().join("before.js"),
        "exports.onExecutePostLogin = async () => {};\n",
    )
    .expect("a file can be written");
    let done = replay(place.path(), arguments);
    assert_eq!(done.code, Some(100), "{done}");
    let rows = read(place.path(), "r/differences.ndjson");
    let values: Vec<Value> = rows
        .lines()
        .map(|row| serde_json::from_str::<Value>(row).expect("a row")["after"]["value"].clone())
        .collect();
    assert_eq!(
        values,
        [json!([["admin", "editor"], null]), json!([[], "org_1"])]
    );
    assert_eq!(json_of(&done)["not_exported"], json!([]));
    let done = replay(place.path(), "users.csv --after a.js --roles wrong.ndjson");
    assert!(
        done.code == Some(2) && done.stderr.contains("wrong.ndjson:1: there is no `roles`"),
        "{done}"
    );
    let done = replay(place.path(), "users.csv --after a.js --format json");
    assert_eq!(
        json_of(&done)["not_exported"],
        json!(["event.authorization.roles", "event.organization.id"])
    );
}
