//! `custom_password_hash` of the vendor's import format: hashes that other systems made.
//!
//! One is kept as the JSON object of the import. What cannot be checked is kept as well, and [`ForeignHash::read`] says why.
//!
//! Source: <https://auth0.com/docs/manage-users/user-migration/bulk-user-import-database-schema-and-examples>.

use std::sync::{Mutex, MutexGuard, PoisonError};

use argon2::password_hash::PasswordHash;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use serde_json::Value;
use subtle::ConstantTimeEq as _;

use super::digests::Digest;
use crate::http::text;

/// The most memory that one check may take, in bytes.
const MOST_MEMORY: u64 = 256 << 20;
/// Checks that take more memory than this, in bytes, wait for each other.
const SMALL_MEMORY: u64 = 32 << 20;
/// The most bytes that all passes go over: some seconds.
const MOST_WORK: u64 = 1 << 30;
/// The most passes over that memory.
const MOST_PASSES: u64 = 32;
/// The most rounds of PBKDF2.
const MOST_ROUNDS: u32 = 10_000_000;
/// The most bytes of a key that is derived.
const MOST_BYTES: usize = 1 << 10;

/// A hash, and how it was made.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ForeignHash {
    /// A string that says itself how it was made: bcrypt, or Argon2 in PHC form.
    Itself {
        hash: String,
        salt: Salt,
        encoding: Encoding,
    },
    Plain {
        digest: Digest,
        hash: Vec<u8>,
        salt: Salt,
        encoding: Encoding,
    },
    Hmac {
        digest: Digest,
        key: Vec<u8>,
        hash: Vec<u8>,
        salt: Salt,
        encoding: Encoding,
    },
    Pbkdf2 {
        digest: Digest,
        rounds: u32,
        salt: Vec<u8>,
        hash: Vec<u8>,
        encoding: Encoding,
    },
    Scrypt {
        log_cost: u8,
        block_size: u32,
        parallelization: u32,
        salt: Vec<u8>,
        hash: Vec<u8>,
        encoding: Encoding,
    },
}

/// The text before or after the password.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Salt {
    bytes: Vec<u8>,
    is_suffix: bool,
}

impl Salt {
    fn with(&self, password: &[u8]) -> Vec<u8> {
        match self.is_suffix {
            true => [password, &self.bytes].concat(),
            false => [&self.bytes, password].concat(),
        }
    }
}

/// The encoding of the password that was hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf16,
    /// One byte for each UTF-16 unit, as Node's `latin1`.
    Latin1,
}

impl Encoding {
    fn of(object: &Value) -> Result<Self, String> {
        match object.pointer("/password/encoding") {
            None | Some(Value::Null) => Ok(Self::Utf8),
            Some(named) => match named.as_str() {
                Some("utf8") => Ok(Self::Utf8),
                Some("utf16le" | "ucs2") => Ok(Self::Utf16),
                Some("ascii" | "latin1" | "binary") => Ok(Self::Latin1),
                _ => Err("`password.encoding` is unknown".to_owned()),
            },
        }
    }

    fn encode(self, password: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => password.as_bytes().to_vec(),
            Self::Utf16 => password.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Self::Latin1 => password
                .encode_utf16()
                .map(|unit| unit.to_le_bytes()[0])
                .collect(),
        }
    }
}

