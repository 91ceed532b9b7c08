//! The settings of `postlogin.toml`, and its mistakes.

use std::path::Path;

use serde_json::json;

use crate::Project;

const HANDLER: &str = "exports.onExecutePostLogin = async () => {};";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    for (name, text) in files {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().expect("it is in the folder")).expect("a folder");
        std::fs::write(file, text).expect("a file");
    }
    folder
}

fn project(folder: &Path) -> Project {
    let found = Project::discover(folder).expect("it can be read");
    found.expect("there is a project")
}

#[track_caller]
fn check_mistake(toml: &str, expected: &str) {
    let folder = folder(&[("postlogin.toml", toml), ("a.js", HANDLER)]);
    let error = Project::discover(folder.path()).expect_err("it is wrong");
    let hint = error.hint.clone().unwrap_or_default();
    assert_eq!(format!("{error} | {hint}"), expected, "{toml}");
}

#[test]
fn sources_that_no_export_describes() {
    let folder = folder(&[
        (
            "postlogin.toml",
            "binding = [\"b\", \"a\"]\n\n[actions.a]\ncode = \"terraform/a.js\"\nsecrets = [\"KEY\"]\n\
             dependencies = { lodash = \"4.17.21\" }\nmodules = [\"audit\"]\n\n[actions.b]\ncode = \"terraform/b.ts\"\n\n\
             [tenant]\nrbac = true\npermissions = [\"read\"]\n\n[test]\npaths = [\"checks\"]\njobs = 3\n",
        ),
        ("terraform/a.js", HANDLER),
        ("terraform/b.ts", HANDLER),
        ("below/x.txt", ""),
    ]);
    let project = project(&folder.path().join("below"));
    assert_eq!(project.home, folder.path());
    let bound = project.bind("post-login").expect("both are there");
    let names: Vec<&str> = bound.iter().map(|one| one.manifest.name.as_str()).collect();
    assert_eq!(names, ["b", "a"]);
    let a = project.action("a").expect("it is there");
    assert_eq!(a.manifest.secret_names, ["KEY"]);
    assert_eq!(
        a.manifest.dependencies[0].version.as_deref(),
        Some("4.17.21")
    );
    assert_eq!(a.manifest.modules[0].name, "audit");
    assert!(a.declared && !project.action("b").expect("it is there").declared);
    assert_eq!(project.test.paths, [folder.path().join("checks")]);
    assert_eq!(project.test.jobs, Some(3));
    let settings = project.tenant.settings_for(&json!({}), None);
    assert!(settings.rbac && settings.permissions == ["read"]);
}

#[test]
fn an_export_elsewhere_with_other_mappings() {
    let manifest = r###"{"name": "##NAME##", "code": "./actions/a/code.js", "supported_triggers": [{"id": "post-login"}]}"###;
    let folder = folder(&[
        (
            "postlogin.toml",
            "export = \"auth0\"\nmappings = \"prod.json\"\n",
        ),
        ("prod.json", r#"{"NAME": "in production"}"#),
        ("auth0/actions/a.json", manifest),
        ("auth0/actions/a/code.js", HANDLER),
        (
            "auth0/config.json",
            r#"{"AUTH0_KEYWORD_REPLACE_MAPPINGS": {"NAME": "in tests"}}"#,
        ),
    ]);
    let project = project(folder.path());
    assert_eq!(project.root, folder.path().join("auth0"));
    assert_eq!(project.home, folder.path());
    let names: Vec<&str> = project.action_names().collect();
    assert_eq!(names, ["in production"]);
}

#[test]
fn plain_actions_need_no_configuration() {
    let folder = folder(&[
        ("actions/a.js", HANDLER),
        ("actions/b/code.ts", HANDLER),
        ("actions/a.test.js", "test()"),
        ("actions/readme.md", HANDLER),
    ]);
    let project = project(folder.path());
    let names: Vec<&str> = project.action_names().collect();
    assert_eq!(names, ["a", "b"]);
    assert!(
        project
            .bind("post-login")
            .expect("it can be read")
            .is_empty()
    );
    let source = project.source(&project.actions[0], folder.path());
    assert_eq!(source.expect("it can be read").declared, None);
}

#[test]
fn mistakes_have_their_place() {
    check_mistake(
        "exprt = \"x\"\n",
        "postlogin.toml:1:1: unknown key `exprt` in postlogin.toml | did you mean `export`?",
    );
    check_mistake(
        "binding = [\"a\"]\n[bindings]\npost-login = [\"b\"]\n",
        "postlogin.toml:3:1: `post-login` of `bindings`: `binding` binds this trigger, too | keep one of the two",
    );
    check_mistake(
        "\nexport = \"nowhere\"\n",
        "postlogin.toml:2:10: no export in `nowhere` | an export has a tenant.yaml, or actions/*.json",
    );
    check_mistake(
        "mappings = \"nowhere.json\"\n",
        "postlogin.toml:1:12: no such file: `nowhere.json` | a path is relative to postlogin.toml",
    );
    check_mistake(
        "[actions.a]\ncoed = \"a.js\"\n",
        "postlogin.toml:2:1: unknown key `coed` in the Action `a` | did you mean `code`?",
    );
    check_mistake(
        "[actions.a]\ncode = \"b.js\"\n",
        "postlogin.toml:2:8: no such file: `b.js` | a path is relative to postlogin.toml",
    );
    check_mistake(
        "[tenant]\nrback = true\n",
        "postlogin.toml:2:1: unknown key `rback` in `tenant` | did you mean `rbac`?",
    );
    check_mistake(
        "[test]\njobs = 0\n",
        "postlogin.toml:2:8: no case could run with 0 jobs | ",
    );
    check_mistake(
        "binding = \"a\"\n",
        "postlogin.toml:1:11: `binding` must be a list; this is a text | ",
    );
}

#[test]
fn broken_toml_is_told_with_its_place() {
    let folder = folder(&[("postlogin.toml", "[test]\njobs = = 3\n")]);
    let error = Project::discover(folder.path()).expect_err("it is broken");
    assert_eq!(
        (error.line, error.file.as_deref()),
        (Some(2), Some("postlogin.toml"))
    );
}

#[test]
fn the_schema_knows_every_key() {
    let schema = super::configuration_schema();
    for (pointer, keys) in [
        ("/properties", super::KEYS),
        (
            "/properties/actions/additionalProperties/properties",
            super::ACTION_KEYS,
        ),
        ("/properties/test/properties", super::TEST_KEYS),
    ] {
        for key in keys {
            let known = schema.pointer(&format!("{pointer}/{key}/type"));
            assert!(known.is_some(), "{pointer}/{key}");
        }
    }
}
