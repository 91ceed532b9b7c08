//! The verdict on every custom claim.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ceilings::{Kept, NAME_BYTES, shorten, shortened};
use crate::claim_rules::{RuleContext, claim_size, rule_for};
use crate::limits::CUSTOM_CLAIMS_BYTES;
use crate::location::Location;
use crate::outcome::{ClaimRule, LedgerEntry, NoValue, TokenKind, UnsetClaim, Verdict};

/// One call of `setCustomClaim`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ClaimCall {
    /// The token.
    pub token: TokenKind,
    /// The claim.
    pub name: String,
    /// Its value; `None` for what JSON has no value for, which removes an earlier one.
    pub value: Option<Value>,
    /// The value without a JSON form that an Action gave.
    #[serde(default)]
    pub no_value: Option<NoValue>,
    /// The Action.
    pub action: String,
    /// The caller's place.
    pub location: Option<Location>,
    /// Paths of the event that the handler had read and that have the value, the latest read first. Known when the login ends.
    pub sources: Vec<String>,
    /// Where the event has the value, read or not.
    pub guesses: Vec<String>,
    /// The size of the value as JSON when it is larger than any token can carry; `value` is shortened then.
    pub bytes: Option<usize>,
    /// The number of the run of a handler that called.
    pub run: usize,
    /// The number of the call among all calls of the login.
    pub index: usize,
}

/// The claims that stand, and the account of all.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// Custom claims of the ID token, in the order in which they were first set.
    pub id_token: Map<String, Value>,
    /// Custom claims of the access token.
    pub access_token: Map<String, Value>,
    /// One entry for each call that had a value, in call order.
    pub ledger: Vec<LedgerEntry>,
    /// One entry for each call that an Action made without a value, in call order.
    pub unset: Vec<UnsetClaim>,
    /// The size of each token's custom claims in bytes, before those that are too large are dropped.
    pub sizes: Vec<(TokenKind, usize)>,
    /// The token whose claims are too large, their size in bytes and the Action that set the last of them.
    pub too_large: Option<(TokenKind, usize, String)>,
}

/// Applies the rules to all calls.
pub(crate) fn settle(context: &RuleContext<'_>, calls: Vec<ClaimCall>, kept: &mut Kept) -> Settled {
    let mut settled = Settled::default();
    let mut sizes = [0, 0];
    let last = are_last(&calls);
    for (mut call, is_last) in calls.into_iter().zip(last) {
        let Some(value) = call.value.take() else {
            if let Some(value) = call.no_value {
                settled.unset.push(UnsetClaim {
                    token: call.token,
                    name: shortened(&call.name, NAME_BYTES),
                    value,
                    action: call.action,
                    location: call.location,
                });
            }
            continue;
        };
        let rule = if is_last {
            rule_for(context, call.token, &call.name)
        } else {
            None
        };
        let verdict = match (is_last, rule) {
            (false, _) => Verdict::Overwritten,
            (true, Some(_)) => Verdict::Dropped,
            (true, None) => Verdict::Kept,
        };
        if verdict == Verdict::Kept {
            let [of_id_token, of_access_token] = &mut sizes;
            let (claims, size) = match call.token {
                TokenKind::IdToken => (&mut settled.id_token, of_id_token),
                TokenKind::AccessToken => (&mut settled.access_token, of_access_token),
            };
            *size += match call.bytes {
                Some(bytes) => call.name.len().saturating_add(bytes),
                None => claim_size(&call.name, &value),
            };
            claims.insert(call.name.clone(), value.clone());
        }
        let is_shown = kept.shows_claim(&call, &value);
        settled.ledger.push(LedgerEntry {
            token: call.token,
            name: shortened(&call.name, NAME_BYTES),
            value: if is_shown { value } else { shorten(&value) },
            verdict,
            rule,
            action: call.action,
            location: call.location,
            sources: call.sources,
        });
    }
    for (token, size) in [TokenKind::IdToken, TokenKind::AccessToken]
        .into_iter()
        .zip(sizes)
    {
        check_size(&mut settled, token, size);
    }
    settled
}

/// For each call whether no later one sets the same claim.
fn are_last(calls: &[ClaimCall]) -> Vec<bool> {
    let mut later = HashSet::new();
    let last = calls.iter().rev();
    let mut last: Vec<bool> = last
        .map(|call| later.insert((call.token, call.name.as_str())))
        .collect();
    last.reverse();
    last
}

/// Drops all claims of a token that are too large together.
fn check_size(settled: &mut Settled, token: TokenKind, size: usize) {
    let claims = match token {
        TokenKind::IdToken => &mut settled.id_token,
        TokenKind::AccessToken => &mut settled.access_token,
    };
    settled.sizes.push((token, size));
    if !CUSTOM_CLAIMS_BYTES.exceeded_by(size) {
        return;
    }
    claims.clear();
    let kept = settled
        .ledger
        .iter_mut()
        .filter(|entry| entry.token == token && entry.verdict == Verdict::Kept);
    let mut last = String::new();
    for entry in kept {
        entry.verdict = Verdict::Dropped;
        entry.rule = Some(ClaimRule::SizeLimit);
        last.clone_from(&entry.action);
    }
    settled.too_large.get_or_insert((token, size, last));
}
