//! The one door through which a request may leave the sandbox.

use std::time::Duration;

/// A request as the guest made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// Names in lower case, in the order in which they were set.
    pub headers: Vec<(String, String)>,
    /// The body, as sent.
    pub body: Vec<u8>,
}

/// What comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// An answer, after `delay` of virtual time.
    Answered {
        /// HTTP status.
        status: u16,
        /// Names in lower case.
        headers: Vec<(String, String)>,
        /// The body.
        body: Vec<u8>,
        /// Virtual time until the answer is there.
        delay: Duration,
    },
    /// No connection: what the guest sees is a network error.
    Refused {
        /// For the user: why, and what would let the request through.
        reason: String,
    },
}

/// One effect on the outside world: what was asked and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The request.
    pub request: Request,
    /// Its result.
    pub verdict: Verdict,
}

/// Decides about requests. Mocks, recordings and the live network are doors.
pub trait Door: Send + Sync {
    /// Answers or refuses one request.
    fn send(&self, request: &Request) -> Verdict;
}

/// The door of a login without mocks: nothing leaves, and the user is told what wanted to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Closed;

impl Door for Closed {
    fn send(&self, request: &Request) -> Verdict {
        Verdict::Refused {
            reason: format!(
                "{} {} was refused: this login has no network",
                request.method, request.url
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_door_names_the_request() {
        let request = Request {
            method: "GET".into(),
            url: "https://api.example.com/score".into(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        let Verdict::Refused { reason } = Closed.send(&request) else {
            panic!("a closed door answered")
        };
        assert!(
            reason.contains("GET https://api.example.com/score"),
            "{reason}"
        );
    }
}
