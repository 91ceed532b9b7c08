//! Tokens without content: opaque access tokens, codes, refresh tokens, session ids.

use crate::digest::{encode, sha256};

/// Separates these hashes from every other use of SHA-256 in the workspace, and numbers the scheme.
const DOMAIN: &[u8] = b"postlogin opaque token 1";
/// 24 bytes are 32 characters of base64url, the length of Auth0's opaque access tokens.
const TOKEN_BYTES: usize = 24;

/// An opaque token of 32 URL-safe characters, derived from a secret `seed` and what the token is for.
///
/// The same seed and context give the same token in any process, so that a run can be repeated; another seed or
/// any other split of the context (`["a", "b"]` is not `["ab"]`) gives an unrelated one. Whoever lacks the seed
/// cannot guess a token from the others that it produced.
pub fn opaque_token(seed: &[u8], context: &[&str]) -> String {
    let lengths: Vec<[u8; 8]> = std::iter::once(seed.len())
        .chain(context.iter().map(|part| part.len()))
        .map(|length| (length as u64).to_be_bytes())
        .collect();
    // Each part follows its length: no two contexts can run together into the same bytes.
    let mut parts: Vec<&[u8]> = vec![DOMAIN];
    let contents = std::iter::once(seed).chain(context.iter().map(|part| part.as_bytes()));
    for (length, content) in lengths.iter().zip(contents) {
        parts.push(length);
        parts.push(content);
    }
    let digest = sha256(&parts);
    let (token, _) = digest.split_at(TOKEN_BYTES);
    encode(token)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn tokens_have_the_length_of_production_and_repeat() {
        let token = opaque_token(b"seed", &["access_token", "auth0|1", "0"]);
        assert_eq!(token.len(), 32);
        assert!(
            token
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'),
            "{token}"
        );
        assert_eq!(
            token,
            opaque_token(b"seed", &["access_token", "auth0|1", "0"])
        );
    }

    #[test]
    fn every_difference_counts() {
        let tokens = [
            opaque_token(b"", &[]),
            opaque_token(b"", &[""]),
            opaque_token(b"", &["", ""]),
            opaque_token(b"", &["ab"]),
            opaque_token(b"ab", &[]),
            opaque_token(b"a", &["b"]),
            opaque_token(b"", &["a", "b"]),
            opaque_token(b"", &["b", "a"]),
        ];
        assert_eq!(tokens.iter().collect::<HashSet<_>>().len(), tokens.len());
    }
}
