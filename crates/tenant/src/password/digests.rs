//! The digests that hashes of an import are made with, by the names that Node has for them.

use hmac::{Hmac, Mac as _};

/// A digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Digest {
    Md4,
    Md5,
    Ripemd160,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Whirlpool,
}

/// Evaluates an expression with the type that computes a digest.
macro_rules! with_type {
    ($digest:expr, $name:ident => $made:expr) => {
        match $digest {
            Digest::Md4 => {
                type $name = md4::Md4;
                $made
            }
            Digest::Md5 => {
                type $name = md5::Md5;
                $made
            }
            Digest::Ripemd160 => {
                type $name = ripemd::Ripemd160;
                $made
            }
            Digest::Sha1 => {
                type $name = sha1::Sha1;
                $made
            }
            Digest::Sha224 => {
                type $name = sha2::Sha224;
                $made
            }
            Digest::Sha256 => {
                type $name = sha2::Sha256;
                $made
            }
            Digest::Sha384 => {
                type $name = sha2::Sha384;
                $made
            }
            Digest::Sha512 => {
                type $name = sha2::Sha512;
                $made
            }
            Digest::Whirlpool => {
                type $name = whirlpool::Whirlpool;
                $made
            }
        }
    };
}

impl Digest {
    /// Returns the digest with a name: `sha512`, `RSA-SHA512`, `sha512WithRSAEncryption`.
    ///
    /// # Errors
    /// When it is unknown, or MDC-2.
    pub(super) fn named(name: &str) -> Result<Self, String> {
        let lower = name.to_ascii_lowercase();
        let bare = lower.strip_prefix("rsa-").unwrap_or(&lower);
        let bare = bare.strip_prefix("ssl3-").unwrap_or(bare);
        let bare = bare.strip_suffix("withrsaencryption").unwrap_or(bare);
        let bare = bare.strip_suffix("withrsa").unwrap_or(bare);
        match bare {
            "md4" => Ok(Self::Md4),
            "md5" => Ok(Self::Md5),
            "ripemd" | "ripemd160" | "rmd160" => Ok(Self::Ripemd160),
            "sha1" | "sha1-2" => Ok(Self::Sha1),
            "sha224" => Ok(Self::Sha224),
            "sha256" => Ok(Self::Sha256),
            "sha384" => Ok(Self::Sha384),
            "sha512" => Ok(Self::Sha512),
            "whirlpool" => Ok(Self::Whirlpool),
            _ => Err(format!("the digest `{name}` is not supported")),
        }
    }

    /// Returns the number of its bytes.
    pub(super) fn length(self) -> usize {
        with_type!(self, D => <D as sha2::Digest>::output_size())
    }

    pub(super) fn of(self, message: &[u8]) -> Vec<u8> {
        with_type!(self, D => <D as sha2::Digest>::digest(message).to_vec())
    }

    /// RFC 2104.
    pub(super) fn hmac(self, key: &[u8], message: &[u8]) -> Vec<u8> {
        // A key may have any length.
        with_type!(self, D => match Hmac::<D>::new_from_slice(key) {
            Ok(mac) => mac.chain_update(message).finalize().into_bytes().to_vec(),
            Err(_) => Vec::new(),
        })
    }

    /// RFC 8018, section 5.2.
    pub(super) fn pbkdf2(
        self,
        password: &[u8],
        salt: &[u8],
        rounds: u32,
        length: usize,
    ) -> Vec<u8> {
        let mut key = vec![0; length];
        with_type!(self, D => pbkdf2::pbkdf2_hmac::<D>(password, salt, rounds, &mut key));
        key
    }
}
