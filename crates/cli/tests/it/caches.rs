//! Where machine code can't be kept: the login runs, and one line says why it will be compiled again.

use std::{fs, path::Path};

use crate::support::{Finished, QUIET, folder, postlogin};

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
    let lines: Vec<&str> = done.stderr.lines().collect();
    let [begin, note, warning] = lines.as_slice() else {
        panic!("{done}");
    };
    assert_eq!(
        *begin,
        "compiling the JavaScript engine for this machine, once; this takes seconds, up to a minute on a slow or busy machine",
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
