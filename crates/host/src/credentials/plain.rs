//! Hides in text of no particular form: URLs, keys by their shape, `name: value`, JSON with something around it.

mod blocks;
mod prose;
mod table;

use std::{borrow::Cow, ops::Range};

use base64::{Engine, engine::general_purpose::GeneralPurpose};
use postlogin_core::redact::MASK;

use super::{
    Credential, Edit, Hider, Medium, apply, form, is_plain_flag, json,
    names::{credential, is_description},
    shapes,
};

/// Names are not longer.
const LONGEST_NAME: usize = 64;

/// Hides in a text.
pub(super) fn hide(hider: &mut Hider<'_>, text: &str) -> Option<String> {
    if let Some(hidden) = with_json(hider, text) {
        return hidden;
    }
    if let Some(hidden) = encoded(hider, text) {
        return Some(hidden);
    }
    if let Some(edits) = table::edits(hider, text) {
        return apply(text, edits);
    }
    let mut edits = prose::values(text);
    edits.extend(prose::options(text));
    let mut edits = masked(hider, edits);
    edits.extend(assignments(hider, text));
    edits.extend(percent(hider, text));
    let found = shapes::credentials(text);
    edits.extend(masked(hider, found));
    edits.extend(urls(hider, text));
    apply(text, edits)
}

/// JSON in the midst of something: JSONP, a guard before it, one document to a line, events of a stream. What is around
/// it is looked into as text. `None` when there is none.
fn with_json(hider: &mut Hider<'_>, text: &str) -> Option<Option<String>> {
    if let Some((start, end)) = document(text)
        && end - start < text.len()
    {
        let inner = text.get(start..end)?;
        let around = [text.get(..start)?, text.get(end..)?];
        let hidden = hider.nested(|hider| json::hide(hider, inner));
        let [before, after] = around.map(|part| hider.nested(|hider| hide(hider, part)));
        let changed = hidden.is_some() || before.is_some() || after.is_some();
        let whole = format!(
            "{}{}{}",
            before.as_deref().unwrap_or(around[0]),
            hidden.as_deref().unwrap_or(inner),
            after.as_deref().unwrap_or(around[1])
        );
        return Some(changed.then_some(whole));
    }
    let mut lines = text.split_inclusive('\n');
    if !text.trim_end().contains('\n') || !lines.any(|line| document(line).is_some()) {
        return None;
    }
    let mut changed = false;
    let mut whole = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match hider.nested(|hider| hider.sniffed(line)) {
            Some(hidden) => {
                changed = true;
                whole.push_str(&hidden);
            }
            None => whole.push_str(line),
        }
    }
    Some(changed.then_some(whole))
}

/// Where a JSON object or list is in a text, from its first bracket to its last.
fn document(text: &str) -> Option<(usize, usize)> {
    let start = text.find(['{', '['])?;
    let end = text.rfind(['}', ']'])? + 1;
    let inner = text.get(start..end)?;
    json::is_json(inner).then_some((start, end))
}

/// Base64 or hexadecimal digits of a text that would not stay as it is.
fn encoded(hider: &mut Hider<'_>, text: &str) -> Option<String> {
    const SHORTEST: usize = 16;
    let text = text.trim();
    let is_base64 = text.len() >= SHORTEST
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/=-_\r\n".contains(&byte));
    if !is_base64 {
        return None;
    }
    let compact: Vec<u8> = text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    if let Some(decoded) = hexadecimal(&compact)
        && let Some(hidden) = looked_into(hider, decoded)
    {
        return Some(hidden);
    }
    let decoded = [base64::alphabet::STANDARD, base64::alphabet::URL_SAFE]
        .iter()
        .find_map(|alphabet| {
            GeneralPurpose::new(alphabet, base64_settings())
                .decode(&compact)
                .ok()
        })?;
    looked_into(hider, decoded)
}

fn hexadecimal(digits: &[u8]) -> Option<Vec<u8>> {
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    let pair = |pair: &[u8; 2]| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
    pairs.iter().map(pair).collect()
}

