//! Exports that are not as they should be, those that `postlogin generate` writes, and machines with little room.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Finished, cache, folder, postlogin};

const ACTION: &str = "exports.onExecutePostLogin = async (event, api) => {\n  \
    api.idToken.setCustomClaim('https://example.com/plan', event.user.app_metadata.plan ?? 'none');\n};\n";

fn place() -> TempDir {
    folder(&[("action.js", ACTION)])
}

fn replay(place: &Path, arguments: &str) -> Finished {
    postlogin(&format!("replay {arguments}"))
        .within(place)
        .finish()
}

#[track_caller]
fn report(place: &Path, arguments: &str) -> Value {
    let done = replay(place, &format!("{arguments} --format json"));
    serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done}"))
}

/// Each line in an encoding of its own: those that are no UTF-8 are counted, and no other line suffers.
#[test]
fn mixed_encodings_cost_the_lines_that_have_them() {
    let place = place();
    let mut text = Vec::new();
    for (number, name) in [
        "Zoë".as_bytes(),
        b"Zo\xeb",
        "髙橋".as_bytes(),
        b"\x82\xb3",
        b"\xff\xfeZ\0",
        "\u{feff}Zoë".as_bytes(),
    ]
    .into_iter()
    .enumerate()
    {
        text.extend(format!("{{\"user_id\": \"auth0|{number}\", \"name\": \"").bytes());
        text.extend(name);
        text.extend(b"\", \"app_metadata\": {\"plan\": \"pro\"}}\r\n");
    }
    fs::write(place.path().join("users.ndjson"), text).expect("it is written");
    let found = report(place.path(), "users.ndjson --after action.js");
    assert_eq!(
        (&found["lines"], &found["unreadable"]),
        (&json!(6), &json!(3))
    );
    assert_eq!(
        found["problems"],
        json!([{"why": "not UTF-8", "lines": 3, "first": [2, 4, 5]}])
    );
}

/// The three forms of an export have the same users, but for what a table cannot have.
#[test]
fn generated_exports_are_read_in_every_form() {
    let place = place();
    for format in ["ndjson", "json", "csv"] {
        let done = postlogin(&format!(
            "generate users --count 200 --seed 5 --format {format}"
        ))
        .within(place.path())
        .finish();
        assert_eq!(done.code, Some(0), "{done}");
        fs::write(place.path().join(format!("users.{format}")), &done.stdout)
            .expect("it is written");
    }
    let of = |format: &str| report(place.path(), &format!("users.{format} --after action.js"));
    let lines = of("ndjson");
    assert_eq!(
        (&lines["lines"], &lines["unreadable"]),
        (&json!(200), &json!(0))
    );
    assert_eq!(
        (&lines["duplicates"], &lines["unknown_attributes"]),
        (&json!(0), &json!({}))
    );
    assert!(lines["blocked"].as_u64() < Some(10), "{lines}");
    let array = of("json");
    for part in ["status", "claims", "token_bytes", "attributes"] {
        assert_eq!(lines[part], array[part], "{part}");
    }
    let table = of("csv");
    assert_eq!(table["input"]["form"], "csv");
    assert_eq!(lines["claims"], table["claims"]);
    assert_eq!(
        lines["attributes"]["user_id"],
        table["attributes"]["user_id"]
    );
    let refused = postlogin("generate users --count many").finish();
    assert_eq!(refused.code, Some(2), "{refused}");
}

/// Of a line that holds several users, none is lost without a word.
#[test]
fn mixed_line_ends_of_a_table_are_unreadable_lines() {
    let place = place();
    for (text, lines, unreadable) in [
        (
            "user_id,email\nauth0|1,a@x.co\rauth0|2,b@x.co\rauth0|3,c@x.co\nauth0|4,d@x.co\n",
            2,
            1,
        ),
        (
            "user_id,email\r\nauth0|1,a@x.co\r\nauth0|2,b@x.co\rauth0|3,c@x.co\r\n",
            2,
            1,
        ),
        ("user_id\nauth0|1\rauth0|2\nauth0|3\n", 2, 1),
        (
            "user_id,email\nauth0|1,\"a\rb@x.co\"\nauth0|2,b@x.co\r\r\n",
            2,
            0,
        ),
    ] {
        fs::write(place.path().join("users.csv"), text).expect("it is written");
        let found = report(place.path(), "users.csv --after action.js");
        assert_eq!(
            (&found["lines"], &found["unreadable"]),
            (&json!(lines), &json!(unreadable)),
            "{text:?}"
        );
        if unreadable > 0 {
            assert_eq!(
                found["problems"][0]["why"],
                "a carriage return within the line: are line ends mixed?"
            );
        }
    }
    for heading in [
        "user_id,email,email",
        "user_id,Email,email",
        "'user_id,user_id,email",
    ] {
        fs::write(
            place.path().join("users.csv"),
            format!("{heading}\nauth0|1,a@x.co,b@x.co\n"),
        )
        .expect("it is written");
        let done = replay(place.path(), "users.csv --after action.js");
        assert_eq!(done.code, Some(2), "{done}");
        assert!(
            done.stderr
                .contains("two columns of the heading are the same attribute: "),
            "{done}"
        );
    }
}

