//! `/continue`: the user comes back from the site that an Action redirected to.
//!
//! <https://auth0.com/docs/customize/actions/redirect-with-actions>

use std::sync::Arc;

use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use postlogin_core::{ResumeStep, Suspension};

use super::OAuthError;
use super::authorize::{drive, refused};
use super::finish::{error_page, self_posting_form};
use super::run::{could_not_run, follow};
use super::waiting::{self, Waiting, look, take};
use crate::http::{Call, Content};
use crate::pages::login::require_browser;
use crate::pipeline::PipelineError;
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
    let flow = match look(&tenant, state) {
        Ok(Some(Waiting {
            suspension: Suspension::Redirect { .. },
            flow,
            ..
        })) => flow,
        Ok(Some(_)) => return invalid(),
        // It may be a password reset that comes back.
        Ok(None) => {
            let came = crate::email::reset::come_back(&tenant, &call, state).await;
            return match came {
                Ok(Some(response)) => response,
                Ok(None) => invalid(),
                Err(error) => error_page(&error),
            };
        }
        Err(error) => return error_page(&error),
    };
    // The site that the user was sent to knows the state, too: only the browser that began the login continues.
    let Some(login) = &flow.login else {
        return invalid();
    };
    if let Err(error) = require_browser(&tenant, &call, login) {
        return match is_of_another_site(&call) {
            true => once_more(&call),
            false => error_page(&error),
        };
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

/// Whether a form of another site was sent here: a browser leaves the cookies out then (`SameSite=Lax`).
fn is_of_another_site(call: &Call) -> bool {
    call.method == Method::POST
        && matches!(call.content, Content::Form(_))
        && call.header("sec-fetch-site") == Some("cross-site")
        && call.header("sec-fetch-mode") == Some("navigate")
}

/// A page that sends the same form again, from here: now the browser shows its cookies, if it is the one.
fn once_more(call: &Call) -> Response {
    let Content::Form(form) = &call.content else {
        return error_page(&OAuthError::invalid_request("The body must be a form."));
    };
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&call.query.0)
        .finish();
    self_posting_form(&format!("/continue?{query}"), &form.0)
}

/// Answers a suspension of a login in a browser, and continues.
pub(crate) async fn go_on(tenant: &Arc<Tenant>, waiting: Waiting, step: ResumeStep) -> Response {
    let login = waiting.flow.login.clone().unwrap_or_default();
    let result = async {
        let (advanced, flow) = waiting::resume(tenant, waiting, step).await?;
        if let Err(lost @ PipelineError::Stale(_)) = advanced {
            // Whoever sits there reads what to do; the application could do nothing about it.
            return Ok(error_page(&could_not_run(lost)));
        }
        drive(tenant, follow(tenant, advanced, flow)?).await
    };
    result
        .await
        .unwrap_or_else(|error| refused(tenant, &login, &login.request.way_back(), &error))
}
