//! Whose the files of the state folder are: those that came with a checkout are not used.
#![cfg(unix)]

use std::{fs, path::Path, process::Command};

use tempfile::TempDir;

use crate::{
    serve::{Serving, USERS},
    support::{Finished, QUIET, folder, postlogin},
};

const FILES: [&str; 3] = ["control-token", "signing-key.pem", "tenant.sqlite"];
const NOT_MINE: &str = "was not made by this user on this machine";

/// A project, and a folder for data of each of two users.
fn place() -> TempDir {
    folder(&[("p/a.js", QUIET), ("p/users.json", USERS)])
}

/// Starts a server as a user and stops it.
fn serve(place: &Path, user: &str, more: &str) -> Finished {
    let serve = format!("serve --port 0 --until-stdin-ends --users users.json {more}");
    postlogin(&serve)
        .within(&place.join("p"))
        .env("XDG_DATA_HOME", place.join(user))
        .stdin("")
        .finish()
}

fn token(place: &Path, user: &str) -> Finished {
    postlogin("run a.js --token")
        .within(&place.join("p"))
        .env("XDG_DATA_HOME", place.join(user))
        .finish()
}

#[track_caller]
fn works(done: &Finished) {
    assert_eq!(done.code, Some(0), "{done}");
    for word in ["was not made", "cannot be marked"] {
        assert!(!done.stderr.contains(word), "{done}");
    }
}

fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-r").args([from, to]).status();
    assert!(done.expect("cp is there").success());
}

#[test]
fn what_came_with_a_checkout_is_refused() {
    let place = place();
    let place = place.path();
    let state = place.join("p/.postlogin");
    works(&serve(place, "other", ""));
    let known = FILES.map(|name| fs::read(state.join(name)).expect("a file"));
    for (index, name) in FILES.into_iter().enumerate() {
        let refused = serve(place, "mine", "");
        assert_eq!(refused.code, Some(2), "{name}: {refused}");
        for part in [&format!("{name}` {NOT_MINE}"), "hint: remove it to "] {
            assert!(refused.stderr.contains(part), "{name}: {refused}");
        }
        if name == "signing-key.pem" {
            let refused = token(place, "mine");
            assert_eq!(refused.code, Some(2), "{refused}");
            assert!(refused.stderr.contains(NOT_MINE), "{refused}");
        }
        // It is kept as it is until its user removes it.
        let kept = fs::read(state.join(name)).expect("a file");
        assert!(kept == known[index], "{name}");
        fs::remove_file(state.join(name)).expect("it was there");
    }
    works(&serve(place, "mine", ""));
    works(&serve(place, "mine", ""));
    works(&token(place, "mine"));
    // A pull request puts its own in place of one of mine.
    for (name, known) in FILES.into_iter().zip(known) {
        let mine = fs::read(state.join(name)).expect("a file");
        fs::write(state.join(name), known).expect("written");
        let refused = serve(place, "mine", "");
        assert!(refused.stderr.contains(NOT_MINE), "{name}: {refused}");
        fs::write(state.join(name), mine).expect("written");
        works(&serve(place, "mine", ""));
    }
}

#[test]
fn a_user_can_accept_it() {
    let place = place();
    let place = place.path();
    let trusted = |arguments: &str| {
        postlogin(arguments)
            .within(&place.join("p"))
            .env("XDG_DATA_HOME", place.join("mine"))
            .env("POSTLOGIN_TRUST_STATE", "1")
            .stdin("")
            .finish()
    };
    works(&serve(place, "other", ""));
    let key = |text: String| text[text.find("-----BEGIN").expect("a key")..].to_owned();
    let file = place.join("p/.postlogin/signing-key.pem");
    let known = key(fs::read_to_string(&file).expect("a key"));
    works(&trusted("serve --port 0 --until-stdin-ends"));
    assert_eq!(key(fs::read_to_string(&file).expect("a key")), known);
    // From then on it is theirs; a token has no place for a mark.
    let refused = serve(place, "mine", "");
    assert!(
        refused.stderr.contains("control-token` was not"),
        "{refused}"
    );
    works(&serve(place, "mine", "--control-token ctl"));
    works(&token(place, "mine"));
    let refused = serve(place, "other", "--control-token ctl");
    assert!(
        refused.stderr.contains("signing-key.pem` was not"),
        "{refused}"
    );
}

