//! One login, prepared from whatever its caller had: options, a case, a request.

use postlogin_core::{
    EndedLogin, Login, Pause, ResumeStep, Resumption, Suspension, TenantSettings, outcome::Outcome,
    reads::Record,
};
use postlogin_engine::{
    BoundAction, run_connection, run_login, run_login_with_user, run_stored_login,
    run_watched_login,
};
use postlogin_host::Conditions;
use postlogin_project::{ActionSource, Secret};
use serde_json::{Map, Value};

/// A login that is ready to run. Secrets are a matter of the Actions, so they are in [`BoundAction`].
#[derive(Clone)]
pub struct PreparedLogin {
    /// The event before any Action ran, complete.
    pub event: Value,
    /// The settings of the tenant, the API and the application.
    pub tenant: TenantSettings,
    /// The time, the randomness, the network and the budget.
    pub conditions: Conditions,
    /// What the user does at suspensions, in order.
    pub steps: Vec<ResumeStep>,
}

/// Runs a prepared login through Actions. `run`, `test` and whatever else shows an outcome end here.
///
/// # Errors
/// When a sandbox itself breaks. What an Action does wrong is in the outcome.
///
/// # Panics
/// Inside a tokio runtime: call it from a blocking thread there.
pub fn run_prepared(actions: &[BoundAction], prepared: PreparedLogin) -> anyhow::Result<Outcome> {
    let (login, conditions, steps) = started(prepared);
    run_login(actions, login, &conditions, steps)
}

/// Runs a prepared login and takes down what the Actions read of their events, for `explain`.
///
/// # Errors
/// As [`run_prepared`].
///
/// # Panics
/// Inside a tokio runtime: call it from a blocking thread there.
pub fn run_watched(
    actions: &[BoundAction],
    prepared: PreparedLogin,
) -> anyhow::Result<(Outcome, Record)> {
    let (login, conditions, steps) = started(prepared);
    run_watched_login(actions, login, &conditions, steps)
}

/// As [`run_prepared`], with a user who sees what the login waits for; [`PreparedLogin::steps`] are not looked at.
///
/// # Errors
/// As [`run_prepared`].
///
/// # Panics
/// As [`run_prepared`].
pub fn run_with_user(
    actions: &[BoundAction],
    prepared: PreparedLogin,
    user: &mut dyn FnMut(&Suspension) -> Option<ResumeStep>,
) -> anyhow::Result<Outcome> {
    let (login, conditions, _) = started(prepared);
    run_login_with_user(actions, login, &conditions, user)
}

/// As [`run_with_user`], for a host that stores profiles.
///
/// # Errors
/// As [`run_prepared`].
///
/// # Panics
/// As [`run_prepared`].
pub fn run_stored(
    actions: &[BoundAction],
    prepared: PreparedLogin,
    user: &mut dyn FnMut(&Pause) -> Option<Resumption>,
) -> anyhow::Result<EndedLogin> {
    let (login, conditions, _) = started(prepared);
    run_stored_login(actions, login, &conditions, user)
}

/// Runs the script of a connection alone: its outcome, and the profile as the script gave it.
///
/// # Errors
/// As [`run_prepared`].
///
/// # Panics
/// As [`run_prepared`].
pub fn run_fetch(
    connection: &BoundAction,
    prepared: PreparedLogin,
) -> anyhow::Result<(Outcome, Option<Value>)> {
    let (login, conditions, _) = started(prepared);
    run_connection(connection, login, &conditions)
}

fn started(prepared: PreparedLogin) -> (Login, Conditions, Vec<ResumeStep>) {
    let PreparedLogin {
        event,
        tenant,
        conditions,
        steps,
    } = prepared;
    let login = Login {
        event,
        tenant,
        rules_executed: Vec::new(),
        seed: conditions.seed,
        now_ms: conditions.clock.now_ms(),
    };
    (login, conditions, steps)
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
