//! The interface to whoever runs the triggers.

use std::borrow::Cow;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;

use postlogin_core::explanation::{ClaimSites, Explanation, explain};
use postlogin_core::outcome::Outcome;
use postlogin_core::reads::Record;
use postlogin_core::{CacheEntries, Finished, Pause, ResumeStep, Trigger};
use postlogin_page::{LineCount, Report, RequestEntry, SourceText};
use postlogin_project::TenantData;
use serde_json::{Map, Value};

use crate::records::Permissions;
use crate::state::Tenant;
use crate::trouble::tell;

/// One login for the pipeline.
#[derive(Debug, Clone)]
pub struct LoginRequest {
    /// The trigger.
    pub trigger: Trigger,
    /// The event before any Action ran, complete.
    pub event: Value,
    /// The host name of the tenant, without its port.
    pub domain: String,
    /// The issuer of tokens: the tenant's URL, with `/` at its end.
    pub issuer: String,
    /// The lifetime of the access token in seconds; `None`: as the project configures it.
    pub access_token_lifetime_s: Option<i64>,
    /// The parts of the configuration that a login looks at, where requests have changed it; `None`: as the project has it.
    pub configured: Option<Arc<TenantData>>,
    /// The permissions on the API that the user has without a role.
    pub permissions: Vec<String>,
    /// The scopes of the client grant, for credentials-exchange; `None`: as the project configures it.
    pub granted_scopes: Option<Vec<String>>,
    /// The scopes of a login whose event does not list them (a password grant, a refresh); `None`: as the event has them.
    pub requested_scopes: Option<Vec<String>>,
    /// The seed of all randomness of the login.
    pub seed: u64,
    /// The time at which the login starts, in milliseconds since the epoch.
    pub now_ms: i64,
    /// Whether time is frozen, except for what the Actions await.
    pub is_frozen: bool,
    /// The other profiles of the tenant, for Actions that switch to one; empty unless
    /// [`LoginPipeline::switches_users`] says that there are such.
    pub users: Vec<Value>,
    /// The one Action that runs, where an entity of the export names it (a token exchange profile, an event stream); `None`:
    /// those that are bound to the trigger.
    pub action: Option<String>,
    /// The entries of `api.cache` of the trigger when the login starts.
    pub cache: CacheEntries,
    /// Whether to record where each read of the event is in the source: a page shows it.
    pub is_watched: bool,
    /// When it was asked for: it runs the files as they are then, or later.
    pub asked: Instant,
}

impl LoginRequest {
    /// A run of a trigger at this tenant, now: with the lifetimes and grants of the project, no other profiles, and the bound Actions.
    pub(crate) fn of(tenant: &Tenant, trigger: Trigger, mut event: Value) -> Self {
        if let (Some(domain), Some(event)) = (tenant.custom_domain(), event.as_object_mut())
            && trigger != Trigger::EventStream
        {
            event.entry("custom_domain").or_insert(domain);
        }
        Self {
            trigger,
            configured: tenant.catalog.configured(),
            permissions: own_permissions(tenant, &event),
            event,
            domain: tenant.site.domain.clone(),
            issuer: tenant.site.issuer.clone(),
            access_token_lifetime_s: None,
            granted_scopes: None,
            requested_scopes: None,
            seed: tenant.randomness.seed(),
            now_ms: tenant.now_ms(),
            is_frozen: tenant.clock.is_frozen(),
            users: Vec::new(),
            action: None,
            cache: tenant.pipeline.cached(trigger, tenant.now_ms()),
            is_watched: tenant.page.is_watched(),
            asked: Instant::now(),
        }
    }
}

/// The permissions that the user of a login has without a role. In a login to an organization they do not count, as roles that are not
/// of the membership do not (<https://community.auth0.com/t/99135>).
fn own_permissions(tenant: &Tenant, event: &Value) -> Vec<String> {
    let part = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
    let (Some(api), Some(user)) = (part("/resource_server/identifier"), part("/user/user_id"))
    else {
        return Vec::new();
    };
    let known = tenant.catalog.api(api);
    let is_on = known.is_some_and(|api| api.get("enforce_policies") == Some(&Value::Bool(true)));
    if !is_on || event.get("organization").is_some_and(Value::is_object) {
        return Vec::new();
    }
    let own = match tenant.store.get::<Permissions>(user, tenant.now_ms()) {
        Ok(own) => own.unwrap_or_default().0,
        Err(error) => {
            tell(&error);
            Vec::new()
        }
    };
    let of_api = own.into_iter().filter(|permission| permission.api == api);
    of_api.map(|permission| permission.name).collect()
}

