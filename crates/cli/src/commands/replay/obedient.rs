//! Reading that ends with the run: a signal counts also while a pipe gives nothing.

use std::{
    io::{self, Read},
    sync::mpsc::{Receiver, RecvTimeoutError, sync_channel},
    thread,
    time::Duration,
};

use super::interrupt;

/// The number of bytes that are read at once.
const BLOCK: usize = 1 << 16;

/// The number of blocks that are read ahead.
const AHEAD: usize = 4;

/// The interval at which a reader that waits looks for a signal.
const TICK: Duration = Duration::from_millis(50);

/// Returns the error of a read that a signal ended.
fn stopped() -> io::Error {
    io::Error::other("stopped")
}

/// A file, whose reads return at once.
pub(super) struct Direct<R>(pub(super) R);

impl<R: Read> Read for Direct<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match interrupt::came() {
            true => Err(stopped()),
            false => self.0.read(bytes),
        }
    }
}

/// A pipe or a terminal, whose reads may wait for ever: another thread does them.
pub(super) struct Waiting {
    blocks: Receiver<io::Result<Vec<u8>>>,
    /// The bytes that were received and are not handed on yet, and how many are.
    block: Vec<u8>,
    at: usize,
}

impl Waiting {
    pub(super) fn of(mut reader: impl Read + Send + 'static) -> Self {
        let (sender, blocks) = sync_channel(AHEAD);
        // It ends with the pipe, with whoever receives, or with the process.
        thread::spawn(move || {
            loop {
                let mut block = vec![0; BLOCK];
                let read = match reader.read(&mut block) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    read => read,
                };
                let sent = read.map(|length| {
                    block.truncate(length);
                    block
                });
                let is_last = !matches!(&sent, Ok(block) if !block.is_empty());
                if sender.send(sent).is_err() || is_last {
                    return;
                }
            }
        });
        Self {
            blocks,
            block: Vec::new(),
            at: 0,
        }
    }
}

impl Read for Waiting {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        while self.at == self.block.len() {
            if interrupt::came() {
                return Err(stopped());
            }
            match self.blocks.recv_timeout(TICK) {
                Ok(block) => {
                    self.block = block?;
                    self.at = 0;
                }
                Err(RecvTimeoutError::Timeout) => {}
                // After the last block, which is empty, or an error.
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
            }
        }
        let read = self.block.get(self.at..).unwrap_or_default().read(bytes)?;
        self.at += read;
        Ok(read)
    }
}
