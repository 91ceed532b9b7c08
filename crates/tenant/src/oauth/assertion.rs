//! `private_key_jwt`: an application proves itself with a token that it signs.
//!
//! <https://auth0.com/docs/get-started/authentication-and-authorization-flow/authenticate-with-private-key-jwt>

use postlogin_token::PublicKey;
use serde_json::Value;

use super::{OAuthError, Result};
use crate::clock::parse_iso;
use crate::http::text;
use crate::randomness::digest;
use crate::records::UsedAssertion;
use crate::state::Tenant;
use crate::store::Entry;

/// The only type of assertion (RFC 7523, section 2.2).
pub(crate) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Milliseconds for which an assertion may be good.
const LONGEST_MS: i64 = 300_000;
/// Milliseconds by which the application's clock may be fast.
const SKEW_MS: i64 = 10_000;

fn refuse(description: impl Into<String>) -> OAuthError {
    OAuthError::new(401, "invalid_client", description)
}

/// The application that an assertion speaks of; nothing is proven yet.
pub(crate) fn subject(assertion: &str) -> Option<String> {
    use base64::Engine as _;
    let claims = assertion.split('.').nth(1)?;
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(claims)
        .ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    text(&claims, "sub").map(str::to_owned)
}

/// Whether an application has keys; it has no secret then.
pub(crate) fn has_keys(client: &Value) -> bool {
    credentials(client).next().is_some()
}

/// The algorithms of a credential.
pub(crate) const ALGORITHMS: &[&str] = &["RS256", "RS384", "PS256"];
/// The key of an application under which the credentials are that the Management API has made. It is never shown.
pub(crate) const OWN: &str = "postlogin_credentials";

/// The credentials that the Management API has made for an application.
pub(crate) fn own(client: &Value) -> impl Iterator<Item = &Value> {
    let list = client.get(OWN).and_then(Value::as_array);
    list.into_iter().flatten()
}

/// The credentials that count, each with its key, or with the `id` of one of [`own`].
pub(crate) fn listed(client: &Value) -> impl Iterator<Item = &Value> {
    let list = client.pointer("/client_authentication_methods/private_key_jwt/credentials");
    list.and_then(Value::as_array).into_iter().flatten()
}

fn credentials(client: &Value) -> impl Iterator<Item = &Value> {
    listed(client).map(|listed| {
        let id = text(listed, "id").filter(|_| listed.get("pem").is_none());
        let found = id.and_then(|id| own(client).find(|it| text(it, "id") == Some(id)));
        found.unwrap_or(listed)
    })
}

/// Checks an assertion of an application with the keys of its credentials.
///
/// # Errors
/// `invalid_client`, with the reason.
pub(crate) fn check(tenant: &Tenant, client: &Value, id: &str, assertion: &str) -> Result<()> {
    if !has_keys(client) {
        return Err(refuse("The application is not set up for private_key_jwt."));
    }
    let now_ms = tenant.now_ms();
    let claims = verified(client, assertion, now_ms)?;
    let part = |key: &str| text(&claims, key);
    if part("iss") != Some(id) || part("sub") != Some(id) {
        return Err(refuse("The assertion's iss and sub must be the client_id."));
    }
    let is_for_us = match claims.get("aud") {
        Some(Value::Array(many)) => many.iter().any(|one| tenant.is_issuer(one.as_str())),
        one => tenant.is_issuer(one.and_then(Value::as_str)),
    };
    if !is_for_us {
        let description = format!("The assertion's aud must be {}", tenant.site.issuer);
        return Err(refuse(description));
    }
    let expires = times(&claims, now_ms)?;
    let once = part("jti").ok_or_else(|| refuse("The assertion needs a jti."))?;
    let entry = digest(&format!("{id} {once}"));
    let entry = Entry::until(&entry, expires);
    match tenant.store.put_new(entry, &UsedAssertion {}, now_ms)? {
        true => Ok(()),
        false => Err(refuse("The assertion has been used already.")),
    }
}

/// Checks the times of an assertion, and gives its end in milliseconds since the epoch.
fn times(claims: &Value, now_ms: i64) -> Result<i64> {
    let expires = date(claims, "exp")?.ok_or_else(|| refuse("The assertion needs an exp."))?;
    let issued = date(claims, "iat")?;
    let begins = date(claims, "nbf")?;
    let latest = now_ms.saturating_add(SKEW_MS);
    if expires <= now_ms {
        return Err(refuse("The assertion has expired."));
    }
    if issued.is_some_and(|issued| issued > latest) {
        return Err(refuse("The assertion's iat lies in the future."));
    }
    if begins.is_some_and(|begins| begins > latest) {
        return Err(refuse("The assertion is not valid yet: see its nbf."));
    }
    // By its own account, and by the time that is left.
    let left = expires.saturating_sub(latest.max(issued.unwrap_or(latest)));
    let whole = expires.saturating_sub(issued.unwrap_or(now_ms));
    if whole > LONGEST_MS || left > LONGEST_MS {
        return Err(refuse(
            "The assertion may be good for five minutes at most.",
        ));
    }
    Ok(expires)
}

/// A NumericDate (RFC 7519, section 2) in milliseconds since the epoch: seconds, whole or not.
fn date(claims: &Value, key: &str) -> Result<Option<i64>> {
    let seconds = match claims.get(key) {
        None | Some(Value::Null) => return Ok(None),
        Some(value) => value.as_f64().filter(|seconds| seconds.is_finite()),
    };
    let seconds = seconds.ok_or_else(|| {
        refuse(format!(
            "The assertion's {key} must be a number of seconds."
        ))
    })?;
    #[expect(clippy::cast_possible_truncation, reason = "casts of floats saturate")]
    let ms = (seconds * 1000.0).floor() as i64;
    Ok(Some(ms))
}

/// The claims, if one of the application's keys signed them.
fn verified(client: &Value, assertion: &str, now_ms: i64) -> Result<Value> {
    let mut why = "The application has no credential with a public key (`pem`) that is still good."
        .to_owned();
    for credential in credentials(client) {
        let ends = text(credential, "expires_at").and_then(parse_iso);
        let Some(pem) = text(credential, "pem").filter(|_| ends.is_none_or(|ends| ends > now_ms))
        else {
            continue;
        };
        let key = match PublicKey::from_pem(pem) {
            Ok(key) => key,
            Err(error) => {
                why = format!("The application's credential is not a valid key: {error}");
                continue;
            }
        };
        match key.verify_foreign(assertion) {
            Ok(token) => {
                let expected = text(credential, "alg").unwrap_or("RS256");
                if token.header.get("alg").and_then(Value::as_str) == Some(expected) {
                    return Ok(Value::Object(token.claims));
                }
                why = format!("The assertion must be signed with {expected}.");
            }
            Err(error) => why = format!("The assertion is not valid: {error}"),
        }
    }
    Err(refuse(why))
}
