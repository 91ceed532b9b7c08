//! The places in a source that set claims: as they are written ([`ClaimSite`]), and what a login did with them ([`SiteAccount`]).
//!
//! `postlogin_js::source::claims` makes the first of a source and of what was counted while it ran; [`explain`](super::explain)
//! makes the second of the first.

use serde::{Deserialize, Serialize};

use super::{ReadValue, is_zero};
use crate::location::Location;
use crate::outcome::NoValue;

/// A place in the source of an Action that sets a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimSite {
    /// The Action.
    pub action: String,
    /// The method: `idToken.setCustomClaim`; `context.idToken` for an assignment of a Rule.
    pub method: String,
    /// The parts of the name that are known; anything may be between them.
    pub name: Vec<String>,
    /// Where the method is named.
    pub location: Location,
    /// The conditions for the call to be reached, from the outside in; those of the function that it is in.
    pub conditions: Vec<Condition>,
    /// The calls of the function that it is in, if that is a helper with a name.
    pub routes: Vec<Route>,
    /// The number of further routes, which were not followed.
    pub omitted_routes: usize,
    /// The end of the function before the place, if that is known.
    pub end: Option<EarlyEnd>,
    /// Whether the statement that it is in began. `None` when that was not observed.
    pub begun: Option<bool>,
    /// The exported handler that it is in, if that is known and no run of it began.
    pub idle_handler: Option<String>,
    /// The source of the claim's value. `None` when that is not known.
    pub value: Option<GivenValue>,
}

/// The source of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GivenValue {
    /// It is written there: `true`, `'free'`, `[1, 2]`.
    Literal,
    /// Parts of the source that decide it.
    Regions(Vec<Region>),
}

/// A way on which a helper is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The calls, from the outermost in: the last one calls the helper.
    pub calls: Vec<HelperCall>,
    /// The parts of the claim's name that are known on this route.
    pub name: Vec<String>,
    /// The conditions around the calls, from the outside in.
    pub conditions: Vec<Condition>,
    /// The end of a function before its call, if that is known.
    pub end: Option<EarlyEnd>,
    /// The exported handler that the outermost call is in, if that is known and no run of it began.
    pub idle_handler: Option<String>,
    /// The source of the claim's value, if a call passes it. `None` when that is not known.
    pub value: Option<GivenValue>,
}

/// A call of a helper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelperCall {
    /// The helper's name.
    pub function: String,
    /// Where it is called.
    pub location: Location,
}

/// The end of a function, or of a `try` block, before a place in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum EarlyEnd {
    /// An exception that a `catch` took.
    Caught {
        /// The statement that threw, or that called what threw.
        thrown: Location,
        /// The `catch`.
        caught: Location,
    },
    /// A `return`.
    Returned {
        /// The `return`.
        location: Location,
    },
    /// A `break` or a `continue`.
    Left {
        /// The statement.
        location: Location,
    },
    /// An exception that ended the Action.
    Thrown {
        /// Where it was thrown.
        location: Location,
    },
}

/// The places in one source, or in several, that set claims.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClaimSites {
    /// The places, in the order of the source.
    pub sites: Vec<ClaimSite>,
    /// The number of further places, which were not analysed.
    pub omitted: usize,
}

/// A condition around a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Its source, on one line.
    pub text: String,
    /// Whether it has to be true; else false.
    pub must_be: bool,
    /// Where it is.
    pub location: Location,
    /// Parts of the source that decide it: itself and what the variables in it are.
    pub regions: Vec<Region>,
    /// Whether it was met. `None` when that was not observed.
    pub met: Option<Met>,
    /// The reason why nothing was done for the elements of a list, if the condition is one.
    pub list: Option<ListState>,
}

/// The state of a list that had no elements to go through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListState {
    /// It was there, without elements.
    Empty,
    /// It was not there: `roles?.forEach(…)`.
    Missing,
}

