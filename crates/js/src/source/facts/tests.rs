//! Facts of small texts, by their names in the order of the text.

use super::{ApiCall, Chain, Facts, Mention, Require, facts};

fn names(mentions: &[Mention]) -> String {
    joined(mentions.iter().map(|mention| mention.name.clone()))
}

fn modules(requires: &[Require]) -> String {
    joined(requires.iter().map(|require| require.name.clone()))
}

fn paths(chains: &[Chain]) -> String {
    joined(chains.iter().map(Chain::path))
}

/// The methods; those that are called only if they are there have a `?`.
fn calls(calls: &[ApiCall]) -> String {
    joined(calls.iter().map(|call| {
        let mark = if call.is_guarded { "?" } else { "" };
        call.chain.path() + mark
    }))
}

fn joined(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(" ")
}

const HANDLER: &str = "exports.onExecutePostLogin = async (event, api) => {";

fn check_in_handler(body: &str, event_paths: &str, api_calls: &str) {
    let found = facts("code.js", &format!("{HANDLER}\n{body}\n}};"));
    assert!(found.is_parsed, "{body}");
    assert_eq!(paths(&found.event_paths), event_paths, "{body}");
    assert_eq!(calls(&found.api_calls), api_calls, "{body}");
}

#[test]
fn chains_below_event_and_api() {
    check_in_handler("", "", "");
    check_in_handler(
        "api.idToken.setCustomClaim('a', event.user.email);",
        "user.email",
        "idToken.setCustomClaim",
    );
    check_in_handler(
        "event.user?.app_metadata?.['tier'];",
        "user.app_metadata.tier",
        "",
    );
    check_in_handler("event.user.email.endsWith('.com')", "user.email", "");
    check_in_handler("event.user.roles[0].name", "user.roles", "");
    check_in_handler(
        "const { user, client: { name: n } } = event; user.email; n",
        "user client.name user.email",
        "",
    );
    check_in_handler(
        "const m = event.user.user_metadata || {}; m.hobby",
        "user.user_metadata user.user_metadata.hobby",
        "",
    );
    check_in_handler(
        "const { idToken } = api; idToken.setCustomClaim('a', 1)",
        "",
        "idToken.setCustomClaim",
    );
    check_in_handler("const set = api.access.deny; set('x')", "", "access.deny");
    check_in_handler("let m = event.user; m = other; m.nope;", "user", "");
    check_in_handler(
        "event.user.x = 1; const f = (event) => event.nope;",
        "user",
        "",
    );
    check_in_handler(
        "return api.access.deny(`${event.user.name}`)",
        "user.name",
        "access.deny",
    );
    check_in_handler("api[`x`]; api.nope.foo?.()", "", "nope.foo?");
}

#[test]
fn handlers_are_found_however_they_are_exported() {
    let check = |file: &str, text: &str, name: &str, is_async: Option<bool>| {
        let found = facts(file, text);
        let handlers: Vec<_> = found
            .handlers
            .iter()
            .map(|handler| (handler.name.as_str(), handler.is_async))
            .collect();
        assert_eq!(handlers, [(name, is_async)], "{text}");
        let expected = if is_async.is_some() { "user.a" } else { "" };
        assert_eq!(paths(&found.event_paths), expected, "{text}");
    };
    let name = "onExecutePostLogin";
    check(
        "a.js",
        "exports.onExecutePostLogin = async (e, a) => { e.user.a }",
        name,
        Some(true),
    );
    check(
        "a.js",
        "exports.onExecutePostLogin = async function (e) { e.user.a }",
        name,
        Some(true),
    );
    check(
        "a.js",
        "exports.onExecutePostLogin = (async function (e) { e.user.a }).bind({})",
        name,
        Some(true),
    );
    check(
        "a.js",
        "function f(e) { e.user.a }\nmodule.exports = { onExecutePostLogin: f.bind() }",
        name,
        Some(false),
    );
    check(
        "a.js",
        "exports.onExecutePostLogin = (e) => { e.user.a }",
        name,
        Some(false),
    );
    check(
        "a.js",
        "exports.onExecutePostLogin = async function* (e) { e.user.a }",
        name,
        Some(false),
    );
    check(
        "a.js",
        "module.exports.onExecutePostLogin = async e => e.user.a",
        name,
        Some(true),
    );
    check(
        "a.js",
        "module.exports = { async onExecutePostLogin(e) { e.user.a } }",
        name,
        Some(true),
    );
    check(
        "a.js",
        "module.exports = { onExecutePostLogin };\nasync function onExecutePostLogin(e) { e.user.a }",
        name,
        Some(true),
    );
    check(
        "a.js",
        "const h = async ({ user: { a } }) => a; exports.onExecutePostLogin = h",
        name,
        Some(true),
    );
    check(
        "a.js",
        "exports.onExecutePostLogin = wrap(async (e) => e.user.a)",
        name,
        None,
    );
    check(
        "a.mjs",
        "export const onExecutePostLogin = async (e) => e.user.a",
        name,
        Some(true),
    );
    check(
        "a.mjs",
        "export async function onContinuePostLogin(e) { e.user.a }",
        "onContinuePostLogin",
        Some(true),
    );
    check(
        "a.mjs",
        "async function h(e) { e.user.a }\nexport { h as onExecutePostLogin }",
        name,
        Some(true),
    );
    check(
        "a.ts",
        "export const onExecutePostLogin = async (e: Event): Promise<void> => { e.user!.a as string }",
        name,
        Some(true),
    );
}

