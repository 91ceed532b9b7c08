//! Logins that wait for their user outlive the server: what they began with and what was answered is stored, and run again
//! up to where they waited.
//!
//! The same event, seed and answers lead to the same point: what an Action sees comes from them. Only requests that it makes
//! over a live network are made once more.

use std::sync::Arc;
use std::time::Instant;

use postlogin_core::{ResumeStep, Suspension};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::run::{Flow, others};
use super::{OAuthError, Result};
use crate::pipeline::{LoginRequest, PATIENCE, Progress, Running, Waiting};
use crate::randomness::digest;
use crate::state::Tenant;
use crate::store::{Entry, Kind};

/// A login that waits, as it is stored.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    request: LoginRequest,
    steps: Vec<Step>,
    point: String,
    flow: Flow,
}

/// A [`ResumeStep`] as it is stored.
#[derive(Debug, Serialize, Deserialize)]
enum Step {
    Continue {
        query: Map<String, Value>,
        body: Map<String, Value>,
    },
    Passed,
    NotPassed,
}

impl From<&ResumeStep> for Step {
    fn from(step: &ResumeStep) -> Self {
        match step {
            ResumeStep::Continue { query, body } => Self::Continue {
                query: query.clone(),
                body: body.clone(),
            },
            ResumeStep::ChallengeSucceeded => Self::Passed,
            ResumeStep::ChallengeFailed => Self::NotPassed,
        }
    }
}

impl From<Step> for ResumeStep {
    fn from(step: Step) -> Self {
        match step {
            Step::Continue { query, body } => Self::Continue { query, body },
            Step::Passed => Self::ChallengeSucceeded,
            Step::NotPassed => Self::ChallengeFailed,
        }
    }
}

/// Where a login waits: what must be the same again.
fn point(suspension: &Suspension) -> String {
    match suspension {
        Suspension::Redirect { url } => format!("redirect {}", state_of(url).unwrap_or_default()),
        Suspension::Prompt { id, .. } => format!("form {id}"),
        Suspension::Challenge { .. } => "challenge".to_owned(),
        Suspension::Enroll { .. } => "enrolment".to_owned(),
    }
}

/// The `state` that a site has to give back.
pub(crate) fn state_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let mut pairs = url.query_pairs();
    let found = pairs.find(|(name, _)| name == "state");
    found.map(|(_, state)| state.into_owned())
}

/// Leaves a login waiting for its user, under a key that only the user gets to know.
pub(crate) fn wait(
    tenant: &Tenant,
    key: String,
    running: Running,
    suspension: Suspension,
    flow: Flow,
) -> Result<()> {
    let kept = Kept {
        request: LoginRequest::clone(&running.request),
        steps: running.steps.iter().map(Step::from).collect(),
        point: point(&suspension),
        flow,
    };
    let now = tenant.now_ms();
    let patience = i64::try_from(PATIENCE.as_millis()).unwrap_or(i64::MAX);
    tenant.store.put(
        Kind::Waiting,
        Entry::until(&digest(&key), now.saturating_add(patience)),
        &serde_json::to_value(&kept).unwrap_or_default(),
        now,
    )?;
    let since = Instant::now();
    tenant.waiting.put(
        key,
        Waiting {
            running,
            suspension,
            flow: kept.flow,
            since,
        },
    );
    Ok(())
}

/// Takes a login that waits: of two that ask at once, one gets it.
pub(crate) fn take(tenant: &Tenant, key: &str) -> Result<Option<Waiting>> {
    tenant.store.remove(Kind::Waiting, &digest(key))?;
    Ok(tenant.waiting.take(key))
}

/// Brings a login back that waited when the server stopped, if there is one of this key.
///
/// # Errors
/// When it does not come to the same point: the Actions are others now.
pub(crate) async fn revive(tenant: &Arc<Tenant>, key: &str) -> Result<()> {
    if key.is_empty() || tenant.waiting.look(key).is_some() {
        return Ok(());
    }
    let stored = tenant
        .store
        .take(Kind::Waiting, &digest(key), tenant.now_ms())?;
    let Some(stored) = stored else {
        return Ok(());
    };
    let lost = || {
        OAuthError::invalid_request(
            "The server was restarted while this login waited, and the Actions do not come to the same point again. Go back to the application and sign in again.",
        )
    };
    let mut kept: Kept = serde_json::from_value(stored).map_err(|_| lost())?;
    kept.request.users = others(tenant, &kept.flow.about.user_id)?.unwrap_or_default();
    let mut running = Running::start(Arc::clone(&tenant.pipeline), kept.request);
    let mut progress = running.next().await;
    for step in kept.steps {
        progress = match progress {
            Progress::Waits(_) => running.answer(step.into(), None).await,
            Progress::Ended(_) => return Err(lost()),
        };
    }
    match progress {
        Progress::Waits(pause) if point(&pause.suspension) == kept.point => {
            wait(tenant, key.to_owned(), running, pause.suspension, kept.flow)
        }
        _ => Err(lost()),
    }
}
