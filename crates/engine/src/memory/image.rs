//! The initial memory of a login's sandbox.

use std::{
    fs::File,
    io,
    ops::Range,
    os::{fd::AsFd, unix::fs::FileExt},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    PAGE,
    system::{Reservation, memory_file},
};

/// Stretches of whole pages and what they hold, in order and not overlapping.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Overlay {
    /// Where they are in a sandbox's memory, in bytes.
    pub(crate) ranges: Vec<Range<usize>>,
    /// The bytes, one range after the other.
    pub(crate) bytes: Vec<u8>,
}

impl Overlay {
    /// An empty one that can have so many bytes before it has to move.
    pub(super) fn with_room_for(bytes: usize) -> Self {
        Self {
            ranges: Vec::new(),
            bytes: Vec::with_capacity(bytes),
        }
    }

    /// Adds a page behind all others.
    pub(super) fn push(&mut self, at: usize, page: &[u8]) {
        super::scan::push(&mut self.ranges, at..at + page.len());
        self.bytes.extend_from_slice(page);
    }

    /// Returns the ranges with what they hold.
    pub(super) fn parts(&self) -> impl Iterator<Item = (Range<usize>, &[u8])> {
        let mut rest = self.bytes.as_slice();
        self.ranges.iter().map(move |range| {
            let (part, behind) = rest.split_at_checked(range.len()).unwrap_or_default();
            rest = behind;
            (range.clone(), part)
        })
    }
}

/// Files over which sandboxes are mapped.
#[derive(Debug)]
pub(super) struct Mapped {
    id: u64,
    /// The mappings of ranges, later ones over earlier ones: a file and the offset in it.
    layers: Vec<(Arc<File>, Range<usize>, usize)>,
    /// The mapped size in bytes, a multiple of [`PAGE`].
    len: usize,
    /// The same, to read from.
    view: Reservation,
}

impl Mapped {
    fn new(layers: Vec<(Arc<File>, Range<usize>, usize)>, len: usize) -> io::Result<Self> {
        let view = Reservation::new(len)?;
        // What no file covers is zero.
        view.open_for_reading(0..len)?;
        for (file, range, offset) in &layers {
            view.map(range.clone(), file.as_fd(), *offset, false)?;
        }
        Ok(Self {
            id: new_id(),
            layers,
            len,
            view,
        })
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Maps a sandbox's memory, from `base` on in a reservation.
    pub(super) fn map_into(&self, reservation: &Reservation, base: usize) -> io::Result<()> {
        reservation.open(base..base + self.len)?;
        for (file, range, offset) in &self.layers {
            let place = base + range.start..base + range.end;
            reservation.map(place, file.as_fd(), *offset, true)?;
        }
        Ok(())
    }

    /// Returns what is mapped in `range`, which is cut where nothing is mapped any more.
    pub(super) fn bytes(&self, range: Range<usize>) -> &[u8] {
        let end = range.end.min(self.len);
        #[expect(unsafe_code, reason = "files of images are not written again")]
        // SAFETY: the whole view is readable; it is private and never written, and neither are its files.
        let bytes = unsafe { self.view.bytes(range.start.min(end)..end) };
        bytes.unwrap_or_default()
    }
}

/// The initial memory of a login's sandbox.
#[derive(Debug)]
pub(crate) struct Image {
    id: u64,
    mapped: Arc<Mapped>,
    overlay: Overlay,
    /// The size of the memory, in bytes.
    len: usize,
}

impl Image {
    /// An image that a file holds from its beginning on: `len` bytes, a multiple of [`PAGE`]. The file must never be written
    /// again.
    ///
    /// # Errors
    /// When it cannot be mapped.
    pub(crate) fn of_file(file: File, len: usize) -> io::Result<Self> {
        let layers = vec![(Arc::new(file), 0..len, 0)];
        Ok(Self::new(
            Arc::new(Mapped::new(layers, len)?),
            Overlay::default(),
            len,
        ))
    }

    /// An image of these bytes, in a file in memory.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub(crate) fn of_bytes(bytes: &[u8]) -> io::Result<Self> {
        let file = File::from(memory_file()?);
        write_sparse(&file, bytes)?;
        Self::of_file(file, bytes.len())
    }

    /// This image with an overlay over it, and a memory of `len` bytes. The overlay stays in memory and is copied for each login.
    pub(crate) fn with_overlay(&self, overlay: Overlay, len: usize) -> Self {
        Self::new(Arc::clone(&self.mapped), overlay, len)
    }

    fn new(mapped: Arc<Mapped>, overlay: Overlay, len: usize) -> Self {
        Self {
            id: new_id(),
            mapped,
            overlay,
            len,
        }
    }

    /// The same image with its overlay in a file, over which sandboxes are mapped: for overlays that cost more to copy than to
    /// map.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub(crate) fn with_mapped_overlay(&self) -> io::Result<Self> {
        let file = Arc::new(File::from(memory_file()?));
        file.write_all_at(&self.overlay.bytes, 0)?;
        let mut layers = self.mapped.layers.clone();
        let mut offset = 0;
        for range in &self.overlay.ranges {
            layers.push((Arc::clone(&file), range.clone(), offset));
            offset += range.len();
        }
        let mapped = Mapped::new(layers, self.len)?;
        Ok(Self::new(Arc::new(mapped), Overlay::default(), self.len))
    }

    /// Distinguishes images of this process.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// The size of the memory, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Returns the size of its part in this process's own memory, in bytes.
    pub(crate) fn overlay_bytes(&self) -> usize {
        self.overlay.bytes.len()
    }

    pub(super) fn mapped(&self) -> &Arc<Mapped> {
        &self.mapped
    }

    pub(crate) fn overlay(&self) -> &Overlay {
        &self.overlay
    }
}

fn new_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Writes bytes to an empty file, with holes where whole pages are zero.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn write_sparse(file: &File, bytes: &[u8]) -> io::Result<()> {
    file.set_len(bytes.len() as u64)?;
    let mut stretches: Vec<Range<usize>> = Vec::new();
    for (index, page) in bytes.chunks(PAGE).enumerate() {
        if page.iter().any(|byte| *byte != 0) {
            let start = index * PAGE;
            super::scan::push(&mut stretches, start..start + page.len());
        }
    }
    for stretch in stretches {
        let start = stretch.start as u64;
        file.write_all_at(bytes.get(stretch).unwrap_or_default(), start)?;
    }
    Ok(())
}
