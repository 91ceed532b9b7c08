//! A whole login: the bound Actions in order, each in its own sandbox, with what the user does in between.

use std::time::Duration;

use postlogin_core::{
    ActionInfo, EntryPoint, Login, Next, ResumeStep, Resumed, Suspension, Transaction,
    outcome::{Notice, Outcome},
    reads::Record,
};
use postlogin_host::Conditions;

use crate::action::{ActionPre, Invocation, notice};

/// An Action at its place in the trigger.
#[derive(Clone)]
pub struct BoundAction {
    /// What the flow knows of it.
    pub info: ActionInfo,
    /// What runs.
    pub action: ActionPre,
    /// What is known of it beforehand and worth a notice once it runs.
    pub notices: Vec<Notice>,
}

/// Runs a login through the Actions. `steps` are what the user does at suspensions, each kind in its order; where no
/// step answers a suspension, the outcome is that of the suspended login.
///
/// # Errors
/// When a sandbox itself breaks. What an Action does wrong is in the outcome.
///
/// # Panics
/// Inside a tokio runtime: call it from a blocking thread there.
pub fn run_login(
    actions: &[BoundAction],
    login: Login,
    conditions: &Conditions,
    steps: impl IntoIterator<Item = ResumeStep>,
) -> anyhow::Result<Outcome> {
    let transaction = Transaction::new(login);
    let ended = answered(actions, transaction, conditions, steps)?;
    Ok(ended.finish(conditions.clock.now_ms()))
}

/// As [`run_login`], with a user who sees what the login waits for. A step that does not fit leaves it waiting, and
/// the user is asked again; `None` ends the login where it is.
///
/// # Errors
/// As [`run_login`].
///
/// # Panics
/// As [`run_login`].
pub fn run_login_with_user(
    actions: &[BoundAction],
    login: Login,
    conditions: &Conditions,
    user: &mut dyn FnMut(&Suspension) -> Option<ResumeStep>,
) -> anyhow::Result<Outcome> {
    let ended = run(actions, Transaction::new(login), conditions, user)?;
    Ok(ended.finish(conditions.clock.now_ms()))
}

/// Runs a login as [`run_login`] does, and takes down what the Actions read of their events.
///
/// # Errors
/// As [`run_login`].
///
/// # Panics
/// As [`run_login`].
pub fn run_watched_login(
    actions: &[BoundAction],
    login: Login,
    conditions: &Conditions,
    steps: impl IntoIterator<Item = ResumeStep>,
) -> anyhow::Result<(Outcome, Record)> {
    let mut transaction = Transaction::new(login);
    transaction.watch();
    let ended = answered(actions, transaction, conditions, steps)?;
    Ok(ended.finish_with_record(conditions.clock.now_ms()))
}

/// Each suspension takes the first step that is an answer to it.
fn answered(
    actions: &[BoundAction],
    transaction: Transaction,
    conditions: &Conditions,
    steps: impl IntoIterator<Item = ResumeStep>,
) -> anyhow::Result<Transaction> {
    let mut steps: Vec<ResumeStep> = steps.into_iter().collect();
    let mut user = |suspension: &Suspension| {
        let fitting = steps.iter().position(|step| suspension.takes(step))?;
        Some(steps.remove(fitting))
    };
    let mut ended = run(actions, transaction, conditions, &mut user)?;
    if !steps.is_empty() {
        ended.notice(unused(steps.len()));
    }
    Ok(ended)
}

fn run(
    actions: &[BoundAction],
    mut transaction: Transaction,
    conditions: &Conditions,
    user: &mut dyn FnMut(&Suspension) -> Option<ResumeStep>,
) -> anyhow::Result<Transaction> {
    let clock = &conditions.clock;
    transaction.bound(actions.len());
    let mut at = Position {
        index: 0,
        entry: EntryPoint::Execute,
    };
    // Each segment between suspensions has the whole time budget.
    let mut spent = Duration::ZERO;
    for stream in 0.. {
        let next = match actions.get(at.index) {
            Some(bound) => {
                let event = transaction
                    .begin(&bound.info, at.entry, clock.now_ms())
                    .to_string();
                let invocation = Invocation {
                    event: &event,
                    entry: at.entry,
                    conditions,
                    spent,
                    stream,
                };
                for notice in &bound.notices {
                    transaction.notice(notice.clone());
                }
                let (returned, mut ran) = bound.action.run(transaction, invocation)?;
                transaction = returned;
                spent = ran.spent;
                ran.usage.action.clone_from(&bound.info.name);
                transaction.end(ran.result, ran.usage, clock.now_ms())
            }
            None => transaction.conclude(),
        };
        let going_on = match next {
            Next::Continue => Some(at.next()),
            Next::Stop => None,
            Next::Suspended(suspension) => {
                spent = Duration::ZERO;
                resume(&mut transaction, suspension, user, at)
            }
        };
        match going_on {
            // One position behind the last Action is where the flow concludes; beyond it there is nothing.
            Some(next) if next.index <= actions.len() => at = next,
            _ => break,
        }
    }
    for remark in conditions.door.leftovers() {
        transaction.notice(notice(remark));
    }
    Ok(transaction)
}

#[derive(Clone, Copy)]
struct Position {
    index: usize,
    entry: EntryPoint,
}

impl Position {
    fn next(self) -> Self {
        Self {
            index: self.index + 1,
            entry: EntryPoint::Execute,
        }
    }
}

/// Where the flow goes on after a suspension; `None` when it does not.
fn resume(
    transaction: &mut Transaction,
    mut suspension: Suspension,
    user: &mut dyn FnMut(&Suspension) -> Option<ResumeStep>,
    at: Position,
) -> Option<Position> {
    loop {
        match transaction.resume(user(&suspension)?) {
            Resumed::SameAction => {
                return Some(Position {
                    index: at.index,
                    entry: EntryPoint::Continue,
                });
            }
            Resumed::NextAction => return Some(at.next()),
            Resumed::Suspended(next) => suspension = next,
            Resumed::Stop => return None,
        }
    }
}

/// An answer to nothing is likely a mistake.
fn unused(count: usize) -> Notice {
    let message = match count {
        1 => "One answer to a redirect, a form or a challenge was given that the login did not wait for.".to_owned(),
        count => format!("{count} answers to redirects, forms or challenges were given that the login did not wait for."),
    };
    Notice {
        code: "answer-not-used".into(),
        message,
        source: None,
    }
}
