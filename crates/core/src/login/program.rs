//! The order of a login: a connection, then Rules, then Actions; where it resumes after its user was asked.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Login;
use super::handler::{EntryPoint, HandlerInfo, HandlerKind};
use super::step::{Call, Finished, Pause, SandboxUse, Step};
use super::transaction::{Next, Resumed, Resumption};
use crate::fault::Fault;
use crate::json;
use crate::outcome::ActionUsage;

/// The progress of a login.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// The handlers in the order in which they run, as indices into the list that the login got.
    order: Vec<usize>,
    /// The number of connections among them.
    connections: usize,
    /// The number of them before the Actions.
    before_actions: usize,
    /// Whether what the Rules asked for in common (a redirect) is still to be done.
    rules_to_end: bool,
    /// The next one to run.
    at: Position,
    state: State,
    /// The time budget that the segment since the last suspension has used.
    spent: Duration,
    /// The number of the next run.
    stream: u64,
    /// Whether Actions that do not load are passed over.
    #[serde(default)]
    pub(super) passes_over: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    /// An index into [`Progress::order`]; one after the last handler, the flow concludes.
    index: usize,
    entry: EntryPoint,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    /// The handler at the position can run.
    Ready,
    /// The user is asked: by the handler at the position, or by the Rules together.
    Waiting { after_rules: bool },
    /// Nothing runs any more.
    Over,
}

impl Position {
    fn first(index: usize) -> Self {
        Self {
            index,
            entry: EntryPoint::Execute,
        }
    }

    fn next(self) -> Self {
        Self::first(self.index + 1)
    }
}

impl Progress {
    pub(super) fn new(handlers: &[HandlerInfo]) -> Self {
        let of_kind = |kind| {
            let numbered = handlers.iter().enumerate();
            numbered
                .filter(move |(_, it)| it.kind == kind)
                .map(|(index, _)| index)
        };
        // A connection gives the user, and Rules run before Actions, however they were named.
        let mut order: Vec<usize> = of_kind(HandlerKind::Connection).collect();
        let connections = order.len();
        order.extend(of_kind(HandlerKind::Rule));
        let before_actions = order.len();
        order.extend(of_kind(HandlerKind::Action));
        Self {
            order,
            connections,
            before_actions,
            rules_to_end: before_actions > connections,
            at: Position::first(0),
            state: State::Ready,
            spent: Duration::ZERO,
            stream: 0,
            passes_over: false,
        }
    }

    /// Moves on after a handler, or after what the Rules asked for in common.
    fn follow(&mut self, next: &Next, continued: Position, after_rules: bool) {
        match next {
            Next::Continue => self.at = continued,
            Next::Stop => self.state = State::Over,
            Next::Suspended(_) => {
                // Each segment between suspensions has the whole time budget.
                self.spent = Duration::ZERO;
                self.state = State::Waiting { after_rules };
            }
        }
    }
}

impl Login {
    /// Returns what the host does next, and begins the handler if one is to run: its event is a deep copy in which the
    /// changes of earlier handlers are visible, with the Action's own secrets and, when it continues after a form, with what
    /// the form returned. `now_ms` is the time in milliseconds since the epoch.
    ///
    /// A handler that was begun and not ended begins again.
    pub fn next(&mut self, now_ms: i64) -> Step {
        loop {
            match self.progress.state {
                State::Over => return Step::Done,
                State::Waiting { .. } => {
                    self.transaction.note_wait();
                    match self.pause() {
                        Some(pause) => return Step::Ask(Box::new(pause)),
                        None => self.progress.state = State::Over,
                    }
                }
                State::Ready => {
                    if let Some(call) = self.begin(now_ms) {
                        return Step::Run(call);
                    }
                }
            }
        }
    }

