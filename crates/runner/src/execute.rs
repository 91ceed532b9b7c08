//! Runs the cases of a plan on several threads, and reports what happens in the order of the plan.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use postlogin_core::reads::Watch;
use postlogin_engine::is_abandoned;

use crate::case::{Compiled, run_case};
use crate::held::{Held, weight, weight_of_failures};
use crate::plan::{Plan, PlannedCase};
use crate::run_event::{CaseResult, CaseStatus, Failure, RunEvent, RunSummary, exit};
use crate::snapshot::{Mode, Snapshots};

/// The options of a run.
#[derive(Debug, Clone, Copy)]
pub struct RunOptions<'a> {
    /// Which cases of the plan, as indices, in order.
    pub selected: &'a [usize],
    /// The number that runs at once; at least one.
    pub jobs: usize,
    /// Begin no case after the first failure.
    pub fail_fast: bool,
    /// The changes that may be made to snapshots.
    pub snapshots: Mode,
    /// The folder that file names are relative to.
    pub working_folder: &'a Path,
}

/// Where the stream of a run goes.
pub trait Sink {
    /// Takes the next event.
    ///
    /// # Errors
    /// When it cannot be written. The run is stopped then.
    fn event(&mut self, event: &RunEvent<'_>) -> io::Result<()>;

    /// Is called from time to time while nothing happens.
    ///
    /// # Errors
    /// As [`Sink::event`].
    fn tick(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs cases. `stop` begins no further case once it is set; those that run come to their end.
///
/// # Errors
/// When the sink or a snapshot cannot be written.
pub fn run(
    plan: &Plan,
    compiled: &Compiled,
    options: &RunOptions<'_>,
    stop: &AtomicBool,
    sink: &mut dyn Sink,
) -> io::Result<RunSummary> {
    let started = Instant::now();
    let snapshots = Snapshots::new(options.snapshots, plan, options.working_folder);
    let cases: Vec<&PlannedCase> = options
        .selected
        .iter()
        .filter_map(|index| plan.cases.get(*index))
        .collect();
    let jobs = options.jobs.clamp(1, cases.len().max(1));
    let files: HashSet<&Path> = cases
        .iter()
        .map(|planned| planned.case.place.source.path.as_path())
        .collect();
    sink.event(&RunEvent::Started {
        cases: cases.len(),
        files: files.len(),
        left_out: plan.cases.len() - cases.len(),
        jobs,
    })?;
    let held = Held::default();
    let mut collected = Collected {
        cases: &cases,
        held: &held,
        waiting: BTreeMap::new(),
        next: 0,
        left: REPORTED_BYTES,
        summary: RunSummary::default(),
    };
    // A failure with --fail-fast ends this run, not those that follow in watch mode.
    let enough = AtomicBool::new(false);
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    let work = |sender: mpsc::Sender<Told>| {
        let is_over = || stop.load(Ordering::Relaxed) || enough.load(Ordering::Relaxed);
        while !is_over() {
            // Behind a slow case, results wait for their turn.
            held.wait_for_room(is_over);
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(planned) = cases.get(index) else {
                return;
            };
            // Once the sink has failed, the listener is gone.
            let _ = sender.send(Told::Began(index));
            let mut result = guarded(plan, planned, compiled, &snapshots);
            // It was cut off: it counts as not run.
            if is_abandoned() {
                return;
            }
            if result.status == CaseStatus::Passed {
                // No report shows it.
                result.outcome = None;
            }
            if options.fail_fast && result.status == CaseStatus::Failed {
                enough.store(true, Ordering::Relaxed);
            }
            let weight = weight(&result);
            held.add(weight);
            let _ = sender.send(Told::Ended(index, Box::new(result), weight));
        }
    };
    let told = thread::scope(|scope| {
        for _ in 0..jobs {
            let sender = sender.clone();
            scope.spawn(|| work(sender));
        }
        drop(sender);
        let told = collected.listen(&receiver, sink);
        if told.is_err() {
            enough.store(true, Ordering::Relaxed);
        }
        told
    });
    told?;
    let mut summary = collected.rest(sink)?;
    summary.interrupted = stop.load(Ordering::Relaxed);
    summary.not_run = cases.len() - summary.passed - summary.failed - summary.skipped;
    if summary.interrupted {
        summary.exit_code = summary.exit_code.max(exit::EXPECTATION);
    }
    summary.snapshots = snapshots.finish(plan)?;
    summary.duration = started.elapsed();
    sink.event(&RunEvent::Finished(&summary))?;
    Ok(summary)
}

/// The interval at which a sink may show that time passes.
const TICK: Duration = Duration::from_millis(100);

/// A message of a thread.
enum Told {
    Began(usize),
    /// The weight comes last.
    Ended(usize, Box<CaseResult>, usize),
}

/// Puts results into the order of the plan.
struct Collected<'a> {
    cases: &'a [&'a PlannedCase],
    waiting: BTreeMap<usize, (Box<CaseResult>, usize)>,
    held: &'a Held,
    next: usize,
    /// The bytes of failures that may still be reported.
    left: usize,
    summary: RunSummary,
}

impl Collected<'_> {
    /// Ends when no thread has a message any more.
    fn listen(&mut self, told: &mpsc::Receiver<Told>, sink: &mut dyn Sink) -> io::Result<()> {
        loop {
            match told.recv_timeout(TICK) {
                Ok(event) => self.take(event, sink)?,
                Err(mpsc::RecvTimeoutError::Timeout) => sink.tick()?,
                Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    fn take(&mut self, told: Told, sink: &mut dyn Sink) -> io::Result<()> {
        match told {
            Told::Began(index) => match self.cases.get(index) {
                Some(planned) => sink.event(&RunEvent::CaseStarted {
                    name: &planned.case.full_name,
                }),
                None => Ok(()),
            },
            Told::Ended(index, result, weight) => {
                self.waiting.insert(index, (result, weight));
                while let Some((result, weight)) = self.waiting.remove(&self.next) {
                    self.next += 1;
                    self.finished(*result, sink)?;
                    self.held.remove(weight);
                }
                Ok(())
            }
        }
    }

    fn finished(&mut self, mut result: CaseResult, sink: &mut dyn Sink) -> io::Result<()> {
        match result.status {
            CaseStatus::Passed => self.summary.passed += 1,
            CaseStatus::Failed => self.summary.failed += 1,
            CaseStatus::Skipped(_) => self.summary.skipped += 1,
        }
        for failure in &result.failures {
            self.summary.exit_code = worse(self.summary.exit_code, failure.exit_code());
        }
        match self.left.checked_sub(weight_of_failures(&result)) {
            Some(left) => self.left = left,
            None if result.failures.is_empty() => {}
            None => leave_out(&mut result),
        }
        sink.event(&RunEvent::CaseFinished(&result))
    }

    /// Results after a case that was never begun.
    fn rest(mut self, sink: &mut dyn Sink) -> io::Result<RunSummary> {
        for (_, (result, _)) in std::mem::take(&mut self.waiting) {
            self.finished(*result, sink)?;
        }
        Ok(self.summary)
    }
}

/// The most bytes, as JSON, of the failures that reports of a run list; printed they take up to three times as much.
const REPORTED_BYTES: usize = 4 << 20;

/// Keeps of the failures of a case that there are some.
fn leave_out(result: &mut CaseResult) {
    let codes = result.failures.iter().map(Failure::exit_code);
    let exit_code = codes.reduce(worse).unwrap_or(exit::EXPECTATION);
    result.outcome = None;
    result.failures = vec![Failure::LeftOut {
        failures: result.failures.len(),
        most: REPORTED_BYTES,
        exit_code,
    }];
}

/// A bug of ours is the worst; else the highest code says most: what could not be loaded could not be tried.
fn worse(one: u8, other: u8) -> u8 {
    match one == exit::INTERNAL || other == exit::INTERNAL {
        true => exit::INTERNAL,
        false => one.max(other),
    }
}

/// A panic is a failure of its case, not the end of all.
fn guarded(
    plan: &Plan,
    planned: &PlannedCase,
    compiled: &Compiled,
    snapshots: &Snapshots,
) -> CaseResult {
    let started = Instant::now();
    let ran = panic::catch_unwind(AssertUnwindSafe(|| {
        run_case(&plan.actions, planned, compiled, snapshots, Watch::Off)
    }));
    ran.unwrap_or_else(|_| CaseResult {
        name: planned.case.name.clone(),
        full_name: planned.case.full_name.clone(),
        place: planned.case.place.clone(),
        status: CaseStatus::Failed,
        failures: vec![Failure::Internal("postlogin panicked in this case".into())],
        duration: started.elapsed(),
        outcome: None,
    })
}
