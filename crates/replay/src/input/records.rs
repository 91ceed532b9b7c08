//! The records of comma-separated values (RFC 4180): lines, and fields with line ends between quotes.
//!
//! A quote that is not closed would make one field of all users up to the next quote. So where the quotes of a record do not fit, only
//! its first line is given up, and reading begins again at the next one.

use std::collections::VecDeque;
use std::io;

use super::{Entry, LONGEST_ENTRY, Source, take_until};

/// Why a record is none.
pub(super) const UNCLOSED: &str = "a quote that is not closed";
const AFTER_QUOTE: &str = "text after the closing quote of a field";
const TOO_LONG: &str = "longer than 4 MiB";

/// One line of the file with its end, or the beginning of one that is too long.
struct Line {
    text: Vec<u8>,
    is_whole: bool,
}

pub(super) struct Records {
    source: Source,
    /// Lines that were read already and belong to no record.
    again: VecDeque<Line>,
    /// The number of lines that belong to records.
    line: u64,
}

/// Where in a record the text is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// At the beginning of a field.
    Start,
    /// In a field without quotes: a quote in it is one of its characters.
    Plain,
    Quoted,
    /// After a quote within quotes: the end of the field, or the first of two.
    Quote,
    /// After the end of a field in quotes, where only a comma or the end of the line may be.
    Wrong,
}

impl At {
    fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (At::Wrong, _) => At::Wrong,
            (At::Quoted, b'"') => At::Quote,
            (At::Quoted, _) | (At::Quote | At::Start, b'"') => At::Quoted,
            (_, b',') => At::Start,
            (At::Quote, b'\r' | b'\n') => At::Quote,
            (At::Quote, _) => At::Wrong,
            (At::Start | At::Plain, _) => At::Plain,
        }
    }
}

impl Records {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            again: VecDeque::new(),
            line: 0,
        }
    }

    /// Returns the text of the next record, or why it cannot be read; `None` at the end.
    ///
    /// # Errors
    /// When the bytes cannot be read.
    pub(super) fn next_record(&mut self) -> io::Result<Option<Entry>> {
        let Some(first) = self.next_line()? else {
            return Ok(None);
        };
        let line = self.line;
        let entry = |content| Ok(Some(Entry { line, content }));
        if !first.is_whole {
            return entry(Err(TOO_LONG));
        }
        let mut at = first
            .text
            .iter()
            .fold(At::Start, |at, byte| at.after(*byte));
        // Where the lines after the first one begin.
        let mut text = first.text;
        let mut ends = vec![text.len()];
        let reason = loop {
            match at {
                At::Start | At::Plain | At::Quote => return entry(Ok(text)),
                At::Wrong if ends.len() == 1 => break AFTER_QUOTE,
                At::Wrong => break UNCLOSED,
                At::Quoted => {}
            }
            let Some(next) = self.next_line()? else {
                break UNCLOSED;
            };
            if !next.is_whole || text.len() + next.text.len() > LONGEST_ENTRY {
                self.line -= 1;
                self.again.push_front(next);
                break UNCLOSED;
            }
            at = next.text.iter().fold(at, |at, byte| at.after(*byte));
            text.extend(next.text);
            ends.push(text.len());
        };
        self.give_back(&text, &ends);
        entry(Err(reason))
    }

    /// Gives back all lines of a record but the first. No line is given back twice: one that leaves open what a line before it opened has
    /// its quotes in pairs, and opens nothing by itself.
    fn give_back(&mut self, text: &[u8], ends: &[usize]) {
        let lines = ends.windows(2).rev();
        for ends in lines {
            let &[begin, end] = ends else { continue };
            let line = text.get(begin..end).unwrap_or_default();
            self.line -= 1;
            self.again.push_front(Line {
                text: line.to_vec(),
                is_whole: true,
            });
        }
    }

    fn next_line(&mut self) -> io::Result<Option<Line>> {
        let next = match self.again.pop_front() {
            Some(line) => Some(line),
            None => {
                let mut text = Vec::new();
                let read = take_until(&mut self.source, b'\n', &mut text)?;
                read.map(|is_whole| Line { text, is_whole })
            }
        };
        self.line += u64::from(next.is_some());
        Ok(next)
    }
}
