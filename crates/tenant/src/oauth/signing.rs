//! The algorithms that sign tokens: that of the API for its access tokens, and that of the application for its ID tokens.
//!
//! <https://auth0.com/docs/get-started/applications/signing-algorithms>

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use postlogin_token::{Algorithm, SignError};
use serde_json::{Map, Value};

use super::mfa;
use crate::http::text;
use crate::state::Tenant;

/// The algorithm that a setting names, with the bytes of the secret for HS256. RS256 is the default, and what an empty secret
/// falls back to: anybody could sign with that.
fn algorithm<'a>(named: Option<&str>, secret: &'a [u8]) -> Algorithm<'a> {
    match named {
        Some("HS256") if !secret.is_empty() => Algorithm::Hs256(secret),
        Some("PS256") => Algorithm::Ps256,
        Some("RS512") => Algorithm::Rs512,
        _ => Algorithm::Rs256,
    }
}

/// The secret of an application as HS256 uses it: as it is, or decoded where `secret_encoded` is set.
fn client_secret(client: &Value) -> Vec<u8> {
    let secret = text(client, "client_secret").unwrap_or_default();
    let is_encoded =
        client.pointer("/jwt_configuration/secret_encoded") == Some(&Value::Bool(true));
    let decoded = is_encoded.then(|| URL_SAFE_NO_PAD.decode(secret.trim_end_matches('=')).ok());
    decoded.flatten().unwrap_or_else(|| secret.into())
}

fn alg_of(client: &Value) -> Option<&str> {
    client.pointer("/jwt_configuration/alg")?.as_str()
}

/// Signs an access token for an API; `None` and the tenant's own APIs have RS256.
pub(crate) fn access_token(
    tenant: &Tenant,
    audience: Option<&str>,
    typ: &str,
    claims: &Map<String, Value>,
) -> Result<String, SignError> {
    let own = |audience: &str| {
        tenant.is_management(audience)
            || tenant.is_own(audience, "userinfo")
            || mfa::is_api(tenant, Some(audience))
    };
    let api = audience
        .filter(|audience| !own(audience))
        .and_then(|audience| tenant.catalog.api(audience))
        .unwrap_or(&Value::Null);
    let secret = text(api, "signing_secret").unwrap_or_default();
    let algorithm = algorithm(text(api, "signing_alg"), secret.as_bytes());
    tenant.key.sign_with(algorithm, typ, claims)
}

/// Signs an ID token for an application. `hashed` are the claims that bind it to what it comes with: `at_hash` with the access
/// token, `c_hash` with the code.
pub(crate) fn id_token(
    tenant: &Tenant,
    client_id: &str,
    mut claims: Map<String, Value>,
    hashed: &[(&str, &str)],
) -> Result<String, SignError> {
    let client = tenant.catalog.client(client_id).unwrap_or(&Value::Null);
    let secret = client_secret(client);
    let algorithm = algorithm(alg_of(client), &secret);
    for (claim, token) in hashed {
        claims.insert((*claim).to_owned(), algorithm.left_half_hash(token).into());
    }
    tenant.key.sign_with(algorithm, "JWT", &claims)
}

/// The claims of an ID token of the tenant. The application that its `aud` names decides how it is verified, not its header.
pub(crate) fn verified_id_token(tenant: &Tenant, token: &str) -> Option<Map<String, Value>> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let client = text(&claims, "aud").and_then(|audience| tenant.catalog.client(audience))?;
    let secret = client_secret(client);
    let algorithm = algorithm(alg_of(client), &secret);
    let verified = tenant.key.verify_with(algorithm, token).ok()?;
    Some(verified.claims)
}
