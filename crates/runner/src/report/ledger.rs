//! Why a claim is what it is: the calls that set it, and what became of each.

use postlogin_core::event::suggest::closest;
use postlogin_core::outcome::{ClaimRule, LedgerEntry, Outcome, TokenKind, UnsetClaim, Verdict};
use postlogin_project::cases::ExpectKey;

use super::lines::{Line, Role, shortened};
use crate::run_event::Mismatch;

/// A longer value is cut: the difference above shows what is wrong with it.
const LONGEST: usize = 200;

/// The number of claims that are named before the rest is only counted.
const MOST_NAMES: usize = 10;

/// Among more names than these, none is looked for that is nearly the same.
const MOST_COMPARED: usize = 200;

/// The number of calls that are listed for one claim.
const MOST_CALLS: usize = 20;

/// Returns the ledger's lines about the claim of a mismatch.
pub(super) fn lines(mismatch: &Mismatch, outcome: &Outcome) -> Vec<Line> {
    let Some(name) = &mismatch.name else {
        return Vec::new();
    };
    let token = match mismatch.key {
        ExpectKey::IdToken => Some(TokenKind::IdToken),
        ExpectKey::AccessToken => Some(TokenKind::AccessToken),
        _ => None,
    };
    let of_token = |entry: &&LedgerEntry| token.is_none_or(|token| entry.token == token);
    let calls = outcome.ledger.iter().filter(of_token);
    let calls: Vec<&LedgerEntry> = calls.filter(|entry| entry.name == *name).collect();
    // The last calls decide.
    let left_out = calls.len().saturating_sub(MOST_CALLS);
    let mut lines = Vec::new();
    if left_out > 0 {
        lines.push(label(format!("… {left_out} earlier calls")));
    }
    let calls = calls.iter().skip(left_out);
    lines.extend(calls.map(|entry| label(lines_of(entry, token.is_none()))));
    // A call without a value is of interest unless another set the claim after it.
    let last = outcome
        .ledger
        .iter()
        .rfind(|entry| entry.name == *name && of_token(entry));
    if last.is_none_or(|entry| entry.verdict == Verdict::Overwritten) {
        let is_asked = |call: &&UnsetClaim| {
            call.name == *name && token.is_none_or(|token| call.token == token)
        };
        let unset: Vec<&UnsetClaim> = outcome.unset_claims.iter().filter(is_asked).collect();
        let left_out = unset.len().saturating_sub(MOST_CALLS);
        if left_out > 0 {
            lines.push(label(format!("… {left_out} earlier calls without a value")));
        }
        let unset = unset.into_iter().skip(left_out);
        lines.extend(unset.map(|call| label(line_of_unset(call))));
    }
    if lines.is_empty() {
        let mut set: Vec<&str> = outcome
            .ledger
            .iter()
            .filter(of_token)
            .map(|entry| entry.name.as_str())
            .collect();
        set.dedup();
        let near = match set.len() <= MOST_COMPARED {
            true => closest(name, set.iter().copied()),
            false => None,
        };
        let what = match (near, set.is_empty()) {
            _ if mismatch.actual.is_some() && mismatch.key != ExpectKey::Dropped => return lines,
            (Some(near), _) => format!("no Action set it; `{near}` was set"),
            (None, true) => "no Action set any claim of this token".to_owned(),
            (None, false) => format!("no Action set it; set were {}", listed(&set)),
        };
        lines.push(label(what));
    }
    let opaque = mismatch.key == ExpectKey::AccessToken && outcome.access_token.opaque;
    if opaque && lines.len() < 2 && mismatch.actual.is_none() {
        lines.push(label(
            "the access token is opaque: no API audience was requested".into(),
        ));
    }
    lines
}

fn listed(names: &[&str]) -> String {
    let shown = names.iter().take(MOST_NAMES);
    let shown: Vec<String> = shown
        .map(|name| shortened(name, LONGEST).into_owned())
        .collect();
    let more = names.len().saturating_sub(MOST_NAMES);
    match more {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn label(text: String) -> Line {
    Line::of(Role::Dim, "  ledger  ").and(Role::Plain, text)
}

fn lines_of(entry: &LedgerEntry, name_token: bool) -> String {
    let verdict = match (entry.verdict, entry.rule) {
        (Verdict::Kept, _) => "kept".to_owned(),
        (Verdict::Overwritten, _) => "overwritten by a later call".to_owned(),
        (Verdict::Dropped, Some(rule)) => format!("dropped, {}", why(rule)),
        (Verdict::Dropped, None) => "dropped".to_owned(),
    };
    let place = entry.location.as_ref();
    let place = place.map(|at| format!(" at {}:{}:{}", at.file, at.line, at.column));
    let source = entry.sources.first();
    let source = source.map(|source| format!(", from {source}"));
    let token = match (name_token, entry.token) {
        (false, _) => "",
        (true, TokenKind::IdToken) => "id_token: ",
        (true, TokenKind::AccessToken) => "access_token: ",
    };
    format!(
        "{token}{verdict}: {} set {} {}{}",
        entry.action,
        shortened(&entry.value.to_string(), LONGEST),
        place.unwrap_or_default().trim_start(),
        source.unwrap_or_default(),
    )
}

fn line_of_unset(call: &UnsetClaim) -> String {
    let method = match call.token {
        TokenKind::IdToken => "idToken.setCustomClaim",
        TokenKind::AccessToken => "accessToken.setCustomClaim",
    };
    let place = call.location.as_ref();
    let place = place.map(|at| format!(" at {}:{}:{}", at.file, at.line, at.column));
    format!(
        "no claim is set: {} called {method} with {}{}",
        call.action,
        call.value.called(),
        place.unwrap_or_default(),
    )
}

fn why(rule: ClaimRule) -> &'static str {
    match rule {
        ClaimRule::RestrictedName => "the name is reserved (restricted-name)",
        ClaimRule::Auth0Namespace => "the namespace is Auth0's own (auth0-namespace)",
        ClaimRule::ScopeFilter => "its scope was not granted (scope-filter)",
        ClaimRule::Auth0ApiAudience => "the API is Auth0's own (auth0-api-audience)",
        ClaimRule::OpaqueToken => "the token is opaque (opaque-token)",
        ClaimRule::SizeLimit => "all custom claims together are too large (size-limit)",
    }
}
