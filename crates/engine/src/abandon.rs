//! The end of all logins of this process: whoever asked it to end does not wait until endless loops have used up their budgets.

use std::sync::atomic::{AtomicBool, Ordering};

static ABANDONED: AtomicBool = AtomicBool::new(false);

/// Ends every guest of this process that computes, from now on, within a few ticks of the watchdog. What such a login ends with means
/// nothing: ask [`is_abandoned`] after it, and leave it out. Cannot be taken back.
pub fn abandon() {
    ABANDONED.store(true, Ordering::Relaxed);
}

/// Returns whether the logins of this process were [abandoned](abandon).
#[must_use]
pub fn is_abandoned() -> bool {
    ABANDONED.load(Ordering::Relaxed)
}
