//! Finds credentials that sentences and command lines name: `Your password is hunter2`, `curl -u user:hunter2`.

use std::ops::Range;

use super::{credential, looks_generated, shapes};
use crate::credentials::names::{Credential, Medium, ends_with_credential, may_end_credential};

/// Words between the name of a credential and its value.
const LINKS: &[&str] = &[
    "are", "as", "be", "been", "changed", "has", "have", "is", "now", "of", "reset", "set",
    "still", "to", "was", "will",
];

/// Words with letters and digits that name algorithms.
const ALGORITHMS: &[&str] = &[
    "argon2",
    "argon2id",
    "argon2i",
    "auth0",
    "base32",
    "base64",
    "base64url",
    "ed25519",
    "es256k",
    "md5",
    "oauth2",
    "pbkdf2",
    "sha1",
    "sha224",
    "sha256",
    "sha384",
    "sha512",
    "x25519",
    "utf8",
];

/// Returns the values of credentials that are named in sentences.
pub(super) fn values(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut before: Option<Range<usize>> = None;
    for word in words(text) {
        let last = text.get(word.clone()).unwrap_or_default();
        let together = before.filter(|before| text.get(before.end..word.start) == Some(" "));
        before = Some(word.clone());
        if !may_end_credential(last) {
            continue;
        }
        let first = together.clone().unwrap_or(word.clone()).start;
        let name = text.get(first..word.end).unwrap_or_default();
        let previous = together
            .and_then(|range| text.get(range))
            .unwrap_or_default();
        // `Unexpected token 'a1b2c3' in JSON` is about syntax.
        if !ends_with_credential(name) || previous.eq_ignore_ascii_case("unexpected") {
            continue;
        }
        found.extend(value_after(text, word.end, name));
    }
    found
}

fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let is_letter = |letter: char| letter.is_alphanumeric() || "_-".contains(letter);
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text.get(at..)?.find(is_letter)?;
        let rest = text.get(start..)?;
        let length = rest.find(|letter| !is_letter(letter)).unwrap_or(rest.len());
        at = start + length;
        Some(start..at)
    })
}

/// The value behind a name, over `is`, `has been set to` and the like.
fn value_after(text: &str, from: usize, name: &str) -> Option<Range<usize>> {
    const LINKED: usize = 5;
    let mut at = from;
    let mut linked = false;
    for _ in 0..LINKED {
        let rest = text.get(at..)?;
        let blank = rest.len() - rest.trim_start_matches([' ', '\n', '\r', '\t']).len();
        let word = rest
            .get(blank..)?
            .split(|letter: char| !letter.is_alphabetic())
            .next()?;
        if blank == 0 || !LINKS.iter().any(|link| word.eq_ignore_ascii_case(link)) {
            break;
        }
        at += blank + word.len();
        linked = true;
    }
    let rest = text.get(at..)?;
    let rest = match linked {
        true => rest.strip_prefix(':').unwrap_or(rest),
        false => rest,
    };
    let lead = rest.trim_start_matches([' ', '\n', '\r', '\t']);
    let start = text.len() - lead.len();
    if start == at {
        return None;
    }
    let quote = lead
        .chars()
        .next()
        .filter(|quote| "\"'`(<[“„«‘".contains(*quote));
    let inner = lead.get(quote.map_or(0, char::len_utf8)..)?;
    let start = text.len() - inner.len();
    let ends = |letter: char| letter.is_whitespace() || "\"'`)>]”“»’,;".contains(letter);
    let length = inner.find(ends).unwrap_or(inner.len());
    let value = inner.get(..length)?.trim_end_matches(['.', '!', '?', ':']);
    let is_number = value.len() >= 4 && value.bytes().all(|byte| byte.is_ascii_digit());
    let hides = match (linked, quote) {
        _ if ALGORITHMS.contains(&value.to_lowercase().as_str()) => false,
        (_, Some(_)) => shapes::is_random(value) || is_chosen(value),
        (true, None) => {
            shapes::is_random(value) || is_chosen(value) || (is_number && is_code(name))
        }
        (false, None) => shapes::is_random(value),
    };
    hides.then_some(start..start + value.len())
}

/// Numbers open something where a code does: a PIN, a one-time password.
fn is_code(name: &str) -> bool {
    let last = name.rsplit([' ', '_', '-']).next().unwrap_or_default();
    ["pin", "otp", "totp", "passcode", "code", "cvc", "cvv"]
        .iter()
        .any(|code| last.eq_ignore_ascii_case(code))
}

/// Letters and digits in one word, as people choose passwords; dates, sizes and names of settings are not so.
fn is_chosen(value: &str) -> bool {
    let is_setting = value.contains('_')
        && value
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    !is_setting
        && !value.contains("://")
        && value.split(['-', '_', '.', '/', ':']).any(|piece| {
            piece.len() >= 6
                && piece.starts_with(|first: char| !first.is_ascii_digit())
                && piece.bytes().any(|byte| byte.is_ascii_digit())
                && piece.bytes().any(|byte| byte.is_ascii_alphabetic())
                && !ALGORITHMS.contains(&piece.to_lowercase().as_str())
        })
}

/// Returns the values of options in command lines: `curl -u user:…`, `--token …`.
pub(super) fn options(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    if !text.contains(" -") {
        return found;
    }
    for line in text.split_inclusive('\n') {
        // `-u` means other things to other commands.
        let with_user = line.contains("curl") || line.contains("http");
        let mut start = at;
        let mut option = "";
        for word in line.split([' ', '\t', '\n', '\r']) {
            let place = start;
            start += word.len() + 1;
            if word.is_empty() {
                continue;
            }
            let asks =
                std::mem::replace(&mut option, if word.starts_with('-') { word } else { "" });
            let inner = word.trim_matches(['"', '\'', '`', ')', ',']);
            let place = place + word.find(inner).unwrap_or_default();
            let is_user = with_user
                && matches!(
                    asks,
                    "-u" | "-U" | "-a" | "--user" | "--proxy-user" | "--auth"
                );
            if is_user
                && let Some((_, password)) =
                    inner.split_once(':').filter(|(_, rest)| !rest.is_empty())
            {
                let end = place + inner.len();
                found.push(end - password.len()..end);
            } else if let Some(name) = asks.strip_prefix("--")
                && !name.contains('=')
                && !inner.is_empty()
                && credential(name, Medium::Text) >= Credential::Scalar
                && (looks_generated(inner) || inner.len() < word.len())
            {
                found.push(place..place + inner.len());
            }
        }
        at += line.len();
    }
    found
}
