//! Attacks of an Action on the host: each attempt ends as a fault of the Action, within its budget, and the
//! next login through the same Action works.

mod common;

use std::time::{Duration, Instant};

use common::{Case, FILE, action, run};
use postlogin_core::{Fault, FaultKind};
use postlogin_engine::{Allocation, Engine};
use postlogin_host::Budget;
use postlogin_js::JavaScript;
use serde_json::json;

/// The budget of one attempt.
const BUDGET: Budget = Budget {
    time: Duration::from_millis(500),
    memory: 128 << 20,
};

/// For what ends by itself: a busy machine may take its time.
const PATIENT: Budget = Budget {
    time: Duration::from_secs(20),
    ..BUDGET
};

/// The time beyond its budget for which an attempt may keep the host busy, on a slow machine.
const GRACE: Duration = Duration::from_secs(4);

/// Runs `attack` in a handler when the event asks for it; without, the same Action must still work.
#[track_caller]
fn check(attack: &str, budget: Budget, expected: impl Fn(Option<&Fault>, &str)) {
    let source = format!(
        "exports.onExecutePostLogin = async (event, api) => {{\n\
         if (event.user.user_metadata.attack) {{ {attack} }}\n\
         console.log('done');\n}};"
    );
    let action = action(&source);
    let mut case = Case {
        budget,
        ..Case::default()
    };
    case.event["user"]["user_metadata"] = json!({"attack": true});
    let started = Instant::now();
    let ended = run(&action, &case);
    let took = started.elapsed();
    expected(ended.fault.as_ref(), &ended.logs());
    assert!(took < budget.time + GRACE, "{took:?}: {attack}");
    assert!(
        ended.usage.memory_bytes <= budget.memory,
        "{} bytes: {attack}",
        ended.usage.memory_bytes
    );

    let next = run(&action, &Case::default());
    assert_eq!(
        (next.fault.as_ref(), next.logs().as_str()),
        (None, "done\n")
    );
}

#[track_caller]
fn check_fault(attack: &str, kinds: &[FaultKind], message: &str) {
    check(attack, BUDGET, |fault, _| {
        let fault = fault.unwrap_or_else(|| panic!("nothing stopped: {attack}"));
        assert!(kinds.contains(&fault.kind), "{fault:?}: {attack}");
        assert!(fault.message.contains(message), "{fault:?}: {attack}");
        assert!(!fault.message.contains(".rs"), "{fault:?}: {attack}");
    });
}

#[track_caller]
fn check_prints(attack: &str, printed: &str) {
    check(attack, PATIENT, |fault, logs| {
        assert_eq!((fault, logs), (None, printed), "{attack}");
    });
}

#[test]
fn endless_computing_runs_out_of_time() {
    for attack in [
        "while (true) {}",
        "await null; while (true) {}",
        "await new Promise((ok) => setTimeout(ok, 10)); for (;;);",
        "try { while (true) {} } catch {} finally { while (true) {} }",
        "/(a+)+$/.test('a'.repeat(40) + 'b');",
        "for (;;) { try { null.x } catch {} }",
        "const next = () => Promise.resolve().then(next); await next();",
        "const next = () => process.nextTick(next); next(); await new Promise(() => {});",
        "for (;;) await null;",
        "JSON.stringify({ toJSON() { for (;;); } });",
        "Array.from({ length: 1e9 }, () => 1).sort();",
    ] {
        check_fault(attack, &[FaultKind::Timeout, FaultKind::OutOfMemory], "");
    }
}

#[test]
fn waiting_is_virtual_and_counts() {
    for attack in [
        "await new Promise((ok) => setTimeout(ok, 60 * 60 * 1000));",
        "for (;;) await new Promise((ok) => setTimeout(ok, 1));",
        "setInterval(() => {}, 10); await new Promise(() => {});",
    ] {
        check_fault(attack, &[FaultKind::Timeout], "did not finish within 0.5 s");
    }
}

#[test]
fn a_promise_that_nothing_settles_is_told() {
    for attack in [
        "await new Promise(() => {});",
        "let give; const got = new Promise((ok) => { give = ok; }); await got; give();",
        "await { then() {} };",
    ] {
        check_fault(
            attack,
            &[FaultKind::NeverSettled],
            "awaits a promise that nothing can settle",
        );
    }
}

