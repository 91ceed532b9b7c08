//! All portions, on several threads.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use super::{Chunk, Chunks, Parts, PartsError, Replay};
use crate::load::LoadError;
use crate::select::Shard;
use postlogin_replay::{Histogram, Summary};

/// The interval at which progress is reported.
const TICK: Duration = Duration::from_millis(200);

/// The settings of the work on portions.
pub struct RunControl<'a> {
    /// The number of threads, at least one.
    pub jobs: usize,
    /// The portions of this machine; `None` for all.
    pub shard: Option<Shard>,
    /// Where what is done is kept. Portions that are done there are not done again.
    pub parts: &'a Parts,
    /// Set when the run is to end.
    pub stop: &'a AtomicBool,
}

/// The progress.
#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    /// Users whose logins ran, or that were done before.
    pub users: u64,
    /// Of them, those that were done before.
    pub done_before: u64,
}

/// The finished work.
#[derive(Debug)]
pub struct Done {
    /// The number of portions of the file.
    pub chunks: u64,
    /// Portions that are not done: those of other shards, or what was left when the run was stopped.
    pub missing: u64,
    /// Whether it was stopped.
    pub is_stopped: bool,
    /// The time that the logins of a user took, in microseconds, of those that ran now.
    pub micros: Histogram,
}

impl Done {
    /// Merges all parts.
    ///
    /// # Errors
    /// When a part cannot be read.
    pub fn summary(&self, parts: &Parts) -> Result<Summary, PartsError> {
        let mut summary = Summary::default();
        for number in 0..self.chunks {
            if let Some(part) = parts.summary(number, None)? {
                summary.merge(part);
            }
        }
        Ok(summary)
    }
}

/// Why a replay ended.
#[derive(Debug)]
pub enum ReplayError {
    /// An Action does not load.
    Load(LoadError),
    /// The users cannot be read.
    Input(io::Error),
    /// A part cannot be read or written.
    Parts(PartsError),
    /// So many logins computed until their time was over.
    Endless(u64),
    /// A sandbox itself broke.
    Broken(anyhow::Error),
}

/// Runs all portions.
///
/// # Errors
/// With the first error of any thread; what is done stays done.
///
/// # Panics
/// Inside a tokio runtime: call it from a blocking thread there.
pub fn run(
    replay: &Replay<'_>,
    chunks: &mut Chunks,
    control: &RunControl<'_>,
    tick: &mut dyn FnMut(Progress),
) -> Result<Done, ReplayError> {
    let jobs = control.jobs.max(1);
    let (sender, receiver) = mpsc::sync_channel::<Chunk>(jobs);
    let receiver = Mutex::new(receiver);
    let (done_sender, done_receiver) = mpsc::channel::<Result<(u64, Histogram), ReplayError>>();
    // Set by the first error, or with the caller's flag.
    let stop = AtomicBool::new(false);
    let done_before = AtomicU64::new(0);
    let work = |done: mpsc::Sender<Result<(u64, Histogram), ReplayError>>| loop {
        let next = receiver
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok(chunk) = next else {
            return;
        };
        let result = one(replay, &chunk, control, &stop);
        let users = chunk.entries.len() as u64;
        let result = match result {
            Ok(Some(micros)) => Ok((users, micros)),
            Ok(None) => continue,
            Err(error) => Err(error),
        };
        if result.is_err() {
            stop.store(true, Ordering::Relaxed);
        }
        if done.send(result).is_err() {
            return;
        }
    };
    thread::scope(|scope| {
        for _ in 0..jobs {
            let done = done_sender.clone();
            scope.spawn(|| work(done));
        }
        drop(done_sender);
        let read = scope.spawn(|| read(chunks, sender, control, &stop, &done_before));
        let mut micros = Histogram::default();
        let mut users = 0;
        let mut first_error = None;
        loop {
            match done_receiver.recv_timeout(TICK) {
                Ok(Ok((count, taken))) => {
                    users += count;
                    postlogin_replay::Merge::merge(&mut micros, taken);
                }
                Ok(Err(error)) => {
                    first_error.get_or_insert(error);
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            if control.stop.load(Ordering::Relaxed) {
                stop.store(true, Ordering::Relaxed);
            }
            let before = done_before.load(Ordering::Relaxed);
            tick(Progress {
                users: users + before,
                done_before: before,
            });
        }
        let read = read
            .join()
            .map_err(|_| ReplayError::Broken(anyhow::anyhow!("the reader of users panicked")))?;
        if let Some(error) = first_error {
            return Err(error);
        }
        let read = read?;
        let mut missing = 0;
        for number in 0..read.chunks {
            missing += u64::from(!control.parts.has(number));
        }
        Ok(Done {
            chunks: read.chunks,
            missing,
            is_stopped: control.stop.load(Ordering::Relaxed),
            micros,
        })
    })
}

fn one(
    replay: &Replay<'_>,
    chunk: &Chunk,
    control: &RunControl<'_>,
    stop: &AtomicBool,
) -> Result<Option<Histogram>, ReplayError> {
    let Some(mut folded) = replay.fold(&chunk.entries, stop)? else {
        return Ok(None);
    };
    replay.add_reached(&mut folded.summary);
    let stored = control.parts.store(chunk.number, &chunk.hash, &folded);
    stored.map_err(ReplayError::Parts)?;
    Ok(Some(folded.micros))
}

struct Read {
    chunks: u64,
}

/// Reads all portions and hands on those that are to be done.
fn read(
    chunks: &mut Chunks,
    sender: mpsc::SyncSender<Chunk>,
    control: &RunControl<'_>,
    stop: &AtomicBool,
    done_before: &AtomicU64,
) -> Result<Read, ReplayError> {
    let mut read = Read { chunks: 0 };
    let failed = |error| {
        stop.store(true, Ordering::Relaxed);
        error
    };
    while !stop.load(Ordering::Relaxed) {
        let chunk = match chunks.next_chunk() {
            Ok(Some(chunk)) => chunk,
            Ok(None) => break,
            // The caller ends what is read when the run is to end, also in the middle of a user.
            Err(_) if control.stop.load(Ordering::Relaxed) => break,
            Err(error) => return Err(failed(ReplayError::Input(error))),
        };
        read.chunks += 1;
        let is_ours = control.shard.is_none_or(|shard| shard.has(chunk.number));
        let known = control.parts.summary(chunk.number, Some(&chunk.hash));
        let known = known.map_err(|error| failed(ReplayError::Parts(error)))?;
        if known.is_some() {
            done_before.fetch_add(chunk.entries.len() as u64, Ordering::Relaxed);
        } else if is_ours && sender.send(chunk).is_err() {
            break;
        }
    }
    Ok(read)
}
