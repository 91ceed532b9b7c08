//! Keys and vectors of the RFCs, for the tests of this crate.

use rsa::{BigUint, RsaPrivateKey};
use serde_json::Value;

use crate::KeyPair;
use crate::digest::decode;

/// RFC 7515, appendix A.2: the key, and the token that it signed.
pub(crate) fn rfc7515_a2() -> Value {
    serde_json::from_str(include_str!("../testdata/rfc7515-a2.json")).expect("valid JSON")
}

/// RFC 7638, section 3.1: a public key.
pub(crate) fn rfc7638_jwk() -> Value {
    serde_json::from_str(include_str!("../testdata/rfc7638-3.1.json")).expect("valid JSON")
}

/// The key pair of RFC 7515, appendix A.2. Making a new one in every test would take seconds.
pub(crate) fn key_pair() -> KeyPair {
    let vector = rfc7515_a2();
    let number = |name: &str| {
        let text = vector["key"][name].as_str().expect("a text");
        BigUint::from_bytes_be(&decode(text).expect("base64url"))
    };
    let key = RsaPrivateKey::from_components(
        number("n"),
        number("e"),
        number("d"),
        vec![number("p"), number("q")],
    );
    KeyPair::new(key.expect("a valid key")).expect("a key of 2048 bits")
}