/// A user who comes back from the identity provider of a connection with a script.
#[derive(Debug, Clone)]
pub struct ProviderVisit {
    /// The connection as the export has it: its `name`, and in `options` its `tokenURL`.
    pub connection: Value,
    /// The form that production posts to `tokenURL`.
    pub token_request: Vec<(&'static str, String)>,
    /// The answer of the token endpoint unless a mock has one.
    pub token_response: Map<String, Value>,
    /// The answer of the provider to every request of the script that no mock answers; `None` leaves it to mocks.
    pub identity: Option<Value>,
    /// The seed of all randomness.
    pub seed: u64,
    /// The time, in milliseconds since the epoch.
    pub now_ms: i64,
    /// Whether time is frozen, except for what the script awaits.
    pub is_frozen: bool,
}

/// The result of a connection's script.
#[derive(Debug, Clone)]
pub struct FetchedProfile {
    /// The profile as the script gave it, or why there is none, in words for the application.
    pub profile: Result<Value, String>,
    /// The outcome of the script alone, for the log; `None` when it did not run.
    pub outcome: Option<Outcome>,
}

/// A login that was run for the page.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// Its result, secrets included.
    pub finished: Finished,
    /// The closer look at it.
    pub seen: Seen,
}

/// The findings of a closer look at a login.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The lines that ran; empty when they could not be counted.
    pub coverage: Vec<LineCount>,
    /// The requests of the Actions, without credentials.
    pub requests: Vec<RequestEntry>,
    /// The places that set claims, with what was seen of their conditions; `None` when nothing was.
    pub sites: Option<ClaimSites>,
}

/// A login that becomes a case of the project.
#[derive(Debug, Clone)]
pub struct SavedCase {
    /// The description.
    pub name: String,
    /// The event before any Action ran, secrets included.
    pub event: Value,
    /// Its result, secrets included.
    pub outcome: Outcome,
    /// The steps of the user at suspensions.
    pub steps: Vec<ResumeStep>,
    /// The seed of all randomness.
    pub seed: u64,
    /// The time at which it started, in milliseconds since the epoch.
    pub now_ms: i64,
    /// The issuer of its tokens.
    pub issuer: String,
    /// The tenant's host name.
    pub domain: String,
    /// The scopes that the event does not list; see [`LoginRequest::requested_scopes`].
    pub requested_scopes: Option<Vec<String>>,
    /// The requests of its Actions, without credentials, if they are known.
    pub requests: Vec<RequestEntry>,
    /// Whether `api.cache` had entries when it started, which a case has not.
    pub had_cache: bool,
}

/// The step of the user of a waiting login.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The step of the user.
    pub step: ResumeStep,
    /// The other profiles of the tenant as they are now; see [`LoginRequest::users`].
    pub users: Vec<Value>,
    /// The time, in milliseconds since the epoch.
    pub now_ms: i64,
    /// Whether time is frozen, except for what the Actions await.
    pub is_frozen: bool,
}

/// The state of a login.
#[derive(Debug)]
pub enum Advanced {
    /// To where it needs its user.
    Waits {
        /// The reason for which it waits.
        pause: Box<Pause>,
        /// The login in the pipeline's own form, for [`LoginPipeline::resume`].
        stored: String,
        /// The requests that its Actions have made since it started or resumed; see [`Advanced::Ended`].
        requests: Vec<RequestEntry>,
    },
    /// To its end.
    Ended {
        /// Its result, secrets included.
        finished: Box<Finished>,
        /// The requests that its Actions have made since it started or resumed, without credentials. Empty where the pipeline
        /// [is repeatable](LoginPipeline::is_repeatable): there, a closer look makes them once more.
        requests: Vec<RequestEntry>,
    },
}

/// Why a login could not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PipelineError {
    /// An Action, a Rule or a script cannot be loaded as it is now, in one sentence: the login fails, as one does in
    /// production whose Action throws when it is loaded.
    Unloadable(String),
    /// A login that waited cannot resume, in one sentence: its Actions are others now, or another version stored it.
    Stale(String),
    /// The pipeline itself broke, in one sentence.
    Broken(String),
}

