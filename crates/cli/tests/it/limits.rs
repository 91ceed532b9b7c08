//! `--timeout` and `--memory`.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use crate::support::{assert_command, folder, postlogin};

#[track_caller]
fn error(source: &str, arguments: &str) -> String {
    let folder = folder(&[("greedy.js", source)]);
    let outcome = postlogin(&format!("run greedy.js {arguments}"))
        .within(folder.path())
        .outcome(0);
    assert_eq!(outcome["status"], "failed", "{outcome}");
    let text = |key: &str| {
        outcome["error"][key]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    format!("{}: {}", text("name"), text("message"))
}

#[test]
fn an_action_that_computes_for_ever_is_stopped() {
    let started = Instant::now();
    let error = error(
        "exports.onExecutePostLogin = async () => { for (;;) {} };",
        "--timeout 300ms",
    );
    insta::assert_snapshot!(error, @"Timeout: the Actions of this login did not finish within 0.3 s");
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn an_action_that_waits_too_long_is_stopped_without_waiting() {
    let started = Instant::now();
    let error = error(
        "exports.onExecutePostLogin = async () => { await new Promise((go) => setTimeout(go, 3600000)); };",
        "--timeout 20s",
    );
    insta::assert_snapshot!(error, @"Timeout: the Actions of this login did not finish within 20 s");
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn an_action_that_wants_too_much_memory_is_stopped() {
    let error = error(
        "exports.onExecutePostLogin = async () => { const all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(1)); };",
        "--memory 64MiB",
    );
    insta::assert_snapshot!(error, @"OutOfMemory: the Action wanted more than 64 MiB of memory");
}

#[test]
fn the_time_of_all_actions_counts_together() {
    let wait = "exports.onExecutePostLogin = async () => { await new Promise((go) => setTimeout(go, 4000)); };";
    let folder = folder(&[("wait.js", wait)]);
    let run = |timeout: &str| {
        postlogin(&format!("run wait.js wait.js --timeout {timeout}"))
            .within(folder.path())
            .outcome(0)["status"]
            .clone()
    };
    assert_eq!(run("12s"), "allowed");
    assert_eq!(run("6s"), "failed");
}

#[test]
fn what_is_no_limit_is_refused() {
    let folder = folder(&[("quiet.js", crate::support::QUIET)]);
    let run =
        |arguments: &str| postlogin(&format!("run quiet.js {arguments}")).within(folder.path());
    assert_command!(run("--timeout 5"), @"
    exit code: 2
    ----- stderr -----
    error: --timeout: `5` is not a duration: the unit is missing
    hint: write a number and a unit: 500ms, 3s or 1m
    ");
    assert_command!(run("--timeout 0s"), @"
    exit code: 2
    ----- stderr -----
    error: --timeout: it must be greater than zero
    hint: production gives 20s
    ");
    assert_command!(run("--timeout 5min"), @"
    exit code: 2
    ----- stderr -----
    error: --timeout: `5min` is not a duration: unknown unit `min`
    hint: write a number and a unit: 500ms, 3s or 1m
    ");
    assert_command!(run("--timeout 99999999h"), @"
    exit code: 2
    ----- stderr -----
    error: --timeout: `99999999h` is not a duration: it is too large
    hint: write a number and a unit: 500ms, 3s or 1m
    ");
    assert_command!(run("--memory lots"), @"
    exit code: 2
    ----- stderr -----
    error: --memory: `lots` is not a size: it does not begin with a number
    hint: write a number and a unit: 64MiB, 10MB or 1GiB
    ");
    assert_command!(run("--memory 0MiB"), @"
    exit code: 2
    ----- stderr -----
    error: --memory: it must be greater than zero
    hint: the default is 128MiB
    ");
    assert_command!(run("--now tomorrow"), @"
    exit code: 2
    ----- stderr -----
    error: --now: `tomorrow` is not a valid time
    hint: write it as 2026-11-22T10:00:00Z
    ");
    assert_command!(run("--now 1969-12-31T23:59:59Z"), @"
    exit code: 2
    ----- stderr -----
    error: --now: `1969-12-31T23:59:59Z` is before 1970
    hint: write it as 2026-11-22T10:00:00Z
    ");
    assert_command!(run("--seed -1"), @"
    exit code: 2
    ----- stderr -----
    error: invalid value '-1' for '--seed <N>': must be a whole number, not negative
    hint: `postlogin run --help` lists the options
    ");
}

#[test]
fn a_budget_below_the_watchdogs_tick_holds() {
    let busy = "exports.onExecutePostLogin = async () => { const end = Date.now() + 12; while (Date.now() < end); };";
    assert_eq!(
        error(busy, "--timeout 1ms"),
        "Timeout: the Actions of this login did not finish within 0.001 s"
    );
    let wait = "exports.onExecutePostLogin = async () => { await new Promise((go) => setTimeout(go, 5)); };";
    assert_eq!(
        error(wait, "--timeout 1ms --now 2026-11-22T10:00:00Z"),
        "Timeout: the Actions of this login did not finish within 0.001 s"
    );
}

/// Sandboxes reserve addresses, of which a process may not have many.
#[test]
#[cfg(target_os = "linux")]
fn few_addresses_are_enough() {
    let action = "exports.onExecutePostLogin = async (event, api) => {
        console.log(new Intl.NumberFormat('de').format(1234.5));
        const all = []; for (let i = 0; i < 40; i++) all.push(new Uint8Array(1 << 20).fill(i));
        api.idToken.setCustomClaim('https://example.com/all', all.length);
    };";
    let case = "actions: [a.js]\nexpect: { id_token: { 'https://example.com/all': 40 } }\n";
    let folder = folder(&[("a.js", action), ("a.case.yaml", case)]);
    for arguments in ["run a.js", "test --jobs 2 ."] {
        let inner = postlogin(arguments).within(folder.path()).command();
        let mut limited = Command::new("sh");
        limited
            .args(["-c", "ulimit -v 4000000 && exec \"$0\" \"$@\""])
            .arg(inner.get_program())
            .args(inner.get_args())
            .current_dir(folder.path());
        for (name, value) in inner.get_envs() {
            match value {
                Some(value) => limited.env(name, value),
                None => limited.env_remove(name),
            };
        }
        let output = limited.output().expect("sh is there");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (printed, errors) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{printed}{errors}");
    }
}
