//! Sender-constrained tokens: DPoP (RFC 9449), as the vendor documents it.
//!
//! <https://auth0.com/docs/secure/sender-constraining/demonstrating-proof-of-possession-dpop>

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use postlogin_token::DpopProof;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::client_auth::Authenticated;
use super::{OAuthError, Result};
use crate::catalog::is_confidential;
use crate::http::{Call, text};
use crate::randomness::{digest, same_secret};
use crate::records::UsedAssertion;
use crate::state::Tenant;
use crate::store::Entry;

/// Seconds for which a proof is good, and by which its maker's clock may be fast: the defaults of the vendor's own
/// libraries for APIs (`iatOffset` and `iatLeeway` of express-oauth2-jwt-bearer).
const PAST_S: i64 = 300;
const FUTURE_S: i64 = 30;
/// Milliseconds for which the same nonce is given; it is good for twice as long.
const NONCE_MS: i64 = 300_000;
/// The longest `jti`, in bytes.
const MOST_ID: usize = 512;

/// The key that signs nonces.
pub(crate) struct Nonces(String);

impl Nonces {
    pub(crate) fn new(secret: String) -> Self {
        Self(secret)
    }

    fn of(&self, window: i64) -> String {
        // A key of any length will do.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()) else {
            return String::new();
        };
        mac.update(&window.to_be_bytes());
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }

    fn current(&self, now_ms: i64) -> String {
        self.of(now_ms.div_euclid(NONCE_MS))
    }

    fn knows(&self, nonce: &str, now_ms: i64) -> bool {
        let window = now_ms.div_euclid(NONCE_MS);
        [window, window.saturating_sub(1)]
            .iter()
            .any(|window| same_secret(nonce, &self.of(*window)))
    }
}

fn invalid(reason: &str) -> OAuthError {
    OAuthError::new(
        400,
        "invalid_dpop_proof",
        format!("The DPoP proof is not valid: {reason}"),
    )
}

/// Reads the proof of a request, if it has one, and checks that it was made for this request, now.
fn offered(tenant: &Tenant, call: &Call) -> Result<Option<DpopProof>> {
    let mut headers = call.headers.get_all("dpop").iter();
    let Some(header) = headers.next() else {
        return Ok(None);
    };
    if headers.next().is_some() {
        return Err(invalid("there are two of them"));
    }
    let token = header.to_str().map_err(|_| invalid("it is not a JWT"))?;
    let proof = DpopProof::read(token).map_err(invalid)?;
    let claims = Value::Object(proof.claims.clone());
    let claim = |name: &str| text(&claims, name);
    if claim("htm") != Some(call.method.as_str()) {
        return Err(invalid("its htm is not the method of the request"));
    }
    if !claim("htu").is_some_and(|htu| is_this(tenant, call, htu)) {
        return Err(invalid("its htu is not the address of the request"));
    }
    if claim("jti").is_none_or(|id| id.is_empty() || id.len() > MOST_ID) {
        return Err(invalid("its jti is missing or too long"));
    }
    let issued = claims.get("iat").and_then(Value::as_f64);
    let issued = issued.ok_or_else(|| invalid("its iat is missing"))?;
    if !is_recent(tenant, issued) {
        return Err(invalid("its iat is not within the last five minutes"));
    }
    Ok(Some(proof))
}

/// Whether an `htu` is the address of a request, by the issuer's name or that of the request; without query and fragment
/// (RFC 9449, section 4.3).
fn is_this(tenant: &Tenant, call: &Call, htu: &str) -> bool {
    let Ok(mut url) = Url::parse(htu) else {
        return false;
    };
    url.set_query(None);
    url.set_fragment(None);
    let path = call.path.trim_start_matches('/');
    let host = call.header("host").unwrap_or_default();
    let own = ["http", "https"].map(|scheme| format!("{scheme}://{host}/{path}"));
    let mut expected = std::iter::once(tenant.url(path)).chain(own);
    expected.any(|expected| Url::parse(&expected).is_ok_and(|expected| expected == url))
}

/// The tenant's clock may be moved; the application's is not, so a proof may be recent by either.
fn is_recent(tenant: &Tenant, issued_s: f64) -> bool {
    let system = SystemTime::now().duration_since(UNIX_EPOCH);
    let system = system.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    });
    [tenant.now_ms(), system].into_iter().any(|now_ms| {
        let now_s = now_ms.div_euclid(1000);
        #[expect(clippy::cast_precision_loss, reason = "seconds are far below 2^53")]
        let [past, future] = [now_s - PAST_S, now_s + FUTURE_S].map(|bound| bound as f64);
        (past..=future).contains(&issued_s)
    })
}

