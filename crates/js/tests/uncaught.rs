//! The end of a run: errors that nothing handles fail it, pending work is dropped when the handler has settled, and both are
//! reported. What ends a run is what ends a process of Node 22, by rows that `data/record-uncaught.mjs` has recorded there.

mod common;

use std::sync::Arc;

use common::{Case, FILE, JAVASCRIPT, action, run};
use postlogin_core::{HandlerInfo, HandlerKind, Login, outcome::Outcome};
use postlogin_engine::{BoundAction, infos};
use postlogin_host::Flow;
use postlogin_js::{Dependencies, Modules};
use serde_json::Value;

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

#[test]
fn a_run_ends_as_a_process_of_node() {
    let mut differences = Vec::new();
    for line in include_str!("data/uncaught.jsonl").lines() {
        let row: Value = serde_json::from_str(line).expect("a row is JSON");
        let text = |path: &str| row.pointer(path).and_then(Value::as_str);
        let body = text("/body").expect("a row has a body");
        let source = format!("exports.onExecutePostLogin = async (event, api) => {{\n{body}\n}};");
        let ended = run(&action(&source), &Case::default());
        let found = ended.fault.as_ref();
        let error = found.map(|fault| (fault.name.as_str(), fault.message.as_str()));
        let expected = text("/error/name").zip(text("/error/message"));
        // Node has no frame for what is no error, and then the engine need not have one either.
        let line = row.pointer("/error/line").and_then(Value::as_u64);
        let place = found.and_then(|fault| fault.location.as_ref());
        let is_placed = line.is_none()
            || place.is_some_and(|at| at.file == FILE && Some(u64::from(at.line)) == line);
        let printed = ended.logs();
        let notices = &ended.outcome.notices;
        if error != expected
            || text("/printed") != Some(&printed)
            || !is_placed
            || !notices.is_empty()
        {
            differences.push(format!(
                "{line:?} {body}\n  {error:?} {printed:?} {place:?} {notices:?}"
            ));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
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

/// The handler returns at once, and the error is thrown before its promise is looked at.
#[test]
fn errors_ahead_of_the_end_fail_the_run() {
    for (body, fault) in [
        (
            "queueMicrotask(() => { throw new Error('mt'); });",
            "Error: mt",
        ),
        (
            "await new Promise((go) => setTimeout(go, 5)); queueMicrotask(() => { throw new TypeError('mt'); });",
            "TypeError: mt",
        ),
        (
            "process.nextTick(() => { throw new RangeError('tick'); });",
            "RangeError: tick",
        ),
        (
            "const ac = new AbortController(); ac.signal.addEventListener('abort', () => { throw new Error('abl'); }); ac.abort();",
            "Error: abl",
        ),
        (
            "const { Readable } = require('stream'); new Readable({ read() {} }).destroy(new Error('st'));",
            "Error: st",
        ),
        (
            "require('events').once; const e = new (require('events'))(); process.nextTick(() => e.emit('error', new Error('ev')));",
            "Error: ev",
        ),
    ] {
        check(body, Some(fault), &[]);
    }
    // One that is caught is the Action's own matter.
    check(
        "process.on('uncaughtException', () => {}); queueMicrotask(() => { throw new Error('mt'); }); await new Promise((go) => setTimeout(go, 1));",
        None,
        &[],
    );
}

/// Runs Rules with these bodies, one after the other in one login.
fn run_rules(bodies: &[&str]) -> Outcome {
    let rules = bodies.iter().enumerate().map(|(index, body)| {
        let source = format!("function (user, context, callback) {{\n{body}\n}}");
        let modules = Modules::new(Dependencies {
            is_rule: true,
            ..Dependencies::default()
        });
        let modules = Arc::new(modules.expect("there are no modules"));
        let action = JAVASCRIPT
            .rule(HandlerKind::Rule, FILE, &source, modules)
            .unwrap_or_else(|| panic!("not a Rule: {source}"))
            .unwrap_or_else(|error| panic!("{error}"));
        BoundAction {
            info: HandlerInfo {
                name: format!("rule {index}"),
                kind: HandlerKind::Rule,
                ..HandlerInfo::default()
            },
            action: Some(action),
            notices: Vec::new(),
        }
    });
    let rules: Vec<BoundAction> = rules.collect();
    let (input, conditions) = common::login(&Case::default());
    let login = Login::new(input, infos(&rules));
    let finished = postlogin_engine::run(&rules, login, &conditions, &mut Vec::new());
    finished.expect("nothing broke").outcome
}

#[test]
fn what_a_rule_leaves_pending_continues_until_the_last_has_called_back() {
    /// `notices`: the codes, each with a part of its message.
    #[track_caller]
    fn check(bodies: &[&str], printed: &str, denied: Option<&str>, notices: &[(&str, &str)]) {
        let outcome = run_rules(bodies);
        let lines = outcome.logs.iter().map(|record| record.message.as_str());
        assert_eq!(lines.collect::<Vec<_>>().join(","), printed, "{bodies:?}");
        assert_eq!(outcome.reason.as_deref(), denied, "{bodies:?}");
        let found: Vec<_> = outcome
            .notices
            .iter()
            .filter(|notice| notice.code != "request-refused" && !notice.code.contains("legacy"))
            .collect();
        assert_eq!(found.len(), notices.len(), "{found:?}\n{bodies:?}");
        for (notice, (code, part)) in found.iter().zip(notices) {
            assert_eq!(notice.code, *code, "{bodies:?}");
            assert!(notice.message.contains(part), "{}", notice.message);
            assert!(notice.message.contains(FILE), "{}", notice.message);
        }
    }
    let back = "callback(null, user, context);";
    let later = format!("setTimeout(() => console.log('later'), 5); {back}");
    let slow = format!("setTimeout(() => {{ console.log('second'); {back} }}, 20);");
    // A timer of the first fires while the second waits, and keeps nobody.
    check(&[&later, &slow], "later,second", None, &[]);
    check(
        &[&later, back],
        "",
        None,
        &[(
            "not-awaited",
            "a timer (setTimeout, 5 ms) was still pending when the last Rule had called back",
        )],
    );
    let endless = format!("setInterval(() => {{}}, 10000); {back}");
    check(
        &[&endless],
        "",
        None,
        &[("not-awaited", "a timer (setInterval, 10000 ms)")],
    );
    // Its error ends whatever runs then.
    let failing = format!("setTimeout(() => {{ throw new Error('of the first'); }}, 5); {back}");
    check(&[&failing, &slow], "", Some("of the first"), &[]);
}

#[test]
fn intervals_do_not_drift() {
    // As many calls as Node 22 gives where only waiting takes time. Where computing does, how many depends on the machine: an interval
    // is due again 10 ms after it ran. None is left out, and none runs twice as often as another.
    for (flow, count) in [(Flow::Virtual, 1000), (Flow::Real, 100)] {
        let source = format!(
            "exports.onExecutePostLogin = async () => {{\n\
         const calls = Array({count}).fill(0); const all = calls.map((_, at) => setInterval(() => {{ calls[at]++; }}, 10));\n\
         await new Promise((go) => setTimeout(go, 55)); all.forEach(clearInterval);\n\
         console.log([Math.min(...calls), Math.max(...calls)].join(' ')); }};"
        );
        let case = Case {
            flow,
            ..Case::default()
        };
        let ended = run(&action(&source), &case);
        assert_eq!(ended.fault, None);
        let logs = ended.logs();
        let counts: Vec<u32> = logs
            .split_whitespace()
            .map(|count| count.parse().expect("a number"))
            .collect();
        let [least, most] = counts[..] else {
            panic!("two numbers: {logs}")
        };
        match flow {
            Flow::Virtual => assert_eq!((least, most), (5, 5)),
            Flow::Real => assert!(
                (1..=5).contains(&least) && (least..=5).contains(&most) && most - least <= 1,
                "{least} {most}"
            ),
        }
    }
}

/// In Node, `await` of a handler's promise calls none of what is patched here.
#[test]
fn patched_prototypes_do_not_hide_the_outcome() {
    for patch in [
        "Promise.prototype.then = () => { throw new Error('P'); };",
        "Promise.prototype.then = () => 5;",
        "Object.defineProperty(Promise, Symbol.species, { get() { throw new Error('P'); } });",
        "Object.defineProperty(Promise, Symbol.species, { value: function () { throw new Error('P'); } });",
        "String.prototype.split = () => { throw new Error('P'); };",
        "String.prototype.startsWith = String.prototype.endsWith = String.prototype.includes = () => { throw new Error('P'); };",
        "String.prototype.indexOf = String.prototype.slice = String.prototype.replace = () => { throw new Error('P'); };",
        "Array.prototype.every = WeakMap.prototype.get = () => { throw new Error('P'); };",
    ] {
        let ended = run(
            &action(&format!(
                "exports.onExecutePostLogin = async (event, api) => {{ {patch} api.user.setUserMetadata('a', 1); }};"
            )),
            &Case::default(),
        );
        assert_eq!(ended.fault, None, "{patch}");
        let ended = run(
            &action(&format!(
                "exports.onExecutePostLogin = async () => {{ {patch} null.name; }};"
            )),
            &Case::default(),
        );
        let fault = ended.fault.expect("the handler throws");
        assert_eq!(
            (fault.name.as_str(), fault.message.as_str()),
            (
                "TypeError",
                "Cannot read properties of null (reading 'name')"
            ),
            "{patch}"
        );
    }
}

#[test]
fn timers_are_those_of_node() {
    let source = "exports.onExecutePostLogin = async () => {\n\
         const t = setTimeout(() => {}, 5); const i = setImmediate(() => {}); const shown = [];\n\
         for (const timer of [t, i]) shown.push(timer.constructor.name, timer.hasRef(), timer.unref() === timer, timer.hasRef(), timer.ref().hasRef(),\n\
             ['close', 'refresh', Symbol.toPrimitive, Symbol.dispose].map((key) => typeof timer[key]).join());\n\
         clearTimeout(i); shown.push(t.hasRef(), i.hasRef()); clearTimeout(+t); i[Symbol.dispose](); shown.push(t._destroyed, i._destroyed);\n\
         console.log(shown.join(' ')); };";
    let ended = run(&action(source), &Case::default());
    assert_eq!(
        (ended.fault.as_ref(), ended.logs().as_str()),
        (
            None,
            "Timeout true true false true function,function,function,function \
             Immediate true true false true undefined,undefined,undefined,function true true true true\n"
        )
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
            "postlogin:actions/modules@0.3.1",
            "postlogin:actions/dynamic@0.3.1",
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
