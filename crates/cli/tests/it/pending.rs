//! Requests that a handler leaves behind when it returns, of every interface of Node, and warnings.

use serde_json::Value;

use crate::support::{folder, postlogin};

/// The notices of a login of one handler, each as `code: message` without its place.
fn notices(body: &str) -> Vec<String> {
    let text = format!("exports.onExecutePostLogin = async (event, api) => {{ {body} }};\n");
    let folder = folder(&[("a.js", &text)]);
    let outcome = postlogin("run a.js").within(folder.path()).outcome(0);
    let notices = outcome["notices"].as_array().expect("a list");
    let text = |notice: &Value, key: &str| notice[key].as_str().unwrap_or_default().to_owned();
    notices
        .iter()
        .map(|notice| format!("{}: {}", text(notice, "code"), text(notice, "message")))
        .collect()
}

#[track_caller]
fn check(body: &str, expected: &[&str]) {
    let found = notices(body);
    assert_eq!(found.len(), expected.len(), "{body}: {found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            found.contains(expected),
            "{body}: {found:?} lacks {expected}"
        );
    }
}

#[test]
fn requests_that_nobody_waits_for_are_reported() {
    let pending = |what: &str| format!("not-awaited: a request ({what}) was still pending");
    for (body, what) in [
        (
            "require('dns').lookup('example.com', () => {});",
            "dns.lookup example.com",
        ),
        (
            "require('dns').promises.lookup('example.com').catch(() => {});",
            "dns.lookup example.com",
        ),
        (
            "require('dns').resolve4('example.com', () => {});",
            "dns.resolve4 example.com",
        ),
        (
            "require('dns').resolve('example.com', 'MX', () => {});",
            "dns.resolveMx example.com",
        ),
        (
            "require('dns').reverse('192.0.2.7', () => {});",
            "dns.reverse 192.0.2.7",
        ),
        (
            "require('dns').lookupService('192.0.2.7', 80, () => {});",
            "dns.lookupService 192.0.2.7:80",
        ),
        (
            "require('net').connect(25, 'example.com').on('error', () => {});",
            "net.connect example.com",
        ),
        (
            "require('net').connect(25, '192.0.2.7').on('error', () => {});",
            "net.connect 192.0.2.7:25",
        ),
        (
            "require('tls').connect(443, 'example.com').on('error', () => {});",
            "tls.connect example.com",
        ),
        (
            "require('http').get('http://example.com/x').on('error', () => {});",
            "GET http://example.com/x",
        ),
        (
            "require('https').get('https://example.com/x').on('error', () => {});",
            "GET https://example.com/x",
        ),
        (
            "fetch('https://example.com/x').catch(() => {});",
            "GET https://example.com/x",
        ),
    ] {
        check(body, &[&pending(what)]);
    }
    // The place is the caller's.
    let found = notices("\nrequire('net').connect(25, 'example.com').on('error', () => {});");
    assert!(found[0].contains("at a.js:2:"), "{found:?}");
}

#[test]
fn what_is_awaited_is_not_reported() {
    for body in [
        "await require('dns').promises.lookup('example.com').catch(() => {});",
        "await new Promise((done) => require('dns').resolveTxt('example.com', done));",
        "await new Promise((done) => require('net').connect(25, 'example.com').on('error', done));",
        "await new Promise((done) => require('tls').connect(443, 'example.com').on('error', done));",
        "const socket = require('net').connect(25, 'example.com'); socket.on('error', () => {}); socket.destroy();",
        "new (require('net').Socket)();",
    ] {
        check(body, &[]);
    }
}

#[test]
fn an_error_that_a_listener_handles_leaves_nothing_behind() {
    let listen = "process.on('uncaughtException', () => {});";
    for body in [
        "setTimeout(() => { throw new Error('x'); }, 0); await new Promise((done) => setTimeout(done, 1));",
        "process.nextTick(() => { throw new Error('x'); }); await new Promise((done) => process.nextTick(done));",
        "queueMicrotask(() => { throw new Error('x'); }); await new Promise((done) => setTimeout(done, 1));",
        "setImmediate(() => { throw new Error('x'); }); await new Promise((done) => setTimeout(done, 5));",
        "new (require('events'))().on('a', () => { throw new Error('x'); }); await null;",
    ] {
        check(&format!("{listen} {body}"), &[]);
    }
    // What is behind the error runs, as in Node.
    let found = notices(&format!(
        "{listen} let ran = 0; setTimeout(() => {{ process.nextTick(() => ran++); throw new Error('x'); }}, 0); await new Promise((done) => setTimeout(done, 5)); if (ran !== 1) throw new Error('the tick is lost');"
    ));
    assert_eq!(found, Vec::<String>::new());
    // Its own immediates are still told of.
    check(
        "process.on('uncaughtException', () => { setImmediate(() => {}); }); process.nextTick(() => { throw new Error('x'); }); await new Promise((done) => process.nextTick(done));",
        &["not-awaited: a timer (setImmediate) was still pending"],
    );
}

