//! The handlers that run at a login.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::fault::Fault;

/// The facts of an Action that the flow needs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HandlerInfo {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: HandlerKind,
    /// Identifies its code: it is another one when the source or a module differs. Empty when logins are not stored.
    pub fingerprint: String,
    /// Its secrets, which it sees as `event.secrets`; for a Rule, its `configuration`.
    pub secrets: Map<String, Value>,
    /// The size of its code in bytes, npm modules excluded; `None` when unknown.
    pub code_bytes: Option<usize>,
    /// The number of npm packages that it declares; `None` when unknown.
    pub dependencies: Option<usize>,
    /// The number of Action Modules that it declares; `None` when unknown.
    pub modules: Option<usize>,
    /// Why it cannot run. Such a handler is passed over, and the login does not end well: see [`super::Login::passing_over`].
    pub broken: Option<Fault>,
}

/// The kinds of handlers that run at a login.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HandlerKind {
    /// A post-login Action.
    #[default]
    Action,
    /// A legacy Rule, which runs before all Actions.
    Rule,
    /// `fetchUserProfile` of a custom social connection, which gives the user; it runs before everything else.
    Connection,
}

/// A handler of an Action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EntryPoint {
    /// The handler that runs at a login.
    Execute,
    /// The handler that resumes after a redirect or a form.
    Continue,
}
