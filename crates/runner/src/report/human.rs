//! For people, in the manner of cargo-nextest: one line for each case, failures at the end.

mod level;
mod summary;

use std::collections::HashMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use postlogin_core::escape::{inline, line};

use super::Reporter;
pub use level::StatusLevel;
use level::{Running, Slowest};

use super::lines::{Line, Role, body, logs, place_of, shown, title};
use crate::run_event::{CaseResult, CaseStatus, Failure, RunEvent};

/// The look of a report.
#[derive(Debug, Clone, Copy)]
pub struct HumanStyle {
    /// Whether to use colours.
    pub color: bool,
    /// Whether a progress bar may be drawn: the progress stream is a terminal.
    pub progress: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// Which cases have a line of their own.
    pub level: StatusLevel,
    /// Whether to leave out the line at the beginning.
    pub quiet: bool,
    /// The number of the slowest cases that are listed at the end.
    pub slowest: usize,
}

/// The bar appears when a run lasts longer.
const PATIENCE: Duration = Duration::from_millis(400);

/// Terminals are slower than cases.
const BETWEEN_DRAWINGS: Duration = Duration::from_millis(50);

/// The reporter. The bar goes to `progress`, everything else to `out`.
pub struct Human<W, P> {
    out: W,
    progress: P,
    style: HumanStyle,
    started: Instant,
    cases: usize,
    done: usize,
    failed: usize,
    running: Vec<Running>,
    slowest: Slowest,
    bar_is_drawn: bool,
    last_drawn: Instant,
    /// Printed at the end.
    failures: Vec<(String, Vec<Line>)>,
    /// Bytes of their texts.
    kept: usize,
    /// The first case for each Action that cannot be loaded, by message: its details are printed once.
    reported: HashMap<String, String>,
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
            slowest: Slowest::default(),
            bar_is_drawn: false,
            last_drawn: Instant::now(),
            failures: Vec::new(),
            kept: 0,
            reported: HashMap::new(),
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
        self.running.retain(|one| one.name != result.full_name);
        self.slowest.add(result, self.style.slowest);
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
        if self.style.level.shows(result) {
            self.line(&line)?;
        }
        self.draw()
    }

    fn details(&mut self, result: &CaseResult) -> Vec<Line> {
        let mut lines = Vec::new();
        for failure in result.failures.iter().take(MOST_FAILURES) {
            if let Failure::Load(error) = failure {
                let first = self
                    .reported
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
        let running = self.running.first().map_or("", |one| one.name.as_str());
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

/// The number of failures that are printed for one case.
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
                self.reported.clear();
                self.running.clear();
                if self.style.quiet {
                    return Ok(());
                }
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
                self.running.push(Running::new(name));
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
        if self.style.level >= StatusLevel::Slow {
            let slow: Vec<Line> = self.running.iter_mut().filter_map(Running::slow).collect();
            if !slow.is_empty() {
                self.erase()?;
            }
            for line in slow {
                self.line(&line)?;
            }
        }
        self.draw()
    }
}
