//! Packages that are kept loaded: a login with them ends as one that loads them itself, and nothing stale is ever used.

mod common;

use std::{fs, path::Path, sync::Arc};

use common::{Case, Ended, FILE, JAVASCRIPT, run};
use postlogin_js::{Dependencies, JavaScript, Modules, Packages};

const ACTION: &str = "const { next, tag } = require('steady');
exports.onExecutePostLogin = async (event, api) => {
  console.log(next(), next(), tag`x`, Date.now(), Math.random(), require('crypto').randomUUID(), require('steady/late').made);
};";

const STEADY: &str = "let count = 0;
exports.next = () => ++count;
exports.tag = (parts) => require('./inner.js')[parts[0]];";

fn write(folder: &Path, file: &str, text: &str) {
    let file = folder.join("node_modules").join(file);
    fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
    fs::write(file, text).expect("a file");
}

/// Returns the result of one login with `text`, and the packages that were loaded for it.
fn login(javascript: &JavaScript, folder: &Path, text: &str) -> (Ended, Vec<Packages>) {
    let dependencies = Dependencies {
        folder: Some(folder.to_owned()),
        ..Dependencies::default()
    };
    let modules = Modules::new(dependencies).expect("no module is there twice");
    let action = javascript
        .action_with(FILE, text, Arc::new(modules))
        .unwrap_or_else(|error| panic!("{error}"));
    (run(&action, &Case::default()), javascript.take_packages())
}

/// An engine as a new process has it, which loads packages beforehand.
fn keeping() -> JavaScript {
    JAVASCRIPT.clone().with_kept_packages()
}

fn store(packages: &[Packages]) {
    for packages in packages {
        packages.store().expect("it is written");
    }
}

#[test]
fn a_login_with_kept_packages_ends_as_any_other() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "steady/index.js", STEADY);
    write(folder.path(), "steady/inner.js", "exports.x = 'inner';");
    write(
        folder.path(),
        "steady/late.js",
        "exports.made = new Date().toISOString();",
    );
    let (plain, packages) = login(&JAVASCRIPT, folder.path(), ACTION);
    assert!(plain.fault.is_none(), "{:?}", plain.fault);
    assert!(packages.is_empty(), "{packages:?}");
    let javascript = keeping();
    let (first, packages) = login(&javascript, folder.path(), ACTION);
    assert_eq!((first.logs(), first.fault), (plain.logs(), None));
    let [loaded] = packages.as_slice() else {
        panic!("{packages:?}");
    };
    assert_eq!(loaded.specifiers(), ["steady"]);
    assert!(loaded.is_repeatable());
    // A kilobyte is not worth it, which is the caller's to decide.
    assert!(!loaded.are_worthwhile());
    // A second Action that begins alike finds them, and so does a second login.
    let edited = format!("{ACTION}\n// edited");
    for text in [ACTION, &edited] {
        let (again, packages) = login(&javascript, folder.path(), text);
        assert_eq!(again.logs(), plain.logs());
        assert!(packages.is_empty(), "{packages:?}");
    }
    // Another process loads them again, until they are stored.
    assert_eq!(login(&keeping(), folder.path(), ACTION).1.len(), 1);
    store(&packages);
    let javascript = keeping();
    for text in [ACTION, &edited] {
        let (kept, packages) = login(&javascript, folder.path(), text);
        assert!(packages.is_empty(), "{packages:?}");
        assert_eq!(kept.logs(), plain.logs());
        assert_eq!(kept.fault, plain.fault);
    }

    // A file that has changed is loaded as it is now, and so is one that takes another's place.
    write(
        folder.path(),
        "steady/index.js",
        &STEADY.replace("++count", "(count += 10)"),
    );
    let (changed, packages) = login(&javascript, folder.path(), ACTION);
    assert!(
        changed.logs().starts_with("10 20 inner"),
        "{}",
        changed.logs()
    );
    assert_eq!(packages.len(), 1);
    write(folder.path(), "steady/index.js", STEADY);
    write(folder.path(), "steady/package.json", r#"{"main": "other"}"#);
    write(
        folder.path(),
        "steady/other.js",
        "exports.next = () => 0; exports.tag = () => 'other';",
    );
    let (replaced, _) = login(&javascript, folder.path(), ACTION);
    assert!(
        replaced.logs().starts_with("0 0 other"),
        "{}",
        replaced.logs()
    );
}

/// A package with this text is loaded in each login, and a login with it ends as one that nobody prepared.
#[track_caller]
fn check_unrepeatable(text: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "strange/index.js", text);
    let action = "const strange = require('strange');
exports.onExecutePostLogin = async () => { console.log(JSON.stringify(strange)); };";
    let (plain, _) = login(&JAVASCRIPT, folder.path(), action);
    let (first, packages) = login(&keeping(), folder.path(), action);
    let [loaded] = packages.as_slice() else {
        panic!("{packages:?}");
    };
    assert!(!loaded.is_repeatable(), "{text}");
    store(&packages);
    let (after, packages) = login(&keeping(), folder.path(), action);
    assert!(packages.is_empty(), "nobody tries again: {packages:?}");
    for ended in [first, after] {
        assert_eq!(ended.logs(), plain.logs(), "{text}");
        assert_eq!(ended.fault, plain.fault, "{text}");
    }
}

