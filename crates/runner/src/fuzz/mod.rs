//! Logins with made-up events that look for what an Action does not expect.
//!
//! What is found depends on the seed and the number of logins, and on nothing else: not on the number of threads, the day
//! or what was found before.

mod case_file;
mod finding;
mod target;

use std::collections::HashMap;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use postlogin_core::event::sample;
use postlogin_core::outcome::Outcome;
use postlogin_engine::BoundAction;
use postlogin_generate::{Generator, difference, is_plausible, patch, shrink};
use postlogin_project::document::node::{Place, Source};
use postlogin_project::{ActionSource, Project, Secret, TenantData};
use serde_json::Value;

use crate::case::{Compiled, unloadable};
use crate::execute::Sink;
use crate::lab::{Setting, placeholders, vocabulary};
use crate::load::{LoadError, bound};
use crate::numbered::{Numbers, each};
use crate::run_event::{CaseResult, CaseStatus, Failure, FuzzSummary, RunEvent, exit};

pub use finding::{Fault, Finding};
pub(crate) use finding::{faults, lacks_network};
pub use target::{Target, Targets};

/// How many logins there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logins {
    /// So many.
    Count(u64),
    /// As many as there are time for.
    For(Duration),
}

/// How a search goes.
#[derive(Debug, Clone, Copy)]
pub struct FuzzOptions<'a> {
    /// How many logins.
    pub logins: Logins,
    /// What the events are made of.
    pub seed: u64,
    /// How many logins run at once; at least one.
    pub jobs: usize,
    /// The project, if there is one.
    pub project: Option<&'a Project>,
    /// Whether files of cases may be written.
    pub writes: bool,
    /// Where cases of targets without a case go: into the folder `fuzz` there.
    pub folder: &'a Path,
    /// What file names are relative to.
    pub working_folder: &'a Path,
}

/// So many findings are made small and told; the rest is counted.
const MOST_FINDINGS: usize = 40;

/// At one place of the source, so many different messages are told.
const MOST_AT_A_PLACE: usize = 3;

/// So many events are tried to make one smaller.
const ATTEMPTS: usize = 600;

/// Where each attempt takes all the time or memory that there is.
const COSTLY_ATTEMPTS: usize = 8;

/// After so many logins that computed until their time was over, there are no more: each takes 20 s.
const ENDLESS_LOGINS: usize = 2;

/// A login of which less is real computing time waits in virtual time only.
const ENDLESS: Duration = Duration::from_secs(2);

/// What one login showed: the key and the place of each fault.
#[derive(Debug, Default)]
struct Shown {
    faults: Vec<(String, String)>,
    set_aside: bool,
    broken: Option<String>,
    unloadable: Option<LoadError>,
}

