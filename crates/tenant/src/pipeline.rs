//! What runs the post-login trigger, and logins that wait for their user between two requests.

use std::collections::HashMap;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use postlogin_core::outcome::Outcome;
use postlogin_core::{EndedLogin, Pause, ResumeStep, Resumption, Suspension};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::mpsc as progress;

use crate::oauth::run::Flow;

/// How long a login waits for its user.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// How many logins may wait at once. The one that has waited longest gives way: each holds a thread.
const MOST_WAITING: usize = 100;

/// One login for the pipeline.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoginRequest {
    /// The event before any Action ran, complete.
    pub event: Value,
    /// The host name of the tenant, without its port.
    pub domain: String,
    /// The issuer of tokens: the tenant's URL, with `/` at its end.
    pub issuer: String,
    /// What all randomness of the login is derived from.
    pub seed: u64,
    /// The time at which the login starts, in milliseconds since the epoch.
    pub now_ms: i64,
    /// Whether time stands still but for what the Actions await.
    pub is_frozen: bool,
    /// The other profiles of the tenant, for Actions that switch to one; empty unless
    /// [`LoginPipeline::switches_users`] says that there are such.
    #[serde(skip)]
    pub users: Vec<Value>,
}

/// Somebody who comes back from the identity provider of a connection with a script.
#[derive(Debug, Clone)]
pub struct ProviderVisit {
    /// The connection as the export has it: its `name`, and in `options` its `tokenURL`.
    pub connection: Value,
    /// The form that production posts to `tokenURL`.
    pub token_request: Vec<(&'static str, String)>,
    /// What the token endpoint answers unless a mocked exchange does.
    pub token_response: Map<String, Value>,
    /// What the provider answers to every request of the script that no mocked exchange answers; `None` leaves it to those.
    pub identity: Option<Value>,
    /// What all randomness is derived from.
    pub seed: u64,
    /// The time, in milliseconds since the epoch.
    pub now_ms: i64,
    /// Whether time stands still but for what the script awaits.
    pub is_frozen: bool,
}

/// What the script of a connection gave.
#[derive(Debug, Clone)]
pub struct FetchedProfile {
    /// The profile as the script gave it, or why there is none, in words for the application.
    pub profile: Result<Value, String>,
    /// The outcome of the script alone, for the log; `None` when it did not run.
    pub outcome: Option<Outcome>,
}

/// What the user does at a suspension; `None` ends the login where it is.
pub type Resume<'a> = &'a mut dyn FnMut(&Pause) -> Option<Resumption>;

/// Why a login could not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PipelineError {
    /// An Action, a Rule or a script can't be loaded as it is now, in one sentence: the login fails, as one does in
    /// production whose Action throws when it is loaded.
    Unloadable(String),
    /// The pipeline itself broke, in one sentence.
    Broken(String),
}

/// Runs the post-login trigger.
pub trait LoginPipeline: Send + Sync + 'static {
    /// Runs one login to its end. Called on threads that may block, several at once.
    ///
    /// # Errors
    /// When it can't run at all. What an Action does wrong is in the outcome.
    fn run(&self, login: LoginRequest, user: Resume<'_>) -> Result<EndedLogin, PipelineError>;

    /// Exchanges the code and runs the script `fetchUserProfile` of a connection. Called on threads that may block.
    ///
    /// # Errors
    /// When it can't run at all. What the script does wrong is in the answer.
    fn fetch_profile(&self, visit: ProviderVisit) -> Result<FetchedProfile, PipelineError>;

    /// Whether an Action or Rule may ask for another profile of the tenant.
    fn switches_users(&self) -> bool;

    /// Hides the secrets of the Actions in an outcome, for the log.
    fn redact(&self, outcome: &mut Outcome);
}

/// What a running login says.
#[derive(Debug)]
pub(crate) enum Progress {
    /// It waits for its user.
    Waits(Box<Pause>),
    /// It has ended.
    Ended(Box<Result<EndedLogin, PipelineError>>),
}

