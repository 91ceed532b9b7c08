//! The things that a login can wait for, and how it continues.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::state::{Ending, Flow};
use super::{apply, factors, redirect};
use crate::explanation::{Wait, WaitAnswer, WaitsFor};

/// The thing that a login waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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

impl Suspension {
    /// Whether a step is an answer to this suspension.
    pub fn takes(&self, step: &ResumeStep) -> bool {
        self.resumes_with_next() != matches!(step, ResumeStep::Continue { .. })
    }

    /// The same with one factor alone.
    fn by(&self, factor: String) -> Self {
        let factors = vec![factor];
        match self {
            Suspension::Enroll { .. } => Suspension::Enroll { factors },
            _ => Suspension::Challenge { factors },
        }
    }

    /// Whether the next Action goes on, and not the one that suspended.
    pub(super) fn resumes_with_next(&self) -> bool {
        matches!(
            self,
            Suspension::Challenge { .. } | Suspension::Enroll { .. }
        )
    }
}

/// The user's action at a suspension.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ResumeStep {
    /// Comes back to `/continue`, after a redirect or a form.
    Continue {
        /// The query of the request. Without a `state`, here or in the body, the right one is filled in.
        query: Map<String, Value>,
        /// The body of the request; for a form, the fields that were filled in.
        body: Map<String, Value>,
    },
    /// Passes the challenge, or enrols, by the preferred factor.
    ChallengeSucceeded,
    /// The same by another one of the factors that were offered. To any other the login goes on waiting.
    ChallengePassedBy {
        /// The type of the factor, as events name it.
        factor: String,
    },
    /// Does not pass the challenge.
    ChallengeFailed,
}

impl ResumeStep {
    /// Returns it as a case file writes it: `{"continue": {"query": {}, "body": {}}}`, `{"challenge": "succeed"}`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Continue { query, body } => json!({"continue": {"query": query, "body": body}}),
            // A case file does not say by which factor.
            Self::ChallengeSucceeded | Self::ChallengePassedBy { .. } => {
                json!({"challenge": "succeed"})
            }
            Self::ChallengeFailed => json!({"challenge": "fail"}),
        }
    }
}

/// The continuation of a login, with what the host has learnt meanwhile.
#[derive(Debug, Clone, PartialEq)]
pub struct Resumption {
    /// The user's action.
    pub step: ResumeStep,
    /// The other profiles as they are now; `None` when they are those of the start.
    pub users: Option<Vec<Value>>,
}

impl From<ResumeStep> for Resumption {
    fn from(step: ResumeStep) -> Self {
        Self { step, users: None }
    }
}

/// The host's next step after a suspension.
#[derive(Debug, Clone, PartialEq)]
pub enum Resumed {
    /// Run `onContinuePostLogin` of the Action that suspended.
    SameAction,
    /// Run `onExecutePostLogin` of the next Action; after the last one, [`super::Transaction::conclude`].
    NextAction,
    /// Still suspended: by a further request of the same Action, or because the step does not fit.
    Suspended(Suspension),
    /// Run nothing more.
    Stop,
}

/// Records the thing that the login waits for, unless it is recorded already.
pub(super) fn note(flow: &mut Flow) {
    let is_noted = flow.waits.last().is_some_and(|it| it.answer.is_none());
    let Some(suspension) = flow.waiting.front().filter(|_| !is_noted) else {
        return;
    };
    flow.waits.push(Wait {
        handlers: flow.usage.len(),
        commands: flow.commands.len(),
        logs: flow.logs.len(),
        waits_for: WaitsFor::from(suspension),
        answer: None,
    });
}

/// Records how the user answered.
fn answered(flow: &mut Flow, answer: WaitAnswer) {
    if let Some(wait) = flow.waits.last_mut() {
        wait.answer.get_or_insert(answer);
    }
}

pub(super) fn resume(flow: &mut Flow, step: ResumeStep) -> Resumed {
    if flow.ending.is_some() {
        return Resumed::Stop;
    }
    let Some(suspension) = flow.waiting.front().cloned() else {
        return Resumed::NextAction;
    };
    match (&suspension, step) {
        (Suspension::Redirect { .. }, ResumeStep::Continue { query, body }) => {
            answered(flow, WaitAnswer::Continued);
            redirect::come_back(flow, query, body);
        }
        (Suspension::Prompt { id, fields, vars }, ResumeStep::Continue { body, .. }) => {
            answered(flow, WaitAnswer::Continued);
            redirect::filled_in(flow, id, fields, vars, body);
        }
        (
            Suspension::Challenge { .. } | Suspension::Enroll { .. },
            ResumeStep::ChallengeSucceeded,
        ) => {
            answered(flow, WaitAnswer::Passed);
            factors::pass(flow, &suspension);
        }
        (
            Suspension::Challenge { factors } | Suspension::Enroll { factors },
            ResumeStep::ChallengePassedBy { factor },
        ) if factors.contains(&factor) => {
            answered(flow, WaitAnswer::Passed);
            factors::pass(flow, &suspension.by(factor));
        }
        (Suspension::Challenge { .. } | Suspension::Enroll { .. }, ResumeStep::ChallengeFailed) => {
            answered(flow, WaitAnswer::Failed);
            flow.ending = Some(Ending::NotPassed);
            return Resumed::Stop;
        }
        _ => return Resumed::Suspended(suspension),
    }
    flow.waiting.pop_front();
    flow.waited_ms = 0;
    factors::skip_done(flow);
    match flow.waiting.front().cloned() {
        Some(next) => match apply::commit_before(flow, &next) {
            Ok(()) => Resumed::Suspended(next),
            Err(fault) => {
                let action = flow.usage.last().map(|usage| usage.action.clone());
                flow.fail(&action.unwrap_or_default(), fault);
                Resumed::Stop
            }
        },
        None if suspension.resumes_with_next() => Resumed::NextAction,
        None => Resumed::SameAction,
    }
}
