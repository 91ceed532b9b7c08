//! For people, in the manner of cargo-nextest: one line for each case, failures at the end.

use std::collections::HashMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use postlogin_core::escape::{inline, line};

use super::Reporter;
use super::lines::{Line, Role, body, logs, place_of, shown, title};
use crate::run_event::{CaseResult, CaseStatus, Failure, FuzzSummary, RunEvent, RunSummary};

/// How it looks.
#[derive(Debug, Clone, Copy)]
pub struct HumanStyle {
    /// Whether to use colours.
    pub color: bool,
    /// Whether a progress bar may be drawn: the progress stream is a terminal.
    pub progress: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// Whether cases that passed have a line, too.
    pub verbose: bool,
}

/// The bar appears when a run lasts longer.
const PATIENCE: Duration = Duration::from_millis(400);

/// Terminals are slower than cases.
const BETWEEN_DRAWINGS: Duration = Duration::from_millis(50);

/// How many unused snapshots are named before the rest is only counted.
const MOST_UNUSED: usize = 10;

/// The reporter. The bar goes to `progress`, everything else to `out`.
pub struct Human<W, P> {
    out: W,
    progress: P,
    style: HumanStyle,
    started: Instant,
    cases: usize,
    done: usize,
    failed: usize,
    running: Vec<String>,
    bar_is_drawn: bool,
    last_drawn: Instant,
    /// Told at the end.
    failures: Vec<(String, Vec<Line>)>,
    /// Bytes of their texts.
    kept: usize,
    /// An Action that can't be loaded is told once, whatever many cases have it.
    told: HashMap<String, String>,
}

impl<W: Write, P: Write> Human<W, P> {
    /// A reporter that writes to `out`, and draws progress on `progress`.
    pub fn new(out: W, progress: P, style: HumanStyle) -> Self {
        Self {
            out,
            progress,
            style,
            started: Instant::now(),
            cases: 0,
            done: 0,
            failed: 0,
            running: Vec::new(),
            bar_is_drawn: false,
            last_drawn: Instant::now(),
            failures: Vec::new(),
            kept: 0,
            told: HashMap::new(),
        }
    }

    fn line(&mut self, line: &Line) -> io::Result<()> {
        match self.style.color {
            true => writeln!(self.out, "{}", line.colored()),
            false => writeln!(self.out, "{}", line.plain()),
        }
    }

    fn finished(&mut self, result: &CaseResult) -> io::Result<()> {
        self.done += 1;
        self.running.retain(|name| *name != result.full_name);
        let (role, word) = match result.status {
            CaseStatus::Passed => (Role::Good, "PASS"),
            CaseStatus::Failed => (Role::Bad, "FAIL"),
            CaseStatus::Skipped(_) => (Role::Warn, "SKIP"),
        };
        let mut line = status_line(role, word, result.duration, &result.full_name);
        if let CaseStatus::Skipped(reason) = &result.status
            && !reason.is_empty()
        {
            line = line.and(Role::Dim, format!(": {reason}"));
        }
        if result.status == CaseStatus::Failed {
            self.failed += 1;
            let mut details = self.details(result);
            let bytes: usize = details.iter().map(Line::bytes).sum();
            match self.kept + bytes > MOST_KEPT {
                true => details = vec![left_out()],
                false => self.kept += bytes,
            }
            self.failures.push((result.full_name.clone(), details));
        }
        self.erase()?;
        if self.style.verbose || result.status != CaseStatus::Passed {
            self.line(&line)?;
        }
        self.draw()
    }

    fn details(&mut self, result: &CaseResult) -> Vec<Line> {
        let mut lines = Vec::new();
        for failure in result.failures.iter().take(MOST_FAILURES) {
            if let Failure::Load(error) = failure {
                let first = self
                    .told
                    .entry(error.message.clone())
                    .or_insert_with(|| result.full_name.clone());
                if *first != result.full_name {
                    let text = format!("  the same as in {first}");
                    lines.push(Line::of(Role::Dim, text));
                    continue;
                }
            }
            // A finding's name is its title, and its body names the place.
            if let Failure::Found(_) = failure {
                for line in body(failure, result.outcome.as_deref()) {
                    let mut indented = Line::of(Role::Plain, "    ");
                    indented.0.extend(line.0);
                    lines.push(indented);
                }
                continue;
            }
            let place = format!("  {}", shown(place_of(result, failure)));
            let role = match failure {
                Failure::Expectation(_) | Failure::Snapshot(_) => Role::Strong,
                _ => Role::Bad,
            };
            lines.push(Line::of(role, format!("  {}", title(failure))).and(Role::Dim, place));
            for line in body(failure, result.outcome.as_deref()) {
                let mut indented = Line::of(Role::Plain, "    ");
                indented.0.extend(line.0);
                lines.push(indented);
            }
        }
        let more = result.failures.len().saturating_sub(MOST_FAILURES);
        if more > 0 {
            let text =
                format!("  … {more} more failures of this case; `--reporter json` lists all");
            lines.push(Line::of(Role::Warn, text));
        }
        lines.extend(logs(result));
        lines
    }

