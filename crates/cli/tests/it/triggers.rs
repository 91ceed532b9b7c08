//! Actions of other triggers than post-login.

use serde_json::Value;

use crate::support::{FIXED, folder, postlogin};

const MACHINE: &str = "\
exports.onExecuteCredentialsExchange = async (event, api) => {
  if (event.client.metadata.blocked) return api.access.deny('invalid_request', 'this client is blocked');
  const token = api.accessToken;
  token.setCustomClaim('https://example.com/team', event.client.metadata.team);
  api.transaction.removeTargetScope('write:orders');
  console.log(Object.keys(api).sort().join(), event.transaction.target_scopes.join());
};
";

const PHONE: &str =
    "exports.onExecuteSendPhoneMessage = async (event, api) => { event.nothing.there; };\n";

fn json(arguments: &str, files: &[(&str, &str)]) -> (Value, Option<i32>) {
    let folder = folder(files);
    let done = postlogin(arguments).within(folder.path()).finish();
    let value = serde_json::from_str(&done.stdout).unwrap_or_else(|_| panic!("{done}"));
    (value, done.code)
}

#[test]
fn the_handler_decides_which_trigger_runs() {
    let files = [("m2m.js", MACHINE)];
    let (outcome, code) = json(&format!("run m2m.js {FIXED} --format json"), &files);
    assert_eq!(code, Some(0));
    assert_eq!(outcome["trigger"], "credentials-exchange");
    let token = &outcome["access_token"];
    assert_eq!(token["claims"]["https://example.com/team"], "logistics");
    assert_eq!(token["claims"]["gty"], "client-credentials");
    assert_eq!(token["scopes"], serde_json::json!(["read:orders"]));
    assert_eq!(
        outcome["logs"][0]["message"],
        "access,accessToken,cache,transaction read:orders"
    );
    assert_eq!(outcome["ledger"][0]["location"]["line"], 4);
    assert_eq!(
        outcome["ledger"][0]["sources"],
        serde_json::json!(["event.client.metadata.team"])
    );

    let denied = format!("run m2m.js {FIXED} --format json --set client.metadata.blocked=true");
    let (outcome, _) = json(&denied, &files);
    assert_eq!(outcome["status"], "denied");
    assert_eq!(outcome["code"], "invalid_request");
    assert_eq!(outcome["reason"], "this client is blocked");
}

#[test]
fn a_built_component_runs_for_the_same_trigger() {
    let folder = folder(&[("m2m.js", MACHINE)]);
    let built = postlogin("build m2m.js -o m2m.wasm")
        .within(folder.path())
        .finish();
    assert_eq!(built.code, Some(0), "{built}");
    let run = |name: &str| {
        let done = postlogin(&format!("run {name} {FIXED} --format json"))
            .within(folder.path())
            .finish();
        let mut outcome: Value =
            serde_json::from_str(&done.stdout).unwrap_or_else(|_| panic!("{done}"));
        outcome["usage"] = Value::Null;
        outcome["access_token"]["claims"].clone()
    };
    assert_eq!(run("m2m.wasm"), run("m2m.js"));
}

#[test]
fn cases_and_projects_know_triggers() {
    let folder = folder(&[
        ("actions/team.js", MACHINE),
        (
            "postlogin.toml",
            "[actions.team]\ncode = \"actions/team.js\"\n\n[bindings]\ncredentials-exchange = [\"team\"]\n",
        ),
        (
            "cases/team.case.yaml",
            "cases:\n\
             - description: by the project's binding\n  trigger: credentials-exchange\n  expect:\n    access_token: { https://example.com/team: logistics }\n\
             - description: by the Action\n  actions: [team]\n  with: { client: { metadata: { blocked: true } } }\n  expect: { status: denied, reason: this client is blocked }\n\
             - description: the client grant\n  actions: [team]\n  tenant: { granted_scopes: [write:orders] }\n  expect: { access_token: { gty: client-credentials } }\n",
        ),
    ]);
    let done = postlogin("test cases").within(folder.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
    assert!(done.stdout.contains("3 passed"), "{done}");
    let bound = postlogin(&format!(
        "run --trigger credentials-exchange {FIXED} --format json"
    ))
    .within(folder.path())
    .finish();
    assert!(bound.stdout.contains("credentials-exchange"), "{bound}");
    let unknown = postlogin("run --trigger credentials-echange")
        .within(folder.path())
        .finish();
    assert_eq!(unknown.code, Some(2), "{unknown}");
    assert!(
        unknown
            .stderr
            .contains("hint: triggers are post-login, credentials-exchange")
    );
}

#[test]
fn check_and_explain_know_the_api_of_the_trigger() {
    let wrong = "\
exports.onExecuteCredentialsExchange = async (event, api) => {
  api.idToken.setCustomClaim('https://example.com/a', event.user.email);
  if (event.client.metadata.nope) api.accessToken.setCustomClaim('https://example.com/b', 1);
};
";
    let folder = folder(&[("m2m.js", wrong), ("good.js", MACHINE), ("phone.js", PHONE)]);
    let check = |file: &str| {
        postlogin(&format!("check {file}"))
            .within(folder.path())
            .finish()
    };
    let found = check("m2m.js");
    assert!(found.stdout.contains("unknown-api-method"), "{found}");
    assert!(found.stdout.contains("unknown-event-path"), "{found}");
    let good = check("good.js");
    assert_eq!(good.code, Some(0), "{good}");
    let phone = check("phone.js");
    assert!(phone.stdout.contains("unsupported-trigger"), "{phone}");
    assert!(phone.stdout.contains("send-phone-message"), "{phone}");
    assert!(!phone.stdout.contains("nothing found"), "{phone}");
    let why = postlogin(&format!(
        "explain m2m.js {FIXED} --why https://example.com/b"
    ))
    .within(folder.path())
    .finish();
    assert!(why.stdout.contains("event.client.metadata.nope"), "{why}");
    // Machines get no ID token, whatever scope they ask for.
    assert!(!why.stdout.contains("openid"), "{why}");
}

