//! The account of every claim that was set.

use super::{Certainty, ClaimAccount, Origin, Setter};
use crate::claim_rules::{Remedy, RuleContext, remedies, spec_of};
use crate::limits::CUSTOM_CLAIMS_BYTES;
use crate::outcome::{ClaimRule, LedgerEntry, Outcome, Verdict};
use crate::reads::{EventRead, Record};
use crate::sources::is_trivial;

/// So many paths are told at most.
const MOST: usize = 5;

/// So many reads near a call are compared with each other, the last ones first.
const MOST_COMPARED: usize = 200;

pub(super) fn accounts(
    context: &RuleContext<'_>,
    outcome: &Outcome,
    record: &Record,
) -> Vec<ClaimAccount> {
    let entries = outcome.ledger.iter().enumerate();
    let accounts = entries.map(|(index, entry)| {
        let later = outcome.ledger.iter().skip(index + 1);
        let mut same = later.filter(|other| other.token == entry.token && other.name == entry.name);
        let overwritten_by = same.next().map(|other| Setter {
            action: other.action.clone(),
            location: other.location.clone(),
        });
        let call = record.claim_calls.get(index).copied();
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
            origins: call.map_or_else(Vec::new, |call| origins(entry, call, &record.reads)),
            remedies: steps(context, entry),
        }
    });
    accounts.collect()
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
fn origins(entry: &LedgerEntry, (run, index): (usize, usize), reads: &[EventRead]) -> Vec<Origin> {
    // Latest first: the last read before a call is the likeliest.
    let mut before: Vec<&EventRead> = Vec::new();
    for read in reads.iter().rev() {
        if read.run == run && read.calls_before <= index {
            before.push(read);
        }
    }
    let is_at_call = |read: &&EventRead| match (&read.location, &entry.location) {
        (Some(read), Some(call)) => read.file == call.file && read.line == call.line,
        _ => false,
    };
    let origin = |read: &EventRead, certainty| Origin {
        path: read.path.clone(),
        certainty,
        location: read.location.clone(),
    };
    let mut found: Vec<Origin> = Vec::new();
    let mut equal: Vec<&EventRead> = before
        .iter()
        .copied()
        .filter(|read| read.present && read.value == entry.value)
        .collect();
    // What was read in the call itself comes before what merely has the same value.
    equal.sort_by_key(|read| !is_at_call(read));
    if is_trivial(&entry.value) {
        // `true` stands everywhere: only the likeliest read says something.
        equal.truncate(1);
    }
    for read in equal {
        push(&mut found, origin(read, Certainty::Read));
    }
    if found.is_empty() {
        let at_call: Vec<&EventRead> = before.iter().copied().filter(is_at_call).collect();
        // Between the previous call and this one.
        let since = before
            .iter()
            .copied()
            .filter(|read| read.calls_before == index);
        let near: Vec<&EventRead> = if at_call.is_empty() {
            since.collect()
        } else {
            at_call
        };
        let near = near
            .get(..near.len().min(MOST_COMPARED))
            .unwrap_or_default();
        let leaves = near
            .iter()
            .filter(|read| read.present && !near.iter().any(|other| read.leads_to(other)));
        for read in leaves {
            push(&mut found, origin(read, Certainty::Computed));
        }
    }
    if !found
        .iter()
        .any(|origin| origin.certainty == Certainty::Read)
    {
        for path in &entry.sources {
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

fn push(found: &mut Vec<Origin>, origin: Origin) {
    // More are not told, so there is no need to look whether they are new.
    if found.len() < MOST && !found.iter().any(|known| known.path == origin.path) {
        found.push(origin);
    }
}
