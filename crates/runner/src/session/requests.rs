//! The requests that the Actions of one login made, for tests that expect some.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postlogin_core::redact::Mask;
use postlogin_host::{Door, Remark, Request, Verdict};
use postlogin_project::Secret;
use serde_json::{Map, Value, json};

/// So many requests of one login are told.
const MOST_REQUESTS: usize = 1_000;
/// So many bytes of requests and answers are told.
const MOST_BYTES: usize = 16 << 20;

/// The exchanges that went through the door of one login.
#[derive(Default)]
pub(crate) struct Witness {
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    exchanges: Vec<(Request, Verdict)>,
    bytes: usize,
}

impl Witness {
    /// A door that passes requests on, and tells this of them.
    pub(crate) fn before(self: &Arc<Self>, door: Arc<dyn Door>) -> Arc<dyn Door> {
        Arc::new(Watched {
            door,
            witness: Arc::clone(self),
        })
    }

    /// The requests in their order, as `{method, url, headers, body, response}`; the values of these secrets are `***`.
    /// `response` is `{status, headers, body}`, `{error}` for a network that fails, or `{refused}` when no mock fits. A body is the
    /// value of its JSON, else a string, else `{base64}`.
    pub(super) fn told(&self, secrets: &[Secret]) -> Vec<Value> {
        let values: Vec<&str> = secrets.iter().map(|secret| secret.value.as_str()).collect();
        let mask = Mask::of(&values);
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let told = seen.exchanges.iter().map(|(request, verdict)| {
            let mut told = json!({
                "method": request.method,
                "url": request.url,
                "headers": headers(&request.headers),
                "body": body(&request.body),
                "response": response(verdict),
            });
            mask.value(&mut told);
            told
        });
        told.collect()
    }
}

fn response(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Answered {
            status,
            headers: sent,
            body: answered,
            ..
        } => json!({"status": status, "headers": headers(sent), "body": body(answered)}),
        Verdict::Failed { error, .. } => json!({"error": error.code()}),
        Verdict::Refused(remark) => json!({"refused": remark.message}),
    }
}

/// Several headers of one name are joined, as `Headers` of `fetch` joins them.
fn headers(headers: &[(String, String)]) -> Map<String, Value> {
    let mut joined: Map<String, Value> = Map::new();
    for (name, value) in headers {
        let value = match joined.get(name).and_then(Value::as_str) {
            Some(first) => format!("{first}, {value}"),
            None => value.clone(),
        };
        joined.insert(name.clone(), value.into());
    }
    joined
}

fn body(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
        Err(_) => json!({"base64": STANDARD.encode(bytes)}),
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Witness").finish_non_exhaustive()
    }
}

struct Watched {
    door: Arc<dyn Door>,
    witness: Arc<Witness>,
}

impl Door for Watched {
    fn send(&self, request: &Request) -> Verdict {
        let verdict = self.door.send(request);
        let answered = match &verdict {
            Verdict::Answered { body, .. } => body.len(),
            Verdict::Failed { .. } | Verdict::Refused(_) => 0,
        };
        let mut seen = self
            .witness
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let bytes = seen.bytes + request.url.len() + request.body.len() + answered;
        if seen.exchanges.len() < MOST_REQUESTS && bytes <= MOST_BYTES {
            seen.bytes = bytes;
            seen.exchanges.push((request.clone(), verdict.clone()));
        }
        verdict
    }

    fn has_mock(&self, request: &Request) -> bool {
        self.door.has_mock(request)
    }

    fn progress(&self) -> Vec<u32> {
        self.door.progress()
    }

    fn resume(&self, progress: &[u32]) {
        self.door.resume(progress);
    }

    fn leftovers(&self) -> Vec<Remark> {
        self.door.leftovers()
    }
}
