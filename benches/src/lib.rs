//! Helpers that the benches share; see `benches/`.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The release binary of `postlogin`, built if it is not there or out of date.
///
/// # Errors
/// When it does not build.
pub fn release_binary(workspace: &Path) -> io::Result<PathBuf> {
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--release", "--quiet", "-p", "postlogin"])
        .current_dir(workspace);
    // ring's build script runs again when one of these differs from the last build.
    for (name, _) in env::vars_os() {
        let of_the_bench = |prefix: &&str| name.to_string_lossy().starts_with(*prefix);
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CFG_", "OUT_DIR"]
            .iter()
            .any(of_the_bench)
        {
            cargo.env_remove(name);
        }
    }
    let status = cargo.status()?;
    if !status.success() {
        return Err(io::Error::other("postlogin does not build"));
    }
    let target = env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(|| workspace.join("target"), PathBuf::from);
    Ok(workspace.join(target).join("release/postlogin"))
}

/// Returns the time of computing (user and system) of one run of a program, the mean of `runs` runs one after the other. Bash reads it from the
/// kernel's account of processes that ended, so time for which others had the processor does not count. Some 0.5 ms of it is the start itself.
///
/// # Errors
/// When bash is not there, or a run fails.
pub fn computing_of(
    program: &str,
    arguments: &[&str],
    environment: &[(&str, &str)],
    runs: u32,
) -> io::Result<Duration> {
    const SCRIPT: &str = r#"TIMEFORMAT="computed %3U %3S"
time for ((run = 0; run < $0; run++)); do "$@" >/dev/null 2>&1 || exit; done"#;
    let done = Command::new("bash")
        .args(["-c", SCRIPT, &runs.to_string(), program])
        .args(arguments)
        .envs(environment.iter().copied())
        .env("LC_ALL", "C")
        .output()?;
    if !done.status.success() {
        return Err(io::Error::other(format!("{program} {arguments:?} failed")));
    }
    let text = String::from_utf8_lossy(&done.stderr);
    let numbers = text.trim().strip_prefix("computed ").unwrap_or_default();
    let seconds: Result<Vec<f64>, _> = numbers.split(' ').map(str::parse).collect();
    let seconds: f64 = seconds.map_err(io::Error::other)?.iter().sum();
    Ok(Duration::from_secs_f64(seconds / f64::from(runs.max(1))))
}
