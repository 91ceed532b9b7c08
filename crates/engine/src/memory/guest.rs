//! A guest with its memory: what may capture that memory and put it back.

use std::{io, sync::Arc};

use wasmtime::{
    Store,
    component::{Instance, InstancePre},
};

use super::{Image, Region, instantiate_with};

/// A store, and the instance in it with its memory once that was made. Whoever has it to themselves knows that nothing runs
/// in it, which is what makes its memory safe to read and write.
pub(crate) struct Guest<T: Send + 'static> {
    /// The store. It is never exchanged for another one: the memory would be that of a stranger.
    pub(crate) store: Store<T>,
    instance: Option<Instance>,
    region: Option<Arc<Region>>,
}

impl<T: Send + 'static> Guest<T> {
    /// A guest that is not there yet.
    pub(crate) fn new(store: Store<T>) -> Self {
        Self {
            store,
            instance: None,
            region: None,
        }
    }

    /// Makes the instance. Its memory is what the image says; without one, what its machine code says.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) async fn instantiate(
        &mut self,
        pre: &InstancePre<T>,
        image: Option<&Arc<Image>>,
    ) -> wasmtime::Result<Instance> {
        let (instance, region) = instantiate_with(image, pre, &mut self.store).await?;
        self.instance = Some(instance);
        self.region = region;
        Ok(instance)
    }

    /// Returns the instance, once it was made.
    pub(crate) fn instance(&self) -> Option<Instance> {
        self.instance
    }

    /// Whether the instance can begin anew with an image of the same program: the image is of this size and over the same files.
    pub(crate) fn fits(&self, image: &Image) -> bool {
        let region = self.region.as_ref();
        region.is_some_and(|region| region.fits(image) && region.size() == image.len())
    }

    /// Whether the memory can be put back: it is one of ours, and has the size that it began with.
    pub(crate) fn can_rest(&self) -> bool {
        let region = self.region.as_ref();
        region.is_some_and(|region| !region.has_grown())
    }

    /// Notes that this thread is done with the guest for now.
    pub(crate) fn rest(&self) {
        if let Some(region) = &self.region {
            region.rest();
        }
    }

    /// Makes the memory what the image says, which [fits](Self::fits).
    ///
    /// # Errors
    /// When the kernel does not report what was written.
    pub(crate) fn put_back(&mut self, image: &Image) -> io::Result<()> {
        match &self.region {
            Some(region) if self.fits(image) => {
                #[expect(unsafe_code, reason = "nothing runs in a guest that is borrowed alone")]
                // SAFETY: the region is that of this store's instance, and the store is borrowed exclusively.
                unsafe {
                    region.put_back(image)
                }
            }
            _ => Err(io::Error::other("the image is of another component")),
        }
    }

    /// Returns an image of the memory as it is, and ends the guest; `None` where the memory is not one of ours. `base` is what the
    /// guest began with.
    ///
    /// # Errors
    /// When the kernel does not report what was written.
    pub(crate) fn capture(self, base: &Image) -> io::Result<Option<Image>> {
        let Some(region) = &self.region else {
            return Ok(None);
        };
        #[expect(unsafe_code, reason = "nothing runs in a guest that is owned")]
        // SAFETY: the region is that of this store's instance, and the store is owned here and dropped at the end.
        let overlay = unsafe {
            let overlay = region.capture()?;
            // The sandbox of the login that comes now has memory of its own.
            region.forget()?;
            overlay
        };
        Ok(Some(base.with_overlay(overlay, region.size())))
    }
}
