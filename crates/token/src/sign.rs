//! RSASSA-PKCS1-v1_5 and RSASSA-PSS (RFC 8017, sections 8.2 and 8.1), as fast as can be: a login signs two tokens, and with the
//! arithmetic of the `rsa` crate that is most of what a login costs.

use std::fmt;
use std::sync::Arc;

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
use aws_lc_rs as fast;
#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
use ring as fast;

use fast::rand::SystemRandom;
use fast::signature::{
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use rsa::pkcs1v15::Pkcs1v15Sign;
use rsa::pss::Pss;
use rsa::rand_core::OsRng;
use rsa::sha2::{Digest as _, Sha256, Sha512};
use rsa::traits::PublicKeyParts as _;

use crate::digest::sha256;

/// An RSA signature scheme of RFC 7518.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Rs256,
    Rs512,
    /// Has a random salt: two signatures of one message differ.
    Ps256,
}

/// A key that signs.
#[derive(Clone)]
pub(crate) enum Signer {
    /// AWS-LC on Linux, else `ring`: their arithmetic is written for the processor.
    Fast(Arc<RsaKeyPair>),
    /// `rsa`, for keys that the other refuses: those with a public exponent below 65,537, for example.
    Plain,
}

impl Signer {
    pub(crate) fn new(private: &RsaPrivateKey) -> Self {
        let document = private.to_pkcs1_der().ok();
        let pair = document.and_then(|document| RsaKeyPair::from_der(document.as_bytes()).ok());
        pair.map_or(Self::Plain, |pair| Self::Fast(Arc::new(pair)))
    }

    /// The signature of a message by `private`, the key that this was made for. Both ways give the same bytes, unless the
    /// scheme has a salt.
    pub(crate) fn sign(
        &self,
        scheme: Scheme,
        private: &RsaPrivateKey,
        message: &[u8],
    ) -> Result<Vec<u8>, String> {
        // The randomness blinds the exponentiation against timing; of PKCS#1 v1.5 it does not show in the signature.
        match self {
            Self::Fast(pair) => {
                let encoding: &'static dyn RsaEncoding = match scheme {
                    Scheme::Rs256 => &RSA_PKCS1_SHA256,
                    Scheme::Rs512 => &RSA_PKCS1_SHA512,
                    Scheme::Ps256 => &RSA_PSS_SHA256,
                };
                let mut signature = vec![0; private.size()];
                pair.sign(encoding, &SystemRandom::new(), message, &mut signature)
                    .map_err(|error| error.to_string())?;
                Ok(signature)
            }
            Self::Plain => {
                let signed = match scheme {
                    Scheme::Rs256 => {
                        let digest = sha256(&[message]);
                        private.sign_with_rng(&mut OsRng, Pkcs1v15Sign::new::<Sha256>(), &digest)
                    }
                    Scheme::Rs512 => {
                        let digest = Sha512::digest(message);
                        private.sign_with_rng(&mut OsRng, Pkcs1v15Sign::new::<Sha512>(), &digest)
                    }
                    Scheme::Ps256 => {
                        let digest = sha256(&[message]);
                        private.sign_with_rng(&mut OsRng, Pss::new::<Sha256>(), &digest)
                    }
                };
                signed.map_err(|error| error.to_string())
            }
        }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fast(_) => "Fast",
            Self::Plain => "Plain",
        })
    }
}

#[cfg(test)]
mod tests {
    use rsa::traits::{PrivateKeyParts as _, PublicKeyParts as _};
    use rsa::{BigUint, RsaPrivateKey};

    use super::{Scheme, Signer};
    use crate::testing::key_pair;
    use crate::{KeyPair, Randomness};

    fn check(key: &KeyPair) {
        assert!(matches!(key.signer, Signer::Fast(_)), "{:?}", key.signer);
        let message = b"header.claims";
        for scheme in [Scheme::Rs256, Scheme::Rs512] {
            let fast = key.signer.sign(scheme, &key.private, message);
            assert_eq!(fast, Signer::Plain.sign(scheme, &key.private, message));
            assert_eq!(fast.map(|signature| signature.len()), Ok(256));
        }
    }

    #[test]
    fn both_ways_give_the_same_signature() {
        check(&key_pair());
        check(&KeyPair::generate(Randomness::Seed(b"a key of ours")).expect("a key"));
    }

    #[test]
    fn a_key_with_a_small_exponent_signs_all_the_same() {
        // The same primes with the exponent 17: sound, and below what `ring` takes. AWS-LC takes it.
        let pair = key_pair().private;
        let [p, q] = pair.primes() else {
            panic!("two primes")
        };
        let one = BigUint::from(1_u8);
        let e = BigUint::from(17_u8);
        let totient = (p - &one) * (q - &one);
        // The inverse of e: the only k with k * totient + 1 divisible by e.
        let d = (1_u8..17)
            .map(|k| (&totient * BigUint::from(k) + &one, k))
            .find(|(sum, _)| (sum % &e) == BigUint::from(0_u8))
            .map(|(sum, _)| sum / &e)
            .expect("17 divides no p - 1 here");
        let key =
            RsaPrivateKey::from_components(pair.n().clone(), e, d, vec![p.clone(), q.clone()]);
        let key = KeyPair::new(key.expect("a sound key")).expect("a key of 2048 bits");
        let message = b"header.claims";
        let signed = key.signer.sign(Scheme::Rs256, &key.private, message);
        assert_eq!(
            signed,
            Signer::Plain.sign(Scheme::Rs256, &key.private, message)
        );
        let token = key.sign("JWT", &serde_json::Map::new()).expect("a token");
        assert!(key.verify(&token).is_ok());
    }
}
