//! Files that a project brings along beside its Actions: links, and files without an end.

use std::fs;

use crate::support::{QUIET, folder, postlogin};

#[test]
#[cfg(unix)]
fn init_writes_through_no_link_out_of_the_folder() {
    use std::os::unix::fs::symlink;
    for link in ["tests", ".github", ".github/workflows"] {
        let folder = folder(&[("home/actions/a.js", QUIET), ("outside/here.txt", "")]);
        let home = folder.path().join("home");
        if link.contains('/') {
            fs::create_dir(home.join(".github")).expect("a folder");
        }
        symlink(folder.path().join("outside"), home.join(link)).expect("a link");
        let done = postlogin("init --ci github").within(&home).finish();
        assert_ne!(done.code, Some(0), "{link}: {done}");
        assert!(done.stderr.contains("a symbolic link leads out"), "{done}");
        let outside = fs::read_dir(folder.path().join("outside")).expect("a folder");
        assert_eq!(outside.count(), 1, "{link}");
    }
    // A link that stays inside is a folder like others.
    let folder = folder(&[("actions/a.js", QUIET), ("spec/here.txt", "")]);
    symlink("spec", folder.path().join("tests")).expect("a link");
    let done = postlogin("init --ci none").within(folder.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
    assert!(folder.path().join("spec/a.case.yaml").is_file());
}

#[test]
fn files_of_the_state_folder_are_small() {
    let folder = folder(&[("a.js", QUIET), (".postlogin/x", "")]);
    let large = |name: &str| {
        let file = fs::File::create(folder.path().join(name)).expect("a file");
        file.set_len(3 << 30).expect("a sparse file");
    };
    large(".postlogin/signing-key.pem");
    let done = postlogin("run a.js --token").within(folder.path()).finish();
    assert_ne!(done.code, Some(0), "{done}");
    assert!(
        done.stderr.contains("the file is larger than 65536 bytes"),
        "{done}"
    );
    assert!(done.stderr.contains("hint:"), "{done}");
    fs::remove_file(folder.path().join(".postlogin/signing-key.pem")).expect("it was there");
    large(".postlogin/control-token");
    let serve = || {
        let serve = postlogin("serve --port 0 --until-stdin-ends").within(folder.path());
        serve.stdin("").finish()
    };
    let done = serve();
    assert_ne!(done.code, Some(0), "{done}");
    assert!(done.stderr.contains("it has more than 4 KiB"), "{done}");
    for token in [
        "short",
        "with a space in it",
        "\0\0\0\0\0\0\0\0\0\0",
        "ünïcödé-token",
    ] {
        fs::write(folder.path().join(".postlogin/control-token"), token).expect("a file");
        let done = serve();
        assert_ne!(done.code, Some(0), "{token}: {done}");
        assert!(
            done.stderr.contains("this is not a token"),
            "{token}: {done}"
        );
        assert!(!done.stderr.contains(token), "{token}: {done}");
    }
    // The list of ignored files is left as it is.
    large(".gitignore");
    let done = postlogin("init --ci none").within(folder.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
    let length = fs::metadata(folder.path().join(".gitignore")).expect("it is there");
    assert_eq!(length.len(), 3 << 30);
}

#[test]
#[cfg(unix)]
fn pipes_are_no_files_of_the_state_folder() {
    let folder = folder(&[("a.js", QUIET), (".postlogin/x", "")]);
    for name in [".postlogin/signing-key.pem", ".postlogin/control-token"] {
        let made = std::process::Command::new("mkfifo")
            .arg(folder.path().join(name))
            .status();
        assert!(made.expect("mkfifo is there").success());
    }
    for command in ["run a.js --token", "serve --port 0 --until-stdin-ends"] {
        let done = postlogin(command).within(folder.path()).stdin("").finish();
        assert_ne!(done.code, Some(0), "{done}");
        assert!(done.stderr.contains("not a regular file"), "{done}");
    }
}

#[test]
fn a_name_with_a_dot_in_front_becomes_a_file_that_can_be_seen() {
    let action = |name: &str| {
        format!(
            r#"{{"name": "{name}", "code": "actions/a/code.js", "supported_triggers": [{{"id": "post-login", "version": "v3"}}]}}"#
        )
    };
    for (name, file) in [(".hidden", "hidden"), ("../../x", "x"), ("--flag", "flag")] {
        let folder = folder(&[
            ("actions/a.json", &action(name)),
            ("actions/a/code.js", QUIET),
        ]);
        let made = postlogin("init --ci none").within(folder.path()).finish();
        assert_eq!(made.code, Some(0), "{made}");
        let case = format!("tests/{file}.case.yaml");
        assert!(folder.path().join(&case).is_file(), "{case}: {made}");
        let tested = postlogin("test").within(folder.path()).finish();
        assert_eq!(tested.code, Some(0), "{tested}");
    }
}

#[test]
#[cfg(unix)]
fn pipes_and_devices_are_no_files_that_a_command_waits_for() {
    let folder = folder(&[
        ("a.js", QUIET),
        ("tests/b.case.yaml", "actions: [../a.js]\n"),
    ]);
    for name in ["pipe.json", "pipe.js", "tests/pipe.case.yaml", "users.json"] {
        let made = std::process::Command::new("mkfifo")
            .arg(folder.path().join(name))
            .status();
        assert!(made.expect("mkfifo is there").success());
    }
    for command in [
        "run a.js --event pipe.json",
        "run a.js --event /dev/zero",
        "run a.js --user pipe.json",
        "run a.js --http pipe.json",
        "run a.js --secrets-file pipe.json",
        "run pipe.js",
        "check pipe.js",
        "test tests/pipe.case.yaml",
        "test",
        "compare a.js a.js --event pipe.json",
        "serve --port 0 --until-stdin-ends --users users.json",
        "serve --port 0 --until-stdin-ends --users /dev/zero",
    ] {
        let done = postlogin(command).within(folder.path()).stdin("").finish();
        assert_ne!(done.code, Some(0), "{command}: {done}");
        assert!(
            done.stderr.contains("pipe") || done.stderr.contains("regular file"),
            "{command}: {done}"
        );
    }
    // What a shell has opened is meant.
    let event = "{\"user\": {\"email\": \"a@example.com\"}}";
    let done = postlogin("run a.js --event /dev/stdin").within(folder.path());
    let done = done.stdin(event).finish();
    assert_eq!(done.code, Some(0), "{done}");
}
