//! Which lines and branches of an Action ran.
//!
//! Counters are written into the text before it is made ready for the engine, so that TypeScript and ES modules are covered
//! as they were written. A counter that is reached for the first time in a sandbox prints a message that no Action
//! prints; the engine's [`Probe`] takes it out of the log. So it does not matter how a handler ends. A count is the number of
//! executions of a handler that reached the place.

mod instrument;
mod page;
mod points;
mod report;
pub(crate) mod trace;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use postlogin_core::explanation::ClaimSites;
use postlogin_engine::Probe;

use crate::source::claims;
use crate::source::rule::{is_rule, prepare_rule};
use crate::source::text::LineIndex;
use crate::source::{Prepared, SyntaxError, led_back, prepare};
use crate::source_map::SourceMap;
use points::{Kind, Point};
use trace::Trace;

pub use page::html;
pub use report::{lcov, text};

/// The beginning of a counter's message. The number of the source and that of the counter follow.
const MARK: &str = "\u{1}coverage:";

/// The counters of one Action or Rule. Share one among all its runs.
#[derive(Debug)]
pub struct Coverage {
    /// The beginning of the messages of its counters.
    mark: String,
    file: String,
    text: Arc<str>,
    detail: Detail,
    points: Vec<Point>,
    hits: Vec<AtomicU32>,
    /// For each counter, when it was reached last; the first time is 1.
    order: Vec<AtomicU32>,
    clock: AtomicU32,
    /// The map of the text, if it was built from other files: then those are what is covered.
    sources: Option<Arc<SourceMap>>,
}

/// The counted places.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Detail {
    /// Statements, functions and branches, for reports of coverage.
    #[default]
    Coverage,
    /// In addition the values of conditions, for [`Coverage::claim_sites`].
    Conditions,
}

/// A counter: how many executions of a handler reached it, and when the last one did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hit {
    pub(crate) count: u32,
    pub(crate) last: u32,
}

/// The counts of one file, as [`Coverage::files`] returns them for [`text`], [`lcov`] and [`html`].
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
pub(crate) fn instrumented(
    file: &str,
    text: &str,
    sources: Option<Arc<SourceMap>>,
    detail: Detail,
) -> Result<(Prepared, Coverage), SyntaxError> {
    numbered(file, text, sources, 0, detail)
}

/// As [`instrumented`], for a source whose messages may come among those of others: Rules share a sandbox. `number` is the
/// source's own.
pub(crate) fn numbered(
    file: &str,
    text: &str,
    sources: Option<Arc<SourceMap>>,
    number: usize,
    detail: Detail,
) -> Result<(Prepared, Coverage), SyntaxError> {
    let prepare_any = |text: &str| match prepare_rule(file, text) {
        Some(rule) => rule,
        None => prepare(file, text),
    };
    let plain = prepare_any(text)?;
    let original = Arc::clone(&plain.original);
    let mark = format!("{MARK}{number}:");
    let found = instrument::instrument(file, &original, &mark, detail);
    let covered = found.and_then(|(code, segments, points)| {
        let rewritten = prepare_any(&code).ok()?;
        let prepared = led_back(file, &original, segments, rewritten);
        Some((prepared, points))
    });
    // What the parser does not take runs as it is, and has nothing to count.
    let (prepared, points) = covered.unwrap_or((plain, Vec::new()));
    let prepared = prepared.built_from(sources.clone());
    let zeros = || points.iter().map(|_| AtomicU32::new(0)).collect();
    let (hits, order) = (zeros(), zeros());
    let coverage = Coverage {
        mark,
        file: file.to_owned(),
        text: original,
        detail,
        points,
        hits,
        order,
        clock: AtomicU32::new(0),
        sources,
    };
    Ok((prepared, coverage))
}

/// Returns the facts of a file of which nothing ran, or of those that it was built from. Empty when the text does
/// not compile.
pub fn nothing_ran(file: &str, text: &str, sources: Option<Arc<SourceMap>>) -> Vec<FileCoverage> {
    match instrumented(file, text, sources, Detail::Coverage) {
        Ok((_, coverage)) => coverage.files(),
        Err(_) => Vec::new(),
    }
}

