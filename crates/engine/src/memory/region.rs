//! The memory of one sandbox.

use std::{
    io,
    ops::Range,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, ThreadId},
};

use super::{
    PAGE,
    image::{Image, Mapped, Overlay},
    scan,
    system::{Reservation, faults},
    verify,
};

/// When more than this was written, it is given back instead of copied, in bytes: a login that follows writes much less.
const MOST_COPIED: usize = 4 << 20;

/// Where a sandbox's memory can be: addresses, mapped to the files of an image.
#[derive(Debug)]
pub(crate) struct Region {
    reservation: Reservation,
    /// Where the memory begins. What lies before is never mapped.
    base: usize,
    /// The size to which it may grow, in bytes. The guard is after it.
    capacity: usize,
    mapped: Arc<Mapped>,
    /// The size of the memory, in bytes.
    size: AtomicUsize,
    /// Its size when the login began.
    size_at_start: AtomicUsize,
    written: Mutex<Written>,
}

/// The pages that are no longer the files'.
#[derive(Debug, Default)]
struct Written {
    /// Where they are. In order, no neighbours.
    ranges: Vec<Range<usize>>,
    /// The thread that has put them back, and how many faults it had had then.
    seen: Option<(ThreadId, u64)>,
    /// The copies to make for the image that was put back last.
    plan: Plan,
}

#[derive(Debug, Default)]
struct Plan {
    /// Which image; 0 for none.
    image: u64,
    /// The parts of `Written::ranges` that the image's overlay does not cover.
    ranges: Vec<Range<usize>>,
}

impl Region {
    /// A region for the files of an image.
    ///
    /// # Errors
    /// When there are no addresses for it.
    pub(super) fn new(mapped: &Arc<Mapped>, capacity: usize, guard: usize) -> io::Result<Self> {
        let capacity = capacity.max(mapped.len());
        // Not where the file's pages would be aligned: Linux 6.18 then maps the large folios of its cache as a whole, up to 2 MiB at a
        // fault, which counts as memory of this process although it is not.
        let base = guard + PAGE;
        let reservation = Reservation::new(base + capacity + guard)?;
        mapped.map_into(&reservation, base)?;
        Ok(Self {
            reservation,
            base,
            capacity,
            mapped: Arc::clone(mapped),
            size: AtomicUsize::new(mapped.len()),
            size_at_start: AtomicUsize::new(mapped.len()),
            written: Mutex::default(),
        })
    }

    /// Whether it is mapped to the files of this image, with room for it.
    pub(crate) fn fits(&self, image: &Image) -> bool {
        self.mapped.id() == image.mapped().id() && image.len() <= self.capacity
    }

    pub(super) fn start(&self) -> *mut u8 {
        self.reservation.at(self.base)
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// The size of the memory now, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.size.load(Ordering::Relaxed)
    }

    /// Whether the memory has grown since the login began.
    pub(crate) fn has_grown(&self) -> bool {
        self.size() != self.size_at_start.load(Ordering::Relaxed)
    }

    /// # Errors
    /// When there is no room, or no memory.
    pub(super) fn grow(&self, size: usize) -> io::Result<()> {
        if size > self.capacity || size < self.size() {
            return Err(io::Error::other("the memory cannot have this size"));
        }
        self.reservation
            .open(self.base + self.size()..self.base + size)?;
        self.size.store(size, Ordering::Relaxed);
        Ok(())
    }

