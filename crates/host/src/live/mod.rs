//! Real requests, when the user allows them: to the allowed hosts only, one at a time, bounded in size and time.

mod client;
mod hosts;

use std::time::{Duration, Instant};

pub use hosts::{HostName, Hosts, is_public};
use ureq::{
    Agent,
    http::{self, Response},
};
use url::Url;

use crate::{
    credentials::{hidden, shown},
    mock::advice,
    network::{Door, NetworkError, Remark, Request, Verdict},
};

/// The largest answer that an Action can be given, in bytes; its whole sandbox has 128 MiB.
pub const ANSWER_BYTES: u64 = 16 << 20;

/// Headers that concern one connection only, and those that the client sets itself.
/// Source: <https://www.rfc-editor.org/rfc/rfc9110#name-connection>.
const HOP_BY_HOP: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers of a request that the client sets itself. Without `accept-encoding` answers come as they are, so that a
/// recording can be read.
const SET_BY_CLIENT: &[&str] = &["host", "content-length", "accept-encoding", "expect"];

/// The real network. A request blocks the calling thread; the time that it took is the delay of its verdict.
pub struct LiveDoor {
    hosts: Hosts,
    agent: Agent,
}

impl LiveDoor {
    /// A door to these hosts. No request takes longer than `timeout`.
    #[must_use]
    pub fn new(hosts: Hosts, timeout: Duration) -> Self {
        Self {
            agent: client::agent(&hosts, timeout),
            hosts,
        }
    }

    fn refuse(&self, request: &Request, host: &str) -> Verdict {
        let reason = match &self.hosts {
            Hosts::Public => {
                format!(
                    "{host} has no public address; to allow it all the same, name it: --allow-net={host}"
                )
            }
            Hosts::Named(names) => {
                let names: Vec<String> = names.iter().map(HostName::to_string).collect();
                format!("--allow-net names {} only", names.join(", "))
            }
        };
        let advice = advice(request);
        Verdict::Refused(Remark {
            code: "request-refused",
            message: format!("{} was refused: {reason}\n{advice}", shown(request)),
        })
    }

    fn fetch(&self, request: &Request) -> Result<Answer, ureq::Error> {
        let mut outgoing = http::Request::builder()
            .method(request.method.as_str())
            .uri(request.url.as_str());
        for (name, value) in &request.headers {
            if !HOP_BY_HOP.contains(&name.as_str()) && !SET_BY_CLIENT.contains(&name.as_str()) {
                outgoing = outgoing.header(name, value);
            }
        }
        let has_body =
            !request.body.is_empty() || matches!(request.method.as_str(), "POST" | "PUT" | "PATCH");
        let mut response = if has_body {
            self.agent.run(outgoing.body(request.body.as_slice())?)?
        } else {
            self.agent.run(outgoing.body(())?)?
        };
        let body = response
            .body_mut()
            .with_config()
            .limit(ANSWER_BYTES)
            .read_to_vec()?;
        Ok(Answer {
            status: response.status().as_u16(),
            headers: headers(&response),
            body,
        })
    }
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

fn headers<T>(response: &Response<T>) -> Vec<(String, String)> {
    let kept = response
        .headers()
        .iter()
        .filter(|(name, _)| !HOP_BY_HOP.contains(&name.as_str()));
    kept.map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.to_string(), value)
    })
    .collect()
}

impl Door for LiveDoor {
    fn send(&self, request: &Request) -> Verdict {
        let url = Url::parse(&request.url).ok();
        let host = url
            .as_ref()
            .and_then(Url::host_str)
            .unwrap_or_default()
            .to_owned();
        if !url.is_some_and(|url| self.hosts.allow(&url)) {
            return self.refuse(request, &host);
        }
        let started = Instant::now();
        let fetched = self.fetch(request);
        let delay = started.elapsed();
        match fetched {
            Ok(Answer {
                status,
                headers,
                body,
            }) => Verdict::Answered {
                status,
                headers,
                body,
                delay,
            },
            Err(error) if client::is_private(&error) => self.refuse(request, &host),
            Err(error) => {
                let (network_error, reason) = match &error {
                    ureq::Error::BodyExceedsLimit(_) => (
                        NetworkError::ConnectionReset,
                        format!("the answer has more than {} MiB", ANSWER_BYTES >> 20),
                    ),
                    error => (client::network_error(error), error.to_string()),
                };
                Verdict::Failed {
                    error: network_error,
                    delay,
                    remark: Some(Remark {
                        code: "request-failed",
                        message: format!("{} failed: {}", shown(request), hidden(&reason)),
                    }),
                }
            }
        }
    }
}
