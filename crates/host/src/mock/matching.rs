//! Whether a request is one that a mock answers, and if not, why.

use std::cmp::Reverse;

use postlogin_core::{redact::MASK, wildcard};
use serde_json::{Map, Value};
use url::Url;

use super::{
    Mock, RequestPattern,
    asked::{Asked, WORK},
};
use crate::{
    credentials::{self, Part},
    network::Request,
};

/// One reason why a mock does not answer a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// Other method.
    Method(String),
    /// Other URL, query text included.
    Url(String),
    /// A parameter, a header or the body.
    Part(String),
}

impl Mismatch {
    /// For the user: what was asked for, and what the mock wants.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::Method(reason) | Self::Url(reason) | Self::Part(reason) => reason,
        }
    }
}

/// The number of reasons that are given for one mock; further ones are counted.
const MOST_REASONS: usize = 20;

/// The wanted extent of a comparison.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// Whether there is a mismatch.
    First,
    /// The number of them.
    Count,
    /// The differences to report.
    Reasons,
}

/// The mismatches of one mock and one request.
struct Account {
    depth: Depth,
    count: usize,
    reasons: Vec<Mismatch>,
}

impl Account {
    fn add(&mut self, reason: impl FnOnce() -> Mismatch) {
        self.count += 1;
        if self.depth == Depth::Reasons && self.reasons.len() < MOST_REASONS {
            self.reasons.push(reason());
        }
    }

    /// Whether nothing more has to be compared.
    fn is_decided(&self) -> bool {
        self.depth == Depth::First && self.count > 0
    }
}

/// Why the pattern does not fit the request; nothing when it does.
#[must_use]
pub fn mismatches(pattern: &RequestPattern, request: &Request) -> Vec<Mismatch> {
    reasons(pattern, &Asked::new(request, WORK))
}

/// As [`mismatches`].
pub(super) fn reasons(pattern: &RequestPattern, asked: &Asked<'_>) -> Vec<Mismatch> {
    let Account {
        count, mut reasons, ..
    } = compared(pattern, asked, Depth::Reasons);
    if let Some(more) = count.checked_sub(reasons.len()).filter(|more| *more > 0) {
        reasons.push(Mismatch::Part(format!("{more} more")));
    }
    reasons
}

/// Whether the pattern fits the request. `false` as well when there is no work left: see [`Asked::left`].
pub(super) fn fits(pattern: &RequestPattern, asked: &Asked<'_>) -> bool {
    compared(pattern, asked, Depth::First).count == 0 && asked.left() > 0
}

fn compared(pattern: &RequestPattern, asked: &Asked<'_>, depth: Depth) -> Account {
    let mut found = Account {
        depth,
        count: 0,
        reasons: Vec::new(),
    };
    let request = asked.request;
    if let Some(method) = &pattern.method
        && !wildcard::matches(method, &asked.method)
    {
        found.add(|| {
            let reason = format!("the method is {}, the mock's {method}", request.method);
            Mismatch::Method(reason)
        });
    }
    if !found.is_decided() && !is_at(pattern, asked) {
        found.add(|| {
            let mut shown = credentials::hidden_url(&request.url);
            if shown != request.url {
                shown.push_str(" without its credentials");
            }
            Mismatch::Url(format!("the URL is {shown}, the mock's {}", pattern.url))
        });
    }
    if !pattern.query.is_empty() && !found.is_decided() {
        let given = asked.parameters();
        named(Part::Parameter, &pattern.query, given, asked, &mut found);
    }
    if !found.is_decided() {
        let given = &request.headers;
        named(Part::Header, &pattern.headers, given, asked, &mut found);
    }
    if let Some(wanted) = &pattern.json
        && !found.is_decided()
    {
        body_as_json(wanted, asked, &mut found);
    }
    if let Some(wanted) = &pattern.text
        && !found.is_decided()
    {
        let body = asked.text();
        if asked.spend(body.len() + wanted.len()) && !wildcard::matches(wanted, body) {
            found.add(|| {
                let (body, wanted) = (shown(asked.seen_text()), shown(wanted));
                Mismatch::Part(format!("the body is {body}, the mock's {wanted}"))
            });
        }
    }
    found
}

