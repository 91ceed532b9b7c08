//! The account of a claim that was asked about: whether a token has it, and if not, what stood in its way.

use super::claims::page;
use super::places::Login;
use super::{
    ClaimSite, ClaimSites, ExpectedClaim, NoToken, NotLoaded, Presence, PresenceState, Reached,
};
use crate::claim_rules::{RuleContext, remedies, rule_for};
use crate::outcome::{Outcome, Status, TokenKind, Verdict};
use crate::reads::Record;
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
    let is_there = is_there(&id_token) || is_there(&access_token);
    let similar = match is_there {
        true => None,
        false => similar(outcome, sites, name),
    };
    let not_loaded = outcome.not_loaded_with_reasons().filter(|_| !is_there);
    let not_loaded = not_loaded.map(|(action, error)| NotLoaded {
        action: action.to_owned(),
        error: error.to_owned(),
    });
    let not_loaded = not_loaded.collect();
    let login = Login::new(outcome, record, sites, name);
    let sites = sites.iter().filter(|site| may_be(&site.name, name));
    let sites = sites.map(|site| (site, login.account(site, name)));
    // A helper that is called for other claims only, and was not reached for any of them, has nothing to do with this one.
    let sites = sites.filter(|(site, account)| {
        let is_known = !site.routes.is_empty() && site.omitted_routes == 0;
        let mut routes = site.routes.iter();
        let may_be_for_it = routes.any(|route| may_be(&route.name, name));
        !is_known || may_be_for_it || was_called(account.reached)
    });
    let sites = sites.map(|(_, account)| account).collect();
    ExpectedClaim {
        name: name.to_owned(),
        id_token,
        access_token,
        similar,
        sites,
        omitted_sites: *omitted,
        not_loaded,
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
    let no_token = no_token(context, outcome, token);
    let unset = outcome
        .unset_claims
        .iter()
        .rfind(|call| call.token == token && call.name == name)
        .map(|call| call.value);
    let state = match set {
        Some(entry) if entry.verdict == Verdict::Dropped && !is_missing(no_token) => {
            PresenceState::Dropped
        }
        _ if no_token.is_some() => PresenceState::NoToken,
        // Nothing that has a value came after it, and it is not there: it was taken away.
        Some(entry) if entry.verdict == Verdict::Overwritten && unset.is_some() => {
            PresenceState::NoValue
        }
        Some(_) => PresenceState::Kept,
        None if claims.contains_key(name) => PresenceState::Standard,
        None if unset.is_some() => PresenceState::NoValue,
        None => PresenceState::NeverSet,
    };
    // A claim that is there needs nothing, and no rule applies to a token that is never issued.
    let applies = state != PresenceState::Standard && !is_missing(no_token);
    let rule = rule.filter(|_| applies);
    Presence {
        state,
        no_token: no_token.filter(|_| state == PresenceState::NoToken),
        no_value: unset.filter(|_| state == PresenceState::NoValue),
        rule,
        page: rule.and_then(page),
        remedies: match state {
            PresenceState::Standard | PresenceState::Kept => Vec::new(),
            _ if no_token == Some(NoToken::Trigger) => Vec::new(),
            _ => remedies(context, token, name),
        },
    }
}

/// Returns why a token is not there.
fn no_token(context: &RuleContext<'_>, outcome: &Outcome, token: TokenKind) -> Option<NoToken> {
    let is_of_trigger = match token {
        TokenKind::IdToken => outcome.trigger == Trigger::PostLogin,
        TokenKind::AccessToken => outcome.trigger.table().has_tokens,
    };
    let wants_openid = context.scopes.iter().any(|scope| scope == "openid");
    match outcome.status {
        _ if !is_of_trigger => Some(NoToken::Trigger),
        // A login that ended for another reason would have had none either: this is what the user has to change first.
        _ if token == TokenKind::IdToken && !wants_openid => Some(NoToken::NoOpenidScope),
        Status::Allowed => None,
        Status::Denied | Status::Failed => Some(NoToken::Ended),
        Status::Redirected | Status::Prompted | Status::Challenged => Some(NoToken::Waiting),
    }
}

/// Returns whether the token is missing whatever the Actions do.
fn is_missing(reason: Option<NoToken>) -> bool {
    matches!(reason, Some(NoToken::Trigger | NoToken::NoOpenidScope))
}

/// A name that was set, or that is in a source in a text, and differs from this one as a slip does.
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
    let likeness = |other: &str| {
        let other = plain(other);
        // In one namespace, only what comes after it distinguishes two names.
        match (wanted.rsplit_once('/'), other.rsplit_once('/')) {
            (Some((one, wanted)), Some((same, other))) if one == same => {
                strsim::jaro_winkler(wanted, other)
            }
            _ => strsim::jaro_winkler(&wanted, &other),
        }
    };
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

fn was_called(reached: Reached) -> bool {
    matches!(
        reached,
        Reached::Yes | Reached::NoValue | Reached::OtherNames | Reached::Discarded
    )
}

/// Whether a name can be made of known parts with anything between them.
pub(super) fn may_be(parts: &[String], name: &str) -> bool {
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
