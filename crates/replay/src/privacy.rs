//! The parts of a report about single users.

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// The form of users and values in a report.
#[derive(Debug, Clone)]
pub struct Privacy {
    key: Vec<u8>,
    /// Ids of users are written as they are.
    pub shows_ids: bool,
    /// Values of claims, metadata and profiles are written as they are.
    pub shows_values: bool,
}

impl Privacy {
    /// With the key of pseudonyms: who knows it can find out whether a user that they know of is meant.
    #[must_use]
    pub fn new(key: &str, shows_ids: bool, shows_values: bool) -> Self {
        Self {
            key: key.as_bytes().to_vec(),
            shows_ids,
            shows_values,
        }
    }

    /// A keyed hash: the first 16 hexadecimal digits of HMAC-SHA256.
    #[must_use]
    pub fn pseudonym(&self, text: &str) -> String {
        // HMAC takes keys of any length.
        let Ok(mut hash) = Hmac::<Sha256>::new_from_slice(&self.key) else {
            return String::new();
        };
        hash.update(text.as_bytes());
        let hash = hash.finalize().into_bytes();
        hash.iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// Returns the name of a user.
    #[must_use]
    pub fn user(&self, id: &str) -> String {
        match self.shows_ids {
            true => id.to_owned(),
            false => self.pseudonym(id),
        }
    }

    /// Returns the form of a value: itself, or its type with a pseudonym.
    #[must_use]
    pub fn value(&self, text: &str, kind: &str) -> String {
        match self.shows_values {
            true => text.to_owned(),
            false => format!("{kind} {}", self.pseudonym(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Privacy;

    #[test]
    fn pseudonyms_are_hmac() {
        // RFC 4231, test case 2.
        let short = Privacy::new("Jefe", false, false);
        assert_eq!(
            short.pseudonym("what do ya want for nothing?"),
            "5bdcc146bf60754e"
        );
        // Made by Python's hmac.
        let long = Privacy::new(&"k".repeat(100), false, false);
        assert_eq!(long.pseudonym("x"), LONG);
        assert_eq!(Privacy::new("k", true, true).user("auth0|1"), "auth0|1");
    }

    const LONG: &str = "8c1858bff6cf9cb7";
}
