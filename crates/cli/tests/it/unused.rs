//! Parts of cases, imports and configurations that nothing uses or nothing can run: they are refused or reported.

use crate::support::{QUIET, folder, postlogin};

#[track_caller]
fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

const CHALLENGING: &str = "exports.onExecutePostLogin = async (event, api) => {
  const name = require('wanted');
  if (event.user.user_metadata.mfa) api.authentication.challengeWith({ type: 'otp' });
};
";

/// A challenge that a case itself answers must come, as a `/continue` request must; that of defaults is for many cases.
#[test]
fn a_challenge_that_never_comes_fails_the_case() {
    let cases = "challenge: succeed
actions: [a.js]
modules: { wanted: { json: 1 } }
cases:
  - { description: by default }
  - { description: own, challenge: succeed }
  - { description: rows, challenge: fail, each: [{ description: a }, { description: b }] }
  - description: asked
    challenge: succeed
    with: { user: { user_metadata: { mfa: true }, enrolledFactors: [{ type: otp }] } }
";
    let folder = folder(&[("a.js", CHALLENGING), ("t.case.yaml", cases)]);
    let done = postlogin("test").within(folder.path()).finish();
    assert_eq!(done.code, Some(100), "{done}");
    contains(
        &done.stdout,
        &[
            "FAIL t own",
            "the login never waited for the `challenge` of the case  t.case.yaml:6:25",
            "5 cases run: 4 passed, 1 failed",
        ],
    );
}

#[test]
fn a_module_that_nothing_requires_is_reported() {
    let cases = "actions: [a.js]
modules: { other: { json: 1 } }
cases:
  - { description: right, modules: { wanted: { json: 1 } } }
  - { description: misspelt, modules: { wanted: { json: 1 }, wnated: { json: 2 } } }
  - { description: within, modules: { wanted: { code: 'module.exports = 1' }, inner: { json: 1 } }, actions: [b.js] }
";
    let package = r#"{"name": "outer", "main": "i.js"}"#;
    let folder = folder(&[
        ("a.js", CHALLENGING),
        (
            "b.js",
            "require('outer'); require('wanted'); exports.onExecutePostLogin = async () => {};",
        ),
        ("node_modules/outer/package.json", package),
        (
            "node_modules/outer/i.js",
            "exports.inner = require('inner');",
        ),
        ("t.case.yaml", cases),
    ]);
    let done = postlogin("test").within(folder.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
    contains(
        &done.stderr,
        &["warning: t.case.yaml:5:62: no Action of the case `misspelt` requires `wnated`"],
    );
    assert_eq!(done.stderr.matches("warning").count(), 1, "{done}");
}

#[test]
fn a_filter_of_a_larger_language_is_refused() {
    let folder = folder(&[("a.js", QUIET), ("t.case.yaml", "actions: [a.js]\n")]);
    for (filter, what) in [(r"\p{Lu}", "Unicode classes"), ("(?!t)", "look-around")] {
        let done = postlogin("test --filter").arg(filter);
        let done = done.within(folder.path()).finish();
        assert_eq!(done.code, Some(2), "{done}");
        contains(&done.stderr, &["error: --filter: ", what, "hint: "]);
    }
}

#[test]
fn an_import_that_nothing_exports_is_an_error() {
    let folder = folder(&[
        (
            "a.ts",
            "type T = 1;\nimport { plan, paln } from './lib';\nexport const onExecutePostLogin = async () => { plan; paln };\n",
        ),
        (
            "lib.ts",
            "export const plan = 1; export interface Plan {}\n",
        ),
    ]);
    let message = "The requested module './lib' does not provide an export named 'paln'";
    let done = postlogin("run a.ts").within(folder.path()).finish();
    assert_eq!(done.code, Some(101), "{done}");
    contains(
        &done.stderr,
        &[
            &format!("error: a.ts:2:16: SyntaxError: {message}"),
            "hint: did you mean `plan`?",
        ],
    );
    let done = postlogin("check a.ts").within(folder.path()).finish();
    assert_eq!(done.code, Some(100), "{done}");
    contains(
        &done.stdout,
        &["error[missing-export]  a.ts:2:16", message, "1 error in"],
    );
}

/// A deployment uploads the file as it is.
#[test]
fn code_that_is_uploaded_uncompiled_is_found() {
    let manifest = |file: &str| {
        format!(
            r#"{{"name": "a", "code": "./actions/a/{file}", "supported_triggers": [{{"id": "post-login", "version": "v3"}}]}}"#
        )
    };
    let typed = "exports.onExecutePostLogin = async (event: any) => {};\n";
    for (file, text, expected) in [
        ("code.ts", typed, Some("production does not run TypeScript")),
        (
            "code.mjs",
            "export const onExecutePostLogin = async () => {};\n",
            Some("production does not run an ES module"),
        ),
        // The name alone is no mistake.
        ("code.ts", QUIET, None),
    ] {
        let folder = folder(&[
            ("actions/a.json", manifest(file).as_str()),
            (&format!("actions/a/{file}"), text),
        ]);
        let done = postlogin("check").within(folder.path()).finish();
        match expected {
            Some(message) => {
                assert_eq!(done.code, Some(100), "{done}");
                let flat = done.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
                contains(&flat, &["error[not-compiled]", message, "hint: compile it"]);
            }
            None => assert_eq!(done.code, Some(0), "{done}"),
        }
    }
    // A file that no configuration names may be compiled before it is deployed.
    let alone = folder(&[("a.ts", typed)]);
    let done = postlogin("check a.ts").within(alone.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
}

#[test]
fn action_modules_that_an_action_does_not_get_are_found() {
    let action = r#"{"name": "a", "code": "./actions/a/code.js", "supported_triggers": [{"id": "post-login", "version": "v3"}]}"#;
    let folder = folder(&[
        ("actions/a.json", action),
        (
            "actions/a/code.js",
            "const m = require('actions:m');\nconst n = require('actions:nope');\nexports.onExecutePostLogin = async () => { m; n; };\n",
        ),
        (
            "action-modules/m.json",
            r#"{"name": "m", "code": "./action-modules/m/code.js"}"#,
        ),
        ("action-modules/m/code.js", "exports.v = 1;\n"),
    ]);
    let done = postlogin("check").within(folder.path()).finish();
    assert_eq!(done.code, Some(100), "{done}");
    contains(
        &done.stdout,
        &[
            "error[undeclared-module]  actions/a/code.js:1:",
            "error[missing-module]  actions/a/code.js:2:",
            "2 errors in 1 Action",
        ],
    );
}
