//! Where machine code cannot be kept: the login runs, and one line says why it will be compiled again.

use std::{fs, path::Path, process::Command, thread};

use crate::support::{Finished, QUIET, folder, postlogin, steady};

/// Runs an Action with this cache folder. The engine is compiled for it: some seconds.
fn run(cache: &Path) -> Finished {
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
    let stderr = steady(&done.stderr);
    let lines: Vec<&str> = stderr.lines().collect();
    let [begin, note, warning] = lines.as_slice() else {
        panic!("{done}");
    };
    assert_eq!(
        *begin,
        "compiling the JavaScript engine for this machine, once; this takes seconds, up to a minute on a slow or busy machine",
        "{done}"
    );
    assert!(
        note.starts_with("compiled the JavaScript engine in"),
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

/// Processes that start together in a new cache: one of them compiles, and the others wait for what it keeps.
#[test]
fn of_two_processes_one_compiles() {
    let cache = tempfile::tempdir().expect("a folder");
    let done: Vec<Finished> = thread::scope(|scope| {
        let runs: Vec<_> = (0..2).map(|_| scope.spawn(|| run(cache.path()))).collect();
        runs.into_iter()
            .map(|run| run.join().expect("it ends"))
            .collect()
    });
    for one in &done {
        assert_eq!(one.code, Some(0), "{one}");
        assert!(one.stdout.contains("\"status\": \"allowed\""), "{one}");
    }
    let compiled = |one: &&Finished| {
        let mut lines = one.stderr.lines();
        lines.any(|line| {
            line.starts_with("compiled the JavaScript engine in")
                || line.starts_with("compiled the JavaScript engine for this machine in")
        })
    };
    let count = done.iter().filter(compiled).count();
    assert_eq!(count, 1, "{} {}", done[0], done[1]);
}

/// Damage of a disk to a file of the cache must change no login: it is noticed, and the file is made again.
#[test]
fn damaged_files_of_the_cache_are_made_again() {
    let cache = tempfile::tempdir().expect("a folder");
    let is_quiet = |done: &Finished| {
        assert_eq!(done.code, Some(0), "{done}");
        assert!(done.stdout.contains("\"status\": \"allowed\""), "{done}");
        done.stderr.is_empty()
    };
    assert!(!is_quiet(&run(cache.path())), "it was compiled before");
    assert!(is_quiet(&run(cache.path())), "it was not kept");
    for kind in ["image", "cwasm"] {
        let mut damaged = 0;
        for entry in fs::read_dir(cache.path()).expect("a folder") {
            let file = entry.expect("an entry").path();
            if file.extension().is_some_and(|found| found == kind) {
                let mut content = fs::read(&file).expect("it is readable");
                let middle = content.len() / 3;
                for byte in content.iter_mut().skip(middle).take(100_000) {
                    *byte = !*byte;
                }
                fs::write(&file, content).expect("it is writable");
                damaged += 1;
            }
        }
        // Machine code has no image where memory is wasmtime's.
        if damaged > 0 {
            let done = run(cache.path());
            assert!(!is_quiet(&done), "a damaged {kind} was used: {done}");
            assert!(is_quiet(&run(cache.path())), "{kind}: it was not kept");
        }
    }
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

#[test]
#[cfg(unix)]
fn a_cache_of_another_user_is_not_used() {
    use std::os::unix::fs::chown;
    let files = folder(&[]);
    let cache = files.path().join("cache");
    fs::create_dir(&cache).expect("a folder");
    // Only root can give a folder away; a folder of root's is another user's for everyone else.
    let (cache, owner) = match chown(&cache, Some(12_345), None) {
        Ok(()) => (cache, "it belongs to the user 12345"),
        Err(_) => ("/usr/lib".into(), "it belongs to the user 0"),
    };
    let done = run(&cache);
    warns(&done, owner);
    assert!(
        done.stderr.contains("hint: set POSTLOGIN_CACHE_DIR"),
        "{done}"
    );
}

/// Who writes the checkout would choose the machine code that runs. A cache beside committed files is the user's own.
#[test]
fn a_cache_that_came_with_a_checkout_is_not_used() {
    let files = folder(&[("cache/1.cwasm", "code"), ("quiet.js", QUIET)]);
    let cache = files.path().join("cache");
    let git = |arguments: &str| {
        let mut command = Command::new("git");
        command.args(arguments.split(' ')).current_dir(files.path());
        let done = command.output().expect("git starts");
        assert!(done.status.success(), "{arguments}");
    };
    git("init --quiet");
    git("add cache");
    let done = run(&cache);
    assert_eq!(done.code, Some(0), "{done}");
    assert!(done.stdout.contains("\"status\": \"allowed\""), "{done}");
    let shown = cache.display();
    let warning = format!(
        "warning: the cache folder {shown} is not used: files of it are committed\nhint: name a folder outside"
    );
    assert!(done.stderr.contains(&warning), "{done}");
    assert_eq!(fs::read_dir(&cache).expect("a folder").count(), 1);
    git("rm --quiet --cached cache/1.cwasm");
    git("add quiet.js");
    let done = run(&cache);
    assert!(!done.stderr.contains("is not used"), "{done}");
    assert!(fs::read_dir(&cache).expect("a folder").count() > 1);
}

/// An unpacked archive has no repository around it that could tell what came with it.
#[test]
fn a_cache_that_came_with_an_archive_is_not_used() {
    let files = folder(&[("cache/1.cwasm", "code"), ("quiet.js", QUIET)]);
    let cache = files.path().join("cache");
    let home = tempfile::tempdir().expect("a folder");
    let run = |name: &str| {
        postlogin("run quiet.js --format json")
            .within(files.path())
            .env("HOME", home.path())
            .env("XDG_DATA_HOME", home.path().join("data"))
            .env("POSTLOGIN_CACHE_DIR", name)
            .finish()
    };
    let done = run("cache");
    assert_eq!(done.code, Some(0), "{done}");
    let warning = "warning: the cache folder cache is not used: it is in the project, and was not made by this user";
    assert!(done.stderr.contains(warning), "{done}");
    assert_eq!(fs::read_dir(&cache).expect("a folder").count(), 1);
    // One that is made here is the user's own, until another one is in its place.
    let done = run("mine/cache");
    assert!(!done.stderr.contains("is not used"), "{done}");
    let done = run("mine/cache");
    assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""), "{done}");
    fs::rename(files.path().join("mine/cache"), files.path().join("moved")).expect("renamed");
    assert!(
        run("moved")
            .stderr
            .contains("the cache folder moved is not used")
    );
    fs::remove_file(files.path().join("moved/.postlogin-mark")).expect("removed");
    assert!(run("moved").stderr.contains("is not used"));
}

/// The cache's folder is that of the home folder, which belongs to somebody else, or is on a file system that is read only.
#[test]
#[cfg(unix)]
fn a_home_that_cannot_be_written_costs_the_compilation_only() {
    use std::os::unix::process::CommandExt;
    let files = folder(&[("quiet.js", QUIET)]);
    let home = files.path().join("home");
    fs::create_dir(&home).expect("a folder");
    for path in [files.path(), &home] {
        readable(path, 0o555);
    }
    let mut command = postlogin("run quiet.js --format json")
        .within(files.path())
        .env("HOME", &home)
        .command();
    command
        .env_remove("POSTLOGIN_CACHE_DIR")
        .env_remove("XDG_CACHE_HOME");
    let is_root =
        fs::metadata(&home).is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == 0);
    // Modes do not stop root.
    if is_root {
        command.uid(12_345);
    }
    let output = command.output().expect("the program starts");
    readable(files.path(), 0o755);
    let done = Finished {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    };
    warns(&done, "Permission denied");
    assert!(done.stderr.contains("home/.cache/postlogin/"), "{done}");
}

