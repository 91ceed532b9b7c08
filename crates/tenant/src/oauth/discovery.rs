//! `/.well-known/openid-configuration` and `/.well-known/jwks.json`.
//!
//! <https://auth0.com/docs/get-started/applications/configure-applications-with-oidc-discovery>

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::api::names_issuer;
use crate::http::{answer, set};
use crate::state::Tenant;

pub(crate) async fn configuration(State(tenant): State<Arc<Tenant>>) -> Response {
    let url = |path: &str| tenant.url(path);
    let mut body = json!({
        "issuer": tenant.site.issuer,
        "authorization_endpoint": url("authorize"),
        "token_endpoint": url("oauth/token"),
        "device_authorization_endpoint": url("oauth/device/code"),
        "userinfo_endpoint": url("userinfo"),
        "mfa_challenge_endpoint": url("mfa/challenge"),
        "jwks_uri": url(".well-known/jwks.json"),
        "revocation_endpoint": url("oauth/revoke"),
        "pushed_authorization_request_endpoint": url("oauth/par"),
        "end_session_endpoint": url("oidc/logout"),
        "scopes_supported": ["openid", "profile", "offline_access", "name", "given_name", "family_name", "nickname", "email",
            "email_verified", "picture", "created_at", "identities", "phone", "address"],
        "response_types_supported": ["code", "token", "id_token", "code token", "code id_token", "token id_token", "code token id_token"],
        "code_challenge_methods_supported": ["S256", "plain"],
        "response_modes_supported": ["query", "fragment", "form_post", "web_message"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["HS256", "RS256", "PS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256", "RS384", "PS256"],
        "claims_supported": ["aud", "auth_time", "created_at", "email", "email_verified", "exp", "family_name", "given_name",
            "iat", "identities", "iss", "name", "nickname", "phone_number", "picture", "sub"],
        "dpop_signing_alg_values_supported": ["ES256"],
        "request_uri_parameter_supported": false,
        "request_parameter_supported": false,
    });
    // Tenants that are older than the endpoint list it once they switch that on:
    // <https://auth0.com/docs/authenticate/login/logout/log-users-out-of-auth0>.
    let logout = tenant.catalog.settings.get("oidc_logout");
    let listed = logout.and_then(|it| it.get("rp_logout_end_session_endpoint_discovery"));
    if let (Some(Value::Bool(false)), Some(body)) = (listed, body.as_object_mut()) {
        body.shift_remove("end_session_endpoint");
    }
    if let (true, Some(body)) = (names_issuer(&tenant), body.as_object_mut()) {
        body.insert(
            "authorization_response_iss_parameter_supported".into(),
            true.into(),
        );
    }
    public(answer(StatusCode::OK, &body))
}

pub(crate) async fn keys(State(tenant): State<Arc<Tenant>>) -> Response {
    // <https://auth0.com/docs/secure/tokens/json-web-tokens/json-web-key-set-properties>: a key with an `alg` is one for that
    // algorithm alone to many libraries, so a tenant with PS256 leaves it out.
    let without = tenant.catalog.settings.get("flags");
    let without = without.and_then(|flags| flags.get("remove_alg_from_jwks"));
    if without != Some(&Value::Bool(true)) {
        return public(answer(StatusCode::OK, &tenant.site.key_set));
    }
    let mut set = tenant.site.key_set.clone();
    let keys = set.get_mut("keys").and_then(Value::as_array_mut);
    for key in keys.into_iter().flatten().filter_map(Value::as_object_mut) {
        key.shift_remove("alg");
    }
    public(answer(StatusCode::OK, &set))
}

/// `/pem`: the certificate of the signing key, as older clients and gateways read it.
///
/// Source: <https://auth0.com/docs/get-started/tenant-settings/signing-keys/view-signing-certificates>.
pub(crate) async fn certificate(State(tenant): State<Arc<Tenant>>) -> Response {
    let der = tenant.site.key_set.pointer("/keys/0/x5c/0");
    let der = der.and_then(Value::as_str).unwrap_or_default();
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    let mut rest = der;
    while !rest.is_empty() {
        // Base64 is ASCII.
        let (line, after) = rest.split_at_checked(64).unwrap_or((rest, ""));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    let mut response = Response::new(Body::from(pem));
    set(&mut response, "content-type", "application/x-pem-file");
    public(response)
}

fn public(mut response: Response) -> Response {
    set(&mut response, "cache-control", "public, max-age=15");
    response
}
