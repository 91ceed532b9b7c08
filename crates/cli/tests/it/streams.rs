//! Data on stdout, everything else on stderr, and what happens when neither can be written.

use std::{
    fs::OpenOptions,
    process::{Command, Stdio},
};

use crate::support::{QUIET, folder, postlogin};

/// Runs with these streams; the exit code.
fn code(mut command: Command, stdout: Stdio, stderr: Stdio) -> Option<i32> {
    let status = command
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr)
        .status();
    status.expect("the program starts").code()
}

fn full() -> Stdio {
    let device = OpenOptions::new().write(true).open("/dev/full");
    device.expect("the system has a full device").into()
}

/// A pipe that nobody reads any more.
fn closed_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe can be made");
    drop(reader);
    writer.into()
}

const WITH_DATA: &[&str] = &[
    "run quiet.js",
    "run quiet.js --format json",
    "schema event",
    "completions bash",
    "--help",
    "--version",
];

#[test]
#[cfg(target_os = "linux")]
fn output_that_cannot_be_written_is_an_error() {
    let folder = folder(&[("quiet.js", QUIET)]);
    for arguments in WITH_DATA {
        let command = postlogin(arguments).within(folder.path()).command();
        assert_eq!(
            code(command, full(), Stdio::null()),
            Some(110),
            "{arguments}"
        );
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_none() {
    let folder = folder(&[("quiet.js", QUIET)]);
    for arguments in WITH_DATA {
        let command = postlogin(arguments).within(folder.path()).command();
        assert_eq!(
            code(command, closed_pipe(), Stdio::null()),
            Some(0),
            "{arguments}"
        );
    }
}

#[test]
#[cfg(target_os = "linux")]
fn an_error_that_nobody_can_be_told_still_has_its_exit_code() {
    let folder = folder(&[("quiet.js", QUIET), ("text.wasm", "hello")]);
    for (arguments, expected) in [
        ("run none.js", 2),
        ("run --zebra", 2),
        ("", 2),
        ("run text.wasm", 101),
        ("run quiet.js --set requst.ip=x", 0),
    ] {
        for stderr in [full(), closed_pipe()] {
            let command = postlogin(arguments).within(folder.path()).command();
            assert_eq!(
                code(command, Stdio::null(), stderr),
                Some(expected),
                "{arguments}"
            );
        }
    }
}

#[test]
fn json_is_alone_on_stdout() {
    let folder = folder(&[(
        "noisy.js",
        "exports.onExecutePostLogin = async () => { console.log('a'); console.error('b'); console.info('c'); };",
    )]);
    let outcome = postlogin("run noisy.js -v --set requst.ip=x")
        .within(folder.path())
        .outcome(0);
    let levels: Vec<_> = outcome["logs"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|log| log["level"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(levels, ["log", "error", "info"]);
}

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    let folder = folder(&[("quiet.js", QUIET)]);
    let escapes = |arguments: &str, variable: &str, value: &str| {
        let done = postlogin(&format!("run quiet.js --set requst.ip=x {arguments}"))
            .within(folder.path())
            .env(variable, value)
            .finish();
        assert_eq!(done.code, Some(0));
        (done.stdout.contains('\x1b'), done.stderr.contains('\x1b'))
    };
    for (arguments, variable, value, expected) in [
        ("", "UNUSED", "", false),
        ("--color always", "UNUSED", "", true),
        ("--color never", "CLICOLOR_FORCE", "1", false),
        ("", "CLICOLOR_FORCE", "1", true),
        ("", "CLICOLOR_FORCE", "0", false),
        ("--color always", "NO_COLOR", "1", true),
    ] {
        assert_eq!(
            escapes(arguments, variable, value),
            (expected, expected),
            "{arguments} {variable}={value}"
        );
    }
}

#[test]
fn control_characters_of_a_profile_do_not_reach_the_terminal() {
    let folder = folder(&[(
        "echo.js",
        "exports.onExecutePostLogin = async (event, api) => {
           console.log(event.user.nickname);
           api.idToken.setCustomClaim('https://example.com/nickname', event.user.nickname);
           throw new Error(event.user.nickname);
         };",
    )]);
    let done = postlogin("run echo.js")
        .args(["--set", r#"user.nickname="\u001b[2J\u001b]0;x\u0007\r""#])
        .within(folder.path())
        .finish();
    assert_eq!(done.code, Some(0));
    assert!(!done.printed().contains(['\x1b', '\x07', '\r']), "{done}");
}

/// A filter that is none is refused before anything runs.
#[test]
fn wrong_filters_of_debug_output() {
    let folder = folder(&[("quiet.js", QUIET)]);
    let with = |filter: &str| {
        let run = postlogin("-C . run missing.js").within(folder.path());
        run.env("POSTLOGIN_LOG", filter).finish()
    };
    let plain = with("").stderr;
    assert!(plain.starts_with("error: "), "{plain}");
    assert_eq!(with("off").stderr, plain);
    assert_eq!(with("postlogin_tenant=trace,hyper=off").stderr, plain);
    for wrong in ["postlogin=loud", "[request{id=1}]=debug"] {
        let refused = with(wrong);
        assert_eq!(refused.code, Some(2));
        assert_eq!(
            refused.stderr,
            format!(
                "error: POSTLOGIN_LOG: `{wrong}` is not a valid filter\n\
                 hint: write a level, or modules with one: debug, postlogin_engine=trace,hyper=off\n"
            )
        );
    }
}
