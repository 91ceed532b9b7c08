//! Which scripts of an export are noted, which are none of its business, and what is said about them.

use std::fs;

use super::*;

const ACTION: &str = "exports.onExecutePostLogin = async (event, api) => {};\n";

fn manifest(name: &str, code: &str) -> String {
    format!(
        r#"{{"name": "{name}", "code": "{code}", "supported_triggers": [{{"id": "post-login", "version": "v3"}}]}}"#
    )
}

/// The project of these files, beside an Action `first` that is described.
#[track_caller]
fn project(files: &[(&str, &str)]) -> (tempfile::TempDir, Project) {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let first = manifest("first", "./actions/first/code.js");
    let own = [
        ("actions/first.json", first.as_str()),
        ("actions/first/code.js", ACTION),
    ];
    for (name, text) in own.iter().chain(files) {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder can be made");
        fs::write(file, text).expect("a file can be written");
    }
    let project = Project::discover(folder.path()).expect("it can be read");
    (folder, project.expect("a project"))
}

#[track_caller]
fn check(files: &[(&str, &str)], expected: &[&str]) {
    let (_folder, project) = project(files);
    let found: Vec<String> = project
        .remarks
        .undescribed
        .iter()
        .map(|one| display_path(&one.code, &project.root))
        .collect();
    assert_eq!(found, expected);
    let warned = |path: &&str| {
        let start = format!("{path} is described by no actions/*.json: ");
        let notices = project.remarks.notices.iter();
        notices
            .filter(|notice| notice.message.starts_with(&start))
            .count()
            == 1
    };
    assert!(expected.iter().all(warned), "{:?}", project.remarks);
}

#[test]
fn scripts_that_no_manifest_describes_are_noted() {
    check(
        &[
            (
                "actions/score.ts",
                "export const onExecutePostLogin = async () => {};\n",
            ),
            ("actions/plan-claims/code.js", ACTION),
            (
                "actions/machine/index.mjs",
                "const handler = async () => {};\nexport {\n  handler as onExecuteCredentialsExchange,\n};\n",
            ),
            (
                "actions/resumed.js",
                "module.exports = { onContinuePostLogin };\n",
            ),
        ],
        &[
            "actions/machine/index.mjs",
            "actions/plan-claims/code.js",
            "actions/resumed.js",
            "actions/score.ts",
        ],
    );
}

#[test]
fn what_is_no_action_of_its_own_is_not() {
    let helper = "const { onExecutePostLogin } = require('./first/code');\n// exports.onExecutePostLogin = …\nexports.login = (event) => onExecutePostLogin(event, {});\n";
    let built = manifest("built", "./dist/built.js");
    let odd = manifest("Odd One", "./actions/odd/main.js");
    let shares = manifest("shares", "./actions/shares/code.js");
    check(
        &[
            ("actions/helper.js", helper),
            ("actions/first.test.js", ACTION),
            ("actions/first.spec.ts", ACTION),
            (
                "actions/types.d.ts",
                "export declare const onExecutePostLogin: Handler;\n",
            ),
            ("actions/node_modules/code.js", ACTION),
            ("actions/__tests__/index.js", ACTION),
            ("actions/.cache/code.js", ACTION),
            ("actions/tool/index.js", "exports.run = () => {};\n"),
            // The source of an Action whose code is built, beside its code and by its name.
            (
                "actions/first/index.ts",
                "export const onExecutePostLogin = async () => {};\n",
            ),
            ("actions/built.json", &built),
            ("dist/built.js", ACTION),
            ("actions/built.ts", ACTION),
            ("actions/odd.json", &odd),
            ("actions/odd/main.js", ACTION),
            ("actions/odd/code.js", ACTION),
            // A part of another.
            ("actions/shares.json", &shares),
            (
                "actions/shares/code.js",
                "module.exports = require('../part.js');\n",
            ),
            ("actions/part.js", ACTION),
            // Its manifest is reported already.
            ("actions/broken.json", "{\"supported_triggers\": [}"),
            ("actions/broken/code.js", ACTION),
        ],
        &[],
    );
}

