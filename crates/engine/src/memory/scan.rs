//! Which pages of a private mapping are no longer the file's.

use std::{
    fs::File,
    io,
    ops::Range,
    os::{fd::AsFd, unix::fs::FileExt},
    sync::{Mutex, PoisonError},
};

use super::{
    PAGE,
    system::{PageRegion, ScanArgument, pagemap_scan},
};

// `linux/fs.h`, for the ioctl.
const IS_FILE: u64 = 1 << 2;
const IS_PRESENT: u64 = 1 << 3;
const IS_SWAPPED: u64 = 1 << 4;
const IS_ZERO_PAGE: u64 = 1 << 5;

// `Documentation/admin-guide/mm/pagemap.rst`, for the file.
const ENTRY_BYTES: usize = 8;
const ENTRY_PRESENT: u64 = 1 << 63;
const ENTRY_SWAPPED: u64 = 1 << 62;
const ENTRY_FILE: u64 = 1 << 61;

/// The number of stretches that the kernel is asked for at once.
const REGIONS: usize = 256;

/// The kernel's list of this process's pages, opened once.
struct Pagemap {
    /// Whose it is: after a fork it would still be the parent's.
    process: u32,
    file: File,
}

static PAGEMAP: Mutex<Option<Pagemap>> = Mutex::new(None);

/// Returns where pages of `addresses` were written, as offsets from its start, in order and without neighbours. Pages that
/// were written and then moved to swap are among them; pages of zeros that were only read are not.
///
/// # Errors
/// When the kernel does not report it (no `/proc`).
pub(super) fn written(addresses: Range<usize>) -> io::Result<Vec<Range<usize>>> {
    let mut pagemap = PAGEMAP.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    if pagemap.as_ref().is_none_or(|it| it.process != process) {
        let file = File::open("/proc/self/pagemap")?;
        *pagemap = Some(Pagemap { process, file });
    }
    let Some(Pagemap { file, .. }) = pagemap.as_ref() else {
        return Err(io::Error::other("/proc/self/pagemap is not open"));
    };
    by_ioctl(file, addresses.clone()).or_else(|_| by_reading(file, addresses))
}

/// Linux 6.7 and later.
fn by_ioctl(file: &File, addresses: Range<usize>) -> io::Result<Vec<Range<usize>>> {
    let mut found = Vec::new();
    let mut regions = [PageRegion::default(); REGIONS];
    let mut start = addresses.start as u64;
    let end = addresses.end as u64;
    while start < end {
        let mut argument = ScanArgument {
            start,
            end,
            // Not the file's and not the page of zeros; in memory or in swap.
            category_inverted: IS_FILE | IS_ZERO_PAGE,
            category_mask: IS_FILE | IS_ZERO_PAGE,
            category_anyof_mask: IS_PRESENT | IS_SWAPPED,
            ..ScanArgument::default()
        };
        let count = pagemap_scan(file.as_fd(), &mut argument, &mut regions)?;
        for region in regions.iter().take(count) {
            let at = |address: u64| {
                let address = usize::try_from(address).unwrap_or(usize::MAX);
                address.saturating_sub(addresses.start)
            };
            push(&mut found, at(region.start)..at(region.end));
        }
        if argument.walk_end <= start {
            return Err(io::Error::other(
                "the kernel's list of pages does not advance",
            ));
        }
        start = argument.walk_end;
    }
    Ok(found)
}

/// Earlier kernels: one entry of eight bytes for each page. It does not show the page of zeros apart, which is taken for a written one.
fn by_reading(file: &File, addresses: Range<usize>) -> io::Result<Vec<Range<usize>>> {
    let mut entries = vec![0; addresses.len() / PAGE * ENTRY_BYTES];
    let first = addresses.start / PAGE * ENTRY_BYTES;
    file.read_exact_at(&mut entries, first as u64)?;
    let mut found = Vec::new();
    for (page, entry) in entries.chunks_exact(ENTRY_BYTES).enumerate() {
        let entry = entry.try_into().map(u64::from_le_bytes).unwrap_or_default();
        let is_there = entry & (ENTRY_PRESENT | ENTRY_SWAPPED) != 0;
        if is_there && entry & ENTRY_FILE == 0 {
            push(&mut found, page * PAGE..(page + 1) * PAGE);
        }
    }
    Ok(found)
}

/// Adds a range behind all others, or to the last one.
pub(super) fn push(ranges: &mut Vec<Range<usize>>, range: Range<usize>) {
    match ranges.last_mut() {
        Some(last) if last.end >= range.start => last.end = last.end.max(range.end),
        _ => ranges.push(range),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::system::{Reservation, memory_file};

    /// Both ways find the pages that were written, and not those that were only read.
    #[test]
    fn written_pages_are_found() {
        let file = File::from(memory_file().expect("a file"));
        file.write_all_at(&[7; 16 * PAGE], 0)
            .expect("it is written");
        let memory = Reservation::new(32 * PAGE).expect("addresses");
        memory
            .map(0..16 * PAGE, file.as_fd(), 0, true)
            .expect("it is mapped");
        memory.open(16 * PAGE..32 * PAGE).expect("it is opened");
        for page in [1, 2, 9, 15, 16, 30] {
            #[expect(unsafe_code, reason = "a test writes to its own memory")]
            // SAFETY: the memory is the test's own.
            unsafe {
                memory.write(page * PAGE + 5, &[1]);
            }
        }
        #[expect(unsafe_code, reason = "a test reads its own memory")]
        // SAFETY: the memory is the test's own, and nobody writes to it.
        let read = unsafe { memory.bytes(4 * PAGE..5 * PAGE) };
        assert_eq!(read.and_then(<[u8]>::first), Some(&7));
        let start = memory.at(0).addr();
        let pages = |ranges: Vec<Range<usize>>| -> Vec<(usize, usize)> {
            let pages = ranges
                .iter()
                .map(|range| (range.start / PAGE, range.end / PAGE));
            pages.collect()
        };
        let expected = vec![(1, 3), (9, 10), (15, 17), (30, 31)];
        let addresses = start..start + 32 * PAGE;
        assert_eq!(
            pages(written(addresses.clone()).expect("Linux tells")),
            expected
        );
        let pagemap = File::open("/proc/self/pagemap").expect("Linux has it");
        assert_eq!(
            pages(by_reading(&pagemap, addresses).expect("it is readable")),
            expected
        );
    }
}
