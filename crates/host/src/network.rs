//! The one door through which a request may leave the sandbox.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{credentials::shown, mock::advice};

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

/// `GET https://…`
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url)
    }
}

/// The response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// An answer, after `delay` of virtual time.
    Answered {
        /// HTTP status.
        status: u16,
        /// Names in lower case; a name may stand several times.
        headers: Vec<(String, String)>,
        /// The body.
        body: Vec<u8>,
        /// Virtual time until the answer is there.
        delay: Duration,
    },
    /// No answer: the network failed, in truth or because a mock says so.
    Failed {
        /// The kind of failure.
        error: NetworkError,
        /// Virtual time until it fails.
        delay: Duration,
        /// The remark for the user beyond what the Action sees.
        remark: Option<Remark>,
    },
    /// No connection, because this login does not allow it: what the guest sees is a refused connection.
    Refused(Remark),
}

impl Verdict {
    /// The virtual time that passes until the guest sees it.
    #[must_use]
    pub fn delay(&self) -> Duration {
        match self {
            Self::Answered { delay, .. } | Self::Failed { delay, .. } => *delay,
            Self::Refused(_) => Duration::ZERO,
        }
    }
}

/// Something that the user is told about requests; it becomes a notice of the outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// A stable name in kebab case: `request-unmatched`.
    pub code: &'static str,
    /// The failure and its remedy; may have several lines.
    pub message: String,
}

/// The failures of a network, by the code that Node gives to the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NetworkError {
    /// Nobody listens at the port.
    #[serde(rename = "ECONNREFUSED")]
    ConnectionRefused,
    /// The connection was broken off.
    #[serde(rename = "ECONNRESET")]
    ConnectionReset,
    /// There is no such host.
    #[serde(rename = "ENOTFOUND")]
    NotFound,
    /// The name server does not answer.
    #[serde(rename = "EAI_AGAIN")]
    NameServer,
    /// The connection was not made in time.
    #[serde(rename = "ETIMEDOUT")]
    TimedOut,
    /// There is no way to the host.
    #[serde(rename = "EHOSTUNREACH")]
    Unreachable,
    /// The certificate is out of date.
    CertHasExpired,
    /// The certificate is signed by itself.
    DepthZeroSelfSignedCert,
    /// Nobody known has signed the certificate.
    UnableToVerifyLeafSignature,
    /// The certificate is that of another host.
    #[serde(rename = "ERR_TLS_CERT_ALTNAME_INVALID")]
    CertificateForOthers,
}

impl NetworkError {
    /// The code that Node gives to it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::ConnectionRefused => "ECONNREFUSED",
            Self::ConnectionReset => "ECONNRESET",
            Self::NotFound => "ENOTFOUND",
            Self::NameServer => "EAI_AGAIN",
            Self::TimedOut => "ETIMEDOUT",
            Self::Unreachable => "EHOSTUNREACH",
            Self::CertHasExpired => "CERT_HAS_EXPIRED",
            Self::DepthZeroSelfSignedCert => "DEPTH_ZERO_SELF_SIGNED_CERT",
            Self::UnableToVerifyLeafSignature => "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
            Self::CertificateForOthers => "ERR_TLS_CERT_ALTNAME_INVALID",
        }
    }
}

/// Decides about requests. Mocks, recordings and the live network are doors.
pub trait Door: Send + Sync {
    /// Answers or refuses one request. What takes real time adds it to the delay of the verdict, and tells the
    /// login's clock with [`crate::Clock::block`].
    fn send(&self, request: &Request) -> Verdict;

    /// Whether a mock answers a request. Nothing is sent or counts as used.
    fn has_mock(&self, _request: &Request) -> bool {
        false
    }

    /// Returns how often each mock has answered, for a login that is stored while it waits.
    fn progress(&self) -> Vec<u32> {
        Vec::new()
    }

    /// Continues where [`Door::progress`] of another door with the same mocks was.
    fn resume(&self, _progress: &[u32]) {}

    /// Whether the mock with this index, as in [`Door::progress`], was recorded from a network.
    fn is_recorded(&self, _mock: usize) -> bool {
        false
    }

    /// Notes that the requests to come are those of this Action.
    fn begin(&self, _action: &str) {}

    /// Returns the remarks at the end of the login: unused mocks.
    fn leftovers(&self) -> Vec<Remark> {
        Vec::new()
    }
}

/// The door of a login without mocks: nothing leaves, and the user is told what wanted to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Closed;

impl Door for Closed {
    fn send(&self, request: &Request) -> Verdict {
        let advice = advice(request);
        Verdict::Refused(Remark {
            code: "request-refused",
            message: format!(
                "{} was refused: this login has no network\n{advice}",
                shown(request)
            ),
        })
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
        let Verdict::Refused(Remark { message, .. }) = Closed.send(&request) else {
            panic!("a closed door answered")
        };
        assert!(
            message.contains("GET https://api.example.com/score was refused"),
            "{message}"
        );
    }
}
