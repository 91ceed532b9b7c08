//! The triggers of a local tenant: a project's Rules, Actions and scripts of connections, in pooled sandboxes, as its files are now.
//!
//! [`Pipeline`] is what [`postlogin_tenant::Setup`] asks for. Whoever makes one decides about the network ([`Network`]), starts
//! the engine, and hears of what happens while it runs ([`PipelineNotice`]).

mod caches;
mod cases;
mod counted;
mod error;
mod page;
mod program;
mod provider;
pub mod reload;
mod saved;
mod settings;
mod slots;
mod stored;
mod templates;

use std::{borrow::Cow, path::Path, sync::Arc};

use postlogin_core::trigger::Binding;
use postlogin_core::{
    CacheEntries, Finished, Login, ResumeStep, Resumption, TenantSettings, Trigger,
    explanation::{ClaimSites, Explanation},
    outcome::Outcome,
    reads::{Record, Watch},
};
use postlogin_engine::{Allocation, BoundAction, advance, finish, infos};
use postlogin_host::{Budget, Clock, Conditions, Door, Flow, Mock, Traffic, account};
use postlogin_page::{Report, SourceText};
use postlogin_project::{Project, Secret, TenantData};
use postlogin_tenant::{
    Advanced, Answer, FetchedProfile, Inspection, LoginPipeline, LoginRequest, PipelineError,
    ProviderVisit, SavedCase,
};
use serde_json::{Value, json};

use crate::{Compiler, LeftOut, PreparedLogin, closely::requests, run_login, unloadable};
pub use error::ProgramError;
use program::{Library, Program, cores};
use slots::{Slot, Slots};
use stored::Stored;
pub use templates::rendered;

/// Answers the requests of logins.
pub trait Network: Send + Sync {
    /// Returns what answers the requests of one login: mocks are used up by it, so each has its own.
    ///
    /// # Errors
    /// The reason, in one sentence.
    fn door(&self) -> Result<Arc<dyn Door>, String>;

    /// Returns the same without mocks.
    ///
    /// # Errors
    /// The reason, in one sentence.
    fn without_mocks(&self) -> Result<Arc<dyn Door>, String>;

    /// Returns whether requests may leave the machine, so that a login that is run again makes them again.
    fn is_live(&self) -> bool {
        false
    }

    /// Returns the mocks, for the visit of a connection's script, which puts the built-in provider after them.
    ///
    /// # Errors
    /// The reason, in one sentence.
    fn mocks(&self) -> Result<Vec<Mock>, String>;
}

