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
        .sign_parts(br#"{"alg":"RS256"}"#, payload.as_bytes())
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
    let no_header = VerifyError::Malformed("the header is no JSON object");

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
            VerifyError::Malformed("the header's `kid` is no string"),
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
            VerifyError::Malformed("the signature is no base64url text"),
        ),
    ] {
        assert_eq!(key.verify(&token), Err(expected), "{name}");
    }
}

#[test]
fn signed_claims_must_be_an_object() {
    let key = testing::key_pair();
    let token = key
        .sign_parts(br#"{"alg":"RS256"}"#, b"[1]")
        .expect("signed");
    assert_eq!(
        key.verify(&token),
        Err(VerifyError::Malformed("the claims are no JSON object"))
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