#[test]
fn every_warning_of_the_process_is_reported() {
    let said = |text: &str| {
        format!(
            "process-warning: process.emitWarning was called, which Node prints on standard error: (node:1) {text}"
        )
    };
    for (body, text) in [
        ("process.emitWarning('a');", "Warning: a"),
        ("process.emitWarning('a'); await null;", "Warning: a"),
        (
            "process.emitWarning('a'); await new Promise((done) => setTimeout(done, 5));",
            "Warning: a",
        ),
        ("process.emitWarning('a', 'Mine', 'C1');", "[C1] Mine: a"),
        (
            "process.emitWarning('a', { type: 'Mine', code: 'C1', detail: 'more' });",
            "[C1] Mine: a\nmore",
        ),
        ("process.emitWarning(new TypeError('a'));", "TypeError: a"),
        (
            "process.emitWarning('a', 'DeprecationWarning', 'DEP1');",
            "[DEP1] DeprecationWarning: a",
        ),
        (
            "process.on('warning', () => {}); process.emitWarning('a');",
            "Warning: a",
        ),
        (
            "await null; process.emitWarning('100 %d');",
            "Warning: 100 %d",
        ),
        (
            "const e = new (require('events'))(); for (let i = 0; i < 11; i++) e.on('x', () => {});",
            "MaxListenersExceededWarning: Possible EventEmitter memory leak detected. 11 x listeners added",
        ),
    ] {
        check(body, &[&said(text)]);
        let found = notices(body);
        assert!(!found[0].contains("--trace-"), "{found:?}");
    }
    // As with Node's switches and without its printer.
    for body in [
        "process.noDeprecation = true; process.emitWarning('a', 'DeprecationWarning');",
        "process.removeAllListeners('warning'); process.emitWarning('a');",
    ] {
        check(body, &[]);
    }
    check(
        "process.emitWarning('one'); process.emitWarning('two'); await null;",
        &[&said("Warning: one"), &said("Warning: two")],
    );
    // A warning in front of an error is told, too.
    let folder = folder(&[(
        "a.js",
        "exports.onExecutePostLogin = async () => { process.emitWarning('a'); throw new Error('b'); };\n",
    )]);
    let outcome = postlogin("run a.js").within(folder.path()).outcome(0);
    assert_eq!(outcome["error"]["message"], "b");
    assert_eq!(
        outcome["notices"][0]["code"], "process-warning",
        "{outcome}"
    );
}

#[test]
fn what_a_package_warns_of_while_it_loads_is_not_reported() {
    let package = "process.emitWarning('loading'); require('punycode');\nmodule.exports = () => process.emitWarning('called');\n";
    let manifest = "{\"name\": \"loud\", \"version\": \"1.0.0\"}";
    for (action, expected) in [
        (
            "const loud = require('loud');\nexports.onExecutePostLogin = async () => {};\n",
            None,
        ),
        (
            "exports.onExecutePostLogin = async () => { require('loud'); };\n",
            None,
        ),
        (
            "require('punycode');\nexports.onExecutePostLogin = async () => {};\n",
            None,
        ),
        (
            "const loud = require('loud');\nexports.onExecutePostLogin = async () => { loud(); };\n",
            Some("Warning: called"),
        ),
        (
            "process.emitWarning('mine');\nconst loud = require('loud');\nexports.onExecutePostLogin = async () => {};\n",
            Some("Warning: mine"),
        ),
    ] {
        let folder = folder(&[
            ("a.js", action),
            ("node_modules/loud/package.json", manifest),
            ("node_modules/loud/index.js", package),
        ]);
        // The second time, the package is kept loaded.
        for _ in 0..2 {
            let outcome = postlogin("run a.js").within(folder.path()).outcome(0);
            let notices = outcome["notices"].as_array().expect("a list");
            let said: Vec<&str> = notices
                .iter()
                .filter_map(|it| it["message"].as_str())
                .collect();
            assert_eq!(
                said.len(),
                usize::from(expected.is_some()),
                "{action}: {said:?}"
            );
            for (said, expected) in said.iter().zip(expected) {
                assert!(said.contains(expected), "{action}: {said}");
            }
        }
    }
}
