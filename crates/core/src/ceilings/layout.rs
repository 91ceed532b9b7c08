//! The size of a value printed as indented JSON.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use crate::escape::is_hostile;

/// Values nested more deeply than this are printed on one line.
const INDENTED_LEVELS: usize = 8;

/// Indents JSON as usual, but what is nested deeply is left on one line: its indentation would be many times its
/// size.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    level: usize,
    has_value: bool,
}

impl Layout {
    /// A layout for something that is printed at this level of nesting.
    pub fn at(level: usize) -> Layout {
        Layout {
            level,
            has_value: false,
        }
    }

    fn open<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.level += 1;
        self.has_value = false;
        out.write_all(bracket)
    }

    fn close<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        let is_indented = self.is_indented();
        self.level = self.level.saturating_sub(1);
        if self.has_value && is_indented {
            self.line(out)?;
        }
        self.has_value = true;
        out.write_all(bracket)
    }

    fn next<W: ?Sized + Write>(&self, out: &mut W, first: bool) -> io::Result<()> {
        if !first {
            out.write_all(b",")?;
        }
        match self.is_indented() {
            true => self.line(out),
            false => Ok(()),
        }
    }

    fn line<W: ?Sized + Write>(&self, out: &mut W) -> io::Result<()> {
        out.write_all(b"\n")?;
        (0..self.level).try_for_each(|_| out.write_all(b"  "))
    }

    fn is_indented(&self) -> bool {
        self.level <= INDENTED_LEVELS
    }
}

impl Formatter for Layout {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.next(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.next(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(if self.is_indented() { b": " } else { b":" })
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }
}

/// Returns how many bytes `value` takes when it is printed as JSON with this [`Layout`], at a level of nesting, its hostile letters
/// escaped ([`crate::escape::json`]).
pub fn printed_bytes(value: &impl Serialize, level: usize) -> usize {
    let mut counted = Counter(0);
    let mut serializer = Serializer::with_formatter(&mut counted, Layout::at(level));
    // Counting does not fail, and neither do the types that are counted.
    let _ = value.serialize(&mut serializer);
    counted.0
}

/// Returns the length of the compact JSON text, in bytes.
pub(crate) fn compact_bytes(value: &impl Serialize) -> usize {
    let mut counted = Counter(0);
    let _ = serde_json::to_writer(&mut counted, value);
    counted.0
}

/// Counts what is written.
struct Counter(usize);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len() + added_by_escapes(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The bytes that the escapes of hostile letters add, of those that JSON itself does not escape: six for one, or for two.
fn added_by_escapes(bytes: &[u8]) -> usize {
    if bytes.iter().all(|byte| *byte < 0x7f) {
        return 0;
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return 0;
    };
    let hostile = text
        .chars()
        .filter(|letter| *letter >= '\x7f' && is_hostile(*letter));
    hostile
        .map(|letter| 6 * letter.len_utf16() - letter.len_utf8())
        .sum()
}