/// The mask, if what was decoded is a text with a credential.
fn looked_into(hider: &mut Hider<'_>, decoded: Vec<u8>) -> Option<String> {
    let decoded = String::from_utf8(decoded).ok()?;
    let readable = decoded
        .chars()
        .all(|letter| !letter.is_control() || letter.is_whitespace());
    let before = hider.count;
    (readable && hider.string(&decoded).is_some()).then(|| {
        // What is inside counts as one.
        hider.count = before;
        hider.hid();
        MASK.to_owned()
    })
}

fn base64_settings() -> base64::engine::GeneralPurposeConfig {
    base64::engine::GeneralPurposeConfig::new()
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent)
}

fn masked(hider: &mut Hider<'_>, found: Vec<Range<usize>>) -> Vec<Edit> {
    found
        .into_iter()
        .map(|range| {
            hider.hid();
            Edit {
                range,
                text: Cow::Borrowed(MASK),
            }
        })
        .collect()
}

/// Words in which the signs of a form or of JSON are written as `%3D`.
fn percent(hider: &mut Hider<'_>, text: &str) -> Vec<Edit> {
    const SIGNS: [&str; 5] = ["%3d", "%3a", "%22", "%26", "%2f"];
    let mut edits = Vec::new();
    let mut at = 0;
    if !text.contains('%') {
        return edits;
    }
    for word in text.split(char::is_whitespace) {
        let start = at;
        at += word.len();
        at += text
            .get(at..)
            .and_then(|rest| rest.chars().next())
            .map_or(0, char::len_utf8);
        if !word.contains('%') || word.contains("://") {
            continue;
        }
        let lower = word.to_lowercase();
        if !SIGNS.iter().any(|sign| lower.contains(sign)) {
            continue;
        }
        let decoded = form::decode(word);
        if let Some(hidden) = hider.nested(|hider| hider.string(&decoded)) {
            edits.push(Edit {
                range: start..start + word.len(),
                text: Cow::Owned(form::encode_alike(word, &decoded, &hidden)),
            });
        }
    }
    edits
}

fn urls(hider: &mut Hider<'_>, text: &str) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut from = 0;
    while let Some(mark) = text.get(from..).and_then(|rest| rest.find("://")) {
        let mark = from + mark;
        let before = text.get(from..mark).unwrap_or_default();
        let is_scheme = |letter: char| letter.is_ascii_alphanumeric() || "+-.".contains(letter);
        let scheme = before
            .chars()
            .rev()
            .take_while(|letter| is_scheme(*letter))
            .count();
        let rest = text.get(mark..).unwrap_or_default();
        let ends = |letter: char| {
            letter.is_whitespace() || letter.is_control() || "\"'<>`{}|\\^".contains(letter)
        };
        let end = mark + rest.find(ends).unwrap_or(rest.len());
        let range = mark - scheme..end;
        let url = text.get(range.clone()).unwrap_or_default();
        if let Some(hidden) = hider.nested(|hider| form::url(hider, url)) {
            edits.push(Edit {
                range,
                text: Cow::Owned(hidden),
            });
        }
        from = end.max(mark + 3);
    }
    edits
}

/// `name=value`, `name: value`, `"name": "value"`, and lines of headers.
fn assignments(hider: &mut Hider<'_>, text: &str) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut done = 0;
    let (mut line_start, mut seen) = (0, 0);
    for (mark, sign) in text.match_indices(['=', ':']) {
        if let Some(line) = text.get(seen..mark).and_then(|between| between.rfind('\n')) {
            line_start = seen + line + 1;
        }
        seen = mark;
        if mark < done {
            continue;
        }
        let Some((name, name_start)) = name_before(text, mark) else {
            continue;
        };
        let before = text.get(line_start..name_start).unwrap_or_default();
        let medium = medium_after(before);
        if credential(name, medium) < Credential::Scalar {
            continue;
        }
        let begins_line = before
            .trim_start_matches("export ")
            .chars()
            .all(|letter| letter.is_whitespace() || "-\"'>".contains(letter));
        let place = blocks::Place {
            name,
            indent: name_start - line_start,
            begins_line,
            sign,
        };
        if let Some(ranges) = blocks::values(text, mark + 1, &place) {
            done = ranges.last().map_or(done, |range| range.end);
            hider.enter(name);
            edits.extend(masked(hider, ranges));
            hider.leave();
            continue;
        }
        let found = match medium {
            Medium::Header => header_after(text, mark + 1).map(|range| (range, true)),
            _ => value_after(text, mark + 1, name, begins_line),
        };
        let Some((range, quoted)) = found else {
            continue;
        };
        let value = text.get(range.clone()).unwrap_or_default();
        let tight = sign == "=" && range.start == mark + 1;
        let hides =
            !is_plain_flag(value) && (quoted || tight || begins_line || looks_generated(value));
        if hides {
            done = range.end;
            hider.enter(name);
            hider.hid();
            hider.leave();
            edits.push(Edit {
                range,
                text: Cow::Borrowed(MASK),
            });
        }
    }
    edits
}