impl Probe for Coverage {
    fn takes(&self, message: &str) -> bool {
        // `console.group` indents.
        let Some(number) = message.trim_start_matches(' ').strip_prefix(&self.mark) else {
            return false;
        };
        let at: Option<usize> = number.parse().ok();
        if let Some((hit, order)) = at.and_then(|at| self.hits.get(at).zip(self.order.get(at))) {
            hit.fetch_add(1, Ordering::Relaxed);
            let now = self.clock.fetch_add(1, Ordering::Relaxed);
            order.store(now.saturating_add(1), Ordering::Relaxed);
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
        sources: Option<Arc<SourceMap>>,
        detail: Detail,
    ) -> Option<Result<(Prepared, Arc<Coverage>), SyntaxError>> {
        if !is_rule(file, text) {
            return None;
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = numbered(file, text, sources, all.len() + 1, detail);
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
    /// Returns the file as findings and errors name it.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Returns the places that set claims, as [`claim_sites`](crate::source::claims::claim_sites) does, each with what was seen of its
    /// conditions if those were counted.
    pub fn claim_sites(&self, action: &str) -> ClaimSites {
        let trace = Trace::of(self);
        let sources = self.sources.as_deref();
        claims::traced_sites(action, &self.file, &self.text, sources, trace.as_ref())
    }

    /// Forgets the counts so far: what runs from now on is another login.
    pub fn forget(&self) {
        for counter in self.hits.iter().chain(&self.order).chain([&self.clock]) {
            counter.store(0, Ordering::Relaxed);
        }
    }

    fn hits(&self) -> impl Iterator<Item = Hit> {
        let read = |(hit, order): (&AtomicU32, &AtomicU32)| Hit {
            count: hit.load(Ordering::Relaxed),
            last: order.load(Ordering::Relaxed),
        };
        self.hits.iter().zip(&self.order).map(read)
    }

    /// Returns the counts so far: of the file, or of those that it was built from.
    pub fn files(&self) -> Vec<FileCoverage> {
        let index = LineIndex::new(&self.text);
        let mut found = Found::default();
        for (point, hit) in self.points.iter().zip(&self.hits) {
            let place = index.position(&self.text, point.offset as usize);
            let count = hit.load(Ordering::Relaxed);
            match &self.sources {
                None => found.add(&self.file, &self.text, place.line, point, count),
                // What a tool added, and what packages brought along, is not the team's to cover.
                Some(sources) => {
                    if let Some((source, place)) = sources.find(place)
                        && let Some(text) = source.covered_text()
                    {
                        found.add(&source.shown, text, place.line, point, count);
                    }
                }
            }
        }
        if found.files.is_empty() {
            found.file(&self.file, &self.text);
        }
        found.into_files()
    }
}

/// The counts of one text, by the files that it was built from.
#[derive(Default)]
struct Found {
    files: Vec<FileCoverage>,
    /// Where the ways of a fork are counted: the file, and the place among its branches.
    forks: HashMap<usize, (usize, usize)>,
}

impl Found {
    /// Returns the index of a file.
    fn file(&mut self, file: &str, text: &str) -> usize {
        let known = self.files.iter().position(|known| known.file == file);
        known.unwrap_or_else(|| {
            self.files.push(FileCoverage {
                file: file.to_owned(),
                text: text.to_owned(),
                ..FileCoverage::default()
            });
            self.files.len() - 1
        })
    }

    fn add(&mut self, file: &str, text: &str, line: u32, point: &Point, count: u32) {
        let at = self.file(file, text);
        if let Kind::Way { fork } = &point.kind
            && let Some((file, branch)) = self.forks.get(fork)
        {
            // All ways of a fork belong to its place, wherever the map leads them.
            let file = self.files.get_mut(*file);
            if let Some((_, ways)) = file.and_then(|file| file.branches.get_mut(*branch)) {
                ways.push(count);
            }
            return;
        }
        let Some(found) = self.files.get_mut(at) else {
            return;
        };
        match &point.kind {
            Kind::Statement => found.lines.push((line, count)),
            Kind::Function { name } => found.functions.push((name.clone(), line, count)),
            // Conditions are no part of the reports.
            Kind::Entry | Kind::True { .. } | Kind::False { .. } => {}
            Kind::Way { fork } => {
                self.forks.insert(*fork, (at, found.branches.len()));
                found.branches.push((line, vec![count]));
            }
        }
    }

    fn into_files(mut self) -> Vec<FileCoverage> {
        for found in &mut self.files {
            found.lines.sort_unstable();
            // The last of a line has the highest count.
            found.lines.reverse();
            found.lines.dedup_by_key(|(line, _)| *line);
            found.lines.reverse();
        }
        self.files
    }
}

#[cfg(test)]
mod tests;
