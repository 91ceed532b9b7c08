use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::{Part, Project};

/// A folder with these files, and `.git` at its top.
fn repository(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join(".git")).expect("a repository");
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, text).expect("a file");
    }
    folder
}

fn manifest(code: &str) -> String {
    format!(
        "{{\"name\": \"a\", \"code\": {}, \"supported_triggers\": [{{\"id\": \"post-login\"}}]}}",
        serde_json::Value::from(code)
    )
}

/// The code of the Action `a` that `written` means, relative to the export, and whether there is a notice.
#[track_caller]
fn check(written: &str, expected: &str, has_notice: bool) {
    let text = manifest(written);
    let folder = repository(&[
        ("tenant/actions/a.json", &text),
        (
            "tenant/actions/a/code.js",
            "exports.onExecutePostLogin = async () => {};",
        ),
        ("tenant/actions/b/actions/a/code.js", "// another"),
        ("outside.js", ""),
    ]);
    let project = Project::discover(&folder.path().join("tenant"));
    let project = project.expect("nothing broken").expect("a project");
    let action = project.action("a").expect("an Action");
    let root = project.root.canonicalize().expect("a folder");
    let code = action
        .code
        .strip_prefix(&project.root)
        .or_else(|_| action.code.strip_prefix(&root));
    assert_eq!(
        code.expect("in the export"),
        Path::new(expected),
        "{written}"
    );
    assert_eq!(
        project.remarks.notices.len(),
        usize::from(has_notice),
        "{written}"
    );
    if let Some(notice) = project.remarks.notices.first() {
        assert_eq!(notice.file.as_deref(), Some("actions/a.json"));
        assert!(
            notice.message.contains("actions/a/code.js"),
            "{}",
            notice.message
        );
    }
}

#[test]
fn paths_of_exports_of_all_ages() {
    check("./actions/a/code.js", "actions/a/code.js", false);
    check("actions/a/code.js", "actions/a/code.js", false);
    check("code.js", "code.js", false);
    for old in [
        "tenant/actions/a/code.js",
        "./tenant/actions/a/code.js",
        "/home/jane/work/tenant/actions/a/code.js",
        "C:\\Users\\jane\\actions-of-us\\tenant\\actions\\a\\code.js",
        "..\\tenant\\actions\\a\\code.js",
        "/actions/old/actions/a/code.js",
    ] {
        // A path that leads to the file all the same is not odd.
        let leads_there = old == "..\\tenant\\actions\\a\\code.js";
        check(old, "actions/a/code.js", !leads_there);
    }
    // The longest end that is there is not taken: the last `actions` is the export's own folder.
    check("/x/actions/b/actions/a/code.js", "actions/a/code.js", true);
    check(
        "tenant/actions/gone/code.js",
        "tenant/actions/gone/code.js",
        false,
    );
}

#[test]
fn yaml_exports_have_old_paths_too() {
    let folder = repository(&[
        (
            "out/tenant.yaml",
            "actions:\n  - { name: a, code: out/actions/a/code.js }\n  - { name: 7 }\n  - { name: b }\nactionModules:\n  - { name: m, code: /x/action-modules/m/code.js }\n",
        ),
        ("out/actions/a/code.js", ""),
        ("out/action-modules/m/code.js", ""),
    ]);
    let (project, below) = Project::find(folder.path()).expect("nothing broken");
    let project = project.expect("the project below");
    assert!(below.is_empty());
    assert!(
        project
            .action("a")
            .expect("a")
            .code
            .ends_with("out/actions/a/code.js")
    );
    assert_eq!(project.action_names().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(project.remarks.notices.len(), 2);
    assert_eq!(project.remarks.broken.len(), 1);
    assert_eq!(
        project.remarks.broken[0].error.to_string(),
        "tenant.yaml: the `name` of an Action must be a text"
    );
}

#[test]
fn one_broken_file_does_not_hide_the_others() {
    let folder = repository(&[
        ("actions/a.json", &manifest("./actions/a/code.js")),
        ("actions/a/code.js", ""),
        ("actions/b.json", "{\"supported_triggers\": [}"),
        ("clients/web.json", "{ \"name\": "),
        (
            "triggers/triggers.json",
            "{\"post-login\": [{\"action_name\": \"a\"}, {\"action_name\": \"b\"}]}",
        ),
    ]);
    fs::write(folder.path().join("actions/c.json"), b"\xff\xfe{\0}\0").expect("UTF-16");
    fs::create_dir(folder.path().join("actions/c")).expect("a folder");
    fs::write(folder.path().join("actions/c/code.js"), "").expect("its code");
    let project = Project::discover(folder.path());
    let project = project.expect("not all is broken").expect("a project");
    assert_eq!(project.action_names().collect::<Vec<_>>(), ["a"]);
    let broken: Vec<_> = project.remarks.broken.iter().collect();
    let parts: Vec<_> = broken
        .iter()
        .map(|one| (one.part, one.name.as_str()))
        .collect();
    assert_eq!(
        parts,
        [
            (Part::Action, "b"),
            (Part::Action, "c"),
            (Part::Other, "web")
        ]
    );
    assert!(
        broken[1].error.to_string().contains("UTF-16"),
        "{}",
        broken[1].error
    );
    // Whoever needs the broken one gets the reason, and not that there is none of this name.
    let error = project.bind("post-login").expect_err("one is broken");
    assert_eq!(error, broken[0].error);
}

#[test]
fn a_folder_without_actions_is_an_export() {
    for (file, text) in [
        (
            "clients/web.json",
            "{\"name\": \"web\", \"app_type\": \"spa\"}",
        ),
        (
            "connections/g.json",
            "{\"name\": \"g\", \"strategy\": \"google-oauth2\"}",
        ),
        (
            "resource-servers/api.json",
            "{\"name\": \"api\", \"identifier\": \"https://a\"}",
        ),
        (
            "triggers/triggers.json",
            "{\"post-login\": [{\"action_name\": \"x\"}]}",
        ),
    ] {
        let folder = repository(&[(file, text)]);
        let found = Project::discover(folder.path()).expect("readable");
        assert!(found.is_some(), "{file}");
    }
    for (file, text) in [
        ("clients/list.json", "{\"clients\": []}"),
        ("connections/pool.json", "{\"max\": 5}"),
        ("tenant.json", "{\"name\": \"x\"}"),
    ] {
        let folder = repository(&[(file, text)]);
        let found = Project::discover(folder.path()).expect("readable");
        assert!(found.is_none(), "{file}");
    }
}

#[test]
fn projects_below_are_found_when_there_is_one() {
    let action = manifest("./actions/a/code.js");
    let folder = repository(&[
        ("infra/auth0/actions/a.json", &action),
        ("infra/auth0/actions/a/code.js", ""),
        ("node_modules/x/actions/a.json", &action),
        (".hidden/actions/a.json", &action),
        ("docs/readme.md", ""),
    ]);
    #[cfg(unix)]
    std::os::unix::fs::symlink("..", folder.path().join("docs/loop")).expect("a link");
    let (project, below) = Project::find(folder.path()).expect("readable");
    assert!(project.expect("one").root.ends_with("infra/auth0"));
    assert!(below.is_empty());
    let second = folder.path().join("prod/tenant.yaml");
    fs::create_dir_all(second.parent().expect("a folder")).expect("a folder");
    fs::write(second, "tenant: {}\n").expect("a file");
    let (project, below) = Project::find(folder.path()).expect("readable");
    assert!(project.is_none());
    let names: Vec<_> = below
        .iter()
        .map(|path| crate::files::file_name(path))
        .collect();
    assert_eq!(names, ["prod", "auth0"]);
}