#[test]
fn an_export_without_metadata_is_said_loudly() {
    let place = place();
    fs::write(
        place.path().join("users.ndjson"),
        "{\"user_id\": \"auth0|1\", \"email\": \"a@b.co\"}\n",
    )
    .expect("it is written");
    let done = replay(place.path(), "users.ndjson --after action.js");
    assert_eq!(done.code, Some(0), "{done}");
    for name in ["app_metadata", "user_metadata"] {
        let expected = format!(
            "no user has `{name}`: the export lacks it, and every Action saw an empty object"
        );
        assert!(done.stdout.contains(&expected), "{done}");
    }
    assert!(done.stdout.contains("no user has `identities`"), "{done}");
}

#[test]
fn what_no_user_has_and_files_that_match_nobody_are_named() {
    let place = place();
    let write = |name: &str, text: &str| {
        fs::write(place.path().join(name), text).expect("it is written");
    };
    write(
        "reads.js",
        "exports.onExecutePostLogin = async (event, api) => {\n  \
            if (event.stats.logins_count === 1 && event.user.email_verified) {\n    \
              api.idToken.setCustomClaim('https://a.com/x', event.user.created_at);\n  }\n};\n",
    );
    let warnings = |users: &str, more: &str| -> String {
        write("users.ndjson", users);
        let report = report(
            place.path(),
            &format!("users.ndjson --after reads.js {more}"),
        );
        report["warnings"].to_string()
    };
    let few = "{\"user_id\": \"auth0|1\", \"email_verified\": \"true\"}\n";
    write("roles.csv", "user_id,roles\nauth0|7,admin\n");
    write(
        "organizations.json",
        "[{\"user_id\": \"7\", \"organization\": \"org_1\"}]",
    );
    write("event.json", "{\"user\": {\"email\": \"a@b.co\"}}");
    let found = warnings(few, "--roles roles.csv --organizations organizations.json");
    for expected in [
        "the Actions read what no user has: event.user.created_at",
        "no user has `logins_count`: all of them got the value of the event for event.stats.logins_count",
        "--roles has none of the users",
        "--organizations has none of the users",
        "`email_verified` is a string for 1 user, and a boolean in production",
    ] {
        assert!(found.contains(expected), "{expected}: {found}");
    }
    let whole = "{\"user_id\": \"auth0|7\", \"email_verified\": true, \"logins_count\": 1, \"created_at\": \"2026-01-01T00:00:00.000Z\"}\n";
    let found = warnings(whole, "--roles roles.csv");
    for sentence in ["no user has: ", "logins_count", "has none", "is a string"] {
        assert!(!found.contains(sentence), "{sentence}: {found}");
    }
    let done = replay(
        place.path(),
        "users.ndjson --after reads.js --event event.json",
    );
    assert!(
        done.stderr.contains("the `user` of --event is not used"),
        "{done}"
    );
}

/// An export of several jobs: one file after the other, each in its own form. Lines are named with their files.
#[test]
fn several_files_are_one_export() {
    let place = place();
    let put =
        |name: &str, text: &[u8]| fs::write(place.path().join(name), text).expect("it is written");
    put(
        "a.ndjson",
        b"{\"user_id\": \"auth0|1\"}\nnothing\n{\"user_id\": \"auth0|2\"}",
    );
    put("b.csv", b"user_id,shoe size\n'auth0|3,39\n'auth0|4\n");
    put(
        "c.json",
        b"[{\"user_id\": \"auth0|5\", \"app_metadata\": {\"plan\": \"pro\"}}, {}]",
    );
    let found = report(place.path(), "a.ndjson b.csv c.json --after action.js");
    assert_eq!(
        (&found["lines"], &found["same"], &found["unreadable"]),
        (&json!(7), &json!(4), &json!(3))
    );
    assert_eq!(found["input"]["name"], "a.ndjson, b.csv, c.json");
    assert_eq!(found["input"]["form"], "ndjson, csv, json");
    let problems = found["problems"].as_array().expect("problems").iter();
    let mut places: Vec<String> = problems
        .map(|it| format!("{} {}", it["why"], it["first"]))
        .collect();
    places.sort();
    assert_eq!(
        places,
        [
            "\"no `user_id`\" [\"c.json:2\"]",
            "\"not JSON\" [\"a.ndjson:2\"]",
            "\"the line has another number of fields than the heading\" [\"b.csv:3\"]",
        ]
    );
    let text = replay(place.path(), "a.ndjson b.csv c.json --after action.js");
    assert!(text.stdout.contains("not JSON (line a.ndjson:2)"), "{text}");
    // The users are those of one file with all of them, and the claims, too.
    put("all.ndjson", b"{\"user_id\": \"auth0|1\"}\nnothing\n{\"user_id\": \"auth0|2\"}\n{\"user_id\": \"auth0|3\"}\n{\"user_id\": \"auth0|4\"}\n\
        {\"user_id\": \"auth0|5\", \"app_metadata\": {\"plan\": \"pro\"}}\n{}\n");
    let all = report(place.path(), "all.ndjson --after action.js");
    assert_eq!((&all["lines"], &all["same"]), (&json!(7), &json!(5)));
    for (arguments, message) in [
        (
            "a.ndjson ./a.ndjson --after action.js",
            "./a.ndjson is named twice",
        ),
        (
            "a.ndjson none.ndjson --after action.js",
            "cannot read none.ndjson",
        ),
    ] {
        let done = replay(place.path(), arguments);
        assert!(
            done.code == Some(2) && done.stderr.contains(message),
            "{done}"
        );
    }
}

