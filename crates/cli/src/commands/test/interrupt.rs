//! Ctrl-C: the first one ends the run in order, the second one at once. Logins that compute have two seconds to end: CI services
//! that send SIGTERM kill the process after some seconds more, and with it what there is to report.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use postlogin_engine::abandon;
use signal_hook::consts::{SIGINT, SIGTERM};

/// The exit code of a process that a signal ended, as shells have it.
const INTERRUPTED: i32 = 130;

/// The time that running logins have to end by themselves.
const GRACE: Duration = Duration::from_secs(2);

static STOP: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Set once the user, or the system, wants the run to end.
pub(in crate::commands) fn flag() -> &'static AtomicBool {
    STOP.get_or_init(|| {
        let stop = Arc::new(AtomicBool::new(false));
        listen(&stop);
        stop
    })
}

/// Whether a signal came since something asked for the flag. Until then, a signal ends the process.
pub(in crate::commands) fn came() -> bool {
    STOP.get().is_some_and(|stop| stop.load(Ordering::Relaxed))
}

/// Whether the run should end.
pub(super) fn wanted() -> bool {
    flag().load(Ordering::Relaxed)
}

/// The first signal only sets the flag. The second one puts the terminal back, which no handler of a signal may do, and ends the
/// process; files are renamed into place, so none is left by half.
#[cfg(unix)]
fn listen(stop: &Arc<AtomicBool>) {
    use signal_hook::iterator::Signals;

    // Without a handler, a signal ends the process.
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else {
        return;
    };
    let stop = Arc::clone(stop);
    thread::spawn(move || {
        for _ in signals.forever() {
            if stop.swap(true, Ordering::Relaxed) {
                crate::terminal::put_back();
                signal_hook::low_level::exit(INTERRUPTED);
            }
            thread::spawn(|| {
                thread::sleep(GRACE);
                abandon();
            });
        }
    });
}

#[cfg(not(unix))]
fn listen(stop: &Arc<AtomicBool>) {
    use signal_hook::flag;

    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal only sets the flag, the second one finds it set.
        let _ = flag::register_conditional_shutdown(signal, INTERRUPTED, Arc::clone(stop));
        let _ = flag::register(signal, Arc::clone(stop));
    }
    // Here nothing but the flag says that a signal came.
    let stop = Arc::clone(stop);
    thread::spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            thread::sleep(GRACE / 10);
        }
        thread::sleep(GRACE);
        abandon();
    });
}