    /// Makes the memory as large as the image, whatever it was.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub(super) fn resize(&self, image: &Image) -> io::Result<()> {
        let (old, new) = (self.size(), image.len().max(self.mapped.len()));
        if old > new {
            self.reservation.close(self.base + new..self.base + old)?;
            // What was written there is gone.
            *self.written() = Written::default();
        } else {
            self.reservation.open(self.base + old..self.base + new)?;
        }
        self.size.store(new, Ordering::Relaxed);
        self.size_at_start.store(new, Ordering::Relaxed);
        Ok(())
    }

    fn written(&self) -> std::sync::MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the memory what the image says. It has the image's size.
    ///
    /// # Errors
    /// When the kernel does not report what was written.
    ///
    /// # Safety
    /// No guest runs in this memory, and nobody else uses it while this runs.
    #[expect(unsafe_code, reason = "the caller has the sandbox to itself")]
    pub(crate) unsafe fn put_back(&self, image: &Image) -> io::Result<()> {
        let mut written = self.written();
        let thread = thread::current().id();
        // Without a fault of this thread, which alone has written here, no page has become the sandbox's own.
        let before = faults().map(|faults| (thread, faults));
        let is_known = before.is_some() && written.seen == before;
        if !is_known {
            self.scan(&mut written)?;
        }
        let bytes: usize = written.ranges.iter().map(ExactSizeIterator::len).sum();
        if bytes > MOST_COPIED {
            self.reservation
                .forget(self.base..self.base + self.size())?;
            written.ranges.clear();
            written.plan = Plan::default();
        }
        written.plan_for(image);
        for range in &written.plan.ranges {
            let source = self.mapped.bytes(range.clone());
            // SAFETY: the range was written to before, so it is writable; the caller is alone.
            unsafe {
                self.reservation.write(self.base + range.start, source);
                // What no file covers was zero.
                let rest = range.start + source.len()..range.end;
                self.reservation
                    .zero(self.base + rest.start..self.base + rest.end);
            }
        }
        for (range, bytes) in image.overlay().parts() {
            debug_assert!(range.end <= self.size(), "an overlay beyond the memory");
            if range.end <= self.size() {
                // SAFETY: within the memory, which is writable; the caller is alone.
                unsafe { self.reservation.write(self.base + range.start, bytes) };
            }
        }
        written.add(&image.overlay().ranges);
        // Copying may have had faults: those pages are known. When nothing was new it has had none, and asking is a call to the system.
        written.seen = match is_known {
            true => before,
            false => faults().map(|faults| (thread, faults)),
        };
        drop(written);
        if verify::verifies() {
            // SAFETY: the caller is alone.
            if let Some(at) = unsafe { self.difference(image) } {
                return Err(io::Error::other(format!(
                    "the page at {at:#x} of a sandbox was not put back"
                )));
            }
            verify::count_memory();
        }
        Ok(())
    }

    /// Gives back what the memory has grown by. Without an instance, its size is of no interest.
    pub(super) fn shrink(&self) {
        let (old, new) = (self.size(), self.mapped.len());
        if old <= new {
            return;
        }
        // What cannot be given back stays until the region is resized or dropped.
        if self
            .reservation
            .close(self.base + new..self.base + old)
            .is_ok()
        {
            *self.written() = Written::default();
            self.size.store(new, Ordering::Relaxed);
        }
    }

    /// Notes that this thread no longer uses the memory.
    pub(crate) fn rest(&self) {
        let mut written = self.written();
        let here = thread::current().id();
        // Another one has put it back: the faults of that one say nothing about what was written here.
        if written.seen.is_some_and(|(thread, _)| thread != here) {
            written.seen = None;
        }
    }

    /// Adds what was written since.
    fn scan(&self, written: &mut Written) -> io::Result<()> {
        let start = self.start().addr();
        let found = scan::written(start..start + self.size())?;
        written.add(&found);
        Ok(())
    }

    /// Returns the pages that differ from the files of the image.
    ///
    /// # Errors
    /// When the kernel does not report what was written.
    ///
    /// # Safety
    /// No guest runs in this memory.
    #[expect(unsafe_code, reason = "the caller has the sandbox to itself")]
    pub(crate) unsafe fn capture(&self) -> io::Result<Overlay> {
        let mut written = self.written();
        self.scan(&mut written)?;
        let most = written.ranges.iter().map(ExactSizeIterator::len).sum();
        let mut overlay = Overlay::with_room_for(most);
        for range in &written.ranges {
            for at in range.clone().step_by(PAGE) {
                // SAFETY: the memory is readable, and the caller promises that nobody writes to it.
                let page = unsafe { self.page(at) };
                if !self.is_as_mapped(at, page) {
                    overlay.push(at, page);
                }
            }
        }
        Ok(overlay)
    }

    /// Gives back all of the memory's content, its pages of the files as well. The memory is as those say, until it is resized.
    ///
    /// # Errors
    /// When the kernel refuses.
    ///
    /// # Safety
    /// No guest runs in this memory, nor will one that ran before.
    #[expect(unsafe_code, reason = "the caller has the sandbox to itself")]
    pub(crate) unsafe fn forget(&self) -> io::Result<()> {
        *self.written() = Written::default();
        self.reservation.forget(self.base..self.base + self.size())
    }

    fn is_as_mapped(&self, at: usize, page: &[u8]) -> bool {
        let source = self.mapped.bytes(at..at + PAGE);
        match source.is_empty() {
            true => page.iter().all(|byte| *byte == 0),
            false => page == source,
        }
    }

    /// # Safety
    /// Nobody writes to this memory while the page is borrowed.
    #[expect(unsafe_code, reason = "the caller has the sandbox to itself")]
    unsafe fn page(&self, at: usize) -> &[u8] {
        if at + PAGE > self.size() {
            return &[];
        }
        let at = self.base + at;
        // SAFETY: all of the memory is readable.
        unsafe { self.reservation.bytes(at..at + PAGE) }.unwrap_or_default()
    }

    /// Returns the first page that is not what the image says.
    ///
    /// # Safety
    /// As for [`capture`](Self::capture).
    #[expect(unsafe_code, reason = "the caller has the sandbox to itself")]
    unsafe fn difference(&self, image: &Image) -> Option<usize> {
        let mut parts = image.overlay().parts().peekable();
        (0..self.size()).step_by(PAGE).find(|at| {
            while parts.peek().is_some_and(|(range, _)| range.end <= *at) {
                parts.next();
            }
            // SAFETY: the caller's promise.
            let page = unsafe { self.page(*at) };
            match parts.peek() {
                Some((range, bytes)) if range.contains(at) => {
                    let offset = at - range.start;
                    bytes.get(offset..offset + PAGE) != Some(page)
                }
                _ => !self.is_as_mapped(*at, page),
            }
        })
    }
}

