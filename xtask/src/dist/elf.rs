//! Whether a Linux program is static.

use anyhow::{Result, ensure};

/// The program header that names a loader (`PT_INTERP`). <https://refspecs.linuxfoundation.org/elf/elf.pdf>, "Program Header".
const PT_INTERP: u32 = 3;

/// Returns whether a 64-bit little-endian ELF file names no loader: it then runs with any C library, and with none.
///
/// # Errors
/// When the bytes are no such file, or end too early.
pub(super) fn is_static(bytes: &[u8]) -> Result<bool> {
    ensure!(
        bytes.starts_with(b"\x7fELF\x02\x01"),
        "it is not a 64-bit little-endian ELF file"
    );
    let table = usize::try_from(number(bytes, 0x20, 8)?)?;
    let size = usize::try_from(number(bytes, 0x36, 2)?)?;
    let count = usize::try_from(number(bytes, 0x38, 2)?)?;
    for index in 0..count {
        let at = size
            .checked_mul(index)
            .and_then(|offset| table.checked_add(offset));
        let kind = number(bytes, at.unwrap_or(usize::MAX), 4)?;
        if kind == u64::from(PT_INTERP) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The little-endian number of `size` bytes at an offset.
fn number(bytes: &[u8], at: usize, size: usize) -> Result<u64> {
    let end = at.checked_add(size);
    let found = end.and_then(|end| bytes.get(at..end));
    ensure!(found.is_some(), "the ELF file ends too early");
    let digits = found.unwrap_or_default().iter().rev();
    Ok(digits.fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::is_static;

    /// A header, and one program header of this kind after it.
    fn file(kind: u32) -> Vec<u8> {
        let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
        bytes.resize(0x40, 0);
        bytes[0x20] = 0x40;
        bytes[0x36] = 0x38;
        bytes[0x38] = 1;
        bytes.extend(kind.to_le_bytes());
        bytes.resize(0x78, 0);
        bytes
    }

    #[test]
    fn a_loader_is_seen() {
        assert!(is_static(&file(1)).expect("a file"));
        assert!(!is_static(&file(3)).expect("a file"));
    }

    #[test]
    fn what_is_no_program_is_an_error() {
        let mut endless = file(1);
        endless[0x20..0x28].fill(0xff);
        let mut short = file(1);
        short.truncate(0x41);
        for bytes in [&b"MZ"[..], b"", b"\x7fELF\x02\x01", &endless, &short] {
            assert!(is_static(bytes).is_err(), "{bytes:?}");
        }
    }
}
