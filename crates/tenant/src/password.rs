//! Passwords: hashed with Argon2id when they are set here, checked also as the hashes of an import.

mod digests;
mod foreign;

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use argon2::password_hash::{
    Output, ParamsString, PasswordHash, PasswordVerifier as _, SaltString,
};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use sha2::{Digest as _, Sha256};

use serde_json::Value;

use crate::randomness::Randomness;
use foreign::ForeignHash;

/// The least that OWASP recommends for Argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// Characters of a password; longer ones are refused before anything is computed.
pub(crate) const MAX_PASSWORD: usize = 1_024;

/// Bytes of a hash of ours.
const LENGTH: usize = 32;

fn params() -> Params {
    Params::new(MEMORY_KIB, PASSES, 1, None).unwrap_or_default()
}

fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params())
}

/// Our hash of a password. Its working memory is kept, and there are two of it: an allocator keeps some for every thread
/// that has ever computed a hash, hundreds of mebibytes in all.
fn compute(password: &[u8], salt: &[u8]) -> Option<[u8; LENGTH]> {
    static MEMORY: [Mutex<Vec<Block>>; 2] = [Mutex::new(Vec::new()), Mutex::new(Vec::new())];
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed) % MEMORY.len();
    let slot = MEMORY.get(number)?;
    let mut blocks = slot.lock().unwrap_or_else(PoisonError::into_inner);
    blocks.resize(params().block_count(), Block::default());
    let mut hash = [0; LENGTH];
    argon2()
        .hash_password_into_with_memory(password, salt, &mut hash, &mut **blocks)
        .ok()?;
    Some(hash)
}

/// The hash of a password, with a salt of its own. Takes tens of milliseconds: not on a thread that serves others.
pub(crate) fn hash(password: &str, randomness: &Randomness) -> Option<String> {
    let bytes = randomness.bytes();
    let bytes = bytes.get(..16)?;
    let salt = SaltString::encode_b64(bytes).ok()?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params()).ok()?,
        salt: Some(salt.as_salt()),
        hash: Some(Output::new(&compute(password.as_bytes(), bytes)?).ok()?),
    };
    Some(hash.to_string())
}

/// Whether a password belongs to a hash. Without a hash, as long is computed: who has an account shows in no time.
pub(crate) fn verify(password: &str, hash: Option<&str>) -> bool {
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let Some(hash) = hash else {
        let _ = verify_argon2(password.as_bytes(), NOBODY);
        return false;
    };
    if let Some(object) = foreign(hash) {
        return ForeignHash::read(&object).is_ok_and(|hash| hash.fits(password));
    }
    if is_bcrypt(hash) {
        return bcrypt::verify(password, hash).unwrap_or(false);
    }
    let _alone = foreign::alone_with_argon2(hash);
    foreign::argon2_fits(hash).is_ok() && verify_argon2(password.as_bytes(), hash)
}

/// Whether a check may take much more memory or time than one of our own hashes: those of imports, but for bcrypt, which
/// needs 4 KiB. They are checked one at a time.
pub(crate) fn is_heavy(hash: &str) -> bool {
    let is_own = || PasswordHash::new(hash).is_ok_and(|parsed| own_salt(&parsed).is_some());
    !is_bcrypt(hash) && !is_own()
}

/// A hash that another system made is kept as the object of its import.
fn foreign(hash: &str) -> Option<Value> {
    let is_object = hash.starts_with('{');
    is_object.then(|| serde_json::from_str(hash).ok())?
}

/// Returns how the hash of an import is kept: `password_hash` as it is, `custom_password_hash` as an object.
pub(crate) fn imported(hash: Option<&Value>, custom: Option<&Value>) -> Option<String> {
    match (hash, custom) {
        (None | Some(Value::Null), None | Some(Value::Null)) => None,
        (None | Some(Value::Null), Some(custom)) => Some(custom.to_string()),
        (Some(Value::String(hash)), _) if is_known_hash(hash) => Some(hash.clone()),
        (Some(hash), _) => {
            let object = serde_json::json!({"algorithm": "password_hash", "hash": {"value": hash}});
            Some(object.to_string())
        }
    }
}

/// Returns why no password can be checked with a hash; `None` when one can. It names no value.
pub(crate) fn problem(hash: &str) -> Option<String> {
    match foreign(hash) {
        Some(object)
            if object.get("algorithm").and_then(Value::as_str) == Some("password_hash") =>
        {
            Some(
                "`password_hash` is neither bcrypt with a cost of 4 to 14 nor Argon2 in PHC form"
                    .to_owned(),
            )
        }
        Some(object) => ForeignHash::read(&object).err(),
        None if is_bcrypt(hash) => None,
        None => foreign::argon2_fits(hash).err(),
    }
}