/// The attributes that a file has are not listed as missing, and its mistakes are described in words of our own.
#[test]
fn a_file_that_is_no_export_is_described() {
    let place = place();
    let put =
        |name: &str, text: &[u8]| fs::write(place.path().join(name), text).expect("it is written");
    put(
        "ids.ndjson",
        b"{\"id\": \"1\", \"app_metadata\": {}}\n{\"identities\": []}\n",
    );
    put("empty.ndjson", b"{\"user_id\": \"\"}\n");
    put("semicolons.csv", b"user_id;email\na;b\n");
    // As gzip makes it, without its last six bytes.
    put("cut.ndjson.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x2a\x2d\x4e\x2d\x8a\xcf\x4c\x51\xb2\x52\x50\x4a\x2c\x2d\xc9\x30\xa8\x31\x54\xaa\xe5\x02\x00\x00\xbe");
    for (file, message) in [
        (
            "ids.ndjson",
            "no line is a user; what no line has: user_id, user_metadata\n",
        ),
        (
            "empty.ndjson",
            "no line is a user: an empty `user_id` (line 1)",
        ),
        (
            "semicolons.csv",
            "commas separate the columns of an export, not semicolons or tabs",
        ),
        (
            "cut.ndjson.gz",
            "cut.ndjson.gz: the gzip file is cut off, after ",
        ),
    ] {
        let done = replay(place.path(), &format!("{file} --after action.js"));
        assert!(
            done.code == Some(2) && done.stderr.contains(message),
            "{done}"
        );
    }
}

/// The page that `--report` names has facts about every user, as the one in the folder of `--out`.
#[cfg(unix)]
#[test]
fn a_report_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let place = place();
    fs::write(
        place.path().join("users.ndjson"),
        "{\"user_id\": \"auth0|1\"}\n",
    )
    .expect("it is written");
    let done = replay(
        place.path(),
        "users.ndjson --after action.js --report out.html",
    );
    assert_eq!(done.code, Some(0), "{done}");
    let mode = fs::metadata(place.path().join("out.html"))
        .expect("a page")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// Shared machines limit the address space, and Spark does. Logins need no more of it than their memory.
#[cfg(unix)]
#[test]
fn little_address_space_is_enough() {
    let place = place();
    fs::write(
        place.path().join("users.ndjson"),
        "{\"user_id\": \"auth0|1\"}\n",
    )
    .expect("it is written");
    // Compiles the engine for this machine, which takes more.
    let warm = replay(place.path(), "users.ndjson --after action.js");
    assert_eq!(warm.code, Some(0), "{warm}");
    for kilobytes in [16_000_000, 4_000_000] {
        let program = env!("CARGO_BIN_EXE_postlogin");
        let command = format!(
            "ulimit -v {kilobytes}; exec '{program}' replay users.ndjson --after action.js --jobs 2"
        );
        let output = Command::new("sh")
            .args(["-c", &command])
            .current_dir(place.path())
            .env("POSTLOGIN_CACHE_DIR", cache())
            .output()
            .expect("a shell starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{kilobytes}: {said}");
        let report = String::from_utf8_lossy(&output.stdout);
        assert!(
            report.contains("1 user, 0 of them with a login that fails"),
            "{report}"
        );
    }
    // Too little is not a bug of postlogin.
    let program = env!("CARGO_BIN_EXE_postlogin");
    for command in ["replay users.ndjson --after action.js", "run action.js"] {
        let output = Command::new("sh")
            .args([
                "-c",
                &format!("ulimit -v 600000; exec '{program}' {command}"),
            ])
            .current_dir(place.path())
            .env("POSTLOGIN_CACHE_DIR", cache())
            .output()
            .expect("a shell starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            said.contains("ulimit -v 4000000") && !said.contains("bug of postlogin"),
            "{said}"
        );
    }
}

