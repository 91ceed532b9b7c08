//! One case: its login, and whether the outcome is the expected one.

use std::sync::Arc;
use std::time::Instant;

use postlogin_core::outcome::{Notice, Outcome, Status};
use postlogin_core::reads::Watch;
use postlogin_core::redact::Mask;
use postlogin_core::{Finished, Pause, Resumption};
use postlogin_engine::BoundAction;
use postlogin_host::account::hide_credentials;
use postlogin_host::{Budget, Clock, Conditions, Door, Flow, MockDoor, Traffic};
use postlogin_project::ActionSource;
use postlogin_project::cases::{Case, ExpectKey};
use serde_json::Value;

use crate::check::mismatches;
use crate::load::{LoadError, Loaded};
use crate::login::{PreparedLogin, run_login};
use crate::plan::{PlannedCase, event_of};
use crate::run_event::{CaseResult, CaseStatus, Failure};
use crate::snapshot::Snapshots;
use crate::user::{Site, User};

/// When a login starts if its case says nothing: the moment at which the user of the built-in sample logs in. A fixed
/// one, so that the same case has the same outcome tomorrow.
pub const DEFAULT_NOW_MS: i64 = 1_795_163_400_000;

/// The Actions of a plan, compiled, or why one could not be; by the indices of [`crate::Plan::actions`].
pub type Compiled = [Result<Loaded, LoadError>];

/// Runs a case. The outcome's ledger names the sources of claims if `watch` says so or the case fails.
pub(crate) fn run_case(
    sources: &[ActionSource],
    planned: &PlannedCase,
    compiled: &Compiled,
    snapshots: &Snapshots,
    watch: Watch,
) -> CaseResult {
    let started = Instant::now();
    let case = &planned.case;
    let result = |status, failures, outcome| CaseResult {
        name: case.name.clone(),
        full_name: case.full_name.clone(),
        place: case.place.clone(),
        status,
        failures,
        duration: started.elapsed(),
        outcome,
    };
    if let Some(reason) = &case.skip {
        return result(CaseStatus::Skipped(reason.clone()), Vec::new(), None);
    }
    let (failures, outcome) = match actions(sources, planned, compiled) {
        Ok(actions) => login(planned, &actions, snapshots, watch),
        Err(error) => (vec![Failure::Load(error)], None),
    };
    let status = match failures.is_empty() {
        true => CaseStatus::Passed,
        false => CaseStatus::Failed,
    };
    result(status, failures, outcome.map(Box::new))
}

fn actions(
    sources: &[ActionSource],
    planned: &PlannedCase,
    compiled: &Compiled,
) -> Result<Vec<BoundAction>, LoadError> {
    let mut actions = Vec::new();
    for index in &planned.actions {
        if let (Some(source), Some(action)) = (sources.get(*index), compiled.get(*index)) {
            let action = action.as_ref().map_err(LoadError::clone)?;
            actions.push(action.bound(source, &planned.case.secrets, planned.trigger));
        }
    }
    Ok(actions)
}

fn login(
    planned: &PlannedCase,
    actions: &[BoundAction],
    snapshots: &Snapshots,
    watch: Watch,
) -> (Vec<Failure>, Option<Outcome>) {
    let case = &planned.case;
    let mut user = User::new(&case.steps);
    let mut outcome = match outcome(planned, actions, &mut user, watch) {
        Ok(outcome) => outcome,
        Err(message) => return (vec![Failure::Internal(message)], None),
    };
    if let Some(error) = unloadable(&outcome) {
        return (vec![Failure::Load(error)], None);
    }
    let mut failures: Vec<Failure> = Vec::new();
    let hidden = case.secrets.iter().filter(|_| !planned.reveals_secrets);
    let secrets: Vec<&str> = hidden.map(|secret| secret.value.as_str()).collect();
    let mask = Mask::of(&secrets);
    let found = mismatches(&case.expect, &outcome);
    outcome.redact_by(&mask);
    if !planned.reveals_secrets {
        hide_credentials(&mut outcome.requests);
    }
    if outcome.status == Status::Failed
        && !case.expect.wants_failure()
        && let Some(error) = &outcome.error
    {
        failures.push(Failure::Unexpected(error.clone()));
    }
    failures.extend(user.unfit(case.own_challenge.as_ref()));
    failures.extend(network(case, &outcome));
    for mut mismatch in found {
        let values = [&mut mismatch.expected, &mut mismatch.actual];
        values
            .into_iter()
            .flatten()
            .for_each(|value| mask.value(value));
        mask.text(&mut mismatch.path);
        failures.push(Failure::Expectation(mismatch));
    }
    if case.snapshot {
        let compared = snapshots.compare(&planned.snapshot_file, &case.name, &outcome);
        failures.extend(compared.map(Failure::Snapshot));
    }
    if !failures.is_empty() && watch == Watch::Off {
        name_sources(&mut outcome, planned, actions, &mask);
    }
    (failures, Some(outcome))
}

