//! `/userinfo`, and what an access token is worth.
//!
//! <https://auth0.com/docs/api/authentication/user-profile/get-user-info>

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value};

use super::{OAuthError, Result, dpop, signing, words};
use crate::http::intake::is_form;
use crate::http::{Call, answer, set, text};
use crate::randomness::digest;
use crate::records::{CustomClaims, OpaqueToken};
use crate::state::Tenant;

/// The parts of an access token that requests are judged by.
#[derive(Debug, Clone, Default)]
pub(crate) struct Access {
    pub(crate) issuer: String,
    pub(crate) sub: String,
    pub(crate) client_id: String,
    pub(crate) scope: Vec<String>,
    pub(crate) audiences: Vec<String>,
    /// The thumbprint of the key with which alone it is good.
    pub(crate) jkt: Option<String>,
}

/// Checks a JWT: signature, issuer, time, and that it is not an ID token.
pub(crate) fn verify(tenant: &Tenant, token: &str) -> Option<Access> {
    let verified = tenant.key.verify(token).ok()?;
    let claims = Value::Object(verified.claims);
    let now_s = tenant.now_ms().div_euclid(1000);
    if !tenant.is_issuer(text(&claims, "iss"))
        || claims.get("exp").and_then(Value::as_i64)? <= now_s
    {
        return None;
    }
    let audiences = match claims.get("aud")? {
        Value::String(one) => vec![one.clone()],
        Value::Array(many) => many
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => return None,
    };
    // An ID token's audience is an application, and it carries neither of these two.
    let client_id = text(&claims, "azp")
        .or_else(|| text(&claims, "client_id"))?
        .to_owned();
    if audiences
        .iter()
        .any(|audience| tenant.catalog.client(audience).is_some())
    {
        return None;
    }
    Some(Access {
        issuer: text(&claims, "iss")?.to_owned(),
        sub: text(&claims, "sub")?.to_owned(),
        client_id,
        scope: words(text(&claims, "scope").unwrap_or_default()),
        audiences,
        jkt: claims
            .pointer("/cnf/jkt")
            .and_then(Value::as_str)
            .map(str::to_owned),
    })
}

/// The user of an ID token of the tenant, if it was made for this application; for any, if none is named.
pub(crate) fn verify_id_token(
    tenant: &Tenant,
    token: &str,
    client_id: Option<&str>,
) -> Option<String> {
    let claims = Value::Object(signing::verified_id_token(tenant, token)?);
    let now_s = tenant.now_ms().div_euclid(1000);
    let audience = text(&claims, "aud")?;
    let is_good = tenant.is_issuer(text(&claims, "iss"))
        && claims.get("exp").and_then(Value::as_i64)? > now_s
        && tenant.catalog.client(audience).is_some()
        && client_id.is_none_or(|id| id == audience);
    text(&claims, "sub").filter(|_| is_good).map(str::to_owned)
}

fn opaque(tenant: &Tenant, token: &str) -> Result<Option<Access>> {
    let found = tenant
        .store
        .get::<OpaqueToken>(&digest(token), tenant.now_ms())?;
    Ok(found.map(|token| Access {
        issuer: tenant.site.issuer.clone(),
        sub: token.sub,
        client_id: token.client_id,
        scope: words(&token.scope),
        audiences: vec![tenant.url("userinfo")],
        jkt: token.jkt,
    }))
}

pub(crate) async fn userinfo(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    if !matches!(call.method, Method::GET | Method::POST) {
        return OAuthError::new(405, "invalid_request", "/userinfo accepts GET and POST")
            .response();
    }
    match claims(&tenant, &call) {
        Ok(body) => answer(StatusCode::OK, &Value::Object(body)),
        Err(error) => refused(&error),
    }
}

fn invalid() -> OAuthError {
    OAuthError::new(
        401,
        "invalid_token",
        "The access token is missing, expired or malformed",
    )
}

/// Judges a request by its head: what shows no token, and is no form that may hold one (RFC 6750, section 2.2), is not
/// read.
pub(crate) fn judge(call: &Call) -> std::result::Result<(), Box<Response>> {
    let shows = call.bearer().or_else(|| call.authorization("dpop"));
    match shows.is_some() || is_form(call) || call.method == Method::GET {
        true => Ok(()),
        false => Err(Box::new(refused(&invalid()))),
    }
}

fn refused(error: &OAuthError) -> Response {
    let mut response = error.response();
    if error.status == StatusCode::UNAUTHORIZED {
        let (scheme, more) = match error.error.as_str() {
            "invalid_dpop_proof" => ("DPoP", ", algs=\"ES256\""),
            _ => ("Bearer", ""),
        };
        let challenge = format!("{scheme} realm=\"Users\", error=\"{}\"{more}", error.error);
        set(&mut response, "www-authenticate", &challenge);
    }
    response
}

fn claims(tenant: &Tenant, call: &Call) -> Result<Map<String, Value>> {
    let bound = call.authorization("dpop");
    let token = bound
        .or_else(|| call.bearer())
        // RFC 6750, sections 2.2 and 2.3; passport-auth0 knows no other way than the last.
        .or_else(|| call.body_field("access_token"))
        .or_else(|| call.query.get("access_token"))
        .ok_or_else(invalid)?;
    let access = match verify(tenant, token) {
        Some(access) => access,
        None => opaque(tenant, token)?.ok_or_else(invalid)?,
    };
    if !access
        .audiences
        .iter()
        .any(|it| tenant.is_own(it, "userinfo"))
    {
        return Err(invalid());
    }
    match (&access.jkt, bound) {
        (None, None) => {}
        (Some(jkt), Some(token)) => {
            dpop::shows(tenant, call, token, jkt).map_err(|error| OAuthError {
                status: StatusCode::UNAUTHORIZED,
                ..error
            })?;
        }
        // A bound token is no bearer token, and the other way round.
        _ => return Err(invalid()),
    }
    let user = tenant.store.user(&access.sub)?.ok_or_else(invalid)?;
    let id = format!("{}/{}", access.client_id, access.sub);
    let custom = tenant.store.get::<CustomClaims>(&id, tenant.now_ms())?;
    Ok(postlogin_core::userinfo(
        &user,
        &access.sub,
        &access.scope,
        &custom.unwrap_or_default().0,
    ))
}