    /// Begins the handler at the position. `None` when there is none there; then the login has moved on.
    fn begin(&mut self, now_ms: i64) -> Option<Call> {
        let progress = &mut self.progress;
        let (at, stream) = (progress.at, progress.stream);
        progress.stream = stream.saturating_add(1);
        if progress.rules_to_end && at.index == progress.before_actions {
            // Rules have a time budget of their own.
            (progress.rules_to_end, progress.spent) = (false, Duration::ZERO);
            let next = self.transaction.end_rules(now_ms);
            self.progress.follow(&next, at, true);
            return None;
        }
        let known = progress.order.get(at.index).copied();
        let Some((handler, info)) = known.and_then(|it| Some((it, self.handlers.get(it)?))) else {
            let next = match at.index == progress.order.len() {
                true => self.transaction.conclude(),
                // After the conclusion there is nothing.
                false => Next::Stop,
            };
            self.progress.follow(&next, at.next(), false);
            return None;
        };
        let transaction = &mut self.transaction;
        if let Some(fault) = &info.broken {
            transaction.pass_over(&info.name, fault.clone());
            progress.at = at.next();
            return None;
        }
        if info.kind == HandlerKind::Action && transaction.refuse_event(&info.name) {
            self.progress.state = State::Over;
            return None;
        }
        let (input, sandbox) = match info.kind {
            HandlerKind::Action => {
                let event = transaction.begin(info, at.entry, now_ms);
                (event, SandboxUse::Fresh)
            }
            HandlerKind::Rule => {
                let given = transaction.begin_rule(info, now_ms);
                (json::text(&given), SandboxUse::Shared)
            }
            HandlerKind::Connection => {
                let given = transaction.begin_connection(info, now_ms);
                (json::text(&given), SandboxUse::Fresh)
            }
        };
        Some(Call {
            handler,
            kind: info.kind,
            entry: at.entry,
            input,
            sandbox,
            spent: progress.spent,
            stream,
        })
    }

    /// Ends the handler that [`Login::next`] began. When it returned well its commands are applied; a fault discards them,
    /// together with all metadata that is not stored yet, and fails the login. `spent` is what of the time budget is used up
    /// now, [`Call::spent`] included. Without a running handler it does nothing.
    pub fn end(
        &mut self,
        result: Result<(), Fault>,
        usage: ActionUsage,
        spent: Duration,
        now_ms: i64,
    ) {
        if !self.transaction.is_running() {
            return;
        }
        let progress = &mut self.progress;
        // Rules and Actions have a budget of their own, not the rest of that of the connection.
        progress.spent = match progress.at.index < progress.connections {
            true => Duration::ZERO,
            false => spent,
        };
        // What does not load has done nothing that the others could miss.
        let passes_over = progress.passes_over && self.handlers.len() > 1;
        let next = match result {
            Err(fault)
                if passes_over && fault.is_of_loading() && !self.transaction.is_in_rule() =>
            {
                self.transaction.end_passed_over(fault, usage, now_ms)
            }
            result => self.transaction.end(result, usage, now_ms),
        };
        progress.follow(&next, progress.at.next(), false);
    }

    /// Returns what the login waits for; `None` when it does not wait.
    #[must_use]
    pub fn pause(&self) -> Option<Pause> {
        match self.progress.state {
            State::Waiting { .. } => self.transaction.pause(),
            State::Ready | State::Over => None,
        }
    }

    /// Resumes the login with what its user did. An answer that does not fit leaves it waiting, and so does the first of
    /// several requests of the same Action. A login that does not wait ignores it.
    pub fn answer(&mut self, answer: Resumption) {
        let State::Waiting { after_rules } = self.progress.state else {
            return;
        };
        if let Some(users) = answer.users {
            self.transaction.know_users(users);
        }
        let resumed = self.transaction.resume(answer.step);
        let progress = &mut self.progress;
        match resumed {
            // All Rules run again when the user comes back to them.
            Resumed::SameAction if after_rules => {
                self.transaction.restart_rules();
                progress.rules_to_end = true;
                progress.at = Position::first(progress.connections);
            }
            Resumed::SameAction => progress.at.entry = EntryPoint::Continue,
            Resumed::NextAction => progress.at = progress.at.next(),
            Resumed::Suspended(_) => return,
            Resumed::Stop => {
                progress.state = State::Over;
                return;
            }
        }
        progress.state = State::Ready;
    }

    /// Folds what was collected. `now_ms` is when the tokens are issued. A login that waits ends as one whose user left.
    #[must_use]
    pub fn finish(self, now_ms: i64) -> Finished {
        self.transaction.finish(now_ms)
    }
}
