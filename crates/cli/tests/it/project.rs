//! Naming Actions: by the project's binding, by name, by file, by folder.

use crate::support::{FIXED, QUIET, assert_command, folder, postlogin};

const BINDING: &str = r#"{"post-login": [{"action_name": "second"}, {"action_name": "first"}]}"#;

fn manifest(name: &str) -> String {
    format!(
        r#"{{"name": "{name}", "code": "./actions/{name}/code.js", "supported_triggers": [{{"id": "post-login", "version": "v3"}}]}}"#
    )
}

fn project() -> tempfile::TempDir {
    folder(&[
        ("actions/first.json", &manifest("first")),
        ("actions/first/code.js", QUIET),
        ("actions/second.json", &manifest("second")),
        ("actions/second/code.js", QUIET),
        ("triggers/triggers.json", BINDING),
        ("below/empty.txt", ""),
    ])
}

#[track_caller]
fn names(arguments: &str, within: &std::path::Path) -> Vec<String> {
    let outcome = postlogin(&format!("run {arguments}"))
        .within(within)
        .outcome(0);
    let actions = outcome["usage"]["actions"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    actions
        .iter()
        .map(|action| action["action"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn without_an_action_the_binding_runs() {
    let project = project();
    assert_eq!(names("", project.path()), ["second", "first"]);
    assert_eq!(
        names("", &project.path().join("below")),
        ["second", "first"]
    );
}

#[test]
fn an_action_has_many_names() {
    let project = project();
    for argument in [
        "first",
        "actions/first",
        "actions/first/",
        "actions/first.json",
        "actions/first/code.js",
        "./actions/first/code.js",
    ] {
        assert_eq!(names(argument, project.path()), ["first"], "{argument}");
    }
    assert_eq!(names("first", &project.path().join("below")), ["first"]);
}

#[test]
fn places_name_files_of_the_project_from_wherever_it_runs() {
    let project = folder(&[
        ("actions/loud.json", &manifest("loud")),
        (
            "actions/loud/code.js",
            "exports.onExecutePostLogin = async () => { nope(); };\n",
        ),
        ("below/empty.txt", ""),
    ]);
    for within in [project.path().to_owned(), project.path().join("below")] {
        let outcome = postlogin("run loud").within(&within).outcome(0);
        assert_eq!(
            outcome["error"]["location"]["file"], "actions/loud/code.js",
            "{outcome}"
        );
    }
}

#[test]
fn what_is_not_there_is_named() {
    let outside = folder(&[("quiet.js", QUIET)]);
    assert_command!(postlogin("run").within(outside.path()), @"
    exit code: 2
    ----- stderr -----
    error: no Action was named, and no project was found here
    hint: name one: `postlogin run actions/my-action/code.js`
    ");
    assert_command!(postlogin("run quite.js").within(outside.path()), @"
    exit code: 2
    ----- stderr -----
    error: no such file: `quite.js`
    hint: did you mean `quiet.js`?
    ");
    assert_command!(postlogin("run nothing-like-it").within(outside.path()), @"
    exit code: 2
    ----- stderr -----
    error: no such file or folder: `nothing-like-it`, and no project with an Action of this name
    hint: give a .js, .ts or .wasm file, a folder of an Action, the name of an Action of the project, or a Cargo package
    ");
    assert_command!(postlogin("run copy-user-metdata"), @"
    exit code: 2
    ----- stderr -----
    error: no such file, folder or Action: `copy-user-metdata`
    hint: did you mean `copy-user-metadata`?
    ");
    assert_command!(postlogin("run fixtures/users"), @"
    exit code: 2
    ----- stderr -----
    error: no Action is in the folder `fixtures/users`
    hint: the folder of an Action has a code.js; that of a Rust Action has a Cargo.toml
    ");
    assert_command!(postlogin("run README.txt Cargo.toml"), @"
    exit code: 2
    ----- stderr -----
    error: no such file: `README.txt`
    hint: give a .js, .ts or .wasm file, a folder of an Action, the name of an Action of the project, or a Cargo package
    ");
}

#[test]
fn a_broken_configuration_is_named_with_its_place() {
    let project = folder(&[
        ("actions/first.json", &manifest("first")),
        ("actions/first/code.js", QUIET),
        ("triggers/triggers.json", "{\n  \"post-login\": [\n}\n"),
    ]);
    assert_command!(postlogin("run").within(project.path()), @"
    exit code: 2
    ----- stderr -----
    error: triggers/triggers.json:3:1: expected value
    ");

    let project = folder(&[
        ("actions/first.json", &manifest("first")),
        ("actions/first/code.js", QUIET),
        ("triggers/triggers.json", BINDING),
    ]);
    // Production has it from the Marketplace: the others run.
    let run = postlogin(&format!("run {FIXED}"))
        .within(project.path())
        .finish();
    assert_eq!(run.code, Some(0), "{run}");
    let told = "warning: triggers/triggers.json: the trigger `post-login` binds the Action `second`, which does not exist\nhint: Actions of the Marketplace are not exported; name the Actions to run instead\n";
    assert_eq!(run.stderr.matches(told).count(), 1, "{run}");
    assert_eq!(names("", project.path()), ["first"]);

    let project = folder(&[
        ("actions/first.json", &manifest("first")),
        ("actions/first/code.js", QUIET),
        (
            "triggers/triggers.json",
            r#"{"post-login": [{"action_name": "second"}]}"#,
        ),
    ]);
    assert_command!(postlogin("run").within(project.path()), @"
    exit code: 2
    ----- stderr -----
    error: triggers/triggers.json: the trigger `post-login` binds the Action `second`, which does not exist
    hint: Actions of the Marketplace are not exported; name the Actions to run instead
    ");

    let project = folder(&[
        ("actions/first.json", &manifest("first")),
        ("triggers/triggers.json", "{}"),
    ]);
    assert_command!(postlogin("run first").within(project.path()), @r#"
    exit code: 2
    ----- stderr -----
    error: actions/first.json: the code of the Action `first` does not exist: actions/first/code.js
    hint: `code` is "./actions/first/code.js", relative to the folder of the configuration
    "#);
    assert_command!(postlogin("run").within(project.path()), @"
    exit code: 2
    ----- stderr -----
    error: no Action is bound to the trigger post-login
    hint: list Actions under post-login in triggers/triggers.json, or name one on the command line
    ");
}

#[test]
fn the_export_fixtures_are_projects() {
    for export in ["directory", "yaml"] {
        let folder = crate::support::repository()
            .join("fixtures/exports")
            .join(export);
        let done = postlogin(&format!("run {FIXED}")).within(&folder).finish();
        // They need secrets and modules that they do not get; what matters is that the binding is found and run.
        assert_eq!(done.code, Some(0), "{done}");
        assert!(done.stdout.contains("Actions\n"), "{done}");
    }
}

#[test]
fn a_script_that_no_manifest_describes_is_told_checked_and_runs_by_name() {
    let score = "export const onExecutePostLogin = async (event: any, api: any) => { api.accessToken.nonsense(); };\n";
    let binding = r#"{"post-login": [{"action_name": "first"}, {"action_name": "plan-claims"}]}"#;
    let project = folder(&[
        ("actions/first.json", &manifest("first")),
        ("actions/first/code.js", QUIET),
        ("actions/first.test.js", QUIET),
        ("actions/plan-claims/code.js", QUIET),
        ("actions/score.ts", score),
        ("triggers/triggers.json", binding),
    ]);
    assert_eq!(names("plan-claims", project.path()), ["plan-claims"]);
    let run = postlogin("run score").within(project.path()).finish();
    assert_eq!(run.code, Some(0), "{run}");
    let check = postlogin("check").within(project.path()).finish();
    assert_eq!(check.code, Some(100), "{check}");
    for done in [&run, &check] {
        for script in ["actions/score.ts", "actions/plan-claims/code.js"] {
            let told = format!("warning: {script} is described by no actions/*.json: ");
            assert_eq!(done.stderr.matches(&told).count(), 1, "{done}");
        }
        assert!(!done.stderr.contains("first.test.js"), "{done}");
    }
    for part in [
        "error[unknown-api-method]  actions/score.ts:1:",
        "error[missing-bound-action]",
        "hint: actions/plan-claims/code.js exists; add actions/plan-claims.json",
        "in 3 Actions",
    ] {
        assert!(check.stdout.contains(part), "{part}: {check}");
    }
}

/// An unresolved part of a Terraform configuration is reported before the error that nothing is bound.
#[test]
fn run_without_a_usable_binding_tells_what_terraform_left_out() {
    let action = |name: &str, code: &str| {
        format!(
            "resource \"auth0_action\" \"{name}\" {{\n  name = \"{name}\"\n  code = {code}\n  supported_triggers {{\n    id = \"post-login\"\n    version = \"v3\"\n  }}\n}}\n"
        )
    };
    let binding = "resource \"auth0_trigger_actions\" \"login\" {\n  trigger = var.trigger\n  actions {\n    id = auth0_action.a.id\n    display_name = \"a\"\n  }\n}\n";
    let good = action("b", "\"exports.onExecutePostLogin = async () => {}\"");
    let text = action("a", "var.code") + &good + binding;
    let project = folder(&[("main.tf", &text)]);
    let ran = postlogin("run").within(project.path()).finish();
    assert_eq!(ran.code, Some(2), "{ran}");
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(
        lines,
        [
            "warning: main.tf:3:10: `code` of auth0_action.a is not resolved: var.code is unknown",
            "error: main.tf:18:13: `trigger` of auth0_trigger_actions.login is not resolved: var.trigger is unknown",
            "hint: list the Actions of the trigger under `bindings` in postlogin.toml, or name the Actions to run",
        ],
        "{ran}"
    );
}
