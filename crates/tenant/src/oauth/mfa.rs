//! Multi-factor authentication at the token endpoint: `mfa_required`, `/mfa/challenge` and the grant `mfa-otp`.
//!
//! <https://auth0.com/docs/secure/multi-factor-authentication/authenticate-using-ropg-flow-with-mfa>

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use postlogin_core::{ResumeStep, Suspension};
use serde_json::{Map, Value, json};

use super::authenticators::accepts;
use super::client_auth::{Authenticated, authenticate};
use super::issue::Grant;
use super::run::{LoginDoc, Ran, follow, keep_open, one_time_code};
use super::token::issued;
use super::waiting::{self, Waiting, count_attempt, look, take, wait};
use super::{OAuthError, Result, refresh};
use crate::http::{Call, answer};
use crate::phone;
use crate::randomness::{digest, same_secret};
use crate::state::Tenant;

/// The number of wrong codes after which a challenge fails.
pub(crate) const ATTEMPTS: u32 = 5;
const TOKEN_MS: i64 = 600_000;

/// A login without a browser waits: for a code, if that is all that it asks for.
pub(crate) async fn required(tenant: &Arc<Tenant>, mut waiting: Waiting) -> OAuthError {
    if !matches!(
        waiting.suspension,
        Suspension::Challenge { .. } | Suspension::Enroll { .. }
    ) {
        let (ended, flow) = waiting::abandon(tenant, waiting).await;
        let refused = follow(tenant, ended, flow).err();
        return refused.unwrap_or_else(|| {
            OAuthError::new(403, "interaction_required", "External interaction required")
        });
    }
    let token = tenant.randomness.token();
    waiting.flow.otp = one_time_code(tenant);
    tell(tenant, &waiting.flow.about.user_id, &waiting.flow.otp);
    phone::challenge(tenant, &waiting.suspension, &waiting.flow).await;
    match wait(tenant, &digest(&token), &waiting) {
        Ok(()) => error(token),
        Err(error) => error,
    }
}

/// The same for the tenant's own policy.
pub(crate) fn required_by_tenant(tenant: &Tenant, grant: Grant) -> Result<OAuthError> {
    let token = tenant.randomness.token();
    let otp = one_time_code(tenant);
    tell(tenant, &grant.user_id, &otp);
    let login = LoginDoc {
        granted: Some(grant),
        otp: Some(otp),
        ..LoginDoc::default()
    };
    keep_open(tenant, &token, &login, TOKEN_MS)?;
    Ok(error(token))
}

/// The code would be in the user's authenticator app; here, tests find it in the log.
fn tell(tenant: &Tenant, user_id: &str, otp: &str) {
    tenant.control.log(json!({"type": "mfa_code", "date": crate::clock::iso(tenant.now_ms()), "user_id": user_id, "otp": otp}));
}

fn error(token: String) -> OAuthError {
    let mut error = OAuthError::new(403, "mfa_required", "Multifactor authentication required");
    error.mfa_token = Some(token);
    error
}

pub(crate) async fn challenge(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    let result = async {
        super::token::check_body(&call)?;
        authenticate(&tenant, &call)?;
        let token = call.required("mfa_token")?;
        let key = digest(token);
        let known = look(&tenant, &key)?.is_some()
            || tenant
                .store
                .get::<LoginDoc>(&key, tenant.now_ms())?
                .is_some();
        if known {
            Ok(())
        } else {
            Err(OAuthError::invalid_grant("Malformed mfa_token"))
        }
    };
    match result.await {
        Ok(()) => answer(StatusCode::OK, &json!({"challenge_type": "otp"})),
        Err(error) => error.response(),
    }
}

/// The grant `mfa-otp`.
pub(crate) async fn exchange(
    tenant: &Arc<Tenant>,
    call: &Call,
    who: &Authenticated,
) -> Result<Map<String, Value>> {
    who.require_proof()?;
    let token = call.required("mfa_token")?;
    let otp = call.required("otp")?;
    let key = digest(token);
    let wrong = || OAuthError::invalid_grant("Invalid otp_code.");
    let malformed = || OAuthError::invalid_grant("Malformed mfa_token");
    let Some(Waiting { flow, .. }) = look(tenant, &key)? else {
        return of_tenant(tenant, who, &key, otp);
    };
    if flow.about.client_id != who.id {
        return Err(malformed());
    }
    if flow.attempts >= ATTEMPTS {
        return Err(OAuthError::new(
            429,
            "too_many_requests",
            "Too many failed codes. Wait for some minutes before retrying.",
        ));
    }
    if !same_secret(otp, &flow.otp) && !accepts(tenant, &flow.about.user_id, otp)? {
        count_attempt(tenant, &key)?;
        return Err(wrong());
    }
    let waiting = take(tenant, &key)?.ok_or_else(malformed)?;
    let (advanced, flow) = waiting::resume(tenant, waiting, ResumeStep::ChallengeSucceeded).await?;
    match follow(tenant, advanced, flow)? {
        Ran::Granted(grant, flow) => match &flow.refresh {
            Some(exchanged) => refresh::succeed(tenant, who, &grant, exchanged),
            None => issued(tenant, who, &grant),
        },
        Ran::Waits(waiting) => Err(required(tenant, *waiting).await),
    }
}

fn of_tenant(
    tenant: &Tenant,
    who: &Authenticated,
    key: &str,
    otp: &str,
) -> Result<Map<String, Value>> {
    let malformed = || OAuthError::invalid_grant("Malformed mfa_token");
    let now = tenant.now_ms();
    let stored = tenant
        .store
        .get::<LoginDoc>(key, now)?
        .ok_or_else(malformed)?;
    let user_id = stored.granted.as_ref().map(|grant| grant.user_id.as_str());
    let by_app = accepts(tenant, user_id.unwrap_or_default(), otp)?;
    let fits = tenant.store.change(key, now, |login: &mut LoginDoc| {
        login.attempts = login.attempts.saturating_add(1);
        let expected = login.otp.as_deref();
        login.attempts <= ATTEMPTS
            && (by_app || expected.is_some_and(|expected| same_secret(otp, expected)))
    })?;
    if !fits.ok_or_else(malformed)? {
        return Err(OAuthError::invalid_grant("Invalid otp_code."));
    }
    let login = tenant
        .store
        .take::<LoginDoc>(key, now)?
        .ok_or_else(malformed)?;
    let grant = login
        .granted
        .filter(|grant| grant.client_id == who.id)
        .ok_or_else(malformed)?;
    issued(tenant, who, &grant)
}