/// Takes a proof as used; a second use is refused (RFC 9449, section 11.1).
fn use_up(tenant: &Tenant, proof: &DpopProof) -> Result<()> {
    let id = proof.claims.get("jti").and_then(Value::as_str);
    let id = digest(&format!(
        "dpop {} {}",
        proof.thumbprint,
        id.unwrap_or_default()
    ));
    let now = tenant.now_ms();
    let entry = Entry::until(&id, now.saturating_add((PAST_S + FUTURE_S) * 1000));
    match tenant.store.put_new(entry, &UsedAssertion {}, now)? {
        true => Ok(()),
        false => Err(invalid("it has been used already")),
    }
}

/// The thumbprint of the key that a request of an application to the token endpoint, or to `/oauth/par`, proves to have.
///
/// A public application's proof needs a nonce of ours: without one it is told the nonce (RFC 9449, section 8).
pub(crate) fn of_client(
    tenant: &Tenant,
    call: &Call,
    who: &Authenticated,
) -> Result<Option<String>> {
    let Some(proof) = offered(tenant, call)? else {
        return Ok(None);
    };
    let now = tenant.now_ms();
    let nonce = proof.claims.get("nonce").and_then(Value::as_str);
    let fits = match nonce {
        Some(nonce) => tenant.nonces.knows(nonce, now),
        None => is_confidential(&who.client),
    };
    if !fits {
        let mut error = OAuthError::new(
            400,
            "use_dpop_nonce",
            "Authorization server requires nonce in DPoP proof",
        );
        error.dpop_nonce = Some(tenant.nonces.current(now));
        return Err(error);
    }
    use_up(tenant, &proof)?;
    Ok(Some(proof.thumbprint))
}

/// Checks the proof of a request that shows a token bound to a key, in the way of a resource server.
pub(crate) fn shows(tenant: &Tenant, call: &Call, token: &str, bound: &str) -> Result<()> {
    let proof = offered(tenant, call)?.ok_or_else(|| invalid("it is missing"))?;
    let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()));
    if proof.claims.get("ath").and_then(Value::as_str) != Some(hash.as_str()) {
        return Err(invalid("its ath is not the hash of the access token"));
    }
    if proof.thumbprint != bound {
        return Err(invalid("its key is not that of the access token"));
    }
    use_up(tenant, &proof)
}

/// Decides whether the access token of an answer is bound to the key that the request has proven: `proven`, or `None` for a
/// bearer token.
///
/// The table of <https://auth0.com/docs/secure/sender-constraining/configure-sender-constraining>, row by row: tokens for
/// `/userinfo` alone are bound whenever there is a proof, those for an API as its `proof_of_possession` says.
///
/// # Errors
/// When the application or the API requires what there is not. The vendor documents that no token is issued, but not the
/// error.
pub(crate) fn binding<'a>(
    tenant: &Tenant,
    client: &Value,
    audience: Option<&str>,
    proven: Option<&'a str>,
) -> Result<Option<&'a str>> {
    let is_true = |value: Option<&Value>| value == Some(&Value::Bool(true));
    let client_requires = is_true(client.get("require_proof_of_possession"));
    let refuse = |why: String| Err(OAuthError::invalid_request(why));
    if client_requires && proven.is_none() {
        return refuse(
            "The application requires proof of possession: a DPoP proof is missing.".into(),
        );
    }
    let Some(audience) = audience.filter(|audience| !tenant.is_own(audience, "userinfo")) else {
        return Ok(proven);
    };
    let api = tenant.catalog.api(audience);
    let policy = api
        .and_then(|api| api.get("proof_of_possession"))
        .filter(|policy| !policy.is_null());
    let mechanism = policy.and_then(|policy| text(policy, "mechanism"));
    let required = policy.is_some_and(|policy| {
        is_true(policy.get("required"))
            && (text(policy, "required_for") != Some("public_clients") || !is_confidential(client))
    });
    match (mechanism, proven) {
        (Some("dpop"), None) if required => refuse(format!(
            "The API {audience} requires proof of possession: a DPoP proof is missing."
        )),
        (Some("dpop"), proven) => Ok(proven),
        (Some(other), _) if required => refuse(format!(
            "The API {audience} requires proof of possession by {other}, which the local tenant does not support."
        )),
        _ if client_requires => refuse(format!(
            "The application requires proof of possession, and the API {audience} does not support DPoP."
        )),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::{NONCE_MS, Nonces};

    #[test]
    fn a_nonce_is_good_for_its_window_and_the_next() {
        let nonces = Nonces::new("a".into());
        let nonce = nonces.current(10 * NONCE_MS + 5);
        assert_eq!(nonce, nonces.current(10 * NONCE_MS));
        for (window, expected) in [(9, false), (10, true), (11, true), (12, false)] {
            assert_eq!(
                nonces.knows(&nonce, window * NONCE_MS),
                expected,
                "{window}"
            );
        }
        assert!(!Nonces::new("b".into()).knows(&nonce, 10 * NONCE_MS));
        assert!(!nonces.knows("", 0) && !nonces.knows("é", i64::MAX));
    }
}
