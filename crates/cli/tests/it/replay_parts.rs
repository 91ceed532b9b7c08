//! The parts of a replay, which `--resume` and other shards read: they are used whole, or not at all.

use std::fs::{self, File, OpenOptions};
use std::path::Path;

use tempfile::TempDir;

use crate::support::{Finished, folder, postlogin};

const OLD: &str = "exports.onExecutePostLogin = async (event, api) => {\n  \
    api.idToken.setCustomClaim('https://example.com/plan', 'free');\n};\n";
const NEW: &str = "exports.onExecutePostLogin = async (event, api) => {\n  \
    api.idToken.setCustomClaim('https://example.com/plan', event.user.app_metadata.plan ?? 'free');\n};\n";

const SIDES: &str = "users.ndjson --before old.js --after new.js --out out";

fn place() -> TempDir {
    let users: String = (0..60)
        .map(|number| {
            format!("{{\"user_id\": \"auth0|{number}\", \"app_metadata\": {{\"plan\": \"pro\"}}, \"user_metadata\": {{}}}}\n")
        })
        .collect();
    folder(&[("old.js", OLD), ("new.js", NEW), ("users.ndjson", &users)])
}

fn replay(place: &Path, arguments: &str) -> Finished {
    postlogin(&format!("replay {arguments}"))
        .within(place)
        .finish()
}

/// Each way in which a part, or what is beside it, is no longer what was stored.
#[test]
fn what_was_changed_is_refused_and_made_again() {
    let place = place();
    let parts = place.path().join("out/parts");
    let done = replay(place.path(), SIDES);
    assert_eq!(done.code, Some(100), "{done}");
    let summary = place.path().join("out/summary.json");
    let expected = fs::read(&summary).expect("there is a report");
    let text = |name: &str| fs::read_to_string(parts.join(name)).expect("there is a part");
    let rows = text("00000000.ndjson");
    assert_eq!(rows.lines().count(), 60);
    let three: String = rows.lines().take(3).map(|row| format!("{row}\n")).collect();
    let part = text("00000000.json");
    assert!(part.contains("\"same\":0,\"different\":60"), "{part}");
    let edits: &[(&str, &str, String)] = &[
        ("cut rows", "00000000.ndjson", three),
        ("other rows", "00000000.ndjson", "no JSON\n".into()),
        ("no rows", "00000000.ndjson", String::new()),
        ("more rows", "00000000.ndjson", rows.repeat(2)),
        ("no ids", "00000000.ids", String::new()),
        ("other ids", "00000000.ids", "x".repeat(480)),
        (
            "counts that add up",
            "00000000.json",
            part.replace("\"same\":0,\"different\":60", "\"same\":60,\"different\":0"),
        ),
        (
            "counts that do not",
            "00000000.json",
            part.replace("\"lines\":60", "\"lines\":61"),
        ),
        (
            "cut part",
            "00000000.json",
            part[..part.len() / 2].to_owned(),
        ),
        ("empty part", "00000000.json", String::new()),
    ];
    for (what, name, content) in edits {
        fs::write(parts.join(name), content).expect("it is written");
        let done = replay(place.path(), &format!("{SIDES} --resume"));
        assert_eq!(done.code, Some(2), "{what}: {done}");
        assert!(
            done.stderr.contains("out/parts/00000000.json: ") && done.stderr.contains("damaged"),
            "{what}: {done}"
        );
        assert!(done.stderr.contains("hint: remove it"), "{what}: {done}");
        fs::remove_file(parts.join("00000000.json")).expect("it is there");
        let done = replay(place.path(), &format!("{SIDES} --resume"));
        assert_eq!(done.code, Some(100), "{what}: {done}");
        assert!(
            fs::read(&summary).expect("there is a report") == expected,
            "{what}"
        );
        assert_eq!(text("00000000.ndjson"), rows, "{what}");
    }
    fs::remove_file(parts.join("00000000.ids")).expect("it is there");
    let done = replay(place.path(), &format!("{SIDES} --resume"));
    assert!(
        done.code == Some(2) && done.stderr.contains("damaged"),
        "{done}"
    );
}

/// A part of a terabyte, of which nothing is on the disk, is not read.
#[test]
fn a_file_that_claims_to_be_large_is_not_read() {
    let place = place();
    let parts = place.path().join("out/parts");
    assert_eq!(replay(place.path(), SIDES).code, Some(100));
    for name in ["00000000.ids", "00000000.ndjson"] {
        let file = OpenOptions::new()
            .write(true)
            .open(parts.join(name))
            .expect("it is there");
        file.set_len(1 << 40).expect("the disk has sparse files");
        let done = replay(place.path(), &format!("{SIDES} --resume"));
        assert!(
            done.code == Some(2) && done.stderr.contains("damaged"),
            "{name}: {done}"
        );
        File::create(parts.join(name)).expect("it is made small again");
    }
}

#[cfg(unix)]
#[test]
fn links_and_pipes_are_no_parts() {
    use std::os::unix::fs::symlink;
    let place = place();
    fs::create_dir_all(place.path().join("elsewhere")).expect("a folder");
    fs::create_dir_all(place.path().join("out")).expect("a folder");
    symlink("../elsewhere", place.path().join("out/parts")).expect("a link");
    let done = replay(place.path(), SIDES);
    assert!(
        done.code == Some(110) && done.stderr.contains("this is a link"),
        "{done}"
    );
    assert_eq!(
        fs::read_dir(place.path().join("elsewhere"))
            .expect("a folder")
            .count(),
        0
    );
    fs::remove_file(place.path().join("out/parts")).expect("it is there");
    assert_eq!(replay(place.path(), SIDES).code, Some(100));
    for name in ["00000000.json", "00000000.ids", "00000000.ndjson"] {
        let path = place.path().join("out/parts").join(name);
        let content = fs::read(&path).expect("it is there");
        fs::remove_file(&path).expect("it is there");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.expect("mkfifo starts").success());
        let done = replay(place.path(), &format!("{SIDES} --resume"));
        assert!(
            done.code == Some(2) && done.stderr.contains("damaged"),
            "{name}: {done}"
        );
        fs::remove_file(&path).expect("it is there");
        symlink("/etc/hostname", &path).expect("a link");
        let done = replay(place.path(), &format!("{SIDES} --resume"));
        assert!(
            done.code == Some(2) && done.stderr.contains("damaged"),
            "{name}: {done}"
        );
        fs::remove_file(&path).expect("it is there");
        fs::write(&path, content).expect("it is written");
    }
    assert_eq!(
        replay(place.path(), &format!("{SIDES} --resume")).code,
        Some(100)
    );
}