#[test]
fn helpers_are_followed() {
    let text = "function helper(u, out) { out.idToken.setCustomClaim('a', u.email); }\n\
                exports.onExecutePostLogin = async (event, api) => { helper(event.user, api); };";
    let found = facts("code.js", text);
    assert_eq!(paths(&found.event_paths), "user.email user");
    assert_eq!(calls(&found.api_calls), "idToken.setCustomClaim");
}

#[test]
fn modules_secrets_and_what_varies() {
    let text = "const axios = require('axios');\nconst { v4 } = require(`uuid`);\nconst start = Date.now();\n\
                const id = Math.random(), d = new Date(), e = new Date(0);\n\
                exports.onExecutePostLogin = async (event) => {\n  const { API_KEY } = event.secrets;\n\
                event.secrets.OTHER; Math.random(); await import('late'); require(event.name);\n};";
    let found = facts("code.js", text);
    assert_eq!(modules(&found.requires), "axios uuid late");
    assert_eq!(names(&found.secrets), "API_KEY OTHER");
    assert_eq!(names(&found.varying), "Date.now Math.random Date");
    let secret = found.secrets.first().expect("found").location.clone();
    assert_eq!((secret.line, secret.column), (6, 11));
    let imported = facts(
        "a.ts",
        "import type { A } from 'types'; import { B, type C } from 'more'; import b from 'real'; import 'effect';\n\
         export { x } from 'other'; export type { y } from 'types'; b(); const c: B = 1; const d: C = 2;",
    );
    assert_eq!(modules(&imported.requires), "real effect other");
}

#[test]
fn a_broken_text_has_no_facts() {
    assert_eq!(facts("code.js", "exports.a = ("), Facts::default());
}

#[test]
fn constants_of_constants_have_a_longest() {
    // Each line doubles the text: 2^60 times the first.
    for (first, next) in [
        ("'https://x/'", "@ + @"),
        ("'https://x/'", "`${@}${@}`"),
        ("`https://x/`", "('' + (@ + `${@}`))"),
    ] {
        let mut text = format!("const c0 = {first};\n");
        for number in 1..60 {
            let before = format!("c{}", number - 1);
            text += &format!("const c{number} = {};\n", next.replace('@', &before));
        }
        text += &format!(
            "{HANDLER} api.idToken.setCustomClaim(c3, 1); api.idToken.setCustomClaim(c59, 1); require(c59); }};"
        );
        let found = facts("code.js", &text);
        let [short] = found.claims.as_slice() else {
            panic!("{:?}", found.claims);
        };
        assert_eq!(short.name.name, "https://x/".repeat(8));
        assert!(found.requires.is_empty());
        let sites = crate::source::claims::claim_sites("a", "code.js", &text, None);
        let names: Vec<_> = sites.sites.iter().map(|site| site.name.concat()).collect();
        assert_eq!(names, ["https://x/".repeat(8), String::new()]);
    }
}

/// Sizes at which work that grows with the square of the text takes minutes, and more with its cube.
#[test]
fn large_texts_are_read_in_one_go() {
    let in_handler = |body: &str| facts("code.js", &format!("{HANDLER}{body}}};"));
    let chain = in_handler(&format!("x{};", ".a".repeat(20_000)));
    assert!(chain.is_parsed);
    // The first links are told, of the rest nothing is.
    let chain = in_handler(&format!("event{};", ".a".repeat(20_000)));
    assert!(
        chain
            .event_paths
            .iter()
            .all(|path| path.parts.len() <= 1_000)
    );
    let reads: String = (0..30_000)
        .map(|at| format!("event.user.a{at};event.user.b{at}=1;"))
        .collect();
    // The object of an assignment, `event.user`, is read as well.
    let below_user = |found: &Facts| {
        let paths = found.event_paths.iter();
        paths.filter(|path| path.parts.len() > 1).count()
    };
    assert_eq!(below_user(&in_handler(&reads)), 30_000);
    let written: String = (0..30_000)
        .map(|at| format!("event.user.a{at};event.user.a{at}=1;"))
        .collect();
    assert_eq!(below_user(&in_handler(&written)), 0);
    let sum = format!("require({}'x');", "'' + ".repeat(10_000));
    assert_eq!(modules(&in_handler(&sum).requires), "x");
    let functions: String = (0..10_000)
        .map(|at| format!("function f{at}(event) {{ f{}(event); }}", at + 1))
        .collect();
    assert!(facts("code.js", &format!("{functions}{HANDLER} f0(event); }};")).is_parsed);
}
