//! The system calls of this module, and a range of addresses that is owned.

use std::{
    io,
    ops::Range,
    os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd},
    ptr,
};

use super::PAGE;

/// Addresses that belong to nobody else, from a multiple of [`PAGE`] on. What lies there can be mapped and unmapped; until then,
/// touching it is a fault. Unmapped when dropped.
#[derive(Debug)]
pub(super) struct Reservation {
    start: *mut u8,
    len: usize,
}

// SAFETY: a pointer to memory that this value owns; no thread has anything of it for its own.
#[expect(unsafe_code, reason = "the pointer is to owned memory")]
unsafe impl Send for Reservation {}
// SAFETY: through a shared reference only system calls are made, which the kernel serialises, and bytes are copied in
// functions whose callers promise to be alone.
#[expect(unsafe_code, reason = "the pointer is to owned memory")]
unsafe impl Sync for Reservation {}

impl Reservation {
    /// Reserves `len` bytes of addresses, which takes no memory.
    ///
    /// # Errors
    /// When the process may have no more addresses (`ulimit -v`).
    pub(super) fn new(len: usize) -> io::Result<Self> {
        let len = len.next_multiple_of(PAGE).max(PAGE);
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        #[expect(unsafe_code, reason = "a system call")]
        // SAFETY: an anonymous mapping at a place of the kernel's choice touches nothing that exists.
        let start = unsafe { libc::mmap(ptr::null_mut(), len, libc::PROT_NONE, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Self {
            start: start.cast(),
            len,
        })
    }

    /// Returns the address of a place, which may be the end.
    pub(super) fn at(&self, offset: usize) -> *mut u8 {
        // Never beyond the end, whatever is asked for.
        self.start.wrapping_add(offset.min(self.len))
    }

    /// # Errors
    /// When the range is not within the reservation or not one of whole pages.
    fn check(&self, range: &Range<usize>) -> io::Result<()> {
        let is_within = range.start <= range.end && range.end <= self.len;
        if is_within && range.start.is_multiple_of(PAGE) && range.end.is_multiple_of(PAGE) {
            return Ok(());
        }
        Err(io::Error::other(
            "a range of memory lies outside of what is reserved",
        ))
    }

    /// Maps `range` to a file from `offset` on, privately: what is written there is not the file's.
    ///
    /// # Errors
    /// When the range is not ours, or the kernel refuses.
    pub(super) fn map(
        &self,
        range: Range<usize>,
        file: BorrowedFd<'_>,
        offset: usize,
        is_writable: bool,
    ) -> io::Result<()> {
        self.check(&range)?;
        if range.is_empty() {
            return Ok(());
        }
        let offset = i64::try_from(offset).map_err(io::Error::other)?;
        let access = match is_writable {
            true => libc::PROT_READ | libc::PROT_WRITE,
            false => libc::PROT_READ,
        };
        let flags = libc::MAP_PRIVATE | libc::MAP_FIXED | libc::MAP_NORESERVE;
        #[expect(unsafe_code, reason = "a system call")]
        // SAFETY: the range was checked to be within memory that this value owns, so nothing else is replaced.
        let mapped = unsafe {
            libc::mmap(
                self.at(range.start).cast(),
                range.len(),
                access,
                flags,
                file.as_raw_fd(),
                offset,
            )
        };
        match mapped == libc::MAP_FAILED {
            true => Err(io::Error::last_os_error()),
            false => Ok(()),
        }
    }

    /// Makes `range` readable and writable. What was never written there is zero.
    ///
    /// # Errors
    /// When the range is not ours, or the kernel refuses.
    pub(super) fn open(&self, range: Range<usize>) -> io::Result<()> {
        self.protect(range, libc::PROT_READ | libc::PROT_WRITE)
    }

    /// Makes `range` readable.
    ///
    /// # Errors
    /// When the range is not ours, or the kernel refuses.
    pub(super) fn open_for_reading(&self, range: Range<usize>) -> io::Result<()> {
        self.protect(range, libc::PROT_READ)
    }

    /// Makes touching `range` a fault again. Its content is given back to the system.
    ///
    /// # Errors
    /// When the range is not ours, or the kernel refuses.
    pub(super) fn close(&self, range: Range<usize>) -> io::Result<()> {
        self.forget(range.clone())?;
        self.protect(range, libc::PROT_NONE)
    }

    fn protect(&self, range: Range<usize>, access: i32) -> io::Result<()> {
        self.check(&range)?;
        if range.is_empty() {
            return Ok(());
        }
        #[expect(unsafe_code, reason = "a system call")]
        // SAFETY: the range was checked to be within memory that this value owns.
        let result = unsafe { libc::mprotect(self.at(range.start).cast(), range.len(), access) };
        result_of(result)
    }

    /// Drops what was written in `range`: a mapped file shows again, anything else is zero.
    ///
    /// # Errors
    /// When the range is not ours, or the kernel refuses.
    pub(super) fn forget(&self, range: Range<usize>) -> io::Result<()> {
        self.check(&range)?;
        if range.is_empty() {
            return Ok(());
        }
        let advice = libc::MADV_DONTNEED;
        #[expect(unsafe_code, reason = "a system call")]
        // SAFETY: the range was checked to be within memory that this value owns, and nobody holds a reference into it.
        let result = unsafe { libc::madvise(self.at(range.start).cast(), range.len(), advice) };
        result_of(result)
    }

    /// Returns the bytes of `range`; `None` where it is not within the reservation.
    ///
    /// # Safety
    /// The range is readable, and nobody writes to it while the bytes are borrowed.
    #[expect(unsafe_code, reason = "the caller knows who else uses the memory")]
    pub(super) unsafe fn bytes(&self, range: Range<usize>) -> Option<&[u8]> {
        if range.start > range.end || range.end > self.len {
            return None;
        }
        // SAFETY: within owned memory; the rest is the caller's promise.
        Some(unsafe { std::slice::from_raw_parts(self.at(range.start), range.len()) })
    }

    /// Writes `bytes` from `offset` on; nothing where they do not fit.
    ///
    /// # Safety
    /// The place is writable, and nobody holds a reference to it or uses it at the same time.
    #[expect(unsafe_code, reason = "the caller knows who else uses the memory")]
    pub(super) unsafe fn write(&self, offset: usize, bytes: &[u8]) {
        let fits = offset
            .checked_add(bytes.len())
            .is_some_and(|end| end <= self.len);
        debug_assert!(fits, "a write beyond what is reserved");
        if fits {
            // SAFETY: within owned memory, and `bytes` cannot overlap it as the caller holds no reference into it.
            unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), self.at(offset), bytes.len()) };
        }
    }

    /// Writes zeros to `range`; nothing where it does not fit.
    ///
    /// # Safety
    /// As for [`write`](Self::write).
    #[expect(unsafe_code, reason = "the caller knows who else uses the memory")]
    pub(super) unsafe fn zero(&self, range: Range<usize>) {
        if range.start <= range.end && range.end <= self.len {
            // SAFETY: within owned memory; the rest is the caller's promise.
            unsafe { ptr::write_bytes(self.at(range.start), 0, range.len()) };
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        #[expect(unsafe_code, reason = "a system call")]
        // SAFETY: the range is this value's, and nobody borrows from a value that is dropped.
        unsafe {
            libc::munmap(self.start.cast(), self.len);
        }
    }
}

