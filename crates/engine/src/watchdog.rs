//! Raises the epoch, so that a guest that computes for ever is looked at.

use std::{
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::Duration,
};

use wasmtime::EngineWeak;

/// The time between two checks of a guest's budget.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// A thread that ticks until this is dropped.
pub(crate) struct Watchdog {
    _stop: Sender<()>,
}

impl Watchdog {
    pub(crate) fn start(engine: EngineWeak) -> anyhow::Result<Self> {
        let (stop, stopped) = mpsc::channel::<()>();
        thread::Builder::new()
            .name("postlogin-watchdog".into())
            .spawn(move || {
                while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                    let Some(engine) = engine.upgrade() else {
                        break;
                    };
                    engine.increment_epoch();
                }
            })?;
        Ok(Self { _stop: stop })
    }
}
