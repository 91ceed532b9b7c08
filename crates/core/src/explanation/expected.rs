//! The account of a claim that was asked about: whether a token has it, and if not, what stood in its way.

use std::collections::{HashMap, HashSet};

use super::calls::Calls;
use super::claims::page;
use super::{
    ClaimSite, ClaimSites, ConditionAccount, ExpectedClaim, Presence, PresenceState, Reached,
    ReadValue, Region, SiteAccount,
};
use crate::claim_rules::{RuleContext, remedies, rule_for};
use crate::location::Location;
use crate::outcome::{Outcome, Status, TokenKind, Verdict};
use crate::reads::{EventRead, Record};
use crate::sources::step;
use crate::trigger::Trigger;

pub(super) fn account(
    context: &RuleContext<'_>,
    outcome: &Outcome,
    record: &Record,
    ClaimSites { sites, omitted }: &ClaimSites,
    name: &str,
) -> ExpectedClaim {
    let id_token = presence(context, outcome, TokenKind::IdToken, name);
    let access_token = presence(context, outcome, TokenKind::AccessToken, name);
    let is_there = |presence: &Presence| {
        matches!(
            presence.state,
            PresenceState::Kept
                | PresenceState::Dropped
                | PresenceState::Standard
                | PresenceState::NoValue
        )
    };
    let similar = if is_there(&id_token) || is_there(&access_token) {
        None
    } else {
        similar(outcome, sites, name)
    };
    let login = Login::new(outcome, record, sites, name);
    let sites = sites
        .iter()
        .filter(|site| may_be(&site.name, name))
        .map(|site| login.account(site, name))
        .collect();
    ExpectedClaim {
        name: name.to_owned(),
        id_token,
        access_token,
        similar,
        sites,
        omitted_sites: *omitted,
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
    let has_no_token = match token {
        TokenKind::IdToken => outcome.trigger != Trigger::PostLogin,
        TokenKind::AccessToken => !outcome.trigger.table().has_tokens,
    };
    let unset = outcome
        .unset_claims
        .iter()
        .rfind(|call| call.token == token && call.name == name)
        .map(|call| call.value);
    let state = match set {
        _ if has_no_token => PresenceState::NoToken,
        Some(entry) if entry.verdict == Verdict::Dropped => PresenceState::Dropped,
        _ if outcome.status != Status::Allowed => PresenceState::NoToken,
        // Nothing that has a value came after it, and it is not there: it was taken away.
        Some(entry) if entry.verdict == Verdict::Overwritten && unset.is_some() => {
            PresenceState::NoValue
        }
        Some(_) => PresenceState::Kept,
        None if claims.contains_key(name) => PresenceState::Standard,
        None if unset.is_some() => PresenceState::NoValue,
        None => PresenceState::NeverSet,
    };
    // A claim that is there needs nothing.
    let rule = rule.filter(|_| state != PresenceState::Standard && !has_no_token);
    Presence {
        state,
        no_value: unset.filter(|_| state == PresenceState::NoValue),
        rule,
        page: rule.and_then(page),
        remedies: match state {
            PresenceState::Standard | PresenceState::Kept => Vec::new(),
            _ if has_no_token => Vec::new(),
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
    let lengths_allow = |other: &&str| {
        let (one, other) = (wanted.len(), other.len());
        // Below a quarter the likeness is at most 0.85.
        one.min(other) * 4 + 32 >= one.max(other)
    };
    let best = set
        .chain(written)
        .filter(|other| *other != name)
        .filter(lengths_allow)
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

/// What a login did, as far as places that set one claim are concerned.
struct Login<'l> {
    outcome: &'l Outcome,
    /// The calls that set claims.
    calls: Calls<'l>,
    /// What each Action read at a known place, by that place, with its number in the order of the login.
    reads: HashMap<&'l str, Vec<(&'l Location, usize, &'l EventRead)>>,
}

impl<'l> Login<'l> {
    fn new(outcome: &'l Outcome, record: &'l Record, sites: &[ClaimSite], name: &str) -> Self {
        let mut reads: HashMap<&str, Vec<_>> = HashMap::new();
        for (number, read) in record.reads.iter().enumerate() {
            if let Some(place) = &read.location {
                let of_action = reads.entry(read.action.as_str()).or_default();
                of_action.push((place, number, read));
            }
        }
        for of_action in reads.values_mut() {
            of_action.sort_by(|(one, first, read), (other, second, same)| {
                let one = (order(one), &read.path, first);
                one.cmp(&(order(other), &same.path, second))
            });
            // In a loop the same is read at the same place again and again.
            of_action.dedup_by(|(one, _, later), (other, _, earlier)| {
                order(one) == order(other) && later.path == earlier.path
            });
        }
        Self {
            outcome,
            calls: Calls::of(outcome, sites, name),
            reads,
        }
    }

    fn account(&self, site: &ClaimSite, name: &str) -> SiteAccount {
        let mut actions = self.outcome.usage.actions.iter();
        let ran = actions.any(|usage| usage.action == site.action);
        let error = self.outcome.error.as_ref();
        let failed = error.is_some_and(|error| error.action == site.action);
        let (was_set, unset) = (self.calls.has_set(site), self.calls.no_value(site));
        let others = self.calls.other_names(site);
        let reached = match (was_set, unset, ran, failed) {
            (true, ..) => Reached::Yes,
            (false, Some(_), ..) => Reached::NoValue,
            (false, None, ..) if !others.is_empty() => Reached::OtherNames,
            (false, None, false, _) => Reached::NotRun,
            (false, None, true, true) => Reached::Failed,
            (false, None, true, false) => Reached::No,
        };
        let conditions = if reached == Reached::No || reached == Reached::Failed {
            let mut conditions = self.conditions(site);
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
            no_value: unset.filter(|_| reached == Reached::NoValue),
            other_names: match reached {
                Reached::OtherNames => others,
                _ => Vec::new(),
            },
            conditions,
        }
    }

    fn conditions(&self, site: &ClaimSite) -> Vec<ConditionAccount> {
        let accounts = site.conditions.iter().map(|condition| {
            let (inside, omitted_reads) = self.inside(&site.action, &condition.regions);
            let ways = Ways::of(inside.iter().copied());
            let mut known = HashSet::new();
            let leaves = inside.iter().filter(|read| !ways.has(read));
            let reads = leaves
                .filter(|read| known.insert(read.path.as_str()))
                .map(|read| ReadValue {
                    path: read.path.clone(),
                    present: read.present,
                    value: read.value.clone(),
                });
            ConditionAccount {
                text: condition.text.clone(),
                must_be: condition.must_be,
                location: condition.location.clone(),
                reads: reads.collect(),
                omitted_reads,
            }
        });
        accounts.collect()
    }

    /// What an Action read inside of the regions, in the order of the login; at most [`MOST_READS`] of each region, and how many
    /// there are beyond those.
    fn inside(&self, action: &str, regions: &[Region]) -> (Vec<&'l EventRead>, usize) {
        let reads = self.reads.get(action).map(Vec::as_slice);
        let reads = reads.unwrap_or_default();
        let mut inside: Vec<(usize, &EventRead)> = Vec::new();
        let mut omitted = 0;
        for region in regions {
            let first = reads.partition_point(|(place, ..)| order(place) < order(&region.start));
            let from = reads.iter().skip(first);
            let mut within = from.take_while(|(place, ..)| region.holds(place));
            let looked_at = within.by_ref().take(MOST_READS);
            inside.extend(looked_at.map(|(_, number, read)| (*number, *read)));
            omitted += within.count();
        }
        inside.sort_by_key(|(number, _)| *number);
        inside.dedup_by_key(|(number, _)| *number);
        let reads = inside.into_iter().map(|(_, read)| read);
        (reads.collect(), omitted)
    }
}

/// So many reads of a region are looked at.
const MOST_READS: usize = 100;

/// The order of places in the texts of a login.
pub(super) fn order(place: &Location) -> (&str, u32, u32) {
    (&place.file, place.line, place.column)
}

/// What other reads went through: `event.user` for `event.user.email`.
pub(super) struct Ways<'r>(HashSet<&'r str>);

impl<'r> Ways<'r> {
    pub(super) fn of(reads: impl IntoIterator<Item = &'r EventRead>) -> Self {
        let mut ways = HashSet::new();
        for read in reads {
            let path = read.path.as_str();
            let steps = path
                .char_indices()
                .filter(|(_, letter)| matches!(letter, '.' | '['));
            for (at, _) in steps {
                ways.insert(path.get(..at).unwrap_or_default());
            }
        }
        Self(ways)
    }

    /// Whether another read went further down from this one.
    pub(super) fn has(&self, read: &EventRead) -> bool {
        self.0.contains(read.path.as_str())
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
