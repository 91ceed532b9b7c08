//! The Actions of post-login with counters in them, for runs of the page: which lines ran, and which conditions were met.

use std::sync::{Mutex, PoisonError};

use postlogin_core::Trigger;
use postlogin_core::explanation::ClaimSites;
use postlogin_engine::BoundAction;
use postlogin_page::LineCount;
use postlogin_project::{ActionSource, Secret};

use crate::Compiler;
use crate::closely::Counters;

/// Loaded Actions and their counters. A login at a time has them.
pub(super) struct Counted {
    sources: Vec<ActionSource>,
    actions: Vec<BoundAction>,
    counters: Counters,
    running: Mutex<()>,
}

impl Counted {
    /// Loads sources with counters; `None` when one cannot be loaded in this way.
    pub(super) fn new<'s>(
        compiler: &mut Compiler<'_>,
        sources: impl Iterator<Item = &'s ActionSource>,
        given: &[Secret],
    ) -> Option<Self> {
        let sources: Vec<ActionSource> = sources.cloned().collect();
        let (actions, counters) = compiler.counted(|compiler| {
            let sources = sources.iter();
            let bound = sources.map(|source| compiler.bind(source, given, Trigger::PostLogin));
            bound.collect::<Result<Vec<_>, _>>().ok()
        });
        Some(Self {
            actions: actions?,
            counters: Counters::of(&sources, counters),
            sources,
            running: Mutex::new(()),
        })
    }

    /// Lets `run` run the Actions, and returns its result with the lines that ran, and the places that set claims with what was
    /// seen of their conditions.
    pub(super) fn run<T>(
        &self,
        run: impl FnOnce(&[BoundAction]) -> T,
    ) -> (T, Vec<LineCount>, ClaimSites) {
        let alone = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        self.counters.forget();
        let result = run(&self.actions);
        let sites = self.counters.sites(self.sources.iter().enumerate());
        let lines = self.counters.lines();
        drop(alone);
        (result, lines, sites)
    }
}
