//! The codes of authenticator apps (RFC 6238): six digits, half a minute, SHA-1, as every app reads them from a barcode.

use ring::hmac;

/// Seconds for which a code is shown.
pub const TOTP_PERIOD_S: i64 = 30;

/// The code that an app with this secret shows at a moment, in seconds since the epoch.
pub fn totp(secret: &[u8], now_s: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let counter = now_s.div_euclid(TOTP_PERIOD_S);
    let tag = hmac::sign(&key, &counter.to_be_bytes());
    // RFC 4226, section 5.3: the last half byte says where the four bytes begin.
    let tag = tag.as_ref();
    let offset = usize::from(tag.last().copied().unwrap_or_default() & 0x0f);
    let bytes = tag.iter().skip(offset).take(4);
    let number = bytes.fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
    format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
}

/// Bytes as authenticator apps read them: base32 without padding (RFC 4648, section 6).
pub fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::new();
    for chunk in bytes.chunks(5) {
        let mut number = 0_u64;
        for index in 0..5 {
            number = (number << 8) | u64::from(chunk.get(index).copied().unwrap_or_default());
        }
        let letters = (chunk.len() * 8).div_ceil(5);
        for index in 0..letters {
            let letter = (number >> (35 - 5 * index)) & 0x1f;
            let letter = usize::try_from(letter).ok().and_then(|at| LETTERS.get(at));
            text.extend(letter.map(|letter| char::from(*letter)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{base32, totp};

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // Appendix B, the last six of eight digits.
        let secret = b"12345678901234567890";
        for (now_s, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(totp(secret, now_s), expected);
        }
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        for (bytes, expected) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(bytes.as_bytes()), expected);
        }
    }
}
