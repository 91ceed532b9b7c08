//! Findings of small Actions, as `line:column code`.

use std::collections::HashSet;

use super::{Declared, Finding, Source, check, rules as all_rules};

mod declared;
mod handlers;
mod rules;

fn of(file: &str, text: &str, declared: Option<&Declared>) -> Vec<Finding> {
    check(&Source {
        file,
        text,
        declared,
    })
}

fn short(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| {
            let place = &finding.location;
            format!("{}:{} {}", place.line, place.column, finding.rule.code)
        })
        .collect()
}

#[track_caller]
fn check_text(file: &str, text: &str, expected: &[&str]) {
    let found = of(file, text, None);
    assert_eq!(short(&found), expected, "{text}\n{found:#?}");
}

/// The lines are the body of `onExecutePostLogin`, from line 2 on. Each expectation is `line:column code`.
#[track_caller]
fn check_body(body: &str, expected: &[&str]) {
    let text = format!("exports.onExecutePostLogin = async (event, api) => {{\n{body}\n}};\n");
    check_text("code.js", &text, expected);
}

#[track_caller]
fn check_silent(body: &str) {
    check_body(body, &[]);
}

#[track_caller]
fn check_words(body: &str, message: &str, hint: &str) {
    let text = format!("exports.onExecutePostLogin = async (event, api) => {{\n{body}\n}};\n");
    let found = of("code.js", &text, None);
    let [found] = found.as_slice() else {
        panic!("one finding: {found:#?}")
    };
    assert_eq!(found.message, message);
    assert_eq!(found.hint.as_deref().unwrap_or_default(), hint);
}

#[test]
fn methods_that_do_not_exist() {
    check_words(
        "api.idToken.setCustomClaims('a', 1);",
        "`api.idToken.setCustomClaims` does not exist",
        "did you mean `api.idToken.setCustomClaim`?",
    );
    check_words(
        "api.deny('x');",
        "`api.deny` does not exist",
        "did you mean `api.access.deny`?",
    );
    check_words(
        "api.idtoken.setCustomClaim('a', 1);",
        "`api.idtoken.setCustomClaim` does not exist",
        "did you mean `api.idToken.setCustomClaim`?",
    );
    check_words(
        "api.nothing.like.it();",
        "`api.nothing.like` does not exist",
        "",
    );
    check_body("api.acces.deny('x');", &["2:5 unknown-api-method"]);
    check_body(
        "const { idToken } = api;\nidToken.setClaim('a', 1);",
        &["3:9 unknown-api-method"],
    );
    check_body(
        "const deny = api.access.dny;\ndeny('x');",
        &["2:25 unknown-api-method"],
    );
    check_body("api['access']['dney']('x');", &["2:15 unknown-api-method"]);
    check_body(
        "return api.user.setAppMetadata('a', 1).user.setUserMetadat('b', 2);",
        &["2:45 unknown-api-method"],
    );
}

#[test]
fn calls_that_may_be_right() {
    for body in [
        "api.access.deny('x'); api.user.setUserMetadata('a', 1).user.setAppMetadata('b', 2);",
        "api.access.deny.call(api.access, 'x'); api.access.deny.bind(null)('x');",
        "api.future?.thing(); api.future.thing?.(); api?.future.thing();",
        "if (api.future) { api.future.thing(); }",
        "if (typeof api.future.thing === 'function') api.future.thing();",
        "api.future && api.future.thing();",
        "api[event.client.name]('x'); api.idToken[`set${1}`]('a');",
        "api.toString(); api.idToken.hasOwnProperty('x');",
        "const f = (api) => api.nope.nope(); f({});",
        "{ const api = other(); api.nope.nope(); }",
        "api = wrap(api); api.nope.nope();",
        "let t = api.idToken; t = other; t.nope();",
    ] {
        check_silent(body);
    }
}

