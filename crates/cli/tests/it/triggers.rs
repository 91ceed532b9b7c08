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

/// A binding says for which event its Actions are: one with the handler of another trigger fails there, as in production.
#[test]
fn a_binding_decides_before_the_handler() {
    let project = folder(&[
        ("postlogin.toml", "[bindings]\npost-login = [\"m2m\"]\n"),
        ("actions/m2m.js", MACHINE),
        ("m2m.case.yaml", "expect:\n  status: allowed\n"),
    ]);
    for command in ["run", "test m2m.case.yaml"] {
        let done = postlogin(command).within(project.path()).finish();
        assert_ne!(done.code, Some(0), "{done}");
        assert!(done.to_string().contains("onExecutePostLogin"), "{done}");
    }
    let done = postlogin("run actions/m2m.js")
        .within(project.path())
        .finish();
    assert_eq!(done.code, Some(0), "{done}");
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
    assert!(phone.stdout.contains("unknown-event-path"), "{phone}");
    assert!(phone.stdout.contains("send-phone-message"), "{phone}");
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
fn actions_of_several_triggers_do_not_run_together() {
    let folder = folder(&[
        ("phone.js", PHONE),
        ("m2m.js", MACHINE),
        ("login.js", "exports.onExecutePostLogin = async () => {};\n"),
    ]);
    let run = |arguments: &str| postlogin(arguments).within(folder.path()).finish();
    for command in ["run login.js m2m.js", "compare login.js phone.js"] {
        let mixed = run(command);
        assert_ne!(mixed.code, Some(0), "{mixed}");
        assert!(
            mixed.stderr.contains("one run is of one trigger"),
            "{mixed}"
        );
    }
}

/// An Action of each trigger that calls something of its own, and a part of the outcome.
const EACH: &[(&str, &str, &str, &str)] = &[
    (
        "pre-user-registration",
        "onExecutePreUserRegistration",
        "api.user.setUserMetadata('mail', event.user.email); api.user.setUserId('jane');",
        r#"{"effects":{"user_id":"jane"},"user":{"user_metadata":{"mail":"jane.doe@example.com"}}}"#,
    ),
    (
        "post-user-registration",
        "onExecutePostUserRegistration",
        "console.log(event.user.user_id, event.experiment);",
        r#"{"logs":[{"message":"auth0|6731f2a9c4b8e05d17f3a9c2 null"}]}"#,
    ),
    (
        "post-change-password",
        "onExecutePostChangePassword",
        "console.log(event.connection.name);",
        r#"{"logs":[{"message":"Username-Password-Authentication"}]}"#,
    ),
    (
        "send-phone-message",
        "onExecuteSendPhoneMessage",
        "console.log(event.message_options.message_type, Object.keys(api).join());",
        r#"{"logs":[{"message":"sms cache"}]}"#,
    ),
    (
        "password-reset-post-challenge",
        "onExecutePostChallenge",
        "console.log(api.transaction.setResultUrl('https://example.com', { query: { a: 1 } }));",
        r#"{"effects":{"result_url":"https://example.com/?a=1"},"logs":[{"message":"undefined"}]}"#,
    ),
    (
        "custom-token-exchange",
        "onExecuteCustomTokenExchange",
        "api.authentication.setUserById(`auth0|${event.transaction.subject_token}`);",
        r#"{"effects":{"exchange_user":{"by":"id","id":"auth0|legacy-session-8c1f6b"}}}"#,
    ),
    (
        "custom-email-provider",
        "onExecuteCustomEmailProvider",
        "api.notification.drop(event.notification.message_type);",
        r#"{"effects":{"notification":{"delivery":"dropped","reason":"verify_email"}}}"#,
    ),
    (
        "custom-phone-provider",
        "onExecuteCustomPhoneProvider",
        "api.notification.retry(event.notification.delivery_method);",
        r#"{"effects":{"notification":{"delivery":"retried","reason":"text"}}}"#,
    ),
    (
        "event-stream",
        "onExecuteEventStream",
        "console.log(event.message.type);",
        r#"{"logs":[{"message":"user.created"}]}"#,
    ),
];

fn each() -> Vec<(String, String)> {
    let files = EACH.iter().map(|(id, export, body, _)| {
        let text = format!("exports.{export} = async (event, api) => {{\n  {body}\n}};\n");
        (format!("{id}.js"), text)
    });
    files.collect()
}

/// Whether all of `part` is in `whole`: objects as subsets, lists by their items.
fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            let mut all = part.iter();
            all.all(|(key, part)| whole.get(key).is_some_and(|it| contains(it, part)))
        }
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(it, part)| contains(it, part))
        }
        _ => whole == part,
    }
}

