//! Two versions of the same login side by side: the same tokens, the same denial, the same metadata, the same effects?

pub(crate) mod difference;
mod grouped;
mod lines;
pub mod page;
mod report;
mod work;

use std::sync::atomic::AtomicBool;

use postlogin_core::Trigger;
use postlogin_core::outcome::Status;
use postlogin_core::redact::Mask;
use postlogin_generate::Change;
use postlogin_host::{Budget, Mock};
use postlogin_project::{ActionSource, Secret, TenantData};
use serde_json::Value;

use crate::endless::Endless;
use crate::load::{LeftOut, LoadError, Loaded, kind_of};
use crate::numbered::{Numbers, each};
use crate::plan::PlannedCase;

pub use difference::{Difference, Part, What};
use work::{Shown, Work};

/// The name and version of the serialised form.
pub const COMPARISON_FORMAT: &str = "postlogin.comparison/1";

/// One of the two versions: what logs in together, in order.
pub struct Side {
    /// Its name as the user gave it.
    pub name: String,
    /// Sources, each with what it was compiled to.
    pub actions: Vec<(ActionSource, Loaded)>,
}

impl Side {
    /// Takes out what does not load on the other side.
    pub fn without(&mut self, left_out: &[LeftOut]) {
        self.actions.retain(|(source, _)| {
            let kind = kind_of(source);
            let mut left_out = left_out.iter();
            !left_out.any(|part| part.name == source.name && part.kind == kind)
        });
    }
}

/// Over which logins, and how.
pub struct CompareOptions<'a> {
    /// The trigger of both sides.
    pub trigger: Trigger,
    /// Events, with what they are called.
    pub events: Vec<(String, Value)>,
    /// Cases; what they expect is not looked at, and neither are their Actions.
    pub cases: Vec<PlannedCase>,
    /// The number of generated events.
    pub generate: u64,
    /// Their seed.
    pub seed: u64,
    /// Secrets for logins without a case. What is declared and not given gets a placeholder.
    pub secrets: Vec<Secret>,
    /// The network of logins without a case.
    pub mocks: Vec<Mock>,
    /// When logins without a case start; `None` for the moment of the built-in sample.
    pub now_ms: Option<i64>,
    /// The budget of a sandbox.
    pub budget: Budget,
    /// The settings of the project's tenant.
    pub tenant: &'a TenantData,
    /// The number of logins that run at once; at least one.
    pub jobs: usize,
    /// Handlers that do not load on one of the sides, and were taken out of both.
    pub left_out: Vec<LeftOut>,
}

/// Where a login comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The file of an event.
    Event(String),
    /// The name of a case.
    Case(String),
    /// The number of a generated event.
    Generated(u64),
}

/// A difference, over all logins that show it.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The difference, in the login that is reported.
    pub difference: Difference,
    /// The number of logins that show it.
    pub logins: u64,
    /// The first of them.
    pub first: Origin,
    /// Whether its event is a generated one that was made smaller.
    pub is_small: bool,
    /// Its event.
    pub event: Value,
    /// The differences of that to the built-in sample.
    pub changes: Vec<Change>,
    /// The merge patch that makes it of the sample, if one does.
    pub patch: Option<Value>,
}

/// The ends of logins on one side.
pub type Endings = Vec<(Status, u64)>;

/// Logins that failed on both sides with the same fault. What the sides would have done without it is not compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedOnBoth {
    /// The class and the message of the error. Secrets are hidden.
    pub error: String,
    /// The number of logins.
    pub logins: u64,
    /// The first of them.
    pub first: Origin,
}

/// The result of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The names of the two sides, with those of their Actions.
    pub left: (String, Vec<String>),
    /// The second one.
    pub right: (String, Vec<String>),
    /// The number of events, cases and generated events.
    pub logins: (u64, u64, u64),
    /// The number of logins that were compared; fewer than all when [`Comparison::is_cut_short`].
    pub compared: u64,
    /// The seed of generated events.
    pub seed: u64,
    /// The ends of the first side's logins.
    pub left_endings: Endings,
    /// Those of the second.
    pub right_endings: Endings,
    /// Logins whose requests no exchange answered, on either side.
    pub unanswered: u64,
    /// Logins that failed on both sides with the same fault, by fault, the first ones.
    pub failed_on_both: Vec<FailedOnBoth>,
    /// The number of all of them.
    pub failures_on_both: u64,
    /// The differences; empty when no login shows one. Secrets are hidden.
    pub found: Vec<Found>,
    /// The number of further differences, which are not in [`Comparison::found`]: one that several logins show may count for each
    /// of them.
    pub further: u64,
    /// Handlers that do not load on one of the sides, and run on neither.
    pub left_out: Vec<LeftOut>,
}