impl ForeignHash {
    /// Reads the object of an import.
    ///
    /// # Errors
    /// Why the hash cannot be checked, without its value.
    pub(super) fn read(object: &Value) -> Result<Self, String> {
        let algorithm = text(object, "algorithm").ok_or("`algorithm` is missing")?;
        let hash = object.get("hash").unwrap_or(&Value::Null);
        let value = text(hash, "value").ok_or("`hash.value` is missing")?;
        let encoding = Encoding::of(object)?;
        let salt = || salt(object);
        // These name their own salt.
        let unsalted = || match object.get("salt") {
            None | Some(Value::Null) => Ok(()),
            Some(_) => Err(format!("a hash of {algorithm} cannot have a `salt`")),
        };
        let bytes = || match text(hash, "encoding") {
            Some(encoding @ ("hex" | "base64")) => decoded(value, encoding),
            _ => Err(format!(
                "`hash.encoding` of {algorithm} must be hex or base64"
            )),
        };
        match algorithm {
            "bcrypt" if super::is_bcrypt(value) => Ok(Self::Itself {
                hash: value.to_owned(),
                salt: salt()?,
                encoding,
            }),
            "bcrypt" => Err(
                "the bcrypt hash must begin with $2a$, $2b$ or $2y$ and have a cost of 4 to 14"
                    .to_owned(),
            ),
            "argon2" => {
                unsalted()?;
                argon2_fits(value)?;
                Ok(Self::Itself {
                    hash: value.to_owned(),
                    salt: Salt::default(),
                    encoding,
                })
            }
            "md4" | "md5" | "sha1" | "sha256" | "sha512" => Ok(Self::Plain {
                digest: Digest::named(algorithm)?,
                hash: bytes()?,
                salt: salt()?,
                encoding,
            }),
            "hmac" => {
                let digest = text(hash, "digest").ok_or("`hash.digest` is missing")?;
                let key = hash.get("key").unwrap_or(&Value::Null);
                let key_value = text(key, "value").ok_or("`hash.key.value` is missing")?;
                Ok(Self::Hmac {
                    digest: Digest::named(digest)?,
                    key: decoded(key_value, text(key, "encoding").unwrap_or("utf8"))?,
                    hash: bytes()?,
                    salt: salt()?,
                    encoding,
                })
            }
            "ldap" => {
                unsalted()?;
                ldap(value, encoding)
            }
            "pbkdf2" => {
                unsalted()?;
                pbkdf2(value, encoding)
            }
            "scrypt" => scrypt(object, bytes()?, salt()?.bytes, encoding),
            other => Err(format!("the algorithm `{other}` is not supported")),
        }
    }

    /// Whether a password belongs to the hash. Takes up to seconds.
    pub(super) fn fits(&self, password: &str) -> bool {
        match self {
            Self::Itself {
                hash,
                salt,
                encoding,
            } => {
                let salted = salt.with(&encoding.encode(password));
                match super::is_bcrypt(hash) {
                    true => bcrypt::verify(salted, hash).unwrap_or(false),
                    false => {
                        let _alone = alone_with_argon2(hash);
                        super::verify_argon2(&salted, hash)
                    }
                }
            }
            Self::Plain {
                digest,
                hash,
                salt,
                encoding,
            } => equal(&digest.of(&salt.with(&encoding.encode(password))), hash),
            Self::Hmac {
                digest,
                key,
                hash,
                salt,
                encoding,
            } => {
                let message = salt.with(&encoding.encode(password));
                equal(&digest.hmac(key, &message), hash)
            }
            Self::Pbkdf2 {
                digest,
                rounds,
                salt,
                hash,
                encoding,
            } => {
                let password = encoding.encode(password);
                equal(&digest.pbkdf2(&password, salt, *rounds, hash.len()), hash)
            }
            Self::Scrypt {
                log_cost,
                block_size,
                parallelization,
                salt,
                hash,
                encoding,
            } => {
                let params = scrypt::Params::new(*log_cost, *block_size, *parallelization, 32);
                let mut made = vec![0; hash.len()];
                let password = encoding.encode(password);
                let blocks = 1_u64.checked_shl(u32::from(*log_cost)).unwrap_or(u64::MAX);
                let _alone = alone(blocks.saturating_mul(128 * u64::from(*block_size)));
                let made_it = params
                    .ok()
                    .and_then(|params| scrypt::scrypt(&password, salt, &params, &mut made).ok());
                made_it.is_some() && equal(&made, hash)
            }
        }
    }
}

fn equal(made: &[u8], hash: &[u8]) -> bool {
    made.ct_eq(hash).into()
}

