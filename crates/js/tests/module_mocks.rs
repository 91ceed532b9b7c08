//! Modules that take the place of others, below every `require`.

mod common;

use std::{fs, path::Path, sync::Arc};

use common::{Case, Ended, FILE, JAVASCRIPT, run};
use postlogin_js::{ActionModule, Dependencies, ModuleMock, Modules};
use serde_json::{Map, json};

const PACKAGES: &[(&str, &str)] = &[
    ("auth0/index.js", "exports.name = 'real'; exports.more = 1;"),
    ("auth0/lib/client.js", "exports.name = 'real client';"),
    ("auth0/package.json", r#"{"main": "index.js"}"#),
    (
        "uses/index.js",
        "exports.name = () => require('auth0').name; exports.again = require('auth0') === require('auth0');",
    ),
    (
        "esm/package.json",
        r#"{"type": "module", "exports": "./index.js"}"#,
    ),
    (
        "esm/index.js",
        "import auth0, { name } from 'auth0'; export const seen = name + ' ' + auth0.name;",
    ),
];

fn mock(specifier: &str, file: &str, text: &str) -> ModuleMock {
    ModuleMock {
        specifier: specifier.into(),
        file: file.into(),
        text: text.into(),
        is_json: file.ends_with(".json"),
    }
}

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let file = folder.join("node_modules").join(path);
        fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
        fs::write(file, text).expect("a file");
    }
}

fn execute(mocks: Vec<ModuleMock>, body: &str) -> Ended {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), PACKAGES);
    let shared = ActionModule {
        name: "util".into(),
        file: "modules/util.js".into(),
        text: "exports.name = 'real util';".into(),
        declared: None,
        is_bound: true,
    };
    let dependencies = Dependencies {
        folder: Some(folder.path().to_owned()),
        modules: vec![shared],
        mocks,
        ..Dependencies::default()
    };
    let modules = Modules::new(dependencies).expect("no module is there twice");
    let source = format!("exports.onExecutePostLogin = async (event, api) => {{ {body} }};");
    let action = JAVASCRIPT
        .action_with(FILE, source.as_str(), Arc::new(modules))
        .unwrap_or_else(|error| panic!("{error}"))
        .with_module_secrets(Map::from_iter([(
            "actions:util".into(),
            json!({"KEY": "value"}),
        )]));
    run(&action, &Case::default())
}

#[track_caller]
fn check(mocks: Vec<ModuleMock>, body: &str, expected: &str) {
    let ended = execute(mocks, body);
    assert!(ended.fault.is_none(), "{:?}\n{body}", ended.fault);
    assert_eq!(ended.logs().trim_end(), expected, "{body}");
}

fn fake() -> Vec<ModuleMock> {
    vec![mock("auth0", "fakes/auth0.js", "exports.name = 'fake';")]
}

#[test]
fn every_require_gets_the_mock() {
    check(
        fake(),
        "console.log(require('auth0').name, require('auth0').more);",
        "fake undefined",
    );
    check(
        fake(),
        "const uses = require('uses'); console.log(uses.name(), uses.again);",
        "fake true",
    );
    check(fake(), "console.log(require('esm').seen);", "fake fake");
    // A file of the package is another module.
    check(
        fake(),
        "console.log(require('auth0/lib/client.js').name);",
        "real client",
    );
    check(Vec::new(), "console.log(require('uses').name());", "real");
}

#[test]
fn a_mock_needs_no_package_and_may_be_of_any_kind() {
    let of = |file: &str, text: &str| vec![mock("@acme/missing/deep", file, text)];
    let body = "const { name } = require('@acme/missing/deep'); console.log(name);";
    check(
        of("a.cjs", "module.exports = { name: 'cjs' };"),
        body,
        "cjs",
    );
    check(of("a.mjs", "export const name = 'mjs';"), body, "mjs");
    check(
        of("a.ts", "export const name: string = 'ts' as const;"),
        body,
        "ts",
    );
    check(of("a.json", "{\"name\": \"json\"}"), body, "json");
}

#[test]
fn a_mock_may_wrap_the_real_module_and_use_packages_but_no_files() {
    let wrap = "const real = require('auth0'); exports.name = 'wrapped ' + real.name + ' ' + require('actions:util').name;";
    check(
        vec![mock("auth0", "wrap.js", wrap)],
        "console.log(require('uses').name());",
        "wrapped real real util",
    );
    let ended = execute(
        vec![mock("auth0", "wrap.js", "require('./helper');")],
        "require('auth0');",
    );
    let fault = ended.fault.expect("there is no such file");
    assert!(
        fault.message.contains("a module of `modules` is one file"),
        "{fault:?}"
    );
}

#[test]
fn an_action_module_has_its_secrets() {
    let text = "exports.name = 'fake util'; exports.key = actions.secrets.KEY;";
    let mocks = vec![mock("actions:util", "fakes/util.js", text)];
    let body = "const { name, key } = require('actions:util'); console.log(name, key);";
    check(mocks, body, "fake util value");
    let json = vec![mock("actions:util", "fakes/util.json", "{\"name\": 7}")];
    check(json, "console.log(require('actions:util').name);", "7");
}

#[test]
fn errors_of_a_mock_name_its_file() {
    let text = "exports.load = () => {\n  throw new RangeError('too far');\n};";
    let ended = execute(
        vec![mock("auth0", "fakes/auth0.js", text)],
        "require('auth0').load();",
    );
    let fault = ended.fault.expect("it throws");
    assert_eq!(
        (fault.name.as_str(), fault.message.as_str()),
        ("RangeError", "too far")
    );
    let location = fault.location.expect("a place");
    assert_eq!(
        (location.file.as_str(), location.line, location.column),
        ("fakes/auth0.js", 2, 9)
    );
    // The first line, where the loader puts its own text before it.
    let ended = execute(
        vec![mock(
            "auth0",
            "fakes/auth0.js",
            "throw new Error('at once');",
        )],
        "require('auth0');",
    );
    let location = ended
        .fault
        .and_then(|fault| fault.location)
        .expect("a place");
    assert_eq!(
        (location.file.as_str(), location.line, location.column),
        ("fakes/auth0.js", 1, 7)
    );
    let ended = execute(
        vec![mock("auth0", "fakes/auth0.js", "const = 1;")],
        "require('auth0');",
    );
    assert_eq!(ended.fault.expect("no program").name, "SyntaxError");
}

#[test]
fn the_guest_puts_the_same_text_before_a_package() {
    let guest = include_str!("../engine/guest/modules.js");
    let line = "const COMMONJS_PREFIX = '(function (exports, require, module, __filename, __dirname, $import) { ';";
    assert!(
        guest.contains(line),
        "PACKAGE_WRAPPER in src/engine/mod.rs is out of date"
    );
}
