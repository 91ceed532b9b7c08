use postlogin_engine::Reach;

use super::inputs;
use crate::modules::{Dependencies, LocalFile, ModuleMock, Modules};

mod projects;

/// The values that count, as text: `user.email` whole, `user?` by its kind.
fn found(text: &str) -> Option<Vec<String>> {
    found_in("a.js", text, &Modules::none())
}

fn found_in(file: &str, text: &str, modules: &Modules) -> Option<Vec<String>> {
    let inputs = inputs(file, text, modules)?;
    let shown = inputs.0.iter().map(|input| {
        let path = input.path.join(".");
        match input.reach {
            Reach::Whole => path,
            Reach::Kind => path + "?",
        }
    });
    Some(shown.collect())
}

#[track_caller]
fn check(body: &str, expected: &[&str]) {
    let text = format!("exports.onExecutePostLogin = async (event, api) => {{ {body} }};");
    let expected = Some(expected.iter().map(|&path| path.to_owned()).collect());
    assert_eq!(found(&text), expected, "{body}");
}

#[track_caller]
fn refused(text: &str) {
    assert_eq!(found(text), None, "{text}");
}

#[test]
fn what_is_read_counts() {
    check("", &["?"]);
    check("api.x.y(event.user.email);", &["?", "user.email"]);
    check(
        "api.x.y(event['user'].email.length);",
        &["?", "user.email.length"],
    );
    check(
        "const { email, app_metadata: { plan = 'no' } = {} } = event.user; api.x.y(plan, email);",
        &[
            "?",
            "user?",
            "user.app_metadata?",
            "user.app_metadata.plan",
            "user.email",
        ],
    );
    check(
        "const m = event.user.app_metadata || {}; const p = m.plan ?? 1; api.x.y(p);",
        &["?", "user.app_metadata?", "user.app_metadata.plan"],
    );
    check(
        "if (event.user.app_metadata && !event.user.blocked) api.x.y();",
        &["?", "user.app_metadata?", "user.blocked?"],
    );
    check(
        "if (event.organization?.id !== undefined) api.x.y(`${event.connection.name}`);",
        &["?", "connection.name", "organization.id?"],
    );
    check(
        "if ('plan' in event.user.app_metadata) api.x.y(1);",
        &["?", "user.app_metadata.plan"],
    );
}

#[test]
fn what_is_exceeded_on_counts_as_a_whole() {
    check("api.x.y(event.user);", &["?", "user"]);
    // A method sees its object.
    check(
        "if (event.user.app_metadata.hasOwnProperty('plan')) api.x.y();",
        &["?", "user.app_metadata"],
    );
    check(
        "for (const key in event.user.user_metadata) api.x.y(key);",
        &["?", "user.user_metadata"],
    );
    check(
        "const key = event.connection.name; api.x.y(event.user.user_metadata[key]);",
        &["?", "connection.name", "user.user_metadata"],
    );
    check(
        "const f = () => event.user; api.x.y(f().email);",
        &["?", "user"],
    );
    check(
        "let u = event.user; u = u ?? 1; api.x.y(u.email);",
        &["?", "user"],
    );
    // Assigns to the parameter of the `catch`.
    check(
        "try { throw 1; } catch (e) { var e = event.user; api.x.y(e.email); }",
        &["?", "user"],
    );
    check(
        "const { email, ...rest } = event.user; api.x.y(rest);",
        &["?", "user"],
    );
    check(
        "event.user.app_metadata.x = 1; api.x.y(event.user.app_metadata.x);",
        &["?", "user.app_metadata.x"],
    );
    check(
        "const [first] = event.authorization.roles; api.x.y(first);",
        &["?", "authorization.roles"],
    );
    check(
        "const a = event.user.name === event.user.email; api.x.y(a);",
        &["?", "user.email", "user.name"],
    );
    check(
        "const undefined_ = event.user.name == event.user.nickname; api.x.y(undefined_);",
        &["?", "user.name", "user.nickname"],
    );
}

/// A handler with helpers beside it.
#[track_caller]
fn with_helpers(helpers: &str, body: &str, expected: &[&str]) {
    let text =
        format!("{helpers}\nexports.onExecutePostLogin = async (event, api) => {{ {body} }};");
    let expected = Some(expected.iter().map(|&path| path.to_owned()).collect());
    assert_eq!(found(&text), expected, "{text}");
}