/// Searches, makes what it finds small, writes it down and tells it.
///
/// # Errors
/// When the sink or a file of cases can't be written.
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
    for target in &targets.list {
        match Bench::new(target, targets, compiled, tenant, options.seed) {
            Ok(bench) => benches.push(bench),
            Err(error) => {
                summary.exit_code = exit::UNLOADABLE;
                sink.event(&RunEvent::CaseFinished(&not_loaded(target, targets, error)))?;
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
    let count = if benches.is_empty() { 0 } else { count };
    let numbers = Numbers::up_to(count, time.map(|time| started + time), stop);
    let shown = search(&benches, &numbers, options.jobs, count, sink)?;
    summary.logins = shown.len() as u64;
    summary.set_aside = shown.iter().filter(|shown| shown.set_aside).count() as u64;
    let known = group(&shown, benches.len());
    summary.untold = known.len().saturating_sub(MOST_FINDINGS) as u64;
    let told: Vec<&Known> = known.iter().take(MOST_FINDINGS).collect();
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
    let endless = std::sync::Mutex::new(Vec::new());
    let of = Some(count).filter(|count| *count < u64::MAX);
    let mut tick = |done| {
        sink.event(&RunEvent::FuzzProgress { done, of })?;
        sink.tick()
    };
    each(jobs, numbers, &mut tick, |number| {
        let began = Instant::now();
        let shown = login(benches, number);
        if !shown.faults.is_empty() && began.elapsed() > ENDLESS {
            // The first ones by their number, whichever ends first: so the end is the same with any number of jobs.
            let mut known = endless
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            known.push(number);
            known.sort_unstable();
            if let Some(last) = known.get(ENDLESS_LOGINS - 1) {
                numbers.end_with(*last);
            }
        }
        shown
    })
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

/// A fault that some logins showed.
struct Known {
    key: String,
    bench: usize,
    /// The number of the first login that showed it, among those of its target.
    event: u64,
    /// Its number among all.
    first: u64,
    logins: u64,
    /// Ours, or a text that does not load: nothing to make small.
    broken: Option<Failure>,
}

/// Faults in the order of the logins that showed them first.
fn group(shown: &[Shown], benches: usize) -> Vec<Known> {
    let mut known: Vec<Known> = Vec::new();
    let mut by_key: HashMap<(usize, String), usize> = HashMap::new();
    let mut at_place: HashMap<(usize, String), Vec<usize>> = HashMap::new();
    let all = benches.max(1);
    for (number, shown) in shown.iter().enumerate() {
        let bench = number % all;
        let mut add = |key: &str, place: &str, broken: Option<Failure>| {
            let id = (bench, key.to_owned());
            if let Some(known) = by_key.get(&id).and_then(|index| known.get_mut(*index)) {
                known.logins += 1;
                return;
            }
            let here = at_place.entry((bench, place.to_owned())).or_default();
            if here.len() >= MOST_AT_A_PLACE
                && let Some(first) = here.first().copied()
            {
                // One place that says something else each time is one finding.
                if let Some(known) = known.get_mut(first) {
                    known.logins += 1;
                }
                by_key.insert(id, first);
                return;
            }
            here.push(known.len());
            by_key.insert(id, known.len());
            known.push(Known {
                key: key.to_owned(),
                bench,
                event: (number / all) as u64,
                first: number as u64,
                logins: 1,
                broken,
            });
        };
        // A login may show the same fault twice, in a loop.
        let mut seen: Vec<&str> = Vec::new();
        for (key, place) in &shown.faults {
            if !seen.contains(&key.as_str()) {
                seen.push(key);
                add(key, place, None);
            }
        }
        if let Some(broken) = &shown.broken {
            add(broken, broken, Some(Failure::Internal(broken.clone())));
        }
        if let Some(error) = &shown.unloadable {
            let failure = Failure::Load(error.clone());
            add(&error.message, &error.message, Some(failure));
        }
    }
    known
}

/// A target, ready for logins.
struct Bench<'a> {
    sources: Vec<&'a ActionSource>,
    actions: Vec<BoundAction>,
    secrets: Vec<Secret>,
    setting: Setting<'a>,
    generator: Generator,
}

/// The smallest login that shows a fault.
enum Found {
    Broken(Failure),
    Small {
        fault: Box<Fault>,
        event: Value,
        outcome: Box<Outcome>,
        actions: Vec<usize>,
        mocks: Vec<postlogin_host::Mock>,
        challenged: bool,
    },
}

impl<'a> Bench<'a> {
    fn new(
        target: &'a Target,
        targets: &'a Targets,
        compiled: &Compiled,
        tenant: &'a TenantData,
        seed: u64,
    ) -> Result<Self, LoadError> {
        let sources: Vec<&ActionSource> = targets.sources_of(target).collect();
        let secrets = placeholders(sources.iter().copied());
        let mut actions = Vec::new();
        for (index, source) in target.actions.iter().zip(&sources) {
            if let Some(action) = compiled.get(*index) {
                let action = action.as_ref().map_err(LoadError::clone)?;
                actions.push(bound(source, action.clone(), &secrets));
            }
        }
        let words = vocabulary(sources.iter().copied());
        Ok(Self {
            actions,
            secrets,
            setting: Setting::of(target.template.as_ref(), tenant),
            generator: Generator::new(seed, words, target.bases.clone()),
            sources,
        })
    }

    fn names(&self) -> String {
        let names: Vec<&str> = self.sources.iter().map(|one| one.name.as_str()).collect();
        names.join(", ")
    }

    /// The outcome of a login, or what is wrong with us. A panic is a finding of its own, not the end of all.
    fn outcome(
        &self,
        actions: &[BoundAction],
        setting: &Setting<'_>,
        event: Value,
    ) -> Result<Outcome, String> {
        let ran = panic::catch_unwind(AssertUnwindSafe(|| setting.run(actions, event)));
        match ran {
            Ok(Ok(ran)) => Ok(ran.outcome),
            Ok(Err(error)) => Err(format!("{error:#}")),
            Err(_) => Err("postlogin panicked in this login".into()),
        }
    }

    /// The fault with this key, if the login shows it.
    fn shown(
        &self,
        key: &str,
        actions: &[BoundAction],
        setting: &Setting<'_>,
        event: &Value,
    ) -> Option<(Fault, Outcome)> {
        let outcome = self.outcome(actions, setting, event.clone()).ok()?;
        if lacks_network(&outcome) {
            return None;
        }
        let fault = faults(&outcome)
            .into_iter()
            .find(|fault| fault.key() == key)?;
        Some((fault, outcome))
    }

    fn smallest(&self, known: &Known) -> Found {
        if let Some(broken) = &known.broken {
            return Found::Broken(match broken {
                Failure::Load(error) => Failure::Load(error.clone()),
                Failure::Internal(text) => Failure::Internal(text.clone()),
                _ => Failure::Internal(known.key.clone()),
            });
        }
        let event = self.generator.event(known.event);
        let key = known.key.as_str();
        let vanished = || Found::Broken(Failure::Internal(format!("seen once only: {key}")));
        let Some((fault, _)) = self.shown(key, &self.actions, &self.setting, &event) else {
            return vanished();
        };
        // The Action alone, if it needs no other one.
        let mut chosen: Vec<usize> = (0..self.actions.len()).collect();
        let mut actions = self.actions.clone();
        if let Some(alone) = self.alone(&fault)
            && let Some(action) = self.actions.get(alone)
            && !fault.is_costly()
            && self
                .shown(key, std::slice::from_ref(action), &self.setting, &event)
                .is_some()
        {
            (chosen, actions) = (vec![alone], vec![action.clone()]);
        }
        let attempts = match fault.is_costly() {
            true => COSTLY_ATTEMPTS,
            false => ATTEMPTS,
        };
        let small = shrink(&event, &sample(), attempts, |candidate| {
            is_plausible(candidate)
                && self
                    .shown(key, &actions, &self.setting, candidate)
                    .is_some()
        });
        let mut setting = self.setting.clone();
        setting.mocks = Arc::new(self.fewest_mocks(key, &actions, &small.event));
        let ran = setting.run(&actions, small.event.clone());
        let Ok(ran) = ran else { return vanished() };
        let found = faults(&ran.outcome)
            .into_iter()
            .find(|fault| fault.key() == key);
        match found {
            Some(fault) => Found::Small {
                fault: Box::new(fault),
                event: small.event,
                outcome: Box::new(ran.outcome),
                actions: chosen,
                mocks: (*setting.mocks).clone(),
                challenged: ran.challenged,
            },
            None => vanished(),
        }
    }

    fn alone(&self, fault: &Fault) -> Option<usize> {
        if self.actions.len() < 2 {
            return None;
        }
        let name = fault.action()?;
        self.actions
            .iter()
            .position(|action| action.info.name == name)
    }

    /// The exchanges that the login needs: one that is not used fails a case.
    fn fewest_mocks(
        &self,
        key: &str,
        actions: &[BoundAction],
        event: &Value,
    ) -> Vec<postlogin_host::Mock> {
        let mut mocks = (*self.setting.mocks).clone();
        let mut index = 0;
        while index < mocks.len() {
            let mut fewer = mocks.clone();
            fewer.remove(index);
            let mut setting = self.setting.clone();
            setting.mocks = Arc::new(fewer.clone());
            match self.shown(key, actions, &setting, event) {
                Some(_) => mocks = fewer,
                None => index += 1,
            }
        }
        mocks
    }

    /// Writes a finding down, and makes of it what reporters take.
    fn told(
        &self,
        known: &Known,
        found: Found,
        duration: Duration,
        of: u64,
        options: &FuzzOptions<'_>,
    ) -> io::Result<CaseResult> {
        let Found::Small {
            fault,
            event,
            outcome,
            actions,
            mocks,
            challenged,
        } = found
        else {
            let Found::Broken(failure) = found else {
                return Err(io::Error::other("a finding is small or broken"));
            };
            let place = self.place(None);
            return Ok(result("fuzz", place, failure, duration, None));
        };
        let sources: Vec<&ActionSource> = actions
            .iter()
            .filter_map(|index| self.sources.get(*index).copied())
            .collect();
        let base = sample();
        let mut finding = Finding {
            actions: sources.iter().map(|source| source.name.clone()).collect(),
            logins: known.logins,
            of,
            first: known.first,
            changes: difference(&base, &event),
            patch: patch(&base, &event),
            event,
            case_file: None,
            command: format!(
                "postlogin test --fuzz {} --seed {}",
                known.first + 1,
                options.seed
            ),
            fault: *fault,
        };
        let template = self.setting.template;
        let text = case_file::Text {
            finding: &finding,
            outcome: &outcome,
            sources: &sources,
            project: options.project,
            secrets: &self.secrets,
            template,
            mocks: &mocks,
            challenged,
            seed: options.seed,
        };
        if options.writes {
            let folder = self.folder(options);
            let written = case_file::write(&folder, &text)?;
            let shown = postlogin_project::display_path(&written.path, options.working_folder);
            finding.command = format!("postlogin test {}", quoted(&shown));
            finding.case_file = Some((shown, written.is_new));
        }
        let place = self.place(Some(&finding.fault));
        let title = finding.fault.message();
        let failure = Failure::Found(Box::new(finding));
        Ok(result(&title, place, failure, duration, Some(outcome)))
    }

    /// Beside the case whose settings were taken, else where the command says.
    fn folder(&self, options: &FuzzOptions<'_>) -> PathBuf {
        let of_template = self
            .setting
            .template
            .and_then(|planned| planned.case.place.source.path.parent());
        let folder = of_template.unwrap_or(options.folder);
        match folder.ends_with(target::FOLDER) {
            true => folder.to_owned(),
            false => folder.join(target::FOLDER),
        }
    }

    /// The line of the source; else the Action's file.
    fn place(&self, fault: Option<&Fault>) -> Place {
        let at = fault.and_then(Fault::location);
        let file = match at {
            Some(at) => at.file.clone(),
            None => self
                .sources
                .first()
                .map(|source| source.display_path.clone())
                .unwrap_or_default(),
        };
        Place {
            source: Arc::new(Source {
                path: PathBuf::from(&file),
                shown: file,
            }),
            line: at.map_or(1, |at| at.line),
            column: at.map_or(1, |at| at.column),
        }
    }
}

fn result(
    title: &str,
    place: Place,
    failure: Failure,
    duration: Duration,
    outcome: Option<Box<Outcome>>,
) -> CaseResult {
    let name: String = title
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(160)
        .collect();
    CaseResult {
        full_name: name.clone(),
        name,
        place,
        status: CaseStatus::Failed,
        failures: vec![failure],
        duration,
        outcome,
    }
}

fn not_loaded(target: &Target, targets: &Targets, error: LoadError) -> CaseResult {
    let names: Vec<&str> = targets
        .sources_of(target)
        .map(|source| source.name.as_str())
        .collect();
    let file = targets
        .sources_of(target)
        .next()
        .map(|source| source.display_path.clone())
        .unwrap_or_default();
    let place = Place {
        source: Arc::new(Source {
            path: PathBuf::from(&file),
            shown: file,
        }),
        line: 1,
        column: 1,
    };
    result(
        &names.join(", "),
        place,
        Failure::Load(error),
        Duration::ZERO,
        None,
    )
}

/// As a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_./".contains(letter);
    match word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}
