//! Legacy Rules on the command line.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{FIXED, assert_command, folder, place, postlogin};

/// Runs one Rule and gives the outcome.
#[track_caller]
fn outcome(rule: &str, arguments: &str) -> Value {
    let folder = folder(&[
        ("rules/x.js", rule),
        ("continue.json", r#"{"query": {"ok": "yes"}}"#),
        (
            "action.js",
            "exports.onExecutePostLogin = async (event, api) => api.idToken.setCustomClaim('ran', api.rules.wasExecuted('x'));",
        ),
    ]);
    let done = postlogin(&format!("run rules/x.js {FIXED} --format json {arguments}"))
        .within(folder.path())
        .finish();
    serde_json::from_str(&done.stdout).unwrap_or_else(|_| panic!("{done}"))
}

#[test]
fn every_way_to_call_back() {
    let check = |body: &str, status: &str, reason: Value| {
        let rule = format!("function (user, context, callback) {{ {body} }}");
        let outcome = outcome(&rule, "");
        assert_eq!(
            (&outcome["status"], &outcome["reason"]),
            (&json!(status), &reason),
            "{body}"
        );
    };
    for body in [
        "callback(null, user, context);",
        "return callback(null, user, context);",
        "callback();",
        "callback(undefined, user);",
        "setTimeout(() => callback(null, user, context), 2000);",
        "Promise.resolve().then(() => callback(null, user, context));",
        "callback(null, user, context); callback(new Error('again'));",
        "callback(null, user, context); throw new Error('behind');",
        "callback(null, {}, {});",
        "callback(null, 7, 'x');",
    ] {
        check(body, "allowed", Value::Null);
    }
    for (body, reason) in [
        ("callback(new Error('no'));", "no"),
        ("callback(new UnauthorizedError('no'));", "no"),
        ("callback('no');", "no"),
        ("callback({ message: 'no' });", "no"),
        (
            "try { user.x.y; } catch (error) { callback(error); }",
            "Cannot read properties of undefined (reading 'y')",
        ),
    ] {
        check(body, "denied", json!(reason));
    }
    for (body, reason) in [
        (
            "user.x.y;",
            "Cannot read properties of undefined (reading 'y')",
        ),
        ("throw new UnauthorizedError('no');", "no"),
        (
            "setTimeout(() => { throw new Error('later'); }, 10);",
            "later",
        ),
        (
            "",
            "the Rule ended without calling its callback; production waits until its time limit and fails the login",
        ),
        (
            "setTimeout(callback, 25000);",
            "the Rules of this login did not finish within 20 s",
        ),
        ("request.get('x');", "request is not defined"),
    ] {
        check(body, "failed", json!(reason));
    }
    // Only the first call counts, and the error after it is not lost.
    for (body, error) in [
        (
            "callback(null, user, context); callback(new Error('again'));",
            "Error: again",
        ),
        (
            "callback(null, user, context); throw new Error('behind');",
            "Error: behind",
        ),
    ] {
        let rule = format!("function (user, context, callback) {{ {body} }}");
        let outcome = outcome(&rule, "");
        let notices = outcome["notices"].to_string();
        assert!(
            notices.contains("uncaught-error") && notices.contains(error),
            "{notices}"
        );
    }
    let outcome = outcome(
        "async function (user, context, callback) { user.x.y = 1; }",
        "",
    );
    let reason = outcome["reason"].as_str().unwrap_or_default();
    assert!(
        reason.contains("TypeError: Cannot set properties of undefined (setting 'y')"),
        "{reason}"
    );
}

#[test]
fn claims_have_their_place_and_source() {
    let rule = "// A comment before it.\nfunction (user, context, callback) {\n  context.idToken['https://a.com/hobby'] = user.user_metadata.hobby;\n  Object.assign(context.accessToken, { 'https://a.com/plan': user.plan });\n  context.idToken.email = 'x';\n  callback(null, user, context);\n};\n";
    let outcome = outcome(rule, "");
    let found: Vec<Value> = outcome["ledger"]
        .as_array()
        .map(|entries| {
            entries
                .iter()
                .map(|entry| {
                    json!([
                        entry["name"],
                        entry["verdict"],
                        entry["location"]["line"],
                        entry["sources"][0],
                        entry["action"]
                    ])
                })
                .collect()
        })
        .unwrap_or_default();
    assert_eq!(
        found,
        [
            json!([
                "https://a.com/hobby",
                "kept",
                3,
                "event.user.user_metadata.hobby",
                "x"
            ]),
            json!(["email", "kept", 5, null, "x"]),
            json!([
                "https://a.com/plan",
                "kept",
                4,
                "event.user.app_metadata.plan",
                "x"
            ]),
        ]
    );
    let (line, _) = place(rule, "context.idToken.email");
    assert_eq!(line, 5);
}

#[test]
fn rules_share_what_they_leave_behind() {
    let folder = folder(&[
        (
            "rules/a.js",
            "function (user, context, callback) {\n  global.shout = (text) => `${text}!`;\n  user.seen = 'a';\n  context.own = { by: 'a' };\n  context.idToken.first = 1;\n  callback(null, user, context);\n}",
        ),
        (
            "rules/b.js",
            "function (user, context, callback) {\n  console.log(global.shout(user.seen), context.own.by, context.idToken.first);\n  delete context.idToken.first;\n  callback(null, user, context);\n}",
        ),
    ]);
    let done = postlogin(&format!("run {FIXED} --format json"))
        .within(folder.path())
        .finish();
    let outcome: Value = serde_json::from_str(&done.stdout).expect("an outcome");
    assert_eq!(outcome["logs"][0]["message"], "a! a 1");
    assert_eq!(outcome["ledger"][0]["verdict"], "overwritten");
    assert_eq!(outcome["id_token"]["claims"]["first"], Value::Null);
}

#[test]
fn all_rules_run_again_behind_a_redirect() {
    let rule = "function (user, context, callback) {\n  if (context.protocol === 'redirect-callback') {\n    context.idToken.ok = context.request.query.ok;\n  } else {\n    context.redirect = { url: 'https://example.com/x?a=b' };\n    context.idToken.before = 1;\n  }\n  callback(null, user, context);\n}";
    let waiting = outcome(rule, "action.js");
    assert_eq!(waiting["status"], "redirected");
    let url = waiting["redirect"]["url"].as_str().unwrap_or_default();
    assert!(url.starts_with("https://example.com/x?a=b&state="), "{url}");
    let back = outcome(rule, "action.js --continue continue.json");
    assert_eq!(back["status"], "allowed");
    let claims = &back["id_token"]["claims"];
    assert_eq!(
        (&claims["ok"], &claims["before"], &claims["ran"]),
        (&json!("yes"), &Value::Null, &json!(true))
    );
    let silent = outcome(rule, "--set request.query.prompt=none");
    assert_eq!(silent["error"]["name"], "interaction_required");
}

#[test]
fn what_cannot_be_a_rule_is_one_clear_message() {
    let folder = folder(&[
        (
            "rules/broken.js",
            "function (user, context, callback) {\n  const a = ;\n}\n",
        ),
        (
            "rules/both.js",
            "function (user, context, callback) {\n}\nexports.onExecutePostLogin = async () => {};\n",
        ),
        (
            "rules/ok.js",
            "function (user, context, callback) { console.log(configuration.KEY); callback(); }\n",
        ),
        (
            "export/rules/action.json",
            r#"{"name": "action", "script": "./action.js", "order": 1}"#,
        ),
        (
            "export/rules/action.js",
            "exports.onExecutePostLogin = async () => {};\n",
        ),
        (
            "odd/rules/odd.json",
            r#"{"name": "odd", "script": "./odd.js", "order": "first"}"#,
        ),
        (
            "gone/rules/gone.json",
            r#"{"name": "gone", "script": "./gone.js", "order": 1}"#,
        ),
    ]);
    let run = |arguments: &str| postlogin(arguments).within(folder.path());
    assert_command!(run("run rules/broken.js"), @r#"
    exit code: 101
    ----- stderr -----
    error: rules/broken.js:2:13: SyntaxError: Unexpected token ';'
    hint: a Rule is one function: function (user, context, callback) { … }
    "#);
    assert_command!(run("run rules/both.js"), @r#"
    exit code: 101
    ----- stderr -----
    error: rules/both.js:3:1: SyntaxError: the file is a Rule and an Action: after the function of the Rule, a handler of Actions is exported
    hint: keep the Rule and the Action in files of their own
    "#);
    assert_command!(run("build rules/ok.js"), @r#"
    exit code: 101
    ----- stderr -----
    error: rules/ok.js is a Rule, and only Actions can be built into a component
    hint: `postlogin run` takes Rules as they are
    "#);
    assert_command!(run("check rules/ok.js"), @r#"
    exit code: 0
    ----- stdout -----
    ✓ nothing found in 1 Rule
    "#);
    let within = |sub: &str| postlogin("run").within(&folder.path().join(sub));
    assert_command!(within("export"), @r#"
    exit code: 101
    ----- stderr -----
    error: rules/action.js: configured as a Rule, but the file does not contain one
    hint: a Rule is one function: function (user, context, callback) { … }
    "#);
    // `check` does not say that nothing was found in what `run` refuses, nor what an Action should export.
    assert_command!(postlogin("check").within(&folder.path().join("export")), @r#"
    exit code: 100
    ----- stdout -----
    error[not-a-rule]  rules/action.js:1:1
      it is configured as a Rule, but the file does not contain one
      > 1 | exports.onExecutePostLogin = async () => {};
          | ^
      hint: a Rule is one function and nothing else: function (user, context, callback) { … }
      https://auth0.com/docs/customize/rules/create-rules

    ✗ 1 error in 1 Rule
    "#);
    assert_command!(within("odd"), @r#"
    exit code: 2
    ----- stderr -----
    error: rules/odd.json: the `order` of the Rule `odd` must be a whole number
    "#);
    assert_command!(within("gone"), @r#"
    exit code: 2
    ----- stderr -----
    error: rules/gone.json: the script of the Rule `gone` does not exist: rules/gone.js
    hint: `script` is relative to the folder `rules/`
    "#);
    let told = run(&format!("run rules/ok.js {FIXED} --format json")).finish();
    let outcome: Value = serde_json::from_str(&told.stdout).expect("an outcome");
    assert_eq!(outcome["notices"][0]["code"], "configuration-missing");
    let message = outcome["notices"][0]["message"]
        .as_str()
        .unwrap_or_default();
    assert!(
        message.starts_with("rules/ok.js:1:64 reads configuration.KEY"),
        "{message}"
    );
    let given = run(&format!(
        "run rules/ok.js --secret KEY=value-of-key {FIXED} --format json"
    ))
    .finish();
    let outcome: Value = serde_json::from_str(&given.stdout).expect("an outcome");
    assert_eq!(outcome["notices"], json!([]));
    assert_eq!(outcome["logs"][0]["message"], "***");
}

#[test]
fn a_connection_gives_the_user() {
    let script = "function (accessToken, ctx, cb) { fetch('https://idp.example.com/me', { headers: { authorization: `Bearer ${accessToken}` } }).then((answer) => answer.json()).then((me) => cb(null, { user_id: me.id, email: me.mail, user_metadata: { hobby: me.hobby }, id_token: ctx.id_token }), cb); }";
    let connection = json!({
        "name": "idp",
        "strategy": "oauth2",
        "options": { "scripts": { "fetchUserProfile": script } },
    });
    let plain = json!({"name": "plain", "strategy": "oauth2", "options": {}});
    let folder = folder(&[
        ("connections/idp.json", &connection.to_string()),
        ("connections/plain.json", &plain.to_string()),
        (
            "rules/show.json",
            r#"{"name": "show", "script": "./show.js", "order": 1}"#,
        ),
        (
            "rules/show.js",
            "function (user, context, callback) { context.idToken.seen = [user.user_id, user.user_metadata.hobby, context.connectionStrategy]; callback(null, user, context); }",
        ),
        (
            "http.yaml",
            "- request: { method: GET, url: 'https://idp.example.com/me', headers: { authorization: Bearer tok } }\n  response: { json: { id: 42, mail: jane@example.com, hobby: chess } }\n",
        ),
        ("token.json", r#"{"access_token": "tok", "id_token": "it"}"#),
        (
            "fails.js",
            "function (accessToken, ctx, cb) { cb(new Error('no such user')); }",
        ),
        (
            "nothing.js",
            "function (accessToken, ctx, cb) { cb(null, { email: 'x' }); }",
        ),
    ]);
    let run =
        |arguments: &str| postlogin(&format!("run {FIXED} {arguments}")).within(folder.path());
    let outcome = run("--connection idp --token-response token.json --http http.yaml").outcome(0);
    assert_eq!(outcome["status"], "allowed", "{outcome}");
    let claims = &outcome["id_token"]["claims"];
    assert_eq!(claims["sub"], "oauth2|idp|42");
    assert_eq!(claims["seen"], json!(["oauth2|idp|42", "chess", "oauth2"]));
    assert_eq!(outcome["user"]["user_metadata"], json!({"hobby": "chess"}));

    let case = "token_response: { access_token: tok }\nhttp: ../http.yaml\ncases:\n  - description: by the export\n    connection: idp\n    expect: { id_token: { seen: [oauth2|idp|42, chess, oauth2] }, user_metadata: { hobby: chess } }\n  - description: by a file, without the Rules\n    connection: ../fails.js\n    actions: []\n    http: []\n    expect: { status: failed, reason: no such user }\n";
    let cases = folder.path().join("tests");
    std::fs::create_dir(&cases).expect("a folder");
    std::fs::write(cases.join("idp.case.yaml"), case).expect("a file");
    let tested = postlogin("test --reporter json")
        .within(folder.path())
        .finish();
    assert_eq!(tested.code, Some(0), "{tested}");
    std::fs::write(cases.join("idp.case.yaml"), "connection: ../gone.js\n").expect("a file");
    let told = postlogin("test").within(folder.path()).finish();
    assert!(
        told.stderr
            .starts_with("error: tests/idp.case.yaml:1:13: no such file: `gone.js`"),
        "{told}"
    );

    let failed = run("--connection fails.js").outcome(0);
    assert_eq!(
        (&failed["status"], &failed["reason"]),
        (&json!("failed"), &json!("no such user"))
    );
    let failed = run("--connection nothing.js").outcome(0);
    let reason = "The profile that fetchUserProfile gives has no user_id.";
    assert_eq!(failed["reason"], reason);
    let told = run("--connection ipd").finish();
    assert_eq!(told.code, Some(2));
    assert!(told.stderr.contains("did you mean `idp`?"), "{told}");
    let told = run("--connection plain").finish();
    assert!(told.stderr.contains("has no fetchUserProfile"), "{told}");
}

/// The samples of `fixtures/rules`: each case runs once with the Rule and once with the Action that replaces it.
#[test]
fn the_sample_rules_and_their_actions_pass_the_same_cases() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/rules");
    let done = postlogin("test --reporter json").within(&samples).finish();
    assert_eq!(done.code, Some(0), "{done}");
    assert!(done.stdout.lines().count() > 30, "{done}");
}

/// Made-up logins find no difference between a Rule and the Action that replaces it.
#[test]
fn a_sample_rule_and_its_action_are_equal() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/rules");
    for name in [
        "consent",
        "country",
        "deny-by-domain",
        "first-login",
        "roles-to-tokens",
        "second-factor",
    ] {
        let arguments =
            format!("compare rules/{name}.js actions/{name}.js --generate 300 --seed 1");
        let done = postlogin(&arguments).within(&samples).finish();
        assert_eq!(done.code, Some(0), "{done}");
    }
    let done =
        postlogin("compare rules/country.js actions/roles-to-tokens.js --generate 300 --seed 1")
            .within(&samples)
            .finish();
    assert_eq!(done.code, Some(100), "{done}");
}

#[test]
fn sets_of_rules_and_actions_are_compared() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/rules");
    let actions = ["country", "deny-by-domain", "first-login", "second-factor"];
    let actions = actions.map(|name| format!("actions/{name}.js")).join(",");
    let compare = |sides: &str| {
        let arguments = format!("compare {sides} --generate 100 --seed 3 --format json");
        let done = postlogin(&arguments).within(&samples).finish();
        let told: Value = serde_json::from_str(&done.stdout).unwrap_or_else(|_| panic!("{done}"));
        (done.code, told)
    };
    let (code, told) = compare(&format!("rules {actions}"));
    let names = &told["left"]["actions"];
    assert_eq!(names.as_array().map(Vec::len), Some(6), "{told:#}");
    // The Actions lack two of the Rules.
    assert_eq!(code, Some(100), "{told:#}");
    let (code, told) = compare("rules .");
    assert_eq!((code, &told["equal"]), (Some(0), &json!(true)), "{told:#}");
    // A setting of Rules is the secret of the Action that replaces them, and its words are those that logins are made of.
    let (_, told) = compare("rules/deny-by-domain.js actions/deny-by-domain.js");
    assert!(
        told["right"]["endings"]["denied"].as_u64() > Some(0),
        "{told:#}"
    );
    let nothing = postlogin("compare rules post-login")
        .within(&samples)
        .finish();
    assert_eq!(nothing.code, Some(2), "{nothing}");
}

#[test]
fn an_explanation_follows_what_rules_read() {
    let rule = "function (user, context, callback) {\n  const { tier } = context.clientMetadata;\n  context.idToken['https://a.com/tier'] = tier;\n  context.idToken['https://a.com/plan'] = user.plan;\n  if (user.never) context.idToken['https://a.com/never'] = 1;\n  callback(null, user, context);\n}";
    let folder = folder(&[("rules/x.js", rule)]);
    let done = postlogin(&format!(
        "explain rules/x.js --why https://a.com/never {FIXED} --format json"
    ))
    .within(folder.path())
    .finish();
    let told: Value = serde_json::from_str(&done.stdout).unwrap_or_else(|_| panic!("{done}"));
    let origins: Vec<Value> = told["claims"]
        .as_array()
        .unwrap_or_else(|| panic!("{told:#}"))
        .iter()
        .map(|claim| {
            let origin = &claim["origins"][0];
            json!([
                origin["path"],
                origin["certainty"],
                origin["location"]["line"]
            ])
        })
        .collect();
    assert_eq!(
        origins,
        [
            json!(["event.client.metadata.tier", "read", 2]),
            json!(["event.user.app_metadata.plan", "read", 4]),
        ],
        "{told:#}"
    );
    let site = &told["expected"][0]["sites"][0];
    assert_eq!(
        (&site["method"], &site["location"]["line"], &site["reached"]),
        (&json!("context.idToken"), &json!(5), &json!("no")),
        "{told:#}"
    );
}

#[test]
fn rules_in_typescript_run_among_others() {
    let project = folder(&[
        (
            "rules/10-types.ts",
            "import type { User, Context } from './types';\n\ninterface Done { (error: Error | null, user?: User, context?: Context): void }\n\nexport default function addEmail(user: User, context: Context, callback: Done): void {\n  context.idToken['https://a.com/email'] = user.email as string;\n  callback(null, user, context);\n}\n",
        ),
        (
            "rules/types.ts",
            "export interface User { email: string }\nexport interface Context { idToken: Record<string, unknown> }\n",
        ),
        (
            "rules/20-plain.js",
            "function (user, context, callback) {\n  context.idToken['https://a.com/second'] = 2;\n  callback(null, user, context);\n}\n",
        ),
        ("t.case.yaml", "expect: { status: allowed }\n"),
    ]);
    let ran = postlogin("run --format json")
        .within(project.path())
        .finish();
    assert_eq!(ran.code, Some(0), "{ran}");
    let outcome: Value = serde_json::from_str(&ran.stdout).expect("an outcome");
    let places: Vec<String> = outcome["ledger"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| {
            format!(
                "{}:{}",
                entry["location"]["file"].as_str().unwrap_or_default(),
                entry["location"]["line"]
            )
        })
        .collect();
    assert_eq!(
        places,
        ["rules/10-types.ts:6", "rules/20-plain.js:2"],
        "{ran}"
    );
    let checked = postlogin("check").within(project.path()).finish();
    assert_eq!(checked.code, Some(0), "{checked}");
    assert!(
        checked.stdout.contains("nothing found in 2 Rules"),
        "{checked}"
    );
    let explained = postlogin("explain").within(project.path()).finish();
    assert!(
        explained.stdout.contains("rules/10-types.ts:6"),
        "{explained}"
    );
    let tested = postlogin("test --coverage").within(project.path()).finish();
    assert_eq!(tested.code, Some(0), "{tested}");
    assert!(
        tested.stdout.contains("rules/10-types.ts  100.0 % 2/2"),
        "{tested}"
    );
}