/// Something that who runs a server may want to know.
#[derive(Debug)]
pub enum PipelineNotice<'a> {
    /// No Action declares this secret, so none sees it.
    UnseenSecret(&'a Secret),
    /// Files have changed, with this effect.
    Reloaded(&'a reload::Reload),
    /// Something that should run does not load: logins that need it fail, and their outcome names it.
    LeftOut(&'a LeftOut),
    /// Files have changed, and logins will fail until this is fixed. Each problem comes once.
    Refused(&'a ProgramError),
    /// An Action does not load in its sandbox. Comes once for each edit; the login reports it to the user.
    Unloadable(crate::LoadError),
    /// The script of a connection gave no profile: its user sees one sentence.
    NoProfile {
        /// The connection.
        connection: &'a str,
        /// The outcome of the script, without secrets.
        outcome: &'a Outcome,
    },
}

/// The parts of a [`Pipeline`].
pub struct PipelineSetup {
    /// Answers requests.
    pub network: Box<dyn Network>,
    /// The time and memory of a handler.
    pub budget: Budget,
    /// The arguments after `postlogin explain` with which the same Actions run in the same way, for people to copy.
    pub arguments: Vec<String>,
    /// The secrets of the user; each Action sees those that it declares.
    pub secrets: Vec<Secret>,
    /// Applications, APIs, roles and organizations that the project does not have; scripts of connections are not among them.
    pub seed: TenantData,
    /// Starts the engine, when there is something to run.
    pub compiler: Box<dyn Fn(Allocation) -> anyhow::Result<Compiler<'static>> + Send + Sync>,
    /// Receives what happens.
    pub notices: Box<dyn Fn(PipelineNotice<'_>) + Send + Sync>,
}

/// The most logins that wait for a real network at once, beside those that run.
const LOGINS_WAITING: usize = 16;
/// The same of deliveries.
const DELIVERIES_WAITING: usize = 3;

/// Runs logins of the tenant.
pub struct Pipeline {
    library: Library,
    network: Box<dyn Network>,
    budget: Budget,
    arguments: Vec<String>,
    slots: Arc<Slots>,
    /// Messages and events that Actions deliver: however long that takes, it takes no place of a login.
    deliveries: Arc<Slots>,
}

impl Pipeline {
    /// Loads what runs at a login of the project: its Rules, the Actions that it binds to triggers, and the scripts of its
    /// connections. `here` is the folder in which the project is looked for again when files change.
    ///
    /// # Errors
    /// When something cannot be read or loaded: a server should not start with it.
    pub fn new(
        setup: PipelineSetup,
        project: Option<&Project>,
        here: &Path,
    ) -> Result<Self, ProgramError> {
        let PipelineSetup {
            network,
            budget,
            arguments,
            secrets,
            seed,
            compiler,
            notices,
        } = setup;
        Ok(Self {
            library: Library::new(project, here, secrets, seed, compiler, notices)?,
            network,
            budget,
            arguments,
            slots: Slots::new(cores(), LOGINS_WAITING),
            deliveries: Slots::new(1, DELIVERIES_WAITING),
        })
    }

    /// Returns how many Rules and Actions run at a login.
    pub fn count(&self) -> usize {
        self.library.now().map_or(0, |program| program.len())
    }

    /// Returns the conditions of a login that has a place: what waits for a real network leaves it to others.
    fn in_place(&self, slot: &Slot, conditions: &Conditions) -> Conditions {
        match self.network.is_live() {
            true => slot.waiting(conditions),
            false => conditions.clone(),
        }
    }

    fn conditions(
        &self,
        now_ms: i64,
        is_frozen: bool,
        seed: u64,
        door: Arc<dyn Door>,
    ) -> Conditions {
        let flow = match is_frozen {
            true => Flow::Virtual,
            false => Flow::Real,
        };
        Conditions {
            clock: Arc::new(Clock::new(now_ms, flow)),
            seed,
            door,
            budget: self.budget,
        }
    }
}

impl Pipeline {
    /// Runs a login up to its end or its next suspension.
    fn advance(
        &self,
        program: &Program,
        actions: &[BoundAction],
        login: Login,
        conditions: &Conditions,
    ) -> Result<Advanced, PipelineError> {
        let trigger = login.trigger();
        let slot = match trigger.is_delivery() {
            true => self.deliveries.take(),
            false => self.slots.take(),
        };
        // Real requests are listened to as they are made: to look at a login more closely would make them again.
        let traffic =
            (self.network.is_live()).then(|| Arc::new(Traffic::new(Arc::clone(&conditions.door))));
        let listened = Conditions {
            door: match &traffic {
                Some(traffic) => Arc::clone(traffic) as Arc<dyn Door>,
                None => Arc::clone(&conditions.door),
            },
            ..conditions.clone()
        };
        let advanced = advance(actions, login, &self.in_place(&slot, &listened));
        drop(slot);
        let requests =
            traffic.map_or_else(Vec::new, |traffic| requests(&traffic, &self.library.mask));
        let (mut login, pause) = advanced.map_err(|error| internal(&error))?;
        program
            .caches
            .with(trigger, |cache| login.share_cache(cache));
        let Some(pause) = pause else {
            let finished = self.end(program, login, conditions);
            return Ok(Advanced::Ended { finished, requests });
        };
        login.hide_in_requests(&self.library.mask, account::hide_credentials);
        let stored = Stored {
            trigger,
            login: login.store().map_err(|error| internal(&error.into()))?,
            mocks: conditions.door.progress(),
            paused_ms: conditions.clock.now_ms(),
        };
        Ok(Advanced::Waits {
            pause: Box::new(pause),
            stored: serde_json::to_string(&stored).map_err(|error| internal(&error.into()))?,
            requests,
        })
    }

    /// Returns what runs at a login, and the login before its first handler.
    fn prepared<'p>(
        &self,
        program: &'p Program,
        login: LoginRequest,
    ) -> Result<(&'p [BoundAction], PreparedLogin), PipelineError> {
        let mut settings = settings::settings(program, &login);
        settings.users.extend(login.users);
        let lifetime = login.access_token_lifetime_s;
        let door = self.network.door().map_err(PipelineError::Broken)?;
        let action = login.action;
        let prepared = PreparedLogin {
            trigger: login.trigger,
            event: login.event,
            tenant: TenantSettings {
                domain: Some(login.domain),
                issuer: Some(login.issuer),
                access_token_lifetime_s: lifetime.unwrap_or(settings.access_token_lifetime_s),
                granted_scopes: login.granted_scopes.or(settings.granted_scopes),
                requested_scopes: login.requested_scopes.or(settings.requested_scopes),
                ..settings
            },
            conditions: self.conditions(login.now_ms, login.is_frozen, login.seed, door),
            steps: Vec::new(),
            watch: match login.is_watched {
                true => Watch::Places,
                false => Watch::Paths,
            },
            passes_over: true,
            cache: login.cache,
        };
        let actions = match &action {
            Some(name) => {
                let known = program.of_entities.get(name).ok_or_else(|| {
                    PipelineError::Unloadable(format!("The Action {name} does not exist."))
                })?;
                std::slice::from_ref(known)
            }
            None => program.of(prepared.trigger),
        };
        Ok((actions, prepared))
    }

    fn end(&self, program: &Program, login: Login, conditions: &Conditions) -> Box<Finished> {
        let finished = finish(login, conditions);
        if let Some(error) = unloadable(&finished.outcome) {
            self.library.report_unloadable(program, error);
        }
        Box::new(finished)
    }

    /// Returns a stored login and the conditions in which it resumes.
    fn restored(
        &self,
        program: &Program,
        stored: &str,
        (now_ms, is_frozen): (i64, bool),
    ) -> Result<(Login, Conditions), PipelineError> {
        let stored = Stored::read(stored)?;
        let login = Login::restore(&stored.login, infos(program.of(stored.trigger)))
            .map_err(|error| PipelineError::Stale(error.to_string()))?;
        let door = self.network.door().map_err(PipelineError::Broken)?;
        door.resume(&stored.mocks);
        // The login's own time does not run backwards, whatever the clock of the tenant was set to.
        let now_ms = now_ms.max(stored.paused_ms);
        let conditions = self.conditions(now_ms, is_frozen, login.seed(), door);
        Ok((login, conditions))
    }
}

fn internal(error: &anyhow::Error) -> PipelineError {
    PipelineError::Broken(format!("{error:#}"))
}

impl LoginPipeline for Pipeline {
    fn start(&self, login: LoginRequest) -> Result<Advanced, PipelineError> {
        let program = self.library.since(login.asked);
        let program = program.map_err(PipelineError::Unloadable)?;
        let (actions, prepared) = self.prepared(&program, login)?;
        let (login, conditions) = prepared.begin(infos(actions));
        self.advance(&program, actions, login, &conditions)
    }

    fn resume(&self, stored: &str, answer: Answer) -> Result<Advanced, PipelineError> {
        let program = self.library.now().map_err(PipelineError::Unloadable)?;
        let time = (answer.now_ms, answer.is_frozen);
        let (mut login, conditions) = self.restored(&program, stored, time)?;
        // Others may have changed it meanwhile.
        login.fill_cache(program.caches.at(login.trigger(), answer.now_ms));
        let settings = program.tenant.settings_for(&Value::Null, None);
        let users = settings.users.into_iter().chain(answer.users);
        login.answer(Resumption {
            step: answer.step,
            users: Some(users.collect()),
        });
        let actions = program.of(login.trigger());
        self.advance(&program, actions, login, &conditions)
    }

    fn abandon(&self, stored: &str, now_ms: i64) -> Result<Advanced, PipelineError> {
        let program = self.library.now().map_err(PipelineError::Unloadable)?;
        let (login, conditions) = self.restored(&program, stored, (now_ms, true))?;
        Ok(Advanced::Ended {
            finished: self.end(&program, login, &conditions),
            requests: Vec::new(),
        })
    }

    fn fetch_profile(&self, visit: ProviderVisit) -> Result<FetchedProfile, PipelineError> {
        let program = self.library.now().map_err(PipelineError::Unloadable)?;
        let name = visit.connection.get("name").and_then(Value::as_str);
        let name = name.unwrap_or_default();
        let script = program.connections.get(name).ok_or_else(|| {
            PipelineError::Unloadable(format!("The connection {name} has no fetchUserProfile."))
        })?;
        let live = self.network.without_mocks();
        let live = live.map_err(PipelineError::Broken)?;
        let mocks = self.network.mocks().map_err(PipelineError::Broken)?;
        let door = provider::door(&visit, mocks, live);
        let token_response = match provider::exchange(&visit, &*door) {
            Ok(response) => response,
            Err(reason) => {
                return Ok(FetchedProfile {
                    profile: Err(reason),
                    outcome: None,
                });
            }
        };
        let prepared = PreparedLogin {
            trigger: Trigger::PostLogin,
            event: json!({"user": {}, "token_response": token_response}),
            tenant: TenantSettings::default(),
            conditions: self.conditions(visit.now_ms, visit.is_frozen, visit.seed, door),
            steps: Vec::new(),
            watch: Watch::Paths,
            passes_over: false,
            cache: CacheEntries::default(),
        };
        let slot = self.slots.take();
        let prepared = PreparedLogin {
            conditions: self.in_place(&slot, &prepared.conditions),
            ..prepared
        };
        let ran = run_login(std::slice::from_ref(script), prepared, None);
        drop(slot);
        let Finished {
            outcome,
            fetched_profile: profile,
            ..
        } = ran.map_err(|error| internal(&error))?;
        let reason = outcome.reason.clone().unwrap_or_default();
        if profile.is_none() {
            let mut shown = outcome.clone();
            self.redact(&mut shown);
            self.library.report_no_profile(name, &shown);
        }
        Ok(FetchedProfile {
            profile: profile.ok_or(reason),
            outcome: Some(outcome),
        })
    }

    fn cached(&self, trigger: Trigger, now_ms: i64) -> CacheEntries {
        let program = self.library.now();
        program.map_or_else(
            |_| CacheEntries::default(),
            |it| it.caches.at(trigger, now_ms),
        )
    }

    fn forget(&self) {
        if let Ok(program) = self.library.now() {
            program.caches.clear();
        }
    }

    fn places(&self) -> usize {
        match self.network.is_live() {
            true => cores() + LOGINS_WAITING,
            false => cores(),
        }
    }

    fn binds(&self, trigger: Trigger) -> bool {
        match self.library.now() {
            Ok(program) => match trigger.table().binding {
                Binding::Trigger => !program.of(trigger).is_empty(),
                Binding::Entity => !program.of_entities.is_empty(),
            },
            // That it cannot be loaded is reported when it runs.
            Err(_) => true,
        }
    }

    fn switches_users(&self) -> bool {
        self.library
            .now()
            .is_ok_and(|program| program.switches_users)
    }

    fn redact(&self, outcome: &mut Outcome) {
        outcome.redact_by(&self.library.mask);
        account::hide_credentials(&mut outcome.requests);
    }

    fn redacted<'o>(&self, outcome: &'o Outcome) -> Cow<'o, Outcome> {
        if self.library.secrets().is_empty() && outcome.requests.is_empty() {
            return Cow::Borrowed(outcome);
        }
        let mut shown = outcome.clone();
        self.redact(&mut shown);
        Cow::Owned(shown)
    }

    fn inspect(
        &self,
        login: LoginRequest,
        steps: Vec<ResumeStep>,
    ) -> Result<Inspection, PipelineError> {
        self.inspected(login, steps)
    }

    fn is_repeatable(&self) -> bool {
        !self.network.is_live()
    }

    fn explain(
        &self,
        outcome: Outcome,
        record: Record,
        why: &[String],
        seen: Option<&ClaimSites>,
    ) -> Explanation {
        self.account(outcome, record, why, seen)
    }

    fn generate(&self, event: &Value, seed: u64, count: usize) -> Result<Vec<Value>, String> {
        self.generated(event, seed, count)
    }

    fn arguments(&self) -> Vec<String> {
        self.arguments.clone()
    }

    fn sources(&self) -> Result<Vec<SourceText>, PipelineError> {
        self.texts()
    }

    fn hide(&self, value: &mut Value) {
        self.masked(value);
    }

    fn run_cases(&self) -> Result<Report, String> {
        self.tested()
    }

    fn save_case(&self, case: &SavedCase, writes: bool) -> Result<(String, String), String> {
        self.saved(case, writes)
    }
}
