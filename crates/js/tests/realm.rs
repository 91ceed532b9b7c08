//! The surroundings of an Action: globals, `require`, `process`, and errors of the runtime as Node words them.

mod common;

use std::sync::Arc;

use common::{Case, action, printed, run};
use postlogin_host::{Door, Request, Verdict};

/// Runs statements in a handler and compares what they print.
#[track_caller]
fn check(statements: &str, expected: &str) {
    let got = printed(&format!(
        "exports.onExecutePostLogin = async (event, api) => {{\n{statements}\n}};"
    ));
    assert_eq!(got, format!("{expected}\n"), "{statements}");
}

/// Compares the class, the code and the message of what a statement throws.
#[track_caller]
fn check_thrown(statement: &str, expected: &str) {
    let report = "console.log(`${error.name} ${error.code} ${error.message}`)";
    check(
        &format!("try {{ {statement} }} catch (error) {{ {report} }}"),
        expected,
    );
}

#[test]
fn globals_are_those_of_node() {
    check(
        "console.log(Object.keys(globalThis).sort().join(' '))",
        "atob btoa clearImmediate clearInterval clearTimeout crypto fetch global navigator performance queueMicrotask \
         setImmediate setInterval setTimeout structuredClone",
    );
    check(
        "const all = [...Object.getOwnPropertyNames(globalThis), ...Reflect.ownKeys(new Function('return globalThis')())];\
         console.log(all.filter((name) => /rquickjs|userModule/.test(String(name)) && Object.keys(new Function('return globalThis')()).includes(name)).length,\
         Object.getOwnPropertyNames(globalThis).filter((name) => /rquickjs|userModule/.test(name)).length)",
        "0 0",
    );
    check(
        "console.log(typeof InternalError, typeof gc, typeof self, typeof XMLHttpRequest, typeof Float16Array)",
        "undefined undefined undefined undefined undefined",
    );
    check(
        "console.log(globalThis === global, this === undefined, typeof eval('1'), eval('event') === event)",
        "true false number true",
    );
    check(
        "console.log(Object.keys(process.env).length, process.argv.length, process.platform, process.argv0, /^v22\\./.test(process.version))",
        "0 2 linux node true",
    );
}

/// The answers are those of Node 22.23.5 in a context of `node:vm`.
#[test]
fn lists_are_made_of_what_comes_later() {
    check(
        "console.log(await Array.fromAsync([1, 2]), await Array.fromAsync(new Set('ab'), (x, i) => x + i))",
        "[ 1, 2 ] [ 'a0', 'b1' ]",
    );
    check(
        "console.log(await Array.fromAsync((async function* () { yield 1; yield Promise.resolve(2); })()))",
        "[ 1, 2 ]",
    );
    check(
        "console.log(await Array.fromAsync({ length: 2, 0: 'x', 1: Promise.resolve('y') }), await Array.fromAsync([Promise.resolve(3), 4], async (x) => x * 2))",
        "[ 'x', 'y' ] [ 6, 8 ]",
    );
    check(
        "const closed = { *[Symbol.iterator]() { try { yield 1; yield 2; } finally { console.log('closed'); } } };
         await Array.fromAsync(closed, () => { throw new RangeError('far'); }).catch((error) => console.log(error.name, error.message));",
        "closed\nRangeError far",
    );
}

/// The answers are those of Node 22.23.5 in a context of `node:vm`.
#[test]
fn what_cannot_be_cloned_is_named_as_v8_names_it() {
    for (value, name) in [
        ("{}", "[object Object]"),
        ("[]", "[object Array]"),
        ("new Date()", "[object Date]"),
        ("/a/", "[object RegExp]"),
        ("new Map()", "#<Map>"),
        ("() => 1", "() => 1"),
    ] {
        check_thrown(
            &format!("structuredClone(new Proxy({value}, {{}}))"),
            &format!("DataCloneError 25 {name} could not be cloned."),
        );
    }
}