#[test]
fn a_run_that_keeps_nothing_does_without_it() {
    let place = place();
    let place = place.path();
    works(&serve(place, "other", ""));
    let done = serve(place, "mine", "--ephemeral");
    assert_eq!(done.code, Some(0), "{done}");
    for own in [
        "this run has a key of its own",
        "this run has a token of its own",
    ] {
        assert!(done.stderr.contains(own), "{done}");
    }
    assert!(!place.join("mine").exists(), "nothing is written for it");
    works(&serve(place, "other", "--ephemeral"));
}

#[test]
fn copies_on_the_same_machine_are_the_users_own() {
    let place = place();
    let users = place.path().join("p/users.json");
    let project = place.path().join("p").display().to_string();
    // Also of one whose server was killed.
    drop(Serving::start(&format!("--project {project}"), &users));
    works(
        &postlogin("serve --port 0 --until-stdin-ends")
            .within(Path::new(&project))
            .stdin("")
            .finish(),
    );
    let state = Path::new(&project).join(".postlogin");
    let killed = Serving::start(&format!("--project {project}"), &users);
    copy(Path::new(&project), &place.path().join("copy"));
    drop(killed);
    let again = || postlogin("serve --port 0 --until-stdin-ends").stdin("");
    assert!(
        place
            .path()
            .join("copy/.postlogin/tenant.sqlite-wal")
            .exists()
    );
    works(&again().within(&place.path().join("copy")).finish());
    works(&again().within(Path::new(&project)).finish());
    // A single file of it, too.
    let other = folder(&[("a.js", QUIET), (".postlogin/.gitignore", "*\n")]);
    fs::copy(
        state.join("signing-key.pem"),
        other.path().join(".postlogin/signing-key.pem"),
    )
    .expect("a copy");
    works(&postlogin("run a.js --token").within(other.path()).finish());
    fs::remove_dir_all(&state).expect("it was there");
    works(&again().within(Path::new(&project)).finish());
}

#[test]
fn without_a_place_for_the_secret_the_next_run_is_refused() {
    for home in [None, Some("/proc/no/such/home")] {
        let place = place();
        let project = place.path().join("p");
        let run = |trust: &str| {
            let mut command = postlogin("serve --port 0 --until-stdin-ends --users users.json")
                .within(&project)
                .env("POSTLOGIN_TRUST_STATE", trust)
                .stdin("");
            for name in ["HOME", "XDG_DATA_HOME", "LOCALAPPDATA"] {
                command = match home {
                    Some(home) => command.env(name, home),
                    None => command.without(name),
                };
            }
            command.finish()
        };
        let first = run("0");
        assert_eq!(first.code, Some(0), "{first}");
        assert!(
            first.stderr.contains("cannot be marked as yours"),
            "{first}"
        );
        let second = run("0");
        assert_eq!(second.code, Some(2), "{second}");
        assert!(second.stderr.contains(NOT_MINE), "{second}");
        works(&run("1"));
        works(&run("1"));
    }
}

#[test]
fn a_secret_that_others_can_read_is_not_used() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = place();
    let place = place.path();
    works(&serve(place, "mine", ""));
    let secret = place.join("mine/postlogin/state-secret");
    let mode = |mode| fs::set_permissions(&secret, fs::Permissions::from_mode(mode)).expect("mine");
    let found = secret.metadata().expect("it is there").permissions().mode();
    assert_eq!(found & 0o777, 0o600);
    mode(0o644);
    let refused = serve(place, "mine", "");
    assert!(refused.stderr.contains(NOT_MINE), "{refused}");
    mode(0o600);
    works(&serve(place, "mine", ""));
}

#[test]
fn runs_that_start_at_once_have_one_secret_and_one_key() {
    let place = place();
    let place = place.path();
    let kids: Vec<String> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| token(place, "mine")))
            .collect();
        let done = runs.into_iter().map(|run| run.join().expect("no panic"));
        done.map(|done| {
            works(&done);
            let token = done.stdout.lines().find(|line| line.starts_with("eyJ"));
            let (head, _) = token.expect("a token").split_once('.').expect("a JWT");
            head.to_owned()
        })
        .collect()
    });
    assert!(kids.iter().all(|kid| *kid == kids[0]), "{kids:?}");
    works(&token(place, "mine"));
}
