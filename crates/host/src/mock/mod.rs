//! Mocked exchanges: what a request must be like, and what comes back.
//!
//! One form serves the `http:` list of a case file, the files of `--http`, and what `--record` writes:
//!
//! ```yaml
//! - request:
//!     method: GET                                  # any, when left out
//!     url: "https://api.example.com/score/*"       # `*` is any text; without `?`, the query is not looked at
//!     query: { verbose: "1" }                      # these parameters, among others
//!     headers: { authorization: "Bearer *" }       # these headers, among others
//!     json: { user: "auth0|1" }                    # a body with at least these members; or `text`
//!   response:
//!     status: 200
//!     headers: { x-request-id: "7" }
//!     json: { score: 12 }                          # or `text`, or `bytes` (base64), or `error: ECONNRESET`
//!     delay: 250ms                                 # in virtual time
//!   times: 1                                       # without it, any number of times
//! ```

mod asked;
mod door;
mod matching;
mod read;
mod write;

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

pub use door::MockDoor;
pub use matching::{Mismatch, mismatches};
pub(crate) use write::JSON_BYTES;
pub use write::{advice, to_yaml};

use crate::network::NetworkError;

/// One mocked exchange.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mock {
    /// Which requests it answers.
    pub request: RequestPattern,
    /// The response.
    pub response: MockResponse,
    /// The number of times that it answers; `None` for any number. Then the next mock that fits takes over.
    #[serde(default, deserialize_with = "read::times")]
    pub times: Option<u32>,
    /// Whether it is part of a recording. Files say that once, in their first line ([`crate::record::HEADER`]).
    #[serde(skip)]
    pub recorded: bool,
}

/// Which requests a mock answers. Every text may hold `*` for any text.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestPattern {
    /// In upper case; `None` is any method.
    #[serde(default, deserialize_with = "read::method")]
    pub method: Option<String>,
    /// The whole URL. Without `?` in it, the query of the request is not looked at.
    #[serde(deserialize_with = "read::url")]
    pub url: String,
    /// Parameters that the query must have, decoded.
    #[serde(default, deserialize_with = "read::texts")]
    pub query: Vec<(String, String)>,
    /// Headers that the request must have; names in lower case.
    #[serde(default, deserialize_with = "read::headers")]
    pub headers: Vec<(String, String)>,
    /// The required JSON body: objects at least these members, arrays exactly these items.
    #[serde(default, deserialize_with = "read::some")]
    pub json: Option<Value>,
    /// The body as text.
    #[serde(default)]
    pub text: Option<String>,
}

/// The response of a mock.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "read::RawResponse")]
pub struct MockResponse {
    /// An answer, or how the network fails.
    pub reply: Reply,
    /// Virtual time until it is there.
    pub delay: Duration,
}

/// An answer, or how the network fails.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// An answer.
    Answer {
        /// HTTP status; 200 when the mock does not say.
        status: u16,
        /// Names in lower case. The type of the body is added when it is missing.
        headers: Vec<(String, String)>,
        /// The body.
        body: Body,
    },
    /// No answer.
    Error(NetworkError),
}

/// The body of a mocked answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// None.
    Empty,
    /// JSON, sent without blanks.
    Json(Value),
    /// UTF-8.
    Text(String),
    /// Anything else.
    Bytes(Vec<u8>),
}

impl Body {
    /// Returns the body that is sent.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Empty => Vec::new(),
            Self::Json(value) => value.to_string().into_bytes(),
            Self::Text(text) => text.clone().into_bytes(),
            Self::Bytes(bytes) => bytes.clone(),
        }
    }

    /// The content type that goes with it.
    #[must_use]
    pub fn content_type(&self) -> Option<&'static str> {
        match self {
            Self::Empty => None,
            Self::Json(_) => Some("application/json"),
            Self::Text(_) => Some("text/plain;charset=UTF-8"),
            Self::Bytes(_) => Some("application/octet-stream"),
        }
    }
}

#[cfg(test)]
mod tests;
