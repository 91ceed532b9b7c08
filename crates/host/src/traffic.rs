//! Keeps what a login asked of the network and what answered, to be shown to people: credentials are hidden, and long bodies are
//! cut.

use std::sync::{Arc, Mutex, PoisonError};

use postlogin_core::redact::{MASK, Mask};

use crate::credentials::Hider;
use crate::network::{Door, Remark, Request, Verdict};

/// So many exchanges are kept of one login; further ones are counted.
pub const MOST_EXCHANGES: usize = 1_000;
/// Bytes of the texts of all exchanges that are kept of one login; further ones are counted.
const MOST_BYTES: usize = 2 << 20;
/// So many bytes of a body are kept.
const BODY_BYTES: usize = 4 << 10;

/// The source of an answer to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnsweredBy {
    /// The mock with this index.
    Mock(usize),
    /// The mock with this index, which is part of a recording.
    Recording(usize),
    /// The network.
    Network,
    /// Nothing: it was refused.
    Nothing,
}

/// An exchange as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownExchange {
    /// The Action or Rule that made it; empty when that is unknown.
    pub action: String,
    /// `GET`, `POST`, …
    pub method: String,
    /// The URL.
    pub url: String,
    /// The headers of the request.
    pub headers: Vec<(String, String)>,
    /// Its body; empty when there is none.
    pub body: String,
    /// The source of the answer.
    pub by: AnsweredBy,
    /// The status; `None` when no answer came.
    pub status: Option<u16>,
    /// Why no answer came: the code of the error, or why the request was refused.
    pub error: Option<String>,
    /// The headers of the answer.
    pub response_headers: Vec<(String, String)>,
    /// Its body; empty when there is none.
    pub response_body: String,
    /// The time until it came, in milliseconds: virtual for a mock.
    pub ms: u64,
}

/// Passes requests on to another door, and keeps them with their answers.
pub struct Traffic {
    door: Arc<dyn Door>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// The Action that runs.
    action: String,
    exchanges: Vec<(String, Request, Verdict, AnsweredBy)>,
    /// Bytes of their texts.
    bytes: usize,
    dropped: usize,
}

