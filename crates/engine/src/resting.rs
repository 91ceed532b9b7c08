//! Sandboxes that wait for their next login.
//!
//! Making an instance costs more than putting its memory back, so an instance is kept after a login that left nothing behind
//! outside of its memory: it returned, has no handles, and did not grow. What it finds in its memory at the next login is
//! exactly what a new instance would find (see [`crate::memory`]), and its store gets a new [`Sandbox`].

use std::{
    num::NonZeroUsize,
    sync::{Mutex, PoisonError},
    thread::{self, ThreadId},
};

use crate::{
    config::Allocation,
    memory::{Guest, Image},
    sandbox::Sandbox,
};

/// The most sandboxes that wait, whatever an embedder asks for.
const MOST: usize = 64;
/// The most that wait beyond those that can compute at once. More are alive while logins wait for a network; afterwards they
/// would take memory for nothing.
const MORE: usize = 4;

pub(crate) struct Resting {
    most: usize,
    rested: Mutex<Vec<Rested>>,
}

/// A guest without a login.
pub(crate) struct Rested {
    /// Which program it is an instance of.
    program: u64,
    /// The thread that has used it last, which knows best what is written in its memory.
    thread: ThreadId,
    pub(crate) guest: Guest<Sandbox>,
}

impl Resting {
    pub(crate) fn new(allocation: Allocation) -> Self {
        let most = match allocation {
            Allocation::OnDemand => 1,
            Allocation::Pooling { sandboxes } => usize::try_from(sandboxes).unwrap_or(MOST),
        };
        let computing = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            most: most.min(computing.saturating_add(MORE)).clamp(1, MOST),
            rested: Mutex::default(),
        }
    }

    /// Returns a guest of this program that can begin with this image.
    pub(crate) fn take(&self, program: u64, image: &Image) -> Option<Guest<Sandbox>> {
        let here = thread::current().id();
        let mut rested = self.rested.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |rested: &Rested| rested.program == program && rested.guest.fits(image);
        let at = rested
            .iter()
            .rposition(|rested| rested.thread == here && fits(rested))
            .or_else(|| rested.iter().rposition(fits))?;
        Some(rested.remove(at).guest)
    }

    /// Keeps a guest. The one that has waited longest goes when there are too many.
    pub(crate) fn give(&self, program: u64, guest: Guest<Sandbox>) {
        guest.rest();
        let mut rested = self.rested.lock().unwrap_or_else(PoisonError::into_inner);
        rested.push(Rested {
            program,
            thread: thread::current().id(),
            guest,
        });
        let leaves = (rested.len() > self.most).then(|| rested.remove(0));
        // Dropping it takes a while, and others wait for the lock.
        drop(rested);
        drop(leaves);
    }
}