#[test]
fn values_of_both_realms_go_together() {
    check(
        "console.log([] instanceof Array, Array.isArray([]), [].constructor === Array, JSON.parse('[]') instanceof Array, event instanceof Object)",
        "false true false true true",
    );
    check(
        "try { api.idToken.setCustomClaim('scope', 1); } catch (error) { console.log(error instanceof Error); }
         try { JSON.parse(''); } catch (error) { console.log(error instanceof SyntaxError); }
         try { null.x; } catch (error) { console.log(error instanceof TypeError, error.constructor.name); }",
        "true\ntrue\nfalse TypeError",
    );
    check(
        "console.log(new Date(0).toLocaleDateString('en-US', { timeZone: 'UTC' }), (1234.5).toLocaleString(), (5n).toLocaleString('de-DE'))",
        "1/1/1970 1,234.5 5",
    );
}

#[test]
fn engine_words_are_v8s_where_an_action_reads_them() {
    check_thrown(
        "event.user.nope.x",
        "TypeError undefined Cannot read properties of undefined (reading 'x')",
    );
    check_thrown(
        "event.user.nope.x = 1",
        "TypeError undefined Cannot set properties of undefined (setting 'x')",
    );
    check_thrown(
        "api.idToken.setClaim('a', 1)",
        "TypeError undefined api.idToken.setClaim is not a function",
    );
    check_thrown("nope()", "ReferenceError undefined nope is not defined");
    check_thrown(
        "'x'.repeat(2 ** 30)",
        "RangeError undefined Invalid string length",
    );
    check_thrown(
        "throw new TypeError('not a function')",
        "TypeError undefined not a function",
    );
    check(
        "try { event.user.nope.x } catch (error) { console.log(error.stack) }",
        "TypeError: Cannot read properties of undefined (reading 'x')\n    at actions/test/code.js:2:23",
    );
}

#[test]
fn json_speaks_as_v8() {
    for (text, message) in [
        ("", "Unexpected end of JSON input"),
        (
            "{",
            "Expected property name or '}' in JSON at position 1 (line 1 column 2)",
        ),
        (
            "{\"a\":1,}",
            "Expected double-quoted property name in JSON at position 7 (line 1 column 8)",
        ),
        (
            "{\n \"a\": x}",
            "Unexpected token 'x', \"{\\n \"a\": x}\" is not valid JSON",
        ),
        (
            "<html><body>Not found</body></html>",
            "Unexpected token '<', \"<html><bod\"... is not valid JSON",
        ),
        ("[object Object]", "\"[object Object]\" is not valid JSON"),
        (
            "[1,\n2 3]",
            "Expected ',' or ']' after array element in JSON at position 6 (line 2 column 3)",
        ),
        (
            "{\"a\":1} x",
            "Unexpected non-whitespace character after JSON at position 8 (line 1 column 9)",
        ),
        (
            "\"\\x\"",
            "Bad escaped character in JSON at position 2 (line 1 column 3)",
        ),
        ("nul", "Unexpected end of JSON input"),
    ] {
        let literal = serde_json::to_string(text).expect("a string is JSON");
        let expected = message.replace("\\n", "\n");
        check_thrown(
            &format!("JSON.parse({literal})"),
            &format!("SyntaxError undefined {expected}"),
        );
    }
    check_thrown(
        "const a = { b: [{}] }; a.b[0].c = a; JSON.stringify(a)",
        "TypeError undefined Converting circular structure to JSON\n    --> starting at object with constructor 'Object'\n    \
         |     property 'b' -> object with constructor 'Array'\n    |     index 0 -> object with constructor 'Object'\n    \
         --- property 'c' closes the circle",
    );
    check_thrown(
        "JSON.stringify({ a: 1n })",
        "TypeError undefined Do not know how to serialize a BigInt",
    );
    check(
        "console.log(JSON.parse('{\"a\":[1]}', (k, v) => (k === 'a' ? 2 : v)).a, JSON.stringify({ a: 1, b: 2 }, ['a'], 1), JSON.stringify())",
        "2 {\n \"a\": 1\n} undefined",
    );
}

