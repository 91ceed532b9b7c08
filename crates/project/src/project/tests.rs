//! The exports under `fixtures/`, this repository itself, and what is said about broken ones.

use std::fs;

use super::manifest::{Dependency, ModuleReference};
use super::*;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the repository")
        .to_owned()
}

#[track_caller]
fn check_export(folder: &str, expected_root: &str, post_login: &[&str], all: &[&str]) -> Project {
    let project = Project::discover(&repository().join(folder))
        .expect("a good export")
        .expect("an export");
    assert_eq!(project.root, repository().join(expected_root));
    let bound: Vec<_> = project.bind("post-login").expect("a good binding");
    let bound: Vec<_> = bound
        .iter()
        .map(|action| action.manifest.name.as_str())
        .collect();
    assert_eq!(bound, post_login);
    assert_eq!(project.action_names().collect::<Vec<_>>(), all);
    assert!(
        project
            .bind("send-phone-message")
            .expect("no binding")
            .is_empty()
    );
    project
}

#[test]
fn folder_export() {
    let project = check_export(
        "fixtures/exports/directory/actions/m2m-claims",
        "fixtures/exports/directory",
        &["progressive-profiling", "Add Roles to Tokens"],
        &["Add Roles to Tokens", "m2m-claims", "progressive-profiling"],
    );
    assert_eq!(
        project.bind("credentials-exchange").expect("bound").len(),
        1
    );
    assert_eq!(project.triggers.len(), 3);

    let roles = &project
        .action("Add Roles to Tokens")
        .expect("it is there")
        .manifest;
    assert_eq!(
        roles.dependencies,
        [Dependency {
            name: "lodash".into(),
            version: Some("4.17.21".into())
        }]
    );
    assert_eq!(
        roles.modules,
        [ModuleReference {
            name: "audit".into(),
            version: Some(3)
        }]
    );
    assert_eq!(roles.runtime.as_deref(), Some("node22"));
    assert_eq!(roles.other.get("deployed"), Some(&Value::Bool(true)));

    let profiling = project
        .action("progressive-profiling")
        .expect("it is there");
    assert_eq!(
        profiling.manifest.secret_names,
        ["SESSION_TOKEN_SECRET", "PROFILE_URL"],
        "from a keyword"
    );
    assert_eq!(
        profiling.manifest.other.get("owner"),
        Some(&serde_json::json!({ "team": "growth" }))
    );
    assert!(profiling.code.is_file(), "a path with backslashes");
    assert_eq!(
        profiling
            .manifest
            .supported_triggers
            .first()
            .and_then(|trigger| trigger.version.as_deref()),
        Some("v3")
    );
}

#[test]
fn yaml_export() {
    let project = check_export(
        "fixtures/exports/yaml",
        "fixtures/exports/yaml",
        &["risk-score", "welcome"],
        &["welcome", "risk-score"],
    );
    let score = &project.action("risk-score").expect("it is there").manifest;
    assert_eq!(score.secret_names, ["SCORE_URL", "SCORE_KEY"]);
    assert_eq!(
        score.dependencies,
        [Dependency {
            name: "jsonwebtoken".into(),
            version: Some("9.0.2".into())
        }]
    );
}

#[test]
fn versions_may_be_numbers() {
    let file = (
        "tenant.yaml",
        "actions: [{name: a, dependencies: [{name: x, version: 9.5}, {name: y}]}]",
    );
    let project = discover(&[file])
        .expect("nothing broken")
        .expect("a project");
    let versions: Vec<_> = project
        .actions
        .iter()
        .flat_map(|action| &action.manifest.dependencies)
        .map(|package| package.version.as_deref())
        .collect();
    assert_eq!(versions, [Some("9.5"), None]);
}

#[test]
fn this_repository_is_a_project() {
    let project = Project::discover(&repository().join("crates/project/src"))
        .expect("good")
        .expect("found");
    assert_eq!(project.root, repository());
    let bound = project.bind("post-login").expect("a good binding");
    assert_eq!(
        bound
            .iter()
            .map(|action| action.manifest.name.as_str())
            .collect::<Vec<_>>(),
        [
            "deny-by-metadata",
            "copy-user-metadata",
            "api-access-claims"
        ]
    );
    assert!(bound.iter().all(|action| action.code.is_file()));
}

/// Writes the files into an empty folder with a `.git` and discovers it.
fn discover(files: &[(&str, &str)]) -> Result<Option<Project>> {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join(".git")).expect("a repository");
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, text).expect("a file");
    }
    Project::discover(folder.path())
}

