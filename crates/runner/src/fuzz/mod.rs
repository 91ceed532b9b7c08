//! Logins with generated events that look for what an Action does not expect.
//!
//! The findings depend on the seed and the number of logins, and on nothing else: not on the number of threads, the day
//! or what was found before.

mod bench;
mod case_file;
mod finding;
mod group;
mod target;

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use postlogin_host::DEFAULT_TIMEOUT;
use postlogin_project::{Project, TenantData};

use crate::case::{Compiled, unloadable};
use crate::endless::{Endless, is_endless};
use crate::execute::Sink;
use crate::numbered::{Numbers, each};
use crate::run_event::{FuzzSummary, RunEvent, exit};
use bench::{Bench, Found, not_loaded};
use group::{Known, Shown, group};

pub use finding::{Fault, Finding};
pub(crate) use finding::{faults, lacks_network};
pub use target::{Target, Targets};

/// The number of logins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logins {
    /// So many.
    Count(u64),
    /// As many as there are time for.
    For(Duration),
}

/// The options of a search.
#[derive(Debug, Clone, Copy)]
pub struct FuzzOptions<'a> {
    /// The number of logins.
    pub logins: Logins,
    /// The seed of the events.
    pub seed: u64,
    /// The number of logins that run at once; at least one.
    pub jobs: usize,
    /// The project, if there is one.
    pub project: Option<&'a Project>,
    /// Whether files of cases may be written.
    pub writes: bool,
    /// Where cases of targets without a case go: into the folder `fuzz` there.
    pub folder: &'a Path,
    /// The folder that file names are relative to.
    pub working_folder: &'a Path,
}

/// The number of findings that are minimised and reported; the rest is counted.
const MOST_FINDINGS: usize = 40;

/// Searches, minimises its findings, writes them down and reports them.
///
/// # Errors
/// When the sink or a file of cases cannot be written.
pub fn fuzz(
    targets: &Targets,
    compiled: &Compiled,
    options: &FuzzOptions<'_>,
    stop: &AtomicBool,
    sink: &mut dyn Sink,
) -> io::Result<FuzzSummary> {
    let started = Instant::now();
    let nothing = TenantData::default();
    let tenant = options.project.map_or(&nothing, |project| &project.tenant);
    let mut benches = Vec::new();
    let mut summary = FuzzSummary {
        seed: options.seed,
        ..FuzzSummary::default()
    };
    // What does not load is reported once, and the rest logs in without it.
    let unloaded = targets.sources.iter().zip(compiled).enumerate();
    let unloaded = unloaded.filter(|(index, _)| targets.needs(*index));
    let unloaded = unloaded.filter_map(|(_, (source, loaded))| {
        let error = loaded.as_ref().err()?;
        Some((source.name.as_str(), source.display_path.as_str(), error))
    });
    let unread = targets.left_out.iter();
    let unread = unread.map(|part| (part.name.as_str(), part.file.as_str(), &part.error));
    for (name, file, error) in unread.chain(unloaded) {
        summary.exit_code = exit::UNLOADABLE;
        let result = not_loaded(name, file, error.clone());
        sink.event(&RunEvent::CaseFinished(&result))?;
    }
    let is_loaded = |index: &usize| compiled.get(*index).is_some_and(Result::is_ok);
    let loaded = targets.list.iter();
    for target in loaded.filter(|target| target.actions.iter().any(is_loaded)) {
        match Bench::new(target, targets, compiled, tenant, options.seed) {
            Ok(bench) => benches.push(bench),
            Err(error) => {
                summary.exit_code = exit::UNLOADABLE;
                let first = targets.sources_of(target).next();
                let file = first.map_or("", |source| source.display_path.as_str());
                let names = targets
                    .sources_of(target)
                    .map(|source| source.name.as_str());
                let names: Vec<&str> = names.collect();
                let result = not_loaded(&names.join(", "), file, error);
                sink.event(&RunEvent::CaseFinished(&result))?;
            }
        }
    }
    let (count, time) = match options.logins {
        Logins::Count(count) => (count, None),
        Logins::For(time) => (u64::MAX, Some(time)),
    };
    sink.event(&RunEvent::FuzzStarted {
        targets: benches.iter().map(Bench::names).collect(),
        logins: Some(count).filter(|_| time.is_none()),
        seed: options.seed,
        jobs: options.jobs,
    })?;
    // With nothing that loads, no login can run; the failures to load are reported above.
    let count = if benches.is_empty() { 0 } else { count };
    let numbers = Numbers::up_to(count, time.map(|time| started + time), stop);
    let shown = search(&benches, &numbers, options.jobs, count, sink)?;
    summary.logins = shown.len() as u64;
    summary.set_aside = shown.iter().filter(|shown| shown.set_aside).count() as u64;
    // One fault shows in many logins: the findings are the faults.
    let known = group(&shown, benches.len());
    summary.untold = known.len().saturating_sub(MOST_FINDINGS) as u64;
    let told: Vec<&Known> = known.iter().take(MOST_FINDINGS).collect();
    // Minimising takes as long as the search. Each finding is independent, so all jobs share them.
    let smaller = Numbers::up_to(told.len() as u64, None, stop);
    let findings = each(
        options.jobs,
        &smaller,
        &mut |_| sink.tick(),
        |index| -> Option<(Found, Duration)> {
            let began = Instant::now();
            let known = told.get(usize::try_from(index).ok()?)?;
            let bench = benches.get(known.bench)?;
            Some((bench.smallest(known), began.elapsed()))
        },
    )?;
    for (known, found) in told.iter().zip(findings) {
        let (Some(bench), Some((found, duration))) = (benches.get(known.bench), found) else {
            continue;
        };
        let result = bench.told(known, found, duration, summary.logins, options)?;
        for failure in &result.failures {
            summary.exit_code = summary.exit_code.max(failure.exit_code());
        }
        summary.findings += 1;
        sink.event(&RunEvent::CaseFinished(&result))?;
    }
    summary.interrupted = stop.load(Ordering::Relaxed);
    if summary.interrupted {
        summary.exit_code = summary.exit_code.max(exit::EXPECTATION);
    }
    // With a time limit, fewer logins are expected.
    summary.cut_short = !summary.interrupted && time.is_none() && summary.logins < count;
    summary.duration = started.elapsed();
    sink.event(&RunEvent::FuzzFinished(&summary))?;
    Ok(summary)
}