/// Whether the pattern covers the URL, as a browser would write it, or as it was sent: a recording holds the latter.
fn is_at(pattern: &RequestPattern, asked: &Asked<'_>) -> bool {
    let sent = asked.request.url.as_str();
    let written = asked.url.as_ref().map_or(sent, Url::as_str);
    // A star looks through the whole URL; without one, a different letter ends the comparison.
    let looked_through = match pattern.url.contains('*') {
        true => written.len(),
        false => 0,
    };
    asked.spend(16 + pattern.url.len() + looked_through)
        && (url_fits(&pattern.url, written) || wildcard::matches(&pattern.url, sent))
}

fn body_as_json(wanted: &Value, asked: &Asked<'_>, found: &mut Account) {
    match asked.json() {
        // Only reasons are shown to people: without credentials.
        Ok(body) if found.depth == Depth::Reasons => {
            let mut counted = Account {
                depth: Depth::First,
                count: 0,
                reasons: Vec::new(),
            };
            json("json", wanted, body, body, asked, &mut counted);
            if counted.count > 0 {
                json("json", wanted, body, asked.seen_json(), asked, found);
            }
        }
        Ok(body) => json("json", wanted, body, body, asked, found),
        Err(reason) => found.add(|| Mismatch::Part(reason.to_owned())),
    }
}

/// Returns the mock that is nearest to a request, with its number from 0: one for its URL, if there is one, and of those the
/// one with the fewest mismatches; else the one whose URL has the longest common beginning.
pub(super) fn nearest<'a>(mocks: &'a [Mock], asked: &Asked<'_>) -> Option<(usize, &'a Mock)> {
    let by_url = |mock: &Mock| match is_at(&mock.request, asked) {
        true => (false, Reverse(0)),
        false => {
            let common = mock.request.url.chars().zip(asked.request.url.chars());
            let common = common.take_while(|(one, other)| one == other).count();
            (true, Reverse(common))
        }
    };
    let keys: Vec<(bool, Reverse<usize>)> = mocks.iter().map(by_url).collect();
    let least = keys.iter().min()?;
    let candidates = mocks.iter().enumerate().zip(&keys);
    let candidates = candidates.filter(|(_, key)| *key == least);
    let candidates = candidates.map(|((index, mock), _)| {
        let count = compared(&mock.request, asked, Depth::Count).count;
        (count, index, mock)
    });
    let nearest = candidates.min_by_key(|(count, _, _)| *count);
    nearest.map(|(_, index, mock)| (index, mock))
}

fn url_fits(pattern: &str, asked: &str) -> bool {
    let (asked_place, asked_query) = asked.split_once('?').unwrap_or((asked, ""));
    let (place, query) = match pattern.split_once('?') {
        Some((place, query)) => (place, Some(query)),
        None => (pattern, None),
    };
    // `https://API.example.com` asks for `https://api.example.com/`.
    let place = match place.split_once("://") {
        Some((scheme, rest)) => match rest.split_once('/') {
            Some((host, path)) => format!("{scheme}://{}/{path}", host.to_lowercase()),
            None if rest.ends_with('*') => format!("{scheme}://{}", rest.to_lowercase()),
            None => format!("{scheme}://{}/", rest.to_lowercase()),
        },
        None => place.to_owned(),
    };
    let fits = |place: &str| wildcard::matches(place, asked_place);
    // The port that goes without saying is not part of what was asked for.
    let place_fits = fits(&place)
        || fits(&place.replacen(":443/", "/", 1))
        || fits(&place.replacen(":80/", "/", 1));
    place_fits && query.is_none_or(|query| wildcard::matches(query, asked_query))
}

fn named(
    part: Part,
    wanted: &[(String, String)],
    given: &[(String, String)],
    asked: &Asked<'_>,
    found: &mut Account,
) {
    let what = match part {
        Part::Parameter => "query parameter",
        Part::Header => "header",
    };
    for (name, wanted) in wanted {
        if found.is_decided() || !asked.spend(8 * given.len() + wanted.len()) {
            return;
        }
        let mut values = given
            .iter()
            .filter(|(given, _)| given == name)
            .map(|(_, value)| value);
        let fits = |value: &String| asked.spend(value.len()) && wildcard::matches(wanted, value);
        match values.clone().next() {
            None => found.add(|| Mismatch::Part(format!("it has no {what} `{name}`"))),
            Some(_) if values.any(fits) => {}
            Some(value) => found.add(|| {
                let value = shown(&credentials::hidden_part(part, name, value));
                let reason = format!(
                    "the {what} `{name}` is {value}, the mock's {}",
                    shown(wanted)
                );
                Mismatch::Part(reason)
            }),
        }
    }
}

