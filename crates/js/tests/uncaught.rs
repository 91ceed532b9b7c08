//! How a run ends: errors that nothing handles fail it, what is pending when the handler has settled is dropped, and both are
//! reported. What ends a run is what ends a process of Node 22 by its documentation of `process` events.

mod common;

use common::{Case, FILE, action, run};

/// `fault`: what ends the run, `Name: message`. `notices`: the codes, each with a part of its message.
#[track_caller]
fn check(body: &str, fault: Option<&str>, notices: &[(&str, &str)]) {
    let source = format!("exports.onExecutePostLogin = async (event, api) => {{\n{body}\n}};");
    let ended = run(&action(&source), &Case::default());
    let found = ended.fault.as_ref();
    let said = found.map(|fault| format!("{}: {}", fault.name, fault.message));
    assert_eq!(said.as_deref(), fault, "{body}");
    if let Some(found) = found {
        let place = found
            .location
            .as_ref()
            .map(|place| (place.file.as_str(), place.line));
        assert_eq!(place, Some((FILE, 2)), "{body}");
    }
    let told: Vec<_> = ended.outcome.notices.iter().collect();
    let told: Vec<_> = told
        .into_iter()
        .filter(|notice| notice.code != "request-refused")
        .collect();
    assert_eq!(told.len(), notices.len(), "{told:?}\n{body}");
    for (notice, (code, part)) in told.iter().zip(notices) {
        assert_eq!(notice.code, *code, "{body}");
        assert!(notice.message.contains(part), "{}\n{body}", notice.message);
        assert!(notice.message.contains(FILE), "{}\n{body}", notice.message);
    }
}

const WAIT: &str = "await new Promise((go) => setTimeout(go, 20)); console.log('end');";

#[test]
fn errors_that_nothing_handles_fail_the_login() {
    for (thrown, fault) in [
        (
            "queueMicrotask(() => { throw new TypeError('a'); });",
            "TypeError: a",
        ),
        (
            "process.nextTick(() => { throw new Error('b'); });",
            "Error: b",
        ),
        (
            "setImmediate(() => { throw new RangeError('c'); });",
            "RangeError: c",
        ),
        (
            "setTimeout(() => { throw new Error('d'); }, 1);",
            "Error: d",
        ),
        (
            "const t = setInterval(() => { clearInterval(t); throw new Error('e'); }, 1);",
            "Error: e",
        ),
        (
            "const t = new EventTarget(); t.addEventListener('x', () => { throw new Error('f'); }); t.dispatchEvent(new Event('x'));",
            "Error: f",
        ),
        (
            "const c = new AbortController(); c.signal.addEventListener('abort', () => { throw new Error('g'); }); c.abort();",
            "Error: g",
        ),
        (
            "const c = new AbortController(); c.signal.onabort = () => { throw new Error('g2'); }; c.abort();",
            "Error: g2",
        ),
        (
            "const { EventEmitter } = require('events'); const e = new EventEmitter(); e.on('x', async () => { throw new Error('h'); }); e.emit('x');",
            "Error: h",
        ),
        (
            "const { EventEmitter } = require('events'); setTimeout(() => new EventEmitter().emit('error', new Error('i')), 1);",
            "Error: i",
        ),
        (
            "const { Readable } = require('stream'); const r = new Readable({ read() { this.destroy(new Error('j')); } }); r.resume();",
            "Error: j",
        ),
        (
            "new Promise((_, no) => no(new Error('k'))).finally(() => {});",
            "Error: k",
        ),
        ("(async () => { throw new Error('l'); })();", "Error: l"),
        (
            "[1].forEach(async () => { await null; throw new Error('m'); });",
            "Error: m",
        ),
        (
            "process.on('uncaughtException', () => { throw new Error('n'); }); setTimeout(() => { throw new Error('first'); }, 1);",
            "Error: n",
        ),
    ] {
        check(&format!("{thrown} {WAIT}"), Some(fault), &[]);
    }
}

