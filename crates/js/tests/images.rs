//! Sandboxes that begin with an image, and sandboxes that are used again: every login ends as one with wasmtime's own memory, and
//! nothing of a login is there in the next one.

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
    thread,
    time::Duration,
};

use common::{Case, ENGINE, FILE, JAVASCRIPT};
use postlogin_core::{HandlerInfo, HandlerKind, Login, outcome::Usage};
use postlogin_engine::{
    ActionPre, Allocation, BoundAction, Engine, Invocation, Phases, infos, verify_images,
};
use postlogin_host::Budget;
use postlogin_js::{Dependencies, JavaScript, Modules};
use serde_json::Value;

/// The same engine, in sandboxes with the memories of wasmtime.
static WITHOUT: LazyLock<JavaScript> = LazyLock::new(|| {
    let cache = ENGINE.cache().map(Path::to_owned);
    let engine = Engine::without_images(Allocation::OnDemand, cache).expect("an engine");
    JavaScript::new(&engine, |_| {}).unwrap_or_else(|error| panic!("{error}"))
});

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns the outcome of a login, without the parts that depend on the machine.
fn outcome(handlers: &[BoundAction], case: &Case) -> Value {
    let (input, conditions) = common::login(case);
    let login = Login::new(input, infos(handlers)).watched(case.watch);
    let finished = postlogin_engine::run(handlers, login, &conditions, &mut Vec::new());
    let mut outcome = finished
        .unwrap_or_else(|error| panic!("the sandbox broke: {error:#}"))
        .outcome;
    outcome.usage = Usage::default();
    serde_json::to_value(outcome).expect("an outcome is JSON")
}

fn handler(kind: HandlerKind, action: ActionPre) -> BoundAction {
    let info = HandlerInfo {
        name: "test".to_owned(),
        kind,
        ..HandlerInfo::default()
    };
    BoundAction {
        info,
        action: Some(action),
        notices: Vec::new(),
    }
}

fn action(javascript: &JavaScript, text: &str) -> Option<BoundAction> {
    let modules = Modules::new(Dependencies::default()).expect("no module is there twice");
    let action = javascript.action_with(FILE, text, Arc::new(modules));
    Some(handler(HandlerKind::Action, action.ok()?))
}

fn rule(javascript: &JavaScript, text: &str) -> Option<BoundAction> {
    let modules =
        Arc::new(Modules::new(Dependencies::default()).expect("no module is there twice"));
    let rule = javascript.rule(HandlerKind::Rule, "rule.js", text, modules)?;
    Some(handler(HandlerKind::Rule, rule.ok()?))
}

/// Every Action and Rule of the repository, and every handler of the conformance table.
fn corpus() -> Vec<String> {
    let mut texts = Vec::new();
    let mut folders = vec![root().join("actions"), root().join("fixtures")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "js") {
                texts.push(fs::read_to_string(path).expect("a text"));
            }
        }
    }
    assert!(texts.len() > 15, "only {} files", texts.len());
    let table = include_str!("../../../fixtures/conformance/handler-shapes.jsonl");
    let rows = table
        .lines()
        .map(|row| serde_json::from_str::<Value>(row).expect("JSON"));
    texts.extend(rows.filter_map(|row| Some(row["source"].as_str()?.to_owned())));
    texts
}