#[test]
fn modules_are_nodes() {
    check_thrown(
        "require('nope')",
        "Error MODULE_NOT_FOUND Cannot find module 'nope'",
    );
    check_thrown(
        "require('./x')",
        "Error MODULE_NOT_FOUND Cannot find module './x'",
    );
    check_thrown(
        "require('node:nope')",
        "Error ERR_UNKNOWN_BUILTIN_MODULE No such built-in module: node:nope",
    );
    check_thrown(
        "await import('node:path')",
        "TypeError ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING A dynamic import callback was not specified.",
    );
    // Only calls of `import` are refused, not its name.
    check(
        "const o = { import(x) { return x; } }; console.log(o.import('import(1)'), /import(x)/.source, `import(${1})`); // import(1)",
        "import(1) import(x) import(1)",
    );
    let names = "assert buffer crypto events fs http https net os path querystring stream string_decoder timers tls url util zlib";
    check(
        &format!(
            "console.log('{names}'.split(' ').every((name) => require(name) === require(`node:${{name}}`)))"
        ),
        "true",
    );
    check(
        "console.log(require('crypto').createHmac('sha256', 'k').update('v').digest('hex').slice(0, 8))",
        "c5d4be19",
    );
}

#[test]
fn a_refused_request_fails_as_in_node() {
    check(
        "try { await fetch('https://api.example.com/score'); } catch (error) {
           console.log(error.name, error.message, error instanceof TypeError, error.cause.code, error.cause.syscall, error.cause.port);
           console.log(error.cause.message); }",
        "TypeError fetch failed true ECONNREFUSED connect 443\nconnect ECONNREFUSED api.example.com: postlogin refused this request",
    );
    check_thrown(
        "await new Promise((_, no) => require('http').get('http://a.example:8080/').on('error', no))",
        "Error ECONNREFUSED connect ECONNREFUSED a.example: postlogin refused this request",
    );
    check_thrown(
        "await fetch('not a url')",
        "TypeError undefined Failed to parse URL from not a url",
    );
    let ended = run(
        &action(
            "exports.onExecutePostLogin = async () => {\n  const answer = await fetch('https://api.example.com');\n};",
        ),
        &Case::default(),
    );
    let fault = ended.fault.expect("nothing caught it");
    let place = fault.location.map(|place| (place.line, place.column));
    assert_eq!(
        (fault.message.as_str(), place),
        ("fetch failed", Some((2, 24)))
    );
    assert_eq!(
        ended
            .outcome
            .notices
            .first()
            .map(|notice| notice.code.as_str()),
        Some("request-refused")
    );
}

#[test]
fn an_answered_request_works() {
    struct Score;
    impl Door for Score {
        fn send(&self, request: &Request) -> Verdict {
            Verdict::Answered {
                status: 200,
                headers: vec![("content-type".into(), "application/json".into())],
                body: format!("{{\"method\":\"{}\",\"score\":12}}", request.method).into_bytes(),
                delay: std::time::Duration::from_millis(250),
            }
        }
    }
    let source = "exports.onExecutePostLogin = async () => {
        const start = Date.now();
        const response = await fetch('https://api.example.com', { method: 'POST', body: '{}' });
        console.log(response.status, await response.json(), Date.now() - start);
        const text = await new Promise((ok, no) => require('https').get('https://api.example.com', (response) => {
            let text = ''; response.on('data', (chunk) => { text += chunk; }).on('end', () => ok(text)); }).on('error', no));
        console.log(text);
    };";
    let case = Case {
        door: Arc::new(Score),
        ..Case::default()
    };
    let ended = run(&action(source), &case);
    assert!(ended.fault.is_none(), "{:?}", ended.fault);
    assert_eq!(
        ended.logs(),
        "200 { method: 'POST', score: 12 } 250\n{\"method\":\"GET\",\"score\":12}\n"
    );
}

#[test]
fn errors_print_with_the_users_places_alone() {
    check(
        "const error = new Error('no'); console.log(error); console.log({ error });",
        "Error: no\n    at actions/test/code.js:2:15\n{\n  error: Error: no\n      at actions/test/code.js:2:15\n}",
    );
    let first_line =
        printed("exports.onExecutePostLogin = async () => { console.log(new Error('no')); };");
    assert_eq!(first_line, "Error: no\n    at actions/test/code.js:1:56\n");
}
