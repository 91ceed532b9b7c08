//! Checksums of what the cache keeps, against bits that rot and pages that were never written before the power went. They are no
//! protection from somebody who may write to the folder: see [`trust`](super::trust).

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use super::{seen::unless_seen, trust::open_own, write_own};

/// The beginning of a file with a checksum; sixteen hexadecimal digits follow.
const MAGIC: &str = "postlogin checksum 1 ";

/// The number of bytes that are read at once: a multiple of [`BLOCK`]. Reading leaves the file out of this process's memory; mapping it
/// would not.
const CHUNK: usize = 128 << 10;

/// The number of bytes of a step: a word for each lane.
const BLOCK: usize = LANES * size_of::<u64>();
/// As many as keep a processor's multiplier busy.
const LANES: usize = 4;

/// An odd number, so that multiplying loses nothing: 2^64 divided by the golden ratio.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// A checksum of 64 bits: some 10 GB/s where SHA-256, which is for enemies, would double the time that a start takes. Each step can be
/// undone, so bytes that differ within one word never have the same sum; others do by a chance of 2^-64.
struct Checksum {
    lanes: [u64; LANES],
    len: u64,
}

impl Checksum {
    fn new() -> Self {
        Self {
            lanes: [1, 2, 3, 4],
            len: 0,
        }
    }

    /// Takes bytes in. All parts but the last have a multiple of [`BLOCK`].
    fn update(&mut self, bytes: &[u8]) {
        self.len = self.len.wrapping_add(bytes.len() as u64);
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        for block in blocks {
            self.step(block);
        }
        if !rest.is_empty() {
            let mut last = [0; BLOCK];
            for (to, from) in last.iter_mut().zip(rest) {
                *to = *from;
            }
            self.step(&last);
        }
    }

    fn step(&mut self, block: &[u8; BLOCK]) {
        let (words, _) = block.as_chunks();
        for (lane, word) in self.lanes.iter_mut().zip(words) {
            *lane = mixed(*lane, u64::from_le_bytes(*word));
        }
    }

    fn finish(self) -> u64 {
        let all = self.lanes.into_iter().chain([self.len]);
        all.fold(0, mixed)
    }
}

/// Returns the checksum with one more number in it.
pub(super) fn mixed(sum: u64, word: u64) -> u64 {
    (sum ^ word).wrapping_mul(FACTOR).rotate_left(29)
}

/// Returns the checksum of bytes.
pub(super) fn of_bytes(bytes: &[u8]) -> u64 {
    let mut sum = Checksum::new();
    sum.update(bytes);
    sum.finish()
}

/// Returns the checksum of the first `len` bytes of a file, which is read from its beginning.
///
/// # Errors
/// When the file cannot be read or is shorter.
pub(super) fn of_file(mut file: &File, len: u64) -> io::Result<u64> {
    let mut sum = Checksum::new();
    let mut chunk = vec![0; CHUNK];
    file.seek(SeekFrom::Start(0))?;
    let mut left = len;
    while left > 0 {
        let most = usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK));
        let part = chunk.get_mut(..most).unwrap_or_default();
        file.read_exact(part)?;
        sum.update(part);
        left -= most as u64;
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(sum.finish())
}

/// Keeps the checksum of machine code that will be in `code`, beside it.
///
/// # Errors
/// When the cache cannot be written. The text says why.
pub(super) fn store(content: &[u8], code: &Path) -> Result<(), String> {
    let text = text(of_bytes(content));
    write_own(&code.with_extension("sum"), text.as_bytes())
}

/// Compares a file, which was opened at the path `code`, with the checksum beside it.
///
/// # Errors
/// When they differ, there is no checksum, or one of both cannot be read.
pub(super) fn verify(file: &File, code: &Path) -> io::Result<()> {
    let beside = open_own(&code.with_extension("sum")).map_err(io::Error::other)?;
    let beside = beside.ok_or_else(|| io::Error::other("its checksum is missing"))?;
    let mut expected = Vec::new();
    beside.file.take(CHUNK as u64).read_to_end(&mut expected)?;
    let expected = parsed(&expected).ok_or_else(|| io::Error::other("its checksum is none"))?;
    unless_seen(file, code, expected, || {
        match of_file(file, file.metadata()?.len())? == expected {
            true => Ok(()),
            false => Err(io::Error::other("its checksum is another one")),
        }
    })
}

