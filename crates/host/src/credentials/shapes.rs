//! Recognises credentials by their shape: JWTs, keys with a vendor's prefix, private keys, values of `Authorization`.

use std::ops::Range;

/// The beginnings of vendors' keys, and the least number of letters that follow. Published by the vendors, so that keys can be found.
const PREFIXES: &[(&str, usize)] = &[
    ("AGE-SECRET-KEY-", 20),
    ("AIza", 30),
    ("AKIA", 12),
    ("ASIA", 12),
    ("ATATT3", 20),
    ("EAAA", 40),
    ("EAAC", 40),
    ("FLWSECK", 10),
    ("GOCSPX-", 10),
    ("NRAK-", 10),
    ("PMAK-", 10),
    ("SG.", 16),
    ("access-development-", 10),
    ("access-production-", 10),
    ("access-sandbox-", 10),
    ("dapi", 32),
    ("dop_v1_", 10),
    ("figd_", 10),
    ("gh1_", 20),
    ("ghe_", 20),
    ("gho_", 10),
    ("ghp_", 10),
    ("ghr_", 10),
    ("ghs_", 10),
    ("ghu_", 10),
    ("github_pat_", 10),
    ("gldt-", 10),
    ("glpat-", 10),
    ("glptt-", 10),
    ("glrt-", 10),
    ("hf_", 20),
    ("hvb.", 16),
    ("hvs.", 16),
    ("key-", 32),
    ("lin_api_", 10),
    ("link-production-", 10),
    ("link-sandbox-", 10),
    ("npm_", 20),
    ("ntn_", 20),
    ("pat-", 30),
    ("pk_live_", 10),
    ("pk_test_", 10),
    ("public-production-", 10),
    ("public-sandbox-", 10),
    ("pypi-", 20),
    ("rk_live_", 10),
    ("rk_test_", 10),
    ("rubygems_", 20),
    ("rzp_live_", 10),
    ("sbp_", 20),
    ("secret_", 20),
    ("shpat_", 10),
    ("shpca_", 10),
    ("shppa_", 10),
    ("shpss_", 10),
    ("sk-", 20),
    ("sk_live_", 10),
    ("sk_test_", 10),
    ("sntrys_", 10),
    ("sntryu_", 10),
    ("sq0atp-", 10),
    ("sq0csp-", 10),
    ("v1.M", 30),
    ("whsec_", 10),
    ("xapp-", 10),
    ("xkeysib-", 10),
    ("xoxa-", 8),
    ("xoxb-", 8),
    ("xoxc-", 8),
    ("xoxd-", 8),
    ("xoxe-", 8),
    ("xoxe.", 8),
    ("xoxo-", 8),
    ("xoxp-", 8),
    ("xoxr-", 8),
    ("xoxs-", 8),
    ("ya29.", 16),
];

/// Schemes of `Authorization`. What follows is the credential.
const SCHEMES: &[&str] = &[
    "apikey",
    "basic",
    "bearer",
    "digest",
    "dpop",
    "negotiate",
    "ssws",
    "token",
];

/// Returns where credentials are in a text, in order and without overlaps.
pub(crate) fn credentials(text: &str) -> Vec<Range<usize>> {
    let mut found = private_keys(text);
    found.extend(putty_keys(text));
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes.get(at).copied().is_some_and(is_key_letter) {
            at += 1;
            continue;
        }
        let end = run(bytes, at, is_key_letter);
        let word = text.get(at..end).unwrap_or_default();
        if is_key(word) {
            // A full stop at the end belongs to the sentence.
            let length = word.trim_end_matches('.').len();
            found.push(at..at + length);
        } else if is_scheme(word)
            && let Some(range) = after_scheme(bytes, text, end)
        {
            let next = range.end;
            found.push(range);
            at = next;
            continue;
        } else if let Some(range) = with_other_letters(bytes, text, at, end) {
            let next = range.end;
            found.push(range);
            at = next;
            continue;
        }
        at = end;
    }
    found.sort_by_key(|range| range.start);
    let mut end = 0;
    found.retain(|range| {
        let apart = range.start >= end;
        if apart {
            end = range.end;
        }
        apart
    });
    found
}