const ACTION: (&str, &str) = (
    "actions/a.json",
    r#"{"name": "a", "supported_triggers": [{"id": "post-login"}]}"#,
);

#[test]
fn what_is_no_project() {
    for files in [
        &[][..],
        &[
            ("actions/build.json", "{}"),
            ("triggers/triggers.json", "{}"),
        ],
        &[("actions/a.js", ""), ("package.json", "{}")],
    ] {
        assert!(
            discover(files).expect("nothing broken").is_none(),
            "{files:?}"
        );
    }
}

#[test]
fn older_and_odd_layouts() {
    for (files, names) in [
        (
            &[(
                "actions/a/current.json",
                r#"{"name": "a", "code": "code.js", "supported_triggers": []}"#,
            )][..],
            &["a"][..],
        ),
        (&[ACTION, ("actions/a/current.json", "{")], &["a"]),
        (
            &[ACTION, ("actions/tsconfig.json", "// comment\n{}")],
            &["a"],
        ),
        (&[ACTION, ("triggers/triggers.json", "null")], &["a"]),
        (&[("tenant.yaml", "tenant: {}\n")], &[]),
        (
            &[(
                "tenant.yml",
                "actions:\n  - name: a\n    secrets: ##SECRETS##\n",
            )],
            &["a"],
        ),
    ] {
        let project = discover(files).expect("nothing broken").expect("a project");
        assert_eq!(
            project.action_names().collect::<Vec<_>>(),
            names,
            "{files:?}"
        );
    }
}

#[track_caller]
fn check_error(files: &[(&str, &str)], expected: &str, hint: &str) {
    let error = match discover(files) {
        Ok(Some(project)) => match project.remarks.broken.first() {
            Some(broken) => broken.error.clone(),
            None => project
                .bind("post-login")
                .map(|_| ())
                .expect_err("a broken binding"),
        },
        Ok(None) => panic!("no project"),
        Err(error) => error,
    };
    assert_eq!(error.to_string(), expected);
    assert_eq!(error.hint.as_deref().unwrap_or_default(), hint);
}