#[test]
fn every_trigger_runs_is_checked_compared_and_has_a_schema() {
    let files = each();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let folder = folder(&files);
    let run = |arguments: &str| postlogin(arguments).within(folder.path()).finish();
    for (id, _, _, expected) in EACH {
        let ran = run(&format!("run {id}.js {FIXED} --format json"));
        let outcome: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran}"));
        assert_eq!(outcome["trigger"], *id);
        assert_eq!(outcome["status"], "allowed", "{outcome}");
        let expected: Value = serde_json::from_str(expected).unwrap();
        assert!(contains(&outcome, &expected), "{outcome:#}");
        assert_eq!(outcome["notices"], serde_json::json!([]), "{id}");
        let human = run(&format!("run {id}.js {FIXED}"));
        assert!(!human.stdout.contains("ID token"), "{human}");
        let effects = outcome.get("effects").is_some();
        assert_eq!(human.stdout.contains("Effects"), effects, "{human}");
        let checked = run(&format!("check {id}.js"));
        assert_eq!(checked.code, Some(0), "{checked}");
        assert!(checked.stdout.contains("nothing found"), "{checked}");
        let compared = run(&format!("compare {id}.js {id}.js --generate 30"));
        assert_eq!(compared.code, Some(0), "{compared}");
        let explained = run(&format!("explain {id}.js"));
        assert_eq!(explained.code, Some(2), "{explained}");
        assert!(explained.stderr.contains(id), "{explained}");
        let schema = run(&format!("schema event --trigger {id}"));
        let schema: Value =
            serde_json::from_str(&schema.stdout).unwrap_or_else(|_| panic!("{schema}"));
        assert!(schema["title"].as_str().unwrap().contains(id));
    }
    let other = run("schema case --trigger event-stream");
    assert_eq!(other.code, Some(2), "{other}");
    let unknown = run("schema event --trigger mcp-tool");
    assert!(unknown.stderr.contains("no public contract"), "{unknown}");
}

#[test]
fn compare_finds_other_effects() {
    let folder = folder(&[
        (
            "a.js",
            "exports.onExecuteCustomEmailProvider = async (event, api) => {};\n",
        ),
        (
            "b.js",
            "exports.onExecuteCustomEmailProvider = async (event, api) => {\n  if (event.notification.message_type === 'welcome_email') api.notification.drop('no welcome');\n};\n",
        ),
    ]);
    let compared = postlogin("compare a.js b.js --generate 300 --format json")
        .within(folder.path())
        .finish();
    assert_eq!(compared.code, Some(100), "{compared}");
    let found: Value = serde_json::from_str(&compared.stdout).unwrap();
    let difference = &found["differences"][0];
    assert_eq!(difference["what"], "effects", "{found:#}");
    assert_eq!(difference["name"], "notification");
    assert_eq!(
        difference["with"],
        serde_json::json!({"notification": {"message_type": "welcome_email"}})
    );
}

#[test]
fn fuzzing_finds_what_an_event_of_the_trigger_breaks() {
    let folder = folder(&[(
        "stream.js",
        "exports.onExecuteEventStream = async (event, api) => {\n  console.log(event.message.time.slice(0, 10), event.message.data.object.user_id.length);\n};\n",
    )]);
    let run = |arguments: &str| postlogin(arguments).within(folder.path()).finish();
    let found = run("test --fuzz 300 stream.js");
    assert_eq!(found.code, Some(102), "{found}");
    assert!(found.stdout.contains("TypeError"), "{found}");
    // The finding is a case of the same trigger, which fails until it is fixed.
    let again = run("test fuzz");
    assert_ne!(again.code, Some(0), "{again}");
    assert!(again.stdout.contains("1 failed"), "{again}");
}

/// An export with an Action of every trigger, bound or named by an entity.
fn export() -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut bound = serde_json::Map::new();
    for (id, export, body, _) in EACH {
        let version = match *id {
            "pre-user-registration"
            | "post-user-registration"
            | "post-change-password"
            | "send-phone-message" => "v2",
            _ => "v1",
        };
        let manifest = serde_json::json!({
            "name": id, "code": format!("./actions/{id}/code.js"), "runtime": "node22",
            "supported_triggers": [{"id": id, "version": version}], "dependencies": [], "secrets": [],
        });
        files.push((format!("actions/{id}.json"), manifest.to_string()));
        files.push((
            format!("actions/{id}/code.js"),
            format!("exports.{export} = async (event, api) => {{\n  {body}\n}};\n"),
        ));
        if !["custom-token-exchange", "event-stream"].contains(id) {
            bound.insert(
                (*id).to_owned(),
                serde_json::json!([{"action_name": id, "display_name": id}]),
            );
        }
    }
    files.push((
        "triggers/triggers.json".to_owned(),
        Value::Object(bound).to_string(),
    ));
    files.push((
        "token-exchange-profiles/legacy.json".to_owned(),
        r#"{"name":"legacy","subject_token_type":"urn:example:legacy","action_id":"custom-token-exchange","type":"custom_authentication"}"#.to_owned(),
    ));
    files
}

