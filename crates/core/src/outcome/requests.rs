//! The requests of Actions to the network, in an outcome.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::location::Location;
use crate::redact::Mask;

/// One request to the network, and its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequestRecord {
    /// The Action that made it. Empty until the login takes the record.
    pub action: String,
    /// The method in capitals.
    pub method: String,
    /// The URL with its query.
    pub url: String,
    /// The headers by their names in small letters. Several of one name are joined by a comma, as `Headers` of `fetch` joins them.
    pub headers: Map<String, Value>,
    /// The value of its JSON, else a string, else `{"base64": …}`; null when it has none.
    pub body: Value,
    /// The answer, or why there is none.
    pub response: RequestEnd,
    /// The place of the call in the Action; null where none is known.
    pub location: Option<Location>,
}

/// The end of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RequestEnd {
    /// An answer.
    Answered {
        /// The status: 200.
        status: u16,
        /// The headers, as those of the request.
        headers: Map<String, Value>,
        /// The body, as that of the request.
        body: Value,
    },
    /// The network failed.
    Failed {
        /// Node's code for it: `ECONNRESET`.
        error: String,
    },
    /// Nothing answers it here.
    Refused {
        /// Why, and how it could be answered.
        refused: String,
    },
}

impl RequestRecord {
    pub(crate) fn redact(&mut self, mask: &Mask) {
        mask.text(&mut self.url);
        mask.object(&mut self.headers);
        mask.value(&mut self.body);
        match &mut self.response {
            RequestEnd::Answered { headers, body, .. } => {
                mask.object(headers);
                mask.value(body);
            }
            RequestEnd::Failed { .. } => {}
            RequestEnd::Refused { refused } => mask.text(refused),
        }
    }

    /// Shortens the bodies, which are the largest part.
    pub(crate) fn shorten(&mut self, shorten: impl Fn(&Value) -> Value) {
        self.body = shorten(&self.body);
        if let RequestEnd::Answered { body, .. } = &mut self.response {
            *body = shorten(body);
        }
    }
}
