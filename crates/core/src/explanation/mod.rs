//! An account of every claim: which rule, from where in the event, and what would change it; and of claims that were
//! expected and never came.
//!
//! The serialised form is the public format `postlogin.explanation/1`; the outcome inside keeps its own format.

mod calls;
mod claims;
mod expected;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::claim_rules::{Remedy, RuleContext};
use crate::location::Location;
use crate::measure::Usage;
use crate::outcome::{ClaimRule, NoValue, Outcome, TokenKind, Verdict};
use crate::reads::{EventRead, Record};

/// The name and version of the serialised form.
pub const EXPLANATION_FORMAT: &str = "postlogin.explanation/1";

/// A login and the account of its claims. Field order is the order of the serialised form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// Always [`EXPLANATION_FORMAT`].
    pub format: String,
    /// The login, as `postlogin run` shows it.
    pub outcome: Outcome,
    /// What the rules looked at.
    pub request: RequestFacts,
    /// One account for each entry of the ledger, in its order.
    pub claims: Vec<ClaimAccount>,
    /// One account for each claim that was asked about, in the order of the questions.
    pub expected: Vec<ExpectedClaim>,
    /// What was used of the vendor's limits.
    pub limits: Vec<Usage>,
    /// What Actions read of the event, in order. Empty when an Action's language does not tell.
    pub reads: Vec<EventRead>,
}

/// What was asked for at the start of the login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestFacts {
    /// `event.transaction.protocol`, or empty.
    pub protocol: String,
    /// The scopes.
    pub scopes: Vec<String>,
    /// The API.
    pub audience: Option<String>,
    /// Whether the access token is opaque.
    pub opaque: bool,
}

/// What became of one call of `setCustomClaim`, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimAccount {
    /// The token.
    pub token: TokenKind,
    /// The claim's name.
    pub name: String,
    /// The claim's value.
    pub value: Value,
    /// What became of it.
    pub verdict: Verdict,
    /// The rule that dropped it.
    pub rule: Option<ClaimRule>,
    /// The public page that states the rule.
    pub page: Option<String>,
    /// The Action that set it.
    pub action: String,
    /// Where it was set.
    pub location: Option<Location>,
    /// The call that set the same claim later.
    pub overwritten_by: Option<Setter>,
    /// From where in the event the value came, the likeliest first.
    pub origins: Vec<Origin>,
    /// How many reads before the call were not compared with the claim: there are very many. Absent when there are none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub omitted_reads: usize,
    /// What would keep it, when it was dropped.
    pub remedies: Vec<Remedy>,
}

/// Who set a claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setter {
    /// The Action.
    pub action: String,
    /// The place.
    pub location: Option<Location>,
}

/// A path of the event from which a value may have come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// `event.user.user_metadata.hobby`.
    pub path: String,
    /// How sure that is.
    pub certainty: Certainty,
    /// Where it was read.
    pub location: Option<Location>,
}

/// How sure an origin is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// The Action read it before the call, and it has this value.
    Read,
    /// The Action read it at the call or shortly before; the value is a different one, so it may be computed from it.
    Computed,
    /// A guess: the same value stands there; nobody saw it being read.
    SameValue,
}

/// The account of a claim that was asked about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExpectedClaim {
    /// The claim's name.
    pub name: String,
    /// What the ID token has of it.
    pub id_token: Presence,
    /// What the access token has of it.
    pub access_token: Presence,
    /// A claim that was set and has nearly this name.
    pub similar: Option<String>,
    /// Places in the Actions that set a claim of this name, reached or not.
    pub sites: Vec<SiteAccount>,
    /// How many places that set claims were not looked at: a file has more than are read. Absent when there are none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub omitted_sites: usize,
}

/// Whether a token has a claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Presence {
    /// Whether, and how it came there.
    pub state: PresenceState,
    /// What an Action gave instead of a value. Absent in every other state than [`PresenceState::NoValue`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_value: Option<NoValue>,
    /// The rule that dropped it or, when it was never set, that would drop it.
    pub rule: Option<ClaimRule>,
    /// The public page that states the rule.
    pub page: Option<String>,
    /// What would keep it.
    pub remedies: Vec<Remedy>,
}

