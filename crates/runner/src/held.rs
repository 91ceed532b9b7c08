//! A bound for the results of cases that are in memory at once.
//!
//! Results are reported in the order of the plan, so those that end early wait for the slow ones. An outcome may have
//! megabytes, and a file of cases thousands of cases.

use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::run_event::{CaseResult, Failure};

/// Bytes of results, as JSON, beyond which no further case begins until some were reported. In memory they need several
/// times as much.
const MOST_BYTES: usize = 24 << 20;

/// The interval at which a waiting thread checks whether the run is over.
const LOOK: Duration = Duration::from_millis(100);

/// The bytes of the results that no report has seen yet.
#[derive(Default)]
pub(crate) struct Held {
    bytes: Mutex<usize>,
    changed: Condvar,
}

impl Held {
    pub(crate) fn add(&self, bytes: usize) {
        *self.lock() += bytes;
    }

    pub(crate) fn remove(&self, bytes: usize) {
        *self.lock() -= bytes;
        self.changed.notify_all();
    }

    /// Waits until there is room for the result of another case. It comes: what is held waits for a case that runs
    /// already, since cases begin in order.
    pub(crate) fn wait_for_room(&self, is_over: impl Fn() -> bool) {
        let mut bytes = self.lock();
        while *bytes > MOST_BYTES && !is_over() {
            let waited = self.changed.wait_timeout(bytes, LOOK);
            bytes = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns how large a result is, in bytes of JSON.
pub(crate) fn weight(result: &CaseResult) -> usize {
    let outcome = result.outcome.as_deref().map_or(0, |outcome| {
        counted(|out| serde_json::to_writer(out, outcome))
    });
    outcome + weight_of_failures(result)
}

/// Returns how large its failures are, without the outcome.
pub(crate) fn weight_of_failures(result: &CaseResult) -> usize {
    let failures = result.failures.iter().map(|failure| match failure {
        Failure::Expectation(mismatch) => {
            counted(|out| serde_json::to_writer(out, &(&mismatch.expected, &mismatch.actual)))
        }
        Failure::Snapshot(failure) => {
            failure.current.len() + failure.stored.as_ref().map_or(0, String::len)
        }
        Failure::Unexpected(error) => error.message.len() + error.stack.len(),
        Failure::Load(_)
        | Failure::Unfit { .. }
        | Failure::Found(_)
        | Failure::LeftOut { .. }
        | Failure::Internal(_) => 0,
    });
    failures.sum()
}

/// A writer that only counts.
struct Counter(usize);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn counted(write: impl FnOnce(&mut Counter) -> serde_json::Result<()>) -> usize {
    let mut counter = Counter(0);
    // Counting cannot fail, and all keys of an outcome are strings.
    let _ = write(&mut counter);
    counter.0
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn nothing_begins_until_there_is_room() {
        let held = Held::default();
        held.add(MOST_BYTES);
        held.wait_for_room(|| false);
        held.add(1);
        let began = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                held.wait_for_room(|| false);
                began.store(true, Ordering::SeqCst);
            });
            thread::sleep(2 * LOOK);
            assert!(!began.load(Ordering::SeqCst));
            held.remove(MOST_BYTES);
        });
        assert!(began.load(Ordering::SeqCst));
        held.add(MOST_BYTES);
        // A run that is over waits for nothing.
        held.wait_for_room(|| true);
    }
}
