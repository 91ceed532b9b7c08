//! One login, prepared from whatever its caller had: options, a case, a request.

use postlogin_core::{
    CacheEntries, Finished, HandlerInfo, Login, LoginInput, ResumeStep, TenantSettings, Trigger,
    reads::Watch,
};
use postlogin_engine::{BoundAction, User, infos, run};
use postlogin_host::Conditions;
use postlogin_project::{ActionSource, Secret};
use serde_json::{Map, Value};

/// A login that is ready to run, by [`run_login`]. Secrets belong to the Actions, so they are in [`BoundAction`].
#[derive(Clone)]
pub struct PreparedLogin {
    /// The trigger, for which all Actions are written.
    pub trigger: Trigger,
    /// The event before any Action ran, complete.
    pub event: Value,
    /// The settings of the tenant, the API and the application.
    pub tenant: TenantSettings,
    /// The time, the randomness, the network and the budget.
    pub conditions: Conditions,
    /// The steps of the user at suspensions, in order.
    pub steps: Vec<ResumeStep>,
    /// The reads of the event that are recorded.
    pub watch: Watch,
    /// Whether Actions that do not load are passed over: [`Login::passing_over`].
    pub passes_over: bool,
    /// The entries that earlier executions have left in `api.cache`.
    pub cache: CacheEntries,
}

impl PreparedLogin {
    /// Returns the login before its first handler.
    #[must_use]
    pub fn login(&self, handlers: Vec<HandlerInfo>) -> Login {
        self.with(handlers, self.event.clone(), self.tenant.clone())
    }

    /// Returns the same with the conditions in which it runs; what the user does is not among them.
    pub(crate) fn begin(mut self, handlers: Vec<HandlerInfo>) -> (Login, Conditions) {
        let event = std::mem::take(&mut self.event);
        let tenant = std::mem::take(&mut self.tenant);
        (self.with(handlers, event, tenant), self.conditions)
    }

    fn with(&self, handlers: Vec<HandlerInfo>, event: Value, tenant: TenantSettings) -> Login {
        let input = LoginInput {
            trigger: self.trigger,
            event,
            tenant,
            rules_executed: Vec::new(),
            seed: self.conditions.seed,
            now_ms: self.conditions.clock.now_ms(),
        };
        let mut login = Login::new(input, handlers).watched(self.watch);
        login.fill_cache(self.cache.clone());
        match self.passes_over {
            true => login.passing_over(),
            false => login,
        }
    }
}

/// Runs a prepared login through Actions. `user` answers suspensions; without one, [`PreparedLogin::steps`] do.
///
/// # Errors
/// When a sandbox itself breaks. What an Action does wrong is in the outcome.
///
/// # Panics
/// Inside a tokio runtime: call it from a blocking thread there.
pub fn run_login(
    actions: &[BoundAction],
    mut prepared: PreparedLogin,
    user: Option<&mut dyn User>,
) -> anyhow::Result<Finished> {
    let event = std::mem::take(&mut prepared.event);
    let tenant = std::mem::take(&mut prepared.tenant);
    let login = prepared.with(infos(actions), event, tenant);
    let PreparedLogin {
        steps, conditions, ..
    } = &mut prepared;
    run(actions, login, conditions, user.unwrap_or(steps))
}

/// Returns the secrets that no Action of a login sees.
pub fn unseen<'g>(sources: &[&ActionSource], given: &'g [Secret]) -> Vec<&'g Secret> {
    let is_seen = |secret: &Secret| {
        let mut sources = sources.iter();
        sources.any(|source| {
            secrets_of(source, std::slice::from_ref(secret)).contains_key(&secret.name)
        })
    };
    given.iter().filter(|secret| !is_seen(secret)).collect()
}

/// The secrets of one Action: those that its configuration declares; all of them when it has no configuration.
#[must_use]
pub fn secrets_of(source: &ActionSource, given: &[Secret]) -> Map<String, Value> {
    let declared = |name: &str| match &source.declared {
        Some(manifest) => manifest
            .secret_names
            .iter()
            .any(|declared| declared == name),
        None => true,
    };
    let seen = given.iter().filter(|secret| declared(&secret.name));
    seen.map(|secret| (secret.name.clone(), Value::String(secret.value.clone())))
        .collect()
}
