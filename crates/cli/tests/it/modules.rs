//! Packages and Action Modules of a project.

use crate::support::{FIXED, folder, postlogin};

const CODE: &str = "const pkg = require('pkg');
const util = require('actions:util');
exports.onExecutePostLogin = async (event, api) => {
  util.tell(api, await pkg.name());
};
";

fn project() -> tempfile::TempDir {
    folder(&[
        (
            "actions/first.json",
            r#"{"name": "first", "code": "./actions/first/code.js", "dependencies": [{"name": "pkg", "version": "1.0.0"}],
                "modules": [{"module_name": "util", "module_version_number": 2}], "supported_triggers": [{"id": "post-login", "version": "v3"}]}"#,
        ),
        ("actions/first/code.js", CODE),
        (
            "action-modules/util.json",
            r#"{"name": "util", "code": "./action-modules/util/code.js", "dependencies": [{"name": "leaf", "version": "3.0.0"}], "secrets": [{"name": "KEY"}]}"#,
        ),
        (
            "action-modules/util/code.js",
            "exports.tell = (api, name) => api.idToken.setCustomClaim('https://x.example/told', [name, require('leaf'), Object.keys(actions.secrets).join()]);\n",
        ),
        (
            "node_modules/pkg/package.json",
            r#"{"version": "1.0.1", "exports": {"import": "./i.mjs", "require": "./r.js"}}"#,
        ),
        (
            "node_modules/pkg/r.js",
            "exports.name = () => import('pkg').then((ns) => ns.default);",
        ),
        (
            "node_modules/pkg/i.mjs",
            "import leaf from 'leaf';\nexport default `pkg with ${leaf}`;",
        ),
        ("node_modules/leaf/package.json", r#"{"version": "3.0.0"}"#),
        ("node_modules/leaf/index.js", "module.exports = 'leaf';"),
    ])
}

#[test]
fn a_project_brings_packages_and_modules() {
    let project = project();
    let run = format!("run first {FIXED} --secret KEY=value");
    let outcome = postlogin(&run).within(project.path()).outcome(0);
    assert_eq!(
        outcome["id_token"]["claims"]["https://x.example/told"],
        serde_json::json!(["pkg with leaf", "leaf", "KEY"])
    );
    assert_eq!(
        outcome["ledger"][0]["location"]["file"],
        "action-modules/util/code.js"
    );
    assert_eq!(
        outcome["notices"][0]["message"],
        "the Action declares pkg 1.0.0, and node_modules has 1.0.1: npm install pkg@1.0.0"
    );
}

#[test]
fn a_component_holds_its_packages() {
    let project = project();
    let built = postlogin("build first -o first.wasm")
        .within(project.path())
        .finish();
    assert_eq!(built.code, Some(0), "{built}");
    let elsewhere = tempfile::tempdir().expect("a folder");
    std::fs::copy(
        project.path().join("first.wasm"),
        elsewhere.path().join("first.wasm"),
    )
    .expect("a copy");
    let run = format!("run first.wasm {FIXED}");
    let outcome = postlogin(&run).within(elsewhere.path()).outcome(0);
    assert_eq!(
        outcome["id_token"]["claims"]["https://x.example/told"],
        serde_json::json!(["pkg with leaf", "leaf", ""])
    );
}

/// As pnpm lays packages out: links into a store, and links to packages of the workspace.
#[cfg(unix)]
#[test]
fn links_of_pnpm_and_of_workspaces_are_followed() {
    use std::os::unix::fs::symlink;

    let project = folder(&[
        (".git/HEAD", ""),
        (
            "node_modules/.pnpm/left@1.0.0/node_modules/left/package.json",
            "{\"name\": \"left\", \"version\": \"1.0.0\", \"main\": \"i.js\"}",
        ),
        (
            "node_modules/.pnpm/left@1.0.0/node_modules/left/i.js",
            "module.exports = 'left of ' + require('right');\n",
        ),
        (
            "node_modules/.pnpm/right@2.0.0/node_modules/right/package.json",
            "{\"name\": \"right\", \"version\": \"2.0.0\"}",
        ),
        (
            "node_modules/.pnpm/right@2.0.0/node_modules/right/index.js",
            "module.exports = 'right';\n",
        ),
        (
            "packages/shared/package.json",
            "{\"name\": \"@acme/shared\", \"version\": \"1.0.0\", \"main\": \"index.js\"}",
        ),
        (
            "packages/shared/index.js",
            "exports.claim = 'https://a.com/shared';\n",
        ),
        (
            "packages/actions/a.js",
            "const { claim } = require('@acme/shared');\nexports.onExecutePostLogin = async (event, api) => {\n  api.idToken.setCustomClaim(claim, require('left'));\n};\n",
        ),
        ("packages/actions/node_modules/@acme/.keep", ""),
    ]);
    let root = project.path();
    let store = "node_modules/.pnpm";
    for (target, link) in [
        (
            ".pnpm/left@1.0.0/node_modules/left",
            "node_modules/left".to_owned(),
        ),
        (
            "../../right@2.0.0/node_modules/right",
            format!("{store}/left@1.0.0/node_modules/right"),
        ),
        (
            "../../../shared",
            "packages/actions/node_modules/@acme/shared".to_owned(),
        ),
    ] {
        symlink(target, root.join(link)).expect("a link");
    }
    let ran = postlogin("run packages/actions/a.js --format json")
        .within(root)
        .finish();
    assert_eq!(ran.code, Some(0), "{ran}");
    let outcome: serde_json::Value = serde_json::from_str(&ran.stdout).expect("an outcome");
    assert_eq!(
        outcome["id_token"]["claims"]["https://a.com/shared"], "left of right",
        "{ran}"
    );
    let checked = postlogin("check packages/actions/a.js")
        .within(root)
        .finish();
    assert_eq!(checked.stderr, "", "{checked}");
}
