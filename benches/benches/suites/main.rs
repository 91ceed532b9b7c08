//! A team's whole suite: 200 cases over 10 Actions, once as case files for `postlogin test` and once as what people write without it,
//! tests for Jest and for `node:test` with an event and an `api` made by hand.
//!
//! ```console
//! $ cargo bench -p postlogin-benches --bench suites          # 10 rounds; a number as argument sets them
//! ```
//!
//! Needs Node 20 or newer and npm, which installs Jest by `benches/jest/package-lock.json` into a scratch folder. The same events,
//! the same expected calls; each process must pass all 200. Whole processes, caches warm, alternating, so that a busy
//! machine is unfair to nobody; medians, minima and ratios are printed, and the time of computing, which a busy machine changes least. The mocks of the other two check no argument, know no
//! limit and build no token; that is the price of being quick to write, and why they may well be quicker to run.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

mod suite;
mod write;

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use postlogin_benches::computing_of;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let rounds = arguments.find_map(|argument| argument.parse().ok());
    let rounds: usize = rounds.unwrap_or(10);
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("no workspace")?;
    let postlogin = match std::env::var_os("POSTLOGIN_BINARY") {
        Some(given) => PathBuf::from(given),
        None => postlogin_benches::release_binary(workspace)?,
    };
    let scratch = tempfile::tempdir()?;
    let folder = scratch.path();
    let cases = suite::cases();
    write::all(&cases, folder)?;
    install_jest(workspace, &folder.join("jest"))?;

    let mut runners = [
        Runner::new(
            "postlogin test",
            &postlogin,
            &["test"],
            folder.join("postlogin"),
        ),
        Runner::new(
            "node --test",
            "node",
            // Finds the tests itself: of a folder, Node 20 runs what is in it, and Node 22 looks for a module of its name.
            &["--test"],
            folder.join("node"),
        ),
        Runner::new(
            "jest",
            "node",
            &["node_modules/jest/bin/jest.js", "--silent"],
            folder.join("jest"),
        ),
    ];
    println!(
        "{} cases over {} Actions, whole processes, {rounds} rounds, alternating, milliseconds",
        cases.len(),
        suite::ACTIONS.len()
    );
    // Fills the caches.
    for runner in &mut runners {
        runner.run()?;
        runner.times.clear();
    }
    for _ in 0..rounds {
        for runner in &mut runners {
            runner.run()?;
        }
    }
    let base = median(&runners[0].times);
    for Runner { name, times, .. } in &runners {
        let (median, least) = (
            median(times),
            times.iter().min().copied().unwrap_or_default(),
        );
        println!(
            "  {name:<16} median {:>8.1}  min {:>8.1}  {:>6.2} times postlogin",
            median.as_secs_f64() * 1e3,
            least.as_secs_f64() * 1e3,
            median.as_secs_f64() / base.as_secs_f64()
        );
    }
    let mut base = None;
    for runner in &runners {
        let mut times = Vec::new();
        for _ in 0..rounds.div_ceil(3) {
            times.push(runner.computing()?);
        }
        let computing = median(&times);
        println!(
            "    computing: {:<16} {:>8.1}  {:>6.2} times postlogin",
            runner.name,
            computing.as_secs_f64() * 1e3,
            computing.as_secs_f64() / base.get_or_insert(computing).as_secs_f64()
        );
    }
    many(&postlogin, &folder.join("postlogin"))
}

/// The computing of a case where there are many: ten times the suite, less once the suite.
fn many(postlogin: &Path, folder: &Path) -> anyhow::Result<()> {
    let program = postlogin.to_string_lossy();
    let folder = folder.to_str().context("a folder with another name")?;
    let test = |repeats: &str| {
        let arguments = ["-C", folder, "test", "--jobs", "1", "--repeat", repeats];
        computing_of(&program, &arguments, &[], 1)
    };
    let (once, often) = (test("1")?, test("11")?);
    println!(
        "  computing of one case of 2,000: {:.3} ms, goal 0.45",
        (often.saturating_sub(once)).as_secs_f64() * 1e3 / 2_000.0
    );
    Ok(())
}

/// Exactly what the lock file says.
fn install_jest(workspace: &Path, folder: &Path) -> anyhow::Result<()> {
    for file in ["package.json", "package-lock.json"] {
        fs::copy(workspace.join("benches/jest").join(file), folder.join(file))?;
    }
    let status = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--silent"])
        .current_dir(folder)
        .status()
        .context("npm is not there")?;
    ensure!(status.success(), "npm ci failed");
    Ok(())
}

struct Runner {
    name: &'static str,
    command: Command,
    times: Vec<Duration>,
}

impl Runner {
    fn new(
        name: &'static str,
        program: impl AsRef<OsStr>,
        arguments: &[&str],
        folder: PathBuf,
    ) -> Self {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(folder)
            .env_remove("CI")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self {
            name,
            command,
            times: Vec::new(),
        }
    }

    /// The time that a run computes, with all its processes.
    fn computing(&self) -> anyhow::Result<Duration> {
        let folder = self.command.get_current_dir().context("no folder")?;
        // A shell changes the folder, and its children are counted.
        let words = self.command.get_args().map(|word| word.to_string_lossy());
        let words: Vec<String> = words.map(|word| format!("'{word}'")).collect();
        let script = format!(
            "cd '{}' && unset CI && '{}' {}",
            folder.display(),
            self.command.get_program().to_string_lossy(),
            words.join(" ")
        );
        Ok(computing_of("bash", &["-c", &script], &[], 1)?)
    }

    fn run(&mut self) -> anyhow::Result<()> {
        let started = Instant::now();
        let output = self
            .command
            .output()
            .with_context(|| format!("{} does not start", self.name))?;
        self.times.push(started.elapsed());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        ensure!(
            output.status.success(),
            "{} failed:\n{}{}",
            self.name,
            text(&output.stdout),
            text(&output.stderr)
        );
        // A suite that runs nothing is fast.
        let told = text(&output.stdout) + &text(&output.stderr);
        ensure!(
            told.contains("200"),
            "{} did not run 200 cases:\n{told}",
            self.name
        );
        Ok(())
    }
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}
