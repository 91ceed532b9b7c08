//! The post-login trigger for the tenant: the project's Actions, compiled once, in pooled sandboxes.

use std::{
    num::NonZeroUsize,
    path::Path,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
};

use postlogin_core::{Suspension, TenantSettings, outcome::Outcome};
use postlogin_engine::{Allocation, BoundAction};
use postlogin_host::{Budget, Clock, Conditions, Flow};
use postlogin_project::{Project, Secret, TenantData};
use postlogin_runner::{PreparedLogin, run_with_user};
use postlogin_tenant::{LoginPipeline, LoginRequest, Resume};

use crate::{
    action::compiler,
    args::{NetworkArguments, ServeArguments},
    error::CliError,
    network::network,
    printer::Printer,
    secrets::{self, Hidden},
};

/// Runs logins of the tenant.
pub(super) struct Pipeline {
    actions: Vec<BoundAction>,
    tenant: TenantData,
    network: NetworkArguments,
    budget: Budget,
    given: Vec<Secret>,
    slots: Slots,
}

impl Pipeline {
    /// Loads what runs at a login of the project: its Rules, and the Actions that it binds to the trigger.
    pub(super) fn new(
        arguments: &ServeArguments,
        project: Option<&Project>,
        here: &Path,
        budget: Budget,
        given: Vec<Secret>,
        printer: &Printer,
    ) -> Result<Self, CliError> {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let sandboxes = u32::try_from(cores).unwrap_or(u32::MAX).saturating_add(1);
        let sources = match project {
            Some(project) => project.login_sources(here)?,
            None => Vec::new(),
        };
        secrets::warn_about_unseen(&sources, &given, printer);
        let mut actions = Vec::new();
        if !sources.is_empty() {
            let mut compiler = compiler(Allocation::Pooling { sandboxes }, printer)?;
            for source in &sources {
                actions.push(compiler.bind(source, &given)?);
            }
        }
        Ok(Self {
            actions,
            tenant: project.map_or_else(TenantData::default, |project| project.tenant.clone()),
            network: arguments.network.clone(),
            budget,
            given,
            slots: Slots::new(cores),
        })
    }
}

impl Pipeline {
    /// How many Rules and Actions run at a login.
    pub(super) fn len(&self) -> usize {
        self.actions.len()
    }
}

impl LoginPipeline for Pipeline {
    fn run(&self, login: LoginRequest, user: Resume<'_>) -> Result<Outcome, String> {
        let settings = self.tenant.settings_for(&login.event, None);
        let flow = if login.is_frozen {
            Flow::Virtual
        } else {
            Flow::Real
        };
        // Mocks are used up by a login, so each has its own.
        let door = network(&self.network, self.budget.time)
            .map_err(|error| error.message)?
            .door;
        let prepared = PreparedLogin {
            event: login.event,
            tenant: TenantSettings {
                domain: Some(login.domain),
                ..settings
            },
            conditions: Conditions {
                clock: Arc::new(Clock::new(login.now_ms, flow)),
                seed: login.seed,
                door,
                budget: self.budget,
            },
            steps: Vec::new(),
        };
        let slot = self.slots.take();
        // While the user is away no sandbox is held, and none is kept from others.
        let mut waiting = |suspension: &Suspension| {
            self.slots.give_back();
            let step = user(suspension);
            self.slots.wait();
            step
        };
        let result = run_with_user(&self.actions, prepared, &mut waiting);
        drop(slot);
        result.map_err(|error| format!("{error:#}"))
    }

    fn redact(&self, outcome: &mut Outcome) {
        Hidden::new(&self.given).outcome(outcome);
    }
}

/// How many logins may run at once: as many as there are sandboxes, less one.
struct Slots {
    free: Mutex<usize>,
    freed: Condvar,
}

impl Slots {
    fn new(count: usize) -> Self {
        Self {
            free: Mutex::new(count),
            freed: Condvar::new(),
        }
    }

    fn wait(&self) {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self
            .freed
            .wait_while(free, |free| *free == 0)
            .unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
    }

    fn give_back(&self) {
        *self.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.freed.notify_one();
    }

    fn take(&self) -> Slot<'_> {
        self.wait();
        Slot(self)
    }
}

/// Gives its place back also when a login panics.
struct Slot<'a>(&'a Slots);

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.0.give_back();
    }
}
