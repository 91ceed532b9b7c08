//! The memory with which a sandbox of an Action begins.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use wasmtime::Store;

use super::ActionPre;
use crate::{
    globals::NotPutBack,
    guest::Script,
    memory::{Guest, Image},
    program::Program,
    sandbox::Sandbox,
    witness::Witness,
};

/// The most that captured images may have in memory, for all Actions of this process together, in bytes. One Action's image is a
/// sixth of a mebibyte; those that come later load their script in each login.
const MOST_CAPTURED: usize = 32 << 20;

/// The time that loading a script may take while it is captured, in ticks of the watchdog. One that takes longer is loaded in each
/// login, which counts the time.
const CAPTURE_TICKS: u64 = 100;

static CAPTURED_BYTES: AtomicUsize = AtomicUsize::new(0);

/// With what a sandbox begins.
pub(super) struct Start {
    /// Its memory; `None` where the machine code says that.
    pub(super) image: Option<Arc<Image>>,
    /// Whether the script is loaded in it.
    pub(super) has_script: bool,
}

impl Start {
    /// The start of a program without a script.
    pub(super) fn of(program: &Program) -> Self {
        Self {
            image: program.image.clone(),
            has_script: false,
        }
    }

    /// Counts the image as memory of the login, as loading the script would.
    pub(super) fn count(&self, store: &mut Store<Sandbox>) {
        if let Some(image) = &self.image {
            let limiter = &mut store.data_mut().limiter;
            limiter.peak = limiter.peak.max(image.len() as u64);
        }
    }
}

/// The memory of a sandbox in which a script is loaded, once that was made.
#[derive(Debug, Default)]
pub(super) struct Captured {
    /// Whether a login has loaded the script before.
    is_used: AtomicBool,
    /// `None` inside when there cannot be one.
    image: OnceLock<Option<Share>>,
}

/// An image with its share of [`MOST_CAPTURED`].
#[derive(Debug)]
struct Share {
    image: Arc<Image>,
    bytes: usize,
}

impl Drop for Share {
    fn drop(&mut self) {
        CAPTURED_BYTES.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl ActionPre {
    /// Returns with what a sandbox begins that may have `memory` bytes: from the second login on with the script loaded. Must run
    /// inside the runtime.
    ///
    /// # Errors
    /// When the script's sandbox is not as it must be ([`NotPutBack`]). Another reason not to capture it is none: it is loaded in each login.
    pub(super) async fn begin(&self, memory: u64) -> anyhow::Result<Start> {
        let start = Start::of(&self.program);
        let (Some(script), Some(base)) = (&self.script, &start.image) else {
            return Ok(start);
        };
        if self.captured.image.get().is_none() {
            // Most processes of `run` have one login, which would pay for nothing.
            if !self.captured.is_used.swap(true, Ordering::Relaxed) {
                return Ok(start);
            }
            let captured = match self.capture(script, base).await {
                Ok(captured) => captured,
                Err(error) if error.is::<NotPutBack>() => return Err(error),
                Err(error) => {
                    tracing::debug!(%error, "the loaded script is not captured");
                    None
                }
            };
            // Another thread may have been faster.
            let _ = self.captured.image.set(captured);
        }
        let captured = self.captured.image.get().and_then(Option::as_ref);
        Ok(match captured {
            // Too little memory is a fault of loading, which then runs.
            Some(Share { image, .. }) if image.len() as u64 <= memory => Start {
                image: Some(Arc::clone(image)),
                has_script: true,
            },
            _ => start,
        })
    }

    /// Loads the script where nothing of the world is to be seen, and takes the memory; `None` when it does not compile, or has
    /// asked for something of the world.
    async fn capture(&self, script: &Script, base: &Arc<Image>) -> anyhow::Result<Option<Share>> {
        let witness = Witness::new();
        let sandbox = witness.sandbox_without_modules();
        let mut store = Store::new(self.program.pre.engine(), sandbox);
        store.limiter(|sandbox| &mut sandbox.limiter);
        store.set_epoch_deadline(CAPTURE_TICKS);
        let mut guest = Guest::new(store);
        let instance = guest.instantiate(&self.program.pre, Some(base)).await?;
        let loaded = self.load(&mut guest.store, &instance, script).await?;
        // A handle would be unknown in another sandbox.
        let has_handles = !guest.store.data().table.is_empty();
        // A new instance over this image has those of the beginning.
        let program = &self.program;
        program.verify_globals(&mut guest.store, &instance).await?;
        if loaded.is_err() || witness.was_touched() || has_handles {
            return Ok(None);
        }
        let Some(image) = guest.capture(base)? else {
            return Ok(None);
        };
        let share = Share {
            bytes: image.overlay_bytes(),
            image: Arc::new(image),
        };
        let before = CAPTURED_BYTES.fetch_add(share.bytes, Ordering::Relaxed);
        Ok((before + share.bytes <= MOST_CAPTURED).then_some(share))
    }
}
