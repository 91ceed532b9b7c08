//! Triggers that run beside a login, to their end and without a user to wait for.
//!
//! <https://auth0.com/docs/customize/actions/explore-triggers>

pub(crate) mod configured;
pub(crate) mod events;
pub(crate) mod notification;
pub(crate) mod password;
pub(crate) mod registration;
pub(crate) mod streams;

use std::sync::Arc;

use postlogin_core::outcome::Outcome;
use postlogin_core::{Trigger, complete_event};
use serde_json::{Value, json};

use crate::http::text;
use crate::oauth::OAuthError;
use crate::oauth::run::{could_not_run, run_blocking};
use crate::pipeline::{Advanced, LoginRequest};
use crate::state::Tenant;

/// One run of a trigger.
pub(crate) struct Run {
    pub(crate) trigger: Trigger,
    /// The Action that an entity of the export names; `None` for those that are bound to the trigger.
    pub(crate) action: Option<String>,
    pub(crate) event: Value,
    /// Milliseconds by which it is later than the tenant's clock: the virtual wait before another attempt.
    pub(crate) delay_ms: i64,
}

/// Runs a trigger to its end, and logs its outcome with the trigger's id as the type.
///
/// # Errors
/// When it cannot run at all. What an Action does wrong is in the outcome.
pub(crate) async fn run(tenant: &Arc<Tenant>, run: Run) -> Result<Outcome, OAuthError> {
    let Run {
        trigger,
        action,
        mut event,
        delay_ms,
    } = run;
    let now_ms = tenant.now_ms().saturating_add(delay_ms);
    complete_event(trigger, &mut event);
    let user_id = event.get("user").and_then(|user| text(user, "user_id"));
    let mut entry = json!({
        "type": trigger.id(), "date": crate::clock::iso(now_ms), "user_id": user_id,
    });
    let request = LoginRequest {
        now_ms,
        action,
        ..LoginRequest::of(tenant, trigger, event)
    };
    let mut log = |key: &str, value: Value| {
        if let Some(entry) = entry.as_object_mut() {
            entry.insert(key.to_owned(), value);
        }
        tenant.control.log(entry.clone());
    };
    match run_blocking(tenant, trigger, move |pipeline| pipeline.start(request)).await {
        Ok(Advanced::Ended { finished, .. }) => {
            let mut shown = finished.outcome.clone();
            tenant.pipeline.redact(&mut shown);
            log("outcome", json!(shown));
            Ok(finished.outcome)
        }
        Ok(Advanced::Waits { .. }) => {
            let error = OAuthError::new(500, "server_error", "The Actions asked for a user.");
            log("error", error.description.clone().into());
            Err(error)
        }
        Err(error) => {
            let error = could_not_run(error);
            log("error", error.description.clone().into());
            Err(error)
        }
    }
}

/// Runs an asynchronous trigger after the answer of the request that causes it: its outcome is in the log, and nothing
/// else depends on it. Does nothing without an Action.
pub(crate) fn run_later(tenant: &Arc<Tenant>, trigger: Trigger, event: Value) {
    if !tenant.pipeline.binds(trigger) {
        return;
    }
    let tenant = Arc::clone(tenant);
    tokio::spawn(async move {
        // Its error is in the log.
        let _ = run(
            &tenant,
            Run {
                trigger,
                action: None,
                event,
                delay_ms: 0,
            },
        )
        .await;
    });
}
