//! `postlogin check`: whole commands.

use serde_json::Value;

use crate::support::{QUIET, assert_command, folder, postlogin};

const WRONG: &str = "exports.onExecutePostLogin = async (event, api) => {\n  api.idToken.setCustomClaims('a', event.client.metdata);\n  api.idToken.setCustomClaim('roles', 1);\n};\n";

fn manifest(name: &str, more: &str) -> String {
    format!(
        r#"{{"name": "{name}", "code": "./actions/{name}/code.js", "supported_triggers": [{{"id": "post-login", "version": "v3"}}]{more}}}"#
    )
}

#[test]
fn this_repository_has_no_findings() {
    assert_command!(postlogin("check"), @"
    exit code: 0
    ----- stdout -----
    ✓ nothing found in 3 Actions
    ");
}

#[test]
fn findings_show_the_code() {
    let outside = folder(&[("wrong.js", WRONG)]);
    assert_command!(postlogin("check wrong.js").within(outside.path()), @"
    exit code: 100
    ----- stdout -----
    error[unknown-api-method]  wrong.js:2:15
      `api.idToken.setCustomClaims` does not exist
        1 | exports.onExecutePostLogin = async (event, api) => {
      > 2 |   api.idToken.setCustomClaims('a', event.client.metdata);
          |               ^^^^^^^^^^^^^^^
        3 |   api.idToken.setCustomClaim('roles', 1);
        4 | };
      hint: did you mean `api.idToken.setCustomClaim`?
      https://auth0.com/docs/actions/reference/post-login/post-login-api-object

    error[unknown-event-path]  wrong.js:2:49
      `event.client.metdata` does not exist in the post-login event (v3)
        1 | exports.onExecutePostLogin = async (event, api) => {
      > 2 |   api.idToken.setCustomClaims('a', event.client.metdata);
          |                                                 ^^^^^^^
        3 |   api.idToken.setCustomClaim('roles', 1);
        4 | };
      hint: did you mean `event.client.metadata`?
      https://auth0.com/docs/actions/reference/post-login/post-login-event-object

    error[restricted-claim]  wrong.js:3:30
      the claim name `roles` is reserved; production ignores it
        1 | exports.onExecutePostLogin = async (event, api) => {
        2 |   api.idToken.setCustomClaims('a', event.client.metdata);
      > 3 |   api.idToken.setCustomClaim('roles', 1);
          |                              ^
        4 | };
      hint: put it into a namespace of yours: `https://example.com/roles`
      https://auth0.com/docs/secure/tokens/json-web-tokens/create-custom-claims

    ✗ 3 errors in 1 Action
    ");
}

#[test]
fn the_configuration_counts() {
    let project = folder(&[
        (
            "actions/a.json",
            &manifest(
                "a",
                r#", "dependencies": [{"name": "axios", "version": "1"}], "secrets": [{"name": "KEY"}]"#,
            ),
        ),
        (
            "actions/a/code.js",
            "const axios = require('axois');\nexports.onExecutePostLogin = async (event) => {\n  axios.get(event.secrets.KEYS);\n};\n",
        ),
        (
            "actions/b.json",
            &manifest(
                "b",
                r####", "dependencies": "##PACKAGES##", "secrets": []"####,
            ),
        ),
        ("actions/b/code.js", "const x = @@DOMAIN@@;\n"),
    ]);
    assert_command!(postlogin("check").within(project.path()), @"
    exit code: 100
    ----- stdout -----
    error[undeclared-dependency]  actions/a/code.js:1:15
      the package `axois` is not declared in actions/a.json
      > 1 | const axios = require('axois');
          |               ^
        2 | exports.onExecutePostLogin = async (event) => {
        3 |   axios.get(event.secrets.KEYS);
      hint: did you mean `axios`?
      https://auth0.com/docs/customize/actions/manage-dependencies

    error[undeclared-secret]  actions/a/code.js:3:27
      the secret `KEYS` is not declared in actions/a.json
        1 | const axios = require('axois');
        2 | exports.onExecutePostLogin = async (event) => {
      > 3 |   axios.get(event.secrets.KEYS);
          |                           ^^^^
        4 | };
      hint: did you mean `KEY`?
      https://auth0.com/docs/customize/actions/action-coding-guidelines

    error[syntax-error]  actions/b/code.js:1:21
      Unexpected token ';'
      > 1 | const x = @@DOMAIN@@;
          |                     ^
      hint: `@@DOMAIN@@` is not replaced; give it a value in AUTH0_KEYWORD_REPLACE_MAPPINGS of
      config.json
      https://auth0.com/docs/customize/actions/action-coding-guidelines

    ✗ 3 errors in 2 Actions
    ");
    // From below the project, and one Action only.
    let done = postlogin("check b --format json")
        .within(&project.path().join("actions"))
        .finish();
    assert_eq!(done.code, Some(100), "{done}");
    let report: Value = serde_json::from_str(&done.stdout).expect("JSON");
    assert_eq!(report["format"], "postlogin.check/1");
    assert_eq!(report["actions"][0]["name"], "b");
    assert_eq!(report["findings"][0]["code"], "syntax-error");
    assert_eq!(report["findings"][0]["location"]["line"], 1);
    assert_eq!(report["summary"]["errors"], 1);
}

#[test]
fn folders_are_searched() {
    let outside = folder(&[
        ("src/good.js", QUIET),
        ("src/deep/wrong/code.js", WRONG),
        ("src/helper.js", "exports.help = 1;\n"),
        (
            "src/good.test.js",
            "require('./good').onExecutePostLogin();\n",
        ),
        (
            "src/node_modules/x/index.js",
            "exports.onExecutePostLogin = 1;\n",
        ),
        ("empty/readme.txt", ""),
    ]);
    for (arguments, code, actions) in [
        ("check", 100, 2),
        ("check src", 100, 2),
        ("check src src/good.js", 100, 2),
        ("check src/good.js", 0, 1),
        ("check src/helper.js", 100, 1),
    ] {
        let done = postlogin(arguments)
            .args(["--format", "json"])
            .within(outside.path())
            .finish();
        assert_eq!(done.code, Some(code), "{arguments}: {done}");
        let report: Value = serde_json::from_str(&done.stdout).expect("JSON");
        assert_eq!(
            report["actions"].as_array().map(Vec::len),
            Some(actions),
            "{arguments}"
        );
    }
    assert_command!(postlogin("check empty").within(outside.path()), @"
    exit code: 2
    ----- stderr -----
    error: no Action is in the folder `empty`
    hint: the folder of an Action has a code.js; that of a Rust Action has a Cargo.toml
    ");
    assert_command!(postlogin("check").within(&outside.path().join("empty")), @"
    exit code: 2
    ----- stderr -----
    error: no Action or Rule found here
    hint: name a file or a folder: `postlogin check src/actions`
    ");
    assert_command!(postlogin("check src/god.js").within(outside.path()), @"
    exit code: 2
    ----- stderr -----
    error: no such file: `src/god.js`
    hint: did you mean `src/good.js`?
    ");
}

#[test]
fn bindings_that_name_a_missing_action_are_found_for_every_trigger() {
    let machine = "exports.onExecuteCredentialsExchange = async () => {};\n";
    let project = folder(&[
        ("a.js", QUIET),
        ("m.js", machine),
        (
            "postlogin.toml",
            "[actions.a]\ncode = \"a.js\"\n[actions.m]\ncode = \"m.js\"\n\n[bindings]\npost-login = [\"a\", \"gone\"]\ncredentials-exchange = [\"n\", \"m\"]\n",
        ),
    ]);
    assert_command!(postlogin("check").within(project.path()), @"
    exit code: 100
    ----- stdout -----
    error[missing-bound-action]  postlogin.toml:1:1
      the trigger `post-login` binds the Action `gone`, which does not exist
      hint: Actions of the Marketplace are not exported; name the Actions to run instead
      https://auth0.com/docs/customize/actions/explore-triggers

    error[missing-bound-action]  postlogin.toml:1:1
      the trigger `credentials-exchange` binds the Action `n`, which does not exist
      hint: Actions of the Marketplace are not exported; name the Actions to run instead
      https://auth0.com/docs/customize/actions/explore-triggers

    ✗ 2 errors in 2 Actions
    ");
    let whole = postlogin("check .").within(project.path()).finish();
    assert!(whole.stdout.contains("✗ 2 errors in 2 Actions"), "{whole}");
    for format in ["json", "sarif", "github"] {
        let done = postlogin(&format!("check --format {format}"))
            .within(project.path())
            .finish();
        assert_eq!(done.code, Some(100), "{done}");
        assert!(done.stdout.contains("missing-bound-action"), "{done}");
        assert!(done.stdout.contains("the Action `gone`"), "{done}");
    }
    // One Action does not make a project.
    let one = postlogin("check a.js").within(project.path()).finish();
    assert_eq!(one.code, Some(0), "{one}");
    // The others run, and it is not green.
    let run = postlogin("run").within(project.path()).finish();
    assert_eq!(run.code, Some(101), "{run}");
    assert!(run.stdout.contains("✓ a"), "{run}");
}

/// By the rules of `serve --seed`; what an export may have left out is a warning.
#[test]
fn an_export_is_judged_as_a_seed_is() {
    let export = folder(&[
        (
            "clients/web.json",
            "{\"name\": \"Web\", \"app_type\": \"sap\",\n \"callbaks\": [], \"callbacks\": [\"##URL##/cb\"]}",
        ),
        (
            "connections/g.json",
            "{\"name\": \"g\", \"strategy\": \"google-oauth\"}",
        ),
        (
            "roles/e.json",
            "{\"name\": \"e\", \"permissions\": [{\"permission_name\": \"x\", \"resource_server_identifier\": \"y\"}]}",
        ),
    ]);
    let done = postlogin("check").within(export.path()).finish();
    assert_eq!(done.code, Some(100), "{done}");
    for (place, message) in [
        (
            "error[invalid-configuration]  clients/web.json:1:29",
            "did you mean `spa`?",
        ),
        (
            "error[invalid-configuration]  clients/web.json:2:2",
            "did you mean `callbacks`?",
        ),
        (
            "error[invalid-configuration]  connections/g.json:1:27",
            "did you mean `google-oauth2`?",
        ),
        (
            "warning[unknown-reference]  roles/e.json:1:31",
            "unknown resource server `y`",
        ),
    ] {
        assert!(done.stdout.contains(place), "{place} {done}");
        assert!(done.stdout.contains(message), "{message} {done}");
    }
    assert!(done.stdout.contains("3 errors, 1 warning"), "{done}");
}

#[test]
fn bindings_of_an_export_may_name_what_it_does_not_have() {
    for trigger in ["post-login", "send-phone-message", "credentials-exchange"] {
        let export = folder(&[
            ("actions/a.json", &manifest("a", "")),
            ("actions/a/code.js", QUIET),
            (
                "triggers/triggers.json",
                &format!(r#"{{"{trigger}": [{{"action_name": "Market"}}]}}"#),
            ),
        ]);
        let done = postlogin("check").within(export.path()).finish();
        assert_eq!(done.code, Some(0), "{done}");
        assert!(
            done.stdout
                .contains("warning[unexported-bound-action]  triggers/triggers.json:1:1"),
            "{done}"
        );
        assert!(done.stdout.contains("! 1 warning in 1 Action"), "{done}");
        let strict = postlogin("check --deny-warnings")
            .within(export.path())
            .finish();
        assert_eq!(strict.code, Some(100), "{strict}");
    }
    // Without any Action, too.
    let empty = folder(&[("postlogin.toml", "binding = [\"gone\"]\n")]);
    let done = postlogin("check").within(empty.path()).finish();
    assert_eq!(done.code, Some(100), "{done}");
    assert!(done.stdout.contains("1 error in 0 Actions"), "{done}");
}

#[test]
fn a_project_of_rules_is_checked() {
    let project = folder(&[
        (
            "rules/roles.json",
            r#"{"name": "roles", "script": "./roles.js", "order": 1, "enabled": true}"#,
        ),
        (
            "rules/roles.js",
            "function (user, context, callback) {\n  const token = context.idToken;\n  token.sub = configuration.PREFX;\n}\n",
        ),
        (
            "rules/off.json",
            r#"{"name": "off", "script": "./off.js", "order": 2, "enabled": false}"#,
        ),
        (
            "rules/off.js",
            "function (user, context, callback) { callback(null, user, context); }\n",
        ),
        (
            "rules-configs/PREFIX.json",
            r#"{"key": "PREFIX", "value": "x"}"#,
        ),
    ]);
    for command in ["check --format github", "check rules --format github"] {
        let done = postlogin(command).within(project.path()).finish();
        assert_eq!(done.code, Some(100), "{done}");
        assert!(done.stdout.contains("title=callback-not-used"), "{done}");
        assert!(done.stdout.contains("title=restricted-claim"), "{done}");
        assert!(
            done.stdout
                .contains("title=undeclared-configuration::the setting `PREFX`"),
            "{done}"
        );
    }
    assert_command!(postlogin("check rules/off.js").within(project.path()), @"
    exit code: 0
    ----- stdout -----
    ✓ nothing found in 1 Rule
    ");
    let done = postlogin("check").within(project.path()).finish();
    assert!(
        done.stdout.contains("✗ 2 errors, 1 warning in 2 Rules"),
        "{done}"
    );
}

/// The certain findings of `check` are found by `explain` as well.
#[test]
fn explain_finds_a_claim_through_a_variable() {
    let text = "exports.onExecutePostLogin = async (event, api) => {\n  const t = api.idToken;\n  if (event.user.user_metadata.nope) t.setCustomClaim('https://example.com/x', 1);\n};\n";
    let outside = folder(&[("alias.js", text)]);
    let done = postlogin("explain alias.js --why https://example.com/x")
        .within(outside.path())
        .finish();
    for part in [
        "alias.js:3:40 sets it (idToken.setCustomClaim), and was not reached",
        "only if event.user.user_metadata.nope  line 3",
        "event.user.user_metadata.nope is not there",
    ] {
        assert!(done.stdout.contains(part), "{done}");
    }
}

#[test]
fn what_is_beyond_the_most_that_is_analysed_is_counted() {
    let calls = "  api.idToken.setCustomClaim('https://example.com/x', 1);\n".repeat(2_503);
    let text =
        format!("exports.onExecutePostLogin = async (event, api) => {{\n  return;\n{calls}}};\n");
    let outside = folder(&[("many.js", &text)]);
    let done = postlogin("explain many.js --why https://example.com/x")
        .within(outside.path())
        .finish();
    assert!(
        done.stdout
            .contains("3 further claim sites were not analysed"),
        "{done}"
    );
}

#[test]
fn a_source_that_closes_its_wrapper_runs_with_a_notice() {
    let text = "exports.onExecutePostLogin = async () => { console.log('ran'); };\n}\n{\n";
    let outside = folder(&[("open.js", text)]);
    let done = postlogin("run open.js --format json")
        .within(outside.path())
        .finish();
    assert_eq!(done.code, Some(0), "{done}");
    let outcome: Value = serde_json::from_str(&done.stdout).expect("JSON");
    assert_eq!(outcome["logs"][0]["message"], "ran", "{done}");
    assert_eq!(outcome["notices"][0]["code"], "source-not-a-program");
    let message = outcome["notices"][0]["message"]
        .as_str()
        .unwrap_or_default();
    assert!(
        message.starts_with("open.js:2:1: SyntaxError: "),
        "{message}"
    );
}

#[test]
fn warnings_are_not_errors() {
    let text = "exports.onExecutePostLogin = async (event, api) => {\n  api.redirect.sendUserTo('https://example.com');\n};\n";
    let outside = folder(&[("a.js", text)]);
    let warned = postlogin("check a.js").within(outside.path()).finish();
    assert_eq!(warned.code, Some(0), "{warned}");
    assert!(
        warned.stdout.contains("missing-continue-handler"),
        "{warned}"
    );
    assert_command!(postlogin("check a.js --deny-warnings --format github").within(outside.path()), @"
    exit code: 100
    ----- stdout -----
    ::warning file=a.js,line=2,col=7,endColumn=26,title=missing-continue-handler::`api.redirect.sendUserTo` suspends the login, and no `onContinuePostLogin` resumes it%0Ahint: export `onContinuePostLogin`, even if it only checks what comes back
    ");
}

#[test]
fn what_is_no_script_is_exceeded_over() {
    let outside = folder(&[("crate/Cargo.toml", "[package]\nname = \"x\"\n")]);
    assert_command!(postlogin("check crate").within(outside.path()), @"
    exit code: 0
    ----- stdout -----
    ✓ nothing found in 0 Actions
    ----- stderr -----
    warning: crate is not checked: only JavaScript and TypeScript can be read
    ");
}

#[test]
fn bindings_that_production_refuses_are_findings() {
    let action = "exports.onExecuteCustomPhoneProvider = async () => {};\n";
    let project = folder(&[
        (
            "actions/a.json",
            "{\"name\": \"a\", \"code\": \"actions/a/code.js\", \"supported_triggers\": [{\"id\": \"custom-phone-provider\", \"version\": \"v1\"}]}",
        ),
        ("actions/a/code.js", action),
        (
            "actions/b.json",
            "{\"name\": \"b\", \"code\": \"actions/b/code.js\", \"supported_triggers\": [{\"id\": \"custom-phone-provider\", \"version\": \"v1\"}]}",
        ),
        ("actions/b/code.js", action),
        (
            "triggers/triggers.json",
            "{\n  \"custom-phone-provider\": [{\"action_name\": \"a\"}, {\"action_name\": \"b\"}],\n  \"password-reset-post-challenge\": [{\"action_name\": \"a\"}],\n  \"post-logon\": [{\"action_name\": \"a\"}],\n  \"custom-token-exchange\": [{\"action_name\": \"a\"}],\n  \"iga-approval\": [],\n  \"pre-user-registration\": []\n}\n",
        ),
        (
            "token-exchange-profiles/p.json",
            "{\"name\": \"p\", \"subject_token_type\": \"urn:a\", \"action_id\": \"gone\"}",
        ),
    ]);
    let done = postlogin("check").within(project.path()).finish();
    assert_eq!(done.code, Some(100), "{done}");
    assert_eq!(done.stderr, "", "a finding is no warning, too");
    for part in [
        "error[too-many-bound-actions]  triggers/triggers.json:2:4",
        "custom-phone-provider has 2 Actions; production allows 1",
        "error[misbound-action]  triggers/triggers.json:3:4",
        "binds the Action `a`, whose `supported_triggers` are",
        "warning[unsupported-bound-trigger]  triggers/triggers.json:4:4",
        "hint: did you mean `post-login`?",
        "warning[unbindable-trigger]  triggers/triggers.json:5:4",
        "the token exchange profile `p` names the Action `gone`, which does not exist",
    ] {
        assert!(done.stdout.contains(part), "{part}: {done}");
    }
    let json = postlogin("check --format json")
        .within(project.path())
        .finish();
    let json: Value = serde_json::from_str(&json.stdout).expect("JSON");
    let codes: Vec<&str> = json["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|it| it["code"].as_str())
        .collect();
    assert_eq!(
        codes,
        [
            "too-many-bound-actions",
            "unsupported-bound-trigger",
            "unbindable-trigger",
            "misbound-action",
            "missing-bound-action"
        ]
    );
    for format in ["sarif", "github"] {
        let done = postlogin(&format!("check --format {format}"))
            .within(project.path())
            .finish();
        assert!(done.stdout.contains("triggers/triggers.json"), "{done}");
    }
    // An Action alone is checked without the project's bindings.
    let alone = postlogin("check actions/a/code.js")
        .within(project.path())
        .finish();
    assert!(!alone.stdout.contains("bound"), "{alone}");
}

/// Production runs the version of an Action that was deployed last, and binds none that never was.
#[test]
fn a_bound_action_that_is_not_deployed_is_found() {
    let action = "exports.onExecutePostLogin = async (event, api) => {};\n";
    let manifest = |name: &str, more: &str| {
        format!(
            "{{\"name\": \"{name}\", \"code\": \"actions/{name}/code.js\"{more}, \"supported_triggers\": [{{\"id\": \"post-login\", \"version\": \"v3\"}}]}}"
        )
    };
    let (draft, open, free) = (
        manifest("draft", ", \"deployed\": false"),
        manifest("open", ""),
        manifest("free", ", \"deployed\": false"),
    );
    let project = folder(&[
        ("actions/draft.json", &draft),
        ("actions/draft/code.js", action),
        ("actions/open.json", &open),
        ("actions/open/code.js", action),
        ("actions/free.json", &free),
        ("actions/free/code.js", action),
        (
            "triggers/triggers.json",
            "{\"post-login\": [{\"action_name\": \"draft\"}, {\"action_name\": \"open\"}]}\n",
        ),
    ]);
    let done = postlogin("check").within(project.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
    assert!(
        done.stdout
            .contains("warning[undeployed-bound-action]  actions/draft.json"),
        "{done}"
    );
    assert_eq!(
        done.stdout.matches("undeployed-bound-action").count(),
        1,
        "{done}"
    );
    let done = postlogin("check --deny-warnings")
        .within(project.path())
        .finish();
    assert_eq!(done.code, Some(100), "{done}");
    // A login says so as well.
    let done = postlogin("run --format json")
        .within(project.path())
        .finish();
    assert!(
        done.stdout.contains("\"code\": \"action-not-deployed\"")
            || done.stdout.contains("\"code\":\"action-not-deployed\""),
        "{done}"
    );
}
