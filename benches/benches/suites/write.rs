//! The suite as files, for each of the three.

use std::{fmt::Write as _, fs, path::Path};

use postlogin_core::event::{merge_patch, post_login_sample};
use serde_json::{Value, json};

use super::suite::{ACTIONS, Case};

/// `postlogin/`, `jest/` and `node/` below a folder.
pub fn all(cases: &[Case], folder: &Path) -> anyhow::Result<()> {
    for runner in ["postlogin", "jest", "node"] {
        let folder = folder.join(runner);
        for (name, source) in ACTIONS {
            put(&folder.join(format!("actions/{name}.js")), source)?;
        }
        for (name, _) in ACTIONS {
            let ours: Vec<&Case> = cases.iter().filter(|case| case.action == *name).collect();
            let (file, text) = match runner {
                "postlogin" => (format!("tests/{name}.case.yaml"), as_cases(name, &ours)),
                "jest" => (format!("tests/{name}.test.js"), as_tests(name, &ours, JEST)),
                _ => (format!("tests/{name}.test.js"), as_tests(name, &ours, NODE)),
            };
            put(&folder.join(file), &text)?;
        }
    }
    Ok(())
}

fn put(file: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(file, text)?)
}

fn as_cases(action: &str, cases: &[&Case]) -> String {
    let cases: Vec<Value> = cases
        .iter()
        .map(|case| {
            let calls = case.calls.iter();
            let calls: Vec<Value> = calls
                .map(|(method, args)| json!({"method": method, "args": args}))
                .collect();
            json!({
                "description": case.name,
                "with": case.patch,
                "expect": {"commands": calls, "exactly": true},
            })
        })
        .collect();
    let mut text = format!("actions: [../actions/{action}.js]\ncases:\n");
    for case in cases {
        // Writing to a text does not fail.
        let _ = writeln!(text, "  - {case}");
    }
    text
}

/// The ways in which a framework provides what a test needs.
struct Framework {
    head: &'static str,
    test: &'static str,
}

const JEST: Framework = Framework {
    head: "const mock = () => jest.fn();\nconst equal = (is, wanted) => expect(is).toEqual(wanted);\n\
           const calls = (mock) => mock.mock.calls;\n",
    test: "test",
};

const NODE: Framework = Framework {
    head: "const { test, mock: mocks } = require('node:test');\nconst assert = require('node:assert/strict');\n\
           const mock = () => mocks.fn();\nconst equal = (is, wanted) => assert.deepEqual(is, wanted);\n\
           const calls = (mock) => mock.mock.calls.map((call) => call.arguments);\n",
    test: "test",
};

fn as_tests(action: &str, cases: &[&Case], framework: Framework) -> String {
    let Framework { head, test } = framework;
    let mut text = format!(
        "{head}const {{ onExecutePostLogin }} = require('../actions/{action}.js');\n\
         const api = () => ({{\n  idToken: {{ setCustomClaim: mock() }},\n  accessToken: {{ setCustomClaim: mock() }},\n  \
         access: {{ deny: mock() }},\n  user: {{ setUserMetadata: mock(), setAppMetadata: mock() }},\n}});\n"
    );
    for case in cases {
        let mut event = post_login_sample();
        merge_patch(&mut event, &case.patch);
        let _ = writeln!(
            text,
            "\n{test}({}, async () => {{\n  const event = {event};\n  const fake = api();\n  await onExecutePostLogin(event, fake);",
            json!(case.name)
        );
        for method in [
            "idToken.setCustomClaim",
            "accessToken.setCustomClaim",
            "access.deny",
            "user.setUserMetadata",
            "user.setAppMetadata",
        ] {
            let calls = case.calls.iter().filter(|(called, _)| *called == method);
            let calls: Vec<&Value> = calls.map(|(_, arguments)| arguments).collect();
            let _ = writeln!(text, "  equal(calls(fake.{method}), {});", json!(calls));
        }
        text.push_str("});\n");
    }
    text
}
