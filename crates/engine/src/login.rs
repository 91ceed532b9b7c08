//! A whole login: the bound Actions in order, each in its own sandbox, with what the user does in between.

use std::time::Duration;

use postlogin_core::{
    ActionInfo, EntryPoint, Login, Next, ResumeStep, Resumed, Transaction,
    outcome::{Notice, Outcome},
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

/// Runs a login through the Actions. `steps` are what the user does at suspensions, in order; where they end, the
/// outcome is that of the suspended login.
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
    let clock = &conditions.clock;
    let mut transaction = Transaction::new(login);
    let mut steps = steps.into_iter();
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
            Next::Suspended(_) => {
                spent = Duration::ZERO;
                resume(&mut transaction, &mut steps, at)
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
    Ok(transaction.finish(clock.now_ms()))
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
    steps: &mut impl Iterator<Item = ResumeStep>,
    at: Position,
) -> Option<Position> {
    loop {
        match transaction.resume(steps.next()?) {
            Resumed::SameAction => {
                return Some(Position {
                    index: at.index,
                    entry: EntryPoint::Continue,
                });
            }
            Resumed::NextAction => return Some(at.next()),
            Resumed::Suspended(_) => {}
            Resumed::Stop => return None,
        }
    }
}
