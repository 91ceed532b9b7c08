//! The longest time in which a process says nothing: what a user waits for without a word.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs,
    io::Read,
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};

use crate::numbers::median;

/// An Action that asks ICU.
const INTL: &str = "exports.onExecutePostLogin = async (event, api) => {
  api.idToken.setCustomClaim('https://example.com/price', new Intl.NumberFormat('de', { style: 'currency', currency: 'EUR' }).format(1234.5));
};
";

/// One run of a process.
pub(crate) struct Run {
    /// From its start to its end.
    whole: Duration,
    /// The longest time between its start, its outputs (of both streams) and its end.
    silence: Duration,
    /// From its last output on standard output to its end.
    behind: Duration,
}

/// Runs a process and listens to both of its streams.
pub(crate) fn listened(command: &mut Command) -> anyhow::Result<Run> {
    let started = Instant::now();
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (said, heard) = mpsc::channel();
    let mut listeners = Vec::new();
    let streams: [(bool, Box<dyn Read + Send>); 2] = [
        (true, Box::new(child.stdout.take().context("it is piped")?)),
        (false, Box::new(child.stderr.take().context("it is piped")?)),
    ];
    for (is_answer, mut stream) in streams {
        let said = said.clone();
        listeners.push(thread::spawn(move || {
            let mut bytes = [0; 64 << 10];
            while stream.read(&mut bytes).is_ok_and(|read| read > 0) {
                // The other end listens until both streams end.
                let _ = said.send((Instant::now(), is_answer));
            }
        }));
    }
    drop(said);
    let status = child.wait()?;
    let ended = Instant::now();
    for listener in listeners {
        ensure!(listener.join().is_ok(), "a stream could not be read");
    }
    ensure!(status.success(), "{command:?} failed");
    let heard: Vec<(Instant, bool)> = heard.iter().collect();
    let mut times: Vec<Instant> = heard.iter().map(|(at, _)| *at).collect();
    times.push(ended);
    times.sort_unstable();
    let mut silence = Duration::ZERO;
    let mut before = started;
    for at in times {
        silence = silence.max(at.saturating_duration_since(before));
        before = at;
    }
    let answered = heard.iter().filter(|(_, is_answer)| *is_answer);
    let answered = answered
        .map(|(at, _)| *at)
        .max()
        .context("it says nothing")?;
    Ok(Run {
        whole: ended - started,
        silence,
        behind: ended.saturating_duration_since(answered),
    })
}

/// Prints medians of runs.
pub(crate) fn line(name: &str, runs: &[Run]) {
    let of = |part: fn(&Run) -> Duration| {
        let times: Vec<Duration> = runs.iter().map(part).collect();
        median(&times).as_secs_f64() * 1e3
    };
    println!(
        "  {name:<34} silent for {:>7.1}  of {:>8.1}, {:>6.1} of them after the answer",
        of(|run| run.silence),
        of(|run| run.whole),
        of(|run| run.behind)
    );
}

/// Measures the first use of the engine and of ICU on a machine, and the later ones.
pub(crate) fn measure(postlogin: &Path, scratch: &Path, rounds: usize) -> anyhow::Result<()> {
    println!("the longest silence of a process, milliseconds; goal 500");
    let plain = Path::new(crate::ACTION);
    let intl = scratch.join("intl.js");
    fs::write(&intl, INTL)?;
    let cache = scratch.join("silence");
    let run = |action: &Path| {
        let mut command = Command::new(postlogin);
        command
            .arg("run")
            .arg(action)
            .env("POSTLOGIN_CACHE_DIR", &cache);
        listened(&mut command)
    };
    line("the engine, compiled", &[run(plain)?]);
    let engine = names(&cache)?;
    line("ICU, compiled", &[run(&intl)?]);
    for name in names(&cache)?.difference(&engine) {
        fs::remove_file(cache.join(name))?;
    }
    line("ICU, compiled again", &[run(&intl)?]);
    let (mut plains, mut intls) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        plains.push(run(plain)?);
        intls.push(run(&intl)?);
    }
    line("an Action", &plains);
    line("an Action that uses Intl", &intls);
    println!();
    Ok(())
}

fn names(folder: &Path) -> anyhow::Result<BTreeSet<OsString>> {
    let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name()));
    names.collect()
}