fn salt(object: &Value) -> Result<Salt, String> {
    let Some(salt) = object.get("salt").filter(|salt| !salt.is_null()) else {
        return Ok(Salt::default());
    };
    let value = text(salt, "value").ok_or("`salt.value` is missing")?;
    let is_suffix = match text(salt, "position") {
        None | Some("prefix") => false,
        Some("suffix") => true,
        Some(_) => return Err("`salt.position` must be prefix or suffix".to_owned()),
    };
    Ok(Salt {
        bytes: decoded(value, text(salt, "encoding").unwrap_or("utf8"))?,
        is_suffix,
    })
}

/// Bytes in hex of either case, base64 of either alphabet, with or without padding, or text.
fn decoded(value: &str, encoding: &str) -> Result<Vec<u8>, String> {
    match encoding {
        "utf8" => Ok(value.as_bytes().to_vec()),
        "hex" => hex(value).ok_or_else(|| "a value is not hex".to_owned()),
        "base64" => base64(value).ok_or_else(|| "a value is not base64".to_owned()),
        _ => Err("the encoding is not hex, base64 or utf8".to_owned()),
    }
}

fn hex(value: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = value
        .chars()
        .map(|digit| Some(u8::try_from(digit.to_digit(16)?).unwrap_or_default()))
        .collect();
    let digits = digits?;
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => Some(high << 4 | low),
        _ => None,
    });
    pairs.collect()
}

fn base64(value: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let standard = value.replace('-', "+").replace('_', "/");
    let engine = GeneralPurpose::new(&alphabet::STANDARD, config);
    engine.decode(standard).ok()
}

/// Whether a hash of Argon2 is in PHC form, and can be computed here.
pub(super) fn argon2_fits(value: &str) -> Result<(), String> {
    argon2_memory(value).map(drop)
}

/// The memory that a check with a hash of Argon2 takes, in bytes.
fn argon2_memory(value: &str) -> Result<u64, String> {
    let parsed = PasswordHash::new(value)
        .ok()
        .filter(|parsed| parsed.algorithm.as_str().starts_with("argon2"))
        .ok_or("the Argon2 hash is not in PHC form")?;
    let parameter = |name: &str| parsed.params.get_decimal(name).unwrap_or_default();
    let (memory, passes) = (u64::from(parameter("m")) << 10, u64::from(parameter("t")));
    bounded(memory, passes).map(|()| memory)
}

/// Waits until no other check takes much memory, for a hash of Argon2; nothing for one that takes little.
pub(super) fn alone_with_argon2(value: &str) -> Option<MutexGuard<'static, ()>> {
    alone(argon2_memory(value).unwrap_or_default())
}

/// Waits until no other check takes much memory: many at once would take all there is.
fn alone(memory: u64) -> Option<MutexGuard<'static, ()>> {
    static LARGE: Mutex<()> = Mutex::new(());
    (memory > SMALL_MEMORY).then(|| LARGE.lock().unwrap_or_else(PoisonError::into_inner))
}

fn bounded(memory: u64, passes: u64) -> Result<(), String> {
    match memory > MOST_MEMORY || passes > MOST_PASSES {
        true => Err(format!(
            "the hash needs more than {} MiB or {MOST_PASSES} passes",
            MOST_MEMORY >> 20
        )),
        // Nobody may wait for it any more, and it goes on.
        false if memory.saturating_mul(passes) > MOST_WORK => Err(format!(
            "the hash needs more than {} MiB of passes over its memory",
            MOST_WORK >> 20
        )),
        false => Ok(()),
    }
}

