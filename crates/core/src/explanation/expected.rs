//! The account of a claim that was asked about: whether a token has it, and if not, what stood in its way.

use super::claims::page;
use super::{
    ClaimSite, ConditionAccount, ExpectedClaim, Presence, PresenceState, Reached, ReadValue,
    SiteAccount,
};
use crate::claim_rules::{RuleContext, remedies, rule_for};
use crate::outcome::{Outcome, Status, TokenKind, Verdict};
use crate::reads::{EventRead, Record};
use crate::sources::step;

pub(super) fn account(
    context: &RuleContext<'_>,
    outcome: &Outcome,
    record: &Record,
    sites: &[ClaimSite],
    name: &str,
) -> ExpectedClaim {
    let id_token = presence(context, outcome, TokenKind::IdToken, name);
    let access_token = presence(context, outcome, TokenKind::AccessToken, name);
    let is_there = |presence: &Presence| {
        matches!(
            presence.state,
            PresenceState::Kept | PresenceState::Dropped | PresenceState::Standard
        )
    };
    let similar = if is_there(&id_token) || is_there(&access_token) {
        None
    } else {
        similar(outcome, sites, name)
    };
    let sites = sites
        .iter()
        .filter(|site| may_be(&site.name, name))
        .map(|site| site_account(outcome, record, site, name))
        .collect();
    ExpectedClaim {
        name: name.to_owned(),
        id_token,
        access_token,
        similar,
        sites,
    }
}

fn presence(
    context: &RuleContext<'_>,
    outcome: &Outcome,
    token: TokenKind,
    name: &str,
) -> Presence {
    let claims = match token {
        TokenKind::IdToken => &outcome.id_token.claims,
        TokenKind::AccessToken => &outcome.access_token.claims,
    };
    let set = outcome
        .ledger
        .iter()
        .rfind(|entry| entry.token == token && entry.name == name);
    let rule = match set {
        Some(entry) => entry.rule,
        None => rule_for(context, token, name),
    };
    let state = match set {
        Some(entry) if entry.verdict == Verdict::Dropped => PresenceState::Dropped,
        _ if outcome.status != Status::Allowed => PresenceState::NoToken,
        Some(_) => PresenceState::Kept,
        None if claims.contains_key(name) => PresenceState::Standard,
        None => PresenceState::NeverSet,
    };
    // A claim that is there needs nothing.
    let rule = rule.filter(|_| state != PresenceState::Standard);
    Presence {
        state,
        rule,
        page: rule.and_then(page),
        remedies: match state {
            PresenceState::Standard | PresenceState::Kept => Vec::new(),
            _ => remedies(context, token, name),
        },
    }
}

/// A name that was set, or that stands in a text, and differs from this one as a slip does.
fn similar(outcome: &Outcome, sites: &[ClaimSite], name: &str) -> Option<String> {
    let set = outcome.ledger.iter().map(|entry| entry.name.as_str());
    let written = sites.iter().filter_map(|site| match site.name.as_slice() {
        [whole] => Some(whole.as_str()),
        _ => None,
    });
    let plain = |name: &str| {
        let name = name.to_lowercase();
        let name = name
            .trim_start_matches("https://")
            .trim_start_matches("http://");
        name.trim_end_matches('/').to_owned()
    };
    let wanted = plain(name);
    let likeness = |other: &str| strsim::jaro_winkler(&wanted, &plain(other));
    let best = set
        .chain(written)
        .filter(|other| *other != name)
        .map(|other| (likeness(other), other))
        .filter(|(likeness, _)| *likeness > 0.93)
        .max_by(|one, other| one.0.total_cmp(&other.0));
    best.map(|(_, other)| other.to_owned())
}

