//! `/oauth/token` and `/oauth/revoke`.
//!
//! <https://auth0.com/docs/api/authentication>

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::client_auth::{Authenticated, authenticate};
use super::exchange::{self, EXCHANGE_GRANT};
use super::issue::Grant;
use super::passwordless::{self, PASSWORDLESS_GRANT};
use super::quota::{self, Quota};
use super::{OAuthError, Result, device, dpop, grants, machine, mfa, refresh, refused, standing};
use crate::http::{Call, Content, answer};
use crate::management::happenings;
use crate::randomness::{digest, same_secret};
use crate::records::{Code, OpaqueToken, Origin, TokenHashes};
use crate::state::Tenant;
use crate::store::Entry;

pub(crate) const REALM_GRANT: &str = "http://auth0.com/oauth/grant-type/password-realm";
pub(crate) const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
pub(crate) const OTP_GRANT: &str = "http://auth0.com/oauth/grant-type/mfa-otp";
pub(crate) const OOB_GRANT: &str = "http://auth0.com/oauth/grant-type/mfa-oob";
pub(crate) const RECOVERY_GRANT: &str = "http://auth0.com/oauth/grant-type/mfa-recovery-code";

/// The grants that production knows and this tenant does not: CIBA, passkeys, Token Vault, and the JWT profile of old applications.
/// The answer is not 501: the vendor's SDKs repeat what is answered with 500 or more.
const ELSEWHERE: &[&str] = &[
    "urn:openid:params:grant-type:ciba",
    "urn:okta:params:oauth:grant-type:webauthn",
    "urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "http://auth0.com/oauth/legacy/grant-type/ro",
    "http://auth0.com/oauth/legacy/grant-type/ro/jwt-bearer",
    "http://auth0.com/oauth/legacy/grant-type/delegation/refresh_token",
    "http://auth0.com/oauth/legacy/grant-type/delegation/id_token",
    "http://auth0.com/oauth/legacy/grant-type/access_token",
];

pub(crate) async fn token(State(tenant): State<Arc<Tenant>>, mut call: Call) -> Response {
    if call.method != Method::POST {
        return OAuthError::new(405, "invalid_request", "The token endpoint accepts POST")
            .response();
    }
    let mut quotas = Vec::new();
    match granted(&tenant, &mut call, &mut quotas).await {
        Ok(body) => {
            let mut response = answer(StatusCode::OK, &Value::Object(body));
            quota::name(&mut response, &quotas);
            response
        }
        Err(error) => {
            happenings::refused_exchange(&tenant, &call, &error);
            let mut response = error.response();
            quota::refuse(&tenant, &mut response, &error.quotas);
            refused::about(&mut response, &call);
            response
        }
    }
}

async fn granted(
    tenant: &Arc<Tenant>,
    call: &mut Call,
    quotas: &mut Vec<Quota>,
) -> Result<Map<String, Value>> {
    check_body(call)?;
    let grant_type = call.required("grant_type")?.to_owned();
    let grant_type = grant_type.as_str();
    let known = [
        "authorization_code",
        "refresh_token",
        "password",
        "client_credentials",
        REALM_GRANT,
        DEVICE_GRANT,
        OTP_GRANT,
        OOB_GRANT,
        RECOVERY_GRANT,
        EXCHANGE_GRANT,
        PASSWORDLESS_GRANT,
    ];
    if ELSEWHERE.contains(&grant_type) {
        let description = format!("The local tenant does not have the grant type {grant_type}.");
        return Err(OAuthError::new(404, "not_supported_locally", description));
    }
    if !known.contains(&grant_type) {
        let description = format!("Unsupported grant type: {grant_type}");
        return Err(OAuthError::new(403, "unsupported_grant_type", description));
    }
    let mut who = authenticate(tenant, call)?;
    if let Some(ip) = who.forwarded_ip(call) {
        call.ip = ip;
    }
    let call = &*call;
    who.origin = Origin {
        ip: call.ip.clone(),
        user_agent: call.header("user-agent").unwrap_or_default().to_owned(),
    };
    who.jkt = dpop::of_client(tenant, call, &who)?;
    // Another setting of the application allows exchanges.
    if grant_type != EXCHANGE_GRANT {
        who.require_grant(grant_type)?;
    }
    match grant_type {
        "authorization_code" => authorization_code(tenant, call, &who),
        "refresh_token" => refresh::exchange(tenant, call, &who).await,
        "client_credentials" => machine::client_credentials(tenant, call, &who, quotas).await,
        DEVICE_GRANT => device::exchange(tenant, call, &who),
        OTP_GRANT | OOB_GRANT | RECOVERY_GRANT => mfa::exchange(tenant, call, &who).await,
        PASSWORDLESS_GRANT => passwordless::exchange(tenant, call, &who).await,
        EXCHANGE_GRANT => exchange::exchange(tenant, call, &who).await,
        _ => grants::password(tenant, call, &who).await,
    }
}