/// Runs a case once more, watched closely, and returns its event with the login and its requests. `None` when it cannot run, which its result says.
pub(crate) fn watched(
    sources: &[ActionSource],
    planned: &PlannedCase,
    compiled: &Compiled,
) -> Option<(Value, Finished, Arc<Traffic>)> {
    let actions = actions(sources, planned, compiled).ok()?;
    let event = event_of(planned.trigger, &planned.case, &planned.bases).ok()?;
    let mut user = User::new(&planned.case.steps);
    let conditions = conditions(planned);
    let traffic = Arc::new(Traffic::new(Arc::clone(&conditions.door)));
    let conditions = Conditions {
        door: Arc::clone(&traffic) as Arc<dyn Door>,
        ..conditions
    };
    let finished = finished(planned, &actions, &mut user, Watch::Places, conditions).ok()?;
    Some((event, finished, traffic))
}

/// Returns the outcome of a case, or what is wrong with us.
fn outcome(
    planned: &PlannedCase,
    actions: &[BoundAction],
    user: &mut User,
    watch: Watch,
) -> Result<Outcome, String> {
    let conditions = conditions(planned);
    finished(planned, actions, user, watch, conditions).map(|finished| finished.outcome)
}

fn finished(
    planned: &PlannedCase,
    actions: &[BoundAction],
    user: &mut User,
    watch: Watch,
    conditions: Conditions,
) -> Result<Finished, String> {
    let event = event_of(planned.trigger, &planned.case, &planned.bases)
        .map_err(|error| error.to_string())?;
    let now_ms = conditions.clock.now_ms();
    let site = Site::of(&event, now_ms);
    let prepared = PreparedLogin {
        trigger: planned.trigger,
        event,
        tenant: planned.tenant.clone(),
        conditions,
        steps: Vec::new(),
        watch,
        passes_over: false,
        cache: planned.case.cache.starting_at(now_ms),
    };
    let mut answer = |pause: &Pause| user.answer(pause, &site).map(Resumption::from);
    run_login(actions, prepared, Some(&mut answer)).map_err(|error| format!("{error:#}"))
}

/// Runs a failing case once more, to see which paths of the event its Actions read: most cases pass, and watching costs a
/// quarter of their time. A login that failed is left as it is, for it may have used up its whole budget.
fn name_sources(
    outcome: &mut Outcome,
    planned: &PlannedCase,
    actions: &[BoundAction],
    mask: &Mask,
) {
    if outcome.ledger.is_empty() || outcome.status == Status::Failed {
        return;
    }
    let mut user = User::new(&planned.case.steps);
    let Ok(mut watched) = self::outcome(planned, actions, &mut user, Watch::Paths) else {
        return;
    };
    watched.redact_by(mask);
    for (entry, seen) in outcome.ledger.iter_mut().zip(watched.ledger) {
        if (entry.token, &entry.name, &entry.value) == (seen.token, &seen.name, &seen.value) {
            entry.sources = seen.sources;
        }
    }
}

/// Returns the failures of the case's network, unless the case expects just that.
fn network(case: &Case, outcome: &Outcome) -> Vec<Failure> {
    let is_expected = |code: &str| {
        let expectations = case.expect.expectations.iter();
        let mut notices = expectations.filter(|expected| expected.key == ExpectKey::Notices);
        notices.any(|expected| expected.value.to_value().to_string().contains(code))
    };
    let place = case.http.as_ref().map_or(&case.place, |node| &node.place);
    let found = outcome.notices.iter().filter(|notice| {
        matches!(notice.code.as_str(), "request-unmatched" | "mock-unused")
            && !is_expected(&notice.code)
    });
    let failure = |notice: &Notice| {
        let (first, rest) = match notice.message.split_once('\n') {
            Some((first, rest)) => (first, Some(rest.to_owned())),
            None => (notice.message.as_str(), None),
        };
        Failure::Unfit {
            message: first.to_owned(),
            hint: rest,
            place: place.clone(),
        }
    };
    found.map(failure).collect()
}

fn conditions(planned: &PlannedCase) -> Conditions {
    let case = &planned.case;
    let default = Budget::default();
    let door: Arc<dyn Door> = Arc::new(MockDoor::new((*planned.mocks).clone()));
    Conditions {
        clock: Arc::new(Clock::new(
            case.now_ms.unwrap_or(DEFAULT_NOW_MS),
            Flow::Virtual,
        )),
        seed: case.seed.unwrap_or(0),
        door,
        budget: Budget {
            time: case.timeout.unwrap_or(default.time),
            memory: case.memory.unwrap_or(default.memory),
        },
    }
}

/// Why a text is no Action, when production would say so at its first login. For whoever runs it here, that is as
/// good as a file that does not compile.
pub fn unloadable(outcome: &Outcome) -> Option<LoadError> {
    let error = outcome.error.as_ref()?;
    // It was thrown nowhere; what an Action throws while it runs has frames.
    if error.stack.contains("\n    at ") {
        return None;
    }
    let place = error
        .location
        .as_ref()
        .map(|at| format!("{}:{}:{}: ", at.file, at.line, at.column))
        .unwrap_or_default();
    let refused = LoadError::unloadable(format!("{place}{}", error.message));
    if error
        .message
        .starts_with("Invalid function signature for the")
    {
        return Some(refused.with_hint(
            "export the handler as `exports.onExecutePostLogin = async (event, api) => { … };`",
        ));
    }
    error
        .message
        .starts_with("SyntaxError: ")
        .then_some(refused)
}
