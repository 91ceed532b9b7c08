//! Where machine code can't be kept: the login runs, and one line says why it will be compiled again.

use std::fs;

use crate::support::{Finished, QUIET, folder, postlogin};

/// Runs an Action with this cache folder. The engine is compiled for it: some seconds.
fn run(cache: &std::path::Path) -> Finished {
    let files = folder(&[("quiet.js", QUIET)]);
    postlogin("run quiet.js --format json")
        .within(files.path())
        .env("POSTLOGIN_CACHE_DIR", cache)
        .finish()
}

/// The one warning, and nothing but the notes before it.
#[track_caller]
fn warns(done: &Finished, problem: &str) {
    assert_eq!(done.code, Some(0), "{done}");
    assert!(done.stdout.contains("\"status\": \"allowed\""), "{done}");
    let lines: Vec<&str> = done.stderr.lines().collect();
    let [begin, note, warning] = lines.as_slice() else {
        panic!("{done}");
    };
    assert_eq!(
        *begin, "compiling the JavaScript engine for this machine, once; this takes some seconds",
        "{done}"
    );
    assert!(
        note.starts_with("compiled the JavaScript engine in "),
        "{done}"
    );
    assert!(
        warning.starts_with("warning: it will be compiled again next time: "),
        "{done}"
    );
    assert!(warning.contains(problem), "{problem}: {done}");
}

#[test]
fn a_cache_that_cannot_be_made_costs_the_compilation_only() {
    let files = folder(&[("file", "")]);
    warns(&run(&files.path().join("file")), "file");
}

#[test]
#[cfg(unix)]
fn a_cache_that_others_may_write_to_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let files = folder(&[]);
    let cache = files.path().join("cache");
    fs::create_dir(&cache).expect("a folder");
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o777)).expect("its own folder");
    warns(&run(&cache), "other users may write to it");
    assert_eq!(fs::read_dir(&cache).expect("a folder").count(), 0);
}

/// The most memory that a process had, and its children now, in bytes.
#[cfg(target_os = "linux")]
fn memory(process: u32, child: bool) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let own = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    let children = format!("/proc/{process}/task/{process}/children");
    let children = fs::read_to_string(children).unwrap_or_default();
    let largest = children
        .split_whitespace()
        .filter_map(|child| Some(memory(child.parse().ok()?, false)))
        .max();
    match child {
        true => largest.unwrap_or(0),
        false => own.unwrap_or(0) << 10,
    }
}

#[test]
#[cfg(target_os = "linux")]
fn compiling_takes_its_memory_in_another_process_even_if_the_program_was_removed() {
    use std::{
        io::{BufRead, BufReader, Write},
        process::Stdio,
        thread,
        time::Duration,
    };
    const INTL: &str = "exports.onExecutePostLogin = async (event, api) => {
  const filled = []; for (let i = 0; i < 60; i += 1) filled.push(new Uint8Array(1 << 20).fill(1));
  api.idToken.setCustomClaim('https://a.com/n', new Intl.NumberFormat('de-DE').format(1234567.5) + filled.length);
};\n";
    let files = folder(&[("intl.js", INTL)]);
    let program = files.path().join("copy");
    fs::copy(env!("CARGO_BIN_EXE_postlogin"), &program).expect("a copy");
    let mut child = std::process::Command::new(&program)
        .args(["run", "intl.js", "--stdin-json"])
        .current_dir(files.path())
        .env("POSTLOGIN_CACHE_DIR", files.path().join("cache"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    fs::remove_file(&program).expect("it was there");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(b"{\"id\": 1}\n").expect("it listens");
    let stdout = child.stdout.take().expect("a pipe");
    let answer = thread::spawn(move || {
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).map(|_| line)
    });
    let (mut own, mut other) = (0, 0);
    while !answer.is_finished() {
        own = own.max(memory(child.id(), false));
        other = other.max(memory(child.id(), true));
        thread::sleep(Duration::from_millis(10));
    }
    let answer = answer.join().expect("read").expect("a line");
    drop(stdin);
    let done = child.wait_with_output().expect("it ends");
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    assert!(answer.contains("1.234.567,560"), "{answer}");
    assert!(own < 250 << 20, "this process took {} MiB", own >> 20);
    assert!(
        other > 50 << 20,
        "another process compiled: {} MiB",
        other >> 20
    );
    assert!(
        other < 400 << 20,
        "the other process took {} MiB",
        other >> 20
    );
}
