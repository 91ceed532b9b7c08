//! Times and how they are printed.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::ensure;

pub(crate) fn run(command: &mut Command) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let status = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    let took = started.elapsed();
    ensure!(status.success(), "{command:?} failed");
    Ok(took)
}

pub(crate) fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// The tenth percentile: what a login costs when nothing else disturbs it.
pub(crate) fn low(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 10).copied().unwrap_or_default()
}

pub(crate) fn line(name: &str, times: &[Duration], base: Duration, scale: f64) {
    let middle = median(times);
    let least = times.iter().min().copied().unwrap_or_default();
    let ratio = middle.as_secs_f64() / base.as_secs_f64();
    println!(
        "  {name:<34} median {:>8.1}  min {:>8.1}  {ratio:>5.2} of node",
        middle.as_secs_f64() * scale,
        least.as_secs_f64() * scale
    );
}

/// The time of computing of processes, in milliseconds: medians, with their ratio to the first.
pub(crate) fn computing(names: &[&str], times: &[Vec<Duration>]) {
    let base = times.first().map(|times| median(times)).unwrap_or_default();
    for (name, times) in names.iter().zip(times) {
        let middle = median(times).as_secs_f64();
        println!(
            "    computing: {name:<33} {:>7.2}  {:>5.2} of node",
            middle * 1e3,
            middle / base.as_secs_f64()
        );
    }
}