/// Code that leaves traces, breaks the sandbox, or takes more memory than it began with.
const HOSTILE: &[&str] = &[
    // State of every kind.
    "globalThis.count = (globalThis.count || 0) + 1; Array.prototype.at = () => 'mine'; Object.prototype.x = 1;
     exports.onExecutePostLogin = async (event, api) => {
       String.prototype.trim = function () { return 'trimmed'; };
       console.log(count, [1].at(0), 'x '.trim(), Math.random(), Date.now(), crypto.randomUUID(), performance.now(), Object.keys({}).length);
       process.env.SEEN = (process.env.SEEN || '') + 'x'; console.log(process.env.SEEN);
       api.idToken.setCustomClaim('https://example.com/count', globalThis.count);
     };",
    // Timers, some of them left behind.
    "exports.onExecutePostLogin = async () => {
       setTimeout(() => console.log('late'), 5000); setInterval(() => {}, 100);
       await new Promise((resolve) => setTimeout(resolve, 50)); console.log(Date.now());
     };",
    // The network.
    "exports.onExecutePostLogin = async () => {
       try { await fetch('https://api.example.com/'); } catch (error) { console.log(error.message, String(error.cause)); }
       fetch('https://api.example.com/left').catch(() => {});
     };",
    "exports.onExecutePostLogin = async () => { await new Promise(() => {}); };",
    "exports.onExecutePostLogin = async () => { throw new TypeError('no'); };",
    "exports.onExecutePostLogin = async () => { const f = () => f() + 1; try { f(); } catch (e) { console.log(e.name); } };",
    "exports.onExecutePostLogin = async () => { const f = () => f() + 1; f(); };",
    "exports.onExecutePostLogin = async () => { for (;;) {} };",
    "exports.onExecutePostLogin = async () => { const all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(1)); };",
    // 30 MB, which stay below the limit, and are gone in the next login.
    "exports.onExecutePostLogin = async () => { const all = []; for (let i = 0; i < 30; i++) all.push(new Uint8Array(1 << 20).fill(i)); console.log(all.length, all[29][5]); };",
    "let seen = 0; exports.onExecutePostLogin = async (event, api) => { seen++; console.log(seen); Promise.reject(new Error('unhandled')); };",
    "const s = Symbol.for('kept'); exports.onExecutePostLogin = async () => { console.log(globalThis[s]); globalThis[s] = 1; new WeakRef({}); };",
    "process.exit(3);",
    "this does not compile",
    "throw new Error('at load');",
    "exports.onExecutePostLogin = async () => { console.log(new Intl.NumberFormat('de').format(1234.5)); };",
    // Larger than what an engine has in reserve: the image of the loaded script is larger than the engine's.
    "LARGE",
];

fn hostile() -> Vec<String> {
    let large = |text: &&str| match *text {
        "LARGE" => {
            let functions = (0..20_000)
                .map(|number| format!("function f{number}(a) {{ return a + {number}; }}\n"));
            let functions: String = functions.collect();
            format!(
                "{functions}exports.onExecutePostLogin = async () => {{ console.log(f19999(1)); }};"
            )
        }
        text => text.to_owned(),
    };
    HOSTILE.iter().map(large).collect()
}

fn case(text: &str) -> Case {
    let time = match text.contains("for (;;) {}") {
        true => Duration::from_millis(200),
        false => Duration::from_secs(20),
    };
    Case {
        budget: Budget {
            time,
            ..Budget::default()
        },
        ..Case::default()
    }
}

/// Each text in logins with and without images, alternating with all others.
#[test]
fn every_login_ends_as_one_without_an_image() {
    verify_images();
    let texts: Vec<String> = corpus().into_iter().chain(hostile()).collect();
    let make = |javascript: &JavaScript, text: &str| {
        let made = rule(javascript, text).or_else(|| action(javascript, text));
        made.map(|made| [made])
    };
    let prepared: Vec<_> = texts
        .iter()
        .filter_map(|text| {
            let expected = outcome(&make(&WITHOUT, text)?, &case(text));
            Some((text, expected, make(&JAVASCRIPT, text)?))
        })
        .collect();
    assert!(prepared.len() > 100, "only {} texts", prepared.len());
    // The first login loads the script, the second one begins with an image of that, the third one with a used sandbox.
    for round in 0..4 {
        for (text, expected, handlers) in &prepared {
            let ended = outcome(handlers, &case(text));
            assert_eq!(ended, *expected, "round {round}: {text:.500}");
        }
    }
}