/// Whether a name can be made of known parts with anything between them.
fn may_be(parts: &[String], name: &str) -> bool {
    let Some((first, others)) = parts.split_first() else {
        return false;
    };
    if others.is_empty() {
        return first == name;
    }
    let Some(mut rest) = name.strip_prefix(first.as_str()) else {
        return false;
    };
    let Some((last, middle)) = others.split_last() else {
        return false;
    };
    for part in middle {
        let Some(at) = rest.find(part.as_str()) else {
            return false;
        };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.len() >= last.len() && rest.ends_with(last.as_str())
}

fn site_account(outcome: &Outcome, record: &Record, site: &ClaimSite, name: &str) -> SiteAccount {
    let ran = outcome
        .usage
        .actions
        .iter()
        .any(|usage| usage.action == site.action);
    let was_set = outcome.ledger.iter().any(|entry| {
        entry.name == name
            && entry.location.as_ref().is_some_and(|place| {
                place.file == site.location.file && place.line == site.location.line
            })
    });
    let failed = outcome
        .error
        .as_ref()
        .is_some_and(|error| error.action == site.action);
    let reached = match (was_set, ran, failed) {
        (true, ..) => Reached::Yes,
        (false, false, _) => Reached::NotRun,
        (false, true, true) => Reached::Failed,
        (false, true, false) => Reached::No,
    };
    let conditions = if reached == Reached::No || reached == Reached::Failed {
        let mut conditions = conditions(record, site);
        if let Some(part) = unknown_part(&site.name, name) {
            keep_reads_of(&mut conditions, part);
        }
        conditions
    } else {
        Vec::new()
    };
    SiteAccount {
        action: site.action.clone(),
        method: site.method.clone(),
        location: site.location.clone(),
        certain: site.name.len() == 1,
        reached,
        conditions,
    }
}

/// What stands for the one unknown part of a name: `hobby` for `https://x/…` and `https://x/hobby`.
fn unknown_part<'n>(parts: &[String], name: &'n str) -> Option<&'n str> {
    let [before, behind] = parts else { return None };
    name.strip_prefix(before.as_str())?
        .strip_suffix(behind.as_str())
        .filter(|part| !part.is_empty())
}

/// In a loop over names, what was read for the others says nothing of this one.
fn keep_reads_of(conditions: &mut [ConditionAccount], part: &str) {
    let ends = [step(part), format!("[{part}]")];
    let is_of = |read: &ReadValue| ends.iter().any(|end| read.path.ends_with(end.as_str()));
    for condition in conditions {
        if condition.reads.iter().any(is_of) {
            condition.reads.retain(is_of);
        }
    }
}

/// So many reads inside of one condition are compared with each other.
const MOST_COMPARED: usize = 1_000;

fn conditions(record: &Record, site: &ClaimSite) -> Vec<ConditionAccount> {
    let of_action: Vec<&EventRead> = record
        .reads
        .iter()
        .filter(|read| read.action == site.action)
        .collect();
    let accounts = site.conditions.iter().map(|condition| {
        let inside: Vec<&EventRead> = of_action
            .iter()
            .copied()
            .filter(|read| {
                read.location
                    .as_ref()
                    .is_some_and(|place| condition.regions.iter().any(|region| region.holds(place)))
            })
            .take(MOST_COMPARED)
            .collect();
        let mut reads: Vec<ReadValue> = Vec::new();
        for read in &inside {
            let is_way = inside.iter().any(|other| read.leads_to(other));
            if !is_way && !reads.iter().any(|known| known.path == read.path) {
                reads.push(ReadValue {
                    path: read.path.clone(),
                    present: read.present,
                    value: read.value.clone(),
                });
            }
        }
        ConditionAccount {
            text: condition.text.clone(),
            must_be: condition.must_be,
            location: condition.location.clone(),
            reads,
        }
    });
    accounts.collect()
}

#[cfg(test)]
mod tests {
    use super::may_be;

    #[test]
    fn a_pattern_holds_its_parts_in_order() {
        #[track_caller]
        fn check(parts: &[&str], name: &str, expected: bool) {
            let parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
            assert_eq!(may_be(&parts, name), expected, "{parts:?} {name}");
        }
        check(&[], "x", false);
        check(&["x"], "x", true);
        check(&["x"], "xy", false);
        check(&["https://x/", ""], "https://x/hobby", true);
        check(&["https://x/", ""], "https://y/hobby", false);
        check(&["", "/hobby"], "https://x/hobby", true);
        check(&["", "/hobby"], "https://x/hobby/2", false);
        check(&["a", "b", "c"], "a-b-c", true);
        check(&["a", "b", "c"], "ac", false);
        check(&["ab", "bc"], "abc", false);
        check(&["", ""], "anything", true);
    }
}