/// Objects hold at least what is wanted, arrays exactly that; `*` in a text is any text, `***` alone any value. `seen` is
/// the given value without credentials, for the reasons.
fn json(
    place: &str,
    wanted: &Value,
    given: &Value,
    seen: &Value,
    asked: &Asked<'_>,
    found: &mut Account,
) {
    if found.is_decided() || !asked.spend(16 + place.len()) {
        return;
    }
    match (wanted, given) {
        (Value::String(wanted), _) if wanted == MASK => {}
        (Value::Object(wanted), Value::Object(given)) => {
            for (key, wanted) in wanted {
                let place = place_in(found, || format!("{place}.{key}"));
                match member(given, key, wanted, asked) {
                    Some((name, given)) => {
                        let seen = seen.get(name).unwrap_or(&Value::Null);
                        json(&place, wanted, given, seen, asked, found);
                    }
                    None => found.add(|| Mismatch::Part(format!("`{place}` is missing"))),
                }
                if found.is_decided() || asked.left() == 0 {
                    return;
                }
            }
        }
        (Value::Array(wanted), Value::Array(given)) if wanted.len() == given.len() => {
            for (index, (wanted, given)) in wanted.iter().zip(given).enumerate() {
                let seen = seen.get(index).unwrap_or(&Value::Null);
                let place = place_in(found, || format!("{place}[{index}]"));
                json(&place, wanted, given, seen, asked, found);
            }
        }
        (wanted, given) if is_equal(wanted, given, asked) => {}
        (wanted, _) => found.add(|| {
            let (seen, wanted) = (shown_json(seen), shown_json(wanted));
            Mismatch::Part(format!("`{place}` is {seen}, the mock's {wanted}"))
        }),
    }
}

/// Only reasons name the place.
fn place_in(found: &Account, place: impl FnOnce() -> String) -> String {
    match found.depth {
        Depth::Reasons => place(),
        Depth::First | Depth::Count => String::new(),
    }
}

/// Compares what is not made of parts, or is of two kinds.
fn is_equal(wanted: &Value, given: &Value, asked: &Asked<'_>) -> bool {
    match (wanted, given) {
        (Value::String(wanted), Value::String(given)) => {
            asked.spend(wanted.len() + given.len()) && wildcard::matches(wanted, given)
        }
        (Value::Number(wanted), Value::Number(given)) => {
            wanted == given || wanted.as_f64() == given.as_f64()
        }
        // Arrays of other lengths differ, and so do values of two kinds: nothing below them is compared.
        (Value::Bool(wanted), Value::Bool(given)) => wanted == given,
        (Value::Null, Value::Null) => true,
        _ => false,
    }
}

/// The member of this name. A name that a recording has hidden is any name whose value fits.
fn member<'g>(
    given: &'g Map<String, Value>,
    key: &str,
    wanted: &Value,
    asked: &Asked<'_>,
) -> Option<(&'g String, &'g Value)> {
    if let Some((name, given)) = given.get_key_value(key) {
        return Some((name, given));
    }
    if !key.contains(MASK) {
        return None;
    }
    given.iter().find(|(name, given)| {
        let text = given.as_str().map_or(0, str::len);
        asked.spend(16 + name.len() + text)
            && wildcard::matches(key, name)
            && is_alike(wanted, given)
    })
}

/// Whether two values could fit; what is inside of them is not looked at.
fn is_alike(wanted: &Value, given: &Value) -> bool {
    match (wanted, given) {
        (Value::String(wanted), _) if wanted == MASK => true,
        (Value::String(wanted), Value::String(given)) => wildcard::matches(wanted, given),
        (Value::Object(wanted), Value::Object(given)) => wanted.len() <= given.len(),
        (Value::Array(wanted), Value::Array(given)) => wanted.len() == given.len(),
        (wanted, given) => wanted == given,
    }
}

fn shown_json(value: &Value) -> String {
    cut(value.to_string())
}

fn shown(text: &str) -> String {
    cut(Value::from(text).to_string())
}

/// A remark has no room for whole bodies.
fn cut(text: String) -> String {
    const LETTERS: usize = 80;
    match text.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