/// Passwords that were right once, until the process ends: load tests sign the same users in again and again, and a hash
/// that is slow on purpose would be all that they measure. Kept is what a key that never leaves memory makes of a password
/// and its hash, so a changed password is not known, and a wrong one is as slow as ever.
pub(crate) struct Remembered {
    key: [u8; 32],
    known: Mutex<HashSet<[u8; 32]>>,
}

/// The number that is remembered; with more, all are forgotten.
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

fn verify_argon2(password: &[u8], hash: &str) -> bool {
    let Ok(parsed) = PasswordHash::new(hash) else {
        return false;
    };
    if let Some(salt) = own_salt(&parsed) {
        // In a time that does not depend on where they differ.
        let made = compute(password, &salt).and_then(|hash| Output::new(&hash).ok());
        return made.is_some() && made == parsed.hash;
    }
    argon2().verify_password(password, &parsed).is_ok()
}

/// The salt of a hash with our own parameters; an import may have others.
fn own_salt(parsed: &PasswordHash<'_>) -> Option<Vec<u8>> {
    let found = Params::try_from(parsed).ok()?;
    let own = params();
    let is_own = parsed.algorithm == Algorithm::Argon2id.ident()
        && parsed.version == Some(Version::V0x13.into())
        && parsed.hash.is_some_and(|hash| hash.len() == LENGTH)
        && (found.m_cost(), found.t_cost(), found.p_cost())
            == (own.m_cost(), own.t_cost(), own.p_cost())
        && found.keyid().is_empty()
        && found.data().is_empty();
    let mut salt = [0; 64];
    let salt = parsed.salt.filter(|_| is_own)?.decode_b64(&mut salt).ok()?;
    Some(salt.to_vec())
}

/// Whether this is a hash that [`verify`] can check.
fn is_known_hash(hash: &str) -> bool {
    is_bcrypt(hash) || (hash.starts_with("$argon2") && PasswordHash::new(hash).is_ok())
}

/// The highest cost of a bcrypt hash that is checked: 2^14 rounds take about a second, and nothing can end them.
const MOST_BCRYPT_COST: u8 = 14;

/// Whether this is a bcrypt hash that [`verify`] can check in bounded time.
fn is_bcrypt(hash: &str) -> bool {
    let cost = hash.get(4..6).and_then(|cost| cost.parse::<u8>().ok());
    hash.len() == 60
        && ["$2a$", "$2b$", "$2y$"]
            .iter()
            .any(|prefix| hash.starts_with(prefix))
        && cost.is_some_and(|cost| (4..=MOST_BCRYPT_COST).contains(&cost))
        && hash.get(6..7) == Some("$")
}

#[cfg(test)]
mod tests {
    use argon2::{Algorithm, Argon2, Params, Version};

    use super::{
        MOST_REMEMBERED, Remembered, argon2, hash, is_heavy, is_known_hash, own_salt, verify,
    };
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
    fn hashes_of_imports_are_checked_one_at_a_time() {
        let own = hash("secret", &Randomness::seeded(1)).expect("a hash");
        assert!(!is_heavy(&own));
        assert!(!is_heavy(
            "$2b$10$CwTycUXWue0Thq9StjUM0uJ8.k1kP7ZxGDfLVq7wYZ8nBqJ0Vv1mW"
        ));
        for hash in [
            "$argon2id$v=19$m=262144,t=32,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            r#"{"algorithm":"scrypt","hash":{"value":"00"}}"#,
            "$2b$31$CwTycUXWue0Thq9StjUM0uJ8.k1kP7ZxGDfLVq7wYZ8nBqJ0Vv1mW",
            "",
        ] {
            assert!(is_heavy(hash), "{hash}");
        }
    }

    #[test]
    fn hashes_are_those_of_the_library() {
        use argon2::password_hash::{PasswordHash, PasswordHasher as _, SaltString};
        let made = hash("correct horse", &Randomness::System).expect("a hash");
        let parsed = PasswordHash::new(&made).expect("its form");
        assert!(own_salt(&parsed).is_some());
        let salt = SaltString::from_b64(parsed.salt.expect("a salt").as_str()).expect("a salt");
        let theirs = argon2()
            .hash_password(b"correct horse", &salt)
            .expect("a hash");
        assert_eq!(theirs.to_string(), made);
        // With other parameters, as an import may bring them.
        let params = Params::new(64, 1, 1, None).expect("parameters");
        let other = Argon2::new(Algorithm::Argon2i, Version::V0x13, params);
        let other = other
            .hash_password(b"correct horse", &salt)
            .expect("a hash");
        assert!(own_salt(&other).is_none());
        let other = other.to_string();
        assert!(verify("correct horse", Some(&other)) && !verify("x", Some(&other)));
    }

    #[test]
    fn bcrypt_hashes_of_an_import_are_known() {
        // A published test vector of OpenBSD's bcrypt.
        let hash = "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.";
        assert!(is_known_hash(hash) && verify("", Some(hash)) && !verify("a", Some(hash)));
    }
}
