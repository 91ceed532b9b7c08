//! The last step of everything that people read.

use std::io::{self, Write};

use postlogin_core::escape::output_line;

/// Passes lines on, each made harmless for terminals and for the logs of CI systems.
///
/// Writers of text for people escape what they print where they know its parts. This catches what they forget: but for
/// newlines, tabs and, with `styled`, colours, no control character gets through, and no line is a command of a CI
/// system.
pub struct People<W: Write> {
    out: W,
    styled: bool,
    line: Vec<u8>,
}

impl<W: Write> People<W> {
    /// Returns a writer in front of another one. `styled` lets the sequences of colours and styles through.
    pub fn new(out: W, styled: bool) -> Self {
        Self {
            out,
            styled,
            line: Vec::new(),
        }
    }

    fn pass_on(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&line);
        let (text, end) = match text.strip_suffix('\n') {
            Some(text) => (text, "\n"),
            None => (text.as_ref(), ""),
        };
        let shown = output_line(text, self.styled);
        self.out.write_all(shown.as_bytes())?;
        self.out.write_all(end.as_bytes())
    }
}

impl<W: Write> Write for People<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.pass_on()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.line.is_empty() {
            self.pass_on()?;
        }
        self.out.flush()
    }
}

impl<W: Write> Drop for People<W> {
    fn drop(&mut self) {
        // `flush` has returned the error, if it was called.
        let _ = self.flush();
    }
}
