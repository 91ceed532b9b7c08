//! One worker among many: users as Arrow streams in, results as Arrow streams out ([`postlogin_replay::arrow`]).

use std::io::{self, BufRead, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use postlogin_replay::Summary;
use postlogin_replay::arrow::{Message, RowsWriter, Streams, entries};
use postlogin_replay::input::Entry;

use super::parts::text_of;
use super::{Folded, Replay, ReplayError};

/// Why a worker ended.
#[derive(Debug)]
pub enum WorkerError {
    /// The users cannot be read.
    Input(io::Error),
    /// The results cannot be written.
    Output(io::Error),
    /// Logins cannot run.
    Replay(ReplayError),
}

/// Answers each stream of users with one of results, until the users end. `key` stands for Actions and options, as in
/// [`super::Parts`]. Returns whether that was all; `false` when `stop` was set on the way.
///
/// # Errors
/// With the first error. The stream that it happens in has no row `part`.
///
/// # Panics
/// Inside a tokio runtime: call it from a blocking thread there.
pub fn work(
    replay: &Replay<'_>,
    users: impl BufRead,
    mut out: impl Write,
    key: &str,
    jobs: usize,
    stop: &AtomicBool,
) -> Result<bool, WorkerError> {
    let mut streams = Streams::new(users);
    // Of a pipe that the caller ends when the run is to end, nothing else is known.
    let is_stopped = || stop.load(Ordering::Relaxed);
    loop {
        let mut message = match streams.next_message() {
            Ok(Some(message)) => message,
            Ok(None) => break,
            Err(_) if is_stopped() => return Ok(false),
            Err(error) => return Err(WorkerError::Input(error)),
        };
        let mut rows = RowsWriter::new(&mut out).map_err(WorkerError::Output)?;
        let mut summary = Summary::default();
        while let Message::Batch(batch) = message {
            let entries = entries(&batch).map_err(WorkerError::Input)?;
            let folded = fold(replay, &entries, jobs, stop).map_err(WorkerError::Replay)?;
            let Some(folded) = folded else {
                return Ok(false);
            };
            for part in folded {
                summary.merge(part.summary);
                let written = rows.differences(&part.rows);
                let written = written.and_then(|()| rows.ids(&part.ids));
                written.map_err(WorkerError::Output)?;
            }
            message = match streams.next_message() {
                Ok(next) => next.unwrap_or(Message::End),
                Err(_) if is_stopped() => return Ok(false),
                Err(error) => return Err(WorkerError::Input(error)),
            };
        }
        replay.add_reached(&mut summary);
        let part = text_of(key, summary).map_err(WorkerError::Output)?;
        rows.finish(&part).map_err(WorkerError::Output)?;
    }
    Ok(true)
}

/// Folds the users of a batch on several threads; the results are in the order of the users.
fn fold(
    replay: &Replay<'_>,
    entries: &[Entry],
    jobs: usize,
    stop: &AtomicBool,
) -> Result<Option<Vec<Folded>>, ReplayError> {
    if jobs < 2 || entries.len() < 2 {
        return Ok(replay.fold(entries, stop)?.map(|folded| vec![folded]));
    }
    let each = entries.len().div_ceil(jobs);
    thread::scope(|scope| {
        let threads: Vec<_> = entries
            .chunks(each)
            .map(|entries| scope.spawn(|| replay.fold(entries, stop)))
            .collect();
        let folded = threads.into_iter().map(|thread| {
            thread.join().unwrap_or_else(|_| {
                let message = anyhow::anyhow!("a thread of the worker panicked");
                Err(ReplayError::Broken(message))
            })
        });
        folded.collect()
    })
}
