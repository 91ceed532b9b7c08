//! `api.cache` of each trigger between its executions: in memory, as long as the same sources run.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use postlogin_core::{CacheEntries, Trigger};

/// The caches of a program. An edit makes another program, which begins without entries.
#[derive(Debug, Default)]
pub(super) struct Caches(Mutex<HashMap<Trigger, CacheEntries>>);

impl Caches {
    /// Returns what is left of a trigger's cache at a time in milliseconds since the epoch.
    pub(super) fn at(&self, trigger: Trigger, now_ms: i64) -> CacheEntries {
        self.with(trigger, |cache| {
            cache.trim(now_ms);
            cache.clone()
        })
    }

    /// Lets `work` change a trigger's cache.
    pub(super) fn with<T>(&self, trigger: Trigger, work: impl FnOnce(&mut CacheEntries) -> T) -> T {
        let mut caches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work(caches.entry(trigger).or_default())
    }

    /// Drops all entries.
    pub(super) fn clear(&self) {
        let mut caches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        caches.clear();
    }
}