/// Runs the triggers.
pub trait LoginPipeline: Send + Sync + 'static {
    /// Runs a login up to its end or to where it needs its user. Called on threads that may block, several at once.
    ///
    /// # Errors
    /// When it cannot run at all. What an Action does wrong is in the outcome.
    fn start(&self, login: LoginRequest) -> Result<Advanced, PipelineError>;

    /// Resumes a login from what [`Advanced::Waits`] has `stored`. Called like [`LoginPipeline::start`].
    ///
    /// # Errors
    /// As [`LoginPipeline::start`], and when the login cannot resume.
    fn resume(&self, stored: &str, answer: Answer) -> Result<Advanced, PipelineError>;

    /// Ends a waiting login whose user does not come back: it always returns [`Advanced::Ended`].
    ///
    /// # Errors
    /// As [`LoginPipeline::resume`].
    fn abandon(&self, stored: &str, now_ms: i64) -> Result<Advanced, PipelineError>;

    /// Exchanges the code and runs the script `fetchUserProfile` of a connection. Called on threads that may block.
    ///
    /// # Errors
    /// When it cannot run at all. What the script does wrong is in the answer.
    fn fetch_profile(&self, visit: ProviderVisit) -> Result<FetchedProfile, PipelineError>;

    /// Returns what earlier executions have left in `api.cache` of a trigger, at a time in milliseconds since the epoch.
    fn cached(&self, trigger: Trigger, now_ms: i64) -> CacheEntries {
        let _ = (trigger, now_ms);
        CacheEntries::default()
    }

    /// Drops what executions have left in `api.cache`.
    fn forget(&self) {}

    /// Returns how many logins may run or wait for a network at once; deliveries are beside them.
    fn places(&self) -> usize {
        std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
    }

    /// Whether any Action runs at a trigger. Where none does, the tenant need not make its event.
    fn binds(&self, trigger: Trigger) -> bool {
        let _ = trigger;
        true
    }

    /// Whether an Action or Rule may ask for another profile of the tenant.
    fn switches_users(&self) -> bool;

    /// Hides the secrets of the Actions in an outcome, for the log.
    fn redact(&self, outcome: &mut Outcome);

    /// Returns an outcome without the secrets of the Actions.
    fn redacted<'o>(&self, outcome: &'o Outcome) -> Cow<'o, Outcome> {
        let mut shown = outcome.clone();
        self.redact(&mut shown);
        Cow::Owned(shown)
    }

    /// Runs a login for the page, watched closely, up to its end or to where `steps` end. Called on threads that may block.
    ///
    /// # Errors
    /// When it cannot run at all. What an Action does wrong is in the outcome.
    fn inspect(
        &self,
        login: LoginRequest,
        steps: Vec<ResumeStep>,
    ) -> Result<Inspection, PipelineError> {
        let _ = (login, steps);
        Err(PipelineError::Unloadable(
            "This tenant runs no login for the page.".to_owned(),
        ))
    }

    /// Whether a login that is run again reaches nothing outside of this machine.
    fn is_repeatable(&self) -> bool {
        true
    }

    /// Returns the account of the claims of a login, without secrets: of those that were set, of those that the sources name, and
    /// of those in `why`. `seen` are the places that set claims, if they were looked at while it ran.
    fn explain(
        &self,
        outcome: Outcome,
        record: Record,
        why: &[String],
        seen: Option<&ClaimSites>,
    ) -> Explanation {
        let mut outcome = outcome;
        self.redact(&mut outcome);
        let nothing = ClaimSites::default();
        explain(outcome, record, why, seen.unwrap_or(&nothing))
    }

    /// Returns up to `count` complete events that production could send, made from the event of a login and a seed: all different, and
    /// none equal to that event.
    ///
    /// # Errors
    /// Why there are none, in one sentence.
    fn generate(&self, event: &Value, seed: u64, count: usize) -> Result<Vec<Value>, String> {
        let _ = (event, seed, count);
        Err("This tenant generates no logins.".to_owned())
    }

    /// Returns the arguments after `postlogin explain` with which the same Actions run in the same way.
    fn arguments(&self) -> Vec<String> {
        Vec::new()
    }

    /// Returns the sources of the Actions and Rules, without secrets.
    ///
    /// # Errors
    /// When they cannot be read as they are now.
    fn sources(&self) -> Result<Vec<SourceText>, PipelineError> {
        Ok(Vec::new())
    }

    /// Hides the secrets of the Actions in a value, for the page.
    fn hide(&self, value: &mut Value) {
        let _ = value;
    }

    /// Runs the cases of the project. Called on threads that may block.
    ///
    /// # Errors
    /// Why none can run, in one sentence.
    fn run_cases(&self) -> Result<Report, String> {
        Err("This tenant has no project with cases.".to_owned())
    }

    /// Returns the file of a case, as it is shown, and its text; with `writes` it is written into the project, where it must not
    /// be yet.
    ///
    /// # Errors
    /// Why there can be no such file, in one sentence.
    fn save_case(&self, case: &SavedCase, writes: bool) -> Result<(String, String), String> {
        let _ = (case, writes);
        Err("This tenant has no project to write a case into.".to_owned())
    }
}
