//! Writes mocks as YAML: what `--record` gives, and what a refused request asks for.
//!
//! Scalars and bodies are written as JSON, which is YAML too; the keys around them stand on lines of their own.

use std::fmt::Write;

use base64::{Engine, prelude::BASE64_STANDARD};
use postlogin_core::redact::Mask;
use serde_json::{Map, Value};

use super::{Body, Mock, MockResponse, Reply, RequestPattern};
use crate::{credentials, network::Request};

impl Mock {
    /// A mock that answers exactly this request, with an answer to be filled in. Credentials in it are hidden.
    #[must_use]
    pub fn suggestion(request: &Request) -> Self {
        Self {
            request: RequestPattern::of(request, &Mask::default()),
            response: MockResponse {
                reply: Reply::Answer {
                    status: 200,
                    headers: Vec::new(),
                    body: Body::Json(Value::Object(Map::new())),
                },
                delay: std::time::Duration::ZERO,
            },
            times: None,
        }
    }
}

impl RequestPattern {
    /// The pattern that a request fits: method, URL and body. Headers are left out, because many are nobody's choice.
    /// The secrets of the mask, and what is known to give access, are `***`, which any text fits.
    #[must_use]
    pub fn of(request: &Request, mask: &Mask) -> Self {
        let mut pattern = Self {
            method: Some(request.method.to_uppercase()),
            url: request.url.clone(),
            ..Self::default()
        };
        credentials::hide_in_url(&mut pattern.url, mask);
        if request.body.is_empty() {
            return pattern;
        }
        if let Ok(mut json) = serde_json::from_slice(&request.body) {
            credentials::hide_in_json(&mut json, mask);
            pattern.json = Some(json);
        } else if let Ok(mut text) = String::from_utf8(request.body.clone()) {
            credentials::hide_in_text(&mut text, mask);
            pattern.text = Some(text);
        }
        // What is no text can't be written as one; any body fits then.
        pattern
    }
}

/// Bytes of a request's body that a suggested mock asks for.
const SHOWN_BODY: usize = 2 << 10;

/// What to do about a request that nothing answers: a mock, ready to be pasted.
#[must_use]
pub fn advice(request: &Request) -> String {
    // A large body would be most of the message, and no user would paste it.
    let bytes = request.body.len();
    let is_shown = bytes <= SHOWN_BODY;
    let shown = Request {
        method: request.method.clone(),
        url: request.url.clone(),
        headers: Vec::new(),
        body: request
            .body
            .get(..bytes)
            .filter(|_| is_shown)
            .unwrap_or_default()
            .to_vec(),
    };
    let note = match is_shown {
        true => String::new(),
        false => format!(" (its body of {bytes} bytes is left out; any body fits)"),
    };
    let mock = to_yaml(&[Mock::suggestion(&shown)]);
    format!(
        "to answer it, add this mock to the case's `http` list or to a file for --http{note}:\n{mock}"
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