#[cfg(unix)]
fn readable(path: &Path, mode: u32) {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
    fs::set_permissions(path, mode).expect("its own folder");
}
/// The most memory that a process had, and its children now, in bytes.
#[cfg(target_os = "linux")]
fn memory(process: u32, child: bool) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let own = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    // Each thread has children of its own.
    let threads = fs::read_dir(format!("/proc/{process}/task"));
    let threads = threads.into_iter().flatten().flatten();
    let children: String = threads
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok())
        .collect();
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
    let mut child = Command::new(&program)
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

/// Both parts are announced, and until each is compiled a line comes about twice a second, after ten seconds every five.
#[test]
fn compiling_is_announced_and_reported_while_it_lasts() {
    const INTL: &str =
        "exports.onExecutePostLogin = async () => { (1.5).toLocaleString('de'); };\n";
    let files = folder(&[("intl.js", INTL)]);
    let done = postlogin("run intl.js")
        .within(files.path())
        .env("POSTLOGIN_CACHE_DIR", files.path().join("cache"))
        .finish();
    assert_eq!(done.code, Some(0), "{done}");
    let heard = &done.stderr;
    let mut lines = heard.lines();
    let mut is_next = |start: &str| lines.next().is_some_and(|line| line.starts_with(start));
    for part in ["the JavaScript engine", "ICU (for Intl)"] {
        let begin = format!("compiling {part} for this machine, once; this takes seconds, ");
        assert!(is_next(&begin), "{heard}");
        let progress = format!("compiling {part}: ");
        let mut last = 0.0;
        let mut count = 0;
        for line in heard
            .lines()
            .filter_map(|line| line.strip_prefix(&progress))
        {
            assert!(is_next(&progress), "{heard}");
            let took: Option<f64> = line.strip_suffix(" s").and_then(|it| it.parse().ok());
            let took = took.expect("a time");
            let most = if took < 10.0 { 2.0 } else { 7.0 };
            assert!(
                took > last && took - last < most,
                "{last} s, then {took} s: {heard}"
            );
            last = took;
            count += 1;
        }
        assert!(count > 0, "{part}: {heard}");
        assert!(
            is_next(&format!("compiled {part} for this machine in ")),
            "{heard}"
        );
    }
    assert_eq!(lines.next(), None, "{heard}");
}
