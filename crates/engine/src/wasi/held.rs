//! The resources that the host keeps for a guest's use of `wasi:http`.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use postlogin_core::ceilings::{HEADER_BYTES, HTTP_OBJECTS, OPEN_BODY_BYTES, OPEN_REQUEST_BODIES};

/// The cost of one header beside its name and its value.
const HEADER_OVERHEAD: usize = 128;

/// Returns what the headers of a message cost.
pub(super) fn header_bytes<'a>(headers: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> usize {
    let bytes = |(name, value): (&str, &[u8])| name.len() + value.len() + HEADER_OVERHEAD;
    headers.into_iter().map(bytes).sum()
}

/// Counts what the resources of `wasi:http` in one sandbox cost. Nothing is given back when the guest drops one, so that
/// the host needs to know nothing about the life of a resource; the ceilings are far above what an Action uses.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    objects: AtomicUsize,
    header_bytes: AtomicUsize,
    /// Bodies of requests that were begun and not sent yet.
    request_bodies: AtomicUsize,
    /// Bytes of the bodies that are held for the guest now.
    body_bytes: AtomicUsize,
}

/// Which ceiling was met; completes "The Actions of this login …".
pub(super) type Exceeded = String;

impl Held {
    /// Counts a new collection of headers or a new request.
    ///
    /// # Errors
    /// When there are too many.
    pub(super) fn object(&self) -> Result<(), Exceeded> {
        match add(&self.0.objects, 1) > HTTP_OBJECTS {
            true => Err(format!(
                "made more than {HTTP_OBJECTS} requests and collections of headers in one handler"
            )),
            false => Ok(()),
        }
    }

    /// Counts bytes of headers, URLs and methods.
    ///
    /// # Errors
    /// When there are too many.
    pub(super) fn header_bytes(&self, bytes: usize) -> Result<(), Exceeded> {
        match add(&self.0.header_bytes, bytes) > HEADER_BYTES {
            true => Err(format!(
                "used more than {} MiB of headers and URLs in one handler",
                HEADER_BYTES >> 20
            )),
            false => Ok(()),
        }
    }

    /// Counts a body that a request gets, until [`Held::sent`].
    ///
    /// # Errors
    /// When there are too many.
    pub(super) fn request_body(&self) -> Result<(), Exceeded> {
        match add(&self.0.request_bodies, 1) > OPEN_REQUEST_BODIES {
            true => Err(format!(
                "left more than {OPEN_REQUEST_BODIES} bodies of requests unsent"
            )),
            false => Ok(()),
        }
    }

    /// Returns a guard for the body of a request that is being sent: when it is dropped, the body no longer counts.
    pub(super) fn sent(&self) -> Sent {
        Sent(self.clone())
    }

    /// Returns a guard for the bytes of one body.
    pub(super) fn body(&self) -> HeldBytes {
        HeldBytes {
            bytes: 0,
            held: self.clone(),
        }
    }
}

fn add(counter: &AtomicUsize, more: usize) -> usize {
    counter
        .fetch_add(more, Ordering::Relaxed)
        .saturating_add(more)
}

/// The body of a request that is being sent.
pub(super) struct Sent(Held);

impl Drop for Sent {
    fn drop(&mut self) {
        self.0.0.request_bodies.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Some bytes of a body, counted while they are held.
pub(super) struct HeldBytes {
    bytes: usize,
    held: Held,
}

impl HeldBytes {
    /// Counts more; `false` when there are too many.
    pub(super) fn add(&mut self, bytes: usize) -> bool {
        self.bytes = self.bytes.saturating_add(bytes);
        add(&self.held.0.body_bytes, bytes) <= OPEN_BODY_BYTES
    }
}

impl Drop for HeldBytes {
    fn drop(&mut self) {
        let open = &self.held.0.body_bytes;
        open.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A response's body, counted until the guest lets go of it.
pub(super) struct HeldBody(
    pub(super) Vec<u8>,
    #[expect(dead_code, reason = "dropping it counts")] pub(super) HeldBytes,
);

impl AsRef<[u8]> for HeldBody {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
