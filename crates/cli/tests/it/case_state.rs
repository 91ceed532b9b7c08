//! Cases with a cache, with tokens that a site signs, and with answers of the Management API.

use serde_json::{Value, json};

use crate::support::{folder, postlogin};

#[track_caller]
fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

const CACHED: &str = "exports.onExecutePostLogin = async (event, api) => {
  const found = (key) => {
    const entry = api.cache.get(key);
    return entry ? `${entry.value} ${entry.expires_at - Date.now()}` : 'none';
  };
  api.idToken.setCustomClaim('https://example.com/found', ['a', 'b', 'c'].map(found));
  await new Promise((wake) => setTimeout(wake, 5_000));
  api.idToken.setCustomClaim('https://example.com/later', found('b'));
};
";

#[test]
fn a_case_begins_with_entries_of_the_cache() {
    let cases = r#"
actions: [../a.js]
cache: { a: one, b: { value: two, ttl: 4s } }
cases:
  - description: given
    expect: { id_token: { "https://example.com/found": [one 900000, two 4000, none], "https://example.com/later": none } }
  - description: joined by key
    now: 2020-01-01T00:00:00Z
    cache: { b: mine, c: { value: "", ttl: 24h } }
    expect: { id_token: { "https://example.com/found": [one 900000, mine 900000, " 86400000"] } }
"#;
    let good = folder(&[("a.js", CACHED), ("tests/a.case.yaml", cases)]);
    let done = postlogin("test").within(good.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
    let wrong =
        "actions: [../a.js]\ncache:\n  a: 5\n  b: { valu: x }\n  c: { value: x, ttl: 25h }\n";
    let mistaken = folder(&[("a.js", CACHED), ("tests/a.case.yaml", wrong)]);
    let done = postlogin("test").within(mistaken.path()).finish();
    assert_eq!(done.code, Some(2), "{done}");
    contains(
        &done.stderr,
        &[
            "tests/a.case.yaml:3:6: `a` in the cache is a number, and only strings are cached",
            "tests/a.case.yaml:4:6: `b` in the cache has no `value`",
            "unknown key `valu` in `b` in the cache\nhint: did you mean `value`?",
            "tests/a.case.yaml:5:3: an entry of the cache lives for 1 ms to 24 hours",
        ],
    );
}

#[test]
fn a_site_gives_a_token_back_that_the_action_accepts() {
    let action = "exports.onExecutePostLogin = async (event, api) => {
  api.redirect.sendUserTo('https://site.example/?state=mine#here');
};
exports.onContinuePostLogin = async (event, api) => {
  const payload = api.redirect.validateToken({ secret: event.secrets.SHARED, tokenParameterName: 'signed' });
  api.idToken.setCustomClaim('https://example.com/payload', payload);
};
";
    let cases = r#"
actions: [../a.js]
secrets: { SHARED: sesame-1 }
cases:
  - description: accepted
    continue: { token: { secret: sesame-1, name: signed, payload: { age: 7 } } }
    expect: { status: allowed, id_token: { "https://example.com/payload": { age: 7 } } }
  - description: expired
    continue: { token: { secret: sesame-1, name: signed, payload: { exp: 5 } } }
    expect: { status: failed, error: "The session token is invalid: Token has expired." }
  - description: of another secret
    continue: { token: { secret: other, name: signed } }
    expect: { error: "The session token is invalid: Failed signature validation" }
  - description: of another user
    steps:
      - continue: { token: { secret: sesame-1, name: signed, payload: { sub: "auth0|2" } } }
    expect: { error: "The session token is invalid: The sub claim does not match the user_id." }
  - description: with a state of its own
    continue: { query: { state: own }, token: { secret: sesame-1, name: signed } }
    expect: { status: allowed }
"#;
    let good = folder(&[("a.js", action), ("tests/a.case.yaml", cases)]);
    let done = postlogin("test").within(good.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
    let wrong =
        "actions: [../a.js]\ncontinue: { query: { session_token: x }, token: { secret: a } }\n";
    let mistaken = folder(&[("a.js", action), ("tests/a.case.yaml", wrong)]);
    let done = postlogin("test").within(mistaken.path()).finish();
    contains(
        &done.stderr,
        &["`session_token` is in the `query` and made by `token`"],
    );
}

#[test]
fn a_mock_decides_whether_an_update_of_a_rule_fails() {
    let rule = "function update(user, context, callback) {
  auth0.users.updateAppMetadata(user.user_id, { plan: 'gold' })
    .then(() => callback(null, { ...user, done: true }, context), (error) => callback(error));
}
";
    let cases = r#"
actions: [../rules/update.js]
cases:
  - description: no mock
    expect: { status: allowed, app_metadata: { plan: gold } }
  - description: refused
    http:
      - request: { method: PATCH, url: "https://*/api/v2/users/auth0%7C*", json: { app_metadata: { plan: gold } } }
        response: { status: 429, json: { statusCode: 429, message: Global limit has been reached } }
    expect: { status: denied, reason: Global limit has been reached }
  - description: no network
    http: [ { request: { url: "https://*" }, response: { error: ECONNRESET } } ]
    expect: { status: denied, reason: ECONNRESET }
  - description: accepted
    http: [ { request: { url: "https://*" }, response: { json: {} } } ]
    expect: { status: allowed, app_metadata: { plan: gold } }
"#;
    let folder = folder(&[("rules/update.js", rule), ("tests/a.case.yaml", cases)]);
    let done = postlogin("test").within(folder.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
}

#[test]
fn the_outcome_has_what_rules_passed_on() {
    let rule = "function (user, context, callback) {
  user.fromRule = { secret: configuration.KEY };
  context.idToken['https://example.com/x'] = 1;
  context.own = [undefined, 2];
  callback(null, user, context);
}
";
    let quiet = "exports.onExecutePostLogin = async () => {};\n";
    let folder = folder(&[("rules/x.js", rule), ("quiet.js", quiet)]);
    let outcome = |arguments: &str| -> Value {
        let done = postlogin(&format!(
            "run {arguments} --format json --secret KEY=sesame-12345"
        ))
        .within(folder.path())
        .finish();
        serde_json::from_str(&done.stdout).unwrap_or_else(|_| panic!("{done}"))
    };
    let ran = outcome("rules/x.js");
    assert_eq!(ran["rules"]["user"]["fromRule"], json!({"secret": "***"}));
    let context = &ran["rules"]["context"];
    assert_eq!(context["own"], json!([null, 2]));
    assert_eq!(context["idToken"], json!({"https://example.com/x": 1}));
    assert_eq!(context["protocol"], "oidc-basic-profile");
    assert!(outcome("quiet.js").get("rules").is_none());
}

