//! Reads mocks, with messages for whoever wrote them.

use std::{fmt, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use postlogin_core::units::parse_duration;
use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};
use serde_json::{Map, Value};

use super::{Body, MockResponse, Reply};
use crate::network::NetworkError;

/// An answer as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawResponse {
    #[serde(default)]
    status: Option<u16>,
    #[serde(default, deserialize_with = "headers")]
    headers: Vec<(String, String)>,
    #[serde(default, deserialize_with = "some")]
    json: Option<Value>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    bytes: Option<String>,
    #[serde(default, deserialize_with = "delay")]
    delay: Duration,
    #[serde(default)]
    error: Option<NetworkError>,
}

impl TryFrom<RawResponse> for MockResponse {
    type Error = String;

    fn try_from(raw: RawResponse) -> Result<Self, String> {
        let RawResponse {
            status,
            headers,
            json,
            text,
            bytes,
            delay,
            error,
        } = raw;
        let has_body = json.is_some() || text.is_some() || bytes.is_some();
        if let Some(error) = error {
            if has_body || status.is_some() || !headers.is_empty() {
                return Err("a response with `error` cannot have status, headers or body".into());
            }
            return Ok(Self {
                reply: Reply::Error(error),
                delay,
            });
        }
        let status = status.unwrap_or(200);
        if !(200..=599).contains(&status) {
            return Err(format!("{status} is not a valid status: use 200 to 599"));
        }
        let body = match (json, text, bytes) {
            (None, None, None) => Body::Empty,
            (Some(json), None, None) => Body::Json(json),
            (None, Some(text), None) => Body::Text(text),
            (None, None, Some(bytes)) => {
                let bytes: String = bytes.split_ascii_whitespace().collect();
                Body::Bytes(
                    BASE64_STANDARD
                        .decode(bytes)
                        .map_err(|error| format!("`bytes` must be base64: {error}"))?,
                )
            }
            _ => return Err("a response has one body: `json`, `text` or `bytes`".into()),
        };
        if has_body && matches!(status, 204 | 205 | 304) {
            return Err(format!("an answer with status {status} has no body"));
        }
        Ok(Self {
            reply: Reply::Answer {
                status,
                headers,
                body,
            },
            delay,
        })
    }
}

pub(super) fn method<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let method = String::deserialize(from)?.to_uppercase();
    if method.is_empty() || !method.chars().all(is_token) {
        return Err(Error::custom(format_args!(
            "`{method}` is not a valid HTTP method"
        )));
    }
    Ok(Some(method))
}

pub(super) fn url<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let url = String::deserialize(from)?;
    if url.starts_with('*') || url.starts_with("https://") || url.starts_with("http://") {
        return Ok(url);
    }
    Err(Error::custom(format_args!(
        "`{url}` is not a complete URL: write it as https://api.example.com/score/*"
    )))
}

pub(super) fn times<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    match u32::deserialize(from)? {
        0 => Err(Error::custom(
            "`times` must be at least 1; to disable the mock, leave it out",
        )),
        times => Ok(Some(times)),
    }
}

/// `null` is a value.
pub(super) fn some<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

pub(super) fn headers<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Vec<(String, String)>, D::Error> {
    let mut headers = texts(from)?;
    for (name, value) in &mut headers {
        name.make_ascii_lowercase();
        if name.is_empty() || !name.chars().all(is_token) {
            return Err(Error::custom(format_args!(
                "`{name}` is not a valid header name"
            )));
        }
        if value
            .chars()
            .any(|letter| letter.is_control() && letter != '\t')
        {
            return Err(Error::custom(format_args!(
                "the value of the header `{name}` has a line break or another control character"
            )));
        }
    }
    Ok(headers)
}

/// Named texts; a number or a truth value is meant as a text, a list as the same name several times.
pub(super) fn texts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(String, String)>, D::Error> {
    let mut texts = Vec::new();
    for (name, value) in Map::deserialize(from)? {
        let values = match value {
            Value::Array(values) => values,
            value => vec![value],
        };
        for value in values {
            let text = match value {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                Value::Bool(truth) => truth.to_string(),
                Value::Null | Value::Array(_) | Value::Object(_) => {
                    return Err(Error::custom(format_args!("`{name}` must be a text")));
                }
            };
            texts.push((name.clone(), text));
        }
    }
    Ok(texts)
}

fn delay<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    struct Delay;
    impl Visitor<'_> for Delay {
        type Value = Duration;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a duration such as 250ms or 3s")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
            parse_duration(text)
                .map_err(|error| E::custom(format_args!("{}; {}", error.message, error.hint)))
        }
    }
    from.deserialize_str(Delay)
}

/// Returns whether a character may be in a method or in the name of a header.
/// Source: <https://www.rfc-editor.org/rfc/rfc9110#name-tokens>.
fn is_token(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(letter)
}
