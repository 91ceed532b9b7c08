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
