//! JSON Web Keys (RFC 7517) and their thumbprints (RFC 7638).

use std::fmt;

use rsa::{BigUint, RsaPublicKey};
use serde_json::{Value, json};

use crate::digest::{decode, encode, sha256};

/// Why a JSON Web Key could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JwkError {
    /// `kty` is something else than `RSA`.
    NotRsa,
    /// A member is missing or no unpadded base64url text.
    Member(&'static str),
    /// Modulus and exponent form no usable RSA key.
    OutOfRange,
}

impl fmt::Display for JwkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRsa => write!(f, "the JWK is not an RSA key (`kty` must be `RSA`)"),
            Self::Member(name) => write!(f, "the JWK's `{name}` is missing or no base64url text"),
            Self::OutOfRange => write!(f, "the JWK's `n` and `e` form no usable RSA key"),
        }
    }
}

impl std::error::Error for JwkError {}

/// The RFC 7638 thumbprint (SHA-256, base64url, 43 characters) of an RSA public key given as a JWK.
///
/// # Errors
/// When the JWK is no RSA key or lacks `n` or `e`.
pub fn thumbprint(jwk: &Value) -> Result<String, JwkError> {
    require_rsa(jwk)?;
    Ok(thumbprint_of(text(jwk, "n")?, text(jwk, "e")?))
}

/// The required members in lexicographic order, without white space: the input that RFC 7638 prescribes.
pub(crate) fn thumbprint_of(n: &str, e: &str) -> String {
    let members = json!({ "e": e, "kty": "RSA", "n": n }).to_string();
    encode(&sha256(&[members.as_bytes()]))
}

pub(crate) fn parse(jwk: &Value) -> Result<RsaPublicKey, JwkError> {
    require_rsa(jwk)?;
    let n = number(jwk, "n")?;
    let e = number(jwk, "e")?;
    RsaPublicKey::new(n, e).map_err(|_| JwkError::OutOfRange)
}

fn require_rsa(jwk: &Value) -> Result<(), JwkError> {
    match jwk.get("kty").and_then(Value::as_str) {
        Some("RSA") => Ok(()),
        _ => Err(JwkError::NotRsa),
    }
}

fn text<'a>(jwk: &'a Value, name: &'static str) -> Result<&'a str, JwkError> {
    jwk.get(name)
        .and_then(Value::as_str)
        .ok_or(JwkError::Member(name))
}

fn number(jwk: &Value, name: &'static str) -> Result<BigUint, JwkError> {
    let bytes = decode(text(jwk, name)?).ok_or(JwkError::Member(name))?;
    Ok(BigUint::from_bytes_be(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PublicKey;
    use crate::testing;

    #[test]
    fn thumbprint_of_rfc_7638() {
        // RFC 7638, section 3.1.
        let jwk = testing::rfc7638_jwk();
        let expected = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
        assert_eq!(thumbprint(&jwk).as_deref(), Ok(expected));

        let mut without_kid = jwk.clone();
        without_kid
            .as_object_mut()
            .expect("an object")
            .remove("kid");
        let key = PublicKey::from_jwk(&without_kid).expect("an RSA key");
        assert_eq!(key.kid(), expected);
        assert_eq!(
            PublicKey::from_jwk(&jwk).expect("an RSA key").kid(),
            "2011-04-29"
        );
    }

    #[test]
    fn a_jwk_survives_the_round_trip() {
        let public = testing::key_pair().public().clone();
        assert_eq!(PublicKey::from_jwk(&public.jwk()), Ok(public));
    }

    #[test]
    fn broken_jwks_are_errors() {
        let n = testing::rfc7638_jwk()["n"].clone();
        for (jwk, expected) in [
            (json!(null), JwkError::NotRsa),
            (json!({ "kty": "EC", "crv": "P-256" }), JwkError::NotRsa),
            (json!({ "kty": "RSA", "e": "AQAB" }), JwkError::Member("n")),
            (
                json!({ "kty": "RSA", "n": n, "e": 65537 }),
                JwkError::Member("e"),
            ),
            (
                json!({ "kty": "RSA", "n": "a+b=", "e": "AQAB" }),
                JwkError::Member("n"),
            ),
            (
                json!({ "kty": "RSA", "n": n, "e": "" }),
                JwkError::OutOfRange,
            ),
            (
                json!({ "kty": "RSA", "n": "", "e": "AQAB" }),
                JwkError::OutOfRange,
            ),
            (
                json!({ "kty": "RSA", "n": n, "e": "Ag" }),
                JwkError::OutOfRange,
            ),
        ] {
            assert_eq!(PublicKey::from_jwk(&jwk), Err(expected), "{jwk}");
        }
    }
}
