//! One JSON object a line.

use std::io;

use super::{Entry, Source, take_until};

pub(super) struct Lines {
    source: Source,
    line: u64,
}

impl Lines {
    pub(super) fn new(source: Source) -> Self {
        Self { source, line: 0 }
    }

    pub(super) fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        loop {
            let mut text = Vec::new();
            let Some(is_whole) = take_until(&mut self.source, b'\n', &mut text)? else {
                return Ok(None);
            };
            self.line += 1;
            if !is_whole {
                return Ok(Some(Entry {
                    line: self.line,
                    content: Err("longer than 4 MiB"),
                }));
            }
            let end = text.trim_ascii_end().len();
            text.truncate(end);
            if !text.is_empty() {
                return Ok(Some(Entry {
                    line: self.line,
                    content: Ok(text),
                }));
            }
        }
    }
}
