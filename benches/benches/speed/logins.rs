//! Logins in one process, each in a fresh sandbox, with Node's `node:vm` beside them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use postlogin_core::{
    HandlerInfo, Login, LoginInput, Step, event::post_login_sample, outcome::Status,
};
use postlogin_engine::{Allocation, BoundAction, Engine, Invocation, Phases, infos};
use postlogin_host::{Budget, Clock, Conditions, Flow, network::Closed};
use postlogin_js::{JavaScript, Modules};

use crate::{
    ACTION,
    numbers::{line, low, median},
};

/// An Action that does nothing, for the cost of the login itself.
const EMPTY: &str = "exports.onExecutePostLogin = async (event, api) => {};\n";

pub(crate) fn measure(scratch: &Path, rounds: usize) -> anyhow::Result<()> {
    let event = post_login_sample();
    let event_file = scratch.join("event.json");
    fs::write(&event_file, event.to_string())?;
    let empty_file = scratch.join("empty.js");
    fs::write(&empty_file, EMPTY)?;

    println!("one login in a fresh sandbox, {rounds} rounds, microseconds");
    let node = node(Path::new(ACTION), &event_file, rounds)?;
    let text = fs::read_to_string(ACTION)?;
    let component = component(&text)?;
    let pooling = Allocation::Pooling { sandboxes: 4 };
    for (name, engine, component) in [
        ("script, goal 0.60", Engine::new(pooling, cache())?, None),
        (
            "script, memory of wasmtime",
            Engine::without_images(pooling, cache())?,
            None,
        ),
        (
            "built",
            Engine::new(pooling, cache())?,
            Some(component.as_slice()),
        ),
        (
            "built, memory of wasmtime",
            Engine::without_images(pooling, cache())?,
            Some(component.as_slice()),
        ),
    ] {
        let actions = [bound(&engine, &text, component)?];
        logins(name, &actions, &event, rounds, &node)?;
        phases(&actions[0], &event, rounds)?;
    }
    println!(
        "  the snapshot has {:.1} MiB",
        component.len() as f64 / f64::from(1 << 20)
    );

    println!("a handler that does nothing, {rounds} rounds, microseconds");
    let node = self::node(&empty_file, &event_file, rounds)?;
    let engine = Engine::new(pooling, cache())?;
    let actions = [bound(&engine, EMPTY, None)?];
    logins("script, goal 0.35", &actions, &event, rounds, &node)?;
    phases(&actions[0], &event, rounds)
}

/// Logins in `node:vm`.
fn node(action: &Path, event: &Path, rounds: usize) -> anyhow::Result<Vec<Duration>> {
    let node = Command::new("node")
        .arg("benches/benches/speed/login.mjs")
        .args([action, event])
        .arg(rounds.to_string())
        .output()?;
    ensure!(
        node.status.success(),
        "{}",
        String::from_utf8_lossy(&node.stderr)
    );
    let times: Vec<Duration> = String::from_utf8_lossy(&node.stdout)
        .lines()
        .filter_map(|line| line.parse::<f64>().ok())
        .map(|microseconds| Duration::from_secs_f64(microseconds / 1e6))
        .collect();
    line("node, fresh node:vm context", &times, median(&times), 1e6);
    println!(
        "    tenth percentile {:.1}",
        low(&times).as_secs_f64() * 1e6
    );
    Ok(times)
}

/// Logins with these Actions.
fn logins(
    name: &str,
    actions: &[BoundAction],
    event: &serde_json::Value,
    rounds: usize,
    node: &[Duration],
) -> anyhow::Result<()> {
    let faults_before = page_faults();
    // Written at once: it grows no more, and growing would be counted as faults of logins.
    let mut times = vec![Duration::ZERO; rounds];
    for time in &mut times {
        *time = timed(actions, event)?;
    }
    let faults_of_first = page_faults().zip(faults_before);
    line(&format!("postlogin, {name}"), &times, median(node), 1e6);
    let low_of_us = low(&times).as_secs_f64();
    println!(
        "    tenth percentile {:.1}, {:.2} of node's",
        low_of_us * 1e6,
        low_of_us / low(node).as_secs_f64()
    );
    let Some((warm, before)) = faults_of_first else {
        return Ok(());
    };
    for _ in 0..STEADY {
        timed(actions, event)?;
    }
    if let Some(after) = page_faults() {
        println!(
            "    page faults: {} in the first {rounds} logins, {} in the next {STEADY}",
            warm - before,
            after - warm
        );
    }
    Ok(())
}

