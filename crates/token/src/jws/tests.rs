use rsa::rand_core::OsRng;

use super::*;
use crate::digest::decode;
use crate::testing;

fn claims(value: Value) -> Map<String, Value> {
    value.as_object().expect("an object").clone()
}

/// The three parts of a token with some of them replaced.
fn tampered(token: &str, replace: impl FnOnce(&mut [String; 3])) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let mut three = [0, 1, 2].map(|index| std::mem::take(&mut parts[index]));
    replace(&mut three);
    three.join(".")
}

#[test]
fn signs_and_verifies_the_vector_of_rfc_7515() {
    // Appendix A.2. PKCS#1 v1.5 signatures are deterministic, so the bytes must agree.
    let vector = testing::rfc7515_a2();
    let expected = vector["token"].as_str().expect("a text");
    let payload =
        "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
    let key = testing::key_pair();
    let token = key
        .sign_parts(Algorithm::Rs256, br#"{"alg":"RS256"}"#, payload.as_bytes())
        .expect("signed");
    assert_eq!(token, expected);

    let public = PublicKey::from_jwk(&vector["key"]).expect("a public key");
    let verified = public.verify(expected).expect("a right signature");
    assert_eq!(
        Value::Object(verified.claims),
        serde_json::from_str::<Value>(payload).expect("JSON")
    );
}

#[test]
fn header_and_claims_keep_their_order() {
    let key = testing::key_pair();
    let given = claims(
        json!({ "sub": "auth0|1", "aud": ["b", "a"], "https://example.com/ü": "☃", "iat": 1 }),
    );
    let token = key.sign("JWT", &given).expect("signed");
    let text = |index: usize| {
        let part = token.split('.').nth(index).expect("a part");
        String::from_utf8(decode(part).expect("base64url")).expect("UTF-8")
    };
    assert_eq!(
        text(0),
        format!(r#"{{"alg":"RS256","typ":"JWT","kid":"{}"}}"#, key.kid())
    );
    assert_eq!(
        text(1),
        r#"{"sub":"auth0|1","aud":["b","a"],"https://example.com/ü":"☃","iat":1}"#
    );

    let verified = key.verify(&token).expect("a right signature");
    assert_eq!(verified.claims, given);
    assert_eq!(verified.header["typ"], "JWT");
}

#[test]
fn the_same_claims_give_the_same_token() {
    let key = testing::key_pair();
    let given = claims(json!({ "sub": "auth0|1" }));
    assert_eq!(
        key.sign("at+jwt", &given).expect("signed"),
        key.sign("at+jwt", &given).expect("signed")
    );
}

#[test]
fn every_tampered_token_is_refused() {
    let key = testing::key_pair();
    let token = key
        .sign("JWT", &claims(json!({ "sub": "auth0|1" })))
        .expect("signed");
    let with_header = |header: Value| {
        tampered(&token, |parts| {
            parts[0] = encode(header.to_string().as_bytes())
        })
    };
    let not_three_parts = VerifyError::Malformed("it has not three parts");
    let no_header = VerifyError::Malformed("the header is not a JSON object");

    for (name, token, expected) in [
        ("empty", String::new(), not_three_parts.clone()),
        ("two parts", "a.b".into(), not_three_parts.clone()),
        ("four parts", format!("{token}."), not_three_parts),
        (
            "padded",
            tampered(&token, |parts| parts[0].push('=')),
            no_header.clone(),
        ),
        ("header is a list", with_header(json!([])), no_header),
        (
            "no alg",
            with_header(json!({})),
            VerifyError::Algorithm(None),
        ),
        (
            "alg none",
            with_header(json!({ "alg": "none" })),
            VerifyError::Algorithm(Some("none".into())),
        ),
        (
            "alg HS256",
            with_header(json!({ "alg": "HS256" })),
            VerifyError::Algorithm(Some("HS256".into())),
        ),
        (
            "crit",
            with_header(json!({ "alg": "RS256", "crit": ["b64"] })),
            VerifyError::Critical,
        ),
        (
            "another kid",
            with_header(json!({ "alg": "RS256", "kid": "other" })),
            VerifyError::UnknownKey("other".into()),
        ),
        (
            "kid is a number",
            with_header(json!({ "alg": "RS256", "kid": 1 })),
            VerifyError::Malformed("the header's `kid` is not a string"),
        ),
        (
            "header changed",
            with_header(json!({ "alg": "RS256" })),
            VerifyError::Signature,
        ),
        (
            "claims changed",
            tampered(&token, |parts| parts[1] = encode(br#"{"sub":"auth0|2"}"#)),
            VerifyError::Signature,
        ),
        (
            "no signature",
            tampered(&token, |parts| parts[2].clear()),
            VerifyError::Signature,
        ),
        (
            "signature is no base64url",
            tampered(&token, |parts| parts[2].push('!')),
            VerifyError::Malformed("the signature is not valid base64url"),
        ),
    ] {
        assert_eq!(key.verify(&token), Err(expected), "{name}");
    }
}

#[test]
fn signed_claims_must_be_an_object() {
    let key = testing::key_pair();
    let token = key
        .sign_parts(Algorithm::Rs256, br#"{"alg":"RS256"}"#, b"[1]")
        .expect("signed");
    assert_eq!(
        key.verify(&token),
        Err(VerifyError::Malformed("the claims are not a JSON object"))
    );
}

#[test]
fn another_key_does_not_verify() {
    let token = testing::key_pair()
        .sign("JWT", &Map::new())
        .expect("signed");
    let other = PublicKey::from_jwk(&testing::rfc7638_jwk()).expect("a public key");
    assert_eq!(
        other.verify(&token),
        Err(VerifyError::UnknownKey(testing::key_pair().kid().into()))
    );
}

#[test]
fn a_foreign_token_may_use_what_the_vendor_takes_from_clients() {
    let key = testing::key_pair();
    let check = |algorithm: &str, sign: &dyn Fn(&[u8]) -> Vec<u8>, is_good: bool| {
        let header = json!({"alg": algorithm, "kid": "whatever"}).to_string();
        let input = format!(
            "{}.{}",
            encode(header.as_bytes()),
            encode(br#"{"sub":"app"}"#)
        );
        let token = format!("{input}.{}", encode(&sign(input.as_bytes())));
        let verified = key.public().verify_foreign(&token);
        assert_eq!(verified.is_ok(), is_good, "{algorithm}: {verified:?}");
        assert!(key.verify(&token).is_err(), "not one of ours: {algorithm}");
    };
    let short = |input: &[u8]| {
        let digest = sha256(&[input]);
        let scheme = Pkcs1v15Sign::new::<Sha256>();
        key.private.sign(scheme, &digest).expect("signed")
    };
    let long = |input: &[u8]| {
        let digest = Sha384::digest(input);
        let scheme = Pkcs1v15Sign::new::<Sha384>();
        key.private.sign(scheme, &digest).expect("signed")
    };
    let salted = |input: &[u8]| {
        let digest = sha256(&[input]);
        let scheme = Pss::new::<Sha256>();
        let signed = key.private.sign_with_rng(&mut OsRng, scheme, &digest);
        signed.expect("signed")
    };
    check("RS256", &short, true);
    check("RS384", &long, true);
    check("PS256", &salted, true);
    check("PS256", &short, false);
    check("RS384", &short, false);
    check("HS256", &short, false);
    check("none", &|_| Vec::new(), false);
}

#[test]
fn signs_and_verifies_the_hmac_vector_of_rfc_7515() {
    // Appendix A.1.
    let secret = decode(
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    )
    .expect("base64url");
    let expected = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
        eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
        dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let payload =
        "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
    let header = "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}";
    let key = testing::key_pair();
    let algorithm = Algorithm::Hs256(&secret);
    let token = key.sign_parts(algorithm, header.as_bytes(), payload.as_bytes());
    assert_eq!(token.expect("signed"), expected);
    let verified = key.verify_with(algorithm, expected).expect("right");
    assert_eq!(verified.claims["iss"], "joe");
    let other = key.verify_with(Algorithm::Hs256(b"another"), expected);
    assert_eq!(other, Err(VerifyError::Signature));
}

#[test]
fn a_token_is_good_with_the_algorithm_that_is_expected_alone() {
    let key = testing::key_pair();
    let pem = key.public().to_pem().expect("PEM");
    let algorithms = [
        Algorithm::Rs256,
        Algorithm::Rs512,
        Algorithm::Ps256,
        Algorithm::Hs256(b"secret"),
        // The classic confusion: the public key as the secret.
        Algorithm::Hs256(pem.as_bytes()),
    ];
    let given = claims(json!({ "sub": "auth0|1" }));
    for made in algorithms {
        let token = key.sign_with(made, "JWT", &given).expect("signed");
        for expected in algorithms {
            let result = key.verify_with(expected, &token);
            assert_eq!(result.is_ok(), made == expected, "{made:?} {expected:?}");
        }
        assert_eq!(key.verify(&token).is_ok(), made == Algorithm::Rs256);
        // The vendor's public keys verify RS256 and PS256 by another implementation.
        let by_others = key.public().verify_foreign(&token).is_ok();
        assert_eq!(by_others, matches!(made.name(), "RS256" | "PS256"));
    }
    // Chosen by the hash function of the algorithm: the left half of SHA-512("abc"), FIPS 180-2, appendix C.1.
    let half = decode(&Algorithm::Rs512.left_half_hash("abc")).expect("base64url");
    let start = [0xdd, 0xaf, 0x35, 0xa1, 0x93, 0x61, 0x7a, 0xba];
    assert_eq!((half.len(), &half[..8]), (32, &start[..]));
}

#[test]
fn a_public_key_is_read_from_pem() {
    let key = testing::key_pair();
    let pem = key.public().to_pem().expect("PEM");
    assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n"));
    let read = PublicKey::from_pem(&pem).expect("a public key");
    assert_eq!(&read, key.public());
    let private = key.to_pem().expect("PEM");
    for wrong in ["", "nonsense", private.as_str()] {
        let error = PublicKey::from_pem(wrong).expect_err("no public key");
        assert!(error.hint().is_some(), "{error}");
    }
}
