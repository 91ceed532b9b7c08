//! The two tokens, claim by claim: what stands in them, what became of every custom claim, and where it was set.

use std::collections::{HashMap, HashSet};
use std::io;

use postlogin_core::Trigger;
use postlogin_core::outcome::{LedgerEntry, Outcome, Status, TokenKind, Verdict};
use serde_json::{Map, Value};

use super::claim_table::{Row, write_rows};
use super::human::HumanOptions;
use super::page::{Page, span};
use super::style::Role;
use super::text;

pub(super) fn write(
    page: &mut Page<'_>,
    outcome: &Outcome,
    options: &HumanOptions<'_>,
) -> io::Result<()> {
    let (id, access) = (&outcome.id_token, &outcome.access_token);
    // A page of the documentation is named once, at the first claim that a rule of it dropped.
    let mut told = HashSet::new();
    for (kind, title, claims, opaque, jwt) in [
        (TokenKind::IdToken, "ID token", &id.claims, false, &id.jwt),
        (
            TokenKind::AccessToken,
            "Access token",
            &access.claims,
            access.opaque,
            &access.jwt,
        ),
    ] {
        if kind == TokenKind::IdToken && outcome.trigger == Trigger::CredentialsExchange {
            continue;
        }
        let (mut rows, mut absent) = rows(kind, claims, &outcome.ledger);
        let remark = remark(rows.iter().chain(&absent), claims, opaque);
        let left_out = match options.verbose {
            true => 0,
            false => shorten(&mut rows) + shorten(&mut absent),
        };
        rows.append(&mut absent);
        // A login that is allowed has an ID token, unless it did not request one.
        if kind == TokenKind::IdToken && claims.is_empty() && outcome.status == Status::Allowed {
            rows.iter_mut().for_each(|row| row.is_issued = false);
        }
        let jwt = jwt.as_ref().filter(|_| options.tokens);
        if rows.is_empty() && jwt.is_none() && outcome.status != Status::Allowed {
            continue;
        }
        page.heading(title, &remark)?;
        write_rows(page, &rows, options.verbose, outcome.trigger, &mut told)?;
        page.left_out(2, left_out, "claim")?;
        if let Some(jwt) = jwt {
            page.blank()?;
            // Whole and alone on its line: it is there to be copied.
            page.line(0, &[span(Role::Plain, jwt)])?;
        }
    }
    Ok(())
}

/// Takes away what is too much for a screen and returns how many rows that were.
fn shorten(rows: &mut Vec<Row<'_>>) -> usize {
    let left_out = rows.len().saturating_sub(MOST_ROWS);
    rows.truncate(MOST_ROWS);
    left_out
}

/// The most claims of a token that are shown, and the most that are not in it.
const MOST_ROWS: usize = 150;

/// Returns what is in the token, in its order, and what is not, in the order of the calls.
fn rows<'a>(
    kind: TokenKind,
    claims: &Map<String, Value>,
    ledger: &'a [LedgerEntry],
) -> (Vec<Row<'a>>, Vec<Row<'a>>) {
    let of_token: Vec<&LedgerEntry> = ledger.iter().filter(|entry| entry.token == kind).collect();
    let kept = of_token
        .iter()
        .filter(|entry| entry.verdict == Verdict::Kept);
    // Of several calls, the last one wins.
    let kept: HashMap<&str, &LedgerEntry> =
        kept.map(|entry| (entry.name.as_str(), *entry)).collect();
    let present = claims.iter().map(|(name, value)| {
        let entry = kept.get(name.as_str()).copied();
        let (mark, role) = if entry.is_some() {
            ("✓", Role::Good)
        } else {
            (" ", Role::Dim)
        };
        Row {
            mark,
            role,
            name: text::clean(name),
            value: if entry.is_none() {
                standard(name, value)
            } else {
                shown(value)
            },
            entry,
            later: None,
            is_issued: true,
        }
    });
    let present = present.collect();
    let mut absent = Vec::new();
    // From the end, so that the next call for the same claim is known.
    let mut next: HashMap<&str, &LedgerEntry> = HashMap::new();
    for entry in of_token.iter().rev() {
        let later = next.insert(entry.name.as_str(), entry);
        let (mark, role) = match entry.verdict {
            Verdict::Kept if claims.contains_key(&entry.name) => continue,
            // Of a login that ended without tokens.
            Verdict::Kept => ("✓", Role::Dim),
            Verdict::Dropped => ("✗", Role::Bad),
            Verdict::Overwritten => ("~", Role::Warn),
        };
        absent.push(Row {
            mark,
            role,
            name: text::clean(&entry.name),
            value: shown(&entry.value),
            entry: Some(entry),
            later: later.filter(|_| entry.verdict == Verdict::Overwritten),
            is_issued: true,
        });
    }
    absent.reverse();
    (present, absent)
}

/// A standard claim; a time is told in words as well.
fn standard(name: &str, value: &Value) -> String {
    let is_time = ["iat", "exp", "nbf", "auth_time"].contains(&name);
    match value.as_u64().filter(|_| is_time).and_then(text::date) {
        Some(date) => format!("{value}  {date}"),
        None => shown(value),
    }
}

fn shown(value: &Value) -> String {
    text::clean(&value.to_string())
}

fn remark<'a>(
    rows: impl Iterator<Item = &'a Row<'a>> + Clone,
    claims: &Map<String, Value>,
    opaque: bool,
) -> String {
    let count = |verdict: Verdict| {
        rows.clone()
            .filter_map(|row| row.entry)
            .filter(|entry| entry.verdict == verdict)
            .count()
    };
    let mut parts = Vec::new();
    if opaque {
        parts.push("opaque, carries no claims".to_owned());
    } else if claims.is_empty() {
        parts.push("not issued".to_owned());
    } else {
        parts.push(text::counted(claims.len(), "claim"));
    }
    for (verdict, word) in [
        (Verdict::Kept, "custom"),
        (Verdict::Dropped, "dropped"),
        (Verdict::Overwritten, "overwritten"),
    ] {
        match count(verdict) {
            0 => {}
            number => parts.push(format!("{number} {word}")),
        }
    }
    parts.join(", ")
}
