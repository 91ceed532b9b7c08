//! Time and randomness are those of the case, in every process, also in built components.

mod common;

use std::sync::LazyLock;

use common::{Case, ENGINE, FILE, JAVASCRIPT, NOW_MS, action, run};
use postlogin_engine::ActionPre;
use postlogin_js::{Modules, mapper_of_component};

/// Prints everything that could differ between two runs, from top-level code and from the handler.
const SOURCE: &str = "
const crypto = require('crypto');
const draw = () => [Math.random(), crypto.randomUUID(), crypto.randomBytes(4).toString('hex'), crypto.randomInt(1e6),
    globalThis.crypto.randomUUID(), globalThis.crypto.getRandomValues(new Uint8Array(3)).join()];
const top = draw();
const loaded = Date.now();
exports.onExecutePostLogin = async () => {
    console.log(JSON.stringify([top, draw(), [1, 2, 3, 4, 5, 6].sort(() => Math.random() - 0.5)]));
    console.log(loaded, Date.now(), new Date().toISOString(), Math.floor(performance.now()), process.uptime());
    await new Promise((ok) => setTimeout(ok, 1500));
    console.log(Date.now(), Math.random());
};";

/// The ways in which an Action comes to run. Building one takes seconds.
static TIERS: LazyLock<[(&'static str, ActionPre); 2]> = LazyLock::new(|| {
    let component = JAVASCRIPT
        .component(FILE, SOURCE, &Modules::none())
        .unwrap_or_else(|error| panic!("{error}"));
    let program = ENGINE
        .program(&component, |_| {})
        .unwrap_or_else(|error| panic!("{error}"));
    let built = program.action(mapper_of_component(&component));
    [("loaded", action(SOURCE)), ("built", built)]
});

fn printed(action: &ActionPre, seed: u64, now_ms: i64) -> String {
    let case = Case {
        seed,
        now_ms,
        ..Case::default()
    };
    let ended = run(action, &case);
    assert!(ended.fault.is_none(), "{:?}", ended.fault);
    ended.logs()
}

#[test]
fn the_same_case_prints_the_same() {
    let mut all = Vec::new();
    for (tier, action) in &*TIERS {
        let first = printed(action, 7, NOW_MS);
        assert_eq!(first, printed(action, 7, NOW_MS), "{tier}");
        assert_ne!(first, printed(action, 8, NOW_MS), "{tier}");
        all.push(first);
    }
    assert_eq!(all[0], all[1], "a built Action differs from a loaded one");
    // Another process, another day: these stand in users' snapshots.
    assert!(
        all[0].contains("1767225600000 1767225600000 2026-01-01T00:00:00.000Z"),
        "{}",
        all[0]
    );
    assert!(all[0].contains("\n1767225601500 "), "{}", all[0]);
}

#[test]
fn nothing_is_drawn_twice() {
    for (tier, action) in &*TIERS {
        let text = printed(action, 7, NOW_MS);
        let first = text.lines().next().unwrap_or_default();
        let draws: serde_json::Value = serde_json::from_str(first).expect("the line is JSON");
        let (top, handler) = (draws[0].as_array(), draws[1].as_array());
        let pairs = top.into_iter().flatten().zip(handler.into_iter().flatten());
        assert!(
            pairs.clone().count() == 6 && pairs.clone().all(|(a, b)| a != b),
            "{tier}: {text}"
        );
    }
}

#[test]
fn the_clock_is_the_cases() {
    for (tier, action) in &*TIERS {
        for now_ms in [0, 951_782_400_000, 4_102_444_800_000] {
            let text = printed(action, 1, now_ms);
            let second = text.lines().nth(1).unwrap_or_default();
            assert!(
                second.starts_with(&format!("{now_ms} {now_ms} ")),
                "{tier}: {text}"
            );
        }
    }
}