#[test]
fn memory_has_an_end() {
    for attack in [
        "new ArrayBuffer(10 * 2 ** 30);",
        "const all = []; for (;;) all.push(new Uint8Array(2 ** 20).fill(1));",
        "let s = 'x'; for (;;) s += s;",
        "const all = []; for (;;) all.push({ n: all.length });",
        "const all = new Map(); for (let i = 0; ; i++) all.set(`key ${i}`, i);",
        "'x'.repeat(2 ** 29);",
        "Buffer.alloc(2 ** 30);",
        "new Array(2 ** 28).fill('x');",
        "api.idToken.setCustomClaim('big', 'x'.repeat(50 * 2 ** 20));",
    ] {
        check_fault(
            attack,
            &[
                FaultKind::OutOfMemory,
                FaultKind::Thrown,
                FaultKind::Timeout,
            ],
            "",
        );
    }
}

/// Keys are derived in the sandbox, so its budget ends what asks for too much, whatever Node's own limit (`maxmem`) was set to.
#[test]
fn deriving_keys_has_the_budget_of_the_action() {
    let memory: &[FaultKind] = &[FaultKind::OutOfMemory, FaultKind::Timeout];
    let time: &[FaultKind] = &[FaultKind::Timeout];
    for (call, kinds) in [
        (
            "scryptSync('a', 'b', 32, { N: 2 ** 18, maxmem: 2 ** 40 })",
            memory,
        ),
        (
            "scryptSync('a', 'b', 32, { N: 2 ** 17, maxmem: 2 ** 53 - 1 })",
            memory,
        ),
        ("scryptSync('a', 'b', 2 ** 31 - 1, { N: 2, r: 1 })", memory),
        ("pbkdf2Sync('a', 'b', 1, 2 ** 31 - 1, 'sha512')", memory),
        (
            "scryptSync('a', 'b', 32, { N: 2 ** 14, p: 2 ** 15, maxmem: 2 ** 40 })",
            time,
        ),
        ("pbkdf2Sync('a', 'b', 2 ** 31 - 1, 32, 'sha512')", time),
        ("generatePrimeSync(16384, { safe: true })", time),
    ] {
        check_fault(&format!("require('crypto').{call};"), kinds, "");
    }
    // Without `maxmem`, Node's limit is 32 MiB, and Node 22 has no Argon2.
    check_prints(
        "try { require('crypto').scryptSync('a', 'b', 32, { N: 2 ** 20 }); } catch (e) { console.log(e.code); }",
        "ERR_CRYPTO_INVALID_SCRYPT_PARAMS\ndone\n",
    );
    check_prints(
        "console.log(typeof require('crypto').argon2Sync);",
        "undefined\ndone\n",
    );
}

#[test]
fn an_action_is_watched_when_its_engine_is_gone() {
    let action = {
        let cache = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("machine-code");
        let engine = Engine::new(Allocation::OnDemand, Some(cache)).expect("an engine");
        let javascript = JavaScript::new(&engine, |_| {}).expect("the JavaScript engine");
        let source = "exports.onExecutePostLogin = async () => { for (;;) {} };";
        javascript.action(FILE, source).expect("it compiles")
    };
    let case = Case {
        budget: BUDGET,
        ..Case::default()
    };
    let fault = run(&action, &case).fault.expect("it was stopped");
    assert_eq!(fault.kind, FaultKind::Timeout);
}

#[test]
fn endless_recursion_is_a_range_error() {
    for attack in [
        "(function f() { f(); })();",
        "await (async function f() { await f(); })();",
        "const o = { get x() { return this.x; } }; o.x;",
        "class A { constructor() { new A(); } } new A();",
        "const f = () => [1].map(f); f();",
        "const p = new Proxy({}, { get: (_, k, self) => self[k] }); p.x;",
        "JSON.parse('['.repeat(1e6));",
        "let x = []; for (let i = 0; i < 1e5; i++) x = [x]; JSON.stringify(x);",
    ] {
        check(attack, PATIENT, |fault, _| {
            let fault = fault.unwrap_or_else(|| panic!("nothing stopped: {attack}"));
            let kinds = [FaultKind::StackOverflow, FaultKind::Thrown];
            assert!(kinds.contains(&fault.kind), "{fault:?}: {attack}");
            assert!(
                fault.message.contains("Maximum call stack size exceeded"),
                "{fault:?}: {attack}"
            );
        });
    }
}