impl Written {
    /// Adds ranges in order to those that are known.
    fn add(&mut self, ranges: &[Range<usize>]) {
        let is_known = |range: &Range<usize>| {
            let after = self.ranges.partition_point(|known| known.end < range.end);
            let known = self.ranges.get(after);
            known.is_some_and(|known| known.start <= range.start && range.end <= known.end)
        };
        if ranges.iter().all(is_known) {
            return;
        }
        let mut all: Vec<_> = std::mem::take(&mut self.ranges);
        all.extend_from_slice(ranges);
        all.sort_unstable_by_key(|range| range.start);
        for range in all {
            scan::push(&mut self.ranges, range);
        }
        self.plan = Plan::default();
    }

    /// Works out what to copy for an image, unless that is known.
    fn plan_for(&mut self, image: &Image) {
        if self.plan.image == image.id() {
            return;
        }
        let ranges = without(&self.ranges, &image.overlay().ranges);
        self.plan = Plan {
            image: image.id(),
            ranges,
        };
    }
}

/// Returns `ranges` without what `covered` covers. Both are in order.
fn without(ranges: &[Range<usize>], covered: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut left = Vec::new();
    let mut covered = covered.iter().peekable();
    for range in ranges {
        let mut start = range.start;
        while let Some(cover) = covered.peek().filter(|cover| cover.start < range.end) {
            if cover.start > start {
                left.push(start..cover.start);
            }
            start = start.max(cover.end);
            if cover.end > range.end {
                // It covers some of the next range, too.
                break;
            }
            covered.next();
        }
        if start < range.end {
            left.push(start..range.end);
        }
    }
    left
}

#[cfg(test)]
#[expect(
    clippy::single_range_in_vec_init,
    reason = "lists of ranges, some of them of one"
)]
mod tests {
    use super::*;

    /// A page that was written although it seems that nothing was.
    #[test]
    fn what_is_not_put_back_is_found() {
        super::super::verify_images();
        let image = Image::of_bytes(&[7; 8 * PAGE]).expect("memory");
        let region = Region::new(image.mapped(), 16 * PAGE, PAGE).expect("addresses");
        #[expect(unsafe_code, reason = "a test has its memory to itself")]
        // SAFETY: the memory is the test's own.
        let put_back = || unsafe { region.put_back(&image) };
        put_back().expect("nothing was written");
        #[expect(unsafe_code, reason = "a test writes to its own memory")]
        // SAFETY: within the memory, which is the test's own.
        unsafe {
            region.start().add(3 * PAGE).write(8);
        }
        let thread = thread::current().id();
        region.written().seen = faults().map(|faults| (thread, faults));
        let error = put_back().expect_err("a page differs").to_string();
        assert_eq!(error, "the page at 0x3000 of a sandbox was not put back");
        region.written().seen = None;
        put_back().expect("the kernel knows what was written");
    }

    #[test]
    fn what_is_covered_is_left_out() {
        #[track_caller]
        fn check(ranges: &[Range<usize>], covered: &[Range<usize>], expected: &[Range<usize>]) {
            assert_eq!(without(ranges, covered), expected);
        }
        check(&[0..4, 8..12], &[], &[0..4, 8..12]);
        check(&[0..4, 8..12], &[0..4], &[8..12]);
        check(&[0..4, 8..12], &[2..3, 10..12], &[0..2, 3..4, 8..10]);
        check(&[0..4, 8..12], &[4..8], &[0..4, 8..12]);
        check(&[0..12], &[2..3, 5..7], &[0..2, 3..5, 7..12]);
        check(&[0..4, 8..12], &[2..10], &[0..2, 10..12]);
    }

    #[test]
    fn written_ranges_are_joined() {
        let mut written = Written::default();
        written.add(&[4..8, 12..16]);
        written.add(&[8..12, 20..24]);
        assert_eq!(written.ranges, [4..16, 20..24]);
        written.plan.image = 7;
        written.add(&[5..9]);
        assert_eq!(written.plan.image, 7, "nothing is new");
        written.add(&[0..4]);
        assert_eq!(
            (written.ranges, written.plan.image),
            (vec![0..16, 20..24], 0)
        );
    }
}
