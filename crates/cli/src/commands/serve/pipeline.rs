//! The post-login trigger for the tenant: the project's Rules and Actions, in pooled sandboxes.

use std::{path::Path, sync::Arc};

use postlogin_core::{EndedLogin, Pause, Resumption, TenantSettings, outcome::Outcome};
use postlogin_host::{Budget, Clock, Conditions, Door, Flow};
use postlogin_project::{Project, Secret};
use postlogin_runner::{PreparedLogin, run_fetch, run_stored, unloadable};
use postlogin_tenant::{
    FetchedProfile, LoginPipeline, LoginRequest, PipelineError, ProviderVisit, Resume,
    TemplateError, TemplateJob, TemplateRenderer,
};
use serde_json::{Value, json};

use super::{
    program::{Library, cores},
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
        self.library
            .now()
            .map_or(0, |program| program.actions.len())
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

impl LoginPipeline for Pipeline {
    fn run(&self, login: LoginRequest, user: Resume<'_>) -> Result<EndedLogin, PipelineError> {
        let program = self.library.now().map_err(PipelineError::Unloadable)?;
        let mut settings = program.tenant.settings_for(&login.event, None);
        let own_users = settings.users.clone();
        settings.users.extend(login.users);
        // Mocks are used up by a login, so each has its own.
        let door = network(&self.network, self.budget.time)
            .map_err(broken)?
            .door;
        let prepared = PreparedLogin {
            event: login.event,
            tenant: TenantSettings {
                domain: Some(login.domain),
                issuer: Some(login.issuer),
                ..settings
            },
            conditions: self.conditions(login.now_ms, login.is_frozen, login.seed, door),
            steps: Vec::new(),
        };
        let slot = self.slots.take();
        // While the user is away no sandbox is held, and none is kept from others.
        let mut waiting = |pause: &Pause| {
            self.slots.give_back();
            let answer = user(pause);
            self.slots.wait();
            let with_own = |users: Vec<Value>| own_users.iter().cloned().chain(users).collect();
            answer.map(|answer| Resumption {
                users: answer.users.map(with_own),
                ..answer
            })
        };
        let result = run_stored(&program.actions, prepared, &mut waiting);
        drop(slot);
        let ended = result.map_err(|error| PipelineError::Broken(format!("{error:#}")))?;
        if let Some(error) = unloadable(&ended.outcome) {
            self.library.tell(&program, error);
        }
        Ok(ended)
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
            event: json!({"user": {}, "token_response": token_response}),
            tenant: TenantSettings::default(),
            conditions: self.conditions(visit.now_ms, visit.is_frozen, visit.seed, door),
            steps: Vec::new(),
        };
        let slot = self.slots.take();
        let ran = run_fetch(script, prepared);
        drop(slot);
        let (outcome, profile) =
            ran.map_err(|error| PipelineError::Broken(format!("{error:#}")))?;
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
