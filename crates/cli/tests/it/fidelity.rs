//! The rows of docs/book/src/reference/fidelity.md with the state `same`, shown by Actions in JavaScript.

use serde_json::{Value, json};

use crate::support::{FIXED, folder, postlogin};

/// Runs Actions, each the body of a handler, and returns the outcome.
#[track_caller]
fn run(bodies: &[&str], arguments: &[&str]) -> Value {
    run_texts(
        &bodies.iter().map(|body| handler(body)).collect::<Vec<_>>(),
        arguments,
    )
}

fn handler(body: &str) -> String {
    format!("exports.onExecutePostLogin = async (event, api) => {{ {body} }};\n")
}

/// The same for whole texts. `a.js` is the first Action, `b.js` the second.
#[track_caller]
fn run_texts(texts: &[String], arguments: &[&str]) -> Value {
    let mut files = vec![
        ("continue.json".to_owned(), json!({"query": {"a": "1"}, "body": {"b": "2"}}).to_string()),
        (
            "postlogin.toml".to_owned(),
            "[tenant]\nroles = [{ id = \"rol_1\", name = \"admin\" }]\n\
             users = [{ user_id = \"auth0|first\", name = \"First\", app_metadata = { is = \"first\" }, \
             identities = [{ provider = \"auth0\", user_id = \"first\" }, { provider = \"github\", user_id = \"7\" }] }]\n"
                .to_owned(),
        ),
    ];
    let mut words = vec!["run".to_owned()];
    for (text, name) in texts.iter().zip(["a.js", "b.js", "c.js", "d.js", "e.js"]) {
        files.push((name.to_owned(), text.clone()));
        words.push(name.to_owned());
    }
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (&**name, &**text))
        .collect();
    let folder = folder(&files);
    let mut invocation = postlogin(&words.join(" ")).within(folder.path());
    for argument in FIXED.split(' ').chain(arguments.iter().copied()) {
        invocation = invocation.arg(argument);
    }
    let done = invocation.arg("--format").arg("json").finish();
    serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done}"))
}

#[track_caller]
fn message(outcome: &Value) -> &str {
    assert_eq!(outcome["status"], "failed", "{outcome}");
    outcome["error"]["message"].as_str().expect("a message")
}

#[test]
fn actions_run_in_their_order_each_for_itself() {
    let first = format!(
        "let count = 1; globalThis.left = 1;\n{}",
        handler(
            "count += 1; event.user.name = 'changed'; event.user.user_metadata.deep = 1; Array.prototype.left = 1;
             api.idToken.setCustomClaim('https://e.x/first', count);"
        )
    );
    let second = handler(
        "api.idToken.setCustomClaim('https://e.x/second', [
            typeof count, typeof left, typeof [].left, event.user.name, typeof event.user.user_metadata.deep,
            JSON.stringify(event).includes('https://e.x/first'), Object.isFrozen(event),
         ]);",
    );
    let outcome = run_texts(&[first, second], &["--set", "user.name=Jane"]);
    let claims = &outcome["id_token"]["claims"];
    assert_eq!(claims["https://e.x/first"], 2);
    assert_eq!(
        claims["https://e.x/second"],
        json!([
            "undefined",
            "undefined",
            "undefined",
            "Jane",
            "undefined",
            false,
            false
        ])
    );
    let ran: Vec<&Value> = outcome["usage"]["actions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| &it["action"])
        .collect();
    assert_eq!(ran, ["a", "b"]);
}

