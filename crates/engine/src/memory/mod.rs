//! Memory of our own for sandboxes: a fresh login costs a copy of the few pages that the last one wrote.
//!
//! A component is compiled without its initial data ([`strip`]). The data become an [`Image`], a file that each sandbox
//! maps privately: nothing is initialised, and a page that a login writes becomes a copy of its own (the kernel does that).
//! After the login only those pages are put back. Which they are, the kernel knows: [`scan`] asks for pages that are no
//! longer the file's. When the thread had no page fault since the last reset, no page can have changed its owner, and the
//! pages known so far are all there are: then nothing is asked.
//!
//! On top of a file, an image can have pages in this process's memory: those in which an Action's script is loaded
//! ([`Overlay`]). They are copied like pages to be put back, so Actions alternate in one slot without a new mapping.
//!
//! | file | responsibility |
//! | --- | --- |
//! | `system` | the system calls; a range of addresses that is owned |
//! | `scan` | which pages differ from what is mapped |
//! | `image` | what a memory holds when a login begins |
//! | `region` | the memory of one sandbox: made, put back, grown |
//! | `creator` | what wasmtime asks for memories and stacks |
//! | `guest` | an instance together with its memory |
//! | `delta` | an overlay as bytes |
//! | `strip` | a component without its data |
//! | `verify` | whether memories are compared with their images |
//!
//! This needs Linux, `/proc/self/pagemap` and 64-bit addresses. Anywhere else [`Memory::for_this_machine`] is `None`, and
//! wasmtime's own memories are used as before.
//!
//! # Unsafe code
//! This module is the second place with unsafe code, beside the loading of machine code. What makes it sound:
//! 1. All addresses lie in a [`system::Reservation`], which is owned, and every range is checked against it.
//! 2. Nobody has a Rust reference into a sandbox's memory while it is written from here: it is written either before
//!    wasmtime gets it, or by a caller that holds the store exclusively while no guest runs.
//! 3. Views of images are mapped read-only and privately, and files of images are never written again: the cache replaces
//!    files by renaming, and a file in memory is dropped with its image.

/// The beginning of the error of a sandbox for whose memory the process may have no more addresses.
const FEW_ADDRESSES: &str = "cannot reserve addresses for a sandbox";

/// The hint where an error [`lacks_addresses`].
pub const MORE_ADDRESSES: &str =
    "this process may have too few addresses: raise the limit, `ulimit -v 4000000` or more";

/// Whether an error, as text, is that of a limit to the addresses of this process.
#[must_use]
pub fn lacks_addresses(error: &str) -> bool {
    error.contains(FEW_ADDRESSES)
}

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod creator;
pub(crate) mod delta;
#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
mod elsewhere;
mod guest;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod image;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod region;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod scan;
pub(crate) mod strip;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod system;
mod verify;

#[cfg(all(test, target_os = "linux", target_pointer_width = "64"))]
mod tests;

pub(crate) use guest::Guest;
pub use verify::{Verified, verified, verify_images};
pub(crate) use verify::{count_globals, verifies};

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
pub(crate) use elsewhere::{
    Image, Memory, Overlay, Region, instantiate_with, restrict_addresses, write_sparse,
};
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub(crate) use {
    creator::{Memory, instantiate_with, restrict_addresses},
    image::{Image, Overlay, write_sparse},
    region::Region,
};

/// The unit in which memory is mapped and put back, in bytes. Kernels with larger pages use wasmtime's own memories.
pub(crate) const PAGE: usize = 4096;
