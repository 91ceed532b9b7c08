//! Whether sandboxes are compared with what they should be, and how often that was done.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Whether each sandbox is compared, which debug builds always do.
static VERIFIES: AtomicBool = AtomicBool::new(false);

static MEMORIES: AtomicU64 = AtomicU64::new(0);
static GLOBALS: AtomicU64 = AtomicU64::new(0);

/// From now on, all of a sandbox's memory is compared with its image after it was put back, and all of its mutable globals with those of
/// the first sandbox before a login begins. A login fails with an error where they differ. For tests: it takes longer than the login.
pub fn verify_images() {
    VERIFIES.store(true, Ordering::Relaxed);
}

/// The comparisons of this process so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// Memories that were equal to their image.
    pub memories: u64,
    /// Sandboxes whose globals were those of the first one.
    pub globals: u64,
}

/// Returns how often [`verify_images`] has found nothing wrong: a test that relies on it can show that it was there.
#[must_use]
pub fn verified() -> Verified {
    Verified {
        memories: MEMORIES.load(Ordering::Relaxed),
        globals: GLOBALS.load(Ordering::Relaxed),
    }
}

pub(crate) fn verifies() -> bool {
    cfg!(debug_assertions) || VERIFIES.load(Ordering::Relaxed)
}

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub(super) fn count_memory() {
    MEMORIES.fetch_add(1, Ordering::Relaxed);
}

pub(crate) fn count_globals() {
    GLOBALS.fetch_add(1, Ordering::Relaxed);
}