#[test]
fn helpers_are_followed() {
    for helper in [
        "function plan(e) { return e.user.app_metadata.plan; }",
        "const plan = (e) => e.user.app_metadata.plan;",
        "let plan = async function named(e) { return e.user.app_metadata.plan; };",
        "const plan = function* ({ user: { app_metadata: { plan } } }) { yield plan; };",
        "const own = (e) => e.user.app_metadata.plan; const plan = own;",
        "const plan = (e, again = true) => again ? plan(e, false) : e.user.app_metadata.plan;",
    ] {
        let found = found(&format!(
            "{helper}\nexports.onExecutePostLogin = async (event, api) => {{ api.x.y(plan(event)); }};"
        ));
        let found = found.unwrap_or_else(|| panic!("{helper}"));
        assert!(
            found.contains(&"user.app_metadata.plan".to_owned()),
            "{helper}"
        );
        assert!(!found.contains(&"user".to_owned()), "{helper}");
    }
    with_helpers(
        "function f(a, { id, ...rest } = {}) { return id ?? a; }",
        "api.x.y(f(event.user.email, event.organization), 1);",
        &["?", "organization", "user.email"],
    );
    // What no parameter gets is not looked at.
    with_helpers("const f = (a) => a;", "f(1, event.user);", &["?"]);
    with_helpers(
        "const f = (a, ...all) => all;",
        "f(1, event.user);",
        &["?", "user"],
    );
    with_helpers(
        "const f = (a, b) => b.name;",
        "f(...[1, 2], event.user); f(1, event.connection);",
        &["?", "connection?", "connection.name", "user"],
    );
    // The value that comes back is all that went in.
    with_helpers(
        "const same = (a) => { return a; };",
        "api.x.y(same(event.user).email);",
        &["?", "user"],
    );
    // Not certainly this function.
    for helper in [
        "let f = (a) => 1; f = (a) => a.email;",
        "var f = (a) => 1; var f = (a) => a.email;",
        "function f(a) { return 1; } function f(a) { return a.email; }",
        "function f(a) { return 1; } if (Date) { function f(a) { return a.email; } }",
        "function f(a) { return 1; } if (Date) function f(a) { return a.email; }",
        "function f(a) { return 1; } switch (1) { case 1: function f(a) { return a.email; } }",
        "function f(a) { return 1; } label: function f(a) { return a.email; }",
        "var f = (a) => 1; try { throw (a) => a.email; } catch (f) { var f = 1; }",
        "const { f } = { f: (a) => a.email };",
        "const f = wrap((a) => 1); function wrap(g) { return (a) => a.email; }",
        "const f = ((a) => 1).bind(undefined);",
    ] {
        with_helpers(helper, "api.x.y(f(event.user));", &["?", "user"]);
    }
    // As a value, a helper is called with what nobody sees here.
    with_helpers(
        "const f = (a) => a.email;",
        "api.x.y([event.user].map(f));",
        &["?", "user"],
    );
    with_helpers(
        "const f = (a) => a.email;",
        "api.x.y(f.call(undefined, event.user), Object.entries(event.user).map(f));",
        &["?", "user"],
    );
}

#[test]
fn chains_of_variables_end() {
    // Each step doubles the ways, and a text may have thousands.
    let mut doubled = String::from("const a0 = event.user;");
    let mut called = String::from("const f0 = (e) => e.user.email;");
    for step in 1..30 {
        let before = step - 1;
        doubled += &format!("const a{step} = a{before}.x || a{before}.y;");
        called += &format!("const f{step} = (e) => [f{before}(e), f{before}(e.z)];");
    }
    refused(&format!(
        "exports.onExecutePostLogin = async (event, api) => {{ {doubled} }};"
    ));
    let text =
        format!("{called}\nexports.onExecutePostLogin = async (event, api) => {{ f29(event); }};");
    refused(&text);
    // A loop is followed for a while; what is left counts as a whole.
    let text = "const f = (e) => e.child ? f(e.child) : e.name;\nexports.onExecutePostLogin = async (event, api) => { f(event.user); };";
    let found = found(text).expect("it ends");
    assert!(found.contains(&"user.name".to_owned()), "{found:?}");
    let deepest = found.iter().max_by_key(|path| path.len());
    assert!(
        deepest.is_some_and(|path| path.ends_with("child")),
        "{found:?}"
    );
}