/// `curl -H 'X-Auth: …'`
fn medium_after(before: &str) -> Medium {
    let option = before.trim_end_matches(['"', '\'', ' ']);
    match option.ends_with("-H") || option.ends_with("--header") {
        true => Medium::Header,
        false => Medium::Text,
    }
}

/// The name before a sign, and where it starts.
fn name_before(text: &str, mark: usize) -> Option<(&str, usize)> {
    let before = text.get(..mark)?;
    let trimmed = before.trim_end_matches([' ', '\t']);
    let trimmed = trimmed.strip_suffix(['"', '\'']).unwrap_or(trimmed);
    if before.len() - trimmed.len() > 3 {
        return None;
    }
    let is_name = |letter: &char| letter.is_alphanumeric() || "_-.[]".contains(*letter);
    let length: usize = trimmed
        .chars()
        .rev()
        .take(LONGEST_NAME)
        .take_while(is_name)
        .map(char::len_utf8)
        .sum();
    let start = trimmed.len() - length;
    let name = trimmed.get(start..)?;
    (!name.is_empty()).then_some((name, start))
}

/// The value of a header in quotes, without its scheme.
fn header_after(text: &str, from: usize) -> Option<Range<usize>> {
    let rest = text.get(from..)?;
    let line = rest.split(['"', '\'', '\n', '\r']).next()?;
    let start = from + (line.len() - line.trim_start().len());
    let line = line.trim();
    let scheme = shapes::scheme(line).map_or(0, |scheme| scheme.len() + 1);
    (line.len() > scheme).then_some(start + scheme..start + line.len())
}

/// The value behind a sign, and whether it is in quotes.
fn value_after(
    text: &str,
    from: usize,
    name: &str,
    begins_line: bool,
) -> Option<(Range<usize>, bool)> {
    let rest = text.get(from..)?;
    // Over `=>`, `==` and blanks.
    let blanks = rest.len() - rest.trim_start_matches([' ', '\t', '>', '=']).len();
    let start = from + blanks;
    let rest = text.get(start..)?;
    if let Some(quote) = rest
        .chars()
        .next()
        .filter(|letter| matches!(letter, '"' | '\'' | '`'))
    {
        let inner = rest.get(1..)?;
        let mut escaped = false;
        let end = inner.find(|letter: char| {
            let ends = letter == quote && !escaped;
            escaped = letter == '\\' && !escaped;
            ends
        });
        let end = end.unwrap_or(inner.len());
        return (end > 0).then_some((start + 1..start + 1 + end, true));
    }
    let lower = name.to_lowercase();
    let is_header = begins_line && (lower.ends_with("cookie") || lower.ends_with("authorization"));
    if is_header {
        let line = rest.split(['\n', '\r']).next()?.trim_end();
        let scheme = shapes::scheme(line).map_or(0, |scheme| scheme.len() + 1);
        return (line.len() > scheme).then_some((start + scheme..start + line.len(), false));
    }
    let end = rest
        .find(|letter: char| letter.is_whitespace() || ",;&<>\"'`)}]".contains(letter))
        .unwrap_or(rest.len());
    (end > 0).then_some((start..start + end, false))
}

/// In prose, `token: expired` says something about a token.
fn looks_generated(value: &str) -> bool {
    let upper_inside =
        value.chars().skip(1).any(char::is_uppercase) && value.chars().any(char::is_lowercase);
    value.len() >= 20
        || upper_inside
        || value
            .chars()
            .any(|letter| letter.is_ascii_digit() || "$!@#%^*+/=~".contains(letter))
}