/// A file that only this process has, and that takes memory where it is written.
///
/// # Errors
/// When the kernel has none to give.
pub(super) fn memory_file() -> io::Result<OwnedFd> {
    #[expect(unsafe_code, reason = "a system call")]
    // SAFETY: the name is a string with its end; the descriptor that comes back is new and nobody's.
    unsafe {
        let descriptor = libc::memfd_create(c"postlogin-image".as_ptr(), libc::MFD_CLOEXEC);
        match descriptor < 0 {
            true => Err(io::Error::last_os_error()),
            false => Ok(OwnedFd::from_raw_fd(descriptor)),
        }
    }
}

/// Returns how many page faults this thread has had; `None` where the kernel does not report it.
///
/// A page becomes a sandbox's own only by a fault of the thread that writes to it: as long as only one thread does, an
/// unchanged number means unchanged owners. (`mm_account_fault` in Linux counts a fault for the thread whose access it was, also
/// when the kernel itself wrote for it.)
pub(super) fn faults() -> Option<u64> {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    #[expect(unsafe_code, reason = "a system call")]
    // SAFETY: the structure is large enough and all zeros are a value of it.
    let usage = unsafe {
        if libc::getrusage(libc::RUSAGE_THREAD, usage.as_mut_ptr()) != 0 {
            return None;
        }
        usage.assume_init()
    };
    u64::try_from(usage.ru_minflt.checked_add(usage.ru_majflt)?).ok()
}

/// Returns the size of a page of this kernel, in bytes.
pub(super) fn page_size() -> Option<usize> {
    #[expect(unsafe_code, reason = "a system call")]
    // SAFETY: it reads a number.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).ok()
}

/// Returns how many bytes of addresses this process may have; `None` for any number.
pub(super) fn address_limit() -> Option<u64> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    #[expect(unsafe_code, reason = "a system call")]
    // SAFETY: the structure is the one that is asked for.
    let result = unsafe { libc::getrlimit(libc::RLIMIT_AS, &raw mut limit) };
    (result == 0 && limit.rlim_cur != libc::RLIM_INFINITY).then_some(limit.rlim_cur)
}

/// The ioctl of `/proc/self/pagemap` that lists pages by their kind: `PAGEMAP_SCAN` of `linux/fs.h`, Linux 6.7.
///
/// # Errors
/// When the kernel does not know it.
pub(super) fn pagemap_scan(
    pagemap: BorrowedFd<'_>,
    argument: &mut ScanArgument,
    found: &mut [PageRegion],
) -> io::Result<usize> {
    // _IOWR('f', 16, struct pm_scan_arg): 96 bytes.
    const PAGEMAP_SCAN: libc::c_ulong = 0xc060_6610;
    argument.size = size_of::<ScanArgument>() as u64;
    argument.found = found.as_mut_ptr().expose_provenance() as u64;
    argument.found_len = found.len() as u64;
    #[expect(unsafe_code, reason = "a system call")]
    // SAFETY: both structures have the kernel's layout, and the kernel writes no more regions than there is room for.
    let count = unsafe {
        libc::ioctl(
            pagemap.as_raw_fd(),
            PAGEMAP_SCAN as _,
            ptr::from_mut(argument),
        )
    };
    usize::try_from(count).map_err(|_| io::Error::last_os_error())
}

/// `struct pm_scan_arg` of `linux/fs.h`.
#[repr(C)]
#[derive(Debug, Default)]
pub(super) struct ScanArgument {
    pub size: u64,
    pub flags: u64,
    pub start: u64,
    pub end: u64,
    /// Where the kernel stopped.
    pub walk_end: u64,
    pub found: u64,
    pub found_len: u64,
    pub max_pages: u64,
    pub category_inverted: u64,
    pub category_mask: u64,
    pub category_anyof_mask: u64,
    pub return_mask: u64,
}

/// `struct page_region` of `linux/fs.h`.
#[repr(C)]
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct PageRegion {
    pub start: u64,
    pub end: u64,
    pub categories: u64,
}

fn result_of(result: i32) -> io::Result<()> {
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
