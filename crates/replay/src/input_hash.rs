//! The identity of a set of users, in whatever order and portions they come.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::bounded::Merge;

/// The sum of the SHA-256 hashes of all lines, each read as four numbers of 64 bits, little-endian, modulo 2^64.
///
/// A sum does not depend on the order of its summands, so several machines make the same one as one machine. It tells two exports
/// apart; it does not withstand a user who searches for another export with the same hash.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputHash([u64; 4]);

impl InputHash {
    /// Adds a line.
    pub fn add(&mut self, line: &[u8]) {
        let hash = Sha256::digest(line);
        for (own, bytes) in self.0.iter_mut().zip(hash.as_chunks::<8>().0) {
            *own = own.wrapping_add(u64::from_le_bytes(*bytes));
        }
    }

    /// Returns 64 hexadecimal digits, in the order in which SHA-256 writes its bytes.
    #[must_use]
    pub fn hex(&self) -> String {
        let bytes = self.0.iter().flat_map(|lane| lane.to_le_bytes());
        bytes.map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Merge for InputHash {
    fn merge(&mut self, other: Self) {
        for (own, other) in self.0.iter_mut().zip(other.0) {
            *own = own.wrapping_add(other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_has_its_sha_256_and_the_order_of_several_does_not_matter() {
        let of = |lines: &[&str]| {
            let mut hash = InputHash::default();
            lines.iter().for_each(|line| hash.add(line.as_bytes()));
            hash
        };
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            of(&["abc"]).hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(of(&["a", "b", "c"]), of(&["c", "a", "b"]));
        let mut parts = of(&["c"]);
        parts.merge(of(&["b", "a"]));
        assert_eq!(parts, of(&["a", "b", "c"]));
        // A line that is there twice, and one that is cut elsewhere, are other users.
        assert_ne!(of(&["a", "b"]), of(&["a", "a", "b"]));
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
    }
}
