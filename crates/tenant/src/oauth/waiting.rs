//! Logins that wait for their user between two requests. All of a login is in the database, so it outlives the server, and a
//! waiting login uses no memory.

use postlogin_core::{ResumeStep, Suspension};
use serde::{Deserialize, Serialize};
use url::Url;

use std::sync::Arc;

use super::Result;
use super::run::{Flow, others, run_blocking};
use crate::pipeline::{Advanced, Answer, LoginPipeline, PipelineError};
use crate::randomness::digest;
use crate::state::Tenant;
use crate::store::{Entry, Kind};

/// How long a login waits for its user, in milliseconds.
const PATIENCE_MS: i64 = 15 * 60 * 1000;

/// A login that waits.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Waiting {
    /// What it waits for.
    pub(crate) suspension: Suspension,
    /// What the request was about.
    pub(crate) flow: Flow,
    /// What the pipeline resumes it from.
    pub(crate) stored: String,
}

/// Leaves a login waiting for its user, under a key that only the user knows.
pub(crate) fn wait(tenant: &Tenant, key: &str, waiting: &Waiting) -> Result<()> {
    let now = tenant.now_ms();
    let document = serde_json::to_value(waiting).unwrap_or_default();
    let key = digest(key);
    let entry = Entry::until(&key, now.saturating_add(PATIENCE_MS));
    Ok(tenant.store.put(Kind::Waiting, entry, &document, now)?)
}

/// Returns the login that waits under a key, and leaves it there.
pub(crate) fn look(tenant: &Tenant, key: &str) -> Result<Option<Waiting>> {
    if key.is_empty() {
        return Ok(None);
    }
    let found = tenant
        .store
        .get(Kind::Waiting, &digest(key), tenant.now_ms())?;
    Ok(found.and_then(|document| serde_json::from_value(document).ok()))
}

/// Takes the login that waits under a key: of two requests at once, one gets it.
pub(crate) fn take(tenant: &Tenant, key: &str) -> Result<Option<Waiting>> {
    let found = tenant
        .store
        .take(Kind::Waiting, &digest(key), tenant.now_ms())?;
    Ok(found.and_then(|document| serde_json::from_value(document).ok()))
}

/// Counts a wrong code.
pub(crate) fn count_attempt(tenant: &Tenant, key: &str) -> Result<()> {
    let now = tenant.now_ms();
    tenant
        .store
        .change(Kind::Waiting, &digest(key), now, |document| {
            if let Some(attempts) = document.pointer_mut("/flow/attempts") {
                let known = attempts.as_u64().unwrap_or_default();
                *attempts = known.saturating_add(1).into();
            }
        })?;
    Ok(())
}

/// Resumes a login with what its user did.
pub(crate) async fn resume(
    tenant: &Arc<Tenant>,
    waiting: Waiting,
    step: ResumeStep,
) -> Result<(std::result::Result<Advanced, PipelineError>, Flow)> {
    let Waiting { flow, stored, .. } = waiting;
    let answer = Answer {
        step,
        users: others(tenant, &flow.about.user_id)?.unwrap_or_default(),
        now_ms: tenant.now_ms(),
        is_frozen: tenant.clock.is_frozen(),
    };
    let resume = move |pipeline: &dyn LoginPipeline| pipeline.resume(&stored, answer);
    Ok((run_blocking(tenant, resume).await, flow))
}

/// Ends a login whose user does not come back: its outcome is that of the suspended login.
pub(crate) async fn abandon(
    tenant: &Arc<Tenant>,
    waiting: Waiting,
) -> (std::result::Result<Advanced, PipelineError>, Flow) {
    let Waiting { flow, stored, .. } = waiting;
    let now_ms = tenant.now_ms();
    let abandon = move |pipeline: &dyn LoginPipeline| pipeline.abandon(&stored, now_ms);
    (run_blocking(tenant, abandon).await, flow)
}

/// Returns the `state` that a site has to send back.
pub(crate) fn state_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let mut pairs = url.query_pairs();
    let found = pairs.find(|(name, _)| name == "state");
    found.map(|(_, state)| state.into_owned())
}