impl Traffic {
    /// Returns a door before `door`.
    #[must_use]
    pub fn new(door: Arc<dyn Door>) -> Self {
        Self {
            door,
            kept: Mutex::default(),
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the exchanges so far, in their order, and how many more there were. The secrets of the mask, and what is recognised
    /// as a credential, are `***` in them.
    #[must_use]
    pub fn shown(&self, mask: &Mask) -> (Vec<ShownExchange>, usize) {
        let kept = self.kept();
        let exchanges = kept.exchanges.iter();
        let shown = exchanges.map(|(action, request, verdict, by)| {
            let mut hider = Hider::new(mask);
            let mut url = request.url.clone();
            hider.url(&mut url);
            let mut shown = ShownExchange {
                action: action.clone(),
                method: request.method.clone(),
                url,
                headers: headers(&mut hider, &request.headers),
                body: body(&mut hider, &request.headers, &request.body),
                by: *by,
                status: None,
                error: None,
                response_headers: Vec::new(),
                response_body: String::new(),
                ms: u64::try_from(verdict.delay().as_millis()).unwrap_or(u64::MAX),
            };
            match verdict {
                Verdict::Answered {
                    status,
                    headers: sent,
                    body: answer,
                    ..
                } => {
                    shown.status = Some(*status);
                    shown.response_headers = headers(&mut hider, sent);
                    shown.response_body = body(&mut hider, sent, answer);
                }
                Verdict::Failed { error, .. } => shown.error = Some(error.code().to_owned()),
                Verdict::Refused(remark) => {
                    let mut message = remark.message.clone();
                    mask.text(&mut message);
                    shown.error = Some(message);
                }
            }
            shown
        });
        (shown.collect(), kept.dropped)
    }
}

impl Door for Traffic {
    fn send(&self, request: &Request) -> Verdict {
        // The mock that answers is the one that was used once more.
        let before = self.door.progress();
        let verdict = self.door.send(request);
        let after = self.door.progress();
        let used = before.iter().zip(&after).position(|(one, two)| one != two);
        let by = match (&verdict, used) {
            (Verdict::Refused(_), _) => AnsweredBy::Nothing,
            (_, Some(mock)) if self.door.is_recorded(mock) => AnsweredBy::Recording(mock),
            (_, Some(mock)) => AnsweredBy::Mock(mock),
            (_, None) => AnsweredBy::Network,
        };
        let mut kept = self.kept();
        let bytes = kept.bytes.saturating_add(text_bytes(request, &verdict));
        if kept.exchanges.len() >= MOST_EXCHANGES || bytes > MOST_BYTES {
            kept.dropped += 1;
            return verdict;
        }
        kept.bytes = bytes;
        let action = kept.action.clone();
        let seen = (action, cut_request(request), cut_verdict(&verdict), by);
        kept.exchanges.push(seen);
        drop(kept);
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

    fn is_recorded(&self, mock: usize) -> bool {
        self.door.is_recorded(mock)
    }

    fn begin(&self, action: &str) {
        action.clone_into(&mut self.kept().action);
        self.door.begin(action);
    }

    fn leftovers(&self) -> Vec<Remark> {
        self.door.leftovers()
    }
}

/// Returns the bytes of an exchange that are kept.
fn text_bytes(request: &Request, verdict: &Verdict) -> usize {
    let of = |headers: &[(String, String)], body: &[u8]| {
        let headers = headers.iter();
        let headers: usize = headers.map(|(name, value)| name.len() + value.len()).sum();
        headers + body.len().min(MOST_KEPT)
    };
    let answer = match verdict {
        Verdict::Answered { headers, body, .. } => of(headers, body),
        Verdict::Failed { .. } => 0,
        Verdict::Refused(remark) => remark.message.len(),
    };
    request.url.len() + of(&request.headers, &request.body) + answer
}

/// A body that is not shown whole is not kept whole either. Credentials are looked for in what is kept: one that is cut would not be
/// recognised by its shape, so what is cut is cut again at a place before it, when it is shown.
fn cut(body: &[u8]) -> Vec<u8> {
    body.get(..MOST_KEPT).unwrap_or(body).to_vec()
}

/// So many bytes of a body are kept for [`body`].
const MOST_KEPT: usize = 64 << 10;

fn cut_request(request: &Request) -> Request {
    Request {
        body: cut(&request.body),
        method: request.method.clone(),
        url: request.url.clone(),
        headers: request.headers.clone(),
    }
}

fn cut_verdict(verdict: &Verdict) -> Verdict {
    match verdict {
        Verdict::Answered {
            status,
            headers,
            body,
            delay,
        } => Verdict::Answered {
            status: *status,
            headers: headers.clone(),
            body: cut(body),
            delay: *delay,
        },
        other => other.clone(),
    }
}

fn headers(hider: &mut Hider<'_>, headers: &[(String, String)]) -> Vec<(String, String)> {
    let shown = headers.iter().map(|(name, value)| {
        let mut value = value.clone();
        match name.as_str() {
            "cookie" => MASK.clone_into(&mut value),
            _ => hider.header(name, &mut value),
        }
        (name.clone(), value)
    });
    shown.collect()
}

fn body(hider: &mut Hider<'_>, headers: &[(String, String)], bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return String::new();
    }
    if bytes.len() >= MOST_KEPT {
        // Its end is missing, so its form cannot be read, and no credential in it be found for sure.
        return format!("(more than {} KiB, not shown)", MOST_KEPT >> 10);
    }
    let kind = headers.iter().find(|(name, _)| name == "content-type");
    let hidden = hider.body(kind.map(|(_, value)| value.as_str()), bytes);
    let Ok(text) = str::from_utf8(&hidden) else {
        return format!("({} bytes that are not text)", bytes.len());
    };
    if text.len() <= BODY_BYTES {
        return text.to_owned();
    }
    let mut end = BODY_BYTES;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let start = text.get(..end).unwrap_or_default();
    format!("{start}… ({} bytes in all)", text.len())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use postlogin_core::redact::Mask;

    use super::{AnsweredBy, Traffic};
    use crate::mock::{Mock, MockDoor};
    use crate::network::{Door as _, NetworkError, Request, Verdict};

    fn mock(json: serde_json::Value) -> Mock {
        serde_json::from_value(json).expect("a mock")
    }

    fn request(url: &str) -> Request {
        Request {
            method: "POST".into(),
            url: url.into(),
            headers: vec![
                ("authorization".into(), "Bearer s3cr3t".into()),
                ("cookie".into(), "session=abc".into()),
                ("x-plan".into(), "pro of s3cr3t".into()),
                ("content-type".into(), "application/json".into()),
            ],
            body: br#"{"client_secret":"hush","user":"jane s3cr3t"}"#.to_vec(),
        }
    }

    struct Network;

    impl crate::network::Door for Network {
        fn send(&self, _: &Request) -> Verdict {
            Verdict::Failed {
                error: NetworkError::TimedOut,
                delay: std::time::Duration::from_millis(7),
                remark: None,
            }
        }
    }

    #[test]
    fn exchanges_name_what_answered_and_hide_credentials() {
        let plain = mock(serde_json::json!({
            "request": {"url": "https://a.example/*"}, "response": {"status": 201, "json": {"access_token": "x.y", "ok": true}, "delay": "250ms"},
        }));
        let recorded = Mock {
            recorded: true,
            ..mock(
                serde_json::json!({"request": {"url": "https://b.example/"}, "response": {"text": "b"}}),
            )
        };
        let mocks = MockDoor::new(vec![plain, recorded]).or_else(Arc::new(Network));
        let traffic = Traffic::new(Arc::new(mocks));
        traffic.begin("first");
        traffic.send(&request("https://a.example/x?token=abcdef"));
        traffic.send(&request("https://b.example/"));
        traffic.begin("second");
        traffic.send(&request("https://c.example/"));
        let (shown, dropped) = traffic.shown(&Mask::of(&["s3cr3t"]));
        assert_eq!(dropped, 0);
        let facts: Vec<_> = shown
            .iter()
            .map(|it| (it.action.as_str(), it.by, it.status, it.ms))
            .collect();
        assert_eq!(
            facts,
            [
                ("first", AnsweredBy::Mock(0), Some(201), 250),
                ("first", AnsweredBy::Recording(1), Some(200), 0),
                ("second", AnsweredBy::Network, None, 7),
            ]
        );
        assert_eq!(shown[0].url, "https://a.example/x?token=***");
        assert_eq!(shown[2].error.as_deref(), Some("ETIMEDOUT"));
        let all = format!("{shown:?}");
        for hidden in ["s3cr3t", "session=abc", "hush", "x.y"] {
            assert!(!all.contains(hidden), "{hidden}: {all}");
        }
        for kept in ["Bearer ***", "pro of ***", "jane ***", "\\\"ok\\\":true"] {
            assert!(all.contains(kept), "{kept}: {all}");
        }
    }

    #[test]
    fn what_no_mock_fits_is_answered_by_nothing() {
        let traffic = Traffic::new(Arc::new(MockDoor::new(Vec::new())));
        traffic.send(&request("https://a.example/"));
        let (shown, _) = traffic.shown(&Mask::default());
        assert_eq!(shown[0].by, AnsweredBy::Nothing);
        let error = shown[0].error.clone().unwrap_or_default();
        assert!(error.contains("there is no mock"), "{error}");
    }

    #[test]
    fn all_exchanges_have_a_limit_together() {
        let traffic = Traffic::new(Arc::new(MockDoor::new(Vec::new())));
        for _ in 0..100 {
            let mut large = request("https://a.example/");
            large.headers.push(("x-large".into(), "<".repeat(100_000)));
            traffic.send(&large);
        }
        let (shown, dropped) = traffic.shown(&Mask::default());
        assert_eq!(shown.len() + dropped, 100);
        let bytes = format!("{shown:?}").len();
        assert!(dropped > 70 && bytes < 3 << 20, "{dropped} {bytes}");
    }

    #[test]
    fn long_bodies_are_cut_after_credentials_are_hidden() {
        let traffic = Traffic::new(Arc::new(MockDoor::new(Vec::new())));
        for bytes in [10_000, 100_000] {
            let text = format!(
                "{{\"password\":\"hush\",\"text\":\"{}\"}}",
                "ä".repeat(bytes / 2)
            );
            traffic.send(&Request {
                body: text.into_bytes(),
                ..request("https://a.example/")
            });
        }
        let (shown, _) = traffic.shown(&Mask::default());
        assert!(shown[0].body.len() < 5_000 && !shown[0].body.contains("hush"));
        assert!(shown[1].body.contains("not shown"), "{}", shown[1].body);
    }
}
