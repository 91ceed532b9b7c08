//! The page of a challenge: it shows the code that an authenticator app would show.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use maud::html;
use postlogin_core::{ResumeStep, Suspension};

use super::login::{granted_login, require_browser};
use super::{hidden, layout, problem};
use crate::http::{Call, page_towards, redirect};
use crate::oauth::authenticators::accepts;
use crate::oauth::authorize::{ask_or_complete, refused};
use crate::oauth::factors::take_recovery_code;
use crate::oauth::finish::error_page;
use crate::oauth::mfa::ATTEMPTS;
use crate::oauth::resume::go_on;
use crate::oauth::run::LoginDoc;
use crate::oauth::waiting::{Waiting, choose, count_attempt, look, take};
use crate::oauth::{OAuthError, Result, session};
use crate::phone;
use crate::randomness::{digest, same_secret};
use crate::state::Tenant;

pub(crate) async fn challenge(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    let state = call.field("state").unwrap_or_default().to_owned();
    let result = match look(&tenant, &state) {
        Ok(Some(waiting)) => of_action(&tenant, &call, &state, waiting).await,
        Ok(None) => of_tenant(&tenant, &call),
        Err(error) => Err(error),
    };
    result.unwrap_or_else(|error| error_page(&error))
}

async fn of_action(
    tenant: &Arc<Tenant>,
    call: &Call,
    state: &str,
    waiting: Waiting,
) -> Result<Response> {
    let Waiting {
        suspension, flow, ..
    } = &waiting;
    let closed =
        || OAuthError::invalid_request("This page belongs to no login that waits for a code.");
    let login = flow.login.as_ref().ok_or_else(closed)?;
    require_browser(tenant, call, login)?;
    let (factors, enrols) = match suspension {
        Suspension::Challenge { factors } => (factors, false),
        Suspension::Enroll { factors } => (factors, true),
        _ => return Err(closed()),
    };
    let (factor, others) = match factors.split_first() {
        Some((factor, others)) => (factor.as_str(), others),
        None => ("otp", &[][..]),
    };
    let shown = Shown {
        login,
        state,
        factor,
        others,
        enrols,
        otp: &flow.otp,
    };
    if call.method != Method::POST {
        return Ok(code_page(&shown, None));
    }
    if let Some(kind) = call.body_field("factor") {
        let Some(chosen) = choose(tenant, state, kind)? else {
            return Ok(code_page(&shown, Some("This method cannot be used here")));
        };
        phone::challenge(tenant, &chosen.suspension, &chosen.flow).await;
        return Ok(redirect(&tenant.url(&format!("u/mfa?state={state}"))));
    }
    let fits = fits(tenant, call, &flow.otp, &flow.about.user_id)?
        || (factor == "recovery-code" && recovers(tenant, call, &flow.about.user_id)?);
    let gives_up = call.body_field("action") == Some("cancel") || flow.attempts + 1 >= ATTEMPTS;
    if !fits && !gives_up {
        count_attempt(tenant, state)?;
        return Ok(code_page(&shown, Some("The code you entered is invalid")));
    }
    let factor = factor.to_owned();
    let is_named = !factors.is_empty();
    let waiting = take(tenant, state)?.ok_or_else(closed)?;
    if fits && let Some(key) = &login.session_key {
        session::add_method(tenant, key, "mfa", Some(&factor))?;
    }
    let step = match (fits, is_named) {
        (true, true) => ResumeStep::ChallengePassedBy { factor },
        (true, false) => ResumeStep::ChallengeSucceeded,
        (false, _) => ResumeStep::ChallengeFailed,
    };
    Ok(go_on(tenant, waiting, step).await)
}

/// A challenge of the tenant's own policy, after all Actions.
fn of_tenant(tenant: &Tenant, call: &Call) -> Result<Response> {
    let login = granted_login(tenant, call)?;
    let (Some(otp), Some(grant)) = (login.otp.clone(), login.granted.clone()) else {
        return Err(OAuthError::invalid_request("This login waits for no code."));
    };
    let shown = Shown {
        login: &login,
        state: &login.id,
        factor: "otp",
        others: &[],
        enrols: false,
        otp: &otp,
    };
    if call.method != Method::POST {
        return Ok(code_page(&shown, None));
    }
    let key = digest(&login.id);
    let now = tenant.now_ms();
    let fits = fits(tenant, call, &otp, &grant.user_id)?;
    let gives_up = call.body_field("action") == Some("cancel") || login.attempts + 1 >= ATTEMPTS;
    if !fits && !gives_up {
        tenant.store.change(&key, now, |login: &mut LoginDoc| {
            login.attempts = login.attempts.saturating_add(1);
        })?;
        return Ok(code_page(&shown, Some("The code you entered is invalid")));
    }
    if tenant.store.take::<LoginDoc>(&key, now)?.is_none() {
        return Err(OAuthError::invalid_request(
            "This page has been used already.",
        ));
    }
    if !fits {
        let error = OAuthError::new(
            403,
            "access_denied",
            "The user did not pass the multi-factor challenge.",
        );
        return Ok(refused(tenant, &login, &login.request.way_back(), &error));
    }
    if let Some(key) = &login.session_key {
        session::add_method(tenant, key, "mfa", Some("otp"))?;
    }
    let login = LoginDoc { otp: None, ..login };
    ask_or_complete(tenant, login, grant)
}

/// Whether a request has the code that is shown, or that of the user's authenticator app.
fn fits(tenant: &Tenant, call: &Call, shown: &str, user_id: &str) -> Result<bool> {
    match call.body_field("code").map(str::trim) {
        Some(code) => Ok(same_secret(code, shown) || accepts(tenant, user_id, code)?),
        None => Ok(false),
    }
}

/// Whether a request has a recovery code of the user, which is used up.
fn recovers(tenant: &Tenant, call: &Call, user_id: &str) -> Result<bool> {
    match call.body_field("code") {
        Some(code) => take_recovery_code(tenant, user_id, code),
        None => Ok(false),
    }
}

/// The content of the page of a challenge.
struct Shown<'a> {
    login: &'a LoginDoc,
    state: &'a str,
    /// The type that is asked for now.
    factor: &'a str,
    /// The other types that let the login continue.
    others: &'a [String],
    enrols: bool,
    otp: &'a str,
}

fn code_page(shown: &Shown<'_>, wrong: Option<&str>) -> Response {
    let Shown {
        login,
        state,
        factor,
        others,
        enrols,
        otp,
    } = shown;
    let title = if *enrols {
        "Secure Your Account"
    } else {
        "Verify Your Identity"
    };
    let body = html! {
        h1 { (title) }
        p { "Factor: " code { (factor) } }
        p.note {
            "In this local tenant no device is asked. The code is " code #otp { (otp) } "."
        }
        (problem(wrong))
        form method="post" action="/u/mfa" {
            (hidden("state", state))
            label {
                "Code"
                input name="code" inputmode="numeric" autocomplete="one-time-code" autofocus;
            }
            button name="action" value="default" { "Continue" }
        }
        @if !others.is_empty() {
            form.apart method="post" action="/u/mfa" {
                (hidden("state", state))
                p { "Try another method" }
                @for other in *others {
                    button.user name="factor" value=(other) { (other) }
                }
            }
        }
        form.apart method="post" action="/u/mfa" {
            (hidden("state", state))
            button.user name="action" value="cancel" { "Cancel" }
        }
    };
    page_towards(
        StatusCode::OK,
        layout(title, &body),
        &[&login.request.redirect_uri],
    )
}
