//! The post-login trigger for the tenant: the project's Rules and Actions, in pooled sandboxes.

use std::{path::Path, sync::Arc};

use postlogin_core::{
    Finished, Login, Resumption, TenantSettings, Trigger, outcome::Outcome, reads::Watch,
};
use postlogin_engine::{advance, finish, infos};
use postlogin_host::{Budget, Clock, Conditions, Door, Flow};
use postlogin_project::{Project, Secret};
use postlogin_runner::{PreparedLogin, run_login, unloadable};
use postlogin_tenant::{
    Advanced, Answer, FetchedProfile, LoginPipeline, LoginRequest, PipelineError, ProviderVisit,
    TemplateError, TemplateJob, TemplateRenderer,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    program::{Library, Program, cores},
    provider,
    slots::Slots,
};
use crate::{
    args::{NetworkArguments, ServeArguments},
    commands::email::rendered,
    error::CliError,
    network::{mocks, network},
    printer::Printer,
    secrets::Hidden,
};

/// Runs logins of the tenant.
pub(super) struct Pipeline {
    library: Library,
    network: NetworkArguments,
    budget: Budget,
    given: Vec<Secret>,
    slots: Slots,
}

impl Pipeline {
    /// Loads what runs at a login of the project: its Rules, the Actions that it binds to the trigger, and the scripts of
    /// its connections.
    pub(super) fn new(
        arguments: &ServeArguments,
        project: Option<&Project>,
        here: &Path,
        budget: Budget,
        given: Vec<Secret>,
        printer: &Printer,
    ) -> Result<Self, CliError> {
        Ok(Self {
            library: Library::new(project, here, &given, printer)?,
            network: arguments.network.clone(),
            budget,
            given,
            slots: Slots::new(cores()),
        })
    }

