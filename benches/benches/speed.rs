//! Speed, with Node beside it in the same run: `cargo bench -p postlogin-benches`.
//!
//! Whole processes are started alternately, so that a busy machine is unfair to nobody. Medians and minima are
//! printed with their ratio to Node's. A number as argument sets the rounds, `logins` leaves the processes out.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use postlogin_core::{HandlerInfo, Login, LoginInput, Step, event::post_login_sample};
use postlogin_engine::{Allocation, BoundAction, Engine, Invocation, Phases, infos};
use postlogin_host::{Budget, Clock, Conditions, Flow, network::Closed};
use postlogin_js::{JavaScript, Modules};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ACTION: &str = "actions/copy-user-metadata/code.js";

fn main() -> anyhow::Result<()> {
    let rounds = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(30);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("no workspace")?;
    std::env::set_current_dir(root)?;
    let scratch = tempfile::tempdir()?;
    if !std::env::args().any(|argument| argument == "logins") {
        let postlogin = postlogin_benches::release_binary(root)?;
        processes(&postlogin, scratch.path(), rounds)?;
        packages(&postlogin, scratch.path(), rounds)?;
    }
    logins(scratch.path(), rounds * 20)
}

// ---- whole processes ---------------------------------------------------------------------------------------

fn processes(postlogin: &Path, scratch: &Path, rounds: usize) -> anyhow::Result<()> {
    println!("whole processes, {rounds} rounds, alternating, milliseconds");
    let edited = scratch.join("edited.js");
    let text = fs::read_to_string(ACTION)?;
    let (mut node, mut unchanged, mut after_edit) = (Vec::new(), Vec::new(), Vec::new());
    let mut peak = 0;
    // Fills the caches.
    run(Command::new(postlogin).args(["run", ACTION]))?;
    for round in 0..rounds {
        node.push(run(Command::new("node").args(["-e", "0"]))?);
        unchanged.push(run(Command::new(postlogin).args(["run", ACTION]))?);
        fs::write(&edited, format!("{text}// edit {round}\n"))?;
        after_edit.push(run(Command::new(postlogin).arg("run").arg(&edited))?);
        peak = peak.max(peak_memory(postlogin)?);
    }
    let base = median(&node);
    line("node -e 0", &node, base, 1e3);
    line("postlogin run, unchanged Action", &unchanged, base, 1e3);
    line("postlogin run, after an edit", &after_edit, base, 1e3);
    println!(
        "  peak memory of postlogin run: {:.1} MiB\n",
        peak as f64 / f64::from(1 << 10)
    );
    Ok(())
}

/// Measures the cost of two large packages, in each way of having them. They are those of the tests.
fn packages(postlogin: &Path, scratch: &Path, rounds: usize) -> anyhow::Result<()> {
    let folder = Path::new("tests/npm");
    if !folder.join("node_modules").is_dir() {
        println!("packages: not installed, see `npm ci --ignore-scripts` in tests/npm\n");
        return Ok(());
    }
    println!("whole processes of an Action that requires axios and auth0, milliseconds");
    let action = folder.join("bench-packages.js");
    fs::write(&action, PACKAGES)?;
    let measured = (|| {
        let cache = scratch.join("packages");
        let command = || {
            let mut command = Command::new(postlogin);
            command
                .arg("run")
                .arg(&action)
                .env("POSTLOGIN_CACHE_DIR", &cache);
            command
        };
        let mut compiling = Vec::new();
        for _ in 0..3 {
            empty(&cache)?;
            compiling.push(run(&mut command())?);
        }
        let (mut node, mut loading, mut stored) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            let requires = ["-e", "require('axios'); require('auth0')"];
            node.push(run(Command::new("node")
                .args(requires)
                .current_dir(folder))?);
            for entry in fs::read_dir(&cache)? {
                let path = entry?.path();
                let kind = path.extension().unwrap_or_default();
                if kind == "json" || kind == "delta" {
                    fs::remove_file(path)?;
                }
            }
            loading.push(run(&mut command())?);
            stored.push(run(&mut command())?);
        }
        let base = median(&node);
        line("node requires them", &node, base, 1e3);
        line("nothing in the cache", &compiling, base, 1e3);
        line("loaded and stored", &loading, base, 1e3);
        line("found in the cache", &stored, base, 1e3);
        let mut sizes = Vec::new();
        for entry in fs::read_dir(&cache)? {
            let entry = entry?;
            sizes.push((entry.file_name(), entry.metadata()?.len() / 1_000));
        }
        sizes.sort();
        println!("  files in the cache, in kB: {sizes:?}\n");
        Ok(())
    })();
    fs::remove_file(&action)?;
    measured
}

const PACKAGES: &str = "const axios = require('axios');
const { ManagementClient } = require('auth0');
exports.onExecutePostLogin = async (event, api) => {
  const management = new ManagementClient({ domain: 'example.com', clientId: 'id', clientSecret: 'secret' });
  api.idToken.setCustomClaim('https://example.com/packages', [typeof axios.get, typeof management.users.get]);
};
";

