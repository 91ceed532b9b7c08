//! The fault of a guest: how a handler ended badly.

use crate::ceilings::{self, shorten_text};
use crate::location::Location;

/// The way in which a handler failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The handler threw, or its promise was rejected.
    Thrown,
    /// The source could not be compiled, or its top-level code threw.
    Load,
    /// The handler is missing or is not a native async function.
    Signature,
    /// The time limit passed.
    Timeout,
    /// The sandbox wanted more memory than it may have.
    OutOfMemory,
    /// The stack was used up.
    StackOverflow,
    /// The guest ended its own process.
    Exited,
    /// The handler's promise is pending and nothing can settle it any more.
    NeverSettled,
    /// The platform refused what the Action asked for.
    Platform,
    /// The host keeps no more of the Action: a ceiling of [`crate::ceilings`].
    HostLimit,
}

/// A handler's fault, as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The failure.
    pub kind: FaultKind,
    /// The class of the error: `TypeError`; `non-error` when something else was thrown.
    pub name: String,
    /// Its message.
    pub message: String,
    /// Its stack, in the user's own places; empty when there is none.
    pub stack: String,
    /// Where it was thrown, if known.
    pub location: Option<Location>,
}

impl Fault {
    /// Returns whether the code never came to do its work: it does not compile, its top-level code threw, it exports no handler
    /// of the trigger, or a package that it requires is not there.
    #[must_use]
    pub fn is_of_loading(&self) -> bool {
        let missing = self.message.strip_prefix("Cannot find module '");
        matches!(self.kind, FaultKind::Load | FaultKind::Signature)
            || missing.is_some_and(|name| !name.starts_with(['.', '/']))
    }

    /// The fault with its texts cut to what the host keeps of them ([`crate::ceilings`]).
    #[must_use]
    pub fn shortened(mut self) -> Fault {
        shorten_text(&mut self.name, ceilings::NAME_BYTES);
        shorten_text(&mut self.message, ceilings::ERROR_BYTES);
        shorten_text(&mut self.stack, ceilings::ERROR_BYTES);
        if let Some(place) = &mut self.location {
            shorten_text(&mut place.file, ceilings::NAME_BYTES);
        }
        self
    }

    /// A fault that the platform finds, without a stack or a place.
    pub fn platform(name: impl Into<String>, message: impl Into<String>) -> Fault {
        Fault {
            kind: FaultKind::Platform,
            name: name.into(),
            message: message.into(),
            stack: String::new(),
            location: None,
        }
    }
}
