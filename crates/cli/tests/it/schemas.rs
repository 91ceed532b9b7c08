//! Outputs of the commands fit the JSON Schemas of `postlogin schema`, by a validator of others.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::clients::{clients, node};
use crate::support::{FIXED, folder, postlogin};

const CLAIMS: &str = "const helper = (api, name, value) => {
  if (!value) return;
  api.idToken.setCustomClaim(name, value);
};
exports.onExecutePostLogin = async (event, api) => {
  api.idToken.setCustomClaim('https://example.com/hobby', event.user.user_metadata.hobby);
  api.idToken.setCustomClaim('https://example.com/hobby', `${event.user.user_metadata.hobby}!`);
  api.idToken.setCustomClaim('email', 'x@example.com');
  api.idToken.setCustomClaim('roles', 1);
  console.log('seen');
  api.accessToken.setCustomClaim('https://example.com/role', 'admin');
  if (event.user.app_metadata.plan === 'pro') api.idToken.setCustomClaim('https://example.com/plan', 'pro');
  helper(api, 'https://example.com/color', event.user.user_metadata.color);
  api.idToken.setCustomClaim('https://example.com/nothing', undefined);
  for (const role of event.user.app_metadata.list ?? []) api.idToken.setCustomClaim('https://example.com/list', role);
  try { event.user.none.at.all; } catch { return; }
  api.idToken.setCustomClaim('https://example.com/late', 1);
};
exports.onContinuePostLogin = async (event, api) => {
  api.idToken.setCustomClaim('https://example.com/continued', 1);
};
";

const BEFORE: &str = "exports.onExecutePostLogin = async (event, api) => {
  const { roles, plan } = event.user.app_metadata;
  api.idToken.setCustomClaim('https://example.com/roles', roles ?? []);
  api.idToken.setCustomClaim('plan', plan);
};
";

const AFTER: &str = "exports.onExecutePostLogin = async (event, api) => {
  const { roles, plan } = event.user.app_metadata;
  await fetch('https://api.example.com/users/1').catch(() => null);
  if (plan === 'never') console.log('no user reaches this');
  api.idToken.setCustomClaim('https://example.com/roles', roles.length > 1 ? roles.join() : roles);
  if (plan) api.idToken.setCustomClaim('https://example.com/plan', plan);
};
";

const CASES: &str = "actions: [ok.js]
cases:
  - { description: passes, expect: { status: allowed } }
  - { description: fails, expect: { id_token: { 'https://example.com/x': 2 } } }
  - { description: throws, with: { user: { app_metadata: { plan: throw } } }, expect: { status: allowed } }
  - { description: asks, actions: [asks.js], expect: { status: failed } }
  - { description: is skipped, skip: not now, expect: { status: allowed } }
  - { description: a snapshot, snapshot: true }
---
actions: [broken.js]
cases:
  - { description: does not load, expect: { status: allowed } }
";

const OK: &str = "exports.onExecutePostLogin = async (event, api) => {
  if (event.user.app_metadata.plan === 'throw') throw new TypeError('no');
  api.idToken.setCustomClaim('https://example.com/x', event.user.nickname.length);
};
";

/// Keeps values for the validator: `NAME.N.json`.
fn keep(outputs: &Path, name: &str, number: usize, printed: &str) {
    let values = serde_json::Deserializer::from_str(printed).into_iter::<Value>();
    let values: Result<Vec<Value>, _> = values.collect();
    let values = values.unwrap_or_else(|error| panic!("{name}: {error}: {printed}"));
    assert!(!values.is_empty(), "{name}");
    let text = Value::from(values).to_string();
    fs::write(outputs.join(format!("{name}.{number}.json")), text).expect("it is written");
}