#[test]
fn what_differs_from_login_to_login_is_not_kept() {
    check_unrepeatable("exports.now = Date.now();");
    check_unrepeatable("exports.year = new Date().getFullYear();");
    check_unrepeatable("exports.at = performance.now();");
    check_unrepeatable("exports.chance = Math.random();");
    check_unrepeatable("exports.id = require('crypto').randomUUID();");
    check_unrepeatable("exports.bytes = require('crypto').randomBytes(4).toString('hex');");
    check_unrepeatable("setTimeout(() => {}, 1000);");
    check_unrepeatable("fetch('https://api.example.com/').catch(() => {});");
    check_unrepeatable("throw new Error('no');");
    check_unrepeatable("require('nowhere');");
}

#[test]
fn what_is_damaged_or_of_others_is_not_used() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "steady/index.js", STEADY);
    let action = "const { next } = require('steady');\nexports.onExecutePostLogin = async () => { console.log(next()); };";
    let (_, packages) = login(&keeping(), folder.path(), action);
    let [loaded] = packages.as_slice() else {
        panic!("{packages:?}");
    };
    store(&packages);
    let delta = loaded.index().with_extension("delta");
    let whole = [loaded.index(), &delta].map(|file| fs::read(file).expect("it was stored"));
    let seen = loaded.index().with_extension("seen");
    let check = |file: &Path, damage: &[u8]| {
        // What was there when the packages were read is another test's.
        let _ = fs::remove_file(&seen);
        fs::write(file, damage).expect("a file");
        let (ended, packages) = login(&keeping(), folder.path(), action);
        assert_eq!(ended.logs(), "1\n", "{damage:.100?}");
        assert_eq!(packages.len(), 1, "{damage:.100?}");
        for (file, whole) in [loaded.index(), &delta].into_iter().zip(&whole) {
            fs::write(file, whole).expect("a file");
        }
        let (ended, packages) = login(&keeping(), folder.path(), action);
        assert_eq!((ended.logs().as_str(), packages.len()), ("1\n", 0));
    };
    for damage in [
        "",
        "{",
        "[1]",
        r#"{"delta": null}"#,
        r#"{"record": {"answers": {"x": null}, "files": {}}, "delta": "00"}"#,
        // What is stored is of other packages now.
        r#"{"record": {"answers": {"require\n\nnowhere": "/x.js"}, "files": {}}, "delta": null}"#,
    ] {
        check(loaded.index(), damage.as_bytes());
    }
    let [_, packed] = &whole;
    let mut flipped = packed.clone();
    *flipped.last_mut().expect("a byte") ^= 1;
    check(&delta, &flipped);
    check(&delta, &packed[..packed.len() / 2]);
    check(&delta, b"");
    // The hash is right, and the content is none.
    let foreign = b"not packed";
    fs::write(&delta, foreign).expect("a file");
    let index: serde_json::Value = serde_json::from_slice(&whole[0]).expect("JSON");
    let mut index = index;
    index["delta"] = sha256(foreign).into();
    check(loaded.index(), index.to_string().as_bytes());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let _ = fs::remove_file(&seen);
        let open = fs::Permissions::from_mode(0o666);
        fs::set_permissions(&delta, open).expect("it is ours");
        let (ended, packages) = login(&keeping(), folder.path(), action);
        assert_eq!((ended.logs().as_str(), packages.len()), ("1\n", 1));
    }
}

/// Once files are older than the clock of a file system counts, they are not read to know that they are the same; and whatever changes
/// them is noticed.
#[test]
#[cfg(unix)]
fn files_that_are_the_same_are_not_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    write(
        folder.path(),
        "steady/index.js",
        "const inner = require('./inner.js'); let count = 0; exports.next = () => ++count; exports.tag = () => inner.x;",
    );
    write(folder.path(), "steady/inner.js", "exports.x = 'inner';");
    let action = "const { next, tag } = require('steady');