#[test]
fn what_is_said_about_a_machine_is_about_its_trigger_and_its_one_token() {
    const WRONG: &str = "\
exports.onExecuteCredentialsExchange = (event, api) => {
  api.idToken.setCustomClaim('https://example.com/a', event.user.email);
};
";
    const DROPPED: &str = "\
exports.onExecuteCredentialsExchange = async (event, api) => {
  api.accessToken.setCustomClaim('roles', event.client.metadata.team);
  api.accessToken.setCustomClaim('email', event.client.metadata.team);
  if (event.client.metadata.denied) api.access.deny('invalid_request', 'no');
};
";
    let machine = "explore-triggers/machine-to-machine-trigger";
    let slip = "exports.onExecuteCredentialExchange = async () => {};\nexports.onExecuteCredentialsExchang = async () => {};\n";
    let folder = folder(&[
        ("wrong.js", WRONG),
        ("dropped.js", DROPPED),
        (
            "actions/slip.json",
            r#"{"name": "slip", "code": "actions/slip.js", "supported_triggers": [{"id": "credentials-exchange", "version": "v2"}]}"#,
        ),
        ("actions/slip.js", slip),
    ]);
    let run = |arguments: &str| postlogin(arguments).within(folder.path()).finish();
    for (file, expected) in [
        (
            "wrong.js",
            &[
                ("handler-not-async", ""),
                ("unknown-api-method", "/credentials-exchange-api-object"),
                ("unknown-event-path", "/credentials-exchange-event-object"),
            ][..],
        ),
        ("actions/slip.json", &[("missing-handler", "")][..]),
    ] {
        let found = run(&format!("check {file} --format json"));
        let report: Value =
            serde_json::from_str(&found.stdout).unwrap_or_else(|_| panic!("{found}"));
        let pages: Vec<(&str, &str)> = report["findings"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|found| {
                let page = found["source"].as_str().unwrap_or_default();
                let (_, rest) = page
                    .split_once(machine)
                    .unwrap_or_else(|| panic!("{found}"));
                (found["code"].as_str().unwrap_or_default(), rest)
            })
            .collect();
        assert_eq!(pages, expected, "{found}");
        for format in ["human", "sarif"] {
            let found = run(&format!("check {file} --format {format}"));
            assert!(found.stdout.contains(machine), "{found}");
        }
    }

    for arguments in [
        "run dropped.js",
        "explain dropped.js --why https://example.com/b --why openid",
        "explain dropped.js --why https://example.com/b --set client.metadata.denied=true",
    ] {
        let told = run(&format!("{arguments} {FIXED}"));
        assert_eq!(told.code, Some(0), "{told}");
        for of_a_login in ["ID token", "both tokens", "the login", "protocol"] {
            assert!(!told.stdout.contains(of_a_login), "{of_a_login}: {told}");
        }
    }
    let told = run(&format!("explain dropped.js --why roles {FIXED}"));
    assert!(told.stdout.contains("on the access token"), "{told}");
    assert!(
        told.stdout.contains("Requested  client_credentials"),
        "{told}"
    );
}

#[test]
fn handlers_that_are_left_out_are_named() {
    let both = format!("{MACHINE}exports.onExecutePostLogin = async () => {{}};\n{PHONE}");
    let folder = folder(&[("both.js", &both)]);
    let ran = postlogin("run both.js").within(folder.path()).finish();
    assert!(
        ran.stderr.contains("post-login") || ran.stdout.contains("post-login"),
        "{ran}"
    );
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("was not run"), "{ran}");
    assert!(said.contains("send-phone-message"), "{ran}");
}

#[test]
fn an_action_of_another_trigger_is_named_with_it() {
    let folder = folder(&[
        ("phone.js", PHONE),
        ("m2m.js", MACHINE),
        ("login.js", "exports.onExecutePostLogin = async () => {};\n"),
    ]);
    let run = |arguments: &str| postlogin(arguments).within(folder.path()).finish();
    let phone = run("run phone.js");
    assert_ne!(phone.code, Some(0), "{phone}");
    assert!(phone.stderr.contains("send-phone-message"), "{phone}");
    assert!(phone.stderr.contains("hint:"), "{phone}");
    let mixed = run("run login.js m2m.js");
    assert!(
        mixed.stderr.contains("one run is of one trigger"),
        "{mixed}"
    );
    for command in ["compare m2m.js m2m.js", "test --fuzz m2m.js"] {
        let refused = run(command);
        assert_ne!(refused.code, Some(0), "{refused}");
        assert!(refused.stderr.contains("credentials-exchange"), "{refused}");
    }
}
