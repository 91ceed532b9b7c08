//! Proofs of possession (RFC 9449): the form and the signature. Whoever knows the request judges the claims.

use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Map, Value, json};

use crate::digest::{decode, encode, sha256};

/// The longest proof that is read, in bytes. Those of real clients have about 600.
const MOST: usize = 8 * 1024;
/// Members of a JWK that only a private or a secret key has (RFC 7518, sections 6.2.2, 6.3.2 and 6.4).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A proof whose signature is right.
#[derive(Debug, Clone, PartialEq)]
pub struct DpopProof {
    /// The claims: `jti`, `htm`, `htu`, `iat`, and `nonce` and `ath` where needed.
    pub claims: Map<String, Value>,
    /// The thumbprint (RFC 7638) of the key: what a token is bound to, as `jkt`.
    pub thumbprint: String,
}

impl DpopProof {
    /// Reads a proof that is signed with ES256, the only algorithm that the vendor publishes in
    /// `dpop_signing_alg_values_supported`, by the key in its own header.
    ///
    /// # Errors
    /// The problem, in words that fit after "The DPoP proof is not valid:".
    pub fn read(token: &str) -> Result<Self, &'static str> {
        if token.len() > MOST {
            return Err("it is too long");
        }
        let mut parts = token.split('.');
        let (Some(head), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err("it is not a JWT");
        };
        let object = |part: &str| -> Option<Map<String, Value>> {
            serde_json::from_slice(&decode(part)?).ok()
        };
        let header = object(head).ok_or("its header is not a JSON object")?;
        let part = |key: &str| header.get(key).and_then(Value::as_str);
        if part("typ") != Some("dpop+jwt") {
            return Err("its typ is not dpop+jwt");
        }
        if part("alg") != Some("ES256") {
            return Err("its alg is not ES256");
        }
        if header.contains_key("crit") {
            return Err("its header asks for extensions (crit)");
        }
        let jwk = header.get("jwk").ok_or("its header has no jwk")?;
        let (point, thumbprint) = key(jwk)?;
        let signature = decode(signature).ok_or("its signature is not base64url")?;
        let length = head.len() + 1 + claims.len();
        let signed = token.get(..length).unwrap_or_default();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            .verify(signed.as_bytes(), &signature)
            .map_err(|_| "its signature is wrong")?;
        Ok(Self {
            claims: object(claims).ok_or("its claims are not a JSON object")?,
            thumbprint,
        })
    }
}

/// Returns the point of a P-256 key in the uncompressed form of SEC 1, and the key's thumbprint.
fn key(jwk: &Value) -> Result<(Vec<u8>, String), &'static str> {
    let part = |name: &str| jwk.get(name).and_then(Value::as_str);
    if part("kty") != Some("EC") || part("crv") != Some("P-256") {
        return Err("its jwk is not a P-256 key");
    }
    if PRIVATE.iter().any(|name| jwk.get(name).is_some()) {
        return Err("its jwk is a private key");
    }
    let mut point = vec![4];
    let mut coordinates = ["x", "y"].map(|name| part(name).unwrap_or_default());
    for coordinate in &mut coordinates {
        let bytes = decode(coordinate).filter(|bytes| bytes.len() == 32);
        point.extend(bytes.ok_or("its jwk has no x and y of 32 bytes")?);
    }
    let [x, y] = coordinates;
    let members = json!({"crv": "P-256", "kty": "EC", "x": x, "y": y}).to_string();
    Ok((point, encode(&sha256(&[members.as_bytes()]))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9449, section 4.2 (figure 2): the proof that the specification shows.
    const RFC_9449: &str = concat!(
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCR",
        "nMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwia",
        "HRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvq",
        "RMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
    );

    #[test]
    fn the_proof_of_the_specification_is_read() {
        let proof = DpopProof::read(RFC_9449).expect("a proof");
        assert_eq!(proof.claims["htu"], "https://server.example.com/token");
        assert_eq!(proof.claims["jti"], "-BwC3ESc6acc2lTc");
        // RFC 9449, section 6.1: the `jkt` of this key.
        assert_eq!(
            proof.thumbprint,
            "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
        );
    }

    #[test]
    fn another_header_or_content_is_no_proof() {
        let mut parts = RFC_9449.split('.');
        let mut next = || parts.next().expect("three parts");
        let (head, claims, signature) = (next(), next(), next());
        let header: Value = serde_json::from_slice(&decode(head).expect("base64")).expect("JSON");
        let with = |change: &dyn Fn(&mut Value)| {
            let mut header = header.clone();
            change(&mut header);
            format!(
                "{}.{claims}.{signature}",
                encode(header.to_string().as_bytes())
            )
        };
        let other = encode(br#"{"jti":"x"}"#);
        for (token, expected) in [
            (String::new(), "it is not a JWT"),
            ("a.b".into(), "it is not a JWT"),
            (format!("{RFC_9449}.x"), "it is not a JWT"),
            ("a.b.c".into(), "its header is not a JSON object"),
            (
                with(&|it| it["typ"] = "JWT".into()),
                "its typ is not dpop+jwt",
            ),
            (
                with(&|it| it["alg"] = "none".into()),
                "its alg is not ES256",
            ),
            (
                with(&|it| it["alg"] = "HS256".into()),
                "its alg is not ES256",
            ),
            (
                with(&|it| it["alg"] = "RS256".into()),
                "its alg is not ES256",
            ),
            (
                with(&|it| it["crit"] = json!(["b64"])),
                "its header asks for extensions (crit)",
            ),
            (
                with(&|it| it["jwk"] = Value::Null),
                "its jwk is not a P-256 key",
            ),
            (
                with(&|it| it["jwk"]["kty"] = "oct".into()),
                "its jwk is not a P-256 key",
            ),
            (
                with(&|it| it["jwk"]["crv"] = "P-384".into()),
                "its jwk is not a P-256 key",
            ),
            (
                with(&|it| it["jwk"]["d"] = "AQ".into()),
                "its jwk is a private key",
            ),
            (
                with(&|it| it["jwk"]["x"] = "AQ".into()),
                "its jwk has no x and y of 32 bytes",
            ),
            // A point that is not on the curve, and another key's.
            (
                with(&|it| it["jwk"]["x"] = it["jwk"]["y"].clone()),
                "its signature is wrong",
            ),
            (with(&|it| it["kid"] = "x".into()), "its signature is wrong"),
            (
                format!("{head}.{other}.{signature}"),
                "its signature is wrong",
            ),
            (format!("{head}.{claims}."), "its signature is wrong"),
            (
                format!("{head}.{claims}.+"),
                "its signature is not base64url",
            ),
            ("x".repeat(MOST + 1), "it is too long"),
        ] {
            assert_eq!(DpopProof::read(&token), Err(expected), "{token}");
        }
    }
}
