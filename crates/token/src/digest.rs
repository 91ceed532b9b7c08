//! SHA-256 and the unpadded URL-safe base64 of JOSE.

use base64ct::{Base64UrlUnpadded, Encoding};
use rsa::sha2::{Digest, Sha256};

/// SHA-256 of several parts in a row.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// base64url without padding (RFC 7515, section 2).
pub(crate) fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// The bytes of an unpadded base64url text; `None` when it is anything else.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(text).ok()
}

/// The left half of a digest in base64url.
pub(crate) fn left_half(digest: &[u8]) -> String {
    let (left, _) = digest.split_at(digest.len() / 2);
    encode(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_the_example_of_openid_connect() {
        // OpenID Connect Core 1.0, appendices A.3 (access token) and A.4 (code).
        assert_eq!(
            left_half(&sha256(&[b"jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"])),
            "77QmUPtjPfzWtF2AnpK9RQ"
        );
        assert_eq!(
            left_half(&sha256(&[
                b"Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"
            ])),
            "LDktKdoQak3Pk0cnXxCltA"
        );
    }

    #[test]
    fn refuses_padding_and_the_other_alphabet() {
        assert_eq!(decode("_-8"), Some(vec![0xff, 0xef]));
        for text in ["_-8=", "/+8", " _-8", "_-8\n", "_", "é"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
