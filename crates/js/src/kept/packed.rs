//! The packed form of a delta: its size as a little-endian number of 64 bits, then a block of LZ4
//! (<https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md>).
//!
//! It is written once for each set of packages and read by each process after, while a user waits for the login. zstd packs no smaller at the
//! speed that its Rust version has, and takes longer in both directions.

/// Returns the bytes as they are kept.
pub(super) fn packed(bytes: &[u8]) -> Vec<u8> {
    let size = (bytes.len() as u64).to_le_bytes();
    let most = lz4_flex::block::get_maximum_output_size(bytes.len());
    let mut packed = vec![0; size.len() + most];
    let (start, block) = packed.split_at_mut(size.len());
    start.copy_from_slice(&size);
    // It has room for anything. If not, what is written would be refused when it is read.
    let length = lz4_flex::block::compress_into(bytes, block).unwrap_or_default();
    packed.truncate(size.len() + length);
    packed
}

/// Returns what [`packed`] has packed, `most` bytes at the most.
///
/// # Errors
/// When it is damaged, or larger.
pub(super) fn unpacked(packed: &[u8], most: usize) -> Result<Vec<u8>, String> {
    let (size, block) = packed.split_first_chunk().ok_or("its size is cut off")?;
    let size = usize::try_from(u64::from_le_bytes(*size)).unwrap_or(usize::MAX);
    if size > most {
        return Err(format!("it has more than {most} bytes"));
    }
    let bytes = lz4_flex::block::decompress(block, size).map_err(|error| error.to_string())?;
    match bytes.len() == size {
        true => Ok(bytes),
        false => Err("it has less bytes than it says".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Like a heap: repeated words, numbers, and noise.
    fn heap(words: usize) -> Vec<u8> {
        let mut state = 1_u64;
        let words = (0..words).flat_map(|word| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let number = match word % 4 {
                0 => 0x0001_0000,
                1 => word as u64 / 64,
                2 => 0,
                _ => state >> 40,
            };
            number.to_le_bytes()
        });
        words.collect()
    }

    #[test]
    fn what_is_packed_is_smaller_and_comes_back() {
        for words in [0, 1, 7, 10_000] {
            let bytes = heap(words);
            let packed = packed(&bytes);
            assert_eq!(unpacked(&packed, bytes.len()), Ok(bytes), "{words}");
        }
        assert!(packed(&heap(10_000)).len() < 40_000);
    }

    /// Five literals, by the description of the format: a token with their number in its upper half, then they.
    #[test]
    fn the_format_is_the_one_of_lz4() {
        let block = [5, 0, 0, 0, 0, 0, 0, 0, 0x50, b'h', b'e', b'l', b'l', b'o'];
        assert_eq!(unpacked(&block, 5), Ok(b"hello".to_vec()));
        assert_eq!(packed(b"hello"), block);
        // One literal, nine more from one byte back, and the five literals that a block ends with.
        let block = [
            15, 0, 0, 0, 0, 0, 0, 0, 0x15, b'a', 1, 0, 0x50, b'a', b'a', b'a', b'a', b'b',
        ];
        assert_eq!(unpacked(&block, 15), Ok(b"aaaaaaaaaaaaaab".to_vec()));
    }

    #[test]
    fn what_is_damaged_or_too_large_is_refused() {
        let whole = packed(&heap(1_000));
        assert!(unpacked(&whole, 7_999).is_err(), "too large");
        for len in [0, 7, 8, 9, whole.len() / 2, whole.len() - 1] {
            assert!(unpacked(&whole[..len], 1 << 20).is_err(), "{len} bytes");
        }
        for size in [0, 7_999, 8_001, u64::MAX] {
            let mut other = whole.clone();
            other[..8].copy_from_slice(&size.to_le_bytes());
            assert!(unpacked(&other, 1 << 20).is_err(), "of size {size}");
        }
        // An offset before the beginning, and a length without an end.
        for block in [&[0x10, b'a', 2, 0, 0x50, 1, 2, 3, 4, 5][..], &[0xff; 64]] {
            let mut bytes = 100_u64.to_le_bytes().to_vec();
            bytes.extend(block);
            assert!(unpacked(&bytes, 1 << 20).is_err(), "{block:?}");
        }
        // What zstd has packed.
        assert!(unpacked(&[0x28, 0xb5, 0x2f, 0xfd, 0, 0x38, 0x3c, 0x4e, 8], 1 << 20).is_err());
    }
}
