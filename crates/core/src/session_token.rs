//! The JWT that an Action and the site that it redirects to hand to each other (HS256).
//!
//! Rules: <https://auth0.com/docs/customize/actions/redirect-with-actions>.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use serde_json::{Map, Value};
use sha2::Sha256;

use crate::json::text_at;

/// The facts of a login that a token is checked against.
pub struct Expectation<'a> {
    /// The host name of the request.
    pub issuer: &'a str,
    /// The `state` of the `/continue` request.
    pub state: Option<&'a str>,
    /// The user's id.
    pub sub: &'a str,
    /// Seconds since the epoch.
    pub now_s: i64,
}

/// Returns the token that the site which a user was sent to gives back: `payload` over the claims that it has to have.
/// `None` when the secret is empty.
#[must_use]
pub fn for_return(
    payload: &Map<String, Value>,
    secret: &str,
    login: &Expectation<'_>,
) -> Option<String> {
    const LIFETIME_S: i64 = 900;
    let mut claims = Map::new();
    claims.insert("iat".into(), login.now_s.into());
    claims.insert("exp".into(), login.now_s.saturating_add(LIFETIME_S).into());
    claims.insert("iss".into(), login.issuer.into());
    claims.insert("sub".into(), login.sub.into());
    if let Some(state) = login.state {
        claims.insert("state".into(), state.into());
    }
    claims.extend(payload.clone());
    encode(&Value::Object(claims), secret).filter(|_| !secret.is_empty())
}

/// Signs a payload; `None` when there is no usable secret.
pub(crate) fn encode(payload: &Value, secret: &str) -> Option<String> {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let body = URL_SAFE_NO_PAD.encode(payload.to_string());
    let signed = format!("{header}.{body}");
    let signature = mac(&signed, secret)?.finalize().into_bytes();
    Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// Checks a token and gives its payload.
///
/// # Errors
///
/// Returns the part of production's message after `The session token is invalid: `.
pub(crate) fn decode(
    token: &str,
    secret: &str,
    expected: &Expectation<'_>,
) -> Result<Value, &'static str> {
    let payload = verified_payload(token, secret).ok_or("Failed signature validation")?;
    let payload: Value =
        serde_json::from_slice(&payload).map_err(|_| "Unexpected token payload type")?;
    if !payload.is_object() {
        return Err("Unexpected token payload type");
    }
    let number = |claim: &str| payload.get(claim).and_then(Value::as_f64);
    let (Some(_), Some(expiry), Some(sub), Some(issuer), Some(state)) = (
        number("iat"),
        number("exp"),
        text_at(&payload, &["sub"]),
        text_at(&payload, &["iss"]),
        text_at(&payload, &["state"]),
    ) else {
        return Err("Missing or invalid standard claims");
    };
    if issuer != expected.issuer && issuer != format!("https://{}/", expected.issuer) {
        return Err("Missing or invalid standard claims");
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "seconds since the epoch fit a double"
    )]
    if expiry <= expected.now_s as f64 {
        return Err("Token has expired.");
    }
    if Some(state) != expected.state {
        return Err("State in the token does not match the /continue state.");
    }
    if sub != expected.sub {
        return Err("The sub claim does not match the user_id.");
    }
    Ok(payload)
}

fn verified_payload(token: &str, secret: &str) -> Option<Vec<u8>> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, body) = signed.split_once('.')?;
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    if text_at(&header, &["alg"]) != Some("HS256") {
        return None;
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    mac(signed, secret)?.verify_slice(&signature).ok()?;
    URL_SAFE_NO_PAD.decode(body).ok()
}

fn mac(signed: &str, secret: &str) -> Option<Hmac<Sha256>> {
    Some(
        Hmac::<Sha256>::new_from_slice(secret.as_bytes())
            .ok()?
            .chain_update(signed.as_bytes()),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Expectation, decode, encode, for_return};

    #[test]
    fn a_token_is_held_against_the_login() {
        let good =
            json!({"iat": 100, "exp": 200, "sub": "auth0|1", "iss": "t.example", "state": "s"});
        let check = |payload: &Value, secret: &str, expected: Result<(), &str>| {
            let token = encode(payload, "secret").unwrap();
            let against = Expectation {
                issuer: "t.example",
                state: Some("s"),
                sub: "auth0|1",
                now_s: 150,
            };
            assert_eq!(
                decode(&token, secret, &against).map(|_| ()),
                expected,
                "{payload}"
            );
        };
        let with = |key: &str, value: Value| {
            let mut payload = good.clone();
            payload[key] = value;
            payload
        };
        check(&good, "secret", Ok(()));
        check(&with("iss", json!("https://t.example/")), "secret", Ok(()));
        check(&good, "other", Err("Failed signature validation"));
        check(&json!([1]), "secret", Err("Unexpected token payload type"));
        check(
            &with("iat", json!("100")),
            "secret",
            Err("Missing or invalid standard claims"),
        );
        check(
            &with("iss", json!("else.example")),
            "secret",
            Err("Missing or invalid standard claims"),
        );
        check(
            &with("exp", json!(150)),
            "secret",
            Err("Token has expired."),
        );
        check(
            &with("state", json!("t")),
            "secret",
            Err("State in the token does not match the /continue state."),
        );
        check(
            &with("sub", json!("auth0|2")),
            "secret",
            Err("The sub claim does not match the user_id."),
        );
    }

    #[test]
    fn what_a_site_gives_back_belongs_to_the_login_unless_its_payload_says_otherwise() {
        let login = Expectation {
            issuer: "t.example",
            state: Some("s"),
            sub: "auth0|1",
            now_s: 150,
        };
        let payload = json!({"score": 3, "exp": 149});
        let payload = payload.as_object().expect("an object");
        // Signed by another implementation, jsonwebtoken 9.
        let expected = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpYXQiOjE1MCwiZXhwIjoxNDksImlzcyI6InQuZXhhbXBsZSIsInN1YiI6ImF1dGgwfDEiLCJzdGF0ZSI6InMiLCJzY29yZSI6M30.pRGZIgMF2NxlhkKP87ewnVHbAiPZas-nh4QyyMgY9Is";
        let token = for_return(payload, "secret", &login).expect("a token");
        assert_eq!(token, expected);
        assert_eq!(decode(&token, "secret", &login), Err("Token has expired."));
        let token = for_return(&serde_json::Map::new(), "secret", &login).expect("a token");
        assert!(decode(&token, "secret", &login).is_ok());
        assert_eq!(for_return(payload, "", &login), None);
    }

    #[test]
    fn rubbish_is_no_token() {
        let against = Expectation {
            issuer: "t",
            state: None,
            sub: "",
            now_s: 0,
        };
        for token in ["", ".", "..", "a.b.c", "e30.e30.e30", "é.é.é"] {
            assert_eq!(
                decode(token, "secret", &against),
                Err("Failed signature validation")
            );
        }
    }
}
