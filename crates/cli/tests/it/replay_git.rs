//! `postlogin replay` with a version out of git.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::replay::{NEW, OLD, json_of, replay, users};
use crate::support::folder;

/// Runs git in a folder.
fn git(place: &Path, arguments: &str) -> String {
    let done = Command::new("git")
        .args(arguments.split(' '))
        .current_dir(place)
        .output()
        .expect("git starts");
    assert!(
        done.status.success(),
        "{arguments}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// Makes a repository of a folder, with a commit of these files on the branch `main`.
fn commit(place: &Path, files: &str) {
    git(place, "init --quiet --initial-branch=main");
    git(place, &format!("add {files}"));
    git(
        place,
        "-c user.name=a -c user.email=a@example.com commit --quiet --message first",
    );
}

/// The version before comes out of git, and neither the working tree nor the index changes.
#[test]
fn a_revision_is_read_out_of_git() {
    let place = folder(&[
        ("actions/roles/code.js", OLD),
        (
            "postlogin.toml",
            "[bindings]\npost-login = [\"roles\"]\n\n[actions.roles]\ncode = \"actions/roles/code.js\"\n",
        ),
        ("users.ndjson", &users(70)),
    ]);
    commit(place.path(), "actions postlogin.toml");
    fs::write(place.path().join("actions/roles/code.js"), NEW).expect("a file can be written");
    let before = git(place.path(), "status --porcelain");
    let done = replay(place.path(), "users.ndjson --before git:main --format json");
    assert_eq!(done.code, Some(100), "{done}");
    let report = json_of(&done);
    assert_eq!(
        (
            &report["same"],
            &report["different"],
            &report["failed_after"]
        ),
        (&json!(40), &json!(20), &json!(10))
    );
    assert_eq!(report["before"]["name"], "git:main");
    assert_eq!(
        git(place.path(), "status --porcelain").replace("?? .postlogin/\n", ""),
        before
    );
    assert!(
        !place
            .path()
            .join(".postlogin/replay")
            .read_dir()
            .is_ok_and(|mut entries| entries.next().is_some())
    );
    let done = replay(place.path(), "users.ndjson --before git:nowhere");
    assert!(
        done.code == Some(2) && done.stderr.contains("git:nowhere"),
        "{done}"
    );
    let done = replay(place.path(), "users.ndjson --before git:--output=x");
    assert!(
        done.code == Some(2) && done.stderr.contains("git:--output=x: unknown revision"),
        "{done}"
    );
}

/// An Action of a revision imports the files of its project, as it does now, and nothing of the folders around the revision's.
#[test]
fn a_revision_has_the_files_that_its_actions_import() {
    let place = folder(&[
        (
            "actions/plan.ts",
            "import { plan } from '../lib/plan';\n\
             export const onExecutePostLogin = async (event: any, api: any) => {\n  \
             api.idToken.setCustomClaim('https://example.com/plan', plan(event.user.app_metadata));\n};\n",
        ),
        (
            "lib/plan.ts",
            "export const plan = (data: any): string => data.plan ?? 'none';\n",
        ),
        ("postlogin.toml", "binding = [\"plan\"]\n"),
        (
            "users.ndjson",
            "{\"user_id\":\"auth0|1\",\"app_metadata\":{\"plan\":\"pro\"}}\n{\"user_id\":\"auth0|2\",\"app_metadata\":{}}\n",
        ),
    ]);
    commit(place.path(), "actions lib postlogin.toml");
    let lib = place.path().join("lib/plan.ts");
    fs::write(
        &lib,
        "export const plan = (data: any): string => data.plan ?? 'free';\n",
    )
    .expect("it is written");
    let done = replay(
        place.path(),
        "users.ndjson --before git:main --show-values --format json",
    );
    assert_eq!(done.code, Some(100), "{done}");
    let report = json_of(&done);
    let counts = ["same", "different", "failed_before", "failed_after"].map(|name| &report[name]);
    assert_eq!(counts, [&json!(1), &json!(1), &json!(0), &json!(0)]);

    // What lies beside the folder of the revision is other state of this project.
    let state = place.path().join(".postlogin/replay");
    fs::write(state.join("secret.json"), "{\"plan\": \"stolen\"}").expect("it is written");
    fs::write(
        place.path().join("actions/plan.ts"),
        "import secret from '../../secret.json';\n\
         export const onExecutePostLogin = async (event: any, api: any) => {\n  \
         api.idToken.setCustomClaim('https://example.com/plan', secret.plan);\n};\n",
    )
    .expect("it is written");
    git(place.path(), "add actions");
    git(
        place.path(),
        "-c user.name=a -c user.email=a@example.com commit --quiet --message second",
    );
    let done = replay(
        place.path(),
        "users.ndjson --after git:main --show-values --format json",
    );
    assert!(
        !done.stdout.contains("stolen") && done.stdout.contains("'../../secret.json'"),
        "{done}"
    );
}

/// A repository whose only project is below the folder: `--after .` and its default are that project, as they are for `run`.
#[test]
fn the_only_project_below_is_meant() {
    let place = folder(&[
        ("svc/auth/actions/roles/code.js", OLD),
        (
            "svc/auth/postlogin.toml",
            "binding = [\"roles\"]\n\n[actions.roles]\ncode = \"actions/roles/code.js\"\n",
        ),
        ("users.ndjson", &users(20)),
    ]);
    commit(place.path(), "svc");
    fs::write(place.path().join("svc/auth/actions/roles/code.js"), NEW).expect("it is written");
    for arguments in [
        "users.ndjson --before git:main --format json",
        "users.ndjson --before git:main --after . --format json",
    ] {
        let done = replay(place.path(), arguments);
        assert_eq!(done.code, Some(100), "{done}");
        let report = json_of(&done);
        assert_eq!(report["after"]["name"], ".");
        assert_eq!(report["failed_after"], 3);
    }
}