    fn summary(&mut self, summary: &RunSummary) -> io::Result<()> {
        self.erase()?;
        self.failures()?;
        self.line(&Line::of(Role::Dim, "─".repeat(12)))?;
        let good = summary.failed == 0 && summary.not_run == 0 && !summary.interrupted;
        let role = if good { Role::Good } else { Role::Bad };
        let run = summary.passed + summary.failed;
        let word = if run == 1 { "case" } else { "cases" };
        let of = match summary.not_run {
            0 => String::new(),
            left => format!("/{}", run + left),
        };
        let head = format!("{:>12} ", "Summary");
        let seconds = format!("[{:>8.3}s] ", summary.duration.as_secs_f64());
        let mut line = Line::of(role, head)
            .and(Role::Plain, seconds)
            .and(Role::Strong, format!("{run}{of}"))
            .and(Role::Plain, format!(" {word} run: "))
            .and(Role::Good, format!("{} passed", summary.passed));
        if summary.failed > 0 {
            line = line.and(Role::Plain, ", ");
            line = line.and(Role::Bad, format!("{} failed", summary.failed));
        }
        line = line.and(Role::Plain, ", ");
        line = line.and(Role::Warn, format!("{} skipped", summary.skipped));
        self.line(&line)?;
        if summary.interrupted {
            self.line(&Line::of(Role::Bad, "             the run was interrupted"))?;
        }
        self.snapshots(summary)?;
        self.out.flush()
    }

    fn failures(&mut self) -> io::Result<()> {
        for (name, lines) in std::mem::take(&mut self.failures) {
            writeln!(self.out)?;
            self.line(&Line::of(Role::Bad, "  FAIL ").and(Role::Strong, inline(&name)))?;
            for line in lines {
                self.line(&line)?;
            }
        }
        Ok(())
    }

    fn fuzz_started(
        &mut self,
        targets: &[String],
        logins: Option<u64>,
        seed: u64,
    ) -> io::Result<()> {
        self.started = Instant::now();
        (self.cases, self.done, self.failed) = (0, 0, 0);
        let logins = logins.map_or(String::new(), |logins| format!(" with {logins} logins"));
        let text = format!("{}{logins} (seed {seed})", targets.join("; "));
        self.line(&Line::of(Role::Good, format!("{:>12} ", "Fuzzing")).and(Role::Plain, text))
    }

    fn fuzz_finished(&mut self, summary: &FuzzSummary) -> io::Result<()> {
        self.erase()?;
        self.failures()?;
        self.line(&Line::of(Role::Dim, "─".repeat(12)))?;
        let good = summary.findings == 0 && !summary.interrupted && summary.exit_code == 0;
        let role = if good { Role::Good } else { Role::Bad };
        let plural = |count: u64, word: &str| match count {
            1 => format!("1 {word}"),
            count => format!("{count} {word}s"),
        };
        let found = match summary.findings {
            0 => Line::of(Role::Good, "nothing found"),
            count => Line::of(Role::Bad, plural(count, "finding")),
        };
        let mut line = Line::of(role, format!("{:>12} ", "Summary"))
            .and(
                Role::Plain,
                format!("[{:>8.3}s] ", summary.duration.as_secs_f64()),
            )
            .and(Role::Strong, plural(summary.logins, "login"))
            .and(Role::Plain, ": ");
        line.0.extend(found.0);
        self.line(&line)?;
        let mut told = Vec::new();
        if summary.untold > 0 {
            told.push(format!(
                "{} more are not told",
                plural(summary.untold, "finding")
            ));
        }
        if summary.set_aside > 0 {
            told.push(format!(
                "{} asked the network for what no exchange answers; give `http` in a case of these Actions",
                plural(summary.set_aside, "login")
            ));
        }
        if summary.cut_short {
            told.push("no more logins were begun: some compute until their time is over".into());
        }
        if summary.interrupted {
            told.push("the search was interrupted".into());
        }
        for text in told {
            self.line(&Line::of(Role::Warn, format!("{:>13}{text}", "")))?;
        }
        self.out.flush()
    }