#[test]
fn a_denial_ends_the_flow_behind_its_action() {
    let deny = "api.user.setUserMetadata('before', 1); api.access.deny('no'); api.user.setUserMetadata('after', 2);";
    let later = "throw new Error('never');";
    let outcome = run(
        &["api.user.setAppMetadata('earlier', 0);", deny, later],
        &[],
    );
    assert_eq!(
        (&outcome["status"], &outcome["reason"]),
        (&json!("denied"), &json!("no"))
    );
    let user = &outcome["user"];
    assert_eq!(
        (
            &user["user_metadata"]["before"],
            &user["user_metadata"]["after"]
        ),
        (&json!(1), &json!(2))
    );
    assert_eq!(user["app_metadata"]["earlier"], 0);
    let both = "api.redirect.sendUserTo('https://e.x/'); api.access.deny('no');";
    assert_eq!(run(&[both], &[])["status"], "denied");
    for revoke in [
        "api.session.revoke('bye')",
        "api.refreshToken.revoke('bye')",
    ] {
        let outcome = run(&[revoke, later], &[]);
        assert_eq!(
            (&outcome["status"], &outcome["reason"]),
            (&json!("denied"), &json!("bye"))
        );
    }
}

#[test]
fn a_throw_fails_the_login_and_no_later_action_runs() {
    let outcome = run(
        &[
            "api.user.setUserMetadata('k', 1);",
            "console.log('here'); throw new TypeError('no');",
            "console.log('never');",
        ],
        &[],
    );
    assert_eq!(message(&outcome), "no");
    assert_eq!(outcome["error"]["name"], "TypeError");
    assert_eq!(
        outcome["usage"]["actions"].as_array().map(Vec::len),
        Some(2)
    );
    assert_eq!(outcome["user"]["user_metadata"].get("k"), None);
    // Its prints are kept.
    assert_eq!(outcome["logs"].as_array().map(Vec::len), Some(1));
    assert_eq!(outcome["logs"][0]["message"], "here");
}

#[test]
fn objects_of_the_event_are_always_there() {
    let body = "api.idToken.setCustomClaim('https://e.x/all', [
        event.user.user_metadata, event.user.app_metadata, event.client.metadata, event.request.query, event.request.body,
        event.transaction.metadata].every((it) => it && typeof it === 'object'));";
    let nulls = [
        "--set",
        "user.user_metadata=null",
        "--set",
        "user.app_metadata=null",
        "--set",
        "request.query=null",
        "--set",
        "client.metadata=null",
    ];
    let outcome = run(&[body], &nulls);
    assert_eq!(outcome["id_token"]["claims"]["https://e.x/all"], true);
    let outcome = run(&[body], &["--set", "user.user_metadata=text"]);
    assert!(
        message(&outcome).contains("cannot unmarshal string"),
        "{outcome}"
    );
}

#[test]
fn the_request_that_comes_back_is_the_one_of_the_event() {
    let text = format!(
        "{}exports.onContinuePostLogin = async (event, api) => {{
            api.idToken.setCustomClaim('https://e.x/back', [event.request.method, event.request.query.a, event.request.body.b, event.request.ip]);
            api.idToken.setCustomClaim('https://e.x/metadata', event.user.user_metadata.step);
        }};",
        handler("api.user.setUserMetadata('step', 1); api.redirect.sendUserTo('https://e.x/');")
    );
    let arguments = [
        "--continue",
        "continue.json",
        "--set",
        "request.ip=192.0.2.7",
    ];
    let outcome = run_texts(&[text, handler("")], &arguments);
    let claims = &outcome["id_token"]["claims"];
    assert_eq!(
        claims["https://e.x/back"],
        json!(["POST", "1", "2", "192.0.2.7"])
    );
    // It was stored before the browser left.
    assert_eq!(claims["https://e.x/metadata"], 1);
}