/// Several threads take sandboxes from each other.
#[test]
fn sandboxes_change_their_thread() {
    verify_images();
    let texts = hostile();
    let handlers: Vec<_> = texts
        .iter()
        .filter(|text| !text.contains("for (;;)"))
        .filter_map(|text| {
            let handlers = [action(&JAVASCRIPT, text)?];
            let expected = outcome(&handlers, &case(text));
            Some((text, expected, handlers))
        })
        .collect();
    thread::scope(|scope| {
        for start in 0..4 {
            let handlers = &handlers;
            scope.spawn(move || {
                for turn in 0..handlers.len() * 3 {
                    let (text, expected, handlers) =
                        &handlers[(turn * (start + 1)) % handlers.len()];
                    assert_eq!(outcome(handlers, &case(text)), *expected, "{text:.500}");
                }
            });
        }
    });
}

/// Rules of a login share a sandbox, and those of the next login do not find it.
#[test]
fn rules_share_a_sandbox_within_a_login_only() {
    verify_images();
    let text = "function rule(user, context, callback) {
        global.count = (global.count || 0) + 1;
        context.idToken['https://example.com/count'] = global.count;
        callback(null, user, context);
    }";
    let rules = |javascript: &JavaScript| {
        let rules = [
            rule(javascript, text),
            rule(javascript, text),
            rule(javascript, text),
        ];
        rules.map(|rule| rule.expect("it is a Rule"))
    };
    let expected = outcome(&rules(&WITHOUT), &Case::default());
    assert_eq!(
        expected["id_token"]["claims"]["https://example.com/count"],
        3
    );
    let rules = rules(&JAVASCRIPT);
    for _ in 0..4 {
        assert_eq!(outcome(&rules, &Case::default()), expected);
    }
}

fn phases(action: &ActionPre, case: &Case) -> (Phases, u64) {
    let (input, conditions) = common::login(case);
    let info = HandlerInfo {
        name: "test".to_owned(),
        ..HandlerInfo::default()
    };
    let mut login = Login::new(input, vec![info]);
    let postlogin_core::Step::Run(call) = login.next(case.now_ms) else {
        panic!("a login begins with its first Action");
    };
    let invocation = Invocation {
        kind: call.kind,
        entry: call.entry,
        input: &call.input,
        sandbox: call.sandbox,
        conditions: &conditions,
        spent: Duration::ZERO,
        stream: 0,
    };
    let (_, ran) = action.run(&mut None, login, invocation).expect("it runs");
    (ran.phases, ran.usage.memory_bytes)
}

/// From the second login on, the script is not loaded any more; memory counts as before.
#[test]
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn a_script_is_loaded_once() {
    let text = "exports.onExecutePostLogin = async () => {};";
    let with = common::action(text);
    let without = WITHOUT.action(FILE, text).expect("it compiles");
    let (_, expected) = phases(&without, &Case::default());
    let first = phases(&with, &Case::default());
    assert!(first.0.load > Duration::ZERO, "{first:?}");
    for _ in 0..3 {
        let (phases, memory) = phases(&with, &Case::default());
        assert_eq!(phases.load, Duration::ZERO);
        assert_eq!(memory, expected);
    }
}

/// A budget below what an engine begins with is a fault of the login, and one that was larger before changes nothing about that.
#[test]
fn too_little_memory_is_the_same_fault() {
    let text = "exports.onExecutePostLogin = async () => {};";
    let small = Case {
        budget: Budget {
            memory: 8 << 20,
            ..Budget::default()
        },
        ..Case::default()
    };
    let make = |javascript: &JavaScript| [action(javascript, text).expect("it compiles")];
    let expected = outcome(&make(&WITHOUT), &small);
    assert!(
        expected.to_string().contains("more than 8 MiB"),
        "{expected}"
    );
    let handlers = make(&JAVASCRIPT);
    for _ in 0..3 {
        outcome(&handlers, &Case::default());
        assert_eq!(outcome(&handlers, &small), expected);
    }
}
