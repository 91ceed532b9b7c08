//! Errors of the tenant itself, on stderr: each cause once, with its reason, and again a minute later with their number.

use std::any::Any;
use std::collections::HashMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// The time for which a reported cause is not reported again.
const QUIET: Duration = Duration::from_secs(60);
/// The number of causes that are remembered.
const MOST_CAUSES: usize = 256;

/// Reported causes, with the number of times that each has come since.
static TOLD: Mutex<Option<HashMap<String, (Instant, u64)>>> = Mutex::new(None);

/// Logs an error, unless the same one was logged within the last minute.
pub(crate) fn tell(error: &dyn std::fmt::Display) {
    let message = error.to_string();
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    let told = told.get_or_insert_default();
    let now = Instant::now();
    if told.len() >= MOST_CAUSES {
        told.retain(|_, (at, _)| now.duration_since(*at) < QUIET);
    }
    let more = match told.get_mut(&message) {
        Some((at, more)) if now.duration_since(*at) < QUIET => {
            *more += 1;
            return;
        }
        Some((_, more)) => *more,
        None => 0,
    };
    match more {
        0 => tracing::error!("{message}"),
        more => tracing::error!("{message} ({more} more times in the last minute)"),
    }
    if told.len() < MOST_CAUSES {
        told.insert(message, (now, 0));
    }
}

/// Gives what a future gives; `None` when it panics, which is logged with what it was about.
pub(crate) async fn caught<T>(work: impl Future<Output = T>, about: &str) -> Option<T> {
    match (Caught(Box::pin(work))).await {
        Ok(done) => Some(done),
        Err(panic) => {
            let said = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
            let said = said.unwrap_or_else(|| "no message".to_owned());
            tracing::error!("{about}: panicked: {said}");
            None
        }
    }
}

/// A future whose panic is a result.
struct Caught<F>(Pin<Box<F>>);

impl<F: Future> Future for Caught<F> {
    type Output = Result<F::Output, Box<dyn Any + Send>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // A future that panicked is not polled again: whatever it holds is only dropped.
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(context))) {
            Ok(polled) => polled.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}

/// Runs work that takes long, or waits, where no other request is kept waiting for it.
pub(crate) fn aside<T>(work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    let is_shared = Handle::try_current()
        .is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
    match is_shared {
        true => tokio::task::block_in_place(work),
        false => work(),
    }
}
