//! Passwords: hashed with Argon2id when they are set here, checked also as the bcrypt hashes of an import.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};

use sha2::{Digest as _, Sha256};

use crate::randomness::Randomness;

/// The least that OWASP recommends for Argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// Characters of a password; longer ones are refused before anything is computed.
pub(crate) const MAX_PASSWORD: usize = 1_024;

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// The hash of a password, with a salt of its own. Takes tens of milliseconds: not on a thread that serves others.
pub(crate) fn hash(password: &str, randomness: &Randomness) -> Option<String> {
    let bytes = randomness.bytes();
    let salt = SaltString::encode_b64(bytes.get(..16)?).ok()?;
    argon2()
        .hash_password(password.as_bytes(), &salt)
        .ok()
        .map(|hash| hash.to_string())
}

/// Whether a password belongs to a hash. Without a hash, as long is computed: who has an account shows in no time.
pub(crate) fn verify(password: &str, hash: Option<&str>) -> bool {
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let Some(hash) = hash else {
        let _ = verify_argon2(password, NOBODY);
        return false;
    };
    if is_bcrypt(hash) {
        return bcrypt::verify(password, hash).unwrap_or(false);
    }
    verify_argon2(password, hash)
}

/// Passwords that were right once, until the process ends: load tests sign the same users in again and again, and a hash
/// that is slow on purpose would be all that they measure. Kept is what a key that never leaves memory makes of a password
/// and its hash, so a changed password is not known, and a wrong one is as slow as ever.
pub(crate) struct Remembered {
    key: [u8; 32],
    known: Mutex<HashSet<[u8; 32]>>,
}

/// How many are remembered; with more, all are forgotten.
const MOST_REMEMBERED: usize = 10_000;

impl Remembered {
    pub(crate) fn new(randomness: &Randomness) -> Self {
        Self {
            key: randomness.bytes(),
            known: Mutex::default(),
        }
    }

    fn digest(&self, password: &str, hash: &str) -> [u8; 32] {
        // The hash has no line break, so no two pairs run together.
        let digest = Sha256::new()
            .chain_update(self.key)
            .chain_update(hash)
            .chain_update("\n");
        digest.chain_update(password).finalize().into()
    }

    pub(crate) fn knows(&self, password: &str, hash: &str) -> bool {
        let digest = self.digest(password, hash);
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.contains(&digest)
    }

    /// Remembers a password that fits its hash.
    pub(crate) fn add(&self, password: &str, hash: &str) {
        let digest = self.digest(password, hash);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_REMEMBERED {
            known.clear();
        }
        known.insert(digest);
    }
}

fn verify_argon2(password: &str, hash: &str) -> bool {
    let Ok(parsed) = PasswordHash::new(hash) else {
        return false;
    };
    argon2()
        .verify_password(password.as_bytes(), &parsed)
        .is_ok()
}

/// Whether this is a hash that [`verify`] can check.
pub(crate) fn is_known_hash(hash: &str) -> bool {
    is_bcrypt(hash) || (hash.starts_with("$argon2") && PasswordHash::new(hash).is_ok())
}

fn is_bcrypt(hash: &str) -> bool {
    hash.len() == 60
        && ["$2a$", "$2b$", "$2y$"]
            .iter()
            .any(|prefix| hash.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::{MOST_REMEMBERED, Remembered, hash, is_known_hash, verify};
    use crate::randomness::Randomness;

    #[test]
    fn a_hash_fits_its_password_alone() {
        let made = hash("correct horse", &Randomness::System).expect("a hash");
        assert!(is_known_hash(&made) && !made.contains("horse"));
        assert!(verify("correct horse", Some(&made)));
        assert!(!verify("Correct horse", Some(&made)));
        assert!(!verify("", None) && !verify("x", Some("nonsense")));
        assert_ne!(Some(made), hash("correct horse", &Randomness::System));
    }

    #[test]
    fn a_password_is_remembered_with_its_hash_alone() {
        let remembered = Remembered::new(&Randomness::System);
        remembered.add("secret", "hash");
        assert!(remembered.knows("secret", "hash"));
        for (password, hash) in [
            ("secret", "other"),
            ("Secret", "hash"),
            ("", "hash"),
            ("cret", "hash\nse"),
        ] {
            assert!(!remembered.knows(password, hash), "{password} {hash}");
        }
        for number in 0..MOST_REMEMBERED {
            remembered.add(&number.to_string(), "hash");
        }
        assert!(!remembered.knows("secret", "hash") && remembered.knows("9999", "hash"));
        assert!(remembered.known.into_inner().expect("no panic").len() <= MOST_REMEMBERED);
    }

    #[test]
    fn bcrypt_hashes_of_an_import_are_known() {
        // A published test vector of OpenBSD's bcrypt.
        let hash = "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.";
        assert!(is_known_hash(hash) && verify("", Some(hash)) && !verify("a", Some(hash)));
    }
}
