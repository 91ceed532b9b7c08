//! Signed tokens in compact form (RFC 7515), RS256 (RFC 7518, section 3.3).

use std::fmt;

use rsa::pkcs1v15::Pkcs1v15Sign;
use rsa::pss::Pss;
use rsa::sha2::{Digest as _, Sha256, Sha384};
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
                write!(
                    f,
                    "the token is signed with `{name}`, which is not accepted"
                )
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
        let signed = Signed::read(token)?;
        if signed.algorithm() != Some("RS256") {
            return Err(signed.other_algorithm());
        }
        match signed.header.get("kid") {
            None => {}
            Some(Value::String(kid)) if kid == self.kid() => {}
            Some(Value::String(kid)) => return Err(VerifyError::UnknownKey(kid.clone())),
            Some(_) => return Err(VerifyError::Malformed("the header's `kid` is not a string")),
        }
        signed.verified_by(self)
    }

    /// The same for a token of somebody else, who may call the key what he likes and sign with RS256, RS384 or PS256:
    /// what the vendor takes as a client's assertion.
    ///
    /// # Errors
    /// See [`VerifyError`].
    pub fn verify_foreign(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        Signed::read(token)?.verified_by(self)
    }
}

/// A token in its parts; nothing is proven.
struct Signed<'a> {
    header: Map<String, Value>,
    header_text: &'a str,
    claims_text: &'a str,
    signature_text: &'a str,
}

impl<'a> Signed<'a> {
    fn read(token: &'a str) -> Result<Self, VerifyError> {
        let mut parts = token.split('.');
        let (Some(header_text), Some(claims_text), Some(signature_text), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(VerifyError::Malformed("it has not three parts"));
        };
        let header =
            object(header_text).ok_or(VerifyError::Malformed("the header is not a JSON object"))?;
        let signed = Self {
            header,
            header_text,
            claims_text,
            signature_text,
        };
        match signed.algorithm() {
            Some("RS256" | "RS384" | "PS256") => {}
            _ => return Err(signed.other_algorithm()),
        }
        if signed.header.contains_key("crit") {
            return Err(VerifyError::Critical);
        }
        Ok(signed)
    }

    fn algorithm(&self) -> Option<&str> {
        self.header.get("alg").and_then(Value::as_str)
    }

    fn other_algorithm(&self) -> VerifyError {
        VerifyError::Algorithm(self.algorithm().map(str::to_owned))
    }

    fn verified_by(self, key: &PublicKey) -> Result<VerifiedToken, VerifyError> {
        let signature = decode(self.signature_text).ok_or(VerifyError::Malformed(
            "the signature is not valid base64url",
        ))?;
        let input = [
            self.header_text.as_bytes(),
            b".",
            self.claims_text.as_bytes(),
        ];
        let checked = match self.algorithm() {
            Some("RS384") => {
                let digest = Sha384::digest(input.concat());
                key.key
                    .verify(Pkcs1v15Sign::new::<Sha384>(), &digest, &signature)
            }
            Some("PS256") => key
                .key
                .verify(Pss::new::<Sha256>(), &sha256(&input), &signature),
            _ => key
                .key
                .verify(Pkcs1v15Sign::new::<Sha256>(), &sha256(&input), &signature),
        };
        checked.map_err(|_| VerifyError::Signature)?;
        let claims = object(self.claims_text)
            .ok_or(VerifyError::Malformed("the claims are not a JSON object"))?;
        Ok(VerifiedToken {
            header: self.header,
            claims,
        })
    }
}

fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&decode(part)?).ok()
}

#[cfg(test)]
mod tests;
