//! The Actions of post-login with counters in them, for runs of the page: which lines ran.

use std::sync::{Arc, Mutex, PoisonError};

use postlogin_core::Trigger;
use postlogin_engine::BoundAction;
use postlogin_js::coverage::{Coverage, FileCoverage};
use postlogin_page::LineCount;
use postlogin_project::{ActionSource, Secret};

use crate::Compiler;

/// Loaded Actions and their counters. Counts of several runs add up, so one run at a time has them.
pub(super) struct Counted {
    actions: Vec<BoundAction>,
    counters: Vec<Arc<Coverage>>,
    running: Mutex<()>,
}

impl Counted {
    /// Loads sources with counters; `None` when one cannot be loaded in this way.
    pub(super) fn new<'s>(
        compiler: &mut Compiler<'_>,
        sources: impl Iterator<Item = &'s ActionSource>,
        given: &[Secret],
    ) -> Option<Self> {
        let (actions, counters) = compiler.counted(|compiler| {
            let bound = sources.map(|source| compiler.bind(source, given, Trigger::PostLogin));
            bound.collect::<Result<Vec<_>, _>>().ok()
        });
        Some(Self {
            actions: actions?,
            counters,
            running: Mutex::new(()),
        })
    }

    /// Lets `run` run the Actions, and returns its result with the lines that ran.
    pub(super) fn run<T>(&self, run: impl FnOnce(&[BoundAction]) -> T) -> (T, Vec<LineCount>) {
        let alone = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.files();
        let result = run(&self.actions);
        let after = self.files();
        drop(alone);
        let lines = after.iter().zip(&before);
        (
            result,
            lines
                .map(|(after, before)| between(after, before))
                .collect(),
        )
    }

    fn files(&self) -> Vec<FileCoverage> {
        self.counters.iter().flat_map(|it| it.files()).collect()
    }
}

/// Returns the counts of the time between two looks at the same file.
fn between(after: &FileCoverage, before: &FileCoverage) -> LineCount {
    let lines = after.lines.iter().zip(&before.lines);
    LineCount {
        file: after.file.clone(),
        lines: lines
            .map(|((line, after), (_, before))| (*line, after.saturating_sub(*before)))
            .collect(),
    }
}
