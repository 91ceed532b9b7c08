//! The end of a report: failures and counts.

use std::io::{self, Write};

use postlogin_core::escape::inline;

use super::super::lines::{Line, Role};
use super::Human;
use crate::run_event::{FuzzSummary, RunSummary};

/// The number of unused snapshots that are named before the rest is only counted.
const MOST_UNUSED: usize = 10;

impl<W: Write, P: Write> Human<W, P> {
    pub(super) fn summary(&mut self, summary: &RunSummary) -> io::Result<()> {
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
        for line in self.slowest.take_lines() {
            self.line(&line)?;
        }
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

    pub(super) fn fuzz_finished(&mut self, summary: &FuzzSummary) -> io::Result<()> {
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
                "{} more are not listed",
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
}
