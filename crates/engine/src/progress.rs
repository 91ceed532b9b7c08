//! Reports that something takes seconds, while it lasts: the compiler itself reports nothing.

use std::{
    panic,
    sync::{
        Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

/// The time between two reports. Longer than half a second, and people wonder whether anything happens.
pub(crate) const PAUSE: Duration = Duration::from_millis(450);

/// The stack of the thread that works, in bytes: that of a main thread, where this would run otherwise.
const STACK: usize = 8 << 20;

/// Does `work` on another thread, and reports on this one how long it has lasted, every [`PAUSE`] until it is done.
pub(crate) fn reporting<T: Send>(
    mut report: impl FnMut(Duration),
    work: impl FnOnce() -> T + Send,
) -> T {
    let started = Instant::now();
    // Where there can be no other thread, it is done here, without a report.
    let work = Mutex::new(Some(work));
    let take = || work.lock().unwrap_or_else(PoisonError::into_inner).take();
    let done = thread::scope(|scope| {
        let (ends, end) = mpsc::channel::<()>();
        let working = thread::Builder::new().stack_size(STACK);
        let working = working.spawn_scoped(scope, || {
            // Dropped also by a panic.
            let _ends = ends;
            take().map(|work| work())
        });
        let working = working.ok()?;
        while end.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
            report(started.elapsed());
        }
        match working.join() {
            Ok(done) => done,
            Err(panicked) => panic::resume_unwind(panicked),
        }
    });
    match (done, take()) {
        (Some(done), _) => done,
        (None, Some(work)) => work(),
        (None, None) => unreachable!("work is taken once, and what takes it returns its result"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_work_is_reported_and_short_work_is_not() {
        let mut reports = Vec::new();
        let this = thread::current().id();
        let done = reporting(
            |took| reports.push(took),
            || {
                thread::sleep(PAUSE * 5 / 2);
                thread::current().id()
            },
        );
        assert_ne!(done, this, "the work is done elsewhere");
        assert!(reports.len() >= 2, "{reports:?}");
        assert!(
            reports
                .iter()
                .zip(1..)
                .all(|(took, nth)| *took >= PAUSE * nth),
            "{reports:?}"
        );
        assert_eq!(reporting(|_| panic!("it was not long"), || 7), 7);
    }

    #[test]
    fn a_panic_is_exceeded_on() {
        let caught = panic::catch_unwind(|| reporting(|_| {}, || panic!("this one")));
        let caught = caught.expect_err("it panics");
        assert_eq!(caught.downcast_ref::<&str>(), Some(&"this one"));
    }
}
