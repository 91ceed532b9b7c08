//! Where logins with many events come to an end when Actions compute until their time is over: each costs that time, and
//! real computing lasts longer than what it counts.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::numbered::Numbers;

/// No login is begun once the time limits of runs that used them up add up to this: 2 runs of 20 s.
const MOST: Duration = Duration::from_secs(40);

/// Nor after so many of such runs, however short their limit is.
const MOST_RUNS: usize = 10;

/// A failed run of which less is real computing time waits in virtual time only.
const COMPUTES: Duration = Duration::from_secs(2);

/// Returns whether a failed run that took `took` has computed until its time `limit` was over.
pub(crate) fn is_endless(took: Duration, limit: Duration) -> bool {
    took > COMPUTES.min(limit)
}

/// The runs that computed until their time was over.
#[derive(Default)]
pub(crate) struct Endless {
    /// The number of the login and the time limit of each.
    known: Mutex<Vec<(u64, Duration)>>,
}

impl Endless {
    /// Notes such a run, and ends the work when there are enough of them. The first ones by their number count, whichever
    /// ends first: so the end is the same with any number of jobs.
    pub(crate) fn note(&self, number: u64, limit: Duration, numbers: &Numbers<'_>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.push((number, limit));
        known.sort_unstable();
        let mut sum = Duration::ZERO;
        for (index, (number, limit)) in known.iter().enumerate() {
            sum = sum.saturating_add(*limit);
            if sum >= MOST || index + 1 >= MOST_RUNS {
                return numbers.end_with(*number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::numbered::each;

    /// Checks how many of 1,000 logins are done when those of these numbers are endless.
    #[track_caller]
    fn check(endless_ones: &[u64], seconds: u64, expected: u64) {
        let stop = AtomicBool::new(false);
        for jobs in [1, 3] {
            let numbers = Numbers::up_to(1_000, None, &stop);
            let endless = Endless::default();
            let done = each(jobs, &numbers, &mut |_| Ok::<(), ()>(()), |number| {
                if endless_ones.contains(&number) {
                    endless.note(number, Duration::from_secs(seconds), &numbers);
                }
            });
            let done = done.map(|done| done.len() as u64);
            assert_eq!(done, Ok(expected), "{endless_ones:?} with {jobs} jobs");
        }
    }

    #[test]
    fn the_sum_of_the_limits_counts() {
        check(&[], 20, 1_000);
        check(&[7], 20, 1_000);
        check(&[7, 40, 41], 20, 41);
        check(&[41, 40, 7], 20, 41);
        check(&[3], 60, 4);
        let many: Vec<u64> = (0..200).collect();
        check(&many, 1, 10);
        check(&many, 5, 8);
    }

    #[test]
    fn what_waits_in_virtual_time_is_not_endless() {
        let limit = Duration::from_secs(20);
        assert!(!is_endless(Duration::from_millis(300), limit));
        assert!(is_endless(Duration::from_secs(3), limit));
        assert!(is_endless(
            Duration::from_millis(600),
            Duration::from_millis(500)
        ));
    }
}
