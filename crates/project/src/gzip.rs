//! Compressed files: an export of users comes as `.gz`, with one member for each part that the vendor has put together.

use std::io::Read;

use flate2::read::MultiGzDecoder;

use crate::{Error, Result};

/// The beginning of every gzip file (RFC 1952, section 2.3.1): the mark, and the only method.
const BEGINNING: &[u8] = &[0x1f, 0x8b, 0x08];
/// The length of that, in bytes.
pub(crate) const MARK: u64 = BEGINNING.len() as u64;

/// Returns the content of a gzip file with all its members, and other bytes as they are. `most` is the largest content in bytes.
///
/// # Errors
/// When the file is damaged, was cut off, or has more content.
pub(crate) fn inflated(bytes: Vec<u8>, shown: &str, most: u64) -> Result<Vec<u8>> {
    match is_compressed(&bytes) {
        true => inflate(bytes.as_slice(), shown, most),
        false => Ok(bytes),
    }
}

/// Whether a file that begins so is a gzip file.
pub(crate) fn is_compressed(beginning: &[u8]) -> bool {
    beginning.starts_with(BEGINNING)
}

/// Returns the content of a gzip file with all its members.
///
/// # Errors
/// As [`inflated`].
pub(crate) fn inflate(file: impl Read, shown: &str, most: u64) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    // One byte more shows that there is more.
    let read = MultiGzDecoder::new(file)
        .take(most.saturating_add(1))
        .read_to_end(&mut content);
    read.map_err(|error| {
        Error::new(format!("cannot decompress the file: {error}"))
            .in_file(shown)
            .with_hint("download the export again, or decompress it with gunzip")
    })?;
    if content.len() as u64 > most {
        let message = format!(
            "cannot decompress the file: it has more than {} MiB of content",
            most >> 20
        );
        return Err(Error::new(message).in_file(shown));
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::inflated;

    /// Made by `printf` and `gzip -n` for each of two parts, put together by `cat`.
    const TWO_MEMBERS: &[u8] = &[
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xab, 0x56, 0x4a, 0x54, 0xb2,
        0x32, 0xac, 0xe5, 0x02, 0x00, 0x46, 0xa3, 0xe8, 0x74, 0x08, 0x00, 0x00, 0x00, 0x1f, 0x8b,
        0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xab, 0x56, 0x4a, 0x52, 0xb2, 0x32, 0xaa,
        0xe5, 0x02, 0x00, 0xb1, 0x6f, 0x3a, 0xf0, 0x08, 0x00, 0x00, 0x00,
    ];

    #[test]
    fn all_members_are_read_and_nothing_else_is_touched() {
        let content = inflated(TWO_MEMBERS.to_vec(), "u.gz", 16).unwrap();
        assert_eq!(content, b"{\"a\":1}\n{\"b\":2}\n");
        for plain in [&b""[..], b"{}", b"\x1f\x8b"] {
            assert_eq!(inflated(plain.to_vec(), "u", 16).unwrap(), plain);
        }
    }

    #[test]
    fn what_is_too_large_damaged_or_cut_off_is_an_error() {
        let check = |bytes: &[u8], most: u64, text: &str| {
            let error = inflated(bytes.to_vec(), "u.gz", most).unwrap_err();
            assert!(error.to_string().contains(text), "{error}");
        };
        check(TWO_MEMBERS, 15, "more than 0 MiB");
        check(&TWO_MEMBERS[..30], 16, "cannot decompress");
        let mut damaged = TWO_MEMBERS.to_vec();
        damaged[20] ^= 1;
        check(&damaged, 16, "cannot decompress");
    }
}