#[test]
fn paths_that_do_not_exist() {
    check_words(
        "console.log(event.client.metdata);",
        "`event.client.metdata` does not exist in the post-login event (v3)",
        "did you mean `event.client.metadata`?",
    );
    check_body("if (event.organisation) {}", &["2:11 unknown-event-path"]);
    check_body(
        "event.request.headers['user-agent'];",
        &["2:15 unknown-event-path"],
    );
    check_body(
        "event.request?.geoIp?.countryCode",
        &["2:16 unknown-event-path"],
    );
    check_body("const { clientt } = event;", &["2:9 unknown-event-path"]);
    check_body(
        "const { client: { idd } } = event;",
        &["2:19 unknown-event-path"],
    );
    // Once, where it is written.
    check_body(
        "const stats = event.stat;\nstats.logins_count; stats.logins_count;",
        &["2:21 unknown-event-path"],
    );
    check_body(
        "const c = event.client || {};\nc.nmae;",
        &["3:3 unknown-event-path"],
    );
    check_body(
        "const c = event.client && event.client.nmae;",
        &["2:40 unknown-event-path"],
    );
    check_body(
        "event.client.nmae.toLowerCase()",
        &["2:14 unknown-event-path"],
    );
    check_body("event.clientt.x = 1;", &["2:7 unknown-event-path"]);
    check_text(
        "a.js",
        "const f = (c, api) => { api.acess.deny(c.idd); };\n\
         exports.onExecutePostLogin = async (event, api) => { f(event.client, api); f(event.client, api); };",
        &["1:29 unknown-api-method", "1:42 unknown-event-path"],
    );
    check_text(
        "a.js",
        "exports.onExecutePostLogin = async ({ client: { idd }, usr }) => {};",
        &["1:49 unknown-event-path", "1:56 unknown-event-path"],
    );
    check_text(
        "a.ts",
        "export const onExecutePostLogin = async (event: Event, api: PostLoginAPI): Promise<void> => {\n  \
         (event as any).clint; event.client!.nam;\n};",
        &["2:18 unknown-event-path", "2:39 unknown-event-path"],
    );
}

#[test]
fn reads_that_may_be_right() {
    for body in [
        "event.user.anything.at.all; event.user.app_metadata.x.y; event.request.query.z; event.secrets.X;",
        "event.client.metadata.plan; event.organization.anything; event.transaction.anything;",
        "event.user.identities[0].anything; event.authentication.methods.find(m => m.nme);",
        "event.client.name.length; event.user.email.split('@')[1]; event.authorization.roles.length;",
        "event[event.user.name]; event.client[`x`]; event.client['x' + 1];",
        "event.hasOwnProperty('x'); event.client.toString(); event.constructor;",
        "const f = (event) => event.nope; [].map(({ nope }) => nope);",
        "for (const event of []) event.nope;",
        "event = copy(event); event.nope;",
        "event.mine = 1; event.mine; event.mine.too;",
        "event.client.mine = {}; const { mine } = event.client;",
        "event.client[key] = 1; event.client.mine;",
        "Object.assign(event.client, { mine: 1 }); event.client.mine;",
        "delete event.request.nope;",
        "const c = event.client || { mine: 1 }; c.mine;",
        "const { client = { mine: 1 } } = event; client.mine;",
        "const c = event.client && event.client.metadata; c.mine;",
        "const c = event.user ? event.client : {}; c.mine;",
        "let c = event.client; c = { mine: 1 }; c.mine;",
        "var c = event.client; var c = { mine: 1 }; c.mine;",
        "const { user, ...rest } = event; rest.client.name;",
        "const f = (c) => c.mine; f(event.client); f({ mine: 1 });",
        "const f = (c) => c.mine; f(event.client); [{}].map(f);",
        "const f = (c) => { c = {}; c.mine; }; f(event.client);",
        "function f(...all) { all.mine; } f(event.client);",
        "const f = (c, d = {}) => d.mine; f(...[event.client, event.client]);",
        "class A { constructor(event) { this.event = event; } get() { return this.event.nope; } }",
        "helper(event, { nope: 1 });",
    ] {
        check_silent(body);
    }
}

