//! A login that waits, as text: what a host stores until its user comes back.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Login;
use super::handler::HandlerInfo;
use super::program::Progress;
use super::transaction::Transaction;
use super::transaction::state::Flow;

/// The version of the stored form. Raise it with every change of what is stored: a login of another version is refused.
pub const LOGIN_VERSION: u32 = 4;

/// Why a stored login cannot resume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreError {
    /// Another version of postlogin stored it.
    OtherVersion {
        /// Its version.
        found: u32,
    },
    /// The stored login is damaged; the reason in one sentence.
    Damaged(String),
    /// A handler is another one now, was added, or is gone.
    Changed {
        /// Its name.
        handler: String,
    },
    /// The handlers are the same in another order.
    Reordered,
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherVersion { found } => write!(
                f,
                "this login was stored by another version of postlogin (format {found}, this one reads {LOGIN_VERSION})"
            ),
            Self::Damaged(reason) => write!(f, "the stored login is damaged: {reason}"),
            Self::Changed { handler } => {
                write!(f, "`{handler}` has changed since this login began")
            }
            Self::Reordered => {
                f.write_str("the order of the Actions has changed since this login began")
            }
        }
    }
}

impl std::error::Error for RestoreError {}

/// The part that can be read of every version.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Serialize)]
struct Written<'l> {
    version: u32,
    handlers: Vec<HandlerId>,
    progress: &'l Progress,
    flow: &'l Flow,
}

#[derive(Deserialize)]
struct Read {
    handlers: Vec<HandlerId>,
    progress: Progress,
    flow: Flow,
}

/// The identity of a handler. Its secrets are not stored: the host has them.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct HandlerId {
    name: String,
    kind: super::handler::HandlerKind,
    fingerprint: String,
}

impl From<&HandlerInfo> for HandlerId {
    fn from(info: &HandlerInfo) -> Self {
        Self {
            name: info.name.clone(),
            kind: info.kind,
            fingerprint: info.fingerprint.clone(),
        }
    }
}

impl Login {
    /// Returns the login as JSON, without the secrets of its handlers and without the other profiles of the tenant
    /// ([`super::TenantSettings::users`]). A handler that runs is not stored: it runs again.
    ///
    /// # Errors
    /// When something in it cannot be written as JSON, which does not happen with events that came from JSON.
    pub fn store(&mut self) -> Result<String, serde_json::Error> {
        let users = std::mem::take(&mut self.transaction.flow_mut().input.tenant.users);
        let stored = serde_json::to_string(&Written {
            version: LOGIN_VERSION,
            handlers: self.handlers.iter().map(HandlerId::from).collect(),
            progress: &self.progress,
            flow: self.transaction.flow(),
        });
        self.transaction.flow_mut().input.tenant.users = users;
        stored
    }

    /// Returns a login that [`Login::store`] wrote. `handlers` are those of now, with their secrets; they must be the ones of
    /// then. The other profiles of the tenant come with the next answer ([`super::Resumption::users`]).
    ///
    /// # Errors
    /// When it was stored by another version, is damaged, or its handlers are others now.
    pub fn restore(stored: &str, handlers: Vec<HandlerInfo>) -> Result<Self, RestoreError> {
        let damaged = |error: serde_json::Error| RestoreError::Damaged(error.to_string());
        let Version { version } = serde_json::from_str(stored).map_err(damaged)?;
        if version != LOGIN_VERSION {
            return Err(RestoreError::OtherVersion { found: version });
        }
        let read: Read = serde_json::from_str(stored).map_err(damaged)?;
        same(&read.handlers, &handlers)?;
        Ok(Self {
            handlers,
            progress: read.progress,
            transaction: Box::new(Transaction::of(read.flow)),
        })
    }
}

/// Compares the handlers of a stored login with those of now.
fn same(stored: &[HandlerId], handlers: &[HandlerInfo]) -> Result<(), RestoreError> {
    let now: Vec<HandlerId> = handlers.iter().map(HandlerId::from).collect();
    if stored == now {
        return Ok(());
    }
    let changed = |one: &[HandlerId], other: &[HandlerId]| {
        let missing = one.iter().find(|it| !other.contains(it));
        missing.map(|it| it.name.clone())
    };
    let name = changed(stored, &now).or_else(|| changed(&now, stored));
    Err(match name {
        Some(handler) => RestoreError::Changed { handler },
        None => RestoreError::Reordered,
    })
}
