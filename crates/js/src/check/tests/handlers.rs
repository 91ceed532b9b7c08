//! Findings about the functions that production calls.

use super::{check_body, check_silent, check_text};

#[test]
fn handlers_must_be_there_and_async() {
    let check = check_text;
    check("a.js", "", &["1:1 missing-handler"]);
    check(
        "a.js",
        "exports.onExecutePostlogin = async () => {};",
        &["1:1 missing-handler"],
    );
    check(
        "a.js",
        "module.exports = async (event, api) => {};",
        &["1:1 missing-handler"],
    );
    check(
        "a.js",
        "exports.onExecutePostLogin = (event, api) => {};",
        &["1:1 handler-not-async"],
    );
    check(
        "a.js",
        "module.exports = { onExecutePostLogin() {}, async *onContinuePostLogin() {} };",
        &["1:20 handler-not-async", "1:45 handler-not-async"],
    );
    check(
        "a.js",
        "\"use strict\";\nObject.defineProperty(exports, \"__esModule\", { value: true });\n\
         exports.onExecutePostLogin = void 0;\nconst onExecutePostLogin = async () => {};\n\
         exports.onExecutePostLogin = onExecutePostLogin;",
        &[],
    );
    check(
        "a.js",
        "exports['onExecutePostLogin'] = async () => {};",
        &[],
    );
    check(
        "a.js",
        "exports.onExecutePostLogin = exports.other = async () => {};",
        &[],
    );
    // There may be a handler, and nobody has looked at what it does.
    for hidden in [
        "exports.onExecutePostLogin = wrap(async (event) => {});",
        "module.exports = require('./other');",
        "module.exports = { ...require('./other') };",
        "Object.assign(exports, other);",
        "for (const name of names) exports[name] = async () => {};",
        "exports = module.exports = other();",
        "__export(exports, {});",
        "let h; h = async () => {}; exports.onExecutePostLogin = h;",
        "const f = async () => {}; exports.onExecutePostLogin = f.bind(null, {});",
        "const f = async () => {}; exports.onExecutePostLogin = f.bind(...list);",
        "exports.onExecutePostLogin = other.handler.bind(other);",
    ] {
        check("a.js", hidden, &["1:1 handler-not-followed"]);
    }
    // A function that is bound to a value alone has its own parameters.
    check(
        "a.js",
        "const f = async (event) => { event.nope; }; exports.onExecutePostLogin = f.bind(null);",
        &["1:36 unknown-event-path"],
    );
    check(
        "a.js",
        "exports.onExecuteCredentialsExchange = async (event, api) => { event.nope; api.nope.nope(); };",
        &["1:70 unknown-event-path", "1:80 unknown-api-method"],
    );
    check(
        "a.js",
        "exports.onExecuteSendPhoneMessage = async (event, api) => { event.nope; api.nope.nope(); };",
        &["1:67 unknown-event-path", "1:77 unknown-api-method"],
    );
    check(
        "a.mjs",
        "export * from './other';",
        &["1:1 handler-not-followed"],
    );
    check(
        "a.mjs",
        "export { h as onExecutePostLogin } from './other';",
        &["1:1 handler-not-followed"],
    );
    check(
        "a.mjs",
        "export default async () => {};",
        &["1:1 missing-handler"],
    );
}

#[test]
fn what_suspends_wants_a_continue_handler() {
    check_body(
        "api.redirect.sendUserTo('https://example.com');",
        &["2:5 missing-continue-handler"],
    );
    check_body(
        "api.prompt.render('ap_1');",
        &["2:5 missing-continue-handler"],
    );
    check_silent("api.redirect.encodeToken({}); api.authentication.challengeWithAny([]);");
    check_text(
        "a.js",
        "exports.onExecutePostLogin = async (e, a) => { a.redirect.sendUserTo('x'); };\n\
         exports.onContinuePostLogin = async () => {};",
        &[],
    );
}
