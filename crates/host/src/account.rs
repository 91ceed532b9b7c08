//! The guest's requests, as far as they are kept for the outcome.

use std::{collections::VecDeque, mem};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use postlogin_core::{
    Location,
    ceilings::{NAME_BYTES, NOTICE_BYTES, REQUESTS, SHOWN_BYTES, WHOLE_BYTES, shortened},
    outcome::{RequestEnd, RequestRecord},
    redact::{MASK, Mask},
};
use serde_json::{Map, Value, json};

use crate::{
    credentials::Hider,
    network::{Request, Verdict},
};

/// The requests of one run of a handler so far, up to [`postlogin_core::ceilings`].
#[derive(Debug, Default)]
pub struct Account {
    records: Vec<RequestRecord>,
    /// Bytes of their headers and bodies.
    bytes: usize,
    dropped: usize,
    /// The places of requests that are about to come, by method and URL, in their order.
    places: VecDeque<(String, Location)>,
}

impl Account {
    /// Takes down the place of a request that is about to come. `name` is its method and its URL, perhaps only the start of them.
    pub fn announce(&mut self, name: &str, place: Location) {
        if self.places.len() < REQUESTS {
            let name = name.split('…').next().unwrap_or_default();
            self.places.push_back((name.to_owned(), place));
        }
    }

    fn place_of(&mut self, request: &Request) -> Option<Location> {
        let name = format!("{} {}", request.method, request.url);
        let mut places = self.places.iter();
        let at = places.position(|(start, _)| name.starts_with(start.as_str()))?;
        self.places.remove(at).map(|(_, place)| place)
    }

    /// Takes down an exchange: whole, unless there is too much already.
    pub fn add(&mut self, request: &Request, verdict: &Verdict) {
        if self.records.len() >= REQUESTS {
            self.dropped += 1;
            return;
        }
        let response = match verdict {
            Verdict::Answered {
                status,
                headers,
                body,
                ..
            } => RequestEnd::Answered {
                status: *status,
                headers: self.headers(headers),
                body: self.body(body),
            },
            Verdict::Failed { error, .. } => RequestEnd::Failed {
                error: error.code().to_owned(),
            },
            Verdict::Refused(remark) => RequestEnd::Refused {
                refused: shortened(&remark.message, NOTICE_BYTES),
            },
        };
        let record = RequestRecord {
            action: String::new(),
            method: shortened(&request.method, NAME_BYTES),
            url: shortened(&request.url, WHOLE_BYTES),
            headers: self.headers(&request.headers),
            body: self.body(&request.body),
            response,
            location: self.place_of(request),
        };
        self.records.push(record);
    }

    /// Takes out the records, and the number of those for which there was no room.
    #[must_use]
    pub fn take(&mut self) -> (Vec<RequestRecord>, usize) {
        let taken = mem::take(self);
        (taken.records, taken.dropped)
    }

    /// Whether so many bytes more are kept whole.
    fn keeps(&mut self, bytes: usize) -> bool {
        let keeps = bytes <= WHOLE_BYTES && self.bytes.saturating_add(bytes) <= SHOWN_BYTES;
        if keeps {
            self.bytes += bytes;
        }
        keeps
    }

