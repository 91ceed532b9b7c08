//! Writes mocks as YAML: what `--record` gives, and what a refused request asks for.
//!
//! Scalars and bodies are written as JSON, which is YAML too; the keys around them stand on lines of their own.

use std::fmt::Write;

use base64::{Engine, prelude::BASE64_STANDARD};
use postlogin_core::redact::Mask;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::{Body, Mock, MockResponse, Reply, RequestPattern};
use crate::{
    credentials::{self, Hider},
    network::Request,
};

/// A longer body is left out of a proposed mock, which fits any body then.
const PROPOSED_BYTES: usize = 2 << 10;

/// A larger JSON body is kept as text: as a value it would take many times its size.
pub(crate) const JSON_BYTES: usize = 1 << 20;

impl Mock {
    /// Returns a mock that answers exactly this request, with an answer to be filled in. Credentials in it are hidden; a
    /// body of more than 16 KiB is left out.
    #[must_use]
    pub fn suggestion(request: &Request) -> Self {
        let short = Request {
            body: match request.body.len() > PROPOSED_BYTES {
                true => Vec::new(),
                false => request.body.clone(),
            },
            ..request.clone()
        };
        Self {
            request: RequestPattern::of(&short, &Mask::default()),
            response: MockResponse {
                reply: Reply::Answer {
                    status: 200,
                    headers: Vec::new(),
                    body: Body::Json(Value::Object(Map::new())),
                },
                delay: std::time::Duration::ZERO,
            },
            times: None,
            recorded: false,
        }
    }
}

impl RequestPattern {
    /// Returns the pattern that a request fits: method, URL and body. Headers are left out, because many are set by
    /// clients and differ between versions of them. The secrets of the mask, and what is recognised as a credential,
    /// are `***`, which any value fits.
    #[must_use]
    pub fn of(request: &Request, mask: &Mask) -> Self {
        Self::hiding(request, &mut Hider::new(mask))
    }

    /// The same; `hider` keeps what was hidden.
    pub(crate) fn hiding(request: &Request, hider: &mut Hider<'_>) -> Self {
        let mut pattern = Self {
            method: Some(request.method.to_uppercase()),
            url: request.url.clone(),
            ..Self::default()
        };
        hider.url(&mut pattern.url);
        if request.body.is_empty() {
            return pattern;
        }
        let kind = request
            .headers
            .iter()
            .find(|(name, _)| name == "content-type");
        let kind = kind.map(|(_, kind)| kind.as_str());
        let as_json = request.body.len() <= JSON_BYTES
            && serde_json::from_slice::<IgnoredAny>(&request.body).is_ok();
        let body = hider.pattern(kind, &request.body, as_json);
        if as_json && let Ok(json) = serde_json::from_slice(&body) {
            pattern.json = Some(json);
        } else if let Ok(text) = str::from_utf8(&body) {
            // What separates the parts of a form is drawn anew for each request.
            let boundary = kind.and_then(|kind| credentials::boundary(kind, None));
            pattern.text = Some(match boundary {
                Some(boundary) => text.replace(&boundary, "*"),
                None => text.to_owned(),
            });
        }
        // What is no text cannot be written as one; any body fits then.
        pattern
    }
}

/// Returns what to do about a request that nothing answers: a mock, ready to be pasted. Credentials in it are `***`.
#[must_use]
pub fn advice(request: &Request) -> String {
    let mock = to_yaml(&[Mock::suggestion(request)]);
    let long = match request.body.len() > PROPOSED_BYTES {
        true => " (without the request's body, which is long)",
        false => "",
    };
    format!(
        "to answer it, add this mock{long} to the case's `http` list or to a file for --http:\n{mock}"
    )
}

/// The mocks as a YAML list.
#[must_use]
pub fn to_yaml(mocks: &[Mock]) -> String {
    let mut out = String::new();
    for mock in mocks {
        // Writing to a text does not fail.
        let _ = write_mock(&mut out, mock);
    }
    out
}

fn write_mock(out: &mut String, mock: &Mock) -> std::fmt::Result {
    // All fields by name: a new one cannot be forgotten here.
    let RequestPattern {
        method,
        url,
        query,
        headers,
        json,
        text,
    } = &mock.request;
    writeln!(out, "- request:")?;
    if let Some(method) = method {
        entry(out, "method", &plain(method))?;
    }
    entry(out, "url", &quoted(url))?;
    map(out, "query", query)?;
    map(out, "headers", headers)?;
    if let Some(json) = json {
        entry(out, "json", &body(json))?;
    }
    if let Some(text) = text {
        entry(out, "text", &quoted(text))?;
    }
    writeln!(out, "  response:")?;
    match &mock.response.reply {
        Reply::Error(error) => entry(out, "error", error.code())?,
        Reply::Answer {
            status,
            headers,
            body: content,
        } => {
            entry(out, "status", &status.to_string())?;
            map(out, "headers", headers)?;
            match content {
                Body::Empty => {}
                Body::Json(json) => entry(out, "json", &body(json))?,
                Body::Text(text) => entry(out, "text", &quoted(text))?,
                Body::Bytes(bytes) => entry(out, "bytes", &quoted(&BASE64_STANDARD.encode(bytes)))?,
            }
        }
    }
    if !mock.response.delay.is_zero() {
        entry(
            out,
            "delay",
            &format!("{}ms", mock.response.delay.as_millis()),
        )?;
    }
    if let Some(times) = mock.times {
        writeln!(out, "  times: {times}")?;
    }
    Ok(())
}

fn entry(out: &mut String, key: &str, value: &str) -> std::fmt::Result {
    writeln!(out, "    {key}: {value}")
}

/// Names that stand several times become a list.
fn map(out: &mut String, key: &str, entries: &[(String, String)]) -> std::fmt::Result {
    if entries.is_empty() {
        return Ok(());
    }
    writeln!(out, "    {key}:")?;
    let mut written: Vec<&str> = Vec::new();
    for (name, _) in entries {
        if written.contains(&name.as_str()) {
            continue;
        }
        written.push(name);
        let values: Vec<String> = entries
            .iter()
            .filter(|(other, _)| other == name)
            .map(|(_, value)| quoted(value))
            .collect();
        match values.as_slice() {
            [value] => writeln!(out, "      {}: {value}", plain(name))?,
            values => writeln!(out, "      {}: [{}]", plain(name), values.join(", "))?,
        }
    }
    Ok(())
}

/// A word without quotes where YAML reads it as a text.
fn plain(word: &str) -> String {
    let is_plain = word.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && word
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_')
        && !matches!(
            word.to_ascii_lowercase().as_str(),
            "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
        );
    if is_plain {
        word.to_owned()
    } else {
        quoted(word)
    }
}

/// A text in double quotes, on one line.
fn quoted(text: &str) -> String {
    printable(&Value::from(text).to_string())
}

/// JSON: short values on one line, others one member to a line.
fn body(value: &Value) -> String {
    const COLUMNS: usize = 80;
    let line = printable(&value.to_string());
    if line.len() <= COLUMNS {
        return line;
    }
    let pretty = format!("{value:#}");
    // What belongs to a key stands further right than the key.
    printable(&pretty.replace('\n', "\n      "))
}

/// JSON may hold letters as they are that YAML wants escaped.
/// Source: <https://yaml.org/spec/1.2.2/#51-character-set>.
fn printable(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            '\u{7f}'..='\u{9f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(letter));
            }
            letter => out.push(letter),
        }
    }
    out
}
