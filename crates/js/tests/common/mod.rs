//! Helpers that the tests of running JavaScript share: one engine, compiled once for all of them, and a login in a line.
#![allow(
    dead_code,
    reason = "each test file takes what it needs of this module"
)]

use std::{
    path::Path,
    sync::{Arc, LazyLock},
    time::Duration,
};

use postlogin_core::{
    EntryPoint, Fault, Finished, HandlerInfo, HandlerKind, Login, LoginInput, SandboxUse, Step,
    Trigger,
    outcome::{ActionUsage, Outcome},
    reads::EventRead,
    reads::Watch,
};
use postlogin_engine::{ActionPre, Allocation, Engine, Invocation};
use postlogin_host::{Budget, Clock, Conditions, Door, Flow, network::Closed};
use postlogin_js::JavaScript;
use serde_json::Value;

/// 2026-01-01T00:00:00Z.
pub const NOW_MS: i64 = 1_767_225_600_000;

/// The file that the engine names in stacks.
pub const FILE: &str = "actions/test/code.js";

pub static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    // The machine code is the same for every test binary.
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("machine-code");
    Engine::new(Allocation::OnDemand, Some(cache)).expect("this machine runs sandboxes")
});

pub static JAVASCRIPT: LazyLock<JavaScript> = LazyLock::new(|| {
    JavaScript::new(&ENGINE, |_| {}).unwrap_or_else(|error| panic!("the engine loads: {error}"))
});

/// The world of one login.
pub struct Case {
    pub event: Value,
    pub trigger: Trigger,
    pub entry: EntryPoint,
    pub now_ms: i64,
    /// Whether computing takes time.
    pub flow: Flow,
    pub seed: u64,
    pub door: Arc<dyn Door>,
    pub budget: Budget,
    /// Whether the host wants to know what is read.
    pub watch: Watch,
}

impl Default for Case {
    fn default() -> Self {
        let event = include_str!("../../../../fixtures/events/vendor-default.json");
        Self {
            event: serde_json::from_str(event).expect("the fixture is JSON"),
            trigger: Trigger::PostLogin,
            entry: EntryPoint::Execute,
            now_ms: NOW_MS,
            flow: Flow::Virtual,
            seed: 1,
            door: Arc::new(Closed),
            budget: Budget::default(),
            watch: Watch::Off,
        }
    }
}

/// The end of a handler.
pub struct Ended {
    pub fault: Option<Fault>,
    pub usage: ActionUsage,
    pub outcome: Outcome,
    /// The reads that a watching host recorded.
    pub reads: Vec<EventRead>,
}

impl Ended {
    /// The printed messages, each with its line end.
    pub fn logs(&self) -> String {
        let lines = self.outcome.logs.iter();
        lines
            .map(|record| format!("{}\n", record.message))
            .collect()
    }
}

/// Compiles a text that must compile.
pub fn action(source: &str) -> ActionPre {
    JAVASCRIPT
        .action(FILE, source)
        .unwrap_or_else(|error| panic!("{error}\n{source}"))
}

/// Runs one handler.
pub fn run(action: &ActionPre, case: &Case) -> Ended {
    let conditions = conditions(case);
    let (login, event) = begin(case);
    let (mut login, ran) = action
        .run(&mut None, login, invocation(case, &conditions, &event))
        .unwrap_or_else(|error| panic!("the sandbox broke: {error:#}"));
    let fault = ran.result.clone().err();
    let usage = ran.usage.clone();
    login.end(ran.result, ran.usage, ran.spent, case.now_ms);
    let finished = login.finish(case.now_ms);
    Ended {
        fault,
        usage,
        outcome: finished.outcome,
        reads: finished.record.reads,
    }
}

/// Runs one handler several times, one login after the other, without a fresh sandbox in between.
pub fn run_in_one_sandbox(action: &ActionPre, case: &Case, times: usize) -> Vec<Ended> {
    let conditions = conditions(case);
    let begun: Vec<_> = (0..times).map(|_| begin(case)).collect();
    let event = begun[0].1.clone();
    let logins = begun.into_iter().map(|(login, _)| login);
    let ended = action
        .run_in_one_sandbox(logins.collect(), invocation(case, &conditions, &event))
        .unwrap_or_else(|error| panic!("the sandbox broke: {error:#}"));
    let ended = ended.into_iter().map(|(mut login, result)| {
        let fault = result.clone().err();
        login.end(result, ActionUsage::default(), Duration::ZERO, case.now_ms);
        let Finished {
            outcome, record, ..
        } = login.finish(case.now_ms);
        Ended {
            fault,
            usage: ActionUsage::default(),
            outcome,
            reads: record.reads,
        }
    });
    ended.collect()
}

/// The facts and conditions of a login for [`postlogin_engine::run`].
pub fn login(case: &Case) -> (LoginInput, Conditions) {
    let input = LoginInput {
        trigger: case.trigger,
        event: case.event.clone(),
        seed: case.seed,
        now_ms: case.now_ms,
        ..LoginInput::default()
    };
    (input, conditions(case))
}

fn conditions(case: &Case) -> Conditions {
    Conditions {
        clock: Arc::new(Clock::new(case.now_ms, case.flow)),
        seed: case.seed,
        door: Arc::clone(&case.door),
        budget: case.budget,
    }
}

fn begin(case: &Case) -> (Login, String) {
    let info = HandlerInfo {
        name: "test".to_owned(),
        ..HandlerInfo::default()
    };
    let login = Login::new(login(case).0, vec![info]);
    let mut login = login.watched(case.watch);
    let Step::Run(call) = login.next(case.now_ms) else {
        panic!("a login begins with its first Action");
    };
    (login, call.input)
}

fn invocation<'a>(case: &Case, conditions: &'a Conditions, event: &'a str) -> Invocation<'a> {
    Invocation {
        kind: HandlerKind::Action,
        entry: case.entry,
        input: event,
        sandbox: SandboxUse::Fresh,
        conditions,
        spent: Duration::ZERO,
        stream: 0,
    }
}

/// Runs the execute handler of a text in the default world and gives what it printed.
///
/// # Panics
/// When the handler fails.
pub fn printed(source: &str) -> String {
    let ended = run(&action(source), &Case::default());
    assert!(ended.fault.is_none(), "{:?}\n{source}", ended.fault);
    ended.logs()
}
