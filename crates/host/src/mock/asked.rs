//! A request as mocks look at it. Each part of it is parsed once, when the first mock asks for it, however many mocks there
//! are; and the work of all comparisons of a login has an end.

use std::{
    borrow::Cow,
    cell::{Cell, OnceCell},
};

use postlogin_core::ceilings::json_values;
use serde_json::Value;
use url::Url;

use crate::{credentials, network::Request};

/// Bytes of requests and mocks that are compared in one login; a few seconds of work. Beyond, requests are refused.
pub(super) const WORK: u64 = 1 << 30;

/// Values of a body that is compared as JSON: as a tree each takes up to a hundred bytes. A recording keeps bodies of up to
/// 1 MiB as JSON, which have fewer.
const MOST_VALUES: usize = 700_000;

/// A request, with what is known of it so far.
pub(super) struct Asked<'r> {
    pub(super) request: &'r Request,
    /// In upper case.
    pub(super) method: String,
    /// As a browser would write it; `None` when it is not a URL.
    pub(super) url: Option<Url>,
    parameters: OnceCell<Vec<(String, String)>>,
    text: OnceCell<Cow<'r, str>>,
    json: OnceCell<Result<Value, String>>,
    seen_text: OnceCell<String>,
    seen_json: OnceCell<Value>,
    left: Cell<u64>,
}

impl<'r> Asked<'r> {
    /// Prepares a request for comparisons that may cost `left` bytes.
    pub(super) fn new(request: &'r Request, left: u64) -> Self {
        Self {
            request,
            method: request.method.to_uppercase(),
            url: Url::parse(&request.url).ok(),
            parameters: OnceCell::new(),
            text: OnceCell::new(),
            json: OnceCell::new(),
            seen_text: OnceCell::new(),
            seen_json: OnceCell::new(),
            left: Cell::new(left),
        }
    }

    /// Counts work; `false` when there is none left.
    pub(super) fn spend(&self, bytes: usize) -> bool {
        let left = self.left.get().saturating_sub((bytes as u64).max(1));
        self.left.set(left);
        left > 0
    }

    /// Returns the work that is left; at 0, a comparison may have been stopped before its end.
    pub(super) fn left(&self) -> u64 {
        self.left.get()
    }

    /// Returns the decoded parameters of the query.
    pub(super) fn parameters(&self) -> &[(String, String)] {
        self.parameters.get_or_init(|| {
            let pairs = self.url.iter().flat_map(Url::query_pairs);
            pairs
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect()
        })
    }

    /// Returns the body as text.
    pub(super) fn text(&self) -> &str {
        self.text.get_or_init(|| {
            self.spend(self.request.body.len());
            String::from_utf8_lossy(&self.request.body)
        })
    }

    /// Returns the body as JSON.
    ///
    /// # Errors
    /// The reason why a pattern of JSON does not fit: it is not JSON, or has more than [`MOST_VALUES`] values.
    pub(super) fn json(&self) -> Result<&Value, &str> {
        let read = self.json.get_or_init(|| {
            let text = self.text();
            self.spend(text.len());
            // A value costs the host up to a hundred times its JSON.
            if json_values(text) > MOST_VALUES {
                return Err(format!(
                    "the body has more than {MOST_VALUES} values, and is not compared as JSON"
                ));
            }
            let read = serde_json::from_slice(&self.request.body);
            read.map_err(|_| "the body is not valid JSON".to_owned())
        });
        read.as_ref().map_err(String::as_str)
    }

    /// Returns the body as text without credentials, for a reason.
    pub(super) fn seen_text(&self) -> &str {
        self.seen_text.get_or_init(|| {
            let mut headers = self.request.headers.iter();
            let kind = headers.find(|(name, _)| name == "content-type");
            credentials::hidden_body(kind.map(|(_, kind)| kind.as_str()), self.text())
        })
    }

    /// Returns the body as JSON without credentials, for reasons.
    pub(super) fn seen_json(&self) -> &Value {
        let hidden = || self.json().map(credentials::hidden_json);
        self.seen_json.get_or_init(|| hidden().unwrap_or_default())
    }
}
