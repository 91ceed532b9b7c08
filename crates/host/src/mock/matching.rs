//! Whether a request is one that a mock answers, and if not, why.

use std::cmp::Reverse;

use postlogin_core::{redact::MASK, wildcard};
use serde_json::{Map, Value};
use url::Url;

use super::{Mock, RequestPattern};
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

/// Why the pattern does not fit the request; nothing when it does.
#[must_use]
pub fn mismatches(pattern: &RequestPattern, request: &Request) -> Vec<Mismatch> {
    let mut found = Vec::new();
    if let Some(method) = &pattern.method
        && !wildcard::matches(method, &request.method.to_uppercase())
    {
        let reason = format!("the method is {}, the mock's {method}", request.method);
        found.push(Mismatch::Method(reason));
    }
    let asked = Url::parse(&request.url).ok();
    // As a browser would write it, or as it was sent: a recording holds the latter.
    let written = asked.as_ref().map_or(request.url.as_str(), Url::as_str);
    if !url_fits(&pattern.url, written) && !wildcard::matches(&pattern.url, &request.url) {
        let mut asked = credentials::hidden_url(&request.url);
        if asked != request.url {
            asked.push_str(" without its credentials");
        }
        let reason = format!("the URL is {asked}, the mock's {}", pattern.url);
        found.push(Mismatch::Url(reason));
    }
    let parameters: Vec<(String, String)> = asked
        .iter()
        .flat_map(Url::query_pairs)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    named(Part::Parameter, &pattern.query, &parameters, &mut found);
    named(Part::Header, &pattern.headers, &request.headers, &mut found);
    if let Some(wanted) = &pattern.json {
        match serde_json::from_slice::<Value>(&request.body) {
            Ok(body) => {
                // Reasons are shown to people: without credentials.
                let mut reasons = Vec::new();
                json("json", wanted, &body, &body, &mut reasons);
                if !reasons.is_empty() {
                    let seen = credentials::hidden_json(&body);
                    json("json", wanted, &body, &seen, &mut found);
                }
            }
            Err(_) => found.push(Mismatch::Part("the body is no JSON".into())),
        }
    }
    if let Some(wanted) = &pattern.text {
        let body = String::from_utf8_lossy(&request.body);
        if !wildcard::matches(wanted, &body) {
            let kind = request
                .headers
                .iter()
                .find(|(name, _)| name == "content-type");
            let body = credentials::hidden_body(kind.map(|(_, kind)| kind.as_str()), &body);
            let reason = format!("the body is {}, the mock's {}", shown(&body), shown(wanted));
            found.push(Mismatch::Part(reason));
        }
    }
    found
}

/// The mock that is nearest to a request, with its number from 0 and what keeps it from answering.
pub(super) fn nearest<'a>(
    mocks: &'a [Mock],
    request: &Request,
) -> Option<(usize, &'a Mock, Vec<Mismatch>)> {
    let compared = mocks
        .iter()
        .enumerate()
        .map(|(index, mock)| (index, mock, mismatches(&mock.request, request)));
    compared.min_by_key(|(_, mock, mismatches)| {
        let other_url = mismatches.iter().any(|one| matches!(one, Mismatch::Url(_)));
        let common = mock.request.url.chars().zip(request.url.chars());
        let common = common.take_while(|(one, other)| one == other).count();
        (
            other_url,
            if other_url {
                Reverse(common)
            } else {
                Reverse(0)
            },
            mismatches.len(),
        )
    })
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
    found: &mut Vec<Mismatch>,
) {
    let what = match part {
        Part::Parameter => "query parameter",
        Part::Header => "header",
    };
    for (name, wanted) in wanted {
        let values = given.iter().filter(|(given, _)| given == name);
        let values: Vec<&String> = values.map(|(_, value)| value).collect();
        let fits = |value: &&String| wildcard::matches(wanted, value);
        let reason = match values.first() {
            None => format!("it has no {what} `{name}`"),
            Some(_) if values.iter().any(fits) => continue,
            Some(value) => format!(
                "the {what} `{name}` is {}, the mock's {}",
                shown(&credentials::hidden_part(part, name, value)),
                shown(wanted)
            ),
        };
        found.push(Mismatch::Part(reason));
    }
}

/// Objects hold at least what is wanted, arrays exactly that; `*` in a text is any text, `***` alone any value. `seen` is
/// the given value without credentials, for the reasons.
fn json(place: &str, wanted: &Value, given: &Value, seen: &Value, found: &mut Vec<Mismatch>) {
    match (wanted, given) {
        (Value::String(wanted), _) if wanted == MASK => {}
        (Value::Object(wanted), Value::Object(given)) => {
            for (key, wanted) in wanted {
                let place = format!("{place}.{key}");
                match member(given, key, wanted) {
                    Some((name, given)) => {
                        let seen = seen.get(name).unwrap_or(&Value::Null);
                        json(&place, wanted, given, seen, found);
                    }
                    None => found.push(Mismatch::Part(format!("`{place}` is missing"))),
                }
            }
        }
        (Value::Array(wanted), Value::Array(given)) if wanted.len() == given.len() => {
            for (index, (wanted, given)) in wanted.iter().zip(given).enumerate() {
                let seen = seen.get(index).unwrap_or(&Value::Null);
                json(&format!("{place}[{index}]"), wanted, given, seen, found);
            }
        }
        (Value::String(wanted), Value::String(given)) if wildcard::matches(wanted, given) => {}
        (Value::Number(wanted), Value::Number(given)) if wanted.as_f64() == given.as_f64() => {}
        (wanted, given) if wanted == given => {}
        (wanted, _) => {
            let reason = format!(
                "`{place}` is {}, the mock's {}",
                shown_json(seen),
                shown_json(wanted)
            );
            found.push(Mismatch::Part(reason));
        }
    }
}

/// The member of this name. A name that a recording has hidden is any name whose value fits.
fn member<'g>(
    given: &'g Map<String, Value>,
    key: &str,
    wanted: &Value,
) -> Option<(&'g String, &'g Value)> {
    if let Some((name, given)) = given.get_key_value(key) {
        return Some((name, given));
    }
    if !key.contains(MASK) {
        return None;
    }
    given
        .iter()
        .find(|(name, given)| wildcard::matches(key, name) && is_alike(wanted, given))
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
