//! A pair of RSA keys: making, reading and writing it.
//!
//! The `rsa` crate has an open advisory (RUSTSEC-2023-0071): an attacker who times many *decryptions* over a
//! network may recover the key. Nothing is decrypted here, signatures are blinded, and the keys are test keys.

use std::fmt;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rsa::RsaPrivateKey;
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, LineEnding};
use rsa::rand_core::OsRng;
use rsa::traits::PublicKeyParts;

use crate::PublicKey;
use crate::digest::sha256;
use crate::sign::Signer;

/// The size of a new key in bits: the least that RS256 allows (RFC 7518, section 3.3) and what Auth0 uses.
const NEW_KEY_BITS: usize = 2048;
/// Sizes accepted from a file, in bits. Larger keys sign too slowly to be of use here.
pub(crate) const KEY_BITS: std::ops::RangeInclusive<usize> = NEW_KEY_BITS..=4096;

/// Where the randomness of a new key comes from.
#[derive(Debug, Clone, Copy)]
pub enum Randomness<'a> {
    /// The operating system. For every key that is kept.
    System,
    /// A seed: the same seed gives the same key, at least within one release. For tests and repeatable runs;
    /// such a key is as secret as its seed.
    Seed(&'a [u8]),
}

/// An RSA key that signs, with its public half.
#[derive(Clone)]
pub struct KeyPair {
    pub(crate) private: RsaPrivateKey,
    pub(crate) signer: Signer,
    public: PublicKey,
}

/// Why a key could not be made, read or written.
#[derive(Debug)]
pub enum KeyError {
    /// The text is no PEM file of an RSA private key; says what it is or lacks.
    NotAPrivateKey(String),
    /// The text is no PEM of an RSA public key; says what it is or lacks.
    NotAPublicKey(String),
    /// The key's size, in bits, is outside 2048 to 4096.
    Size(usize),
    /// The arithmetic of a new key failed.
    Generation(rsa::Error),
    /// The key could not be encoded.
    Encoding(rsa::pkcs8::Error),
    /// The key's certificate could not be made; contains the reason.
    Certificate(String),
}

impl KeyError {
    /// Returns the remedy, for the user.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotAPrivateKey(_) | Self::Size(_) => Some(
                "an RSA key in PEM form is made with `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048`",
            ),
            Self::NotAPublicKey(_) => Some(
                "the public half in PEM form is made with `openssl pkey -pubout`, and begins with BEGIN PUBLIC KEY",
            ),
            Self::Generation(_) | Self::Encoding(_) | Self::Certificate(_) => None,
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAPrivateKey(found) => write!(f, "not an RSA private key: {found}"),
            Self::NotAPublicKey(found) => write!(f, "not an RSA public key: {found}"),
            Self::Size(bits) => write!(
                f,
                "the RSA key has {bits} bits, but RS256 keys have {} to {}",
                KEY_BITS.start(),
                KEY_BITS.end()
            ),
            Self::Generation(error) => write!(f, "could not make an RSA key: {error}"),
            Self::Encoding(error) => write!(f, "could not encode the RSA key: {error}"),
            Self::Certificate(error) => {
                write!(f, "could not make the certificate of the RSA key: {error}")
            }
        }
    }
}

impl std::error::Error for KeyError {}

impl KeyPair {
    /// Makes a key of 2048 bits. Takes from a tenth of a second to some seconds.
    ///
    /// # Errors
    /// Only if the arithmetic fails, which no input causes.
    pub fn generate(randomness: Randomness<'_>) -> Result<Self, KeyError> {
        let private = match randomness {
            Randomness::System => RsaPrivateKey::new(&mut OsRng, NEW_KEY_BITS),
            Randomness::Seed(seed) => {
                let seed = sha256(&[b"postlogin key seed 1", seed]);
                RsaPrivateKey::new(&mut ChaCha20Rng::from_seed(seed), NEW_KEY_BITS)
            }
        };
        private.map_err(KeyError::Generation).and_then(Self::new)
    }

    /// Reads a key from a PEM text, PKCS#8 (`BEGIN PRIVATE KEY`) or PKCS#1 (`BEGIN RSA PRIVATE KEY`).
    ///
    /// # Errors
    /// When the text is something else, the numbers are inconsistent, or the size is outside 2048 to 4096 bits.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let label = pem_label(pem).ok_or_else(|| {
            KeyError::NotAPrivateKey("the text has no `-----BEGIN …-----` line".into())
        })?;
        let private = match label {
            "PRIVATE KEY" => RsaPrivateKey::from_pkcs8_pem(pem).map_err(|error| error.to_string()),
            "RSA PRIVATE KEY" => {
                RsaPrivateKey::from_pkcs1_pem(pem).map_err(|error| error.to_string())
            }
            "ENCRYPTED PRIVATE KEY" => Err("the key is protected by a passphrase".into()),
            other => Err(format!("the file holds a `{other}`")),
        };
        private
            .map_err(KeyError::NotAPrivateKey)
            .and_then(Self::new)
    }

    pub(crate) fn new(private: RsaPrivateKey) -> Result<Self, KeyError> {
        let bits = private.n().bits();
        if !KEY_BITS.contains(&bits) {
            return Err(KeyError::Size(bits));
        }
        let public = PublicKey::new(private.to_public_key());
        let signer = Signer::new(&private);
        Ok(Self {
            private,
            signer,
            public,
        })
    }

    /// The key as a PKCS#8 PEM text. Secret.
    ///
    /// # Errors
    /// Only if the encoder fails, which no key that this type holds causes.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        let pem = self
            .private
            .to_pkcs8_pem(LineEnding::LF)
            .map_err(KeyError::Encoding)?;
        Ok(pem.to_string())
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The key id that stands in the header of every token: the thumbprint of RFC 7638, 43 characters.
    pub fn kid(&self) -> &str {
        self.public.kid()
    }
}

/// Shows the key id only: a key must not reach a log.
impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair")
            .field("kid", &self.kid())
            .finish_non_exhaustive()
    }
}

/// The label of the first `-----BEGIN label-----` line.
fn pem_label(pem: &str) -> Option<&str> {
    pem.lines().find_map(|line| {
        line.trim()
            .strip_prefix("-----BEGIN ")?
            .strip_suffix("-----")
    })
}

#[cfg(test)]
mod tests;
