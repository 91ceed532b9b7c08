//! `postlogin replay --worker` and `--merge`. The streams of fixtures/replay/streams were written by pyarrow 26.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{cache, folder, repository};

const OLD: &str = "exports.onExecutePostLogin = async (event, api) => {\n  \
    const { roles = ['none'], plan } = event.user.app_metadata;\n  \
    api.idToken.setCustomClaim('https://example.com/roles', roles);\n  \
    api.idToken.setCustomClaim('https://example.com/plan', plan);\n};\n";

const NEW: &str = "exports.onExecutePostLogin = async (event, api) => {\n  \
    const { roles, plan } = event.user.app_metadata;\n  \
    roles.join();\n  api.idToken.setCustomClaim('https://example.com/roles', roles);\n  \
    if (plan !== 'free') {\n    api.idToken.setCustomClaim('https://example.com/plan', plan);\n  }\n  \
    if (plan === 'gold') {\n    api.access.deny('never');\n  }\n};\n";

struct Done {
    code: Option<i32>,
    stdout: Vec<u8>,
    stderr: String,
}

/// Runs `postlogin replay` with bytes on stdin.
fn replay(place: &Path, arguments: &str, stdin: &[u8]) -> Done {
    let mut child = Command::new(env!("CARGO_BIN_EXE_postlogin"))
        .arg("replay")
        .args(arguments.split_whitespace())
        .current_dir(place)
        .env("POSTLOGIN_CACHE_DIR", cache())
        .env_remove("POSTLOGIN_REPLAY_KEY")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut pipe = child.stdin.take().expect("there is a pipe");
    let output = std::thread::scope(|scope| {
        // A program that ends early closes the pipe.
        scope.spawn(move || drop(pipe.write_all(stdin)));
        child.wait_with_output().expect("it ends")
    });
    Done {
        code: output.status.code(),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn stream(name: &str) -> Vec<u8> {
    let path = repository().join("fixtures/replay/streams").join(name);
    fs::read(path).expect("the fixture is there")
}

fn project() -> TempDir {
    let place = folder(&[("old.js", OLD), ("new.js", NEW)]);
    fs::write(place.path().join("users.ndjson"), stream("users.ndjson")).expect("it is written");
    place
}

const SIDES: &str = "--before old.js --after new.js --coverage";

#[track_caller]
fn results(place: &Path, streams: &[&str], arguments: &str) -> Vec<u8> {
    let users: Vec<u8> = streams.iter().flat_map(|name| stream(name)).collect();
    let done = replay(place, &format!("--worker {SIDES} {arguments}"), &users);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    done.stdout
}

#[track_caller]
fn refused(done: &Done, expected: &str) {
    assert_eq!(done.code, Some(2), "{}", done.stderr);
    assert!(
        done.stderr.contains(expected),
        "{expected}: {}",
        done.stderr
    );
}

/// Whatever streams the users come in, to how many workers and in which order, the report is the same, byte by byte.
#[test]
fn workers_make_the_report_of_one_machine() {
    let place = project();
    let path = place.path();
    let done = replay(path, &format!("users.ndjson {SIDES} --out one"), b"");
    assert_eq!(done.code, Some(100), "{}", done.stderr);
    let first = results(path, &["bytes.arrows", "none.arrows"], "");
    let second = results(path, &["view.arrows", "text.arrows"], "--jobs 3");
    let both = [first.clone(), second.clone()].concat();
    fs::write(path.join("results.arrows"), [second, first].concat()).expect("it is written");
    let merge = format!("--merge {SIDES} --users-name users.ndjson");
    let done = replay(path, &format!("- {merge} --out merged"), &both);
    assert_eq!(done.code, Some(100), "{}", done.stderr);
    let done = replay(path, &format!("results.arrows {merge} --out again"), b"");
    assert_eq!(done.code, Some(100), "{}", done.stderr);
    let read = |file: &str| fs::read_to_string(path.join(file)).expect("it is there");
    for folder in ["merged", "again"] {
        for file in ["summary.json", "report.html"] {
            let one = read(&format!("one/{file}"));
            assert!(one == read(&format!("{folder}/{file}")), "{folder}/{file}");
        }
        let rows = |folder: &str| {
            let text = read(&format!("{folder}/differences.ndjson"));
            let mut rows: Vec<String> = text.lines().map(str::to_owned).collect();
            rows.sort();
            rows
        };
        assert_eq!(rows("one"), rows(folder));
    }
    let summary: Value = serde_json::from_str(&read("merged/summary.json")).expect("it is JSON");
    // Of 60 lines, one is torn; of 59 users, 9 have no roles; of the others, 17 have the plan `free`.
    let count = |name: &str| summary[name].as_u64();
    assert_eq!((count("lines"), count("unreadable")), (Some(60), Some(1)));
    assert_eq!(
        (count("failed_after"), count("different")),
        (Some(9), Some(17))
    );
    assert_eq!(summary["problems"][0]["first"], json!([61]));
    let covered = json!([
        {"side": "before", "file": "old.js", "lines": 4, "reached": 4, "missed": []},
        {"side": "after", "file": "new.js", "lines": 8, "reached": 7, "missed": ["9"]},
    ]);
    let mut found = summary["coverage"].clone();
    if let Value::Array(files) = &mut found {
        files.sort_by_key(|file| file["side"] == "after");
    }
    assert_eq!(found, covered);
    assert_eq!(
        summary["input"]["hash"].as_str().map(str::len),
        Some(64),
        "{summary}"
    );
}

/// An empty batch may have a body of no bytes. Each stream has batches of 3 and 2 users and such a one.
#[test]
fn a_batch_without_a_body_costs_no_users() {
    let place = project();
    let path = place.path();
    for empty in ["first", "between", "last"] {
        let results = results(path, &[&format!("bodiless-{empty}.arrows")], "");
        let done = replay(path, &format!("- --merge {SIDES} --out {empty}"), &results);
        let summary = fs::read_to_string(path.join(empty).join("summary.json"));
        let summary: Value = serde_json::from_str(&summary.expect("it is there")).expect("JSON");
        assert_eq!(summary["lines"], 5, "{empty}: {}", done.stderr);
    }
}

#[test]
fn results_that_are_not_whole_make_no_report() {
    let place = project();
    let path = place.path();
    let whole = results(path, &["text.arrows"], "");
    let merge = |results: &[u8], arguments: &str| {
        replay(path, &format!("- --merge {SIDES} {arguments}"), results)
    };
    let done = merge(&whole, "");
    assert_eq!(done.code, Some(100), "{}", done.stderr);
    // Options of the workers that are not those of the report.
    for other in ["--seed 1", "--show-ids", "--set client.name=x"] {
        refused(
            &merge(&whole, other),
            "part 1 was made with other Actions, options or another version",
        );
    }
    let swapped = replay(
        path,
        "- --merge --before new.js --after old.js --coverage",
        &whole,
    );
    refused(&swapped, "part 1 was made with other Actions");
    refused(&merge(b"", ""), "the results have no part");
    refused(
        &merge(&stream("text.arrows"), ""),
        "the stream has no column `kind`",
    );
    refused(
        &merge(b"{\"kind\": \"part\"}\n", ""),
        "not an Arrow IPC stream",
    );
    for cut in [whole.len() - 9, whole.len() / 2, 100, 3] {
        refused(&merge(&whole[..cut], ""), "the Arrow stream is cut off");
    }
}

#[test]
fn a_worker_reports_what_it_cannot_read() {
    let place = project();
    let path = place.path();
    let worker = |stdin: &[u8]| replay(path, &format!("--worker {SIDES}"), stdin);
    let done = worker(b"");
    assert_eq!(
        (done.code, done.stdout.len()),
        (Some(0), 0),
        "{}",
        done.stderr
    );
    let text = stream("text.arrows");
    // A line of NDJSON, and lengths that no stream has: as much memory as that must not be taken.
    let continued = |rest: &[u8]| [&[0xff; 4], rest].concat();
    for (bytes, expected) in [
        (stream("users.ndjson"), "not an Arrow IPC stream"),
        (
            stream("other.arrows"),
            "no column `user` with the JSON of a user in each row; the columns are: a, b",
        ),
        (continued(&[0xff, 0xff, 0xff, 0x7f]), "invalid length"),
        (continued(&[16, 0, 0, 0]), "the Arrow stream is cut off"),
        (
            continued(&[[16, 0, 0, 0], [0xab; 4], [0xab; 4], [0xab; 4], [0xab; 4]].concat()),
            "damaged Arrow stream",
        ),
        (
            text[..text.len() - 8].to_vec(),
            "the Arrow stream is cut off",
        ),
        (
            text[..text.len() / 2].to_vec(),
            "the Arrow stream is cut off",
        ),
    ] {
        let done = worker(&bytes);
        refused(&done, expected);
        assert!(
            done.stderr.contains("stdin: ") && done.stderr.contains("hint: "),
            "{}",
            done.stderr
        );
    }
    // What a flipped bit does to a stream is an error or other users, never a crash.
    for at in (0..text.len()).step_by(97) {
        let mut broken = text.clone();
        broken[at] ^= 0x10;
        let done = worker(&broken);
        assert!(
            matches!(done.code, Some(0 | 2)),
            "{at}: {:?} {}",
            done.code,
            done.stderr
        );
    }
    refused(
        &replay(path, "--worker users.ndjson", b""),
        "cannot be used with",
    );
    refused(
        &replay(path, "--worker --after missing.js", b""),
        "missing.js",
    );
}
