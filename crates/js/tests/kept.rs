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

/// What one login with `text` came to, and the packages that could be kept.
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

fn keeping() -> JavaScript {
    JAVASCRIPT.clone().with_kept_packages()
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
    let javascript = keeping();
    let (plain, packages) = login(&javascript, folder.path(), ACTION);
    assert!(plain.fault.is_none(), "{:?}", plain.fault);
    let [packages] = packages.as_slice() else {
        panic!("{packages:?}");
    };
    assert_eq!(packages.specifiers(), ["steady"]);
    assert_eq!(packages.uses(), 1);
    // A second Action that begins alike is the same use.
    login(&javascript, folder.path(), ACTION);
    // A kilobyte is not worth it, which is the caller's to decide.
    assert!(!packages.are_worthwhile());
    packages
        .keep()
        .expect("it is written")
        .expect("it is steady");

    let (kept, packages) = login(&javascript, folder.path(), ACTION);
    assert!(packages.is_empty(), "{packages:?}");
    assert_eq!(kept.logs(), plain.logs());
    assert_eq!(kept.fault, plain.fault);
    // An edit of the Action changes nothing about its packages.
    let edited = format!("{ACTION}\n// edited");
    assert!(login(&javascript, folder.path(), &edited).1.is_empty());

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

/// A package with this text is not kept, and a login with it ends the same before and after somebody tried.
#[track_caller]
fn check_unrepeatable(text: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "strange/index.js", text);
    let action = "const strange = require('strange');
exports.onExecutePostLogin = async () => { console.log(JSON.stringify(strange)); };";
    let javascript = keeping();
    let (before, packages) = login(&javascript, folder.path(), action);
    assert!(
        packages[0].keep().expect("nothing broke").is_err(),
        "{text}"
    );
    let (after, packages) = login(&javascript, folder.path(), action);
    assert!(packages.is_empty(), "nobody tries again: {packages:?}");
    assert_eq!(after.logs(), before.logs(), "{text}");
    assert_eq!(after.fault, before.fault, "{text}");
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
fn a_damaged_memory_is_no_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "steady/index.js", STEADY);
    let javascript = keeping();
    let action = "const { next } = require('steady');\nexports.onExecutePostLogin = async () => { console.log(next()); };";
    let (_, packages) = login(&javascript, folder.path(), action);
    let index = packages[0].index();
    for damage in [
        "",
        "{",
        "[1]",
        r#"{"uses": -1}"#,
        r#"{"is_kept": true, "record": {"answers": {"x": null}, "files": {}}}"#,
    ] {
        fs::write(index, damage).expect("a file");
        let (ended, packages) = login(&javascript, folder.path(), action);
        assert_eq!(ended.logs(), "1\n", "{damage}");
        assert_eq!(packages.len(), 1, "{damage}");
    }
}
