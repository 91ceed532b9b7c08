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
use crate::state::Tenant;
use crate::store::{Entry, Kind};

/// Bytes of a secret (RFC 4226, section 4).
const SECRET_BYTES: usize = 20;
/// Where the last step of time stands whose code was used.
const LAST_STEP: &str = "last_step";

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
        let shown = all.iter().map(|(id, document)| {
            json!({"id": id, "authenticator_type": "otp", "active": is_active(document), "created_at": text(document, "created_at")})
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
    let stored = tenant.store.get(Kind::Login, &key, tenant.now_ms())?;
    let login: LoginDoc =
        serde_json::from_value(stored.unwrap_or_default()).map_err(|_| malformed())?;
    login
        .granted
        .map(|grant| grant.user_id)
        .ok_or_else(malformed)
}

fn authenticators(tenant: &Tenant, user_id: &str) -> Result<Vec<(String, Value)>> {
    Ok(tenant
        .store
        .list(Kind::Authenticator, Some(user_id), tenant.now_ms())?)
}

fn is_active(document: &Value) -> bool {
    document.get("active") == Some(&Value::Bool(true))
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
        .any(|(_, known)| is_active(known))
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
    let document = json!({"secret": secret, "active": false, "created_at": iso(now)});
    // Whoever begins anew has lost the secret of before.
    tenant.store.remove_owned(Kind::Authenticator, &user_id)?;
    tenant.store.put(
        Kind::Authenticator,
        Entry::lasting(&id).of(&user_id),
        &document,
        now,
    )?;
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
    for (id, document) in authenticators(tenant, user_id)? {
        if step_of(&document, code, now).is_none() {
            continue;
        }
        // Of two requests with one code, one is first.
        let used = tenant
            .store
            .change(Kind::Authenticator, &id, now, |document| {
                let step = step_of(document, code, now)?;
                let confirms = !is_active(document);
                let document = document.as_object_mut()?;
                document.insert("active".into(), true.into());
                document.insert(LAST_STEP.into(), step.into());
                Some(confirms)
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
fn step_of(document: &Value, code: &str, now_ms: i64) -> Option<i64> {
    let secret: Vec<u8> = document
        .get("secret")
        .and_then(|secret| serde_json::from_value(secret.clone()).ok())?;
    let now = now_ms.div_euclid(1000).div_euclid(TOTP_PERIOD_S);
    let last = document.get(LAST_STEP).and_then(Value::as_i64);
    // A step that is still to come was used before somebody put the tenant's clock back.
    let last = last.filter(|last| *last <= now.saturating_add(1));
    [now - 1, now, now + 1].into_iter().find(|step| {
        last.is_none_or(|last| *step > last)
            && same_secret(code, &totp(&secret, step * TOTP_PERIOD_S))
    })
}

fn confirm(tenant: &Tenant, user_id: &str) -> Result<()> {
    let _ = tenant.store.change_user::<()>(user_id, |profile| {
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