/// The inverse of [`text`].
fn parsed(bytes: &[u8]) -> Option<u64> {
    let digits = bytes.strip_prefix(MAGIC.as_bytes())?.strip_suffix(b"\n")?;
    let sum = u64::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
    (bytes == text(sum).as_bytes()).then_some(sum)
}

fn text(sum: u64) -> String {
    format!("{MAGIC}{sum:016x}\n")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Computed once more in another language, from the description above.
    #[test]
    fn the_checksum_is_the_one_that_is_described() {
        let long: Vec<u8> = (0..100).collect();
        assert_eq!(of_bytes(b""), 0x9254_387d_60cf_4b7b);
        assert_eq!(of_bytes(b"123456789"), 0x9a7c_6c06_84d2_b48b);
        assert_eq!(of_bytes(&long), 0xd3d0_3aa7_4740_e476);
        assert_eq!(text(0x1f), "postlogin checksum 1 000000000000001f\n");
    }

    #[test]
    fn zeros_and_their_number_count() {
        let sums = [0, 1, 31, 32, 33, 64].map(|len| of_bytes(&vec![0; len]));
        for (index, sum) in sums.iter().enumerate() {
            assert!(!sums[..index].contains(sum), "{index}");
        }
    }

    /// Words and blocks in another order have another sum.
    #[test]
    fn order_counts() {
        let bytes: Vec<u8> = (0..=255).collect();
        for (one, other) in [(0, 8), (0, 32), (8, 40), (0, 248)] {
            let mut swapped = bytes.clone();
            for at in 0..8 {
                swapped.swap(one + at, other + at);
            }
            assert_ne!(of_bytes(&swapped), of_bytes(&bytes), "{one} {other}");
        }
    }

    #[test]
    fn files_are_read_in_chunks_to_the_length_that_is_asked_for() {
        let folder = std::env::temp_dir().join(format!("postlogin-sums-{}", std::process::id()));
        let code = folder.join("a.cwasm");
        let content: Vec<u8> = (0..CHUNK * 2 + 5).map(|at| (at % 251) as u8).collect();
        write_own(&code, &content).unwrap();
        let file = File::open(&code).unwrap();
        for len in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, content.len()] {
            let sum = of_file(&file, len as u64).unwrap();
            assert_eq!(sum, of_bytes(&content[..len]), "{len}");
        }
        assert!(of_file(&file, content.len() as u64 + 1).is_err());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_is_damaged_cut_off_or_has_no_checksum_is_told() {
        let folder = std::env::temp_dir().join(format!("postlogin-sum-{}", std::process::id()));
        let code = folder.join("a.cwasm");
        let content = vec![7; 100_000];
        let verify = || verify(&File::open(&code).unwrap(), &code);
        write_own(&code, &content).unwrap();
        assert!(verify().is_err(), "without a checksum");
        store(&content, &code).unwrap();
        verify().unwrap();
        for at in [0, 50_000, 99_999] {
            let mut damaged = content.clone();
            damaged[at] ^= 1;
            fs::write(&code, &damaged).unwrap();
            assert!(verify().is_err(), "a bit at {at}");
        }
        fs::write(&code, &content[..99_999]).unwrap();
        assert!(verify().is_err(), "cut off");
        fs::write(&code, &content).unwrap();
        verify().unwrap();
        for sum in [
            "",
            "postlogin checksum 1 ",
            "postlogin checksum 1 0000000000000000\n",
            "postlogin checksum 1 0\n",
            "postlogin checksum 1 +000000000000000\n",
        ] {
            fs::write(code.with_extension("sum"), sum).unwrap();
            assert!(verify().is_err(), "{sum:?}");
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
