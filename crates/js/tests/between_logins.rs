//! However a login ends, the next one in the same sandbox finds nothing of it: all of its memory and its globals are those of a new one,
//! and an Action that looks everywhere sees what it sees in a process of its own.

mod common;

use std::{
    path::Path,
    sync::{Arc, LazyLock},
    time::Duration,
};

use common::{Case, ENGINE, Ended, FILE, JAVASCRIPT, run};
use postlogin_core::{HandlerInfo, HandlerKind, Login, reads::Watch};
use postlogin_engine::{
    ActionPre, Allocation, BoundAction, Engine, infos, verified, verify_images,
};
use postlogin_host::Budget;
use postlogin_js::{JavaScript, Modules, coverage::Detail};

/// An Action that prints all state that code of another login could have left.
const OBSERVER: &str = "
const seen = new Set();
const names = (object) => Reflect.ownKeys(object).map(String).sort().join();
const describe = (path, object, lines) => {
  if ((typeof object !== 'object' && typeof object !== 'function') || object === null || seen.has(object)) return;
  seen.add(object);
  lines.push(path + ' ' + Object.isExtensible(object) + ' ' + names(object));
  for (const key of Reflect.ownKeys(object)) {
    const property = Reflect.getOwnPropertyDescriptor(object, key);
    if (!property || !('value' in property)) continue;
    const value = property.value;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      lines.push(path + '.' + String(key) + ' = ' + String(value).slice(0, 80));
    } else if (path.split('.').length < 4) describe(path + '.' + String(key), value, lines);
  }
  describe(path + '.[[Prototype]]', Object.getPrototypeOf(object), lines);
};
let logins = 0;
exports.onExecutePostLogin = async (event, api) => {
  const lines = [];
  describe('globalThis', globalThis, lines);
  const text = lines.join('\\n');
  console.log('globals', lines.length, require('crypto').createHash('sha256').update(text).digest('hex'));
  console.log('own', ++logins, JSON.stringify(process.env), Symbol.for('left') in globalThis, RegExp.lastMatch, RegExp.$1);
  console.log('node', process.eventNames().length, Object.keys(require.cache || {}).length, require('events').defaultMaxListeners,
    require('util').inspect.defaultOptions.depth, require('os').left, Error.stackTraceLimit, typeof Error.prepareStackTrace);
  console.log('world', Date.now(), performance.now(), Math.random(), crypto.randomUUID(), process.hrtime().join(), process.uptime());
  console.log('event', JSON.stringify(event));
  const started = Date.now();
  await new Promise((resolve) => setTimeout(resolve, 700));
  console.log('waited', Date.now() - started, JSON.stringify(process.memoryUsage().heapUsed > 0));
  try { await fetch('https://api.example.com/'); } catch (error) { console.log(error.message, error.cause && error.cause.message); }
  api.idToken.setCustomClaim('https://example.com/logins', logins);
};";

/// Leaves something of every kind, before it ends in some way.
const POLLUTION: &str = "
  globalThis.left = 1; globalThis[Symbol.for('left')] = 1; process.env.LEFT = '1'; /(le)ft/.exec('left');
  Object.prototype.left = 1; Array.prototype.flat = () => 'mine'; String.prototype.trim = () => 'mine'; Promise.prototype.then.left = 1;
  JSON.stringify = () => 'mine'; Date.now = () => 7; Math.random = () => 0.5; Error.stackTraceLimit = 1; Error.prepareStackTrace = () => 'mine';
  require('events').defaultMaxListeners = 99; require('util').inspect.defaultOptions.depth = 0; require('os').left = 1;
  process.on('uncaughtException', () => {}); process.on('unhandledRejection', () => {}); console.group('left'); console.log = () => {};
  setTimeout(() => { globalThis.late = 1; }, 600); setInterval(() => {}, 50); queueMicrotask(() => { globalThis.soon = 1; });
  fetch('https://api.example.com/left').catch(() => {}); Promise.reject(new Error('left'));
  event.user.email = 'left@example.com'; Object.freeze(Object.prototype);
  globalThis.held = Array.from({ length: 2000 }, (_, at) => 'held ' + at);";

/// The ways to end: a name, what comes after [`POLLUTION`], and the name of the fault.
const ENDINGS: &[(&str, &str, Option<&str>)] = &[
    ("return", "", None),
    ("throw", "throw new TypeError('no');", Some("TypeError")),
    (
        "deep recursion",
        "const f = () => f() + 1; f();",
        Some("RangeError"),
    ),
    (
        "growth",
        "globalThis.large = []; for (let i = 0; i < 30; i++) globalThis.large.push(new Uint8Array(1 << 20).fill(7));",
        None,
    ),
    ("time-out", "for (;;) {}", Some("Timeout")),
    (
        "time-out while it waits",
        "await new Promise((resolve) => setTimeout(resolve, 60000));",
        Some("Timeout"),
    ),
    (
        "nothing left to wait for",
        "clearInterval(1); await new Promise(() => {});",
        Some("Timeout"),
    ),
    (
        "out of memory",
        "const all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(1));",
        Some("OutOfMemory"),
    ),
    ("exit", "process.exit(3);", Some("Exited")),
];

fn ending(code: &str) -> String {
    format!("exports.onExecutePostLogin = async (event, api) => {{{POLLUTION}\n{code}\n}};")
}

/// In the memories of wasmtime, where each login has an instance of its own.
static WITHOUT: LazyLock<JavaScript> = LazyLock::new(|| {
    let cache = ENGINE.cache().map(Path::to_owned);
    let engine = Engine::without_images(Allocation::OnDemand, cache).expect("an engine");
    JavaScript::new(&engine, |_| {}).unwrap_or_else(|error| panic!("{error}"))
});