#[test]
fn factors_follow_the_rules_of_the_mfa_guides() {
    let otp = "--set";
    let enrolled = "user.enrolledFactors=[{\"type\":\"otp\"}]";
    let pass = |count: usize| ["--challenge", "succeed"].repeat(count);
    let with = |count: usize| {
        let mut all = vec![
            otp,
            enrolled,
            otp,
            "authentication.methods=[]",
            otp,
            "user.email_verified=false",
        ];
        all.extend(pass(count));
        all
    };
    let challenge = "api.authentication.challengeWith({ type: 'otp' });";
    let after = "api.idToken.setCustomClaim('https://e.x/seen', [event.authentication.methods.map((m) => m.type), event.user.enrolledFactors.map((f) => f.type)]);";
    // A factor that was passed is ignored, and both lists are those of the moment.
    let enrol = "api.authentication.enrollWith({ type: 'phone' });";
    let outcome = run(&[challenge, challenge, enrol, after], &with(2));
    assert_eq!(outcome["status"], "allowed", "{outcome}");
    let seen = &outcome["id_token"]["claims"]["https://e.x/seen"];
    assert_eq!(*seen, json!([["otp", "phone"], ["otp", "phone"]]));
    for (body, text) in [
        (
            enrol,
            "Challenge with at least one existing factor before enrolling a new one.",
        ),
        (
            "api.authentication.challengeWith({ type: 'phone' });",
            "An MFA challenge is used in a PostLogin action",
        ),
        (
            "api.authentication.enrollWith({ type: 'otp' });",
            "An MFA enrollment is used in a PostLogin action",
        ),
        (
            "api.authentication.enrollWith({ type: 'email' });",
            "An MFA enrollment is used in a PostLogin action",
        ),
        (
            "for (let i = 0; i < 5; i++) api.authentication.challengeWith({ type: 'otp' });",
            "4 times in all",
        ),
    ] {
        let outcome = run(&[body], &with(1));
        assert!(message(&outcome).contains(text), "{outcome}");
    }
    // `multifactor.enable` comes at the end, and only where no Action has chosen.
    let enable = "api.multifactor.enable('any');";
    assert_eq!(run(&[enable, after], &with(0))["status"], "challenged");
    assert_eq!(run(&[challenge, enable], &with(1))["status"], "allowed");
    let silent = ["--set", "request.query.prompt=none", otp, enrolled];
    for (body, name) in [
        (challenge, "login_required"),
        (enable, "login_required"),
        (
            "api.redirect.sendUserTo('https://e.x/');",
            "interaction_required",
        ),
    ] {
        assert_eq!(run(&[body], &silent)["error"]["name"], name, "{body}");
    }
}