#[test]
fn handled_errors_are_none() {
    for handled in [
        "process.on('uncaughtException', (e, origin) => console.log(e.message, origin)); queueMicrotask(() => { throw new Error('a'); });",
        "process.on('unhandledRejection', (e) => console.log(e.message)); Promise.reject(new Error('b'));",
        "process.setUncaughtExceptionCaptureCallback((e) => console.log(e.message)); process.nextTick(() => { throw new Error('c'); });",
        "process.on('uncaughtException', (e, origin) => console.log(origin)); Promise.reject(new Error('d'));",
        "const p = Promise.reject(new Error('e')); await null; await null; p.catch(() => {});",
        "const p = Promise.reject(new Error('f')); process.nextTick(() => p.catch(() => {}));",
    ] {
        check(&format!("{handled} {WAIT}"), None, &[]);
    }
}

#[test]
fn what_is_pending_is_dropped_and_reported() {
    let drop = "not-awaited";
    for (body, part) in [
        (
            "fetch('https://a.example/x').then(() => api.access.deny('late'));",
            "a request (GET https://a.example/x)",
        ),
        (
            "[1].forEach(async (x) => { await fetch('https://a.example/'); api.access.deny('late'); });",
            "a request (GET https://a.example/)",
        ),
        (
            "require('https').get('https://a.example/y', () => api.access.deny('late')).on('error', () => {});",
            "a request (GET https://a.example/y)",
        ),
        (
            "(async () => { await new Promise((go) => setTimeout(go, 5)); api.access.deny('late'); })();",
            "a timer (setTimeout, 5 ms)",
        ),
        (
            "setInterval(() => api.access.deny('late'), 50);",
            "a timer (setInterval, 50 ms)",
        ),
        (
            "setImmediate(() => api.access.deny('late'));",
            "a timer (setImmediate)",
        ),
        (
            "void (async () => { for (let i = 0; i < 9; i++) await null; api.access.deny('late'); })();",
            "api.access.deny was called after",
        ),
    ] {
        check(body, None, &[(drop, part)]);
    }
    // Its own error wins.
    check(
        "setTimeout(() => {}, 25000); throw new Error('own');",
        Some("Error: own"),
        &[(drop, "when the handler threw")],
    );
    check(
        "const t = setTimeout(() => {}, 25000); t.unref();",
        None,
        &[],
    );
}

#[test]
fn later_errors_are_notices() {
    check(
        "(async () => { for (let i = 0; i < 9; i++) await null; throw new Error('late'); })();",
        None,
        &[("unhandled-rejection", "Error: late")],
    );
    check(
        "void (async () => { for (let i = 0; i < 9; i++) await null; queueMicrotask(() => { throw new TypeError('late'); }); })();",
        None,
        &[("uncaught-error", "TypeError: late")],
    );
}

#[test]
fn timers_fire_in_order_and_cost_little() {
    let ended = run(
        &action(
            "exports.onExecutePostLogin = async () => {\n\
             let fired = 0; const sleep = (ms) => new Promise((go) => setTimeout(() => { fired++; go(); }, ms));\n\
             await Promise.all(Array.from({ length: 20000 }, (_, i) => sleep(i % 7)));\n\
             const order = []; const note = (name, ms) => sleep(ms).then(() => order.push(name));\n\
             await Promise.all([note('b', 5), note('c', 5), note('a', 4), note('d', 5)]);\n\
             setTimeout(() => order.push('one'), 1); setTimeout(() => order.push('zero'), 0); await sleep(2);\n\
             let ticks = 0; await new Promise((go) => { const t = setInterval(() => { if (++ticks === 3) { clearInterval(t); go(); } }, 10); });\n\
             console.log(fired, order.join(), ticks); };",
        ),
        &Case::default(),
    );
    assert_eq!(ended.fault, None);
    assert_eq!(ended.logs(), "20005 a,b,c,d,one,zero 3\n");
}

