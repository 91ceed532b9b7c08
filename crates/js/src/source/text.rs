//! Places in a text: byte offsets against lines and UTF-16 columns.

use std::borrow::Cow;

/// A place in a text: line and column count from 1, columns in UTF-16 code units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

impl Position {
    /// The beginning of a text.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// Where the lines of one text begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineIndex {
    starts: Vec<u32>,
    /// The number of UTF-16 units before every [`STEP`]th byte: a line may be the whole text.
    units: Vec<u32>,
}

/// The most bytes that are counted to find a column.
const STEP: usize = 256;

impl LineIndex {
    /// Finds the lines of `text`; `\n`, `\r\n`, `\r`, U+2028 and U+2029 end a line, as in ECMAScript.
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        let mut units = vec![0];
        let mut counted = 0_u32;
        let mut characters = text.char_indices().peekable();
        while let Some((offset, character)) = characters.next() {
            let ends_line = match character {
                '\r' => !matches!(characters.peek(), Some((_, '\n'))),
                '\n' | '\u{2028}' | '\u{2029}' => true,
                _ => false,
            };
            let end = offset + character.len_utf8();
            if ends_line {
                starts.push(saturate(end));
            }
            // A character that goes over the step counts before it, as its beginning does.
            while units.len() * STEP < end {
                units.push(counted);
            }
            counted = counted.saturating_add(saturate(character.len_utf16()));
            if units.len() * STEP == end {
                units.push(counted);
            }
        }
        Self { starts, units }
    }

    /// The offset where a line begins, from 0.
    fn start(&self, line: usize) -> Option<usize> {
        self.starts.get(line).map(|start| *start as usize)
    }

    /// Returns its bytes of memory.
    pub(crate) fn weight(&self) -> usize {
        let entries = self.starts.capacity().saturating_add(self.units.capacity());
        entries.saturating_mul(size_of::<u32>())
    }

    /// The place of a byte offset; an offset past the end is the end, one within a character is that character.
    pub fn position(&self, text: &str, offset: usize) -> Position {
        let offset = text.floor_char_boundary(offset);
        let line = self
            .starts
            .partition_point(|start| *start as usize <= offset)
            .saturating_sub(1);
        let start = self.starts.get(line).map_or(0, |start| *start as usize);
        let before = self.units_before(text, start);
        let column = self.units_before(text, offset).saturating_sub(before);
        Position {
            line: saturate(line + 1),
            column: column.saturating_add(1),
        }
    }

    /// Returns the number of UTF-16 units before a byte offset, which is that of a character.
    fn units_before(&self, text: &str, offset: usize) -> u32 {
        let step = (offset / STEP).min(self.units.len().saturating_sub(1));
        let known = self.units.get(step).copied().unwrap_or(0);
        let from = text.floor_char_boundary(step * STEP);
        known.saturating_add(text.get(from..offset).map_or(0, utf16_length))
    }

    /// The byte offset of a place; a column past the end of its line is the end of the line.
    pub fn offset(&self, text: &str, position: Position) -> Option<usize> {
        let (start, line) = self.line(text, position.line)?;
        let mut left = position.column.saturating_sub(1);
        // The last step whose units are not past the column.
        let wanted = self.units_before(text, start).saturating_add(left);
        let step = self
            .units
            .partition_point(|units| *units <= wanted)
            .saturating_sub(1);
        let near = text.floor_char_boundary(step * STEP).saturating_sub(start);
        let near = near.min(line.len());
        if near > 0 {
            left = wanted.saturating_sub(self.units_before(text, start + near));
        }
        let (start, line) = (start + near, line.get(near..)?);
        for (offset, character) in line.char_indices() {
            let width = saturate(character.len_utf16());
            if left < width {
                return Some(start + offset);
            }
            left -= width;
        }
        Some(start + line.len())
    }

    /// The place of a column that counts UTF-8 bytes from 1, as QuickJS counts them.
    pub fn position_of_bytes(&self, text: &str, line: u32, byte_column: u32) -> Option<Position> {
        let (start, _) = self.line(text, line)?;
        let offset = start.saturating_add(byte_column.saturating_sub(1) as usize);
        let end = self.start(line as usize).unwrap_or(text.len());
        Some(self.position(text, offset.min(end)))
    }

    /// The byte offset and the text of a line, without its terminator.
    fn line<'t>(&self, text: &'t str, line: u32) -> Option<(usize, &'t str)> {
        let index = (line as usize).checked_sub(1)?;
        let start = self.start(index)?;
        let end = self.start(index + 1).unwrap_or(text.len());
        let line = text.get(start..end)?;
        Some((
            start,
            line.trim_end_matches(['\n', '\r', '\u{2028}', '\u{2029}']),
        ))
    }
}

/// The number of UTF-16 code units of a text.
pub(crate) fn utf16_length(text: &str) -> u32 {
    saturate(text.chars().map(char::len_utf16).sum())
}

/// A count that a source text of sensible size never exceeds.
pub(crate) fn saturate(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The text without a byte order mark, and with a `#!` line turned into a comment of the same length.
pub(crate) fn without_mark(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match text.strip_prefix("#!") {
        Some(rest) => Cow::Owned(format!("//{rest}")),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_utf16_units() {
        let text = "a\n\"é😀\"; x\r\ny\u{2028}z";
        let index = LineIndex::new(text);
        let check = |needle: char, line, column| {
            let offset = text.find(needle).expect("in the text");
            let position = index.position(text, offset);
            assert_eq!(position, Position { line, column });
            assert_eq!(index.offset(text, position), Some(offset));
        };
        check('a', 1, 1);
        check('é', 2, 2);
        check(';', 2, 6);
        check('x', 2, 8);
        check('y', 3, 1);
        check('z', 4, 1);
    }

    #[test]
    fn places_in_long_lines_are_those_of_a_count_from_the_beginning() {
        let text = "aé😀x\n".repeat(3) + &"aé😀\u{2028}bé".repeat(40) + &"é😀aaa".repeat(400);
        let index = LineIndex::new(&text);
        for (offset, character) in text.char_indices() {
            let position = index.position(&text, offset);
            let start = index.starts[position.line as usize - 1] as usize;
            assert_eq!(
                position.column,
                utf16_length(&text[start..offset]) + 1,
                "{offset}"
            );
            if !matches!(character, '\n' | '\u{2028}') {
                assert_eq!(index.offset(&text, position), Some(offset), "{offset}");
            }
        }
    }

    #[test]
    fn byte_columns_become_utf16_columns() {
        let text = "/*é😀*/ foo();";
        let index = LineIndex::new(text);
        let position = index.position_of_bytes(text, 1, 12);
        assert_eq!(position, Some(Position { line: 1, column: 9 }));
        assert_eq!(index.position_of_bytes(text, 2, 1), None);
        assert_eq!(
            index.position_of_bytes(text, 1, 999),
            Some(Position {
                line: 1,
                column: 15
            })
        );
    }

    #[test]
    fn marks_are_taken_away_without_moving_lines() {
        assert_eq!(without_mark("\u{feff}x"), "x");
        assert_eq!(
            without_mark("#!/usr/bin/env node\nx"),
            "///usr/bin/env node\nx"
        );
        assert!(matches!(without_mark("x\n"), Cow::Borrowed("x\n")));
    }
}