const READS_LOGIN: &str = "exports.onExecutePostLogin = async (event, api) => {\n  \
    const login = [event.client.name, event.connection.name, event.request.geoip.countryCode, event.transaction.protocol];\n  \
    api.idToken.setCustomClaim('https://example.com/login', login);\n};\n";

/// The last login of each user counts, whatever else the logs have; a user without one gets the event of the template.
#[test]
fn real_logins_come_from_the_logs() {
    let place = folder(&[
        ("action.js", READS_LOGIN),
        (
            "users.ndjson",
            "{\"user_id\": \"auth0|1\"}\n{\"user_id\": \"auth0|2\"}\n{\"user_id\": \"auth0|3\"}\n",
        ),
        (
            "logs.ndjson",
            "{\"date\": \"2026-11-03T00:00:00.000Z\", \"type\": \"fp\", \"user_id\": \"auth0|1\", \"client_name\": \"Never\"}\n\
             {\"date\": \"2026-11-02T00:00:00.000Z\", \"type\": \"s\", \"user_id\": \"auth0|1\", \"client_id\": \"a\", \"client_name\": \"Shop\", \
             \"connection\": \"google-oauth2\", \"strategy\": \"google-oauth2\", \"location_info\": {\"country_code\": \"PL\"}}\n\
             {\"date\": \"2026-11-01T00:00:00.000Z\", \"type\": \"s\", \"user_id\": \"auth0|1\", \"client_name\": \"Earlier\"}\n\
             {\"log_id\": \"9\", \"data\": {\"date\": \"2026-11-01T00:00:00.000Z\", \"type\": \"sertft\", \"user_id\": \"auth0|2\", \"client_id\": \"b\", \
             \"client_name\": \"Mobile\", \"location_info\": {\"country_code\": \"NO\"}}}\n",
        ),
    ]);
    let done = replay(
        place.path(),
        "users.ndjson --after action.js --logins logs.ndjson --show-values --out out",
    );
    assert_eq!(done.code, Some(0), "{done}");
    assert!(
        done.stderr
            .contains("logs.ndjson: 3 logins, the last ones of 2 users"),
        "{done}"
    );
    assert!(
        done.stdout.contains(
            "2 of 3 users have a login in the logs; the others got the event without one"
        ),
        "{done}"
    );
    // What the logs give is no longer missing.
    assert!(!done.stdout.contains("what no export has"), "{done}");
    // Against a version that sets nothing, each value is a row.
    fs::write(
        place.path().join("none.js"),
        "exports.onExecutePostLogin = async () => {};\n",
    )
    .expect("it is written");
    let done = replay(
        place.path(),
        "users.ndjson --before none.js --after action.js --logins logs.ndjson --show-values --show-ids --out rows",
    );
    assert_eq!(done.code, Some(100), "{done}");
    let rows =
        fs::read_to_string(place.path().join("rows/differences.ndjson")).expect("there are rows");
    let value = |row: &str| {
        let row: Value = serde_json::from_str(row).expect("it is JSON");
        row["after"]["value"].clone()
    };
    let values: Vec<Value> = rows.lines().map(value).collect();
    assert_eq!(values.len(), 3, "{rows}");
    assert_eq!(
        values[0],
        json!(["Shop", "google-oauth2", "PL", "oidc-basic-profile"])
    );
    assert_eq!(values[1][0], "Mobile");
    assert_eq!(
        (&values[1][2], &values[1][3]),
        (&json!("NO"), &json!("oauth2-refresh-token"))
    );
    assert_ne!(values[2][0], "Shop");
    for (text, expected) in [
        (
            "{\"user_id\": \"auth0|1\"}\n",
            "bad.ndjson:1: there is no `type`",
        ),
        ("{\"type\": \"s\"\n", "bad.ndjson:1: not JSON"),
        ("type,user_id\ns,auth0|1\n", "this is a table"),
        (
            "{\"type\": \"f\", \"user_id\": \"auth0|1\"}\n",
            "no entry is a login of a user",
        ),
    ] {
        fs::write(place.path().join("bad.ndjson"), text).expect("it is written");
        let done = replay(
            place.path(),
            "users.ndjson --after action.js --logins bad.ndjson",
        );
        assert!(done.stderr.contains(expected), "{expected}: {done}");
    }
}
