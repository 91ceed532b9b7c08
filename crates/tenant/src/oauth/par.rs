//! `/oauth/par`: an application sends the parameters of `/authorize` beforehand and gets a reference to them (RFC 9126).
//!
//! <https://auth0.com/docs/get-started/authentication-and-authorization-flow/authorization-code-flow/authorization-code-flow-with-par>

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use super::client_auth::authenticate;
use super::request::{checked, way_back};
use super::token::check_body_for;
use super::{OAuthError, Result, dpop};
use crate::catalog::is_strict;
use crate::http::{Call, Content, Params, answer};
use crate::randomness::digest;
use crate::records::Pushed;
use crate::state::Tenant;
use crate::store::Entry;

/// The beginning of a reference (RFC 9126, section 2.2).
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";
/// Seconds for which a reference can be used.
const LIFETIME_S: i64 = 30;
/// Bytes of a body, and parameters of one's own in it. The page above has both limits, and that applications are confidential;
/// the texts of the refusals are ours.
const MOST_BYTES: usize = 10 * 1024;
const MOST_EXTENSIONS: usize = 10;
/// Parameters that prove the application and are no part of its request.
const PROOFS: &[&str] = &["client_secret", "client_assertion", "client_assertion_type"];

pub(crate) async fn push(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    if call.method != Method::POST {
        return OAuthError::new(405, "invalid_request", "/oauth/par accepts POST").response();
    }
    match reference(&tenant, &call) {
        Ok(body) => answer(StatusCode::CREATED, &body),
        Err(error) => error.response(),
    }
}

fn reference(tenant: &Tenant, call: &Call) -> Result<Value> {
    check_body_for(call, "client_id")?;
    let Content::Form(form) = &call.content else {
        return Err(OAuthError::invalid_request("The body must be a form"));
    };
    let who = authenticate(tenant, call)?;
    if !who.is_proven {
        let description = "Only confidential applications can use pushed authorization requests.";
        return Err(OAuthError::new(401, "invalid_client", description));
    }
    if is_strict(&who.client) {
        let description = "Third-party applications cannot use pushed authorization requests.";
        return Err(OAuthError::invalid_request(description));
    }
    let extensions = form.0.iter().filter(|(name, _)| name.starts_with("ext-"));
    if extensions.count() > MOST_EXTENSIONS {
        let description = format!("At most {MOST_EXTENSIONS} parameters may begin with ext-");
        return Err(OAuthError::invalid_request(description));
    }
    let pairs = form.0.iter().map(|(name, value)| (name, value));
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    if body.len() > MOST_BYTES {
        let description = format!("The body must not be larger than {MOST_BYTES} bytes");
        return Err(OAuthError::invalid_request(description));
    }
    let proven = dpop::of_client(tenant, call, &who)?;
    if form.get("request_uri").is_some() {
        let description = "request_uri must not be pushed";
        return Err(OAuthError::invalid_request(description));
    }
    let mut params = form.clone();
    params
        .0
        .retain(|(name, _)| !PROOFS.contains(&name.as_str()) && name != "client_id");
    params.0.push(("client_id".to_owned(), who.id.clone()));
    // RFC 9449, section 10.1: the proof names the key, as the parameter does.
    match (params.get("dpop_jkt"), proven) {
        (Some(named), Some(proven)) if named != proven => {
            let description = "dpop_jkt is not the key of the DPoP proof";
            return Err(OAuthError::new(400, "invalid_dpop_proof", description));
        }
        (None, Some(proven)) => params.0.push(("dpop_jkt".to_owned(), proven)),
        _ => {}
    }
    let (client, back) = way_back(tenant, &params).map_err(|refused| refused.0)?;
    checked(tenant, &client, &back, &params)?;
    let token = tenant.randomness.token();
    let now = tenant.now_ms();
    let key = digest(&token);
    let entry = Entry::until(&key, now + LIFETIME_S * 1000);
    tenant.store.put(entry, &Pushed(params.0), now)?;
    Ok(json!({"request_uri": format!("{PREFIX}{token}"), "expires_in": LIFETIME_S}))
}

/// The parameters of a request to `/authorize`, and whether they were pushed. A reference is good once, for the application that
/// got it.
pub(crate) fn resolve(tenant: &Tenant, params: Params) -> Result<(Params, bool)> {
    let Some(token) = params
        .get("request_uri")
        .and_then(|uri| uri.strip_prefix(PREFIX))
    else {
        return Ok((params, false));
    };
    let invalid =
        || OAuthError::invalid_request("The request_uri is unknown, has expired or was used.");
    let pushed = tenant
        .store
        .take::<Pushed>(&digest(token), tenant.now_ms())?
        .ok_or_else(invalid)?;
    let pushed = Params(pushed.0);
    if pushed.get("client_id") != params.get("client_id") {
        return Err(invalid());
    }
    Ok((pushed, true))
}

/// Whether an application must push its requests.
pub(crate) fn is_required(client: &Value) -> bool {
    client.get("require_pushed_authorization_requests") == Some(&Value::Bool(true))
}
