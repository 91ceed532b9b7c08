//! The account of every claim that was set.

use std::collections::HashMap;

use super::places::Ways;
use super::{Certainty, ClaimAccount, Origin, Setter};
use crate::claim_rules::{Remedy, RuleContext, remedies, spec_of};
use crate::limits::CUSTOM_CLAIMS_BYTES;
use crate::outcome::{ClaimRule, LedgerEntry, Outcome, TokenKind, Verdict};
use crate::reads::{ClaimOrigin, EventRead, ReadIndex, Record};
use crate::sources::is_trivial;

/// So many paths are told at most.
const MOST: usize = 5;

pub(super) fn accounts(
    context: &RuleContext<'_>,
    outcome: &Outcome,
    record: &Record,
) -> Vec<ClaimAccount> {
    let reads = ReadIndex::new(&record.reads);
    let overwriters = overwriters(&outcome.ledger);
    let entries = outcome.ledger.iter().enumerate().zip(overwriters);
    let accounts = entries.map(|((index, entry), later)| {
        let overwritten_by = later.map(|other| Setter {
            action: other.action.clone(),
            location: other.location.clone(),
        });
        let call = record.claim_calls.get(index);
        let origins = call.map_or_else(Vec::new, |call| origins(entry, call, &reads));
        ClaimAccount {
            token: entry.token,
            name: entry.name.clone(),
            value: entry.value.clone(),
            verdict: entry.verdict,
            rule: entry.rule,
            page: entry.rule.and_then(page),
            action: entry.action.clone(),
            location: entry.location.clone(),
            overwritten_by: overwritten_by.filter(|_| entry.verdict == Verdict::Overwritten),
            origins,
            omitted_reads: reads.take_omitted(),
            remedies: steps(context, entry),
        }
    });
    accounts.collect()
}

/// For each entry, the next one that sets the same claim.
fn overwriters(ledger: &[LedgerEntry]) -> Vec<Option<&LedgerEntry>> {
    let mut next: HashMap<(TokenKind, &str), &LedgerEntry> = HashMap::new();
    let mut found: Vec<_> = ledger
        .iter()
        .rev()
        .map(|entry| next.insert((entry.token, &entry.name), entry))
        .collect();
    found.reverse();
    found
}

/// The public page of a rule.
pub(super) fn page(rule: ClaimRule) -> Option<String> {
    spec_of(rule).map(|spec| spec.source.to_owned())
}

fn steps(context: &RuleContext<'_>, entry: &LedgerEntry) -> Vec<Remedy> {
    match entry.rule {
        None => Vec::new(),
        Some(ClaimRule::SizeLimit) => vec![Remedy::ShrinkClaims {
            limit: CUSTOM_CLAIMS_BYTES.value,
        }],
        Some(_) => remedies(context, entry.token, &entry.name),
    }
}

/// From where the value of a claim came: what was read and has it; else what was read at the call; else, as a guess,
/// where else it stands.
fn origins(entry: &LedgerEntry, call: &ClaimOrigin, reads: &ReadIndex<'_>) -> Vec<Origin> {
    let (run, index) = (call.run, call.index);
    // Latest first: the last read before a call is the likeliest.
    let at_call = match &entry.location {
        Some(place) => reads.on_line(run, place, index),
        None => Vec::new(),
    };
    let with_value = reads.of_value(run, &entry.value, index);
    let origin = |read: &EventRead, certainty| Origin {
        path: read.path.clone(),
        certainty,
        location: read.location.clone(),
    };
    let mut found: Vec<Origin> = Vec::new();
    // What was read in the call itself comes before what merely has the same value.
    let equal = at_call
        .iter()
        .filter(|read| read.present && read.value == entry.value);
    let equal = equal.chain(&with_value);
    // `true` stands everywhere: only the likeliest read says something.
    let most = match is_trivial(&entry.value) {
        true => 1,
        false => usize::MAX,
    };
    for read in equal.take(most) {
        push(&mut found, origin(read, Certainty::Read));
    }
    if found.is_empty() {
        // Between the previous call and this one.
        let since = reads.of_run(run, index).into_iter();
        let since = since.take_while(|read| read.calls_before == index);
        let near: Vec<&EventRead> = match at_call.is_empty() {
            true => since.collect(),
            false => at_call,
        };
        let ways = Ways::of(near.iter().copied());
        let leaves = near.iter().filter(|read| read.present && !ways.has(read));
        for read in leaves {
            push(&mut found, origin(read, Certainty::Computed));
        }
    }
    if !found
        .iter()
        .any(|origin| origin.certainty == Certainty::Read)
    {
        for path in &call.guesses {
            let location = None;
            let certainty = Certainty::SameValue;
            push(
                &mut found,
                Origin {
                    path: path.clone(),
                    certainty,
                    location,
                },
            );
        }
        found.sort_by_key(|origin| origin.certainty);
    }
    found.truncate(MOST);
    found
}

/// Adds an origin, unless there are enough; guesses come last, so that none of the better ones is lost.
fn push(found: &mut Vec<Origin>, origin: Origin) {
    if found.len() < MOST && !found.iter().any(|known| known.path == origin.path) {
        found.push(origin);
    }
}