#[test]
fn what_is_printed_fits_its_schema() {
    let Some(clients) = clients() else { return };
    let place = folder(&[
        ("claims.js", CLAIMS),
        ("before.js", BEFORE),
        ("after.js", AFTER),
        ("ok.js", OK),
        ("broken.js", "exports.onExecutePostLogin = async ( => {};\n"),
        (
            "all.case.yaml",
            CASES.split("---\n").next().unwrap_or_default(),
        ),
        (
            "broken.case.yaml",
            CASES.split("---\n").nth(1).unwrap_or_default(),
        ),
        (
            "more.ndjson",
            "{\"user_id\": 5}\nnothing\n{\"user_id\": \"auth0|x\", \"shoe\": 1, \"app_metadata\": {\"roles\": [\"a\"]}}\n",
        ),
        (
            "sent.js",
            "exports.onExecutePostLogin = async (event, api) => { api.redirect.sendUserTo('https://example.com/'); };\n",
        ),
        (
            "form.js",
            "exports.onExecutePostLogin = async (event, api) => { api.prompt.render('ap_1'); };\n",
        ),
        (
            "factor.js",
            "exports.onExecutePostLogin = async (event, api) => { api.multifactor.enable('any'); };\n",
        ),
        (
            "denied.js",
            "exports.onExecutePostLogin = async (event, api) => { api.access.deny('unauthorized', 'no'); };\n",
        ),
        (
            "rule.js",
            "function rule(user, context, callback) { callback(null, user, context); }\n",
        ),
        (
            "asks.js",
            "exports.onExecutePostLogin = async () => { await fetch('https://a.example/x'); };\n",
        ),
        (
            "event.json",
            "{\"user\": {\"app_metadata\": {\"plan\": \"throw\"}}}",
        ),
    ]);
    let users = postlogin("generate users --count 300 --seed 4").finish();
    fs::write(place.path().join("users.ndjson"), &users.stdout).expect("it is written");
    let outputs = tempfile::tempdir().expect("a folder");
    for name in [
        "explanation",
        "test",
        "comparison",
        "check",
        "replay",
        "outcome",
    ] {
        let printed = postlogin(&format!("schema {name}")).finish();
        assert_eq!(printed.code, Some(0), "{printed}");
        let file = outputs.path().join(format!("{name}.schema.json"));
        fs::write(file, printed.stdout).expect("it is written");
    }
    let asked = [
        "hobby",
        "plan",
        "color",
        "late",
        "list",
        "continued",
        "nothing",
        "hoby",
    ];
    let asked = asked
        .map(|name| format!("--why https://example.com/{name}"))
        .join(" ");
    let commands = [
        ("outcome", format!("run claims.js {FIXED} --format json")),
        ("outcome", format!("run claims.js {FIXED} --token --format json")),
        ("outcome", format!("run denied.js {FIXED} --format json")),
        ("outcome", format!("run sent.js {FIXED} --format json")),
        ("outcome", format!("run ok.js {FIXED} --set user.app_metadata.plan=throw --format json")),
        ("outcome", format!("run rule.js {FIXED} --format json")),
        ("explanation", format!("explain rule.js {FIXED} --format json")),
        ("explanation", format!("explain claims.js {FIXED} {asked} --format json")),
        ("explanation", format!("explain claims.js {FIXED} {asked} --set transaction.requested_scopes=[] --format json")),
        ("explanation", format!("explain broken.js claims.js {FIXED} {asked} --format json")),
        ("explanation", format!("explain sent.js {FIXED} --format json")),
        ("explanation", format!("explain asks.js {FIXED} --format json")),
        ("explanation", format!("explain form.js {FIXED} --format json")),
        ("explanation", format!("explain factor.js {FIXED} --challenge succeed --format json")),
        ("test", "test --reporter json".to_owned()),
        ("test", "test --fuzz 300 --reporter json".to_owned()),
        ("comparison", "compare before.js after.js --format json".to_owned()),
        ("comparison", "compare ok.js,broken.js before.js --format json".to_owned()),
        ("comparison", "compare ok.js,before.js ok.js,after.js --event event.json --format json".to_owned()),
        ("check", "check --format json".to_owned()),
        ("check", "check claims.js broken.js ok.js --format json".to_owned()),
        ("replay", "replay users.ndjson more.ndjson --before before.js --after after.js --coverage --format json".to_owned()),
        ("replay", "replay more.ndjson --after ok.js --fail-if 'failed>0' --show-values --show-ids --format json".replace('\'', "")),
    ];
    for (number, (name, command)) in commands.iter().enumerate() {
        let done = postlogin(command).within(place.path()).finish();
        assert!(!done.stdout.is_empty(), "{command}: {done}");
        keep(outputs.path(), name, number, &done.stdout);
    }
    let outputs = outputs.path().display().to_string();
    node(&clients, "schemas.mjs", &[("OUTPUTS", &outputs)]);
}
