//! Ctrl-C: the first one ends the run in order, the second one at once.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

/// The exit code of a process that a signal ended, as shells have it.
const INTERRUPTED: i32 = 130;

/// Set once the user, or the system, wants the run to end.
pub(in crate::commands) fn flag() -> &'static AtomicBool {
    static STOP: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    STOP.get_or_init(|| {
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            // In this order: the first signal only sets the flag, the second one finds it set. Without a handler, a
            // signal ends the process; files are renamed into place, so none is left by half.
            let _ = flag::register_conditional_shutdown(signal, INTERRUPTED, Arc::clone(&stop));
            let _ = flag::register(signal, Arc::clone(&stop));
        }
        stop
    })
}

/// Whether the run should end.
pub(super) fn wanted() -> bool {
    flag().load(Ordering::Relaxed)
}