exports.onExecutePostLogin = async () => { console.log(next(), tag`x`); };";
    let inner = folder.path().join("node_modules/steady/inner.js");
    // Two seconds are enough; the clock of this process is not that of the files.
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    let (_, packages) = login(&keeping(), folder.path(), action);
    store(&packages);
    let index = packages[0].index();
    let (seen, delta) = (index.with_extension("seen"), index.with_extension("delta"));
    let whole = [index, &seen, &delta].map(|file| fs::read(file).expect("it was stored"));
    let restore = || {
        for (file, whole) in [index, &seen, &delta].into_iter().zip(&whole) {
            fs::write(file, whole).expect("a file");
        }
    };
    let check = |why: &str, logs: &str, loads: usize| {
        let (ended, packages) = login(&keeping(), folder.path(), action);
        assert_eq!(
            (ended.logs().as_str(), packages.len()),
            (logs, loads),
            "{why}"
        );
    };
    fs::write(index, "{").expect("a file");
    check("the index is not needed", "1 inner\n", 0);
    for damage in [
        "".to_owned(),
        "{".to_owned(),
        String::from_utf8_lossy(&whole[1]).replace("steady\"]", "other\"]"),
        String::from_utf8_lossy(&whole[1]).replace("inner.js", "outer.js"),
    ] {
        restore();
        fs::write(&seen, &damage).expect("a file");
        check("the index is needed", "1 inner\n", 0);
        fs::write(&seen, &damage).expect("a file");
        fs::write(index, "{").expect("a file");
        check("nothing says that they are the same", "1 inner\n", 1);
    }
    restore();
    let mut flipped = whole[2].clone();
    *flipped.last_mut().expect("a byte") ^= 1;
    fs::write(&delta, flipped).expect("a file");
    check("the delta is damaged", "1 inner\n", 1);
    restore();
    // Of the same length and with the old time.
    let modified = fs::metadata(&inner).and_then(|meta| meta.modified());
    fs::write(&inner, "exports.x = 'outer';").expect("a file");
    let file = fs::File::options()
        .write(true)
        .open(&inner)
        .expect("a file");
    file.set_modified(modified.expect("a time"))
        .expect("it is ours");
    check("other content", "1 outer\n", 1);
    fs::write(&inner, "exports.x = 'inner';").expect("a file");
    check("the old content: the index knows it", "1 inner\n", 0);
    // A file that Node prefers to the others.
    write(folder.path(), "steady/package.json", r#"{"main": "other"}"#);
    write(
        folder.path(),
        "steady/other.js",
        "exports.next = () => 0; exports.tag = () => 'other';",
    );
    check("another file", "0 other\n", 1);
}

/// The files of other packages, in the place of these.
#[test]
fn what_was_stored_for_other_packages_is_not_used() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "steady/index.js", STEADY);
    write(
        folder.path(),
        "forged/index.js",
        "globalThis.forged = 'forged'; exports.next = () => 'forged';",
    );
    let of = |package: &str| {
        format!(
            "const {{ next }} = require('{package}');\nexports.onExecutePostLogin = async () => {{ console.log(next(), globalThis.forged); }};"
        )
    };
    let stored = |package: &str| {
        let (_, packages) = login(&keeping(), folder.path(), &of(package));
        store(&packages);
        let index = packages[0].index().to_owned();
        let delta = index.with_extension("delta");
        (index, delta)
    };
    let (own, other) = (stored("steady"), stored("forged"));
    let whole = fs::read(&own.1).expect("it was stored");
    let check = |why: &str| {
        let (ended, packages) = login(&keeping(), folder.path(), &of("steady"));
        assert_eq!(ended.logs(), "1 undefined\n", "{why}");
        assert_eq!(packages.len(), 1, "{why}");
    };
    let index = fs::read(&own.0).expect("it was stored");
    fs::copy(&other.1, &own.1).expect("a file");
    check("another delta");
    fs::copy(&other.0, &own.0).expect("a file");
    check("another index and its delta");
    fs::write(&own.0, &index).expect("a file");
    fs::write(&own.1, &whole).expect("a file");
    #[cfg(unix)]
    {
        use std::os::unix::fs::{chown, symlink};
        let aside = own.1.with_extension("aside");
        fs::rename(&own.1, &aside).expect("a file");
        symlink(&aside, &own.1).expect("a link");
        check("a link to the delta");
        fs::remove_file(&own.1).expect("a link");
        fs::create_dir(&own.1).expect("a folder");
        check("a folder");
        fs::remove_dir(&own.1).expect("a folder");
        fs::rename(&aside, &own.1).expect("a file");
        // Only root can give files away.
        if chown(&own.1, Some(12_345), None).is_ok() {
            check("a file of another user");
            chown(&own.1, Some(0), None).expect("it was root's");
        }
    }
    let (ended, packages) = login(&keeping(), folder.path(), &of("steady"));
    assert_eq!(
        (ended.logs().as_str(), packages.len()),
        ("1 undefined\n", 0)
    );
}

#[test]
fn what_is_stored_while_it_is_read_is_whole_or_not_used() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "steady/index.js", STEADY);
    let action = "const { next } = require('steady');\nexports.onExecutePostLogin = async () => { console.log(next()); };";
    let (_, packages) = login(&keeping(), folder.path(), action);
    store(&packages);
    let index = packages[0].index();
    let delta = index.with_extension("delta");
    let other = fs::read(&delta).expect("it was stored");
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for round in 0..20_usize {
                store(&packages);
                // Another process that was ended in between.
                let cut = &other[..other.len() * (round % 3) / 3];
                fs::write(&delta, cut).expect("a file");
            }
        });
        while !writer.is_finished() {
            let (ended, _) = login(&keeping(), folder.path(), action);
            assert_eq!(ended.logs(), "1\n");
        }
    });
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