    /// How many Rules and Actions run at a login.
    pub(super) fn len(&self) -> usize {
        self.library.now().map_or(0, |program| program.len())
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

fn broken(error: CliError) -> PipelineError {
    PipelineError::Broken(error.message)
}

/// A login that waits, as the tenant stores it for us.
#[derive(Serialize, Deserialize)]
struct Stored {
    /// What [`Login::store`] wrote.
    login: String,
    /// How often each mock has answered.
    mocks: Vec<u32>,
    /// The time of the login when it was stored, in milliseconds since the epoch: awaited time is in it.
    paused_ms: i64,
}

impl Stored {
    fn read(stored: &str) -> Result<Self, PipelineError> {
        serde_json::from_str(stored).map_err(|error| {
            PipelineError::Broken(format!("a waiting login cannot be read: {error}"))
        })
    }
}

impl Pipeline {
    /// Returns what answers the requests of one login: mocks are used up by it, so each has its own.
    fn door(&self) -> Result<Arc<dyn Door>, PipelineError> {
        let network = network(&self.network, self.budget.time).map_err(broken)?;
        Ok(network.door)
    }

    /// Runs a login up to its end or its next suspension.
    fn advance(
        &self,
        program: &Program,
        login: Login,
        conditions: &Conditions,
    ) -> Result<Advanced, PipelineError> {
        let slot = self.slots.take();
        let advanced = advance(program.of(login.trigger()), login, conditions);
        drop(slot);
        let (mut login, pause) = advanced.map_err(|error| internal(&error))?;
        let Some(pause) = pause else {
            return Ok(self.end(program, login, conditions));
        };
        let stored = Stored {
            login: login.store().map_err(|error| internal(&error.into()))?,
            mocks: conditions.door.progress(),
            paused_ms: conditions.clock.now_ms(),
        };
        Ok(Advanced::Waits {
            pause: Box::new(pause),
            stored: serde_json::to_string(&stored).map_err(|error| internal(&error.into()))?,
        })
    }

    fn end(&self, program: &Program, login: Login, conditions: &Conditions) -> Advanced {
        let finished = finish(login, conditions);
        if let Some(error) = unloadable(&finished.outcome) {
            self.library.tell(program, error);
        }
        Advanced::Ended(Box::new(finished))
    }

    /// Returns a stored login and the conditions in which it resumes.
    fn restored(
        &self,
        program: &Program,
        stored: &str,
        (now_ms, is_frozen): (i64, bool),
    ) -> Result<(Login, Conditions), PipelineError> {
        let stored = Stored::read(stored)?;
        let login = Login::restore(&stored.login, infos(program.of(Trigger::PostLogin)))
            .map_err(|error| PipelineError::Stale(error.to_string()))?;
        let door = self.door()?;
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
        let program = self.library.now().map_err(PipelineError::Unloadable)?;
        let mut settings = program.tenant.settings_for(&login.event, None);
        settings.users.extend(login.users);
        let lifetime = login.access_token_lifetime_s;
        let prepared = PreparedLogin {
            trigger: login.trigger,
            event: login.event,
            tenant: TenantSettings {
                domain: Some(login.domain),
                issuer: Some(login.issuer),
                access_token_lifetime_s: lifetime.unwrap_or(settings.access_token_lifetime_s),
                granted_scopes: login.granted_scopes.or(settings.granted_scopes),
                ..settings
            },
            conditions: self.conditions(login.now_ms, login.is_frozen, login.seed, self.door()?),
            steps: Vec::new(),
            watch: Watch::Paths,
        };
        let login = prepared.login(infos(program.of(prepared.trigger)));
        self.advance(&program, login, &prepared.conditions)
    }

    fn resume(&self, stored: &str, answer: Answer) -> Result<Advanced, PipelineError> {
        let program = self.library.now().map_err(PipelineError::Unloadable)?;
        let time = (answer.now_ms, answer.is_frozen);
        let (mut login, conditions) = self.restored(&program, stored, time)?;
        let settings = program.tenant.settings_for(&Value::Null, None);
        let users = settings.users.into_iter().chain(answer.users);
        login.answer(Resumption {
            step: answer.step,
            users: Some(users.collect()),
        });
        self.advance(&program, login, &conditions)
    }

    fn abandon(&self, stored: &str, now_ms: i64) -> Result<Advanced, PipelineError> {
        let program = self.library.now().map_err(PipelineError::Unloadable)?;
        let (login, conditions) = self.restored(&program, stored, (now_ms, true))?;
        Ok(self.end(&program, login, &conditions))
    }

    fn fetch_profile(&self, visit: ProviderVisit) -> Result<FetchedProfile, PipelineError> {
        let program = self.library.now().map_err(PipelineError::Unloadable)?;
        let name = visit.connection.get("name").and_then(Value::as_str);
        let name = name.unwrap_or_default();
        let script = program.connections.get(name).ok_or_else(|| {
            PipelineError::Unloadable(format!("The connection {name} has no fetchUserProfile."))
        })?;
        let live = NetworkArguments {
            http: Vec::new(),
            ..self.network.clone()
        };
        let live = network(&live, self.budget.time).map_err(broken)?.door;
        let mocks = mocks(&self.network.http).map_err(broken)?;
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
        };
        let slot = self.slots.take();
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
            self.library.tell_failed_fetch(name, &shown);
        }
        Ok(FetchedProfile {
            profile: profile.ok_or(reason),
            outcome: Some(outcome),
        })
    }

    fn switches_users(&self) -> bool {
        self.library
            .now()
            .is_ok_and(|program| program.switches_users)
    }

    fn redact(&self, outcome: &mut Outcome) {
        Hidden::new(&self.given).outcome(outcome);
    }
}

/// The tenant renders one mail at a time; its sandbox is the one that no login takes.
impl TemplateRenderer for Pipeline {
    fn render(&self, job: &TemplateJob<'_>) -> Result<Vec<String>, TemplateError> {
        let liquid = self.library.liquid().map_err(|error| TemplateError {
            template: 0,
            place: None,
            message: error.message,
            is_internal: true,
        })?;
        rendered(&liquid, job)
    }
}
