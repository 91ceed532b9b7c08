//! Which lines and branches of an Action ran.
//!
//! Counters are written into the text before it is made ready for the engine, so that TypeScript and ES modules are covered
//! as they were written. A counter that is reached for the first time in a sandbox prints a message that no Action
//! prints; the engine's [`Probe`] takes it out of the log. So it does not matter how a handler ends. A count is the number of
//! executions of a handler that reached the place.

mod instrument;
mod points;
mod report;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use postlogin_engine::Probe;

use crate::source::rule::{is_rule, prepare_rule};
use crate::source::text::LineIndex;
use crate::source::{Prepared, SyntaxError, led_back, prepare};
use points::{Kind, Point};

pub use report::{html, lcov, text};

/// What a message of a counter begins with. The number of the source and that of the counter follow.
const MARK: &str = "\u{1}coverage:";

/// The counters of one Action or Rule. Share one among all its runs.
#[derive(Debug)]
pub struct Coverage {
    /// What the messages of its counters begin with.
    mark: String,
    file: String,
    text: String,
    points: Vec<Point>,
    hits: Vec<AtomicU32>,
}

/// What is known of one file, counts included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileCoverage {
    /// The file as findings and errors name it.
    pub file: String,
    /// Its text.
    pub text: String,
    /// Lines with code, from 1, ascending, each with the highest count of a statement that begins on it.
    pub lines: Vec<(u32, u32)>,
    /// Functions: name, line, count.
    pub functions: Vec<(String, u32, u32)>,
    /// Places where the way forks: the line, and a count for each way.
    pub branches: Vec<(u32, Vec<u32>)>,
}

impl FileCoverage {
    /// Adds the counts of another run over the same text. Those of another text are left out.
    pub fn merge(&mut self, other: &FileCoverage) {
        if self.text != other.text {
            return;
        }
        for ((_, count), (_, more)) in self.lines.iter_mut().zip(&other.lines) {
            *count = count.saturating_add(*more);
        }
        for ((.., count), (.., more)) in self.functions.iter_mut().zip(&other.functions) {
            *count = count.saturating_add(*more);
        }
        for ((_, ways), (_, more)) in self.branches.iter_mut().zip(&other.branches) {
            for (count, more) in ways.iter_mut().zip(more) {
                *count = count.saturating_add(*more);
            }
        }
    }
}

/// Makes a file's text ready for the engine, with counters in it.
///
/// # Errors
/// Those of a text without counters.
pub(crate) fn instrumented(file: &str, text: &str) -> Result<(Prepared, Coverage), SyntaxError> {
    numbered(file, text, 0)
}

/// As [`instrumented`], for a source whose messages may come among those of others: Rules share a sandbox. `number` is the
/// source's own.
pub(crate) fn numbered(
    file: &str,
    text: &str,
    number: usize,
) -> Result<(Prepared, Coverage), SyntaxError> {
    let prepare_any = |text: &str| match prepare_rule(file, text) {
        Some(rule) => rule,
        None => prepare(file, text),
    };
    let plain = prepare_any(text)?;
    let original = plain.original.clone();
    let mark = format!("{MARK}{number}:");
    let found = instrument::instrument(file, &original, &mark);
    let covered = found.and_then(|(code, segments, points)| {
        let rewritten = prepare_any(&code).ok()?;
        let prepared = led_back(file, &original, segments, rewritten);
        Some((prepared, points))
    });
    // What the parser does not take runs as it is, and has nothing to count.
    let (prepared, points) = covered.unwrap_or((plain, Vec::new()));
    let hits = points.iter().map(|_| AtomicU32::new(0)).collect();
    let coverage = Coverage {
        mark,
        file: file.to_owned(),
        text: original,
        points,
        hits,
    };
    Ok((prepared, coverage))
}

/// What is known of a file of which nothing ran: what there is to run. `None` when the text does not compile.
pub fn nothing_ran(file: &str, text: &str) -> Option<FileCoverage> {
    let (_, coverage) = instrumented(file, text).ok()?;
    Some(coverage.file())
}

impl Probe for Coverage {
    fn takes(&self, message: &str) -> bool {
        // `console.group` indents.
        let Some(number) = message.trim_start_matches(' ').strip_prefix(&self.mark) else {
            return false;
        };
        if let Some(hit) = number.parse().ok().and_then(|at: usize| self.hits.get(at)) {
            hit.fetch_add(1, Ordering::Relaxed);
        }
        true
    }
}

/// The counters of all Rules. What a Rule has left pending may print while a later one runs, so each takes its own out of
/// whatever is printed.
#[derive(Debug, Default)]
pub(crate) struct RuleCounters(Mutex<Vec<Arc<Coverage>>>);

impl RuleCounters {
    /// Makes a Rule ready for the engine, with counters in it. `None` for a text that is no Rule.
    pub(crate) fn instrumented(
        &self,
        file: &str,
        text: &str,
    ) -> Option<Result<(Prepared, Arc<Coverage>), SyntaxError>> {
        if !is_rule(file, text) {
            return None;
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = numbered(file, text, all.len() + 1);
        Some(counted.map(|(prepared, coverage)| {
            let coverage = Arc::new(coverage);
            all.push(Arc::clone(&coverage));
            (prepared, coverage)
        }))
    }
}

impl Probe for RuleCounters {
    fn takes(&self, message: &str) -> bool {
        // Most messages are no counter's.
        message.trim_start_matches(' ').starts_with(MARK) && {
            let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.iter().any(|coverage| coverage.takes(message))
        }
    }
}

impl Coverage {
    /// The counts so far.
    pub fn file(&self) -> FileCoverage {
        let index = LineIndex::new(&self.text);
        let mut found = FileCoverage {
            file: self.file.clone(),
            text: self.text.clone(),
            ..FileCoverage::default()
        };
        let mut groups: HashMap<usize, usize> = HashMap::new();
        for (point, hit) in self.points.iter().zip(&self.hits) {
            let line = index.position(&self.text, point.offset as usize).line;
            let count = hit.load(Ordering::Relaxed);
            match &point.kind {
                Kind::Statement => found.lines.push((line, count)),
                Kind::Function { name } => found.functions.push((name.clone(), line, count)),
                Kind::Way { fork } => match groups.get(fork) {
                    Some(at) => {
                        if let Some((_, ways)) = found.branches.get_mut(*at) {
                            ways.push(count);
                        }
                    }
                    None => {
                        groups.insert(*fork, found.branches.len());
                        found.branches.push((line, vec![count]));
                    }
                },
            }
        }
        found.lines.sort_unstable();
        // The last of a line has the highest count.
        found.lines.reverse();
        found.lines.dedup_by_key(|(line, _)| *line);
        found.lines.reverse();
        found
    }
}

#[cfg(test)]
mod tests;
