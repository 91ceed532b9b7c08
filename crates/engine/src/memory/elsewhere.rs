//! This module on other systems: it has nothing, and no value of these types can exist.

use std::{convert::Infallible, fs::File, io, ops::Range, sync::Arc};

use wasmtime::{
    Config,
    component::{Instance, InstancePre},
};

/// The memories of an engine.
#[derive(Debug, Clone)]
pub(crate) struct Memory(Infallible);

impl Memory {
    /// Returns `None`.
    pub(crate) fn for_this_machine() -> Option<Self> {
        None
    }

    pub(crate) fn configure(&self, _: &mut Config) {
        match self.0 {}
    }
}

/// Does nothing: the limit is one of Linux.
pub(crate) fn restrict_addresses(_: &mut Config) {}

/// The initial memory of a login.
#[derive(Debug)]
pub(crate) struct Image(Infallible);

/// Stretches of whole pages and what they hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Overlay {
    pub(crate) ranges: Vec<Range<usize>>,
    pub(crate) bytes: Vec<u8>,
}

impl Image {
    /// # Errors
    /// Always.
    pub(crate) fn of_file(_: File, _: usize) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// # Errors
    /// Always.
    pub(crate) fn of_bytes(_: &[u8]) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn with_overlay(&self, _: Overlay, _: usize) -> Self {
        match self.0 {}
    }

    /// # Errors
    /// Never.
    pub(crate) fn with_mapped_overlay(&self) -> io::Result<Self> {
        match self.0 {}
    }

    pub(crate) fn len(&self) -> usize {
        match self.0 {}
    }

    pub(crate) fn overlay(&self) -> &Overlay {
        match self.0 {}
    }

    pub(crate) fn overlay_bytes(&self) -> usize {
        match self.0 {}
    }
}

/// The memory of one sandbox.
#[derive(Debug)]
pub(crate) struct Region(Infallible);

#[expect(unsafe_code, reason = "the same promises as on Linux")]
impl Region {
    pub(crate) fn size(&self) -> usize {
        match self.0 {}
    }

    pub(crate) fn has_grown(&self) -> bool {
        match self.0 {}
    }

    pub(crate) fn fits(&self, _: &Image) -> bool {
        match self.0 {}
    }

    pub(crate) fn rest(&self) {
        match self.0 {}
    }

    /// # Errors
    /// Never.
    ///
    /// # Safety
    /// No value of this type exists.
    pub(crate) unsafe fn put_back(&self, _: &Image) -> io::Result<()> {
        match self.0 {}
    }

    /// # Errors
    /// Never.
    ///
    /// # Safety
    /// No value of this type exists.
    pub(crate) unsafe fn capture(&self) -> io::Result<Overlay> {
        match self.0 {}
    }

    /// # Errors
    /// Never.
    ///
    /// # Safety
    /// No value of this type exists.
    pub(crate) unsafe fn forget(&self) -> io::Result<()> {
        match self.0 {}
    }
}

/// Makes an instance with wasmtime's own memory.
///
/// # Errors
/// When the instance cannot be made.
pub(crate) async fn instantiate_with<T: Send + 'static>(
    _: Option<&Arc<Image>>,
    pre: &InstancePre<T>,
    store: &mut wasmtime::Store<T>,
) -> wasmtime::Result<(Instance, Option<Arc<Region>>)> {
    Ok((pre.instantiate_async(store).await?, None))
}

/// # Errors
/// Always.
pub(crate) fn write_sparse(_: &File, _: &[u8]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
