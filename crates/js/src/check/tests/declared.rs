//! Findings of the code against what the configuration declares.

use super::super::Declared;
use super::{check_text, of, short};

fn declared(dependencies: &[&str], secrets: &[&str]) -> Declared {
    let owned = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    Declared {
        dependencies: owned(dependencies),
        secrets: owned(secrets),
        modules: Some(Vec::new()),
        configuration: None,
        triggers: vec![("post-login".to_owned(), Some("v3".to_owned()))],
        file: "actions/a.json".to_owned(),
        is_uploaded: true,
    }
}

const USES: &str = "const a = require('axios'), l = require('lodash/get'), s = require('@scope/pkg/sub');\n\
     require('crypto'); require('node:fs'); require('fs/promises'); require('./file'); require('actions:mine'); require(name);\n\
     try { require('optional'); } catch {}\n\
     exports.onExecutePostLogin = async (event) => {\n  event.secrets.API_KEY; const { API_URL: url } = event.secrets;\n  \
     event.secrets[name]; Object.keys(event.secrets); event.secrets.hasOwnProperty('X'); event.secrets.MADE = 1;\n};";

#[track_caller]
fn check_declared(text: &str, declared: &Declared, expected: &[&str]) {
    let found = of("actions/a/code.js", text, Some(declared));
    assert_eq!(short(&found), expected, "{found:#?}");
}

#[test]
fn what_is_used_must_be_declared() {
    check_declared(
        USES,
        &declared(&["axios", "lodash", "@scope/pkg"], &["API_KEY", "API_URL"]),
        &[],
    );
    check_declared(
        USES,
        &declared(&["axois", "lodash"], &["API_KEYS"]),
        &[
            "1:11 undeclared-dependency",
            "1:60 undeclared-dependency",
            "5:17 undeclared-secret",
            "5:34 undeclared-secret",
        ],
    );
    // Without a configuration, and where it is not to be read, nobody knows.
    check_text("a.js", USES, &[]);
    let unknown = Declared {
        dependencies: None,
        secrets: None,
        ..declared(&[], &[])
    };
    check_declared(USES, &unknown, &[]);
}

#[test]
fn an_action_has_one_trigger() {
    let trigger = |id: &str| (id.to_owned(), None);
    let both = Declared {
        triggers: vec![trigger("post-login"), trigger("credentials-exchange")],
        ..declared(&[], &[])
    };
    let quiet = "exports.onExecutePostLogin = async () => {};\n";
    check_declared(quiet, &both, &["1:1 several-declared-triggers"]);
    // Nothing is uploaded from there.
    let kept = Declared {
        is_uploaded: false,
        ..both
    };
    check_declared(quiet, &kept, &[]);
}

#[test]
fn what_is_declared_has_limits() {
    let names: Vec<String> = (0..31).map(|number| format!("A{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let most = declared(&names[..10], &names[..30]);
    let text = "exports.onExecutePostLogin = async () => {};";
    check_declared(text, &most, &[]);
    let mut over = declared(&names[..11], &names);
    over.modules = Some(vec![String::new(); 4]);
    let found = of("a.js", text, Some(&over));
    let words: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "actions/a.json:1:1: error[too-many-declared]: the Action declares 11 npm dependencies, 31 secrets and 4 Action Modules; production accepts 10, 30 and 3"
        ]
    );
}

#[test]
fn other_triggers_have_another_event() {
    let text = "exports.onExecutePostLogin = async (event, api) => { event.nope; api.nope(); event.secrets.X; };";
    let mut other = declared(&[], &[]);
    other.triggers = vec![("signup-post-identifier".to_owned(), Some("v1".to_owned()))];
    check_declared(
        text,
        &other,
        &["1:1 unsupported-trigger", "1:92 undeclared-secret"],
    );
    // The configuration has the last word on the trigger.
    other.triggers = vec![("send-phone-message".to_owned(), Some("v2".to_owned()))];
    check_declared(
        text,
        &other,
        &[
            "1:1 missing-handler",
            "1:1 several-triggers",
            "1:60 unknown-event-path",
            "1:70 unknown-api-method",
            "1:92 undeclared-secret",
        ],
    );
    other.triggers = vec![("send-phone-message".to_owned(), Some("v1".to_owned()))];
    check_declared(
        text,
        &other,
        &["1:92 undeclared-secret", "1:1 old-trigger-version"],
    );
    other.triggers = vec![("post-login".to_owned(), Some("v2".to_owned()))];
    check_declared(
        text,
        &other,
        &["1:92 undeclared-secret", "1:1 old-trigger-version"],
    );
}
