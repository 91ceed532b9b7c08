//! `/mfa/associate` and `/mfa/authenticators`: an authenticator app is enrolled with the token of a login that waits for a
//! second factor.
//!
//! <https://auth0.com/docs/secure/multi-factor-authentication/authenticate-using-ropg-flow-with-mfa/enroll-and-challenge-otp-authenticators>

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use postlogin_token::{TOTP_PERIOD_S, base32, totp};
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

use super::run::LoginDoc;
use super::waiting::look;
use super::{OAuthError, Result};
use crate::clock::iso;
use crate::http::{Call, Content, answer, text, texts};
use crate::randomness::{digest, same_secret};
use crate::records::Authenticator;
use crate::state::Tenant;
use crate::store::Entry;

/// Bytes of a secret (RFC 4226, section 4).
const SECRET_BYTES: usize = 20;

pub(crate) async fn associate(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    if call.method != Method::POST {
        return OAuthError::new(405, "invalid_request", "/mfa/associate takes POST").response();
    }
    match enrol(&tenant, &call).await {
        Ok(body) => answer(StatusCode::OK, &body),
        Err(error) => error.response(),
    }
}

/// Judges a request by its head: who shows no token of a login that waits has nothing read.
pub(crate) async fn judge(tenant: &Arc<Tenant>, call: &Call) -> std::result::Result<(), Response> {
    match user_of(tenant, call).await {
        Ok(_) => Ok(()),
        Err(error) => Err(error.response()),
    }
}

pub(crate) async fn list(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    let result = async {
        let user_id = user_of(&tenant, &call).await?;
        let all = authenticators(&tenant, &user_id)?;
        let shown = all.iter().map(|(id, known)| {
            json!({"id": id, "authenticator_type": "otp", "active": known.active, "created_at": known.created_at})
        });
        Ok(Value::Array(shown.collect()))
    };
    match result.await {
        Ok(body) => answer(StatusCode::OK, &body),
        Err(error) => OAuthError::response(&error),
    }
}

/// The user whose login waits behind the bearer token.
async fn user_of(tenant: &Arc<Tenant>, call: &Call) -> Result<String> {
    let malformed = || OAuthError::new(401, "invalid_token", "Malformed mfa_token");
    let key = digest(
        call.bearer()
            .filter(|token| !token.is_empty())
            .ok_or_else(malformed)?,
    );
    if let Some(waiting) = look(tenant, &key)? {
        return Ok(waiting.flow.about.user_id);
    }
    let stored = tenant.store.get::<LoginDoc>(&key, tenant.now_ms())?;
    stored
        .and_then(|login| login.granted)
        .map(|grant| grant.user_id)
        .ok_or_else(malformed)
}

fn authenticators(tenant: &Tenant, user_id: &str) -> Result<Vec<(String, Authenticator)>> {
    Ok(tenant.store.list(Some(user_id), tenant.now_ms())?)
}

async fn enrol(tenant: &Arc<Tenant>, call: &Call) -> Result<Value> {
    let user_id = user_of(tenant, call).await?;
    let Content::Json(body) = &call.content else {
        return Err(OAuthError::invalid_request(
            "The body must be a JSON object",
        ));
    };
    if body.get("authenticator_types").is_none() {
        return Err(OAuthError::missing("authenticator_types"));
    }
    let kinds: Vec<&str> = texts(body, "authenticator_types").collect();
    if kinds != ["otp"] {
        return Err(OAuthError::invalid_request(
            "The local tenant enrols one type of authenticator: authenticator_types must be [\"otp\"]",
        ));
    }
    if authenticators(tenant, &user_id)?
        .iter()
        .any(|(_, known)| known.active)
    {
        return Err(OAuthError::new(
            403,
            "access_denied",
            "User is already enrolled.",
        ));
    }
    let bytes = tenant.randomness.bytes();
    let secret = bytes.get(..SECRET_BYTES).unwrap_or(&bytes);
    let id = format!("totp|dev_{}", tenant.randomness.hex_id());
    let now = tenant.now_ms();
    let record = Authenticator {
        secret: secret.to_vec(),
        active: false,
        created_at: iso(now),
        last_step: None,
    };
    // Whoever begins anew has lost the secret of before.
    tenant.store.remove_owned::<Authenticator>(&user_id)?;
    tenant
        .store
        .put(Entry::lasting(&id).of(&user_id), &record, now)?;
    let user = tenant.store.user(&user_id)?.unwrap_or_default();
    let encoded = |text: &str| {
        byte_serialize(text.as_bytes())
            .collect::<String>()
            .replace('+', "%20")
    };
    let label = encoded(text(&user, "email").unwrap_or(&user_id));
    let (issuer, shown) = (encoded(&tenant.name), base32(secret));
    Ok(json!({
        "authenticator_type": "otp", "secret": shown,
        "barcode_uri": format!("otpauth://totp/{issuer}:{label}?secret={shown}&issuer={issuer}&algorithm=SHA1&digits=6&period={TOTP_PERIOD_S}"),
    }))
}

/// Whether a code is that of the user's app, now or half a minute before or after, and was not used before (RFC 6238,
/// section 5.2). The first one confirms the app.
pub(crate) fn accepts(tenant: &Tenant, user_id: &str, code: &str) -> Result<bool> {
    let now = tenant.now_ms();
    for (id, known) in authenticators(tenant, user_id)? {
        if step_of(&known, code, now).is_none() {
            continue;
        }
        // Of two requests with one code, one is first.
        let used = tenant.store.change(&id, now, |known: &mut Authenticator| {
            known.last_step = Some(step_of(known, code, now)?);
            Some(!std::mem::replace(&mut known.active, true))
        })?;
        match used.flatten() {
            Some(true) => confirm(tenant, user_id)?,
            Some(false) => {}
            None => continue,
        }
        return Ok(true);
    }
    Ok(false)
}

/// The step of time for which the app shows a code, if no code of this step or a later one was used.
fn step_of(known: &Authenticator, code: &str, now_ms: i64) -> Option<i64> {
    let now = now_ms.div_euclid(1000).div_euclid(TOTP_PERIOD_S);
    // A step that is still to come was used before the tenant's clock was put back.
    let last = known
        .last_step
        .filter(|last| *last <= now.saturating_add(1));
    [now - 1, now, now + 1].into_iter().find(|step| {
        last.is_none_or(|last| *step > last)
            && same_secret(code, &totp(&known.secret, step * TOTP_PERIOD_S))
    })
}

fn confirm(tenant: &Tenant, user_id: &str) -> Result<()> {
    let _ = tenant.change_user::<()>(user_id, |profile| {
        if let Some(profile) = profile.as_object_mut() {
            let factors = profile
                .entry("enrolledFactors")
                .or_insert_with(|| json!([]));
            if let Some(factors) = factors.as_array_mut()
                && !factors
                    .iter()
                    .any(|known| text(known, "type") == Some("otp"))
            {
                factors.push(json!({"type": "otp"}));
            }
        }
        Ok(None)
    })?;
    Ok(())
}