fn search(
    benches: &[Bench<'_>],
    numbers: &Numbers<'_>,
    jobs: usize,
    count: u64,
    sink: &mut dyn Sink,
) -> io::Result<Vec<Shown>> {
    let endless = Endless::default();
    let of = Some(count).filter(|count| *count < u64::MAX);
    let mut tick = |done| {
        sink.event(&RunEvent::FuzzProgress { done, of })?;
        sink.tick()
    };
    each(jobs, numbers, &mut tick, |number| {
        let began = Instant::now();
        let mut shown = login(benches, number);
        let limit = time_limit(benches, number);
        shown.endless = !shown.faults.is_empty() && is_endless(began.elapsed(), limit);
        if shown.endless {
            endless.note(number, limit, numbers);
        }
        shown
    })
}

/// The time that Actions have in the login with a number.
fn time_limit(benches: &[Bench<'_>], number: u64) -> Duration {
    let bench = usize::try_from(number % benches.len().max(1) as u64).unwrap_or_default();
    let bench = benches.get(bench);
    bench.map_or(DEFAULT_TIMEOUT, |bench| bench.setting.budget.time)
}

/// The login with a number; targets take turns.
fn login(benches: &[Bench<'_>], number: u64) -> Shown {
    let all = benches.len().max(1) as u64;
    let bench = usize::try_from(number % all).unwrap_or_default();
    let Some(bench) = benches.get(bench) else {
        return Shown::default();
    };
    let event = bench.generator.event(number / all);
    match bench.outcome(&bench.actions, &bench.setting, event) {
        Ok(outcome) if unloadable(&outcome).is_some() => Shown {
            unloadable: unloadable(&outcome),
            ..Shown::default()
        },
        Ok(outcome) => {
            let found = faults(&outcome);
            let set_aside = lacks_network(&outcome);
            let found = found.iter().filter(|_| !set_aside);
            Shown {
                faults: found.map(|fault| (fault.key(), fault.place())).collect(),
                set_aside,
                ..Shown::default()
            }
        }
        Err(broken) => Shown {
            broken: Some(broken),
            ..Shown::default()
        },
    }
}
