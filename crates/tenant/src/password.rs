//! Passwords: hashed with Argon2id when they are set here, checked also as the bcrypt hashes of an import.

use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};

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
    use super::{hash, is_known_hash, verify};
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
    fn bcrypt_hashes_of_an_import_are_known() {
        // A published test vector of OpenBSD's bcrypt.
        let hash = "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.";
        assert!(is_known_hash(hash) && verify("", Some(hash)) && !verify("a", Some(hash)));
    }
}
