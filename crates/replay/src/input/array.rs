//! One JSON array: its elements are found by their brackets, and read one by one.

use std::io;

use super::{Entry, LONGEST_ENTRY, Source};

pub(super) struct Elements {
    source: Source,
    number: u64,
    /// Whether the bracket of the array was read, and whether its end was.
    opened: bool,
    closed: bool,
}

impl Elements {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            number: 0,
            opened: false,
            closed: false,
        }
    }

    /// Reads one element: what stands between commas of the array itself. Whether that is JSON is for whoever parses it.
    pub(super) fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        if self.closed {
            return self.rest();
        }
        let mut element = Element::default();
        loop {
            let available = self.source.fill_buf()?;
            if available.is_empty() {
                self.closed = true;
                self.number += 1;
                return Ok(Some(Entry {
                    line: self.number,
                    content: Err("the array is cut off: its `]` is missing"),
                }));
            }
            let mut taken = 0;
            let mut end = None;
            for byte in available {
                taken += 1;
                if !self.opened {
                    self.opened = *byte == b'[';
                    continue;
                }
                if let Some(found) = element.take(*byte) {
                    end = Some(found);
                    break;
                }
            }
            self.source.consume(taken);
            let Some(end) = end else {
                continue;
            };
            self.closed = end == End::Array;
            let Some(content) = element.content() else {
                // `[]`, and the comma behind the last element that people leave there.
                if self.closed {
                    return self.rest();
                }
                element = Element::default();
                continue;
            };
            self.number += 1;
            return Ok(Some(Entry {
                line: self.number,
                content,
            }));
        }
    }

    /// Text after the array is not a user.
    fn rest(&mut self) -> io::Result<Option<Entry>> {
        loop {
            let available = self.source.fill_buf()?;
            if available.is_empty() {
                return Ok(None);
            }
            let blank = available.iter().all(u8::is_ascii_whitespace);
            let taken = available.len();
            self.source.consume(taken);
            if !blank {
                self.number += 1;
                // Read to its end, so that this is said once.
                while !self.source.fill_buf()?.is_empty() {
                    let taken = self.source.fill_buf()?.len();
                    self.source.consume(taken);
                }
                return Ok(Some(Entry {
                    line: self.number,
                    content: Err("text after the `]` of the array"),
                }));
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Element,
    Array,
}

#[derive(Default)]
struct Element {
    text: Vec<u8>,
    depth: usize,
    in_string: bool,
    is_escaped: bool,
    is_too_long: bool,
}

impl Element {
    /// Takes one byte; returns what ends with it.
    fn take(&mut self, byte: u8) -> Option<End> {
        if self.in_string {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
        } else {
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b']' if self.depth == 0 => return Some(End::Array),
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                b',' if self.depth == 0 => return Some(End::Element),
                _ => {}
            }
        }
        // Blanks before the element are not of it.
        if self.text.is_empty() && byte.is_ascii_whitespace() {
            return None;
        }
        if self.text.len() < LONGEST_ENTRY {
            self.text.push(byte);
        } else {
            self.is_too_long = true;
        }
        None
    }

    /// The text without the blanks around it; `None` when there is nothing else.
    fn content(&self) -> Option<Result<Vec<u8>, &'static str>> {
        if self.is_too_long {
            return Some(Err("longer than 4 MiB"));
        }
        let text = self.text.trim_ascii();
        (!text.is_empty()).then(|| Ok(text.to_vec()))
    }
}
