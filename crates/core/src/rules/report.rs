//! The report of a Rule that calls back.

use crate::location::Location;
use crate::value::Argument;

/// A call of `callback`.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleReport {
    /// The arguments of the call.
    pub end: RuleEnd,
    /// Where.
    pub location: Option<Location>,
    /// The number of calls so far.
    pub calls: usize,
}

/// The way in which a Rule completed.
#[derive(Debug, Clone, PartialEq)]
pub enum RuleEnd {
    /// `callback(error)`: the login ends.
    Refused(RuleError),
    /// `callback(null, user, context)`: the login goes on with these.
    Done {
        /// The user as the Rule leaves it.
        user: Argument,
        /// The context as the Rule leaves it.
        context: Argument,
        /// Assignments below `context`, in order.
        writes: Vec<RuleWrite>,
    },
}

/// The error that a Rule passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError {
    /// Whether it is an `UnauthorizedError`.
    pub is_unauthorized: bool,
    /// Its message.
    pub message: String,
}

/// An assignment to a property below `context`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleWrite {
    /// The keys that lead there: `["idToken", "https://example.com/roles"]`.
    pub path: Vec<String>,
    /// Where it was assigned.
    pub location: Option<Location>,
}

/// The place of the last assignment to `path`, to something below it, or to something above it.
pub(crate) fn place_of(writes: &[RuleWrite], path: &[&str]) -> Option<Location> {
    let touches = |write: &&RuleWrite| {
        let shared = write.path.iter().zip(path);
        shared.into_iter().all(|(one, other)| one == other)
    };
    let last = writes.iter().rev().find(touches);
    last.and_then(|write| write.location.clone())
}
