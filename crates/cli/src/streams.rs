//! The standard streams. Whoever starts the program may hand it pipes that do not block, as Node does with its own: where the standard
//! library gives up, the streams of this module wait.

use std::io::{self, BufRead, Read, Write};

/// Returns stdin for a thread of its own.
pub(crate) fn stdin() -> Patient<io::Stdin> {
    Patient(io::stdin())
}

/// Returns stdin, of which lines can be read.
pub(crate) fn lines() -> Patient<io::StdinLock<'static>> {
    Patient(io::stdin().lock())
}

/// Returns stdout, without a buffer.
pub(crate) fn stdout() -> Output {
    Output::Stdout
}

/// Returns stderr, without a buffer.
pub(crate) fn stderr() -> Output {
    Output::Stderr
}

/// A reader of stdin.
#[derive(Debug)]
pub(crate) struct Patient<R>(R);

impl<R: Read> Read for Patient<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => wait_for_input()?,
                read => return read,
            }
        }
    }
}

impl<R: BufRead> BufRead for Patient<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        loop {
            match self.0.fill_buf() {
                Ok([]) => return Ok(&[]),
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => wait_for_input()?,
                Err(error) => return Err(error),
            }
        }
        // What is in the buffer; nothing is read again.
        self.0.fill_buf()
    }

    fn consume(&mut self, read: usize) {
        self.0.consume(read);
    }
}

/// A stream that is written to. Not the standard library's: when a pipe is full, that one does not say how much it has written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Output {
    Stdout,
    Stderr,
}

#[cfg(unix)]
impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        use rustix::event::PollFlags;
        use std::os::fd::AsFd;
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let stream = match self {
            Self::Stdout => stdout.as_fd(),
            Self::Stderr => stderr.as_fd(),
        };
        loop {
            match rustix::io::write(stream, bytes) {
                Err(rustix::io::Errno::AGAIN) => wait(stream, PollFlags::OUT)?,
                Err(rustix::io::Errno::INTR) => {}
                written => return Ok(written?),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(not(unix))]
impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout => io::stdout().write(bytes),
            Self::Stderr => io::stderr().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout => io::stdout().flush(),
            Self::Stderr => io::stderr().flush(),
        }
    }
}

#[cfg(unix)]
fn wait_for_input() -> io::Result<()> {
    use std::os::fd::AsFd;
    wait(io::stdin().as_fd(), rustix::event::PollFlags::IN)
}

/// Only Unix has such pipes.
#[cfg(not(unix))]
fn wait_for_input() -> io::Result<()> {
    Err(io::ErrorKind::WouldBlock.into())
}

#[cfg(unix)]
fn wait(stream: std::os::fd::BorrowedFd<'_>, until: rustix::event::PollFlags) -> io::Result<()> {
    use rustix::{event::PollFd, io::Errno};
    let mut streams = [PollFd::from_borrowed_fd(stream, until)];
    match rustix::event::poll(&mut streams, None) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