    fn headers(&mut self, headers: &[(String, String)]) -> Map<String, Value> {
        let bytes = headers
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        if !self.keeps(bytes) {
            let mut cut = Map::new();
            cut.insert("…".into(), format!("[{bytes} bytes]").into());
            return cut;
        }
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

    fn body(&mut self, bytes: &[u8]) -> Value {
        if bytes.is_empty() {
            return Value::Null;
        }
        if !self.keeps(bytes.len()) {
            let start = bytes.get(..NAME_BYTES).unwrap_or(bytes);
            let start = String::from_utf8_lossy(start);
            return format!("{start}… [{} bytes in all]", bytes.len()).into();
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
            Err(_) => json!({"base64": STANDARD.encode(bytes)}),
        }
    }
}

/// Hides what is recognised as a credential, by its name or its shape.
pub fn hide_credentials(requests: &mut [RequestRecord]) {
    if requests.is_empty() {
        return;
    }
    let mask = Mask::default();
    let mut hider = Hider::new(&mask);
    for request in requests {
        hider.url(&mut request.url);
        hide(&mut hider, &mut request.headers, &mut request.body);
        if let RequestEnd::Answered { headers, body, .. } = &mut request.response {
            hide(&mut hider, headers, body);
        }
    }
}

fn hide(hider: &mut Hider<'_>, headers: &mut Map<String, Value>, body: &mut Value) {
    let kind = headers.get("content-type").and_then(Value::as_str);
    match body {
        Value::Null => {}
        Value::String(text) => {
            let hidden = hider.body(kind, text.as_bytes());
            *text = String::from_utf8_lossy(&hidden).into_owned();
        }
        value => {
            let text = value.to_string();
            let hidden = hider.body(Some("application/json"), text.as_bytes());
            *value = serde_json::from_slice(&hidden).unwrap_or_else(|_| MASK.into());
        }
    }
    for (name, value) in headers {
        let Value::String(value) = value else {
            continue;
        };
        match name.as_str() {
            "cookie" => MASK.clone_into(value),
            _ => hider.header(name, value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn request(body: &[u8]) -> Request {
        Request {
            method: "POST".into(),
            url: "https://a.example/".into(),
            headers: vec![("accept".into(), "a".into()), ("accept".into(), "b".into())],
            body: body.to_vec(),
        }
    }

    fn answered(body: &[u8]) -> Verdict {
        Verdict::Answered {
            status: 201,
            headers: Vec::new(),
            body: body.to_vec(),
            delay: Duration::ZERO,
        }
    }

    #[test]
    fn a_body_is_json_or_text_or_base64_and_headers_are_joined() {
        let mut account = Account::default();
        account.add(&request(b"{\"a\":1}"), &answered(b"plain"));
        account.add(&request(b""), &answered(b"\xff\x00"));
        let (records, dropped) = account.take();
        assert_eq!(dropped, 0);
        let shown = serde_json::to_value(&records).expect("records are JSON");
        assert_eq!(shown[0]["headers"], json!({"accept": "a, b"}));
        assert_eq!(shown[0]["body"], json!({"a": 1}));
        assert_eq!(
            shown[0]["response"],
            json!({"status": 201, "headers": {}, "body": "plain"})
        );
        assert_eq!(shown[1]["body"], Value::Null);
        assert_eq!(shown[1]["response"]["body"], json!({"base64": "/wA="}));
    }

    #[test]
    fn a_request_has_the_place_that_was_announced() {
        let place = |line| Location {
            file: "a.js".into(),
            line,
            column: 1,
        };
        let mut account = Account::default();
        account.announce("GET https://a.example/", place(1));
        account.announce("POST https://a.example/… (3 more characters)", place(2));
        account.announce("POST https://a.example/", place(3));
        for _ in 0..3 {
            account.add(&request(b""), &answered(b""));
        }
        let (records, _) = account.take();
        let lines = records.iter();
        let lines: Vec<_> = lines
            .map(|record| record.location.as_ref().map(|place| place.line))
            .collect();
        assert_eq!(lines, [Some(2), Some(3), None]);
    }

    #[test]
    fn what_is_kept_has_a_limit() {
        let mut account = Account::default();
        let body = vec![b'x'; WHOLE_BYTES];
        for _ in 0..REQUESTS + 2 {
            account.add(&request(&body), &answered(&body));
        }
        let (records, dropped) = account.take();
        assert_eq!((records.len(), dropped), (REQUESTS, 2));
        let bytes = serde_json::to_string(&records)
            .expect("records are JSON")
            .len();
        assert!(bytes < SHOWN_BYTES + REQUESTS * 4 * NAME_BYTES, "{bytes}");
        let last = records.last().and_then(|record| record.body.as_str());
        assert!(
            last.is_some_and(|text| text.ends_with("x… [262144 bytes in all]")),
            "{last:?}"
        );
    }

    #[test]
    fn credentials_are_hidden_and_the_rest_stays() {
        let mut account = Account::default();
        let mut asked = request(
            b"{\"grant_type\":\"client_credentials\",\"client_secret\":\"Zq81nmXvEw03bTtRk\"}",
        );
        asked.headers = vec![
            ("authorization".into(), "Bearer Zq81nmXvEw03bTtRk".into()),
            ("cookie".into(), "sid=1".into()),
            ("accept".into(), "application/json".into()),
        ];
        account.add(
            &asked,
            &answered(b"{\"access_token\":\"Zq81nmXvEw03bTtRk\",\"expires_in\":60}"),
        );
        let (mut records, _) = account.take();
        hide_credentials(&mut records);
        let shown = serde_json::to_value(&records[0]).expect("a record is JSON");
        assert_eq!(
            shown["headers"],
            json!({"authorization": "Bearer ***", "cookie": "***", "accept": "application/json"})
        );
        assert_eq!(
            shown["body"],
            json!({"grant_type": "client_credentials", "client_secret": "***"})
        );
        assert_eq!(
            shown["response"]["body"],
            json!({"access_token": "***", "expires_in": 60})
        );
    }
}
