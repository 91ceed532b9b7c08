//! Which cases have a line of their own, and which ones are slow.

use std::time::{Duration, Instant};

use super::super::lines::{Line, Role};
use super::status_line;
use crate::run_event::{CaseResult, CaseStatus};

/// A case that takes longer is slow: it is reported while it runs.
pub const SLOW: Duration = Duration::from_secs(5);

/// Which cases have a line of their own, in the words of cargo-nextest. Each level includes those before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum StatusLevel {
    /// None; failures are still listed at the end.
    None,
    /// Those that fail.
    Fail,
    /// Those that are slow.
    Slow,
    /// Those that pass.
    Pass,
    /// Those that are skipped, too.
    #[default]
    All,
}

impl StatusLevel {
    /// Whether a case that ended so has a line.
    pub(super) fn shows(self, result: &CaseResult) -> bool {
        let needed = match result.status {
            CaseStatus::Failed => Self::Fail,
            CaseStatus::Passed if result.duration >= SLOW => Self::Slow,
            CaseStatus::Passed => Self::Pass,
            CaseStatus::Skipped(_) => Self::All,
        };
        self >= needed
    }
}

/// A case that runs.
pub(super) struct Running {
    pub(super) name: String,
    began: Instant,
    /// The time at which it is reported as slow, again and again.
    next: Duration,
}

impl Running {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            began: Instant::now(),
            next: SLOW,
        }
    }

    /// Returns the line about a case that is slow. The next one follows after twice the time.
    pub(super) fn slow(&mut self) -> Option<Line> {
        if self.began.elapsed() < self.next {
            return None;
        }
        let reached = self.next;
        self.next = reached.saturating_mul(2);
        Some(status_line(Role::Warn, "SLOW", reached, &self.name))
    }
}

/// The cases that took longest.
#[derive(Default)]
pub(super) struct Slowest {
    /// Longest first.
    cases: Vec<(Duration, String)>,
}

impl Slowest {
    /// Remembers a case if it is among the `most` slowest.
    pub(super) fn add(&mut self, result: &CaseResult, most: usize) {
        if matches!(result.status, CaseStatus::Skipped(_)) {
            return;
        }
        let at = self
            .cases
            .partition_point(|(known, _)| *known >= result.duration);
        if at < most {
            self.cases
                .insert(at, (result.duration, result.full_name.clone()));
            self.cases.truncate(most);
        }
    }

    /// Returns the list, longest first, and forgets it.
    pub(super) fn take_lines(&mut self) -> Vec<Line> {
        let cases = std::mem::take(&mut self.cases);
        cases
            .iter()
            .map(|(duration, name)| status_line(Role::Strong, "Slowest", *duration, name))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_slow_after_some_seconds_and_again_after_twice_the_time() {
        let mut running = Running::new("a");
        assert!(running.slow().is_none());
        running.began = Instant::now()
            .checked_sub(SLOW)
            .expect("the machine runs for some seconds");
        let line = running.slow().map(|line| line.plain().to_string());
        assert_eq!(line.as_deref(), Some("        SLOW [   5.000s] a"));
        assert!(running.slow().is_none());
        assert_eq!(running.next, SLOW * 2);
    }
}
