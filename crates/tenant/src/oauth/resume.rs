//! `/continue`: the user comes back from the site that an Action redirected to.
//!
//! <https://auth0.com/docs/customize/actions/redirect-with-actions>

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use postlogin_core::{ResumeStep, Suspension};

use super::OAuthError;
use super::authorize::{drive, refused};
use super::finish::error_page;
use super::revive::{revive, take};
use super::run::{others, went_on};
use crate::http::Call;
use crate::pipeline::Waiting;
use crate::state::Tenant;

pub(crate) async fn resume(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    let invalid = || {
        error_page(&OAuthError::invalid_request(
            "The state parameter is missing or belongs to no login that waits.",
        ))
    };
    let Some(state) = call.query.get("state").or_else(|| call.body_field("state")) else {
        return invalid();
    };
    if let Err(lost) = revive(&tenant, state).await {
        return error_page(&lost);
    }
    if !matches!(
        tenant.waiting.look(state),
        Some((Suspension::Redirect { .. }, _))
    ) {
        return invalid();
    }
    let waiting = match take(&tenant, state) {
        Ok(Some(waiting)) => waiting,
        Ok(None) => return invalid(),
        Err(error) => return error_page(&error),
    };
    let step = ResumeStep::Continue {
        query: call.query.to_map(),
        body: call.body_map(),
    };
    go_on(&tenant, waiting, step).await
}

/// Answers a suspension of a login in a browser, and goes on.
pub(crate) async fn go_on(tenant: &Arc<Tenant>, waiting: Waiting, step: ResumeStep) -> Response {
    let Waiting {
        mut running, flow, ..
    } = waiting;
    let login = flow.login.clone().unwrap_or_default();
    let result = async {
        let users = others(tenant, &flow.about.user_id)?;
        let progress = running.answer(step, users).await;
        drive(tenant, went_on(tenant, running, progress, flow)?).await
    };
    result
        .await
        .unwrap_or_else(|error| refused(tenant, &login, &login.request.way_back(), &error))
}