#[test]
fn other_forms_of_a_handler_are_read() {
    for text in [
        "exports.onExecutePostLogin = async function ({ user: { email } }, api) { api.x.y(email); };",
        "module.exports = { onExecutePostLogin: async ({ user: { email } }, api) => api.x.y(email) };",
        "module.exports.onExecutePostLogin = async ({ user: { email } }, api) => api.x.y(email);",
        "async function run({ user: { email } }, api) { api.x.y(email); }\nexports.onExecutePostLogin = run;",
        "const run = async ({ user: { email } }, api) => api.x.y(email);\nexports.onExecutePostLogin = run;",
        "const run = async ({ user: { email } }, api) => api.x.y(email);\nconst same = run;\nmodule.exports = { onExecutePostLogin: same };",
    ] {
        let expected = ["?", "user?", "user.email"].map(str::to_owned).to_vec();
        assert_eq!(found(text), Some(expected), "{text}");
    }
}

#[test]
fn what_may_depend_on_more_is_refused() {
    let handler =
        |body: &str| format!("exports.onExecutePostLogin = async (event, api) => {{ {body} }};");
    for body in [
        "api.x.y(event);",
        "api.x.y({ ...event });",
        "event.toString();",
        "const e = event; api.x.y(e);",
        "api.x.y(Math.random());",
        "const { random } = Math; api.x.y(random());",
        "api.x.y(Math['random']());",
        "api.x.y(crypto.randomUUID());",
        "api.x.y(arguments[0]);",
        "api.x.y(eval('event'));",
        "api.x.y(new Function('return 1')());",
        "api.x.y((() => {}).constructor('return Math.random()')());",
        "api.x.y((() => {})['constructor']);",
        "api.x.y(`constructor`);",
        "api.x.y(globalThis.x);",
        "api.x.y(this);",
        "await fetch('https://a.example');",
        "setTimeout(() => {}, 1);",
        "api.x.y(require('node:crypto'));",
        "api.x.y(module.require('node:crypto'));",
        "api.x.y(await import('node:crypto'));",
        "api.x.y(process.hrtime());",
        "api.x.y(performance.now());",
        "console.time('a');",
        "const log = console; log.time('a');",
        "exports.onContinuePostLogin = async () => {};",
        "api.x.y(exports);",
        "with (event) api.x.y(user);",
        "class A { static x = this; } api.x.y(A.x);",
        "api.x.y(Object.getPrototypeOf(event));",
    ] {
        refused(&handler(body));
    }
    for text in [
        "",
        "exports.onExecutePostLogin = async (event = {}, api) => {};",
        "exports.onExecutePostLogin = async (...all) => {};",
        "exports.onExecutePostLogin = async ([a], api) => {};",
        "exports.onExecutePostLogin = wrap(async (event, api) => {});",
        "exports.onExecutePostLogin = async (event, api) => {};\nexports.onExecutePostLogin = async (event, api) => {};",
        "exports['onExecutePostLogin'] = async (event, api) => {};",
        "const e = exports; e.onExecutePostLogin = async (event, api) => {};",
        "module.exports = { ...x, onExecutePostLogin: async (event, api) => {} };",
        "let run = async (event, api) => {};\nrun = 1;\nexports.onExecutePostLogin = run;",
        "function run(event, api) {}\n{ function run() {} }\nexports.onExecutePostLogin = run;",
        "for (var run = async (event, api) => {} in { a: 1 }) {}\nexports.onExecutePostLogin = run;",
        "const { run = async (event, api) => {} } = {};\nexports.onExecutePostLogin = run;",
        "async function run(event, api) {}\nrun = 1;\nexports.onExecutePostLogin = run;",
        "exports.onExecutePostLogin = async (event, api) => { var event; api.x.y(event.user.email); };",
        "const { randomUUID } = require('node:crypto');\nexports.onExecutePostLogin = async (event, api) => {};",
        "}; { exports.onExecutePostLogin = async (event, api) => {};",
    ] {
        refused(text);
    }
}