    fn snapshots(&mut self, summary: &RunSummary) -> io::Result<()> {
        let snapshots = &summary.snapshots;
        let head = |text: String| {
            Line::of(Role::Strong, format!("{:>12} ", "Snapshots")).and(Role::Plain, text)
        };
        if snapshots.written > 0 {
            self.line(&head(format!("{} stored", snapshots.written)))?;
        }
        if snapshots.pending > 0 {
            let text = format!("{} wait for `postlogin test --review`", snapshots.pending);
            self.line(&head(text))?;
        }
        for (file, name) in snapshots.unused.iter().take(MOST_UNUSED) {
            self.line(&head(format!("unused: {name} in {file}")))?;
        }
        let more = snapshots.unused.len().saturating_sub(MOST_UNUSED);
        if more > 0 {
            self.line(&head(format!("unused: {more} more")))?;
        }
        Ok(())
    }

    /// Takes the bar away, so that a line can be written where it was.
    fn erase(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.bar_is_drawn) {
            write!(self.progress, "\r\x1b[2K")?;
            self.progress.flush()?;
        }
        Ok(())
    }

    fn draw(&mut self) -> io::Result<()> {
        let left = self.cases.saturating_sub(self.done);
        let too_soon =
            self.started.elapsed() < PATIENCE || self.last_drawn.elapsed() < BETWEEN_DRAWINGS;
        if !self.style.progress || left == 0 || too_soon {
            return Ok(());
        }
        self.last_drawn = Instant::now();
        // What was written must stand above the bar.
        self.out.flush()?;
        let bar = bar(self.done, self.cases);
        let failed = match self.failed {
            0 => String::new(),
            failed => format!(", {failed} failed"),
        };
        let running = self.running.first().map_or("", String::as_str);
        let elapsed = self.started.elapsed().as_secs();
        let text = format!(
            "{:>12} [{elapsed:>4}s] {bar} {}/{}{failed}  {running}",
            "Running", self.done, self.cases
        );
        // The bar does not pass through what makes lines harmless.
        let text: String = line(&text)
            .chars()
            .take(self.style.width.saturating_sub(1))
            .collect();
        write!(self.progress, "\r\x1b[2K{text}")?;
        self.bar_is_drawn = true;
        self.progress.flush()
    }
}

/// How many failures of one case are printed.
const MOST_FAILURES: usize = 20;

/// Bytes of the details of failures that are kept for the end of the run.
const MOST_KEPT: usize = 8 << 20;

/// The line in the place of details that are not kept.
fn left_out() -> Line {
    let text = format!(
        "  … details are left out after {} MiB of them; `--reporter json` has all",
        MOST_KEPT >> 20
    );
    Line::of(Role::Warn, text)
}

const BAR: usize = 24;

fn bar(done: usize, all: usize) -> String {
    let full = (done * BAR).checked_div(all).unwrap_or(0).min(BAR);
    format!("{}{}", "█".repeat(full), "░".repeat(BAR - full))
}

fn status_line(role: Role, word: &str, duration: Duration, name: &str) -> Line {
    Line::of(role, format!("{word:>12} "))
        .and(Role::Plain, format!("[{:>8.3}s] ", duration.as_secs_f64()))
        .and(Role::Plain, inline(name))
}

impl<W: Write, P: Write> Reporter for Human<W, P> {
    fn event(&mut self, event: &RunEvent<'_>) -> io::Result<()> {
        match event {
            RunEvent::Started {
                cases,
                files,
                left_out,
                ..
            } => {
                self.started = Instant::now();
                (self.cases, self.done, self.failed) = (*cases, 0, 0);
                self.told.clear();
                let plural = |count: usize, word: &str| match count {
                    1 => format!("1 {word}"),
                    many => format!("{many} {word}s"),
                };
                let left_out = match left_out {
                    0 => String::new(),
                    left_out => format!(" ({left_out} left out)"),
                };
                let text = format!(
                    "{} in {}{left_out}",
                    plural(*cases, "case"),
                    plural(*files, "file")
                );
                self.line(
                    &Line::of(Role::Good, format!("{:>12} ", "Starting")).and(Role::Plain, text),
                )
            }
            RunEvent::CaseStarted { name } => {
                self.running.push((*name).to_owned());
                Ok(())
            }
            RunEvent::CaseFinished(result) => self.finished(result),
            RunEvent::Finished(summary) => self.summary(summary),
            RunEvent::FuzzStarted {
                targets,
                logins,
                seed,
                ..
            } => self.fuzz_started(targets, *logins, *seed),
            RunEvent::FuzzProgress { done, of } => {
                self.done = usize::try_from(*done).unwrap_or(usize::MAX);
                let of = of.map(|of| usize::try_from(of).unwrap_or(usize::MAX));
                self.cases = of.unwrap_or(self.done.saturating_add(1));
                self.draw()
            }
            RunEvent::FuzzFinished(summary) => self.fuzz_finished(summary),
        }
    }

    fn tick(&mut self) -> io::Result<()> {
        self.draw()
    }
}