/// The thread is no more.
fn gone() -> Progress {
    let error = "the login ended without an outcome".to_owned();
    Progress::Ended(Box::new(Err(PipelineError::Broken(error))))
}

/// A login on its thread.
#[derive(Debug)]
pub(crate) struct Running {
    /// What it began with.
    pub(crate) request: Box<LoginRequest>,
    /// What was answered so far.
    pub(crate) steps: Vec<ResumeStep>,
    answers: mpsc::Sender<Resumption>,
    progress: progress::Receiver<Progress>,
}

impl Running {
    pub(crate) fn start(pipeline: Arc<dyn LoginPipeline>, login: LoginRequest) -> Self {
        let request = Box::new(login.clone());
        let (answers, steps) = mpsc::channel();
        let (told, progress) = progress::channel(2);
        tokio::task::spawn_blocking(move || {
            let mut user = |pause: &Pause| {
                told.blocking_send(Progress::Waits(Box::new(pause.clone())))
                    .ok()?;
                steps.recv_timeout(PATIENCE).ok()
            };
            let outcome = pipeline.run(login, &mut user);
            // Nobody listens when the user has gone.
            let _ = told.blocking_send(Progress::Ended(Box::new(outcome)));
        });
        Self {
            request,
            steps: Vec::new(),
            answers,
            progress,
        }
    }

    /// What happens next.
    pub(crate) async fn next(&mut self) -> Progress {
        self.progress.recv().await.unwrap_or_else(gone)
    }

    /// Answers a suspension; what does not fit is asked again.
    pub(crate) async fn answer(&mut self, step: ResumeStep, users: Option<Vec<Value>>) -> Progress {
        self.steps.push(step.clone());
        // Should the thread be gone, the next progress says so.
        let _ = self.answers.send(Resumption { step, users });
        self.next().await
    }

    /// Ends a login that waits: its outcome is that of the suspended login.
    pub(crate) async fn abandon(self) -> Progress {
        let Self {
            answers,
            mut progress,
            ..
        } = self;
        drop(answers);
        progress.recv().await.unwrap_or_else(gone)
    }
}

/// A login that waits, and what it is about.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) running: Running,
    pub(crate) suspension: Suspension,
    pub(crate) flow: Flow,
    pub(crate) since: Instant,
}

/// The logins that wait, by the secret with which they go on.
#[derive(Debug, Default)]
pub(crate) struct WaitingRoom(Mutex<HashMap<String, Waiting>>);

impl WaitingRoom {
    fn with<T>(&self, act: impl FnOnce(&mut HashMap<String, Waiting>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn put(&self, key: String, waiting: Waiting) {
        self.with(|room| {
            room.retain(|_, known| known.since.elapsed() < PATIENCE);
            if room.len() >= MOST_WAITING {
                let oldest = room
                    .iter()
                    .min_by_key(|(_, known)| known.since)
                    .map(|(key, _)| key.clone());
                oldest.and_then(|key| room.remove(&key));
            }
            room.insert(key, waiting)
        });
    }

    pub(crate) fn take(&self, key: &str) -> Option<Waiting> {
        self.with(|room| room.remove(key))
            .filter(|waiting| waiting.since.elapsed() < PATIENCE)
    }

    /// What a login waits for, and what it is about.
    pub(crate) fn look(&self, key: &str) -> Option<(Suspension, Flow)> {
        self.with(|room| {
            room.get(key)
                .map(|waiting| (waiting.suspension.clone(), waiting.flow.clone()))
        })
    }

    pub(crate) fn change(&self, key: &str, change: impl FnOnce(&mut Flow)) {
        self.with(|room| room.get_mut(key).map(|waiting| change(&mut waiting.flow)));
    }

    pub(crate) fn clear(&self) {
        self.with(HashMap::clear);
    }
}