pub(crate) fn check_body(call: &Call) -> Result<()> {
    check_body_for(call, "grant_type")
}

/// Checks the form of a body; `first` is the parameter that an empty one lacks.
pub(crate) fn check_body_for(call: &Call, first: &str) -> Result<()> {
    match &call.content {
        Content::Form(form) => match form.repeated() {
            Some(name) => Err(OAuthError::invalid_request(format!(
                "The parameter {name} must not be repeated"
            ))),
            None => Ok(()),
        },
        Content::Json(Value::Object(_)) => Ok(()),
        Content::Json(_) => Err(OAuthError::invalid_request("The body must be an object")),
        Content::Bad(reason) => Err(OAuthError::invalid_request(reason.clone())),
        Content::Multipart(_) => Err(OAuthError::invalid_request(
            "The body must be a form or JSON",
        )),
        Content::Empty => Err(OAuthError::missing(first)),
    }
}

/// Milliseconds for which a used code is remembered, so that a second use is distinguished from a wrong code.
const REMEMBERED_MS: i64 = 120_000;

/// A code is used up by the first attempt to exchange it, right or wrong. Who shows everything that belongs to a code that
/// brought tokens already takes those back (RFC 6749, section 4.1.2).
fn authorization_code(
    tenant: &Tenant,
    call: &Call,
    who: &Authenticated,
) -> Result<Map<String, Value>> {
    let code = call.required("code")?;
    let invalid = || OAuthError::invalid_grant("Invalid authorization code");
    let key = digest(code);
    let now = tenant.now_ms();
    let record = tenant.store.take::<Code>(&key, now)?.ok_or_else(invalid)?;
    if record.client_id != who.id {
        return Err(keep_used(tenant, &key, &record, invalid())?);
    }
    if let Err(error) = proves_itself(call, who, &record) {
        return Err(keep_used(tenant, &key, &record, error)?);
    }
    if record.tokens.is_some() {
        take_back(tenant, &record)?;
        return Err(keep_used(tenant, &key, &record, invalid())?);
    }
    let grant = record.grant.as_ref().ok_or_else(invalid)?;
    let body = issued(tenant, who, grant)?;
    happenings::exchanged(tenant, call, &who.id, Some(grant));
    let hash = |name: &str| body.get(name).and_then(Value::as_str).map(digest);
    let used = Code {
        grant: None,
        tokens: Some(TokenHashes {
            access: hash("access_token"),
            refresh: hash("refresh_token"),
        }),
        ..record
    };
    let entry = Entry::until(&key, now.saturating_add(REMEMBERED_MS));
    tenant.store.put(entry, &used, now)?;
    Ok(body)
}

/// Keeps the tokens of a used code known after one more attempt; a fresh code is gone. Returns the error of the attempt.
fn keep_used(tenant: &Tenant, key: &str, record: &Code, error: OAuthError) -> Result<OAuthError> {
    if record.tokens.is_some() {
        let now = tenant.now_ms();
        let entry = Entry::until(key, now.saturating_add(REMEMBERED_MS));
        tenant.store.put(entry, record, now)?;
    }
    Ok(error)
}

