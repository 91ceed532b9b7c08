//! Images of memories in the cache, beside the machine code that they belong to.
//!
//! A file begins with the memory itself, so that it can be mapped, and ends with a page that says how long that is, in how
//! many places beside it the code can keep something, and a checksum of the memory and that number. A file that was cut off has no such page.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
    sync::Arc,
};

use super::{checksum, seen::unless_seen, trust::open_own, with_temporary};
use crate::memory::{Image, PAGE, write_sparse};

/// The beginning of the last page; three numbers follow, of eight bytes each in little-endian order.
const MAGIC: &[u8] = b"postlogin memory image 2";

/// The image that the cache has beside machine code.
pub(crate) enum FoundImage {
    /// The initial memory, and the number of other places in which the code can keep something.
    Image(Arc<Image>, u64),
    /// The machine code brings its own data.
    None,
    /// Nothing that can be used.
    Missing,
}

/// Returns the image beside the machine code in `code`, if nobody else can have written it.
pub(crate) fn load(code: &Path) -> FoundImage {
    let path = code.with_extension("image");
    let found = open_own(&path).map_err(io::Error::other);
    let found = found.and_then(|opened| opened.map(|opened| map(opened.file, &path)).transpose());
    match found {
        Ok(Some(found)) => found,
        Ok(None) => FoundImage::Missing,
        Err(error) => {
            tracing::debug!(file = %path.display(), %error, "a cached image is not used");
            FoundImage::Missing
        }
    }
}

fn map(mut file: File, path: &Path) -> io::Result<FoundImage> {
    let size = file.metadata()?.len();
    let mut page = vec![0; PAGE];
    let end = size
        .checked_sub(PAGE as u64)
        .ok_or(io::ErrorKind::InvalidData)?;
    file.seek(SeekFrom::Start(end))?;
    file.read_exact(&mut page)?;
    let other = page.get(MAGIC.len() + size_of::<u64>()..);
    let other = other.and_then(<[u8]>::first_chunk).copied();
    let other = u64::from_le_bytes(other.unwrap_or_default());
    // What the page says is compared first: it costs nothing.
    let sum = page.get(MAGIC.len() + 2 * size_of::<u64>()..);
    let sum = sum.and_then(<[u8]>::first_chunk).copied();
    let sum = u64::from_le_bytes(sum.unwrap_or_default());
    if page != trailer(end, other, sum) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    unless_seen(&file, path, sum, || {
        match sum == checksum::mixed(checksum::of_file(&file, end)?, other) {
            true => Ok(()),
            false => Err(io::ErrorKind::InvalidData.into()),
        }
    })?;
    match usize::try_from(end).map_err(io::Error::other)? {
        0 => Ok(FoundImage::None),
        len => Ok(FoundImage::Image(
            Arc::new(Image::of_file(file, len)?),
            other,
        )),
    }
}

/// Keeps a memory beside the machine code in `code`; an empty one where the code brings its own data.
///
/// # Errors
/// When the cache cannot be written. The text says why.
pub(crate) fn store(code: &Path, memory: &[u8], other_state: u64) -> Result<(), String> {
    let len = memory.len() as u64;
    let sum = checksum::mixed(checksum::of_bytes(memory), other_state);
    with_temporary(&code.with_extension("image"), |mut file| {
        write_sparse(file, memory)?;
        file.seek(SeekFrom::Start(len))?;
        file.write_all(&trailer(len, other_state, sum))
    })
}

fn trailer(len: u64, other_state: u64, sum: u64) -> Vec<u8> {
    let mut page = MAGIC.to_vec();
    for number in [len, other_state, sum] {
        page.extend_from_slice(&number.to_le_bytes());
    }
    page.resize(PAGE, 0);
    page
}

#[cfg(all(test, target_os = "linux", target_pointer_width = "64"))]
mod tests;