#[test]
fn deep_arguments_are_a_range_error() {
    let attack = "let deep = {}; for (let i = 0; i < 1e6; i++) deep = { deep };\
        try { api.idToken.setCustomClaim('deep', deep); } catch (error) { console.log(error.name, error instanceof RangeError); }";
    check_prints(attack, "RangeError true\ndone\n");
    // Wide is not deep: the search for circles looks at what contains a value, not at all that came before.
    let attack =
        "api.idToken.setCustomClaim('wide', Array.from({ length: 20000 }, (_, i) => [i]));";
    check_prints(attack, "done\n");
}

#[test]
fn logs_are_kept_up_to_productions_limit() {
    check(
        "for (let i = 0; i < 100; i++) console.log('x'.repeat(2 ** 20));",
        PATIENT,
        |fault, logs| {
            assert!(fault.is_none(), "{fault:?}");
            assert_eq!(logs.len(), 262_144 + 1);
        },
    );
}

#[test]
fn the_process_can_be_ended_by_its_own_action_alone() {
    for attack in [
        "process.exit();",
        "process.exit(0); console.log('after');",
        "try { process.exit(3); } catch {} console.log('after'); api.access.deny('after');",
        "setTimeout(() => process.exit(1), 5); await new Promise((ok) => setTimeout(ok, 50));",
        "await Promise.all([(async () => process.exit(1))(), new Promise(() => {})]);",
    ] {
        check(attack, PATIENT, |fault, logs| {
            let fault = fault.unwrap_or_else(|| panic!("nothing stopped: {attack}"));
            assert_eq!(fault.kind, FaultKind::Exited, "{fault:?}: {attack}");
            assert!(fault.message.contains("exit code"), "{fault:?}");
            assert_eq!(logs, "", "{attack}");
        });
    }
    check("process.abort();", PATIENT, |fault, _| {
        assert!(fault.is_some());
    });
    check("process.kill(process.pid, 'SIGKILL');", PATIENT, |_, _| {});
}

#[test]
fn nothing_of_the_machine_can_be_read() {
    let check_caught = |attempt: &str, code: &str| {
        let attack = format!(
            "try {{ {attempt}; console.log('got through'); }} catch (error) {{ console.log(error.code ?? error.cause?.code); }}"
        );
        check_prints(&attack, &format!("{code}\ndone\n"));
    };
    check_caught("require('fs').readFileSync('/etc/passwd')", "ENOENT");
    check_caught("require('fs').readdirSync('/')", "ENOENT");
    check_caught("require('fs').writeFileSync('/tmp/x', 'x')", "ENOENT");
    check_caught(
        "await require('node:fs/promises').readFile('/etc/hosts')",
        "ENOENT",
    );
    check_caught("require('child_process').execSync('ls')", "ENOSYS");
    check_caught("await fetch('https://example.com')", "ECONNREFUSED");
    check_caught(
        "await new Promise((_, no) => require('https').get('https://example.com').on('error', no))",
        "ECONNREFUSED",
    );
    check_caught(
        "await new Promise((_, no) => require('net').connect(80, '127.0.0.1').on('error', no))",
        "ECONNREFUSED",
    );
    check_prints(
        "console.log(Object.keys(process.env).length, process.cwd(), process.platform);",
        "0 / linux\ndone\n",
    );
}

#[test]
fn a_hostile_value_is_an_ordinary_fault() {
    for attack in [
        "throw { get name() { throw 1; }, toString() { throw 2; } };",
        "const e = new Error('x'); Object.defineProperty(e, 'message', { get() { throw e; } }); throw e;",
        "const e = new Error('x'); e.name = Symbol('s'); throw e;",
        "throw '\\ud800';",
        "throw Symbol('s');",
        "throw Object.create(null);",
        "throw new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 2; } });",
        "Object.defineProperty(Object.prototype, 'error', { get() { throw 1; } }); throw new Error('y');",
        "globalThis.Promise = undefined; globalThis.Error = undefined; JSON.parse = undefined; throw 1;",
    ] {
        check_fault(attack, &[FaultKind::Thrown], "");
    }
    check_prints(
        "console.log('\\ud800'); api.idToken.setCustomClaim('\\ud800', '\\udc00'); console.log(Object.create(null, { x: { get() { throw 1; }, enumerable: true } }));",
        "\u{fffd}\n[Object: null prototype] { x: [Getter] }\ndone\n",
    );
}
