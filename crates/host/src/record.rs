//! Keeps what went through a door, as mocks that give the same answers again.

use std::sync::{Arc, Mutex, PoisonError};

use postlogin_core::redact::Mask;

use crate::{
    credentials::Hider,
    mock::{Body, JSON_BYTES, Mock, MockResponse, Reply, RequestPattern},
    network::{Door, Remark, Request, Verdict},
};

/// The first line of every recording, by which it is known.
pub const HEADER: &str = "# Recorded by postlogin --record; replay it with --http.";

/// One effect on the outside world: what was asked and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The request.
    pub request: Request,
    /// Its result.
    pub verdict: Verdict,
}

/// So many exchanges are kept of one login.
pub const RECORDED_EXCHANGES: usize = 10_000;

/// So many bytes of requests and answers are kept of one login.
pub const RECORDED_BYTES: usize = 32 << 20;

/// Passes requests on to another door and keeps the exchanges, in their order: at most [`RECORDED_EXCHANGES`] and
/// [`RECORDED_BYTES`].
pub struct Recorder {
    door: Arc<dyn Door>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    exchanges: Vec<Exchange>,
    bytes: usize,
    /// Exchanges for which there was no room.
    dropped: usize,
}

/// The exchanges of a [`Recorder`], ready to be written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recording {
    /// The exchanges, as mocks that give the same answers again.
    pub mocks: Vec<Mock>,
    /// The number of hidden values in them.
    pub masked: usize,
    /// Where, without the values: `2 response body.access_token`. The number is that of the mock, from 1.
    pub places: Vec<String>,
    /// Bodies that could not be looked into, such as compressed ones: `3 response (gzip)`. They may hold credentials.
    pub unread: Vec<String>,
    /// The number of exchanges that were too many or too large to be kept.
    pub dropped: usize,
}

impl Recorder {
    /// Returns a recorder of what goes through `door`.
    #[must_use]
    pub fn new(door: Arc<dyn Door>) -> Self {
        Self {
            door,
            kept: Mutex::default(),
        }
    }

    /// Returns what went through so far, as mocks. The secrets of the mask, and what is recognised as a credential by
    /// its name or its shape, are hidden in them; requests that were refused are left out.
    #[must_use]
    pub fn recording(&self, mask: &Mask) -> Recording {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut recording = Recording {
            dropped: kept.dropped,
            ..Recording::default()
        };
        for exchange in &kept.exchanges {
            recording.add(exchange, mask);
        }
        recording
    }
}

impl Door for Recorder {
    fn send(&self, request: &Request) -> Verdict {
        let verdict = self.door.send(request);
        if matches!(verdict, Verdict::Refused(_)) {
            return verdict;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = kept.bytes.saturating_add(size(request, &verdict));
        if kept.exchanges.len() >= RECORDED_EXCHANGES || bytes > RECORDED_BYTES {
            kept.dropped += 1;
        } else {
            kept.bytes = bytes;
            kept.exchanges.push(Exchange {
                request: request.clone(),
                verdict: verdict.clone(),
            });
        }
        verdict
    }

    fn has_mock(&self, request: &Request) -> bool {
        self.door.has_mock(request)
    }

    fn leftovers(&self) -> Vec<Remark> {
        self.door.leftovers()
    }
}

fn size(request: &Request, verdict: &Verdict) -> usize {
    let of = |headers: &[(String, String)]| -> usize {
        headers
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum()
    };
    let answer = match verdict {
        Verdict::Answered { headers, body, .. } => of(headers) + body.len(),
        Verdict::Failed { .. } | Verdict::Refused(_) => 0,
    };
    request.url.len() + of(&request.headers) + request.body.len() + answer
}

/// Headers that differ from one answer to the next, or describe the connection, and say nothing to an Action.
const VOLATILE: &[&str] = &[
    "age",
    "alt-svc",
    "cf-cache-status",
    "cf-ray",
    "connection",
    "content-length",
    "date",
    "expires",
    "nel",
    "report-to",
    "reporting-endpoints",
    "server",
    "server-timing",
    "traceparent",
    "via",
    "x-amzn-trace-id",
    "x-cache",
    "x-request-id",
    "x-runtime",
    "x-served-by",
    "x-timer",
];

impl Recording {
    /// Adds the mock that answers as the network did.
    fn add(&mut self, exchange: &Exchange, mask: &Mask) {
        let mut hider = Hider::new(mask);
        let request = RequestPattern::hiding(&exchange.request, &mut hider);
        self.note(&mut hider, "request");
        let reply = match &exchange.verdict {
            Verdict::Refused(_) => return,
            Verdict::Failed { error, .. } => Reply::Error(*error),
            Verdict::Answered {
                status,
                headers,
                body,
                ..
            } => {
                let kind = header(headers, "content-type");
                let hidden = hider.body(kind, body);
                if let Some(why) = unreadable(headers, body) {
                    let number = self.mocks.len() + 1;
                    self.unread.push(format!("{number} response ({why})"));
                }
                let body = kept_body(kind, &hidden);
                let headers = kept_headers(headers, &body, &mut hider);
                self.note(&mut hider, "response");
                Reply::Answer {
                    status: *status,
                    headers,
                    body,
                }
            }
        };
        self.mocks.push(Mock {
            request,
            response: MockResponse {
                reply,
                // How long the network took is chance.
                delay: std::time::Duration::ZERO,
            },
            times: Some(1),
            recorded: true,
        });
    }

