//! A list of mocks as a door: strict, in order, and with an account of what was not used.

use std::{
    fmt::Write,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    Mismatch, Mock, Reply, advice,
    asked::{Asked, WORK},
    matching::{fits, nearest, reasons},
};
use crate::{
    credentials,
    network::{Door, Remark, Request, Verdict},
};

/// Answers requests by mocks: by the first that fits and is not used up. What none fits is refused, or goes to
/// another door.
pub struct MockDoor {
    mocks: Vec<Mock>,
    state: Mutex<State>,
    otherwise: Option<Arc<dyn Door>>,
}

struct State {
    /// The number of answers of each mock.
    used: Vec<u32>,
    /// The bytes that may still be compared, of [`WORK`].
    left: u64,
}

impl MockDoor {
    /// A door for one login.
    #[must_use]
    pub fn new(mocks: Vec<Mock>) -> Self {
        Self::with_work(mocks, WORK)
    }

    /// As [`MockDoor::new`], with less work than [`WORK`].
    pub(super) fn with_work(mocks: Vec<Mock>, left: u64) -> Self {
        let used = vec![0; mocks.len()];
        Self {
            mocks,
            state: Mutex::new(State { used, left }),
            otherwise: None,
        }
    }

    /// Where requests go that no mock fits.
    #[must_use]
    pub fn or_else(mut self, door: Arc<dyn Door>) -> Self {
        self.otherwise = Some(door);
        self
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the first mock that fits and is not used up, and counts the use.
    fn take(&self, asked: &Asked<'_>, used: &mut [u32]) -> Option<&Mock> {
        let mut mocks = self.mocks.iter().zip(used);
        let (mock, used) = mocks.find(|(mock, used)| is_ready(mock, **used, asked))?;
        *used = used.saturating_add(1);
        Some(mock)
    }

    /// The request, the nearest mock with what keeps it from answering, and a mock that would answer.
    fn unmatched(&self, asked: &Asked<'_>) -> Remark {
        let request = asked.request;
        let shown = credentials::shown(request);
        let mut message = match self.mocks.len() {
            0 => format!("{shown} was refused: there is no mock"),
            1 => format!("{shown} was refused: it does not fit the mock"),
            count => format!("{shown} was refused: it fits none of the {count} mocks"),
        };
        if let Some((index, mock)) = nearest(&self.mocks, asked) {
            let name = name(index, mock);
            let mismatches = reasons(&mock.request, asked);
            let texts: Vec<&str> = mismatches.iter().map(Mismatch::reason).collect();
            let texts = match (texts.is_empty(), mock.times) {
                (true, Some(times)) => format!("it is used up (times: {times})"),
                _ => texts.join("; "),
            };
            // Writing to a text does not fail.
            let _ = write!(message, "\nthe nearest is {name}: {texts}");
        }
        // Looking for credentials in the body is work as well.
        asked.spend(4 * request.body.len());
        let _ = write!(message, "\n{}", advice(request));
        Remark {
            code: UNMATCHED,
            message,
        }
    }

    /// Returns the message when the work of comparing is used up: some mock may have fitted.
    fn stopped(&self, request: &Request) -> Remark {
        let count = self.mocks.len();
        let message = format!(
            "{} was refused: it was not compared with all of the {count} mocks, because requests and mocks of more than {} \
             MiB were compared in this login\nhint: use fewer mocks, or fewer that look into large bodies (`json`, `text`)",
            credentials::shown(request),
            WORK >> 20
        );
        Remark {
            code: UNMATCHED,
            message,
        }
    }
}

/// Whether a mock that was used so often answers a request.
fn is_ready(mock: &Mock, used: u32, asked: &Asked<'_>) -> bool {
    mock.times.is_none_or(|times| used < times) && fits(&mock.request, asked)
}

const UNMATCHED: &str = "request-unmatched";

/// `mock 2 (GET https://api.example.com/score/*)`
fn name(index: usize, mock: &Mock) -> String {
    let method = mock.request.method.as_deref().unwrap_or("*");
    format!("mock {} ({method} {})", index + 1, mock.request.url)
}

impl Door for MockDoor {
    fn send(&self, request: &Request) -> Verdict {
        let mut state = self.state();
        let asked = Asked::new(request, state.left);
        let mock = self.take(&asked, &mut state.used);
        let Some(mock) = mock else {
            let verdict = match &self.otherwise {
                // What may have a mock is not sent to another door.
                _ if asked.left() == 0 => Verdict::Refused(self.stopped(request)),
                None => Verdict::Refused(self.unmatched(&asked)),
                Some(door) => {
                    state.left = asked.left();
                    // A real request takes its time.
                    drop(state);
                    return door.send(request);
                }
            };
            state.left = asked.left();
            return verdict;
        };
        state.left = asked.left();
        drop(state);
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

    fn has_mock(&self, request: &Request) -> bool {
        let mut state = self.state();
        let asked = Asked::new(request, state.left);
        let mut mocks = self.mocks.iter().zip(&state.used);
        let found = mocks.any(|(mock, used)| is_ready(mock, *used, &asked));
        state.left = asked.left();
        found
    }

    fn progress(&self) -> Vec<u32> {
        self.state().used.clone()
    }

    fn resume(&self, progress: &[u32]) {
        for (used, before) in self.state().used.iter_mut().zip(progress) {
            *used = *before;
        }
    }

    fn is_recorded(&self, mock: usize) -> bool {
        self.mocks.get(mock).is_some_and(|mock| mock.recorded)
    }

    fn leftovers(&self) -> Vec<Remark> {
        let state = self.state();
        let unused = self
            .mocks
            .iter()
            .zip(state.used.iter())
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
