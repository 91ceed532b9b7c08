//! Cases: logins written as data, with what is expected of them.
//!
//! A file `*.case.yaml`, `*.case.yml` or `*.case.json` holds one case, or a list under `cases`. Keys beside `cases`
//! are the defaults of the file; a `defaults.case.yaml` gives defaults to its folder and all folders below.

mod each;
mod expect;
mod find;
mod keys;
mod layers;
mod matrix;
mod modules;
mod read;
mod reader;
pub mod schema;
mod values;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use postlogin_core::event::Path as EventPath;
use postlogin_core::{CacheEntries, Trigger};
use serde_json::{Map, Value};

use crate::action::ModuleMock;
use crate::document::node::{Node, Place};
use crate::door::Boundary;
use crate::{Error, Secret};

pub use expect::{Expect, Expectation, Key as ExpectKey};
pub use find::{FoundCases, find_case_files};
pub use matrix::CASES_BYTES;
pub use read::{Request, read_case_file, read_request};

/// A file of cases.
#[derive(Debug, Clone)]
pub struct CaseFile {
    /// The file.
    pub path: PathBuf,
    /// Its name as users see it.
    pub shown: String,
    /// Its cases, in the order of the file; a matrix has become one case for each of its rows.
    pub cases: Vec<Case>,
}

/// One case.
#[derive(Debug, Clone)]
pub struct Case {
    /// The description with the row of the matrix; no other case of the file has it.
    pub name: String,
    /// The file without its extension, then the name: what filters look at.
    pub full_name: String,
    /// Where it stands.
    pub place: Place,
    /// The Actions, by what their arguments are on the command line; `None` for the project's binding.
    pub actions: Option<Vec<Named>>,
    /// The trigger, if the case names one.
    pub trigger: Option<Trigger>,
    /// The custom social connection that gives the user.
    pub connection: Option<Named>,
    /// The answer of the connection's token endpoint.
    pub token_response: Option<Map<String, Value>>,
    /// The event that it begins with.
    pub event: Base,
    /// The replacement of `event.user`.
    pub user: Option<Base>,
    /// The replacement of `event.client`.
    pub client: Option<Base>,
    /// Merge patches over the event, in order.
    pub with: Vec<Node>,
    /// Single paths of the event, in order.
    pub set: Vec<(EventPath, Value, Place)>,
    /// Secrets of the Actions.
    pub secrets: Vec<Secret>,
    /// The entries of `api.cache` that earlier logins left; their times begin with the login.
    pub cache: CacheEntries,
    /// The replacements of modules that the Actions and their packages require, each at its place.
    pub modules: Vec<(ModuleMock, Place)>,
    /// When the login starts, in milliseconds since the epoch.
    pub now_ms: Option<i64>,
    /// The seed of randomness.
    pub seed: Option<u64>,
    /// The answers of the network, as written.
    pub http: Option<Node>,
    /// The tenant's settings that differ, an object.
    pub tenant: Option<Node>,
    /// The time budget.
    pub timeout: Option<Duration>,
    /// The memory budget in bytes.
    pub memory: Option<u64>,
    /// The user's steps while the login waits.
    pub steps: Steps,
    /// The expectations about the outcome.
    pub expect: Expect,
    /// Whether the outcome is compared with the one that was stored.
    pub snapshot: bool,
    /// Why it does not run, if it does not.
    pub skip: Option<String>,
    /// Whether only it and its like are to run.
    pub only: bool,
    /// The words by which it can be chosen.
    pub tags: Vec<String>,
    /// The names of the secrets that the case itself gives; the others are those of defaults, which are for many cases.
    pub own_secrets: Vec<String>,
    /// Where the case itself, and not defaults, says what the user does at a challenge.
    pub own_challenge: Option<Place>,
    /// The names of the modules that the case itself replaces.
    pub own_modules: Vec<String>,
    /// The folder that the paths in it stay within.
    pub within: Arc<Boundary>,
    /// Files that it was made from, its own first: a change of one is a change of the case.
    pub files: Arc<Vec<PathBuf>>,
}

/// Something that is named at a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    /// The name, or the path relative to the file that says it.
    pub name: String,
    /// Where.
    pub place: Place,
}

/// An event, a user or a client that a case begins with.
#[derive(Debug, Clone)]
pub enum Base {
    /// Nothing was said: the built-in one.
    Default,
    /// A file.
    File(PathBuf, Place),
    /// An object in the case.
    Inline(Arc<Value>),
}

/// The user's steps while the login waits.
#[derive(Debug, Clone, PartialEq)]
pub enum Steps {
    /// Each redirect and form is answered by the next request, each challenge in the same way.
    Free {
        /// The requests to `/continue`.
        continues: Vec<Step>,
        /// Whether the user passes challenges; `None`: the login stays suspended there.
        passes: Option<bool>,
    },
    /// Exactly these, in this order.
    Ordered(Vec<Step>),
}

/// One thing that the user does.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The action.
    pub act: Act,
    /// Where it stands.
    pub place: Place,
}

/// An action of the user at a suspension.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a case has few steps")]
pub enum Act {
    /// Comes back to `/continue`.
    Continue {
        /// The query.
        query: Map<String, Value>,
        /// The body.
        body: Map<String, Value>,
        /// The session token that the site gives back, signed when the login waits.
        token: Option<SessionToken>,
    },
    /// Passes or fails a challenge, or an enrolment.
    Challenge {
        /// Whether they pass.
        passes: bool,
    },
}

/// A token for `api.redirect.validateToken`.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionToken {
    /// The secret that it is signed with.
    pub secret: String,
    /// Claims over those of the login.
    pub payload: Map<String, Value>,
    /// The parameter of the query.
    pub name: String,
}

impl CaseFile {
    /// The file with the stored outcomes: `hobby.case.yaml` has `hobby.snap`.
    pub fn snapshot_file(&self) -> PathBuf {
        snapshot_file(&self.path)
    }
}

/// The file with the stored outcomes of a file of cases.
pub fn snapshot_file(case_file: &std::path::Path) -> PathBuf {
    case_file.with_file_name(format!("{}.snap", find::stem(case_file)))
}

/// All mistakes of one file.
pub type Mistakes = Vec<Error>;

#[cfg(test)]
mod tests;
