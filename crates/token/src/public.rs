//! The public half of a key: what applications verify tokens with.

use rsa::RsaPublicKey;
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::pkcs8::{DecodePublicKey, EncodePublicKey, LineEnding};
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};

use crate::digest::encode;
use crate::jwk::{self, JwkError};
use crate::key::{KEY_BITS, KeyError};

/// An RSA public key with its key id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    pub(crate) key: RsaPublicKey,
    kid: String,
}

impl PublicKey {
    /// Reads an RSA public key from a JSON Web Key (RFC 7517). Without a `kid` the thumbprint is the key id.
    ///
    /// # Errors
    /// When the JWK is no RSA key or a part of it is missing or out of range.
    pub fn from_jwk(jwk: &Value) -> Result<Self, JwkError> {
        let key = jwk::parse(jwk)?;
        let kid = jwk.get("kid").and_then(Value::as_str).map(str::to_owned);
        Ok(match kid {
            Some(kid) => Self { key, kid },
            None => Self::new(key),
        })
    }

    /// The key in PEM: `BEGIN PUBLIC KEY`.
    ///
    /// # Errors
    /// Only if the encoder fails.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        self.key
            .to_public_key_pem(LineEnding::LF)
            .map_err(|error| KeyError::Encoding(error.into()))
    }

    /// Reads an RSA public key from PEM (`BEGIN PUBLIC KEY`, or `BEGIN RSA PUBLIC KEY`). The thumbprint is the key id.
    ///
    /// # Errors
    /// When the text is neither, or the key is too short or too long to be trusted.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let pem = pem.trim();
        let key = RsaPublicKey::from_public_key_pem(pem)
            .or_else(|error| RsaPublicKey::from_pkcs1_pem(pem).map_err(|_| error))
            .map_err(|error| KeyError::NotAPublicKey(error.to_string()))?;
        let bits = key.n().bits();
        if !KEY_BITS.contains(&bits) {
            return Err(KeyError::Size(bits));
        }
        Ok(Self::new(key))
    }

    /// The key with its thumbprint as key id.
    pub(crate) fn new(key: RsaPublicKey) -> Self {
        let kid = jwk::thumbprint_of(&modulus(&key), &exponent(&key));
        Self { key, kid }
    }

    /// The key id; of the project's own keys the thumbprint (RFC 7638), 43 characters.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The key as a JSON Web Key: `alg`, `kty`, `use`, `n`, `e`, `kid`, in the order that Auth0 answers.
    pub fn jwk(&self) -> Value {
        json!({
            "alg": "RS256",
            "kty": "RSA",
            "use": "sig",
            "n": modulus(&self.key),
            "e": exponent(&self.key),
            "kid": self.kid,
        })
    }
}

fn modulus(key: &RsaPublicKey) -> String {
    encode(&key.n().to_bytes_be())
}

fn exponent(key: &RsaPublicKey) -> String {
    encode(&key.e().to_bytes_be())
}