/// Whether a token has a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PresenceState {
    /// An Action set it and it was kept.
    Kept,
    /// It is there without an Action.
    Standard,
    /// An Action set it and a rule dropped it.
    Dropped,
    /// No Action set it.
    NeverSet,
    /// The last call for it gave what JSON has no value for, so that no claim is set.
    NoValue,
    /// The login ended without tokens.
    NoToken,
}

/// A place in the text of an Action that sets a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimSite {
    /// The Action.
    pub action: String,
    /// The method: `idToken.setCustomClaim`; `context.idToken` for an assignment of a Rule.
    pub method: String,
    /// The parts of the name that are known; between them may stand anything.
    pub name: Vec<String>,
    /// Where the method is named.
    pub location: Location,
    /// What has to hold for the call to be reached, from the outside in.
    pub conditions: Vec<Condition>,
}

/// The places in one text, or in several, that set claims.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClaimSites {
    /// The places, in the order of the text.
    pub sites: Vec<ClaimSite>,
    /// How many more there are, which were not looked at.
    pub omitted: usize,
}

/// A condition around a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Its text.
    pub text: String,
    /// Whether it has to be true; else false.
    pub must_be: bool,
    /// Where it stands.
    pub location: Location,
    /// Parts of the text that decide it: itself and what the variables in it stand for.
    pub regions: Vec<Region>,
}

/// A part of a text, from its first place to the one behind its last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// The first place.
    pub start: Location,
    /// The line of the place behind the last.
    pub end_line: u32,
    /// Its column.
    pub end_column: u32,
}

impl Region {
    /// Whether a place lies inside.
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
    /// Whether the text certainly names this claim; else it may.
    pub certain: bool,
    /// What the login did with it.
    pub reached: Reached,
    /// What was given instead of a value. Absent in every other state than [`Reached::NoValue`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_value: Option<NoValue>,
    /// The first names, at most [`MOST_OTHER_NAMES`], for which the call was made. Empty in every other state than
    /// [`Reached::OtherNames`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_names: Vec<String>,
    /// The conditions around it that the login read the event for, or all when that is not known.
    pub conditions: Vec<ConditionAccount>,
}

/// So many names of other claims are listed for a place.
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
    /// The Action ended with an error.
    Failed,
}

/// A condition, and what was read for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConditionAccount {
    /// Its text.
    pub text: String,
    /// Whether it has to be true; else false.
    pub must_be: bool,
    /// Where it stands.
    pub location: Location,
    /// What was read of the event to decide it.
    pub reads: Vec<ReadValue>,
    /// How many more reads there were, which were not looked at. Absent when there are none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub omitted_reads: usize,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// What a read found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadValue {
    /// The path.
    pub path: String,
    /// Whether there was something.
    pub present: bool,
    /// What was there.
    pub value: Value,
}

/// Gives the account of a login. `expected` are the names of claims that were asked about, `sites` the places in the
/// texts of the Actions that set claims, as far as they are known.
pub fn explain(
    outcome: Outcome,
    record: Record,
    expected: &[String],
    sites: &ClaimSites,
) -> Explanation {
    let context = RuleContext {
        scopes: &record.scopes,
        audience: record.audience.as_deref(),
        domain: &record.domain,
        opaque: record.opaque,
    };
    let accounts = claims::accounts(&context, &outcome, &record);
    let expected = expected
        .iter()
        .map(|name| expected::account(&context, &outcome, &record, sites, name))
        .collect();
    Explanation {
        format: EXPLANATION_FORMAT.to_owned(),
        claims: accounts,
        expected,
        request: RequestFacts {
            protocol: record.protocol,
            scopes: record.scopes,
            audience: record.audience,
            opaque: record.opaque,
        },
        outcome,
        limits: record.usage,
        reads: record.reads,
    }
}
