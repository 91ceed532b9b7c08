//! Single keys from the terminal, without Enter.
//!
//! On Unix, the terminal passes each key on and shows none while [`Keys`] is alive; its former state is put back when that ends,
//! and when a signal ends the process. Elsewhere a key counts once Enter is pressed.

mod decoder;
mod mode;

use std::{
    io::{self, IsTerminal, Read},
    sync::mpsc::{self, Receiver, TryRecvError},
    thread,
};

pub(crate) use decoder::Key;
#[cfg(unix)]
pub(crate) use mode::put_back;

use crate::streams;
use decoder::Decoder;
use mode::Mode;

/// The remark on keys after a prompt, where Enter is needed.
pub(crate) const THEN_ENTER: &str = if cfg!(unix) { "" } else { ", then Enter" };

/// The keys that the user presses.
pub(crate) struct Keys {
    receiver: Receiver<Key>,
    _mode: Mode,
}

impl Keys {
    /// Begins to listen, if stdin is a terminal.
    pub(crate) fn open() -> Option<Self> {
        if !io::stdin().is_terminal() {
            return None;
        }
        let mode = Mode::single_keys();
        let (sender, receiver) = mpsc::channel();
        // The thread waits in `read` when the process ends; nothing depends on it.
        thread::spawn(move || {
            let mut decoder = Decoder::default();
            let mut buffer = [0; 256];
            loop {
                let read = match streams::stdin().read(&mut buffer) {
                    Ok(0) => return,
                    Ok(read) => read,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(_) => return,
                };
                let bytes = buffer.get(..read).unwrap_or_default();
                for key in decoder.keys(bytes) {
                    if sender.send(key).is_err() {
                        return;
                    }
                }
            }
        });
        Some(Self {
            receiver,
            _mode: mode,
        })
    }

    /// Returns the next key if one was pressed; [`Key::End`] once there are no more.
    pub(crate) fn pressed(&self) -> Option<Key> {
        match self.receiver.try_recv() {
            Ok(key) => Some(key),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Key::End),
        }
    }

    /// Waits for the next key, for at most this time; `None` when there was none.
    pub(crate) fn wait(&self, most: std::time::Duration) -> Option<Key> {
        match self.receiver.recv_timeout(most) {
            Ok(key) => Some(key),
            Err(mpsc::RecvTimeoutError::Timeout) => None,
            Err(mpsc::RecvTimeoutError::Disconnected) => Some(Key::End),
        }
    }
}