#[test]
fn a_project_file_describes_too() {
    let toml = "[actions.rating]\ncode = \"actions/score.js\"\n";
    check(
        &[
            ("postlogin.toml", toml),
            ("actions/score.js", ACTION),
            ("actions/other.js", ACTION),
        ],
        &["actions/other.js"],
    );
}

#[test]
fn a_tenant_file_that_lacks_it_is_named() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    fs::create_dir(folder.path().join("actions")).expect("a folder can be made");
    let yaml = "actions:\n  - name: first\n    code: actions/first.js\n    supported_triggers: []\ntriggers:\n  post-login:\n    - action_name: score\n";
    fs::write(folder.path().join("tenant.yaml"), yaml).expect("it can be written");
    for name in ["actions/first.js", "actions/score.js"] {
        fs::write(folder.path().join(name), ACTION).expect("it can be written");
    }
    let project = Project::discover(folder.path()).expect("it can be read");
    let project = project.expect("a project");
    let [notice] = project.remarks.notices.as_slice() else {
        panic!("{:?}", project.remarks);
    };
    assert_eq!(
        notice.message,
        "actions/score.js is described by no item of `actions` in tenant.yaml: it is not deployed, and no trigger can bind it"
    );
    let missing = project.missing_in_bindings();
    assert!(missing.iter().all(|missing| !missing.is_exported));
    assert_eq!(
        missing.first().and_then(|it| it.error.hint.as_deref()),
        Some("actions/score.js exists; add it to `actions` of tenant.yaml")
    );
}

#[test]
fn the_hint_of_a_binding_names_the_script() {
    let check = |bound: &str, expected: &str, is_exported: bool| {
        let binding = format!(r#"{{"post-login": [{{"action_name": "{bound}"}}]}}"#);
        let files = [
            ("triggers/triggers.json", binding.as_str()),
            ("actions/plan-claims/code.js", ACTION),
        ];
        let (_folder, project) = project(&files);
        let missing = project.missing_in_bindings();
        let hint = missing.first().and_then(|it| it.error.hint.clone());
        assert_eq!(hint.as_deref(), Some(expected), "{bound}");
        assert!(missing.iter().all(|it| it.is_exported == is_exported));
    };
    let script = "actions/plan-claims/code.js exists; add actions/plan-claims.json";
    check("plan-claims", script, false);
    check("Plan Claims", script, false);
    check(
        "Geo Fencing",
        "Actions of the Marketplace are not exported; name the Actions to run instead",
        true,
    );
}

#[test]
fn a_path_in_a_binding_is_answered_with_a_name() {
    for (bound, expected) in [
        (
            "actions/first/code.js",
            "a binding lists names of Actions, not paths: `first`",
        ),
        (
            "lib/first.ts",
            "a binding lists names of Actions, not paths: `first`",
        ),
        (
            "actions/none.js",
            "a binding lists names of Actions, not paths",
        ),
    ] {
        let toml = format!("binding = [\"{bound}\"]\n");
        let (_folder, project) = project(&[("postlogin.toml", &toml)]);
        let missing = project.missing_in_bindings();
        let hint = missing.first().and_then(|it| it.error.hint.clone());
        assert_eq!(hint.as_deref(), Some(expected), "{bound}");
    }
}

#[test]
fn only_what_is_exported_counts() {
    for text in [
        "exports.onExecutePostLogin = async () => {};",
        "exports['onExecutePostLogin'] = async () => {};",
        "module.exports.onContinuePostLogin = f;",
        "export async function onExecutePostLogin(event) {}",
        "export const onExecutePostLogin: Handler = f;",
        "export default { onExecutePostLogin }",
        "__export(source_exports, { onExecutePostLogin: () => f });",
    ] {
        assert!(exports_handler(text), "{text}");
    }
    for text in [
        "",
        "// exports.onExecutePostLogin = f",
        "/* exports.onExecutePostLogin = f */",
        "exports.onExecutePostLogins = f",
        "if (exports.onExecutePostLogin === f) {}",
        "import { onExecutePostLogin } from './code';",
        "const { onExecutePostLogin } = require('./code');",
        "export async function help() { return onExecutePostLogin(); }",
        "const onExecutePostLogin = f;",
    ] {
        assert!(!exports_handler(text), "{text}");
    }
}
