//! The self-signed certificate of a key: `x5c` and `x5t` of the key set (RFC 7517, sections 4.7 and 4.8).
//!
//! Production publishes one with each key, and some of the vendor's own libraries read the key out of nothing else
//! (omniauth-auth0, auth0-PHP). Nobody checks it against an authority: it is a form of the key, not a proof.

use base64ct::{Base64, Encoding as _};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, PKCS_RSA_SHA256, PublicKeyData,
    SignatureAlgorithm, SigningKey, date_time_ymd,
};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rsa::pkcs1::EncodeRsaPublicKey as _;
use serde_json::{Value, json};

use crate::digest::encode;
use crate::sign::Scheme;
use crate::{KeyError, KeyPair};

/// The years in which it is valid: every time that a tenant's clock can be set to.
const YEARS: [i32; 2] = [1970, 2099];

impl KeyPair {
    /// Returns what `/.well-known/jwks.json` answers: one key with `alg`, `kty`, `use`, `n`, `e`, `kid`, `x5t`, `x5c`.
    ///
    /// The certificate is for `common_name`, which is the tenant's host in production. The same key and name give the
    /// same bytes.
    ///
    /// # Errors
    /// When the certificate cannot be encoded or signed: a name that no certificate can have.
    pub fn key_set(&self, common_name: &str) -> Result<Value, KeyError> {
        let der = self.certificate(common_name)?;
        let mut jwk = self.public().jwk();
        if let Some(members) = jwk.as_object_mut() {
            let thumbprint = digest(&SHA1_FOR_LEGACY_USE_ONLY, &der);
            members.insert("x5t".into(), encode(thumbprint.as_ref()).into());
            // Base64 with padding, unlike everything else in JOSE.
            members.insert("x5c".into(), json!([Base64::encode_string(&der)]));
        }
        Ok(json!({ "keys": [jwk] }))
    }

    /// Returns the certificate in DER.
    fn certificate(&self, common_name: &str) -> Result<Vec<u8>, KeyError> {
        let failed = |error: String| KeyError::Certificate(error);
        let public = self.private.to_public_key().to_pkcs1_der();
        let key = Key {
            pair: self,
            public: public
                .map_err(|error| failed(error.to_string()))?
                .into_vec(),
        };
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, common_name);
        [params.not_before, params.not_after] = YEARS.map(|year| date_time_ymd(year, 1, 1));
        let certificate = params
            .self_signed(&key)
            .map_err(|error| failed(error.to_string()))?;
        Ok(certificate.der().to_vec())
    }
}

/// The key as `rcgen` wants it.
struct Key<'a> {
    pair: &'a KeyPair,
    /// PKCS#1, what a certificate of an RSA key contains.
    public: Vec<u8>,
}

impl PublicKeyData for Key<'_> {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

impl SigningKey for Key<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature = self
            .pair
            .signer
            .sign(Scheme::Rs256, &self.pair.private, message);
        signature.map_err(|_| rcgen::Error::RemoteKeyError)
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;
    use crate::testing::key_pair;

    /// The first element of DER, with its head, and what comes after it.
    fn element(der: &[u8]) -> (&[u8], &[u8]) {
        let (head, length) = match der[1] {
            short if short < 0x80 => (2, usize::from(short)),
            0x81 => (3, usize::from(der[2])),
            0x82 => (4, usize::from(der[2]) * 256 + usize::from(der[3])),
            other => panic!("a length of {other:#x}"),
        };
        der.split_at(head + length)
    }

    #[test]
    fn the_certificate_holds_the_key_and_is_signed_by_it() {
        let key = key_pair();
        let set = key.key_set("shop.example.com").expect("a key set");
        let members: Vec<&String> = set["keys"][0].as_object().expect("a key").keys().collect();
        assert_eq!(
            members,
            ["alg", "kty", "use", "n", "e", "kid", "x5t", "x5c"]
        );
        let der = Base64::decode_vec(set["keys"][0]["x5c"][0].as_str().expect("base64"));
        let der = der.expect("base64 with padding");
        let public = key.private.to_public_key().to_pkcs1_der().expect("DER");
        // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signature BIT STRING }
        let (whole, rest) = element(&der);
        assert_eq!((whole.len(), rest.len()), (der.len(), 0));
        let (tbs, rest) = element(&der[4..]);
        let (_, signature) = element(rest);
        // The bits begin after tag, length (3 bytes) and the number of unused bits.
        let signature = &signature[5..];
        let proof = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public.as_bytes());
        assert!(proof.verify(tbs, signature).is_ok());
        let contains = |what: &[u8]| tbs.windows(what.len()).any(|part| part == what);
        assert!(contains(public.as_bytes()) && contains(b"shop.example.com"));
        // Version 3 and the serial number come first; the time is that of the whole range of a clock.
        assert!(contains(b"700101000000Z") && contains(b"20990101000000Z"));
    }

    #[test]
    fn the_same_key_and_name_give_the_same_certificate() {
        let key = key_pair();
        let [one, again, other] = ["a", "a", "b"].map(|name| key.key_set(name).expect("a set"));
        assert_eq!(one, again);
        assert_ne!(one["keys"][0]["x5t"], other["keys"][0]["x5t"]);
        assert_eq!(one["keys"][0]["kid"], other["keys"][0]["kid"]);
    }
}