/// Whether a condition was met: true where it has to be true, false where it has to be false.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Met {
    /// Each time that it was evaluated.
    Yes,
    /// Never, though it was evaluated.
    No,
    /// At some of the times: in a loop, or in a function that was called more than once.
    Sometimes,
    /// It was not evaluated: the login did not come to it, or evaluating it threw.
    NotEvaluated,
}

/// A part of a source, from its first place to the one after its last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// The first place.
    pub start: Location,
    /// The line of the place after the last.
    pub end_line: u32,
    /// Its column.
    pub end_column: u32,
}

impl Region {
    /// Returns whether a place is inside.
    pub fn holds(&self, place: &Location) -> bool {
        let at = (place.line, place.column);
        place.file == self.start.file
            && (self.start.line, self.start.column) <= at
            && at < (self.end_line, self.end_column)
    }
}

/// A place that sets an expected claim, and whether the login came there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SiteAccount {
    /// The Action.
    pub action: String,
    /// The method: `idToken.setCustomClaim`; `context.idToken` for an assignment of a Rule.
    pub method: String,
    /// The place.
    pub location: Location,
    /// Whether the source certainly names this claim; else it may.
    pub certain: bool,
    /// The result of the place in the login.
    pub reached: Reached,
    /// The thing that was given instead of a value. Absent in every other state than [`Reached::NoValue`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_value: Option<NoValue>,
    /// The first names, at most [`MOST_OTHER_NAMES`], for which the call was made. Empty in every other state than
    /// [`Reached::OtherNames`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_names: Vec<String>,
    /// The calls of the helper that it is in which may be for this claim. Only for a place that was not reached for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<RouteAccount>,
    /// The number of further calls, which were not followed. Absent when there are none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub omitted_routes: usize,
    /// The conditions around it, from the outside in. Only for a place that was not reached for this claim.
    pub conditions: Vec<ConditionAccount>,
    /// The end of the function before the place. Only when no condition explains that it was not reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<EarlyEnd>,
}

/// A way on which a helper is called, and the conditions on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RouteAccount {
    /// The calls, from the outermost in.
    pub calls: Vec<HelperCall>,
    /// Whether the call certainly is for this claim; else it may be.
    pub certain: bool,
    /// The conditions around the calls, from the outside in.
    pub conditions: Vec<ConditionAccount>,
    /// The end of a function before its call. Only when no condition explains that the call was not made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<EarlyEnd>,
}

/// The most names of other claims that are listed for a place.
pub const MOST_OTHER_NAMES: usize = 5;

/// Whether the login came to a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reached {
    /// The call was made.
    Yes,
    /// The call was made, but never with a value that JSON has: no claim is set.
    NoValue,
    /// The call was made, for other names than this one ([`SiteAccount::other_names`]).
    OtherNames,
    /// The Action ran and the call was not made.
    No,
    /// The Action did not run: the flow ended before it.
    NotRun,
    /// The place is in a handler that runs only when the user comes back, and the user did not.
    NotContinued,
    /// The Action was not loaded ([`ExpectedClaim::not_loaded`](super::ExpectedClaim::not_loaded)).
    NotLoaded,
    /// The Action ended with an error before the call, and no condition kept it from being made.
    Failed,
    /// The call was made, and then the Action ended with an error: nothing that it asked for counts.
    Discarded,
}

/// A condition, and what was read for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConditionAccount {
    /// Its source, on one line.
    pub text: String,
    /// Whether it has to be true; else false.
    pub must_be: bool,
    /// Whether it was met. Absent when that was not observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub met: Option<Met>,
    /// The reason why nothing was done for the elements of a list. Absent for other conditions, and where there were elements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<ListState>,
    /// Where it is.
    pub location: Location,
    /// The reads of the event that decide it.
    pub reads: Vec<ReadValue>,
    /// The number of further reads, which were not looked at. Absent when there are none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub omitted_reads: usize,
}
