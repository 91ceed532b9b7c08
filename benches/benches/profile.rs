//! One login again and again, for a profiler: `cargo bench --bench profile -- ACTION ROUNDS`.
//!
//! Prints the median and the tenth percentile in microseconds. With `--no-handler`, the login has no Action: what is left is
//! the host's.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

// As in the program.
use postlogin_allocator as _;
use postlogin_core::{HandlerInfo, Login, LoginInput, event::post_login_sample};
use postlogin_engine::{Allocation, BoundAction, Engine, infos};
use postlogin_host::{Budget, Clock, Conditions, Flow, network::Closed};
use postlogin_js::JavaScript;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|it| it != "--bench")
        .collect();
    let (Some(path), rounds) = (arguments.first(), arguments.get(1)) else {
        // `cargo bench` without a choice runs all benches.
        return Ok(());
    };
    let rounds: usize = rounds.map_or(Ok(1_000), |rounds| rounds.parse())?;
    let cache = std::env::var_os("POSTLOGIN_CACHE_DIR").map(Into::into);
    let engine = Engine::new(Allocation::Pooling { sandboxes: 1 }, cache)?;
    let javascript = JavaScript::new(&engine, |_| {})?;
    let actions = [BoundAction {
        notices: Vec::new(),
        info: HandlerInfo {
            name: "profiled".into(),
            ..HandlerInfo::default()
        },
        action: Some(javascript.action(path, fs::read_to_string(path)?)?),
    }];
    let event = post_login_sample();
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..rounds {
        let started = Instant::now();
        let input = LoginInput {
            event: event.clone(),
            seed: 1,
            ..LoginInput::default()
        };
        let conditions = Conditions {
            clock: Arc::new(Clock::new(1_700_000_000_000, Flow::Virtual)),
            seed: 1,
            door: Arc::new(Closed),
            budget: Budget::default(),
        };
        let login = Login::new(input, infos(&actions));
        postlogin_engine::run(&actions, login, &conditions, &mut Vec::new())?;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    let at = |part: usize| times.get(part).copied().unwrap_or_default().as_secs_f64() * 1e6;
    println!(
        "median {:.1} tenth percentile {:.1} least {:.1}",
        at(times.len() / 2),
        at(times.len() / 10),
        at(0)
    );
    Ok(())
}
