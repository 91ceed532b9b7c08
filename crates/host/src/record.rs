//! Keeps what went through a door, as mocks that give the same answers again.

use std::sync::{Arc, Mutex, PoisonError};

use postlogin_core::redact::Mask;

use crate::{
    credentials,
    mock::{Body, Mock, MockResponse, Reply, RequestPattern},
    network::{Door, Remark, Request, Verdict},
};

/// One effect on the outside world: what was asked and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The request.
    pub request: Request,
    /// Its result.
    pub verdict: Verdict,
}

/// Passes requests on to another door and keeps the exchanges, in their order.
pub struct Recorder {
    door: Arc<dyn Door>,
    exchanges: Mutex<Vec<Exchange>>,
}

impl Recorder {
    /// Records what goes through `door`.
    #[must_use]
    pub fn new(door: Arc<dyn Door>) -> Self {
        Self {
            door,
            exchanges: Mutex::default(),
        }
    }

    /// What went through so far, as mocks. The secrets of the mask, and what is known to give access, are hidden in
    /// them; requests that were not let out are left out.
    #[must_use]
    pub fn mocks(&self, mask: &Mask) -> Vec<Mock> {
        let exchanges = self
            .exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        exchanges
            .iter()
            .filter_map(|exchange| recorded(exchange, mask))
            .collect()
    }
}

impl Door for Recorder {
    fn send(&self, request: &Request) -> Verdict {
        let verdict = self.door.send(request);
        let exchange = Exchange {
            request: request.clone(),
            verdict: verdict.clone(),
        };
        self.exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(exchange);
        verdict
    }

    fn leftovers(&self) -> Vec<Remark> {
        self.door.leftovers()
    }
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

/// The mock that answers as the network did; `None` for a request that was not let out.
fn recorded(exchange: &Exchange, mask: &Mask) -> Option<Mock> {
    let reply = match &exchange.verdict {
        Verdict::Refused(_) => return None,
        Verdict::Failed { error, .. } => Reply::Error(*error),
        Verdict::Answered {
            status,
            headers,
            body,
            ..
        } => {
            let mut body = kept_body(headers, body);
            match &mut body {
                Body::Json(value) => credentials::hide_in_json(value, mask),
                Body::Text(text) => credentials::hide_in_text(text, mask),
                Body::Empty | Body::Bytes(_) => {}
            }
            Reply::Answer {
                status: *status,
                headers: kept_headers(headers, &body, mask),
                body,
            }
        }
    };
    Some(Mock {
        request: RequestPattern::of(&exchange.request, mask),
        response: MockResponse {
            reply,
            // How long the network took is chance.
            delay: std::time::Duration::ZERO,
        },
        times: Some(1),
    })
}

fn kept_body(headers: &[(String, String)], body: &[u8]) -> Body {
    if body.is_empty() {
        return Body::Empty;
    }
    let kind = headers.iter().find(|(name, _)| name == "content-type");
    let is_json = kind.is_some_and(|(_, kind)| kind.to_lowercase().contains("json"));
    if is_json && let Ok(json) = serde_json::from_slice(body) {
        return Body::Json(json);
    }
    match str::from_utf8(body) {
        Ok(text) => Body::Text(text.to_owned()),
        Err(_) => Body::Bytes(body.to_vec()),
    }
}

fn kept_headers(headers: &[(String, String)], body: &Body, mask: &Mask) -> Vec<(String, String)> {
    let mut kept = Vec::new();
    for (name, value) in headers {
        // What a mock adds by itself need not be written.
        let implied = name == "content-type" && Some(value.as_str()) == body.content_type();
        if implied || VOLATILE.contains(&name.as_str()) {
            continue;
        }
        let mut value = value.clone();
        match name.as_str() {
            "set-cookie" => credentials::hide_cookie(&mut value),
            "location" | "content-location" => credentials::hide_in_url(&mut value, mask),
            _ => mask.text(&mut value),
        }
        kept.push((name.clone(), value));
    }
    kept
}

#[cfg(test)]
mod tests;
