//! Actions that are found in and below a folder.

use std::fs;
use std::path::Path;

use super::folder;
use crate::action::{Allowance, actions_below};
use crate::project::Project;

#[track_caller]
fn check_below(folder: &Path, expected: &[&str]) {
    let project = Project::discover(folder).expect("nothing broken");
    let found =
        actions_below(folder, folder, project.as_ref(), &mut Allowance::default()).into_iter();
    let found: Vec<_> = found.map(|one| one.expect("readable")).collect();
    let shown: Vec<_> = found
        .iter()
        .map(|source| source.display_path.as_str())
        .collect();
    assert_eq!(shown, expected);
}

#[test]
fn actions_below_a_folder() {
    check_below(
        &folder("."),
        &[
            "actions/api-access-claims/code.js",
            "actions/copy-user-metadata/code.js",
            "actions/deny-by-metadata/code.js",
        ],
    );
    check_below(&folder("fixtures/events"), &[]);
    let loose = tempfile::tempdir().expect("a folder");
    for (path, text) in [
        ("b.ts", "export const onExecutePostLogin = 1"),
        ("a/code.js", "exports.onContinuePostLogin = 1"),
        ("a/helper.js", "exports.help = 1"),
        ("a/a.test.js", "onExecutePostLogin"),
        ("node_modules/x/index.js", "onExecutePostLogin"),
        (".hidden/x.js", "onExecutePostLogin"),
    ] {
        let path = loose.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, text).expect("a file");
    }
    check_below(loose.path(), &["a/code.js", "b.ts"]);
}