#[test]
fn broken_files_are_named() {
    check_error(
        &[(
            "actions/a.json",
            "{\n  \"name\": \"a\",\n  \"supported_triggers\": [\n}",
        )],
        "actions/a.json:4:1: expected value",
        "",
    );
    check_error(
        &[(
            "actions/a.json",
            "{\"supported_triggers\": [],\n \"secrets\": ##SECRETS##}",
        )],
        "actions/a.json:2:13: expected value",
        "`##SECRETS##` is not replaced; give it a value in AUTH0_KEYWORD_REPLACE_MAPPINGS of config.json",
    );
    check_error(
        &[("actions/a.json", r#"{"supported_triggers": []}"#)],
        "actions/a.json:1:1: the Action has no `name`",
        "",
    );
    check_error(
        &[(
            "actions/a.json",
            r#"{"name": "a", "supported_triggers": [], "dependencies": [{"version": "1"}]}"#,
        )],
        "actions/a.json:1:41: the Action `a` cannot be read: item 1 lacks its name: `dependencies`",
        "",
    );
    check_error(
        &[(
            "actions/a.json",
            "{\n  \"x\": [{\"secrets\": \"{\\\"secrets\\\":\"}],\n  \"supported_triggers\": [], \"name\": \"a\",\n  \"secrets\": 5\n}",
        )],
        "actions/a.json:4:3: the Action `a` cannot be read: must be a list: `secrets`",
        "",
    );
    // Beside code it is the Action's, whatever it holds.
    for (text, expected) in [
        ("[]", "actions/b.json:1:1: an Action must be an object"),
        (
            "{\n \"runtime\": \"node22\"}",
            "actions/b.json:1:1: the Action has no `name`",
        ),
        (
            "{\n \"name\": 5}",
            "actions/b.json:2:2: the `name` of an Action must be a text",
        ),
    ] {
        check_error(
            &[ACTION, ("actions/b.json", text), ("actions/b/code.js", "")],
            expected,
            "",
        );
    }
    check_error(
        &[
            ACTION,
            (
                "triggers/triggers.json",
                r#"{"post-login": {"action_name": "a"}}"#,
            ),
        ],
        "triggers/triggers.json: the trigger `post-login` must be a list of Actions",
        "",
    );
    check_error(
        &[("tenant.yaml", "actions:\n  - name: a\n    name: b\n")],
        "tenant.yaml:3:5: duplicate key \"name\"",
        "keep one of the two",
    );
    check_error(
        &[
            ACTION,
            ("config.json", "{\"AUTH0_KEYWORD_REPLACE_MAPPINGS\": []}"),
        ],
        "config.json: AUTH0_KEYWORD_REPLACE_MAPPINGS must be an object",
        "",
    );
}

#[test]
fn a_binding_names_known_actions() {
    let named = (
        "actions/b.json",
        r#"{"name": "add-roles", "supported_triggers": []}"#,
    );
    check_error(
        &[
            named,
            (
                "triggers/triggers.json",
                r#"{"post-login": [{"action_name": "add-role"}]}"#,
            ),
        ],
        "triggers/triggers.json: the trigger `post-login` binds the Action `add-role`, which does not exist",
        "did you mean `add-roles`?",
    );
    check_error(
        &[
            named,
            (
                "triggers/triggers.json",
                r#"{"post-login": [{"action_name": "Geo Fencing"}]}"#,
            ),
        ],
        "triggers/triggers.json: the trigger `post-login` binds the Action `Geo Fencing`, which does not exist",
        "Actions of the Marketplace are not exported; name the Actions to run instead",
    );
}

#[test]
fn what_an_export_leaves_out_does_not_stop_the_others() {
    let named = (
        "actions/b.json",
        r#"{"name": "add-roles", "supported_triggers": []}"#,
    );
    let both = r#"{"post-login": [{"action_name": "Geo Fencing"}, {"action_name": "add-roles"}]}"#;
    let project = discover(&[named, ("triggers/triggers.json", both)]);
    let project = project.expect("a good export").expect("an export");
    let bound = project.bind("post-login").expect("one is there");
    let bound: Vec<_> = bound.iter().map(|it| it.manifest.name.as_str()).collect();
    assert_eq!(bound, ["add-roles"]);
    let notices: Vec<_> = project
        .remarks
        .notices
        .iter()
        .map(Error::sentence)
        .collect();
    assert_eq!(
        notices,
        [
            "triggers/triggers.json: the trigger `post-login` binds the Action `Geo Fencing`, which does not exist"
        ]
    );
    // A typo, and what the project's own file says, are errors.
    let typo = r#"{"post-login": [{"action_name": "add-role"}, {"action_name": "add-roles"}]}"#;
    let toml = "binding = [\"Geo Fencing\", \"add-roles\"]\n";
    for file in [("triggers/triggers.json", typo), ("postlogin.toml", toml)] {
        let project = discover(&[named, file]).expect("a good export");
        let project = project.expect("an export");
        assert!(project.bind("post-login").is_err(), "{file:?}");
        assert!(project.remarks.notices.is_empty(), "{file:?}");
    }
}

#[test]
fn rules_that_no_login_runs_and_settings_that_nothing_replaces_are_named() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let script = "function (user, context, callback) { callback(null, user, context); }\n";
    for (name, text) in [
        (
            "rules/before.json",
            r#"{"name": "before", "script": "./before.js", "stage": "pre_authorize"}"#,
        ),
        ("rules/before.js", script),
        (
            "rules/off.json",
            r#"{"name": "off", "script": "./before.js", "stage": "login_failure", "enabled": false}"#,
        ),
        (
            "rules/login.json",
            r#"{"name": "login", "script": "./before.js", "stage": "login_success"}"#,
        ),
        (
            "rules-configs/A.json",
            r###"{"key": "A", "value": "##MISSING##"}"###,
        ),
        ("rules-configs/B.json", r#"{"key": "B", "value": "given"}"#),
    ] {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().expect("it is in the folder")).expect("a folder");
        fs::write(file, text).expect("a file");
    }
    let yaml = tempfile::tempdir().expect("there is room for a folder");
    let text = "rules:\n  - name: before\n    script: ./rules/before.js\n    stage: pre_authorize\nrulesConfigs:\n  - key: A\n    value: \"##MISSING##\"\n";
    fs::write(yaml.path().join("tenant.yaml"), text).expect("a file");
    for (folder, rule, setting) in [
        (&folder, "rules/before.json", "rules-configs/A.json"),
        (&yaml, "tenant.yaml", "tenant.yaml"),
    ] {
        let project = Project::discover(folder.path())
            .expect("readable")
            .expect("a project");
        let notices = project.remarks.notices.iter().map(ToString::to_string);
        assert_eq!(
            notices.collect::<Vec<_>>(),
            [
                format!(
                    "{rule}: the Rule `before` is not run: its stage `pre_authorize` is not that of a login"
                ),
                format!(
                    "{setting}: the setting `A` of Rules has `##MISSING##`, which is not replaced"
                ),
            ]
        );
    }
}
