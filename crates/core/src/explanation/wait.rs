//! The waits of a login for its user, for an account of what ran in which order.

use serde::{Deserialize, Serialize};

use crate::login::Suspension;

/// The most letters of an address that is recorded.
const MOST_LETTERS: usize = 300;

/// A wait of a login for its user: where it was in the order of what ran, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// The number of entries of `outcome.usage.actions` before it.
    pub handlers: usize,
    /// The number of entries of `outcome.commands` before it.
    pub commands: usize,
    /// The number of entries of `outcome.logs` before it.
    pub logs: usize,
    /// The thing that the login waits for.
    pub waits_for: WaitsFor,
    /// The step of the user; `None` while the login waits, and when its user left.
    pub answer: Option<WaitAnswer>,
}

/// The thing that a login waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum WaitsFor {
    /// The browser was sent away by `api.redirect.sendUserTo`.
    Redirect {
        /// The address without its query, which has a token of the login's state.
        url: String,
    },
    /// A form is shown by `api.prompt.render`.
    Form {
        /// Its id.
        id: String,
    },
    /// A further factor.
    Challenge {
        /// The usable factors, in the order of preference.
        factors: Vec<String>,
    },
    /// The enrolment of a factor.
    Enroll {
        /// The usable factors, in the order of preference.
        factors: Vec<String>,
    },
}

/// The end of a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaitAnswer {
    /// The user came back to `/continue`.
    Continued,
    /// The user passed the challenge, or enrolled.
    Passed,
    /// The user did not pass.
    Failed,
}

impl From<&Suspension> for WaitsFor {
    fn from(suspension: &Suspension) -> Self {
        match suspension {
            Suspension::Redirect { url } => {
                let address = url.split(['?', '#']).next().unwrap_or_default();
                let url = address.chars().take(MOST_LETTERS).collect();
                Self::Redirect { url }
            }
            Suspension::Prompt { id, .. } => Self::Form {
                id: id.chars().take(MOST_LETTERS).collect(),
            },
            Suspension::Challenge { factors } => Self::Challenge {
                factors: factors.clone(),
            },
            Suspension::Enroll { factors } => Self::Enroll {
                factors: factors.clone(),
            },
        }
    }
}