#[test]
fn a_project_with_all_triggers_is_checked_initialised_and_tested() {
    let files = export();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let folder = folder(&files);
    let run = |arguments: &str| postlogin(arguments).within(folder.path()).finish();
    let checked = run("check");
    assert_eq!(checked.code, Some(0), "{checked}");
    assert!(checked.stdout.contains("9 Actions"), "{checked}");
    let made = run("init --ci none");
    assert_eq!(made.code, Some(0), "{made}");
    for (id, _, _, _) in EACH {
        assert!(
            made.stdout.contains(&format!("tests/{id}.case.yaml")),
            "{made}"
        );
    }
    let tested = run("test");
    assert_eq!(tested.code, Some(0), "{tested}");
    assert!(tested.stdout.contains("9 passed"), "{tested}");
    let exchanged = run(&format!("run --trigger custom-token-exchange {FIXED}"));
    assert!(exchanged.stdout.contains("exchange_user"), "{exchanged}");
    let fuzzed = run("test --fuzz 90");
    assert!(fuzzed.stdout.contains("90 logins"), "{fuzzed}");
    for (id, _, _, _) in EACH.iter().filter(|it| it.0 != "event-stream") {
        assert!(fuzzed.stdout.contains(id), "{id}: {fuzzed}");
    }
    // Its findings are cases that fail.
    let _ = std::fs::remove_dir_all(folder.path().join("tests/fuzz"));
    // What a case expects of effects is compared.
    let case = "actions: [pre-user-registration]\ncases:\n  - description: id\n    expect: { effects: { user_id: joe } }\n";
    std::fs::write(folder.path().join("tests/wrong.case.yaml"), case).unwrap();
    let wrong = run("test tests/wrong.case.yaml");
    assert_eq!(wrong.code, Some(100), "{wrong}");
    assert!(wrong.stdout.contains("effects.user_id"), "{wrong}");
}

#[test]
fn what_no_trigger_can_have_is_named() {
    let manifest = |id: &str, trigger: &str| {
        serde_json::json!({
            "name": id, "code": format!("./actions/{id}/code.js"), "runtime": "node22",
            "supported_triggers": [{"id": trigger, "version": "v1"}], "dependencies": [], "secrets": [],
        })
        .to_string()
    };
    let tool = manifest("tool", "mcp-tool");
    let exchange = manifest("exchange", "custom-token-exchange");
    let folder = folder(&[
        ("actions/tool.json", &tool),
        (
            "actions/tool/code.js",
            "exports.onExecute = async () => {};\n",
        ),
        ("actions/exchange.json", &exchange),
        (
            "token-exchange-profiles/lost.json",
            r#"{"name":"lost","subject_token_type":"urn:example:x","type":"custom_authentication"}"#,
        ),
        (
            "actions/exchange/code.js",
            "exports.onExecuteCustomTokenExchange = async () => {};\nexports.onExecuteEventStream = async () => {};\n",
        ),
        (
            "triggers/triggers.json",
            r#"{"custom-email-provider":[],"mcp-tool":[{"action_name":"tool"}],"event-streams":[{"action_name":"exchange"}],
                "custom-token-exchange":[{"action_name":"exchange"}],"custom-phone-provider":[{"action_name":"a"},{"action_name":"b"}]}"#,
        ),
    ]);
    let run = |arguments: &str| postlogin(arguments).within(folder.path()).finish();
    let ran = run("run tool");
    assert_ne!(ran.code, Some(0), "{ran}");
    assert!(ran.stderr.contains("mcp-tool"), "{ran}");
    assert!(ran.stderr.contains("no public contract"), "{ran}");
    assert!(ran.stderr.contains("hint:"), "{ran}");
    let checked = run("check");
    assert!(checked.stdout.contains("unsupported-trigger"), "{checked}");
    assert!(checked.stdout.contains("several-triggers"), "{checked}");
    for said in [
        "the trigger mcp-tool has no public contract",
        "`event-streams` is not a known trigger: its Actions do not run\n  hint: did you mean `event-stream`?",
        "error[missing-bound-action]  token-exchange-profiles/lost.json:1:1",
        "Actions of custom-token-exchange are not bound",
        "custom-phone-provider has 2 Actions; production allows 1",
        "the token exchange profile `lost` names no Action",
    ] {
        assert!(checked.stdout.contains(said), "{said}: {checked}");
    }
    let two = run("run exchange exchange --format json");
    let outcome: Value = serde_json::from_str(&two.stdout).unwrap_or_else(|_| panic!("{two}"));
    let codes: Vec<&str> = outcome["notices"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|notice| notice["code"].as_str())
        .collect();
    assert!(codes.contains(&"actions-over-limit"), "{codes:?}");
    assert!(codes.contains(&"handlers-of-other-triggers"), "{codes:?}");
    let made = run("init --ci none");
    assert!(made.stderr.contains("mcp-tool"), "{made}");
}
