//! The tenant's only source of randomness: the operating system, unless a test gives a seed.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// Where ids, codes, tokens and salts come from.
#[derive(Debug, Default)]
pub enum Randomness {
    /// The operating system.
    #[default]
    System,
    /// The same values in the same order in every run. For tests: whoever knows the seed knows every token.
    Seeded(u64, AtomicU64),
}

impl Randomness {
    /// A source for tests.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(seed, AtomicU64::new(0))
    }

    /// Thirty-two bytes.
    ///
    /// # Panics
    /// When the operating system has no randomness to give: nothing that is secret could be made.
    pub(crate) fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        match self {
            Self::System => {
                let filled = getrandom::fill(&mut bytes);
                assert!(filled.is_ok(), "the operating system gives no randomness");
            }
            Self::Seeded(seed, counter) => {
                let number = counter.fetch_add(1, Ordering::Relaxed);
                bytes = Sha256::new()
                    .chain_update(seed.to_be_bytes())
                    .chain_update(number.to_be_bytes())
                    .finalize()
                    .into();
            }
        }
        bytes
    }

    /// A text of 43 URL-safe characters that cannot be guessed.
    pub(crate) fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes())
    }

    /// Twenty-four hexadecimal digits, as the ids of Auth0's users have.
    pub(crate) fn hex_id(&self) -> String {
        self.bytes()
            .iter()
            .take(12)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// The id of an event: `evt_` and 22 letters and digits.
    ///
    /// Source: <https://auth0.com/docs/events/organization/organization.member.added>.
    pub(crate) fn event_id(&self) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let bytes = self.bytes();
        let letters = bytes.iter().take(22);
        let letters = letters.filter_map(|byte| LETTERS.get(usize::from(*byte) % LETTERS.len()));
        let letters: String = letters.map(|letter| char::from(*letter)).collect();
        format!("evt_{letters}")
    }

    /// A number below a bound.
    pub(crate) fn below(&self, bound: u64) -> u64 {
        self.seed() % bound.max(1)
    }

    /// Sixty-four bits.
    pub(crate) fn seed(&self) -> u64 {
        let bytes = self.bytes();
        bytes
            .iter()
            .take(8)
            .fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
    }
}

/// A new secret of 43 URL-safe characters.
pub fn new_token(randomness: &Randomness) -> String {
    randomness.token()
}

/// The hash under which a code or token is kept.
pub(crate) fn digest(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}

/// Whether two secrets are the same, in a time that does not depend on where they differ.
pub(crate) fn same_secret(one: &str, other: &str) -> bool {
    use subtle::ConstantTimeEq as _;
    // Hashing first makes the time independent of the length, too.
    Sha256::digest(one.as_bytes())
        .ct_eq(&Sha256::digest(other.as_bytes()))
        .into()
}

#[cfg(test)]
mod tests {
    use super::{Randomness, same_secret};

    #[test]
    fn a_seed_repeats_and_the_system_does_not() {
        assert_eq!(Randomness::seeded(1).token(), Randomness::seeded(1).token());
        assert_ne!(Randomness::System.token(), Randomness::System.token());
        assert_eq!(Randomness::System.token().len(), 43);
        assert!(same_secret("a", "a") && !same_secret("a", "b") && !same_secret("a", "aa"));
    }
}
