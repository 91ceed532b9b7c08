use rsa::pkcs1::EncodeRsaPrivateKey;

use serde_json::json;

use super::*;
use crate::testing;

#[test]
fn a_key_survives_both_pem_forms() {
    let key = testing::key_pair();
    let pkcs8 = key.to_pem().expect("a PEM text");
    assert!(
        pkcs8.starts_with("-----BEGIN PRIVATE KEY-----\n"),
        "{pkcs8}"
    );
    let pkcs1 = key
        .private
        .to_pkcs1_pem(LineEnding::CRLF)
        .expect("a PEM text");
    assert!(pkcs1.starts_with("-----BEGIN RSA PRIVATE KEY-----\r\n"));
    for pem in [pkcs8.as_str(), pkcs1.as_str()] {
        let read = KeyPair::from_pem(pem).expect("a key");
        assert_eq!(read.private, key.private);
        assert_eq!(read.kid(), key.kid());
    }
}

#[test]
fn a_seed_gives_the_same_key_again() {
    let keys = [b"one", b"one", b"two"]
        .map(|seed| KeyPair::generate(Randomness::Seed(seed)).expect("a key"));
    assert_eq!(keys[0].private, keys[1].private);
    assert_ne!(keys[0].kid(), keys[2].kid());
    assert_eq!(keys[0].private.n().bits(), 2048);
}

#[test]
fn the_system_gives_new_keys() {
    let key = KeyPair::generate(Randomness::System).expect("a key");
    assert_ne!(
        key.kid(),
        KeyPair::generate(Randomness::System).expect("a key").kid()
    );
}

#[test]
fn the_jwk_has_the_members_of_production_in_order() {
    let key = testing::key_pair();
    let jwk = key.public().jwk();
    let members: Vec<&String> = jwk.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["alg", "kty", "use", "n", "e", "kid"]);
    assert_eq!(jwk["n"], testing::rfc7515_a2()["key"]["n"]);
    assert_eq!((&jwk["e"], &jwk["use"]), (&json!("AQAB"), &json!("sig")));
    assert_eq!(crate::thumbprint(&jwk).as_deref(), Ok(key.kid()));
}

#[test]
fn debug_output_shows_no_secret() {
    let key = testing::key_pair();
    assert_eq!(
        format!("{key:?}"),
        format!("KeyPair {{ kid: {:?}, .. }}", key.kid())
    );
}

#[test]
fn what_is_no_rsa_key_says_what_it_is() {
    let pem = testing::key_pair().to_pem().expect("a PEM text");
    let truncated: String = pem
        .lines()
        .filter(|line| line.len() < 64)
        .map(|line| format!("{line}\n"))
        .collect();
    for (text, expected) in [
        (
            String::new(),
            "not an RSA private key: the text has no `-----BEGIN …-----` line",
        ),
        (
            "-----BEGIN CERTIFICATE-----\n".into(),
            "not an RSA private key: the file holds a `CERTIFICATE`",
        ),
        (
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\n".into(),
            "not an RSA private key: the key is protected by a passphrase",
        ),
        (truncated, "not an RSA private key: "),
        (
            pem.replace("PRIVATE", "RSA PRIVATE"),
            "not an RSA private key: ",
        ),
    ] {
        let error = KeyPair::from_pem(&text).expect_err("no key");
        assert!(error.to_string().starts_with(expected), "{error}");
        assert!(error.hint().is_some());
    }
}

#[test]
fn small_keys_are_refused() {
    let small = RsaPrivateKey::new(&mut ChaCha20Rng::from_seed([0; 32]), 1024).expect("a key");
    let error = KeyPair::from_pem(&small.to_pkcs8_pem(LineEnding::LF).expect("a PEM text"))
        .expect_err("too small");
    assert_eq!(
        error.to_string(),
        "the RSA key has 1024 bits, but RS256 keys have 2048 to 4096"
    );
}
