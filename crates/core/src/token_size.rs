//! Whether signed tokens fit where applications keep and send them: an ID token into a cookie or a header, an access token
//! into a header.

use serde_json::{Map, Value};

use crate::ceilings::{NAME_BYTES, compact_bytes, shortened};
use crate::limits::{COOKIE_BYTES, HEADER_BYTES, Limit};
use crate::outcome::{Notice, TokenKind};

/// Bytes of the encoded header `{"alg":"RS256","typ":"JWT","kid":"…"}` with a key id of 21 letters, as tenants have it.
const HEADER: usize = 76;
/// Bytes of the encoded signature of RS256 with a key of 2,048 bits: 256 bytes before they are encoded.
const SIGNATURE: usize = 342;
/// The dots between header, claims and signature.
const DOTS: usize = 2;
/// So many claims are named.
const NAMED: usize = 3;

/// Returns the bytes of a token with these claims once a tenant has signed it with RS256, its default; 0 for no token.
#[must_use]
pub fn signed_bytes(claims: &Map<String, Value>) -> usize {
    if claims.is_empty() {
        return 0;
    }
    let payload = compact_bytes(claims);
    // Base64url without padding: four letters for three bytes.
    HEADER + payload.saturating_mul(4).div_ceil(3) + SIGNATURE + DOTS
}

/// The place that a token outgrows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outgrown {
    /// The code of the notice: `id-token-over-cookie`.
    pub code: &'static str,
    /// The number of bytes that fit, and the page that states it.
    pub limit: Limit,
    /// The place: `a browser keeps in one cookie`.
    what: &'static str,
}

/// Returns the largest place that a token of so many bytes does not fit into.
#[must_use]
pub fn outgrown(token: TokenKind, bytes: usize) -> Option<Outgrown> {
    let header = |code| Outgrown {
        code,
        limit: HEADER_BYTES,
        what: "common servers accept in one header",
    };
    match token {
        TokenKind::IdToken if HEADER_BYTES.exceeded_by(bytes) => {
            Some(header("id-token-over-header"))
        }
        TokenKind::IdToken if COOKIE_BYTES.exceeded_by(bytes) => Some(Outgrown {
            code: "id-token-over-cookie",
            limit: COOKIE_BYTES,
            what: "browsers keep in one cookie",
        }),
        // Nobody keeps an access token in a cookie as it is, but every request sends it in a header.
        TokenKind::AccessToken if HEADER_BYTES.exceeded_by(bytes) => {
            Some(header("access-token-over-header"))
        }
        TokenKind::IdToken | TokenKind::AccessToken => None,
    }
}

/// Returns the notice about a token with these claims, if it is too long.
pub(crate) fn notice(token: TokenKind, claims: &Map<String, Value>) -> Option<Notice> {
    let bytes = signed_bytes(claims);
    let Outgrown { code, limit, what } = outgrown(token, bytes)?;
    let called = match token {
        TokenKind::IdToken => "ID token",
        TokenKind::AccessToken => "access token",
    };
    Some(Notice {
        code: code.to_owned(),
        message: format!(
            "The signed {called} has {bytes} bytes; {what} at most {}. The largest claims are {}.",
            limit.value,
            largest(claims)
        ),
        source: Some(limit.source.to_owned()),
    })
}

/// Returns the largest claims with the bytes of their names and values, as a part of a sentence.
fn largest(claims: &Map<String, Value>) -> String {
    let size = |(name, value): (&String, &Value)| name.len() + value.to_string().len();
    let mut sized: Vec<(&str, usize)> = claims
        .iter()
        .map(|claim| (claim.0.as_str(), size(claim)))
        .collect();
    // The sort is stable: of equal ones the first stays first.
    sized.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    let named = sized
        .iter()
        .take(NAMED)
        .map(|(name, bytes)| format!("`{}` ({bytes} bytes)", shortened(name, NAME_BYTES)));
    named.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(claims: Value) -> Map<String, Value> {
        claims.as_object().cloned().unwrap_or_default()
    }

    /// The claims whose JSON has so many bytes.
    fn claims_of(bytes: usize) -> Map<String, Value> {
        let free = json!({"https://a.com/x": "", "sub": "auth0|1"}).to_string();
        claims(json!({"https://a.com/x": "x".repeat(bytes - free.len()), "sub": "auth0|1"}))
    }

    #[test]
    fn the_size_is_that_of_the_signed_token() {
        // A header and a payload of this kind as a tenant encodes them; the signature is of 256 bytes.
        let header = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6IkNzR2lENmFYWmUxRm5wWUZwMWJCVSJ9";
        assert_eq!(header.len(), HEADER);
        let payload = claims(json!({"sub": "auth0|1", "aud": "x", "iat": 1, "e": 22}));
        // 42 bytes are 56 letters. Measured: Node's `crypto` signs these claims to 476 bytes.
        assert_eq!(json!(payload).to_string().len(), 42);
        assert_eq!(signed_bytes(&payload), 476);
        assert_eq!(signed_bytes(&Map::new()), 0);
    }

    #[test]
    fn tokens_beyond_cookies_and_headers_are_noticed() {
        let code = |token, bytes| notice(token, &claims_of(bytes)).map(|notice| notice.code);
        let free = HEADER + SIGNATURE + DOTS;
        let (cookie, header) = ((4_096 - free) * 3 / 4, (8_192 - free) * 3 / 4);
        assert!(signed_bytes(&claims_of(cookie)) <= 4_096);
        assert!(signed_bytes(&claims_of(cookie + 1)) > 4_096);
        for (token, bytes, expected) in [
            (TokenKind::IdToken, cookie, None),
            (TokenKind::IdToken, cookie + 1, Some("id-token-over-cookie")),
            (TokenKind::IdToken, header, Some("id-token-over-cookie")),
            (TokenKind::IdToken, header + 1, Some("id-token-over-header")),
            (TokenKind::AccessToken, header, None),
            (
                TokenKind::AccessToken,
                header + 1,
                Some("access-token-over-header"),
            ),
        ] {
            assert_eq!(code(token, bytes).as_deref(), expected, "{token:?} {bytes}");
        }
    }

    #[test]
    fn the_largest_claims_are_named() {
        let claims = claims(
            json!({"d": "zz", "a": "x".repeat(3000), "b": [1], "c": "y".repeat(200), "é": "ß".repeat(20)}),
        );
        let message = notice(TokenKind::IdToken, &claims).map(|notice| notice.message);
        let message = message.unwrap_or_default();
        let end = "The largest claims are `a` (3003 bytes), `c` (203 bytes), `é` (44 bytes).";
        assert!(message.ends_with(end), "{message}");
    }

    #[test]
    fn a_name_of_an_action_stays_short_in_the_message() {
        let claims = claims(json!({"n".repeat(50_000): 1}));
        let notice = notice(TokenKind::IdToken, &claims);
        assert!(notice.is_some_and(|notice| notice.message.len() < 2_000));
    }
}
