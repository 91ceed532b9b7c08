//! An engine in which packages have run: an image of its memory after that, and what of it can be stored.

use std::{sync::Arc, thread};

use anyhow::{Context, anyhow};
use wasmtime::Store;

use crate::{
    memory::{Guest, Image, delta},
    modules::{ModuleSource, preload},
    program::Program,
    sandbox::Sandbox,
    witness::Witness,
};

/// The time that packages may take to load, in ticks of the watchdog: as long as a login may.
const MOST_TICKS: u64 = 2_000;

/// The changes of packages in an engine's memory. It is data of the guest's: the host trusts nothing in it.
#[derive(Debug, Clone)]
pub struct Delta(Arc<Image>);

impl Delta {
    /// Returns it as bytes, for [`Program::with_delta`] of the same program in any process.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        delta::bytes(&self.0)
    }
}

/// Why packages cannot be loaded beforehand.
#[derive(Debug)]
pub enum NotPreloaded {
    /// They fail; or they have seen the time or chance, have printed or asked the network, or something of them still waits: they
    /// may be different in each login.
    Unrepeatable,
    /// Sandboxes have no images on this machine.
    NoImages,
    /// Anything else.
    Broken(anyhow::Error),
}

impl Program {
    /// Runs the packages that these specifiers name, in this order, as an Action that requires them would, and returns the
    /// program whose sandboxes begin after that.
    ///
    /// # Errors
    /// When they cannot be loaded beforehand.
    pub fn with_packages(
        &self,
        specifiers: &[String],
        modules: &Arc<dyn ModuleSource>,
    ) -> Result<(Self, Delta), NotPreloaded> {
        let Some(base) = &self.image else {
            return Err(NotPreloaded::NoImages);
        };
        // A thread of its own: this one may have a runtime that is in use.
        let loaded = thread::scope(|scope| {
            let loading = scope.spawn(|| self.preload(base, specifiers, modules));
            let loaded = loading.join();
            loaded
                .unwrap_or_else(|_| Err(NotPreloaded::Broken(anyhow!("loading packages panicked"))))
        });
        let image = loaded?;
        let program = self.over(&image).map_err(NotPreloaded::Broken)?;
        Ok((program, Delta(Arc::new(image))))
    }

    /// Returns the program whose sandboxes begin with what [`Delta::bytes`] says.
    ///
    /// # Errors
    /// When the bytes are not a delta for a memory like this program's, or it cannot be mapped.
    pub fn with_delta(&self, bytes: Vec<u8>) -> anyhow::Result<Self> {
        let base = self
            .image
            .as_ref()
            .context("sandboxes have no images here")?;
        self.over(&delta::read(base, bytes)?)
    }

    fn over(&self, image: &Image) -> anyhow::Result<Self> {
        let mapped = image.with_mapped_overlay()?;
        Ok(Self {
            image: Some(Arc::new(mapped)),
            ..self.clone()
        })
    }

    fn preload(
        &self,
        base: &Arc<Image>,
        specifiers: &[String],
        modules: &Arc<dyn ModuleSource>,
    ) -> Result<Image, NotPreloaded> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build();
        let runtime = runtime.map_err(|error| NotPreloaded::Broken(error.into()))?;
        runtime.block_on(async {
            let witness = Witness::new();
            let mut store = Store::new(self.pre.engine(), witness.sandbox(Arc::clone(modules)));
            store.limiter(|sandbox: &mut Sandbox| &mut sandbox.limiter);
            store.set_epoch_deadline(MOST_TICKS);
            let mut guest = Guest::new(store);
            let broken = |error: wasmtime::Error| NotPreloaded::Broken(error.into());
            let started = guest.instantiate(&self.pre, Some(base)).await;
            let instance = started.map_err(broken)?;
            for specifier in specifiers {
                let loaded = preload(&mut guest.store, &instance, specifier).await;
                match loaded.map_err(broken)? {
                    Ok(false) if !witness.was_touched() => {}
                    _ => return Err(NotPreloaded::Unrepeatable),
                }
            }
            // A handle would be unknown in another sandbox.
            if !guest.store.data().table.is_empty() {
                return Err(NotPreloaded::Unrepeatable);
            }
            let verified = self.verify_globals(&mut guest.store, &instance).await;
            verified.map_err(broken)?;
            let image = guest.capture(base);
            let image = image.map_err(|error| NotPreloaded::Broken(error.into()))?;
            image.ok_or(NotPreloaded::NoImages)
        })
    }
}
