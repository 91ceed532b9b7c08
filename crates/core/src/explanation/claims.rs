//! The account of every claim that was set.

use std::collections::HashMap;

use super::expected::may_be;
use super::places::{Ways, order};
use super::{Certainty, ClaimAccount, ClaimSite, GivenValue, Origin, Region, Setter};
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
    sites: &[ClaimSite],
) -> Vec<ClaimAccount> {
    let reads = ReadIndex::new(&record.reads);
    let sites: HashMap<_, _> = sites
        .iter()
        .map(|site| (order(&site.location), site))
        .collect();
    let overwriters = overwriters(&outcome.ledger);
    let entries = outcome.ledger.iter().enumerate().zip(overwriters);
    let accounts = entries.map(|((index, entry), later)| {
        let overwritten_by = later.map(|other| Setter {
            action: other.action.clone(),
            location: other.location.clone(),
        });
        let call = record.claim_calls.get(index);
        let site = entry.location.as_ref().map(order);
        let given = site.and_then(|place| given(sites.get(&place)?, &entry.name));
        let origins = match (call, &given) {
            // Equal values in the event are equal by chance.
            (None, _) | (_, Some(Given::Literal)) => Vec::new(),
            (Some(call), given) => origins(entry, call, given.as_ref(), &reads),
        };
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
fn origins(
    entry: &LedgerEntry,
    call: &ClaimOrigin,
    given: Option<&Given<'_>>,
    reads: &ReadIndex<'_>,
) -> Vec<Origin> {
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
    // `true` stands everywhere: only a read that decides the value says something, or else the likeliest.
    let is_trivial = is_trivial(&entry.value);
    let equal = equal.filter(|read| match given {
        Some(given) if is_trivial => given.holds(read),
        _ => true,
    });
    let most = match is_trivial {
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
        // Conditions on the same line were read as well, and do not make the value.
        let makes_it = |read: &&&EventRead| given.is_some_and(|given| given.holds(read));
        let near: Vec<&EventRead> = match near.iter().any(|read| makes_it(&read)) {
            true => near.iter().filter(makes_it).copied().collect(),
            false => near,
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

/// The path that the value of a call came from, where the source of the Action shows it.
enum Given<'s> {
    Literal,
    /// The reads in these parts of the source decide it.
    Regions(Vec<&'s Region>),
}

impl Given<'_> {
    fn holds(&self, read: &EventRead) -> bool {
        let Some(place) = &read.location else {
            return false;
        };
        match self {
            Given::Literal => false,
            Given::Regions(regions) => regions.iter().any(|region| region.holds(place)),
        }
    }
}

/// Returns the source of the value of a call for a claim at a place: its own, or what the calls of its helper that may be for the
/// claim pass. `None` when one of them is not known.
fn given<'s>(site: &'s ClaimSite, name: &str) -> Option<Given<'s>> {
    let of_calls = site.routes.iter();
    let of_calls = of_calls.filter(|route| may_be(&route.name, name));
    let of_calls: Vec<_> = of_calls.map(|route| route.value.as_ref()).collect();
    let values = match &site.value {
        Some(value) => vec![Some(value)],
        None if site.omitted_routes == 0 && !of_calls.is_empty() => of_calls,
        None => return None,
    };
    let mut regions = Vec::new();
    let mut is_literal = true;
    for value in values {
        if let GivenValue::Regions(parts) = value? {
            is_literal = false;
            regions.extend(parts);
        }
    }
    Some(match is_literal {
        true => Given::Literal,
        false => Given::Regions(regions),
    })
}

/// Adds an origin, unless there are enough; guesses come last, so that none of the better ones is lost.
fn push(found: &mut Vec<Origin>, origin: Origin) {
    if found.len() < MOST && !found.iter().any(|known| known.path == origin.path) {
        found.push(origin);
    }
}