#[test]
fn code_that_production_gets_uncompiled_is_a_notice() {
    let manifest = r#"{"name": "a", "code": "./actions/a/code.ts", "supported_triggers": [{"id": "post-login", "version": "v3"}]}"#;
    let typed = "exports.onExecutePostLogin = async (event: any) => {};\n";
    let notices = |files: &[(&str, &str)]| -> Vec<String> {
        let folder = folder(files);
        let done = postlogin("run a --format json")
            .within(folder.path())
            .finish();
        let outcome: Value =
            serde_json::from_str(&done.stdout).unwrap_or_else(|_| panic!("{done}"));
        let notices = outcome["notices"].as_array().expect("a list").iter();
        let notices = notices.filter(|notice| notice["code"] == "not-compiled");
        notices
            .map(|notice| notice["message"].to_string())
            .collect()
    };
    let found = notices(&[("actions/a.json", manifest), ("actions/a/code.ts", typed)]);
    let [notice] = found.as_slice() else {
        panic!("{found:?}");
    };
    contains(
        notice,
        &[
            "actions/a/code.ts:1:37: actions/a.json names this file as the code, and it is uploaded as it is: production does not run TypeScript",
        ],
    );
    // The name alone is not a mistake, and beside postlogin.toml a build step may follow.
    let plain = "exports.onExecutePostLogin = async () => {};\n";
    let none: [&str; 0] = [];
    assert_eq!(
        notices(&[("actions/a.json", manifest), ("actions/a/code.ts", plain)]),
        none
    );
    let toml = "binding = [\"a\"]\n[actions.a]\ncode = \"a.ts\"\nsecrets = [\"X\"]\n";
    let files = [("postlogin.toml", toml), ("a.ts", typed)];
    assert_eq!(notices(&files), none);
    let done = postlogin("check").within(folder(&files).path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
}