/// Returns the scheme of a value of `Authorization`, if it has one.
pub(crate) fn scheme(value: &str) -> Option<&str> {
    let (scheme, rest) = value.split_once(' ')?;
    (is_scheme(scheme) && !rest.trim().is_empty()).then_some(scheme)
}

/// Returns whether a value looks generated at random: long, of letters and digits, without the words of an identifier.
pub(crate) fn is_random(value: &str) -> bool {
    const SHORTEST: usize = 16;
    if value.len() < SHORTEST
        || !value.bytes().all(|byte| byte.is_ascii_graphic())
        || value.contains("://")
        || value.contains('@')
        || is_resource_of_twilio(value)
    {
        return false;
    }
    let mixed = |piece: &str| {
        piece.len() >= 8
            && piece.bytes().any(|byte| byte.is_ascii_digit())
            && piece.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    let pieces: Vec<&str> = value
        .split(['_', '-', '.', ':', '/', '+', '=', ' '])
        .collect();
    let cases = value.bytes().any(|byte| byte.is_ascii_lowercase())
        && value.bytes().any(|byte| byte.is_ascii_uppercase());
    let without_words = pieces.iter().any(|piece| piece.len() >= 20 && cases);
    (pieces.iter().any(|piece| mixed(piece)) || without_words) && entropy(value) >= 3.0
}

/// Bits per letter.
fn entropy(value: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in value.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let length = f64::from(u32::try_from(value.len()).unwrap_or(u32::MAX));
    let share = |count: &u32| f64::from(*count) / length;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| -share(count) * share(count).log2())
        .sum()
}

/// Two capitals and 32 hexadecimal digits name a thing, and open nothing.
/// Source: <https://www.twilio.com/docs/glossary/what-is-a-sid>.
fn is_resource_of_twilio(value: &str) -> bool {
    value.len() == 34
        && value.bytes().take(2).all(|byte| byte.is_ascii_uppercase())
        && value.bytes().skip(2).all(|byte| byte.is_ascii_hexdigit())
}

fn is_key(word: &str) -> bool {
    is_jwt(word)
        || PREFIXES.iter().any(|(prefix, rest)| {
            word.strip_prefix(prefix)
                .is_some_and(|after| after.len() >= *rest && has_no_words(prefix, after))
        })
}

/// `sk-`, `key-`, `pat-`, `hf_`, … begin ordinary identifiers as well; a key has a digit.
fn has_no_words(prefix: &str, after: &str) -> bool {
    prefix.len() >= 8 || after.bytes().any(|byte| byte.is_ascii_digit()) || {
        after.bytes().any(|byte| byte.is_ascii_lowercase())
            && after.bytes().any(|byte| byte.is_ascii_uppercase())
    }
}

/// Three or five parts of base64url; the first is a JSON object.
/// Source: <https://www.rfc-editor.org/rfc/rfc7515#section-3.1>, <https://www.rfc-editor.org/rfc/rfc7516#section-3.1>.
fn is_jwt(word: &str) -> bool {
    let word = word.trim_end_matches('.');
    let mut parts = word.split('.');
    let begins =
        |part: Option<&str>| part.is_some_and(|part| part.starts_with("ey") && part.len() >= 8);
    begins(parts.next())
        && parts
            .next()
            .is_some_and(|part| part.len() >= 4 || part.is_empty())
}

/// A session of Salesforce (an organisation, `!`, and the key), a refresh token of Google.
fn with_other_letters(bytes: &[u8], text: &str, at: usize, end: usize) -> Option<Range<usize>> {
    let begins = text.get(at..end)?;
    let rest = bytes.get(end..)?;
    let is_salesforce = begins.starts_with("00D") && rest.starts_with(b"!");
    let is_google = begins == "1" && rest.starts_with(b"//0");
    let close = run(bytes, end, |byte| {
        is_key_letter(byte) || b"!/".contains(&byte)
    });
    ((is_salesforce || is_google) && close >= end + 16).then_some(at..close)
}

