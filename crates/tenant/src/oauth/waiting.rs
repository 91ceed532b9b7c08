//! Logins that wait for their user between two requests. All of a login is in the database, so it outlives the server, and a
//! waiting login uses no memory.

use postlogin_core::{ResumeStep, Suspension, Trigger};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::Url;

use std::sync::Arc;

use super::run::{Flow, others, run_blocking};
use super::{Result, standing};
use crate::clock::iso;
use crate::pipeline::{Advanced, Answer, LoginPipeline, PipelineError};
use crate::randomness::digest;
use crate::state::Tenant;
use crate::store::Entry;
use crate::trouble::aside;

/// The time that a login waits for its user, in milliseconds.
const PATIENCE_MS: i64 = 15 * 60 * 1000;

/// A login that waits.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Waiting {
    /// The reason for which it waits.
    pub(crate) suspension: Suspension,
    /// The state of the request that began it.
    pub(crate) flow: Flow,
    /// The login in the pipeline's own form.
    pub(crate) stored: String,
}

/// Leaves a login waiting for its user, under a key that only the user knows, and logs how far it is.
pub(crate) fn wait(tenant: &Tenant, key: &str, waiting: &mut Waiting) -> Result<()> {
    log(tenant, waiting);
    let now = tenant.now_ms();
    let key = digest(key);
    let entry = Entry::until(&key, now.saturating_add(PATIENCE_MS));
    Ok(tenant.store.put(entry, waiting, now)?)
}

/// Logs the outcome of a login up to here: its user may never come back. The entry of its end has the same id, and the number of
/// prints that were logged here.
fn log(tenant: &Tenant, waiting: &mut Waiting) {
    let now_ms = tenant.now_ms();
    // It is over for the log alone: what is stored is not touched.
    let Ok(Advanced::Ended { finished, .. }) =
        aside(|| tenant.pipeline.abandon(&waiting.stored, now_ms))
    else {
        return;
    };
    let outcome = Arc::new(finished.outcome);
    let flow = &mut waiting.flow;
    let mut entry = log_entry(tenant, flow);
    entry.insert("waiting".into(), true.into());
    entry.insert("outcome".into(), json!(tenant.pipeline.redacted(&outcome)));
    tenant.control.log(Value::Object(entry));
    flow.logged_prints = outcome.logs.len();
    tenant.page.kept.finish(&flow.id, &outcome, finished.record);
}

/// Returns the beginning of an entry of the log about a login.
pub(super) fn log_entry(tenant: &Tenant, flow: &Flow) -> Map<String, Value> {
    let texts = [
        ("type", "login".to_owned()),
        ("id", flow.id.clone()),
        ("date", iso(tenant.now_ms())),
        ("client_id", flow.about.client_id.clone()),
        ("user_id", flow.about.user_id.clone()),
        ("protocol", flow.protocol.clone()),
    ];
    let texts = texts.map(|(key, text)| (key.to_owned(), Value::String(text)));
    let mut entry = Map::from_iter(texts);
    if let Some(shown) = flow.shown.as_ref().filter(|it| !it.name.is_empty()) {
        entry.insert("user".into(), shown.name.as_str().into());
    }
    entry
}

/// Returns the login that waits under a key, and leaves it there.
pub(crate) fn look(tenant: &Tenant, key: &str) -> Result<Option<Waiting>> {
    if key.is_empty() {
        return Ok(None);
    }
    Ok(tenant.store.get(&digest(key), tenant.now_ms())?)
}

/// Takes the login that waits under a key: of two requests at once, one gets it.
pub(crate) fn take(tenant: &Tenant, key: &str) -> Result<Option<Waiting>> {
    Ok(tenant.store.take(&digest(key), tenant.now_ms())?)
}

/// Counts a code that is tried, and returns how many there were; `None` without such a login.
pub(crate) fn count_attempt(tenant: &Tenant, key: &str) -> Result<Option<u32>> {
    let now = tenant.now_ms();
    let counted = tenant
        .store
        .change(&digest(key), now, |waiting: &mut Waiting| {
            waiting.flow.attempts = waiting.flow.attempts.saturating_add(1);
            waiting.flow.attempts
        })?;
    Ok(counted)
}

/// Lets the user of a login that waits under a key answer by another factor of those that were asked for, and returns it; `None` when it
/// does not wait for that one.
pub(crate) fn choose(tenant: &Tenant, key: &str, kind: &str) -> Result<Option<Waiting>> {
    let prefer = |waiting: &mut Waiting| match &mut waiting.suspension {
        Suspension::Challenge { factors } | Suspension::Enroll { factors } => {
            let place = factors.iter().position(|it| it == kind);
            // The first one is that of the page.
            place
                .map(|place| factors[..=place].rotate_right(1))
                .is_some()
        }
        _ => false,
    };
    let chosen = tenant.store.change(&digest(key), tenant.now_ms(), prefer)?;
    match chosen {
        Some(true) => look(tenant, key),
        _ => Ok(None),
    }
}

/// Resumes a login with what its user did.
pub(crate) async fn resume(
    tenant: &Arc<Tenant>,
    waiting: Waiting,
    step: ResumeStep,
) -> Result<(std::result::Result<Advanced, PipelineError>, Flow)> {
    let Waiting { flow, stored, .. } = waiting;
    standing::require_user(tenant, &flow.about.user_id)?;
    tenant.page.kept.step(&flow.id, &step);
    let answer = Answer {
        step,
        users: others(tenant, &flow.about.user_id)?.unwrap_or_default(),
        now_ms: tenant.now_ms(),
        is_frozen: tenant.clock.is_frozen(),
    };
    let resume = move |pipeline: &dyn LoginPipeline| pipeline.resume(&stored, answer);
    Ok((run_blocking(tenant, Trigger::PostLogin, resume).await, flow))
}

/// Ends a login whose user does not come back: its outcome is that of the suspended login.
pub(crate) async fn abandon(
    tenant: &Arc<Tenant>,
    waiting: Waiting,
) -> (std::result::Result<Advanced, PipelineError>, Flow) {
    let Waiting { flow, stored, .. } = waiting;
    let now_ms = tenant.now_ms();
    let abandon = move |pipeline: &dyn LoginPipeline| pipeline.abandon(&stored, now_ms);
    (
        run_blocking(tenant, Trigger::PostLogin, abandon).await,
        flow,
    )
}

/// Returns the `state` that a site has to send back.
pub(crate) fn state_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let mut pairs = url.query_pairs();
    let found = pairs.find(|(name, _)| name == "state");
    found.map(|(_, state)| state.into_owned())
}