/// Revokes the tokens of a code that can be revoked: the refresh tokens and an opaque access token.
fn take_back(tenant: &Tenant, record: &Code) -> Result<()> {
    let tokens = record.tokens.as_ref();
    if let Some(key) = tokens.and_then(|tokens| tokens.access.as_deref()) {
        tenant.store.remove::<OpaqueToken>(key)?;
    }
    if let Some(key) = tokens.and_then(|tokens| tokens.refresh.as_deref()) {
        refresh::end_family(tenant, key)?;
    }
    tenant.control.log(json!({
        "type": "code_reuse", "date": crate::clock::iso(tenant.now_ms()), "client_id": record.client_id,
    }));
    Ok(())
}

/// Checks that the exchange is made by who began the login.
fn proves_itself(call: &Call, who: &Authenticated, record: &Code) -> Result<()> {
    match call.body_field("redirect_uri") {
        Some(given) if given != record.redirect_uri => {
            let expected = &record.redirect_uri;
            return Err(OAuthError::new(
                403,
                "unauthorized_client",
                format!("The redirect URI is wrong. You sent {given}, and we expected {expected}"),
            ));
        }
        // RFC 6749, section 4.1.3, and <https://auth0.com/docs/api/authentication/authorization-code-flow/get-token>: "required
        // only if it was set" at /authorize.
        None if record.named_redirect => return Err(OAuthError::missing("redirect_uri")),
        _ => {}
    }
    match (
        record.code_challenge.as_deref(),
        call.body_field("code_verifier"),
    ) {
        (Some(challenge), Some(verifier)) => {
            let method = record.code_challenge_method.as_deref().unwrap_or("plain");
            if !is_verifier(challenge, method, verifier) {
                return Err(OAuthError::invalid_grant("Failed to verify code verifier"));
            }
        }
        (Some(_), None) => return Err(OAuthError::missing("code_verifier")),
        (None, Some(_)) => return Err(OAuthError::invalid_grant("Failed to verify code verifier")),
        (None, None) if !who.is_proven => {
            return Err(OAuthError::unauthorized());
        }
        (None, None) => {}
    }
    // RFC 9449, section 10.
    if record.dpop_jkt.is_some() && record.dpop_jkt != who.jkt {
        return Err(OAuthError::invalid_grant(
            "The DPoP proof is not of the key that the authorization request named.",
        ));
    }
    who.require_proof()
}

/// The answer for a grant, with a refresh token if one belongs to it.
pub(crate) fn issued(
    tenant: &Tenant,
    who: &Authenticated,
    grant: &Grant,
) -> Result<Map<String, Value>> {
    standing::require_user(tenant, &grant.user_id)?;
    standing::require_access(tenant, &who.client, grant)?;
    let mut body = grant.answer(tenant, &who.client, who.jkt.as_deref())?;
    if grant.is_offline(tenant, &who.client) {
        let token = refresh::first(tenant, who, grant)?;
        body.insert("refresh_token".into(), token.into());
    }
    Ok(body)
}

/// RFC 7636, section 4.6.
fn is_verifier(challenge: &str, method: &str, verifier: &str) -> bool {
    match method {
        "S256" => same_secret(
            challenge,
            &URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())),
        ),
        _ => same_secret(challenge, verifier),
    }
}

/// RFC 7009. A token that is unknown is as good as revoked.
pub(crate) async fn revoke(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    let result = (|| {
        check_body_for(&call, "token")?;
        let who = authenticate(&tenant, &call)?;
        who.require_proof()?;
        let token = call.required("token")?;
        refresh::revoke(&tenant, token, &who.id)
    })();
    match result {
        Ok(()) => Response::new(Body::empty()),
        Err(error) => error.response(),
    }
}