fn is_scheme(word: &str) -> bool {
    SCHEMES
        .iter()
        .any(|scheme| word.eq_ignore_ascii_case(scheme))
}

/// The credential behind a scheme: one word of base64 that ends the value or a part of it.
fn after_scheme(bytes: &[u8], text: &str, end: usize) -> Option<Range<usize>> {
    let start = run(bytes, end, |byte| byte == b' ' || byte == b'\t');
    if start == end {
        return None;
    }
    let close = run(bytes, start, |byte| {
        is_key_letter(byte) || b"+/~=".contains(&byte)
    });
    let word = text.get(start..close)?;
    // `Bearer realm="x"` is a challenge, `bearer authentication` is prose.
    let followed = bytes.get(close).copied();
    let is_whole = end_of_word(followed) && !word.trim_end_matches('=').contains('=');
    let generated = word.len() >= 8
        && (word.bytes().any(|byte| byte.is_ascii_digit())
            || word.ends_with('=')
            || (word.bytes().any(|byte| byte.is_ascii_uppercase())
                && word
                    .bytes()
                    .skip(1)
                    .any(|byte| byte.is_ascii_uppercase() || byte.is_ascii_lowercase())
                && word.bytes().skip(1).any(|byte| byte.is_ascii_uppercase()))
            || word.len() >= 24);
    (is_whole && generated).then_some(start..close)
}

fn end_of_word(byte: Option<u8>) -> bool {
    byte.is_none_or(|byte| byte.is_ascii_whitespace() || b",;\"'`)]}<&\\|".contains(&byte))
}

/// PEM blocks of private keys, those that were cut off included.
fn private_keys(text: &str) -> Vec<Range<usize>> {
    const BEGIN: &str = "-----BEGIN ";
    const END: &str = "-----END ";
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = text.get(from..).and_then(|rest| rest.find(BEGIN)) {
        let start = from + start;
        let label = start + BEGIN.len();
        let rest = text.get(label..).unwrap_or_default();
        let Some(dashes) = rest.find("-----") else {
            break;
        };
        from = label + dashes;
        let is_private =
            |label: &str| label.contains("PRIVATE KEY") || label.contains("Static key");
        if !rest.get(..dashes).is_some_and(is_private) {
            continue;
        }
        let rest = text.get(from..).unwrap_or_default();
        let end = match rest.find(END) {
            Some(end) => {
                let label = from + end + END.len();
                let rest = text.get(label..).unwrap_or_default();
                rest.find("-----")
                    .map_or(text.len(), |dashes| label + dashes + 5)
            }
            None => text.len(),
        };
        found.push(start..end);
        from = end;
    }
    found
}

/// The lines of private keys in files of PuTTY.
/// Source: <https://tartarus.org/~simon/putty-snapshots/htmldoc/AppendixC.html>.
fn putty_keys(text: &str) -> Vec<Range<usize>> {
    const BEGIN: &str = "Private-Lines:";
    let mut found = Vec::new();
    if !text.contains("PuTTY-User-Key-File") {
        return found;
    }
    for (at, _) in text.match_indices(BEGIN) {
        let rest = text.get(at..).unwrap_or_default();
        let Some((count, lines)) = rest.split_once('\n') else {
            continue;
        };
        let start = at + count.len() + 1;
        let count = count.get(BEGIN.len()..).unwrap_or_default().trim();
        let count = count.parse().unwrap_or(usize::MAX);
        let length: usize = lines.split_inclusive('\n').take(count).map(str::len).sum();
        let key = lines.get(..length).unwrap_or_default().trim_end();
        if !key.is_empty() {
            found.push(start..start + key.len());
        }
    }
    found
}

fn run(bytes: &[u8], from: usize, belongs: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| belongs(**byte)).count()
}

fn is_key_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)
}

#[cfg(test)]
mod tests;
