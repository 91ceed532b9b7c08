//! Signed tokens in compact form (RFC 7515): RS256 and the other algorithms of RFC 7518 that an API or an application may have.

use std::fmt;

use ring::hmac;
use rsa::pkcs1v15::Pkcs1v15Sign;
use rsa::pss::Pss;
use rsa::sha2::{Digest as _, Sha256, Sha384, Sha512};
use serde_json::{Map, Value, json};

use crate::digest::{decode, encode, left_half, sha256};
use crate::sign::Scheme;
use crate::{KeyPair, PublicKey};

/// Algorithms that sign tokens: the values of `signing_alg` of an API and `jwt_configuration.alg` of an application.
///
/// Source: <https://auth0.com/docs/get-started/applications/signing-algorithms>.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Algorithm<'a> {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256. Two tokens with the same claims differ.
    Ps256,
    /// HMAC with SHA-256 and a secret that the tenant shares with the application or the API.
    Hs256(&'a [u8]),
}

impl Algorithm<'_> {
    /// The name in a token's header.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Hs256(_) => "HS256",
        }
    }

    /// The value of `at_hash` or `c_hash` in an ID token of this algorithm: the left half of the hash of an access token or
    /// a code, by the hash function of the algorithm (OpenID Connect Core 1.0, section 3.1.3.6).
    pub fn left_half_hash(&self, token: &str) -> String {
        match self {
            Self::Rs512 => left_half(&Sha512::digest(token)),
            _ => left_half(&sha256(&[token.as_bytes()])),
        }
    }
}

/// Shows the name only: a secret must not reach a log.
impl fmt::Debug for Algorithm<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

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
    /// Another `alg` than the one that is expected (`none` included), or no `alg` at all.
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
        self.sign_with(Algorithm::Rs256, typ, claims)
    }

    /// Signs claims with an algorithm. A token signed with a secret has no `kid`: no published key verifies it.
    ///
    /// # Errors
    /// As [`KeyPair::sign`].
    pub fn sign_with(
        &self,
        algorithm: Algorithm<'_>,
        typ: &str,
        claims: &Map<String, Value>,
    ) -> Result<String, SignError> {
        let header = match algorithm {
            Algorithm::Hs256(_) => json!({ "alg": algorithm.name(), "typ": typ }),
            _ => json!({ "alg": algorithm.name(), "typ": typ, "kid": self.kid() }),
        };
        let payload = serde_json::to_vec(claims).map_err(|error| SignError(error.to_string()))?;
        self.sign_parts(algorithm, header.to_string().as_bytes(), &payload)
    }

    /// Checks a token that this key is said to have signed; see [`PublicKey::verify`].
    ///
    /// # Errors
    /// See [`VerifyError`].
    pub fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        self.public().verify(token)
    }

    /// Checks a token that [`KeyPair::sign_with`] is said to have made with this algorithm; no other one is accepted, so a
    /// token cannot choose how it is verified.
    ///
    /// # Errors
    /// See [`VerifyError`].
    pub fn verify_with(
        &self,
        algorithm: Algorithm<'_>,
        token: &str,
    ) -> Result<VerifiedToken, VerifyError> {
        match algorithm {
            Algorithm::Hs256(secret) => Signed::read(token, &["HS256"])?.verified_with(secret),
            _ => self.public().verify_own(token, algorithm.name()),
        }
    }

    fn sign_parts(
        &self,
        algorithm: Algorithm<'_>,
        header: &[u8],
        payload: &[u8],
    ) -> Result<String, SignError> {
        let input = format!("{}.{}", encode(header), encode(payload));
        let by_key = |scheme| self.signer.sign(scheme, &self.private, input.as_bytes());
        let signature = match algorithm {
            Algorithm::Rs256 => by_key(Scheme::Rs256),
            Algorithm::Rs512 => by_key(Scheme::Rs512),
            Algorithm::Ps256 => by_key(Scheme::Ps256),
            Algorithm::Hs256(secret) => {
                let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input.as_bytes());
                Ok(tag.as_ref().to_vec())
            }
        };
        let signature = signature.map_err(SignError)?;
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
        self.verify_own(token, "RS256")
    }

    fn verify_own(&self, token: &str, algorithm: &str) -> Result<VerifiedToken, VerifyError> {
        let signed = Signed::read(token, &[algorithm])?;
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
        Signed::read(token, &["RS256", "RS384", "PS256"])?.verified_by(self)
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
    /// Takes a token apart whose `alg` is one of those.
    fn read(token: &'a str, algorithms: &[&str]) -> Result<Self, VerifyError> {
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
            Some(named) if algorithms.contains(&named) => {}
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

    fn signature(&self) -> Result<Vec<u8>, VerifyError> {
        decode(self.signature_text).ok_or(VerifyError::Malformed(
            "the signature is not valid base64url",
        ))
    }

    fn input(&self) -> [&'a [u8]; 3] {
        [
            self.header_text.as_bytes(),
            b".",
            self.claims_text.as_bytes(),
        ]
    }

    fn verified_with(self, secret: &[u8]) -> Result<VerifiedToken, VerifyError> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let signature = self.signature()?;
        hmac::verify(&key, &self.input().concat(), &signature)
            .map_err(|_| VerifyError::Signature)?;
        self.verified()
    }

    fn verified_by(self, key: &PublicKey) -> Result<VerifiedToken, VerifyError> {
        let signature = self.signature()?;
        let input = self.input();
        let checked = match self.algorithm() {
            Some("RS384") => {
                let digest = Sha384::digest(input.concat());
                key.key
                    .verify(Pkcs1v15Sign::new::<Sha384>(), &digest, &signature)
            }
            Some("RS512") => {
                let digest = Sha512::digest(input.concat());
                key.key
                    .verify(Pkcs1v15Sign::new::<Sha512>(), &digest, &signature)
            }
            Some("PS256") => key
                .key
                .verify(Pss::new::<Sha256>(), &sha256(&input), &signature),
            _ => key
                .key
                .verify(Pkcs1v15Sign::new::<Sha256>(), &sha256(&input), &signature),
        };
        checked.map_err(|_| VerifyError::Signature)?;
        self.verified()
    }

    fn verified(self) -> Result<VerifiedToken, VerifyError> {
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
