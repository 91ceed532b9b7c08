//! A list of mocks as a door: strict, in order, and with an account of what was not used.

use std::{
    fmt::Write,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    Mock, Reply, advice,
    matching::{mismatches, nearest},
};
use crate::{
    credentials,
    network::{Door, Remark, Request, Verdict},
};

/// Answers requests by mocks: by the first that fits and is not used up. What none fits is refused, or goes to
/// another door.
pub struct MockDoor {
    mocks: Vec<Mock>,
    /// How often each has answered.
    used: Mutex<Vec<u32>>,
    otherwise: Option<Arc<dyn Door>>,
}

impl MockDoor {
    /// A door for one login.
    #[must_use]
    pub fn new(mocks: Vec<Mock>) -> Self {
        let used = Mutex::new(vec![0; mocks.len()]);
        Self {
            mocks,
            used,
            otherwise: None,
        }
    }

    /// Where requests go that no mock fits.
    #[must_use]
    pub fn or_else(mut self, door: Arc<dyn Door>) -> Self {
        self.otherwise = Some(door);
        self
    }

    /// The first mock that fits and is not used up; counts the use.
    fn take(&self, request: &Request) -> Option<&Mock> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let (mock, used) = self
            .mocks
            .iter()
            .zip(used.iter_mut())
            .find(|(mock, used)| {
                mock.times.is_none_or(|times| **used < times)
                    && mismatches(&mock.request, request).is_empty()
            })?;
        *used = used.saturating_add(1);
        Some(mock)
    }

    /// The request, the nearest mock with what keeps it from answering, and a mock that would answer.
    fn unmatched(&self, request: &Request) -> Remark {
        let asked = credentials::shown(request);
        let mut message = match self.mocks.len() {
            0 => format!("{asked} was refused: there is no mock"),
            1 => format!("{asked} was refused: it does not fit the mock"),
            count => format!("{asked} was refused: it fits none of the {count} mocks"),
        };
        if let Some((index, mock, mismatches)) = nearest(&self.mocks, request) {
            let name = name(index, mock);
            let reasons: Vec<&str> = mismatches
                .iter()
                .map(|mismatch| mismatch.reason())
                .collect();
            let reasons = match (reasons.is_empty(), mock.times) {
                (true, Some(times)) => format!("it is used up (times: {times})"),
                _ => reasons.join("; "),
            };
            // Writing to a text does not fail.
            let _ = write!(message, "\nthe nearest is {name}: {reasons}");
        }
        let _ = write!(message, "\n{}", advice(request));
        Remark {
            code: "request-unmatched",
            message,
        }
    }
}

/// `mock 2 (GET https://api.example.com/score/*)`
fn name(index: usize, mock: &Mock) -> String {
    let method = mock.request.method.as_deref().unwrap_or("*");
    format!("mock {} ({method} {})", index + 1, mock.request.url)
}

impl Door for MockDoor {
    fn send(&self, request: &Request) -> Verdict {
        let Some(mock) = self.take(request) else {
            return match &self.otherwise {
                Some(door) => door.send(request),
                None => Verdict::Refused(self.unmatched(request)),
            };
        };
        let delay = mock.response.delay;
        match &mock.response.reply {
            Reply::Answer {
                status,
                headers,
                body,
            } => {
                let mut headers = headers.clone();
                if let Some(kind) = body.content_type()
                    && !headers.iter().any(|(name, _)| name == "content-type")
                {
                    headers.push(("content-type".into(), kind.into()));
                }
                Verdict::Answered {
                    status: *status,
                    headers,
                    body: body.bytes(),
                    delay,
                }
            }
            Reply::Error(error) => Verdict::Failed {
                error: *error,
                delay,
                remark: None,
            },
        }
    }

    fn progress(&self) -> Vec<u32> {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.clone()
    }

    fn resume(&self, progress: &[u32]) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        for (used, before) in used.iter_mut().zip(progress) {
            *used = *before;
        }
    }

    fn leftovers(&self) -> Vec<Remark> {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let unused =
            self.mocks
                .iter()
                .zip(used.iter())
                .enumerate()
                .filter_map(|(index, (mock, used))| {
                    let name = name(index, mock);
                    let message = match (used, mock.times) {
                        (0, _) => format!("no request used {name}"),
                        (used, Some(times)) if *used < times => {
                            format!("{name} was used {used} of {times} times")
                        }
                        _ => return None,
                    };
                    Some(Remark {
                        code: "mock-unused",
                        message,
                    })
                });
        let mut remarks: Vec<Remark> = unused.collect();
        remarks.extend(self.otherwise.iter().flat_map(|door| door.leftovers()));
        remarks
    }
}
