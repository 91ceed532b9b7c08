//! The requests of a login to its host, step by step.

use std::time::Duration;

use serde_json::Value;

use super::changes::Changes;
use super::handler::{EntryPoint, HandlerKind};
use super::transaction::Suspension;
use crate::outcome::{Outcome, StoredMetadata};
use crate::reads::Record;

/// The next step of a login, as [`super::Login::next`] returns it.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Run a handler, then report its end with [`super::Login::end`].
    Run(Call),
    /// Wait for the user: [`super::Login::answer`], or without an answer [`super::Login::finish`].
    Ask(Box<Pause>),
    /// Nothing runs any more: [`super::Login::finish`].
    Done,
}

/// One run of a handler.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The handler: its index in the list that [`super::Login::new`] got.
    pub handler: usize,
    /// Its kind.
    pub kind: HandlerKind,
    /// Which of its entry points.
    pub entry: EntryPoint,
    /// Its input, as JSON: the event of an Action; `user`, `context` and the rest for a Rule.
    pub input: String,
    /// The sandbox in which it runs.
    pub sandbox: SandboxUse,
    /// The part of the time budget that is used up before it starts.
    pub spent: Duration,
    /// Distinguishes the runs of a login, so that each has its own randomness.
    pub stream: u64,
}

/// The sandbox of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SandboxUse {
    /// Its own.
    Fresh,
    /// The one that the Rules of this login share; it ends with the first call that does not use it.
    Shared,
}

/// A login that waits for its user, with what is stored by then.
#[derive(Debug, Clone, PartialEq)]
pub struct Pause {
    /// The thing that it waits for.
    pub suspension: Suspension,
    /// The user, who may be another one than at the start.
    pub user_id: String,
    /// The metadata of that user as stored now: what Actions changed before a redirect or a form is in it.
    pub stored: StoredMetadata,
    /// The changes that the host makes now: factors that the user enrolled.
    pub changes: Changes,
}

/// A login that is over, or that its user left: made by [`super::Login::finish`].
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// The outcome.
    pub outcome: Outcome,
    /// The data that an explanation needs beside the outcome.
    pub record: Record,
    /// The user, who may be another one than at the start.
    pub user_id: String,
    /// The profile that the script of a connection returned, unchanged; `None` when no such script succeeded.
    pub fetched_profile: Option<Value>,
    /// The changes that the host makes beside the metadata.
    pub changes: Changes,
}
