//! A full disk: each command ends with one clear line, or does without what it cannot keep.

use std::{
    io::{self, Write},
    process::{Command, Stdio},
};

use crate::support::{Finished, folder, postlogin};

/// Makes a small file system in the working folder, fills it, and starts the program there.
const FILLED: &str = "\
mount -t tmpfs -o size=64k none . && cd \"$PWD\" || exit 77
printf 'exports.onExecutePostLogin = async () => {};\\n' > quiet.js
printf 'actions: [quiet.js]\\nexpect: { status: allowed }\\n' > quiet.case.yaml
printf '[]' > users.json
head -c 100000 /dev/zero > filling 2>/dev/null
exec \"$@\"
";

/// Returns a command with a file system of its own, if that is possible here: by root, or by a user in a namespace where they are root.
fn namespace() -> Option<&'static [&'static str]> {
    let ways: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
    ways.into_iter().find(|way| {
        let mut command = Command::new("unshare");
        command
            .args(*way)
            .args(["mount", "-t", "tmpfs", "none", "/mnt"])
            .stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    })
}

/// Runs a command on a full disk; `None` where none can be made.
fn on_full_disk(arguments: &str, cache: Option<&str>) -> Option<Finished> {
    let Some(way) = namespace() else {
        let why = "this user may not mount a file system, so no full disk is tested";
        let _ = writeln!(io::stderr(), "SKIPPED: {why}");
        return None;
    };
    let place = folder(&[]);
    let program = postlogin(arguments).within(place.path()).command();
    let mut command = Command::new("unshare");
    command
        .args(way)
        .args(["sh", "-c", FILLED, "sh"])
        .arg(program.get_program())
        .args(program.get_args())
        .current_dir(place.path())
        .stdin(Stdio::null());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    if let Some(cache) = cache {
        command.env("POSTLOGIN_CACHE_DIR", cache);
    }
    let output = command.output().expect("`unshare` starts");
    Some(Finished {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// The command ends with 110, and its last line names the file.
#[track_caller]
fn refuses(arguments: &str, file: &str) {
    let Some(done) = on_full_disk(arguments, None) else {
        return;
    };
    assert_eq!(done.code, Some(110), "{arguments}: {done}");
    let last = done.stderr.lines().last().unwrap_or_default();
    assert!(
        last.starts_with("error: cannot write ")
            && last.contains(file)
            && last.contains("No space left on device"),
        "{arguments}: {done}"
    );
    assert!(!done.stderr.contains("panicked"), "{done}");
}

#[test]
fn what_was_asked_for_and_cannot_be_written_is_an_error() {
    refuses("run quiet.js --record made.json", "made.json");
    refuses("build quiet.js -o made.wasm", "made.wasm");
    refuses("init made", "made/");
    refuses("man made", "made");
    refuses("test --reporter junit=made.xml", "made.xml");
    refuses("serve --users users.json --port 0", "control-token");
}

#[test]
fn a_cache_on_it_costs_the_compilation_only() {
    let Some(done) = on_full_disk("run quiet.js", Some("cache")) else {
        return;
    };
    assert_eq!(done.code, Some(0), "{done}");
    assert!(done.stdout.starts_with("✓ allowed"), "{done}");
    let last = done.stderr.lines().last().unwrap_or_default();
    assert!(
        last.starts_with("warning: it will be compiled again next time: ")
            && last.contains("No space left on device"),
        "{done}"
    );
}
