//! Work that is numbered from 0, on several threads, with the same result however many there are.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use postlogin_engine::is_abandoned;

/// The interval at which progress is reported.
const TICK: Duration = Duration::from_millis(100);

/// Which numbers are worked on.
pub(crate) struct Numbers<'a> {
    /// The first number that is not worked on any more; only ever lowered.
    end: AtomicU64,
    /// The time after which no number is begun.
    deadline: Option<Instant>,
    stop: &'a AtomicBool,
}

impl<'a> Numbers<'a> {
    pub(crate) fn up_to(end: u64, deadline: Option<Instant>, stop: &'a AtomicBool) -> Self {
        Self {
            end: AtomicU64::new(end),
            deadline,
            stop,
        }
    }

    /// Ends the work behind this number. Numbers before it are all worked on, so what is found up to there depends on
    /// nothing but the work.
    pub(crate) fn end_with(&self, last: u64) {
        self.end
            .fetch_min(last.saturating_add(1), Ordering::Relaxed);
    }

    fn begins(&self, number: u64) -> bool {
        let is_early = self
            .deadline
            .is_none_or(|deadline| Instant::now() < deadline);
        number < self.end.load(Ordering::Relaxed) && is_early && !self.stop.load(Ordering::Relaxed)
    }
}

/// Does the work for 0, 1, 2, … and gives what it returned for each, in their order, up to the first one that was not
/// begun. `tick` gets from time to time the number of those that are done.
pub(crate) fn each<T: Send, E>(
    jobs: usize,
    numbers: &Numbers<'_>,
    tick: &mut dyn FnMut(u64) -> Result<(), E>,
    work: impl Fn(u64) -> T + Sync,
) -> Result<Vec<T>, E> {
    let next = AtomicU64::new(0);
    let (sender, receiver) = mpsc::channel();
    let run = |sender: mpsc::Sender<(u64, T)>| {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if !numbers.begins(number) {
                return;
            }
            let result = work(number);
            // What was cut off counts as not begun. Once the sink has failed, the listener is gone.
            if is_abandoned() || sender.send((number, result)).is_err() {
                return;
            }
        }
    };
    let mut done: Vec<(u64, T)> = thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            let sender = sender.clone();
            scope.spawn(|| run(sender));
        }
        drop(sender);
        let mut done = Vec::new();
        let mut told = Instant::now();
        loop {
            match receiver.recv_timeout(TICK) {
                Ok(result) => done.push(result),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(done),
            }
            if told.elapsed() >= TICK {
                told = Instant::now();
                if let Err(error) = tick(done.len() as u64) {
                    numbers.end_with(0);
                    return Err(error);
                }
            }
        }
    })?;
    done.sort_by_key(|(number, _)| *number);
    let end = numbers.end.load(Ordering::Relaxed);
    let contiguous = (0..end)
        .zip(done)
        .take_while(|(expected, (number, _))| expected == number);
    Ok(contiguous.map(|(_, (_, result))| result).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let stop = AtomicBool::new(false);
        for jobs in [1, 2, 7] {
            let numbers = Numbers::up_to(1_000, None, &stop);
            let work = |number: u64| {
                if number % 100 == 42 {
                    numbers.end_with(number);
                }
                number * 2
            };
            let done = each(jobs, &numbers, &mut |_| Ok::<(), ()>(()), work);
            let done = done.expect("nothing fails");
            assert_eq!(done, (0..=42).map(|number| number * 2).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_stop_begins_nothing() {
        let stop = AtomicBool::new(true);
        let numbers = Numbers::up_to(10, None, &stop);
        let done = each(2, &numbers, &mut |_| Ok::<(), ()>(()), |number| number);
        assert_eq!(done, Ok(Vec::new()));
        let stop = AtomicBool::new(false);
        let numbers = Numbers::up_to(u64::MAX, Some(Instant::now()), &stop);
        let done = each(2, &numbers, &mut |_| Ok::<(), ()>(()), |number| number);
        assert_eq!(done, Ok(Vec::new()));
    }
}
