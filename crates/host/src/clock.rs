//! The time that a login sees.
//!
//! Waiting is virtual in every case: a timer of five seconds is due at once, and the clock says that five seconds
//! have passed. Computing is virtual too when the case names the time (`--now`), so that nothing depends on the
//! speed of the machine; otherwise computing takes its real time.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// Whether computing takes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Only awaited time passes.
    Virtual,
    /// Computing takes the time that it takes; awaited time is added.
    Real,
}

/// A clock that starts at a given moment. Shared by the Actions of one login.
#[derive(Debug)]
pub struct Clock {
    start: Duration,
    flow: Flow,
    origin: Instant,
    /// Awaited time so far, in nanoseconds.
    awaited: AtomicU64,
    /// Real time that is no computing, in nanoseconds.
    blocked: AtomicU64,
}

impl Clock {
    /// A clock that shows `start_ms` milliseconds since the Unix epoch. Moments before the epoch count as the epoch.
    #[must_use]
    pub fn new(start_ms: i64, flow: Flow) -> Self {
        let start = Duration::from_millis(u64::try_from(start_ms).unwrap_or(0));
        Self {
            start,
            flow,
            origin: Instant::now(),
            awaited: AtomicU64::new(0),
            blocked: AtomicU64::new(0),
        }
    }

    /// Time since the Unix epoch.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.start.saturating_add(self.elapsed())
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        i64::try_from(self.now().as_millis()).unwrap_or(i64::MAX)
    }

    /// Time since the clock started.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        let computed = match self.flow {
            Flow::Virtual => Duration::ZERO,
            Flow::Real => self.origin.elapsed().saturating_sub(self.blocked()),
        };
        computed.saturating_add(self.awaited())
    }

    /// The part of the elapsed time that was awaited.
    #[must_use]
    pub fn awaited(&self) -> Duration {
        Duration::from_nanos(self.awaited.load(Ordering::Relaxed))
    }

    /// Real time in which the host worked for the guest or waited for the network, so far. It is no computing: what
    /// of it the guest waits for is awaited time.
    #[must_use]
    pub fn blocked(&self) -> Duration {
        Duration::from_nanos(self.blocked.load(Ordering::Relaxed))
    }

    /// Lets time pass without waiting.
    pub fn skip(&self, time: Duration) {
        add(&self.awaited, time);
    }

    /// Says that so much real time was no computing.
    pub fn block(&self, time: Duration) {
        add(&self.blocked, time);
    }
}

fn add(sum: &AtomicU64, time: Duration) {
    let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let add = |sum: u64| Some(sum.saturating_add(nanoseconds));
    // The closure never refuses.
    let _ = sum.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn virtual_time_moves_only_when_skipped() {
        let clock = Clock::new(1_700_000_000_000, Flow::Virtual);
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(clock.now_ms(), 1_700_000_000_000);
        clock.skip(Duration::from_millis(250));
        assert_eq!(
            (clock.now_ms(), clock.awaited()),
            (1_700_000_000_250, Duration::from_millis(250))
        );
    }

    #[test]
    fn real_time_adds_what_computing_takes() {
        let clock = Clock::new(0, Flow::Real);
        std::thread::sleep(Duration::from_millis(2));
        assert!(clock.elapsed() >= Duration::from_millis(2));
        clock.skip(Duration::from_secs(1));
        assert!(clock.elapsed() >= Duration::from_millis(1002));
    }

    #[test]
    fn blocked_time_is_no_computing() {
        let clock = Clock::new(0, Flow::Real);
        std::thread::sleep(Duration::from_millis(2));
        clock.block(Duration::from_secs(3600));
        assert_eq!(clock.elapsed(), Duration::ZERO);
        clock.skip(Duration::from_secs(1));
        assert_eq!(clock.elapsed(), Duration::from_secs(1));
    }

    #[test]
    fn extremes_saturate() {
        assert_eq!(Clock::new(i64::MIN, Flow::Virtual).now_ms(), 0);
        let clock = Clock::new(i64::MAX, Flow::Virtual);
        clock.skip(Duration::MAX);
        clock.skip(Duration::MAX);
        assert_eq!(clock.now_ms(), i64::MAX);
    }
}