/// The number of logins of which page faults are counted when all that a process touches has been touched.
const STEADY: usize = 2_000;

/// One login.
fn timed(actions: &[BoundAction], event: &serde_json::Value) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let login = Login::new(input(event), infos(actions));
    let outcome = postlogin_engine::run(actions, login, &conditions(), &mut Vec::new())?.outcome;
    let time = started.elapsed();
    ensure!(
        outcome.status == Status::Allowed,
        "the login is not allowed"
    );
    Ok(time)
}

/// Where the time of the sandbox goes: medians of its phases.
fn phases(bound: &BoundAction, event: &serde_json::Value, rounds: usize) -> anyhow::Result<()> {
    let mut runs = Vec::new();
    for _ in 0..rounds {
        let conditions = conditions();
        let mut login = Login::new(input(event), vec![bound.info.clone()]);
        let Step::Run(call) = login.next(0) else {
            anyhow::bail!("nothing runs");
        };
        let invocation = Invocation {
            kind: call.kind,
            entry: call.entry,
            input: &call.input,
            sandbox: call.sandbox,
            conditions: &conditions,
            spent: call.spent,
            stream: call.stream,
        };
        let action = bound.action.as_ref().context("nothing to run")?;
        let (_, ran) = action.run(&mut None, login, invocation)?;
        runs.push(ran.phases);
    }
    for (name, phase) in [
        (
            "instantiate",
            (|phases: &Phases| phases.instantiate) as fn(&Phases) -> Duration,
        ),
        ("load", |phases| phases.load),
        ("call", |phases| phases.call),
        ("drop", |phases| phases.drop),
    ] {
        let times: Vec<Duration> = runs.iter().map(phase).collect();
        println!("    {name:<12} {:>8.1}", median(&times).as_secs_f64() * 1e6);
    }
    Ok(())
}

/// The Action as `postlogin build` makes it.
fn component(text: &str) -> anyhow::Result<Vec<u8>> {
    let engine = Engine::new(Allocation::OnDemand, cache())?;
    let javascript = JavaScript::new(&engine, |_| {})?;
    Ok(javascript.component(ACTION, text, &Modules::none())?)
}

/// The Action, as a script or out of `component`.
fn bound(engine: &Engine, text: &str, component: Option<&[u8]>) -> anyhow::Result<BoundAction> {
    let action = match component {
        Some(component) => engine.program(component, |_| {})?.action(None),
        None => {
            let javascript = JavaScript::new(engine, |_| {})?;
            javascript.action(ACTION, text)?
        }
    };
    Ok(BoundAction {
        notices: Vec::new(),
        info: HandlerInfo {
            name: "copy-user-metadata".into(),
            ..HandlerInfo::default()
        },
        action: Some(action),
    })
}

fn cache() -> Option<PathBuf> {
    std::env::var_os("POSTLOGIN_CACHE_DIR").map(PathBuf::from)
}

fn input(event: &serde_json::Value) -> LoginInput {
    LoginInput {
        event: event.clone(),
        seed: 1,
        ..LoginInput::default()
    }
}

fn conditions() -> Conditions {
    Conditions {
        clock: Arc::new(Clock::new(1_700_000_000_000, Flow::Virtual)),
        seed: 1,
        door: Arc::new(Closed),
        budget: Budget::default(),
    }
}

/// Minor page faults of this process so far, where the system tells (Linux).
fn page_faults() -> Option<u64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name, in parentheses, may hold spaces; minflt is the eighth field behind it.
    stat.rsplit_once(')')?
        .1
        .split_whitespace()
        .nth(7)?
        .parse()
        .ok()
}