    fn note(&mut self, hider: &mut Hider<'_>, part: &str) {
        let number = self.mocks.len() + 1;
        let (count, places) = hider.take();
        self.masked += count;
        let places = places
            .into_iter()
            .map(|place| format!("{number} {part} {place}"));
        self.places.extend(places);
    }
}

fn header<'h>(headers: &'h [(String, String)], wanted: &str) -> Option<&'h str> {
    let found = headers.iter().find(|(name, _)| name == wanted);
    found.map(|(_, value)| value.as_str())
}

/// Why credentials in a body cannot be found: the client asks for no compression, yet a server may use it.
fn unreadable(headers: &[(String, String)], body: &[u8]) -> Option<String> {
    if let Some(encoding) = header(headers, "content-encoding")
        && !encoding.trim().eq_ignore_ascii_case("identity")
        && !body.is_empty()
    {
        let encoding: String = encoding
            .chars()
            .filter(|letter| !letter.is_control())
            .take(20)
            .collect();
        return Some(encoding);
    }
    let begins: &[(&[u8], &str)] = &[
        (b"\x1f\x8b", "gzip"),
        (b"PK\x03\x04", "zip"),
        (b"%PDF", "pdf"),
    ];
    let found = begins.iter().find(|(begin, _)| body.starts_with(begin));
    found.map(|(_, name)| (*name).to_owned())
}

fn kept_body(kind: Option<&str>, body: &[u8]) -> Body {
    if body.is_empty() {
        return Body::Empty;
    }
    let is_json = kind.is_some_and(|kind| kind.to_lowercase().contains("json"));
    if is_json
        && body.len() <= JSON_BYTES
        && let Ok(json) = serde_json::from_slice(body)
    {
        return Body::Json(json);
    }
    match str::from_utf8(body) {
        Ok(text) => Body::Text(text.to_owned()),
        Err(_) => Body::Bytes(body.to_vec()),
    }
}

fn kept_headers(
    headers: &[(String, String)],
    body: &Body,
    hider: &mut Hider<'_>,
) -> Vec<(String, String)> {
    let mut kept = Vec::new();
    for (name, value) in headers {
        // What a mock adds by itself need not be written.
        let implied = name == "content-type" && Some(value.as_str()) == body.content_type();
        if implied || VOLATILE.contains(&name.as_str()) {
            continue;
        }
        let mut value = value.clone();
        hider.header(name, &mut value);
        kept.push((name.clone(), value));
    }
    kept
}

#[cfg(test)]
mod tests;