#[test]
fn redirects_and_forms_continue_and_challenges_do_not() {
    let continues = |body: &str| {
        let text = format!(
            "{}exports.onContinuePostLogin = async (event, api) => {{ console.log('continued'); }};",
            handler(body)
        );
        let arguments = [
            "--continue",
            "continue.json",
            "--challenge",
            "succeed",
            "--set",
            "user.enrolledFactors=[{\"type\":\"otp\"}]",
        ];
        let outcome = run_texts(&[text, handler("console.log('next');")], &arguments);
        let logs = outcome["logs"].as_array().cloned().unwrap_or_default();
        logs.iter()
            .map(|log| log["message"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        continues("api.redirect.sendUserTo('https://e.x/');"),
        ["continued", "next"]
    );
    assert_eq!(
        continues("api.prompt.render('ap_1');"),
        ["continued", "next"]
    );
    assert_eq!(
        continues("api.authentication.challengeWith({ type: 'otp' });"),
        ["next"]
    );
    for protocol in ["oauth2-password", "oauth2-refresh-token"] {
        let protocol = format!("transaction.protocol={protocol}");
        for body in [
            "api.redirect.sendUserTo('https://e.x/');",
            "api.prompt.render('ap_1');",
        ] {
            let outcome = run(&[body], &["--set", &protocol]);
            assert_eq!(outcome["error"]["name"], "interaction_required", "{body}");
        }
    }
}

#[test]
fn session_tokens_are_signed_as_any_jwt() {
    let body = "
        const token = api.redirect.encodeToken({ secret: 's3cret', payload: { score: 3 }, expiresInSeconds: 60 });
        const [header, payload, signature] = token.split('.');
        const made = require('node:crypto').createHmac('sha256', 's3cret').update(`${header}.${payload}`).digest('base64url');
        const claims = JSON.parse(Buffer.from(payload, 'base64url'));
        api.idToken.setCustomClaim('https://e.x/token', [made === signature, JSON.parse(Buffer.from(header, 'base64url')).alg,
            claims.score, claims.sub === event.user.user_id, claims.exp - claims.iat, claims.ip === event.request.ip]);";
    let outcome = run(&[body], &[]);
    assert_eq!(
        outcome["id_token"]["claims"]["https://e.x/token"],
        json!([true, "HS256", 3, true, 60, true]),
        "{outcome}"
    );
}

#[test]
fn metadata_is_merged_stored_once_and_seen_by_later_actions() {
    let first =
        "api.user.setUserMetadata('a', { deep: 1 }); api.user.setUserMetadata('gone', null);
        api.user.setAppMetadata('b', [1]);
        console.log(JSON.stringify(event.user.user_metadata));";
    let second = "console.log(JSON.stringify(event.user.user_metadata)); api.user.setUserMetadata('a', { other: 2 });";
    let given = [
        "--set",
        "user.user_metadata={\"gone\":1,\"kept\":{\"x\":1}}",
        "--set",
        "user.app_metadata={}",
    ];
    let outcome = run(&[first, second], &given);
    assert_eq!(
        outcome["logs"][0]["message"],
        r#"{"gone":1,"kept":{"x":1}}"#
    );
    assert_eq!(
        outcome["logs"][1]["message"],
        r#"{"kept":{"x":1},"a":{"deep":1}}"#
    );
    assert_eq!(
        outcome["user"]["user_metadata"],
        json!({"kept": {"x": 1}, "a": {"other": 2}})
    );
    assert_eq!(outcome["user"]["app_metadata"], json!({"b": [1]}));
    let outcome = run(
        &["api.user.setUserMetadata('big', 'x'.repeat(12000));"],
        &given,
    );
    assert_eq!(
        (&outcome["status"], &outcome["notices"][0]["code"]),
        (&json!("allowed"), &json!("profile-over-10kb"))
    );
}

#[test]
fn an_update_that_cannot_be_stored_fails_the_login() {
    for (call, text) in [
        ("setUserMetadata('k', undefined)", "is undefined"),
        ("setUserMetadata('k', () => {})", "is undefined"),
        ("setUserMetadata('a.b', 1)", "`a.b`"),
        ("setAppMetadata('k', { $set: 1 })", "`$set`"),
        (
            "setAppMetadata('email', 'x')",
            "Forbidden attribute in app_metadata: email",
        ),
        ("setUserMetadata('k', 'x'.repeat(33000))", "32768 bytes"),
    ] {
        let outcome = run(
            &[
                &format!("api.user.setUserMetadata('good', 1); api.user.{call};"),
                "",
            ],
            &[],
        );
        let found = message(&outcome);
        assert!(
            found.starts_with("user update failed: ") && found.contains(text),
            "{found}"
        );
        assert_eq!(outcome["user"]["user_metadata"].get("good"), None);
        assert_eq!(outcome["id_token"]["claims"], json!({}));
    }
}

#[test]
fn the_login_continues_as_the_primary_user() {
    let first = "api.user.setUserMetadata('lost', 1); api.user.setAppMetadata('kept', 2); api.authentication.setPrimaryUser('auth0|first');";
    let second = "api.idToken.setCustomClaim('https://e.x/user', [event.user.user_id, event.user.name, event.user.app_metadata, event.user.user_metadata]);";
    let outcome = run(&[first, second], &["--set", "user.user_id=github|7"]);
    let claims = &outcome["id_token"]["claims"];
    assert_eq!(claims["sub"], "auth0|first", "{outcome}");
    assert_eq!(
        claims["https://e.x/user"],
        json!(["auth0|first", "First", {"is": "first", "kept": 2}, {}])
    );
    let outcome = run(&[first], &["--set", "user.user_id=github|8"]);
    assert!(
        message(&outcome).contains("not a secondary identity"),
        "{outcome}"
    );
}

#[test]
fn roles_of_the_user_are_those_of_the_tenant() {
    let body = "const { roles } = await api.roles.getUserEffectiveRoles();
        api.idToken.setCustomClaim('https://e.x/roles', roles.map((role) => [role.id, role.name]));";
    let outcome = run(&[body], &["--set", "authorization.roles=[\"admin\"]"]);
    assert_eq!(
        outcome["id_token"]["claims"]["https://e.x/roles"],
        json!([["rol_1", "admin"]]),
        "{outcome}"
    );
}

#[test]
fn claims_pass_the_rules_of_their_token() {
    let body = "
        for (const token of [api.idToken, api.accessToken]) {
            for (const name of ['sub', 'roles', 'https://x.auth0.com/a', 'https://webtask.io/b', 'urn:auth0:c', 'email', 'https://e.x/ok', 'plain']) {
                token.setCustomClaim(name, 'set');
            }
        }
        api.idToken.setCustomClaim('plain', 'last');";
    let rules = |outcome: &Value, token: &str| {
        let entries = outcome["ledger"].as_array().cloned().unwrap_or_default();
        let of_token = entries.into_iter().filter(|entry| entry["token"] == token);
        of_token
            .map(|entry| match entry["rule"].as_str() {
                Some(rule) => rule.to_owned(),
                None => entry["verdict"].as_str().unwrap_or_default().to_owned(),
            })
            .collect::<Vec<_>>()
    };
    let (name, space) = ("restricted-name", "auth0-namespace");
    let scopes = "transaction.requested_scopes=[\"openid\"]";
    let with_api = [
        "--set",
        scopes,
        "--set",
        "resource_server={\"identifier\":\"https://api.e.x\"}",
    ];
    let outcome = run(&[body], &with_api);
    assert_eq!(
        rules(&outcome, "id_token"),
        [
            name,
            name,
            space,
            space,
            space,
            "scope-filter",
            "kept",
            "overwritten",
            "kept"
        ]
    );
    assert_eq!(
        rules(&outcome, "access_token"),
        [
            name,
            name,
            space,
            space,
            space,
            "scope-filter",
            "kept",
            "kept"
        ]
    );
    assert_eq!(outcome["id_token"]["claims"]["plain"], "last");
    assert_eq!(outcome["userinfo"]["https://e.x/ok"], "set");
    // Without an API the token is opaque, and without `openid` there is no ID token.
    let without = [
        "--set",
        "resource_server=null",
        "--set",
        "transaction.requested_scopes=[]",
        "--set",
        "request.query={}",
    ];
    let outcome = run(&[body], &without);
    assert!(
        rules(&outcome, "access_token")
            .iter()
            .all(|rule| rule == "opaque-token" || rule == name || rule == space),
        "{outcome}"
    );
    assert_eq!(outcome["id_token"]["claims"], json!({}));
    let large = "api.idToken.setCustomClaim('https://e.x/a', 'x'.repeat(103000));";
    assert!(message(&run(&[large], &with_api)).contains("the limit is 102400"));
}

#[test]
fn scopes_and_sessions_refuse_what_the_layer_refuses() {
    let body = "
        const said = [];
        try { api.accessToken.setCustomClaim('scope', 'x'); } catch (error) { said.push(error.name); }
        try { api.session.setMetadata('k', 'x'.repeat(300)); } catch (error) { said.push(error.name); }
        try { api.session.setMetadata('other', 'v'); } catch (error) { said.push(error.name); }
        api.transaction.setMetadata('step', 1);
        said.push(event.transaction.metadata.step);
        api.accessToken.addScope('more');
        api.idToken.setCustomClaim('https://e.x/said', said);";
    let outcome = run(
        &[body],
        &[
            "--set",
            "resource_server={\"identifier\":\"https://api.e.x\"}",
        ],
    );
    let said = &outcome["id_token"]["claims"]["https://e.x/said"];
    assert_eq!(*said, json!(["Error", "Error", "Error", 1]), "{outcome}");
    let scopes = outcome["access_token"]["scopes"]
        .as_array()
        .expect("a list");
    assert!(scopes.contains(&json!("more")), "{outcome}");
    let own = [
        "--set",
        "resource_server={\"identifier\":\"https://t.e.x/api/v2/\"}",
        "--set",
        "request.hostname=t.e.x",
    ];
    let outcome = run(&["api.accessToken.addScope('more');"], &own);
    assert_eq!(
        outcome["notices"][0]["code"], "scope-change-ignored",
        "{outcome}"
    );
}