/// Conditions for this code. Only a part of the time that it computes counts, so what computes for ever gets less.
fn short(code: &str, watch: Watch) -> Case {
    let milliseconds = match code.contains("for (;;) {}") {
        true => 250,
        false => 2_000,
    };
    Case {
        watch,
        budget: Budget {
            time: Duration::from_millis(milliseconds),
            ..Budget::default()
        },
        ..Case::default()
    }
}

/// The Action, and the Action with counters in its text.
fn both(javascript: &JavaScript, text: &str) -> [ActionPre; 2] {
    let (covered, _) = javascript
        .action_with_coverage(FILE, text, Arc::new(Modules::none()), Detail::Coverage)
        .unwrap_or_else(|error| panic!("{error}"));
    let plain = javascript.action(FILE, text);
    [plain.unwrap_or_else(|error| panic!("{error}")), covered]
}

/// Returns the messages and the claims of an observer.
fn observed(ended: &Ended) -> (String, String) {
    assert_eq!(ended.fault, None);
    let claims = serde_json::to_string(&ended.outcome.id_token.claims).expect("JSON");
    (ended.logs(), claims)
}

#[test]
fn whatever_ends_a_login_the_next_one_finds_nothing() {
    verify_images();
    let [alone, alone_covered] = both(&WITHOUT, OBSERVER);
    let [plain, covered] = both(&JAVASCRIPT, OBSERVER);
    let observers = [
        (&plain, Watch::Off, &alone),
        (&plain, Watch::Places, &alone),
        (&covered, Watch::Off, &alone_covered),
    ];
    let observers = observers.map(|(observer, watch, alone)| {
        let expected = observed(&run(alone, &short("", watch)));
        assert!(expected.0.contains("own 1 "), "{}", expected.0);
        (observer, watch, expected)
    });
    for (name, code, fault) in ENDINGS {
        let before = verified();
        let [plain, covered] = both(&JAVASCRIPT, &ending(code));
        let mut logins = 0;
        for (ending, watch) in [
            (&plain, Watch::Off),
            (&plain, Watch::Places),
            (&covered, Watch::Off),
            (&plain, Watch::Off),
        ] {
            for (observer, observing, expected) in &observers {
                let ended = run(ending, &short(code, watch));
                let ended = ended.fault.map(|fault| fault.name);
                assert_eq!(ended.as_deref(), *fault, "{name} {watch:?}");
                let after = observed(&run(observer, &short("", *observing)));
                assert_eq!(after, *expected, "after {name}, {watch:?} {observing:?}");
                logins += 2;
            }
        }
        let after = verified();
        if cfg!(all(target_os = "linux", target_pointer_width = "64")) {
            assert!(after.memories >= before.memories + logins, "{name}");
            assert!(after.globals >= before.globals + logins, "{name}");
        }
    }
}

/// The logs of a login through these handlers.
fn logs(code: &str, handlers: &[BoundAction]) -> Vec<String> {
    let (input, conditions) = common::login(&short(code, Watch::Off));
    let login = Login::new(input, infos(handlers));
    let ended = postlogin_engine::run(handlers, login, &conditions, &mut Vec::new());
    let outcome = ended
        .unwrap_or_else(|error| panic!("the sandbox broke: {error:#}"))
        .outcome;
    outcome.logs.into_iter().map(|log| log.message).collect()
}

fn bound(kind: HandlerKind, action: ActionPre) -> BoundAction {
    BoundAction {
        info: HandlerInfo {
            name: "test".to_owned(),
            kind,
            ..HandlerInfo::default()
        },
        action: Some(action),
        notices: Vec::new(),
    }
}

fn rule(text: &str) -> BoundAction {
    let made = JAVASCRIPT.rule(
        HandlerKind::Rule,
        "rule.js",
        text,
        Arc::new(Modules::none()),
    );
    let made = made.expect("it is a Rule").expect("it compiles");
    bound(HandlerKind::Rule, made)
}

/// Rules share a sandbox until their login ends, in whatever way; neither the Action after them nor the next login finds it.
#[test]
fn whatever_ends_the_rules_of_a_login_no_other_login_finds_their_sandbox() {
    verify_images();
    let look = "function (user, context, callback) { console.log('count ' + (global.count = (global.count || 0) + 1)); callback(null, user, context); }";
    let action = || {
        let text = "exports.onExecutePostLogin = async () => { console.log('count ' + (globalThis.count || 0)); };";
        bound(HandlerKind::Action, common::action(text))
    };
    for (ending, reached) in [
        ("callback(null, user, context);", true),
        (
            "global.large = new Uint8Array(30 << 20).fill(7); callback(null, user, context);",
            true,
        ),
        (
            "setTimeout(function () { global.count = 9; }, 10); callback(null, user, context);",
            true,
        ),
        ("callback(new Error('no'));", false),
        ("callback(new UnauthorizedError('no'));", false),
        ("throw new TypeError('no');", false),
        ("for (;;) {}", false),
        (
            "var all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(1));",
            false,
        ),
    ] {
        let before = verified();
        let last = format!("function (user, context, callback) {{ global.count = 7; {ending} }}");
        let handlers = [rule(look), rule(look), rule(&last), action()];
        for _ in 0..3 {
            let mut expected = vec!["count 1", "count 2"];
            expected.extend(reached.then_some("count 0"));
            assert_eq!(logs(ending, &handlers), expected, "{ending}");
            assert_eq!(logs("", &[action()]), ["count 0"], "after {ending}");
        }
        if cfg!(all(target_os = "linux", target_pointer_width = "64")) {
            assert!(verified().globals >= before.globals + 6, "{ending}");
        }
    }
}
