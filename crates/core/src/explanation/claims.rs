//! The account of every claim that was set.

use std::collections::HashMap;

use serde_json::Value;

use super::expected::Ways;
use super::{Certainty, ClaimAccount, Origin, Setter};
use crate::claim_rules::{Remedy, RuleContext, remedies, spec_of};
use crate::limits::CUSTOM_CLAIMS_BYTES;
use crate::outcome::{ClaimRule, LedgerEntry, Outcome, TokenKind, Verdict};
use crate::reads::{EventRead, Record};
use crate::sources::is_trivial;

/// So many paths are told at most.
const MOST: usize = 5;

pub(super) fn accounts(
    context: &RuleContext<'_>,
    outcome: &Outcome,
    record: &Record,
) -> Vec<ClaimAccount> {
    let reads = Reads::new(&record.reads);
    let overwriters = overwriters(&outcome.ledger);
    let entries = outcome.ledger.iter().enumerate().zip(overwriters);
    let accounts = entries.map(|((index, entry), later)| {
        let overwritten_by = later.map(|other| Setter {
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
            origins: call.map_or_else(Vec::new, |call| origins(entry, call, &reads)),
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

/// The reads of a login, found by what they have in common with a claim. There can be as many claims as reads.
struct Reads<'r> {
    by_run: HashMap<usize, Vec<&'r EventRead>>,
    by_value: HashMap<(usize, String), Vec<&'r EventRead>>,
    by_line: HashMap<(usize, &'r str, u32), Vec<&'r EventRead>>,
}

/// So many reads are looked at for a claim, the latest first.
const MOST_READS: usize = 500;

impl<'r> Reads<'r> {
    fn new(reads: &'r [EventRead]) -> Self {
        let mut found = Self {
            by_run: HashMap::new(),
            by_value: HashMap::new(),
            by_line: HashMap::new(),
        };
        for read in reads {
            found.by_run.entry(read.run).or_default().push(read);
            if read.present {
                let key = (read.run, likeness(&read.value));
                found.by_value.entry(key).or_default().push(read);
            }
            if let Some(place) = &read.location {
                let key = (read.run, place.file.as_str(), place.line);
                found.by_line.entry(key).or_default().push(read);
            }
        }
        found
    }

    /// The reads of a list before a call, the latest first. Reads are in order, and so are the calls before them.
    fn before(list: Option<&Vec<&'r EventRead>>, index: usize) -> Vec<&'r EventRead> {
        let list = list.map(Vec::as_slice).unwrap_or_default();
        let end = list.partition_point(|read| read.calls_before <= index);
        let list = list.get(..end).unwrap_or_default().iter().rev();
        list.take(MOST_READS).copied().collect()
    }
}

/// The same for equal values, and seldom for others.
fn likeness(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.len()),
        Value::Object(members) => format!("{{{}}}", members.len()),
        // Of two long texts the length and the beginning will do.
        Value::String(text) => {
            let begin: String = text.chars().take(64).collect();
            format!("\"{}:{begin}", text.len())
        }
        value => value.to_string(),
    }
}

/// From where the value of a claim came: what was read and has it; else what was read at the call; else, as a guess,
/// where else it stands.
fn origins(entry: &LedgerEntry, (run, index): (usize, usize), reads: &Reads<'_>) -> Vec<Origin> {
    // Latest first: the last read before a call is the likeliest.
    let at_call = match &entry.location {
        Some(place) => {
            let key = (run, place.file.as_str(), place.line);
            Reads::before(reads.by_line.get(&key), index)
        }
        None => Vec::new(),
    };
    let with_value = reads.by_value.get(&(run, likeness(&entry.value)));
    let with_value = Reads::before(with_value, index);
    let origin = |read: &EventRead, certainty| Origin {
        path: read.path.clone(),
        certainty,
        location: read.location.clone(),
    };
    let mut found: Vec<Origin> = Vec::new();
    // What was read in the call itself comes before what merely has the same value.
    let equal = at_call.iter().chain(&with_value);
    let equal = equal.filter(|read| read.present && read.value == entry.value);
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
        let since = Reads::before(reads.by_run.get(&run), index).into_iter();
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

/// Adds an origin, unless there are enough; guesses come last, so that none of the better ones is lost.
fn push(found: &mut Vec<Origin>, origin: Origin) {
    if found.len() < MOST && !found.iter().any(|known| known.path == origin.path) {
        found.push(origin);
    }
}