#[test]
fn claims_that_no_token_carries() {
    check_words(
        "api.idToken.setCustomClaim('roles', []);",
        "the claim name `roles` is reserved; production ignores it",
        "put it into a namespace of yours: `https://example.com/roles`",
    );
    check_body(
        "api.accessToken.setCustomClaim(`sub`, 1);",
        &["2:32 restricted-claim"],
    );
    check_body(
        "const ns = 'https://me.auth0.com/';\napi.idToken.setCustomClaim(ns + 'a', 1);\napi.idToken.setCustomClaim(`${ns}b`, 1);",
        &["3:28 auth0-namespace", "4:28 auth0-namespace"],
    );
    for body in [
        "api.idToken.setCustomClaim('email', 1); api.idToken.setCustomClaim('plan', 1);",
        "api.idToken.setCustomClaim('https://example.com/roles', 1);",
        "api.idToken.setCustomClaim(`${event.client.name}roles`, 1); api.idToken.setCustomClaim(name, 1);",
        "let ns = 'https://auth0.com/'; ns = other; api.idToken.setCustomClaim(ns + 'x', 1);",
        "api.user.setUserMetadata('roles', 1); api.samlResponse.setAttribute('roles', 1);",
    ] {
        check_silent(body);
    }
}

#[test]
fn text_that_production_does_not_take() {
    let check = check_text;
    check(
        "a.js",
        "exports.onExecutePostLogin = async () => {",
        &["1:43 syntax-error"],
    );
    check(
        "a.js",
        "export const onExecutePostLogin = async () => {};",
        &["1:1 es-module-syntax"],
    );
    check(
        "a.js",
        "import x from 'y';\nexports.onExecutePostLogin = async () => { await import('z'); };",
        &["1:1 es-module-syntax", "2:50 dynamic-import"],
    );
    check(
        "a.mjs",
        "export const onExecutePostLogin = async () => { await import('z'); };",
        &[],
    );
    check("a.ts", "const x: = 1;", &["1:10 syntax-error"]);
    let large = format!(
        "exports.onExecutePostLogin = async () => {{}};//{}",
        "x".repeat(102_400)
    );
    check("a.js", &large, &["1:1 code-too-large"]);
}

#[test]
fn comments_silence_what_they_name() {
    check_silent("event.nope; // postlogin-ignore unknown-event-path");
    check_silent(
        "// postlogin-ignore unknown-event-path, unknown-api-method -- early access\nevent.nope; api.nope();",
    );
    check_silent("/* postlogin-ignore unknown-event-path */\nevent.nope;");
    check_body(
        "// postlogin-ignore unknown-api-method\nevent.nope;",
        &["3:7 unknown-event-path"],
    );
    check_body(
        "event.client.name; // postlogin-ignore unknown-event-path\nevent.nope;",
        &["3:7 unknown-event-path"],
    );
    check_body(
        "// postlogin-ignore unknown-event-paths\n// postlogin-ignore",
        &["2:21 unknown-rule", "3:4 unknown-rule"],
    );
    check_silent("console.log('postlogin-ignore nothing');");
}

#[test]
fn a_rule_has_a_code_and_a_page() {
    let mut codes = HashSet::new();
    for rule in all_rules() {
        assert!(codes.insert(rule.code), "{} stands twice", rule.code);
        assert!(rule.source.is_none_or(|page| page.starts_with("https://")));
        let is_kebab =
            |letter: char| letter.is_ascii_lowercase() || matches!(letter, '-' | '0'..='9');
        assert!(rule.code.chars().all(is_kebab), "{}", rule.code);
        assert!(!rule.summary.ends_with('.'), "{}", rule.code);
    }
}

#[test]
fn findings_say_how_much_is_meant() {
    let found = of(
        "a.js",
        "exports.onExecutePostLogin = async (e) => e.clint;",
        None,
    );
    assert_eq!(found.first().map(|finding| finding.length), Some(5));
}

#[test]
fn thousands_of_findings_in_one_line_are_found_in_one_go() {
    let body = "api.idToken.setCustomClaim('iss', event.usr); ".repeat(20_000);
    let text = format!("exports.onExecutePostLogin = async (event, api) => {{ {body} }};");
    let found = of("code.js", &text, None);
    // And the size of the code.
    assert_eq!(found.len(), 40_001);
    let ignored: String = (0..20_000)
        .map(|_| "api.idToken.setCustomClaim('iss', 1); // postlogin-ignore restricted-claim\n")
        .collect();
    let text = format!("exports.onExecutePostLogin = async (event, api) => {{\n{ignored}}};");
    // The size of the code alone is left.
    let left: Vec<&str> = of("code.js", &text, None)
        .iter()
        .map(|finding| finding.rule.code)
        .collect();
    assert_eq!(left, ["code-too-large"]);
}
