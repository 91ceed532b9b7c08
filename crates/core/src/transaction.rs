//! The state of one login, from its event to its outcome.

use serde_json::{Map, Value};

use crate::fault::Fault;
use crate::location::Location;
use crate::login::{ActionInfo, EntryPoint, Login};
use crate::outcome::{ActionUsage, Notice, Outcome};
use crate::reply::Reply;
use crate::value::Argument;

/// What the host does after a handler ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Run the next Action; after the last one, [`Transaction::finish`].
    Continue,
    /// Run nothing more: the login is denied or has failed.
    Stop,
    /// The login waits for the user: [`Transaction::resume`] or, without further input, [`Transaction::finish`].
    Suspended(Suspension),
}

/// What a login waits for.
#[derive(Debug, Clone, PartialEq)]
pub enum Suspension {
    /// The browser was sent away.
    Redirect {
        /// The URL with its query, `state` included.
        url: String,
    },
    /// A form is shown.
    Prompt {
        /// The form's id.
        id: String,
        /// Values for its fields.
        fields: Map<String, Value>,
        /// Its variables.
        vars: Map<String, Value>,
    },
    /// The user is asked for a further factor.
    Challenge {
        /// The usable factors, in the order of preference.
        factors: Vec<String>,
    },
    /// The user is asked to enrol a factor.
    Enroll {
        /// The usable factors, in the order of preference.
        factors: Vec<String>,
    },
}

/// What the user does at a suspension.
#[derive(Debug, Clone, PartialEq)]
pub enum ResumeStep {
    /// Comes back to `/continue`, after a redirect or a form.
    Continue {
        /// The query of the request.
        query: Map<String, Value>,
        /// The body of the request; for a form, what was filled in.
        body: Map<String, Value>,
    },
    /// Passes the challenge, or enrols.
    ChallengeSucceeded,
    /// Does not pass the challenge.
    ChallengeFailed,
}

/// What the host does after a suspension.
#[derive(Debug, Clone, PartialEq)]
pub enum Resumed {
    /// Run [`EntryPoint::Continue`] of the Action that suspended.
    SameAction,
    /// Run [`EntryPoint::Execute`] of the next Action; after the last one, [`Transaction::finish`].
    NextAction,
    /// Still suspended: by a further step, or because the step does not fit the suspension.
    Suspended(Suspension),
    /// Run nothing more.
    Stop,
}

/// One login on its way through the Actions.
#[derive(Debug)]
pub struct Transaction {
    login: Login,
}

impl Transaction {
    /// Starts a login.
    pub fn new(login: Login) -> Transaction {
        Transaction { login }
    }

    /// Starts a handler and gives the event that it sees: a deep copy in which the changes of earlier Actions are
    /// visible, with the Action's own secrets.
    pub fn begin(&mut self, action: &ActionInfo, entry: EntryPoint, now_ms: i64) -> Value {
        let _ = (action, entry, now_ms);
        self.login.event.clone()
    }

    /// Answers one call of an `api` method. `method` is the path below `api`; `site` is the caller's place.
    pub fn call(
        &mut self,
        method: &str,
        args: &[Argument],
        site: Option<Location>,
        now_ms: i64,
    ) -> Reply {
        let _ = (method, args, site, now_ms);
        Reply {
            answer: crate::Answer::Return(crate::Returned::Api),
            event: Vec::new(),
        }
    }

    /// Records what the running Action prints.
    pub fn log(&mut self, level: &str, message: String) {
        let _ = (level, message);
    }

    /// Records a notice; one with the same code and message is recorded once.
    pub fn notice(&mut self, notice: Notice) {
        let _ = notice;
    }

    /// Ends the running handler and applies its commands.
    pub fn end(&mut self, result: Result<(), Fault>, usage: ActionUsage, now_ms: i64) -> Next {
        let _ = (result, usage, now_ms);
        Next::Continue
    }

    /// Goes on after a suspension.
    pub fn resume(&mut self, step: ResumeStep) -> Resumed {
        let _ = step;
        Resumed::NextAction
    }

    /// Folds what was collected into the outcome.
    pub fn finish(self, now_ms: i64) -> Outcome {
        let _ = now_ms;
        empty_outcome()
    }
}

fn empty_outcome() -> Outcome {
    use crate::outcome::*;
    Outcome {
        format: OUTCOME_FORMAT.to_owned(),
        status: Status::Allowed,
        reason: None,
        id_token: IdToken::default(),
        access_token: AccessToken::default(),
        userinfo: Map::new(),
        user: StoredMetadata::default(),
        ledger: Vec::new(),
        commands: Vec::new(),
        logs: Vec::new(),
        notices: Vec::new(),
        error: None,
        redirect: None,
        usage: Usage::default(),
    }
}

impl Outcome {
    /// Replaces every secret by `***` in every string of the outcome: values, keys, logs, errors, arguments.
    pub fn redact(&mut self, secrets: &[&str]) {
        let _ = secrets;
    }
}