/// The number of faults of both sides that are listed; logins with further ones are counted.
const MOST_FAULTS: usize = 20;

/// Why nothing could be compared.
#[derive(Debug)]
pub enum CompareError {
    /// A text is no Action: it does not compile, or exports no handler.
    Load(LoadError),
    /// A sandbox itself broke.
    Broken(anyhow::Error),
}

impl From<anyhow::Error> for CompareError {
    fn from(error: anyhow::Error) -> Self {
        Self::Broken(error)
    }
}

/// Compares.
///
/// # Errors
/// When a side is no Action, or a sandbox itself breaks.
///
/// # Panics
/// Inside a tokio runtime: call it from a blocking thread there.
pub fn compare(
    left: &Side,
    right: &Side,
    options: &CompareOptions<'_>,
) -> Result<Comparison, CompareError> {
    let work = Work::new(left, right, options);
    let (events, cases) = (options.events.len() as u64, options.cases.len() as u64);
    let count = events + cases + options.generate;
    let stop = AtomicBool::new(false);
    let numbers = Numbers::up_to(count, None, &stop);
    let no_tick = &mut |_| Ok::<(), anyhow::Error>(());
    let endless = Endless::default();
    let shown = each(options.jobs, &numbers, no_tick, |number| {
        let shown = work.shown(number);
        match &shown {
            Ok(shown) => {
                for _ in 0..shown.endless {
                    endless.note(number, shown.limit, &numbers);
                }
            }
            // What cannot be loaded cannot be loaded for the next event.
            Err(_) => numbers.end_with(number),
        }
        shown
    })?;
    let shown: Vec<Shown> = shown.into_iter().collect::<Result<_, CompareError>>()?;
    let (mut found, further) = grouped::found(&work, &shown, options)?;
    let mut hidden: Vec<&str> = options
        .secrets
        .iter()
        .map(|one| one.value.as_str())
        .collect();
    let of_cases = options
        .cases
        .iter()
        .flat_map(|planned| &planned.case.secrets);
    hidden.extend(of_cases.map(|secret| secret.value.as_str()));
    let mask = Mask::of(&hidden);
    found.iter_mut().for_each(|found| hide(found, &mask));
    let failed_on_both = failed_on_both(&shown, &work, &mask);
    let names = |side: &Side| {
        let names = side.actions.iter().map(|(source, _)| source.name.clone());
        (side.name.clone(), names.collect())
    };
    Ok(Comparison {
        left: names(left),
        right: names(right),
        logins: (events, cases, options.generate),
        seed: options.seed,
        left_endings: endings(shown.iter().map(|shown| shown.statuses.0)),
        right_endings: endings(shown.iter().map(|shown| shown.statuses.1)),
        compared: shown.len() as u64,
        failed_on_both,
        failures_on_both: shown.iter().filter(|shown| shown.fault.is_some()).count() as u64,
        unanswered: shown.iter().filter(|shown| shown.unanswered).count() as u64,
        found,
        further,
        left_out: options.left_out.clone(),
    })
}

/// Returns the faults of both sides in the order of the logins that showed them first.
fn failed_on_both(shown: &[Shown], work: &Work<'_>, mask: &Mask) -> Vec<FailedOnBoth> {
    let mut failed: Vec<FailedOnBoth> = Vec::new();
    for (number, shown) in shown.iter().enumerate() {
        let Some(fault) = &shown.fault else {
            continue;
        };
        let mut error = fault.clone();
        mask.text(&mut error);
        if let Some(known) = failed.iter_mut().find(|known| known.error == error) {
            known.logins += 1;
        } else if failed.len() < MOST_FAULTS {
            failed.push(FailedOnBoth {
                error,
                logins: 1,
                first: work.origin(number as u64),
            });
        }
    }
    failed
}

fn endings(statuses: impl Iterator<Item = Status>) -> Endings {
    let mut counted: Endings = Vec::new();
    for status in statuses {
        match counted.iter_mut().find(|(known, _)| *known == status) {
            Some((_, count)) => *count += 1,
            None => counted.push((status, 1)),
        }
    }
    counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counted
}

fn hide(found: &mut Found, mask: &Mask) {
    let Found {
        difference,
        event,
        changes,
        patch,
        ..
    } = found;
    if let Some(name) = &mut difference.name {
        mask.text(name);
    }
    for part in [&mut difference.left, &mut difference.right] {
        part.value.iter_mut().for_each(|value| mask.value(value));
        part.sources.iter_mut().for_each(|source| mask.text(source));
    }
    mask.value(event);
    patch.iter_mut().for_each(|patch| mask.value(patch));
    for change in changes {
        mask.text(&mut change.path);
        let values = change.before.iter_mut().chain(&mut change.after);
        values.for_each(|value| mask.value(value));
    }
}
