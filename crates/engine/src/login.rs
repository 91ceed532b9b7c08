//! A whole login: the bound Actions in order, each in its own sandbox, with what the user does in between.

use std::time::Duration;

use postlogin_core::{
    ActionInfo, EndedLogin, EntryPoint, HandlerKind, Login, Next, Pause, ResumeStep, Resumed,
    Resumption, Suspension, Transaction,
    outcome::{Notice, Outcome},
    reads::Record,
};
use postlogin_host::Conditions;
use serde_json::Value;

use crate::action::{ActionPre, Invocation, SharedSandbox, notice};

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
    let mut asked = |pause: &Pause| user(&pause.suspension).map(Resumption::from);
    let ended = run(actions, Transaction::new(login), conditions, &mut asked)?;
    Ok(ended.finish(conditions.clock.now_ms()))
}

/// As [`run_login_with_user`], for a host that stores profiles: it is told what is stored when the login waits, and for
/// whom the login ended.
///
/// # Errors
/// As [`run_login`].
///
/// # Panics
/// As [`run_login`].
pub fn run_stored_login(
    actions: &[BoundAction],
    login: Login,
    conditions: &Conditions,
    user: &mut dyn FnMut(&Pause) -> Option<Resumption>,
) -> anyhow::Result<EndedLogin> {
    let ended = run(actions, Transaction::new(login), conditions, user)?;
    Ok(ended.finish_with_user(conditions.clock.now_ms()))
}

/// Runs the script of a connection alone, and gives the profile as the script gave it; `None` when it failed, which the
/// outcome tells.
///
/// # Errors
/// As [`run_login`].
///
/// # Panics
/// As [`run_login`].
pub fn run_connection(
    connection: &BoundAction,
    login: Login,
    conditions: &Conditions,
) -> anyhow::Result<(Outcome, Option<Value>)> {
    let alone = std::slice::from_ref(connection);
    let ended = run(alone, Transaction::new(login), conditions, &mut |_| None)?;
    let profile = ended.fetched_profile().cloned();
    Ok((ended.finish(conditions.clock.now_ms()), profile))
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
    let mut user = |pause: &Pause| {
        let takes = |step| pause.suspension.takes(step);
        let fitting = steps.iter().position(takes)?;
        Some(steps.remove(fitting).into())
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
    user: &mut dyn FnMut(&Pause) -> Option<Resumption>,
) -> anyhow::Result<Transaction> {
    let clock = &conditions.clock;
    let of_kind = |kind| actions.iter().filter(move |bound| bound.info.kind == kind);
    let connections = of_kind(HandlerKind::Connection).count();
    let rules = of_kind(HandlerKind::Rule).count();
    transaction.bound(of_kind(HandlerKind::Action).count());
    let behind_rules = connections + rules;
    // A connection gives the user, and Rules run before Actions, however they were named.
    let actions: Vec<&BoundAction> = of_kind(HandlerKind::Connection)
        .chain(of_kind(HandlerKind::Rule))
        .chain(of_kind(HandlerKind::Action))
        .collect();
    let mut rules_to_end = rules > 0;
    let mut rules_sandbox: Option<SharedSandbox> = None;
    let mut at = Position::START;
    // Each segment between suspensions has the whole time budget.
    let mut spent = Duration::ZERO;
    for stream in 0.. {
        let mut is_between = false;
        if rules_to_end && at.index == behind_rules {
            // Rules have a time budget of their own.
            (rules_to_end, is_between, spent) = (false, true, Duration::ZERO);
            end_rules(&mut rules_sandbox, &mut transaction);
        }
        let next = match actions.get(at.index) {
            _ if is_between => match transaction.end_rules(clock.now_ms()) {
                Next::Continue => continue,
                next => next,
            },
            Some(bound) => {
                let now_ms = clock.now_ms();
                let event = match bound.info.kind {
                    HandlerKind::Action => {
                        transaction.begin(&bound.info, at.entry, now_ms).to_string()
                    }
                    HandlerKind::Rule => {
                        format!("#rule{}", transaction.begin_rule(&bound.info, now_ms))
                    }
                    HandlerKind::Connection => {
                        format!("#rule{}", transaction.begin_connection(&bound.info, now_ms))
                    }
                };
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
                let (returned, mut ran) = match bound.info.kind {
                    HandlerKind::Action => bound.action.run(transaction, invocation)?,
                    HandlerKind::Rule | HandlerKind::Connection => {
                        bound
                            .action
                            .run_rule(&mut rules_sandbox, transaction, invocation)?
                    }
                };
                transaction = returned;
                spent = ran.spent;
                if bound.info.kind == HandlerKind::Connection {
                    // Rules have another sandbox, and another budget of time.
                    end_rules(&mut rules_sandbox, &mut transaction);
                    spent = Duration::ZERO;
                }
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
                let resumed = resume(&mut transaction, suspension, user, at);
                match resumed {
                    // All Rules run again when the user comes back to them.
                    Some(position) if is_between && position.entry == EntryPoint::Continue => {
                        transaction.restart_rules();
                        rules_to_end = true;
                        Some(Position {
                            index: connections,
                            entry: EntryPoint::Execute,
                        })
                    }
                    resumed => resumed,
                }
            }
        };
        match going_on {
            // One position behind the last Action is where the flow concludes; beyond it there is nothing.
            Some(next) if next.index <= actions.len() => at = next,
            _ => break,
        }
    }
    end_rules(&mut rules_sandbox, &mut transaction);
    for remark in conditions.door.leftovers() {
        transaction.notice(notice(remark));
    }
    Ok(transaction)
}

fn end_rules(sandbox: &mut Option<SharedSandbox>, transaction: &mut Transaction) {
    for notice in sandbox.take().into_iter().flat_map(SharedSandbox::end) {
        transaction.notice(notice);
    }
}

#[derive(Clone, Copy)]
struct Position {
    index: usize,
    entry: EntryPoint,
}

impl Position {
    const START: Self = Self {
        index: 0,
        entry: EntryPoint::Execute,
    };

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
    user: &mut dyn FnMut(&Pause) -> Option<Resumption>,
    at: Position,
) -> Option<Position> {
    loop {
        let answer = user(&transaction.pause(&suspension))?;
        if let Some(users) = answer.users {
            transaction.know_users(users);
        }
        match transaction.resume(answer.step) {
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
