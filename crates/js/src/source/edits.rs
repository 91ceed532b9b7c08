//! Edits of a text that keep account of where every column came from.

use super::mapping::Segment;
use super::text::{LineIndex, Position, utf16_length};

/// Replacements of byte ranges; what lies between them stays.
#[derive(Debug, Default)]
pub(crate) struct Edits {
    list: Vec<Edit>,
}

#[derive(Debug)]
struct Edit {
    start: usize,
    end: usize,
    text: String,
}

impl Edits {
    /// Replaces a range. The lines that it spans are kept by line ends behind the new text.
    pub(crate) fn replace(&mut self, source: &str, start: u32, end: u32, text: impl Into<String>) {
        let (start, end) = (start as usize, end as usize);
        let mut text = text.into();
        let lines = source
            .get(start..end)
            .map_or(0, |old| old.matches('\n').count());
        text.extend(std::iter::repeat_n('\n', lines));
        self.list.push(Edit { start, end, text });
    }

    /// Inserts before the character at an offset. Insertions at one place stand in the order of the calls.
    pub(crate) fn insert(&mut self, offset: u32, text: impl Into<String>) {
        let offset = offset as usize;
        self.list.push(Edit {
            start: offset,
            end: offset,
            text: text.into(),
        });
    }

    /// The new text, and the segments that lead back. Overlapping or misplaced edits are left out.
    pub(crate) fn apply(mut self, source: &str) -> (String, Vec<Segment>) {
        self.list.sort_by_key(|edit| (edit.start, edit.end));
        let lines = LineIndex::new(source);
        let mut writer = Writer {
            text: String::new(),
            end: Position::START,
            segments: Vec::new(),
        };
        let mut done = 0;
        for edit in &self.list {
            let Some(kept) = source.get(done..edit.start) else {
                continue;
            };
            if edit.end < edit.start || !source.is_char_boundary(edit.end) {
                continue;
            }
            writer.keep(kept, done, source, &lines);
            writer.write(&edit.text, lines.position(source, edit.start), 0);
            done = edit.end;
        }
        writer.keep(source.get(done..).unwrap_or(""), done, source, &lines);
        (writer.text, writer.segments)
    }
}

struct Writer {
    text: String,
    end: Position,
    segments: Vec<Segment>,
}

impl Writer {
    /// Copies text of the source, a segment for each line.
    fn keep(&mut self, kept: &str, mut offset: usize, source: &str, lines: &LineIndex) {
        for line in kept.split_inclusive(['\n', '\r', '\u{2028}', '\u{2029}']) {
            self.write(line, lines.position(source, offset), u32::MAX);
            offset += line.len();
        }
    }

    fn write(&mut self, text: &str, original: Position, same: u32) {
        if text.is_empty() {
            return;
        }
        self.segments.push(Segment {
            generated: self.end,
            original,
            same,
        });
        self.text.push_str(text);
        // Only the last line moves the column; an index of the piece knows where that begins.
        let end = LineIndex::new(text).position(text, text.len());
        if end.line == 1 {
            self.end.column = self.end.column.saturating_add(utf16_length(text));
        } else {
            self.end.line = self.end.line.saturating_add(end.line - 1);
            self.end.column = end.column;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::mapping::Mapping;
    use super::*;

    #[test]
    fn kept_text_maps_back_exactly() {
        let source = "import {\n  a,\n} from 'a'; a(1);\n  b😀(2);\n";
        let mut edits = Edits::default();
        edits.insert(0, "\"use strict\";");
        let end = source.find(" a(1)").expect("there");
        edits.replace(source, 0, end as u32, "const a_1 = require('a');");
        let (text, segments) = edits.apply(source);
        assert_eq!(
            text,
            "\"use strict\";const a_1 = require('a');\n\n a(1);\n  b😀(2);\n"
        );
        let mut mapping = Mapping::identity("x.mjs");
        mapping.push(segments);
        let (old, new) = (LineIndex::new(source), LineIndex::new(&text));
        for needle in ["a(1)", "(1)", "b😀", "(2)", "2);"] {
            let from = new.position(&text, text.find(needle).expect("in the new text"));
            let to = old.position(source, source.find(needle).expect("in the old text"));
            let found = mapping.original(from.line, from.column);
            assert_eq!((found.line, found.column), (to.line, to.column), "{needle}");
        }
    }

    #[test]
    fn overlapping_edits_are_left_out() {
        let mut edits = Edits::default();
        edits.replace("abcdef", 1, 4, "X");
        edits.replace("abcdef", 2, 5, "Y");
        assert_eq!(edits.apply("abcdef").0, "aXef");
    }
}
