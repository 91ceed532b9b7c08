//! Signed tokens in compact form (RFC 7515), RS256 (RFC 7518, section 3.3).

use std::fmt;

use rsa::pkcs1v15::Pkcs1v15Sign;
use rsa::sha2::Sha256;
use serde_json::{Map, Value, json};

use crate::digest::{decode, encode, sha256};
use crate::{KeyPair, PublicKey};

/// A token could not be signed. No claims cause this.
#[derive(Debug)]
pub struct SignError(String);

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not sign the token: {}", self.0)
    }
}

impl std::error::Error for SignError {}

/// A token whose signature is right.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifiedToken {
    /// The header: `alg`, and usually `typ` and `kid`.
    pub header: Map<String, Value>,
    /// The claims in the order in which the token carries them.
    pub claims: Map<String, Value>,
}

/// Why a token was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerifyError {
    /// Not three base64url parts that hold a JSON object, a JSON object and bytes; says which part.
    Malformed(&'static str),
    /// Another `alg` than RS256 (`none` included), or no `alg` at all.
    Algorithm(Option<String>),
    /// The header asks for an extension (`crit`), and none is supported.
    Critical,
    /// The header's `kid`, which names another key.
    UnknownKey(String),
    /// The signature does not belong to the header and claims.
    Signature,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(part) => write!(f, "the token is malformed: {part}"),
            Self::Algorithm(Some(name)) => {
                write!(f, "the token is signed with `{name}`, not RS256")
            }
            Self::Algorithm(None) => write!(f, "the token's header names no algorithm"),
            Self::Critical => write!(
                f,
                "the token's header asks for extensions (`crit`) that are not supported"
            ),
            Self::UnknownKey(kid) => {
                write!(f, "the token was signed with another key (kid `{kid}`)")
            }
            Self::Signature => write!(f, "the token's signature is wrong"),
        }
    }
}

impl std::error::Error for VerifyError {}

impl KeyPair {
    /// Signs claims with RS256. The header is `alg`, `typ`, `kid` in this order; the claims keep the map's order.
    ///
    /// `typ` is `JWT`, or `at+jwt` for an access token of the RFC 9068 profile. The caller sets `iat` and `exp`.
    ///
    /// # Errors
    /// Only if the arithmetic or the encoder fails.
    pub fn sign(&self, typ: &str, claims: &Map<String, Value>) -> Result<String, SignError> {
        let header = json!({ "alg": "RS256", "typ": typ, "kid": self.kid() });
        let payload = serde_json::to_vec(claims).map_err(|error| SignError(error.to_string()))?;
        self.sign_parts(header.to_string().as_bytes(), &payload)
    }

    /// Checks a token that this key is said to have signed; see [`PublicKey::verify`].
    ///
    /// # Errors
    /// See [`VerifyError`].
    pub fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        self.public().verify(token)
    }

    fn sign_parts(&self, header: &[u8], payload: &[u8]) -> Result<String, SignError> {
        let input = format!("{}.{}", encode(header), encode(payload));
        let signature = self
            .signer
            .sign(&self.private, input.as_bytes())
            .map_err(SignError)?;
        Ok(format!("{input}.{}", encode(&signature)))
    }
}

impl PublicKey {
    /// Checks the form, the algorithm, the key id (when the header has one) and the signature of a token.
    ///
    /// Looks at no claim: whoever knows the time and the audience checks `exp`, `nbf`, `iss` and `aud`.
    ///
    /// # Errors
    /// See [`VerifyError`].
    pub fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        let mut parts = token.split('.');
        let (Some(header_text), Some(claims_text), Some(signature_text), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(VerifyError::Malformed("it has not three parts"));
        };
        let header =
            object(header_text).ok_or(VerifyError::Malformed("the header is no JSON object"))?;
        match header.get("alg").and_then(Value::as_str) {
            Some("RS256") => {}
            other => return Err(VerifyError::Algorithm(other.map(str::to_owned))),
        }
        if header.contains_key("crit") {
            return Err(VerifyError::Critical);
        }
        match header.get("kid") {
            None => {}
            Some(Value::String(kid)) if kid == self.kid() => {}
            Some(Value::String(kid)) => return Err(VerifyError::UnknownKey(kid.clone())),
            Some(_) => return Err(VerifyError::Malformed("the header's `kid` is no string")),
        }
        let signature = decode(signature_text)
            .ok_or(VerifyError::Malformed("the signature is no base64url text"))?;
        let digest = sha256(&[header_text.as_bytes(), b".", claims_text.as_bytes()]);
        self.key
            .verify(Pkcs1v15Sign::new::<Sha256>(), &digest, &signature)
            .map_err(|_| VerifyError::Signature)?;
        let claims =
            object(claims_text).ok_or(VerifyError::Malformed("the claims are no JSON object"))?;
        Ok(VerifiedToken { header, claims })
    }
}

fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&decode(part)?).ok()
}

#[cfg(test)]
mod tests;
