//! An account of every claim: which rule, from where in the event, and what would change it; and of claims that were
//! expected and never came.
//!
//! The serialised form is the public format `postlogin.explanation/1`; the outcome inside keeps its own format.

mod calls;
mod claims;
mod expected;
mod places;
mod site;
#[cfg(test)]
mod tests;
mod wait;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::claim_rules::{Remedy, RuleContext};
use crate::location::Location;
use crate::measure::Usage;
use crate::outcome::{ClaimRule, NoValue, Outcome, TokenKind, Verdict};
use crate::reads::{EventRead, Record};

pub use site::{
    ClaimSite, ClaimSites, Condition, ConditionAccount, EarlyEnd, GivenValue, HelperCall,
    ListState, MOST_OTHER_NAMES, Met, Reached, Region, Route, RouteAccount, SiteAccount,
};
pub use wait::{Wait, WaitAnswer, WaitsFor};

/// The name and version of the serialised form.
pub const EXPLANATION_FORMAT: &str = "postlogin.explanation/1";

/// A login and the account of its claims, as [`explain`] makes it. Field order is the order of the serialised form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// Always [`EXPLANATION_FORMAT`].
    pub format: String,
    /// The login, as `postlogin run` shows it.
    pub outcome: Outcome,
    /// The facts that the rules used.
    pub request: RequestFacts,
    /// One account for each entry of the ledger, in its order.
    pub claims: Vec<ClaimAccount>,
    /// One account for each claim that was asked about, in the order of the questions.
    pub expected: Vec<ExpectedClaim>,
    /// The use of the vendor's limits.
    pub limits: Vec<Usage>,
    /// The reads of the event by Actions, in order. Empty when an Action's language does not report them.
    pub reads: Vec<EventRead>,
    /// The waits for the user, in order. Absent when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<Wait>,
}

/// The request at the start of the login.
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

/// The verdict on one call of `setCustomClaim`, with its reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimAccount {
    /// The token.
    pub token: TokenKind,
    /// The claim's name.
    pub name: String,
    /// The claim's value.
    pub value: Value,
    /// The verdict on it.
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
    /// The number of reads before the call that were not compared with the claim, because there are too many. Absent when there are none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub omitted_reads: usize,
    /// The remedies that would keep it, when it was dropped.
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
    /// The certainty of the path.
    pub certainty: Certainty,
    /// Where it was read.
    pub location: Option<Location>,
}

/// The certainty of an origin.
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
    /// The claim in the ID token.
    pub id_token: Presence,
    /// The claim in the access token.
    pub access_token: Presence,
    /// A claim that was set and has nearly this name.
    pub similar: Option<String>,
    /// Places in the Actions that set a claim of this name, reached or not.
    pub sites: Vec<SiteAccount>,
    /// The number of places that set claims and were not analysed, because the file has too many. Absent when there are none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub omitted_sites: usize,
    /// The Actions that were not loaded: any of them may set the claim. Absent when there are none, and when a token has the claim.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_loaded: Vec<NotLoaded>,
}

/// An Action that was not loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotLoaded {
    /// The Action.
    pub action: String,
    /// The error, with its place.
    pub error: String,
}

/// Whether a token has a claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Presence {
    /// Whether, and how it came there.
    pub state: PresenceState,
    /// Why there is no token. Absent in every other state than [`PresenceState::NoToken`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_token: Option<NoToken>,
    /// The thing that an Action gave instead of a value. Absent in every other state than [`PresenceState::NoValue`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_value: Option<NoValue>,
    /// The rule that dropped it or, when it was never set, that would drop it.
    pub rule: Option<ClaimRule>,
    /// The public page that states the rule.
    pub page: Option<String>,
    /// The remedies that would keep it.
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
    /// There is no such token; [`Presence::no_token`] has the reason.
    NoToken,
}

/// Why there is no token that could have a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoToken {
    /// Runs of the trigger issue no token of this kind.
    Trigger,
    /// The login was denied, or an Action failed.
    Ended,
    /// The login waits for the user.
    Waiting,
    /// The scope `openid` was not requested, so no ID token is issued.
    NoOpenidScope,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// The result of a read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadValue {
    /// The path.
    pub path: String,
    /// Whether there was something.
    pub present: bool,
    /// The value.
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
    let accounts = claims::accounts(&context, &outcome, &record, &sites.sites);
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
        waits: record.waits,
    }
}