fn empty(folder: &Path) -> std::io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn run(command: &mut Command) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let status = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    let took = started.elapsed();
    ensure!(status.success(), "{command:?} failed");
    Ok(took)
}

/// Kibibytes of resident memory at the highest, as the kernel counts them; 0 where it does not tell.
fn peak_memory(postlogin: &Path) -> anyhow::Result<u64> {
    let timed = Command::new("/usr/bin/time")
        .args(["-f", "%M"])
        .arg(postlogin)
        .args(["run", ACTION])
        .output();
    let Ok(output) = timed else { return Ok(0) };
    Ok(String::from_utf8_lossy(&output.stderr)
        .lines()
        .last()
        .unwrap_or_default()
        .trim()
        .parse()
        .unwrap_or(0))
}

// ---- logins ------------------------------------------------------------------------------------------------

fn logins(scratch: &Path, rounds: usize) -> anyhow::Result<()> {
    println!("one login in a fresh sandbox, {rounds} rounds, microseconds");
    let event = post_login_sample();
    let event_file = scratch.join("event.json");
    fs::write(&event_file, event.to_string())?;

    let node = Command::new("node")
        .args(["benches/benches/login.mjs", ACTION])
        .arg(&event_file)
        .arg(rounds.to_string())
        .output()?;
    ensure!(
        node.status.success(),
        "{}",
        String::from_utf8_lossy(&node.stderr)
    );
    let node = String::from_utf8_lossy(&node.stdout)
        .lines()
        .filter_map(|line| line.parse::<f64>().ok())
        .map(|microseconds| Duration::from_secs_f64(microseconds / 1e6))
        .collect::<Vec<_>>();
    let (base, low_of_node) = (median(&node), low(&node));
    line("node, fresh node:vm context", &node, base, 1e6);
    println!(
        "    tenth percentile {:.1}",
        low_of_node.as_secs_f64() * 1e6
    );

    let component = component()?;
    let pooling = Allocation::Pooling { sandboxes: 4 };
    for (name, engine, component) in [
        ("script", Engine::new(pooling, cache())?, None),
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
        let actions = [bound(&engine, component)?];
        let faults_before = page_faults();
        let mut times = Vec::new();
        for _ in 0..rounds {
            let started = Instant::now();
            let login = Login::new(input(&event), infos(&actions));
            let outcome =
                postlogin_engine::run(&actions, login, &conditions(), &mut Vec::new())?.outcome;
            times.push(started.elapsed());
            ensure!(
                outcome
                    .id_token
                    .claims
                    .contains_key("https://example.com/hobby"),
                "the claim is missing"
            );
        }
        line(&format!("postlogin, {name}"), &times, base, 1e6);
        let low = low(&times);
        println!(
            "    tenth percentile {:.1}, {:.2} of node's",
            low.as_secs_f64() * 1e6,
            low.as_secs_f64() / low_of_node.as_secs_f64()
        );
        let faults = page_faults()
            .zip(faults_before)
            .map(|(after, before)| (after - before) as f64 / rounds as f64);
        if let Some(faults) = faults {
            println!("    page faults a login: {faults:.1}");
        }
        phases(&actions[0], &event, rounds)?;
    }
    println!(
        "  the snapshot has {:.1} MiB",
        component.len() as f64 / f64::from(1 << 20)
    );
    Ok(())
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
        let (_, ran) = bound.action.run(&mut None, login, invocation)?;
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
fn component() -> anyhow::Result<Vec<u8>> {
    let engine = Engine::new(Allocation::OnDemand, cache())?;
    let javascript = JavaScript::new(&engine, |_| {})?;
    let text = fs::read_to_string(ACTION)?;
    Ok(javascript.component(ACTION, &text, &Modules::none())?)
}

/// The Action, as a script or out of `component`.
fn bound(engine: &Engine, component: Option<&[u8]>) -> anyhow::Result<BoundAction> {
    let action = match component {
        Some(component) => engine.program(component, |_| {})?.action(None),
        None => {
            let javascript = JavaScript::new(engine, |_| {})?;
            javascript.action(ACTION, &fs::read_to_string(ACTION)?)?
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

// ---- numbers -----------------------------------------------------------------------------------------------

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// The tenth percentile: what a login costs when nothing else disturbs it.
fn low(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 10).copied().unwrap_or_default()
}

fn line(name: &str, times: &[Duration], base: Duration, scale: f64) {
    against(name, times, base, scale, "node");
}

fn against(name: &str, times: &[Duration], base: Duration, scale: f64, whose: &str) {
    let middle = median(times);
    let least = times.iter().min().copied().unwrap_or_default();
    let ratio = middle.as_secs_f64() / base.as_secs_f64();
    println!(
        "  {name:<34} median {:>8.1}  min {:>8.1}  {ratio:>5.2} of {whose}",
        middle.as_secs_f64() * scale,
        least.as_secs_f64() * scale
    );
}