/// RFC 2307, section 5.3: `{SCHEME}` and base64, of the digest alone or with a salt after it.
fn ldap(value: &str, encoding: Encoding) -> Result<ForeignHash, String> {
    let malformed = || "the LDAP hash must be {scheme} and base64".to_owned();
    let (scheme, rest) = value
        .strip_prefix('{')
        .and_then(|value| value.split_once('}'))
        .ok_or_else(malformed)?;
    let scheme = scheme.to_ascii_lowercase();
    let (name, is_salted) = match scheme.as_str() {
        "md5" => ("md5", false),
        "smd5" => ("md5", true),
        other => match other
            .strip_prefix('s')
            .filter(|rest| rest.starts_with("sha"))
        {
            Some(rest) => (rest, true),
            None => (other, false),
        },
    };
    let name = if name == "sha" { "sha1" } else { name };
    let unknown = || format!("the LDAP scheme {{{scheme}}} is not supported");
    let digest = match name.starts_with("md5") || name.starts_with("sha") {
        true => Digest::named(name).map_err(|_| unknown())?,
        false => return Err(unknown()),
    };
    let mut hash = base64(rest).ok_or_else(malformed)?;
    let length = digest.length();
    if hash.len() < length || (!is_salted && hash.len() > length) {
        return Err(format!("the LDAP hash is not one of {name}"));
    }
    let salt = hash.split_off(length);
    Ok(ForeignHash::Plain {
        digest,
        hash,
        salt: Salt {
            bytes: salt,
            is_suffix: true,
        },
        encoding,
    })
}

/// `$pbkdf2-<digest>$i=<rounds>,l=<bytes>$<salt>$<hash>`.
fn pbkdf2(value: &str, encoding: Encoding) -> Result<ForeignHash, String> {
    let malformed = || "the PBKDF2 hash is not in PHC form".to_owned();
    let mut parts = value.strip_prefix('$').ok_or_else(malformed)?.split('$');
    let id = parts.next().unwrap_or_default();
    let name = id.strip_prefix("pbkdf2-").ok_or_else(malformed)?;
    let digest = Digest::named(name)?;
    let rest: Vec<&str> = parts.collect();
    let (parameters, salt, hash) = match rest.as_slice() {
        [salt, hash] => ("", *salt, *hash),
        [parameters, salt, hash] => (*parameters, *salt, *hash),
        _ => return Err(malformed()),
    };
    let (mut rounds, mut length) = (100_000, 64);
    for parameter in parameters.split(',').filter(|part| !part.is_empty()) {
        match parameter.split_once('=') {
            Some(("i", count)) => rounds = count.parse().map_err(|_| malformed())?,
            Some(("l", bytes)) => length = bytes.parse().map_err(|_| malformed())?,
            _ => return Err(malformed()),
        }
    }
    if rounds == 0 || rounds > MOST_ROUNDS || length > MOST_BYTES {
        return Err(format!(
            "the PBKDF2 hash needs more than {MOST_ROUNDS} rounds or {MOST_BYTES} bytes"
        ));
    }
    let hash = base64(hash).ok_or_else(malformed)?;
    if hash.is_empty() || hash.len() != length {
        return Err("the PBKDF2 hash has another length than its `l` says".to_owned());
    }
    Ok(ForeignHash::Pbkdf2 {
        digest,
        rounds,
        salt: base64(salt).ok_or_else(malformed)?,
        hash,
        encoding,
    })
}

fn scrypt(
    object: &Value,
    hash: Vec<u8>,
    salt: Vec<u8>,
    encoding: Encoding,
) -> Result<ForeignHash, String> {
    let whole = |key: &str, default: u64| match object.get(key) {
        None | Some(Value::Null) => Ok(default),
        Some(number) => number
            .as_u64()
            .filter(|number| *number > 0)
            .ok_or_else(|| format!("`{key}` must be a whole number above zero")),
    };
    let cost = whole("cost", 16_384)?;
    let (block_size, parallelization) = (whole("blockSize", 8)?, whole("parallelization", 1)?);
    if !cost.is_power_of_two() || cost < 2 {
        return Err("`cost` must be a power of two above one".to_owned());
    }
    let length = object.get("keylen").and_then(Value::as_u64);
    let length = length.ok_or("`keylen` is missing")?;
    if length != hash.len() as u64 || hash.is_empty() || hash.len() > MOST_BYTES {
        return Err("the hash has another length than `keylen` says".to_owned());
    }
    bounded(
        cost.saturating_mul(block_size).saturating_mul(128),
        parallelization,
    )?;
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(ForeignHash::Scrypt {
        log_cost: u8::try_from(cost.trailing_zeros()).unwrap_or(u8::MAX),
        block_size: small(block_size),
        parallelization: small(parallelization),
        salt,
        hash,
        encoding,
    })
}

#[cfg(test)]
mod tests;
