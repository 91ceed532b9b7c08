//! The answer of an `api` call, as it crosses to the guest.

use serde_json::{Value, json};

use crate::ceilings::{ERROR_BYTES, shortened};
use crate::value::Argument;

/// The exception of an `api` method: the class and the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// `Error`, `TypeError`.
    pub name: &'static str,
    /// The text.
    pub message: String,
}

impl Failure {
    /// A plain `Error`.
    pub fn error(message: impl Into<String>) -> Failure {
        Failure {
            name: "Error",
            message: message.into(),
        }
    }

    /// A `TypeError`.
    pub fn type_error(message: impl Into<String>) -> Failure {
        Failure {
            name: "TypeError",
            message: message.into(),
        }
    }
}

/// The result of a method that does not throw.
#[derive(Debug, Clone, PartialEq)]
pub enum Returned {
    /// The `api` object itself, for chained calls.
    Api,
    /// A value.
    Value(Argument),
}

/// The end of a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// At once, with a value.
    Return(Returned),
    /// At once, with an exception.
    Throw(Failure),
    /// With a promise that is fulfilled.
    Resolve(Argument),
    /// With a promise that is rejected.
    Reject(Failure),
}

/// The answer of a call and what the guest changes in its own event object.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The end of the call.
    pub answer: Answer,
    /// Assignments to the guest's event, in order: the path of keys and the new value; `undefined` deletes.
    pub event: Vec<(Vec<String>, Argument)>,
}

/// The text of the answer that is the `api` object itself. The engine's guest knows it, see `api.js`.
const CHAINED: &str = r#"{"return":{"$":"api"}}"#;

impl Reply {
    /// As [`Reply::to_json`], as text.
    pub fn to_text(&self) -> String {
        match &self.answer {
            // What nearly every call is answered with.
            Answer::Return(Returned::Api) if self.event.is_empty() => CHAINED.to_owned(),
            _ => self.to_json().to_string(),
        }
    }

    /// The wire form: `{"return": V}`, `{"throw": {"name", "message"}}`, `{"resolve": V}` or `{"reject": …}`, with
    /// `"event"` only when something was assigned.
    pub fn to_json(&self) -> Value {
        // A message may repeat what it was given, and JSON writes some bytes of it as six.
        let failure = |failure: &Failure| {
            let message = shortened(&failure.message, ERROR_BYTES);
            json!({"name": failure.name, "message": message})
        };
        let mut reply = match &self.answer {
            Answer::Return(Returned::Api) => json!({"return": {"$": "api"}}),
            Answer::Return(Returned::Value(value)) => json!({"return": value.to_tagged()}),
            Answer::Throw(thrown) => json!({"throw": failure(thrown)}),
            Answer::Resolve(value) => json!({"resolve": value.to_tagged()}),
            Answer::Reject(reason) => json!({"reject": failure(reason)}),
        };
        if let Value::Object(object) = &mut reply
            && !self.event.is_empty()
        {
            let assignments = self
                .event
                .iter()
                .map(|(path, value)| json!([path, value.to_tagged()]))
                .collect();
            object.insert("event".to_owned(), Value::Array(assignments));
        }
        reply
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_repeats_what_it_was_given_is_shortened() {
        let long = "\u{1}".repeat(20 << 20);
        for answer in [
            Answer::Throw(Failure::error(long.clone())),
            Answer::Reject(Failure::type_error(long)),
        ] {
            let reply = Reply {
                answer,
                event: Vec::new(),
            };
            let text = reply.to_text();
            assert!(text.len() < 1 << 20, "{}", text.len());
            assert!(text.contains("more bytes"), "it is marked");
        }
    }
}
