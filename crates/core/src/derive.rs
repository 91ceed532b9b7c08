//! Ids that a login needs, derived from its seed: the same seed and label give the same id in any process.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// The first `length` hex digits (at most 64) of SHA-256 over the seed and a label.
pub(crate) fn hex_id(seed: u64, label: &str, length: usize) -> String {
    let digest = Sha256::new()
        .chain_update(seed.to_be_bytes())
        .chain_update(label.as_bytes())
        .finalize();
    let mut text = String::new();
    for byte in digest {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.truncate(length);
    text
}

#[cfg(test)]
mod tests {
    use super::hex_id;

    #[test]
    fn an_id_depends_on_seed_and_label_alone() {
        assert_eq!(hex_id(1, "sid", 32), hex_id(1, "sid", 32));
        assert_ne!(hex_id(1, "sid", 32), hex_id(2, "sid", 32));
        assert_ne!(hex_id(1, "sid", 32), hex_id(1, "jti", 32));
        assert_eq!(hex_id(1, "sid", 32).len(), 32);
    }
}