#[test]
fn no_host_module_can_be_imported() {
    for get in [
        "console.log.constructor('x', 'return import(x)')",
        "Object.getPrototypeOf(async () => {}).constructor('x', 'return import(x)')",
        "new Function('x', 'return import(x)')",
        "(x) => eval('import(x)')",
        "(x) => require('vm').runInThisContext('(x) => import(x)')(x)",
        "(0, console.log.constructor('return eval')())('(x) => import(x)')",
        "new (fetch.constructor)('x', 'return import(x)')",
        "Promise.resolve().then.constructor('x', 'return import(x)')",
        "new Error().constructor.constructor('x', 'return import(x)')",
    ] {
        for name in [
            "postlogin:actions/modules@0.2.0",
            "postlogin:actions/dynamic@0.2.0",
            "guest",
            "__wasm_rquickjs_builtin/vm_native",
            "data:text/javascript,export default 1",
        ] {
            let body = format!(
                "const load = {get}; let said; try {{ await load('{name}'); said = 'loaded'; }} catch (e) {{ said = e.code ?? e.name; }} console.log(said);"
            );
            let source = format!("exports.onExecutePostLogin = async () => {{ {body} }};");
            let ended = run(&action(&source), &Case::default());
            assert_eq!(
                ended.logs(),
                "ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING\n",
                "{body}"
            );
        }
    }
    let hidden = "const global = console.log.constructor('return globalThis')(); console.log(typeof global.userModule);\
                  const own = Object.getPrototypeOf((() => { try { null.x } catch (e) { return e.constructor; } })());\
                  let sites; own.prepareStackTrace = (e, s) => { sites = s; };\
                  api.idToken.setCustomClaim('https://a.example/x', { toJSON() { try { null.x } catch (e) { e.stack } return 1; } });\
                  console.log(sites?.every((site) => site.getFunction() === undefined));";
    let ended = run(
        &action(&format!(
            "exports.onExecutePostLogin = async (event, api) => {{ {hidden} }};"
        )),
        &Case::default(),
    );
    assert_eq!(ended.logs(), "undefined\ntrue\n", "{:?}", ended.fault);
}

#[test]
fn odd_stacks_do_not_hide_the_error() {
    for body in [
        "Error.prepareStackTrace = () => { throw new Error('other'); }; throw new TypeError('real');",
        "Error.prepareStackTrace = () => ({ toString() { throw 1; } }); throw new TypeError('real');",
        "Error.prepareStackTrace = () => Symbol('s'); throw new TypeError('real');",
        "Error.stackTraceLimit = 0; throw new TypeError('real');",
        "Array.prototype[Symbol.iterator] = null; Object.prototype.toJSON = () => 'x'; throw new TypeError('real');",
        "const e = new TypeError('real'); Object.defineProperty(e, 'stack', { get() { throw 1; } }); throw e;",
        "globalThis.Promise = null; Promise.prototype; ",
    ] {
        let source = format!("exports.onExecutePostLogin = async () => {{ {body} }};");
        let fault = run(&action(&source), &Case::default()).fault;
        let fault = fault.unwrap_or_else(|| panic!("{body}"));
        assert_eq!(fault.name, "TypeError", "{} {body}", fault.message);
    }
}

#[test]
fn texts_are_whole() {
    let printed = |source: &str| run(&action(source), &Case::default());
    let ended = printed(
        "exports.onExecutePostLogin = async () => { console.log('a\0b'.length, `\0`.length); };",
    );
    assert_eq!(
        (ended.fault.as_ref(), ended.logs().as_str()),
        (None, "3 1\n")
    );
    let imports = "if (0) import('x'); ".repeat(3000);
    let ended = printed(&format!(
        "exports.onExecutePostLogin = async () => {{ {imports} console.log('import(1)', `import(${{1}})`.length, /import(x)/.test('importx')); }};"
    ));
    assert_eq!(
        (ended.fault.as_ref(), ended.logs().as_str()),
        (None, "import(1) 9 true\n")
    );
    // The vendor's layer runs a source that closes the function around it, see fixtures/conformance/handler-shapes.jsonl.
    let ended = printed("exports.onExecutePostLogin = async () => { console.log('x'); }; }\n{");
    assert_eq!((ended.fault.as_ref(), ended.logs().as_str()), (None, "x\n"));
}
