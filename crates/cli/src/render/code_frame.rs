//! The lines of a source file around a place, with a caret below it.

use std::io;

use postlogin_core::location::Location;

use super::page::{Page, span};
use super::style::Role;
use super::text;

/// The bytes of a line before and after the place that are looked at.
const NEAR: usize = 4_000;

/// Lines shown before and after the place.
const AROUND: u32 = 2;

/// An excerpt of a source file. Every text is harmless for a terminal.
#[derive(Debug, PartialEq)]
pub(super) struct CodeFrame {
    pub(super) lines: Vec<CodeLine>,
    /// Stands below the gutter of the marked line.
    pub(super) blank_gutter: String,
    /// Stands below the code of the marked line.
    pub(super) caret: String,
}

#[derive(Debug, PartialEq)]
pub(super) struct CodeLine {
    /// `> 3 | `
    pub(super) gutter: String,
    pub(super) code: String,
    /// Whether this is the line of the place.
    pub(super) marked: bool,
}

impl CodeFrame {
    /// Marks `columns` of the line, from the place on, as far as the line goes.
    pub(super) fn underline(&mut self, columns: u32) {
        let marked = self.lines.iter().find(|line| line.marked);
        let room = marked.map_or(0, |line| text::width(&line.code));
        let start = text::width(&self.caret);
        let more = (columns as usize)
            .saturating_sub(1)
            .min(room.saturating_sub(start));
        self.caret.push_str(&"^".repeat(more));
    }
}

/// Writes the excerpt; the caret plays the given part.
pub(super) fn write(page: &mut Page<'_>, frame: &CodeFrame, caret: Role) -> io::Result<()> {
    for line in &frame.lines {
        let role = if line.marked { Role::Plain } else { Role::Dim };
        page.line(2, &[span(Role::Dim, &line.gutter), span(role, &line.code)])?;
        if line.marked {
            page.line(
                2,
                &[
                    span(Role::Dim, &frame.blank_gutter),
                    span(caret, &frame.caret),
                ],
            )?;
        }
    }
    Ok(())
}

/// The excerpt, at most `width` columns wide; `None` when the source has no such line.
/// The lines are split once for many excerpts.
pub(super) fn code_frame(source: &[&str], location: &Location, width: usize) -> Option<CodeFrame> {
    let line = location.line;
    let first = line.saturating_sub(AROUND).max(1);
    let last = line.saturating_add(AROUND);
    let skipped = usize::try_from(first).ok()?.saturating_sub(1);
    let excerpt = source.get(skipped..).unwrap_or_default().iter();
    let mut excerpt: Vec<(u32, &str)> = (first..=last)
        .zip(excerpt)
        .map(|(number, code)| (number, *code))
        .collect();
    let marked = excerpt.iter().find(|(number, _)| *number == line)?.1;
    let before = before_column(marked, location.column);
    // Of a line of a megabyte, as bundlers write them, only the surroundings are measured.
    let begin = before.len().saturating_sub(NEAR);
    let end = before.len().saturating_add(NEAR);
    let near = |code: &str| code.floor_char_boundary(begin)..code.floor_char_boundary(end);
    let before = before
        .get(before.floor_char_boundary(begin)..)
        .unwrap_or_default();
    for (_, code) in &mut excerpt {
        *code = code.get(near(code)).unwrap_or_default();
    }

    let digits = excerpt.last()?.0.to_string().len();
    let room = width.saturating_sub(digits + 5).max(20);
    let caret = text::width(&expanded(before));
    // A long line is shown from where its place comes into view.
    let start = if caret + 10 > room {
        caret.saturating_sub(room / 2)
    } else {
        0
    };

    let lines = excerpt
        .into_iter()
        .map(|(number, code)| CodeLine {
            gutter: format!(
                "{} {number:>digits$} | ",
                if number == line { '>' } else { ' ' }
            ),
            code: window(&expanded(code), start, room),
            marked: number == line,
        })
        .collect();
    Some(CodeFrame {
        lines,
        blank_gutter: format!("  {} | ", " ".repeat(digits)),
        caret: format!("{}^", " ".repeat(caret - start)),
    })
}

/// The part of a line before a column that counts UTF-16 code units from 1.
fn before_column(line: &str, column: u32) -> &str {
    let mut units = 1;
    for (index, c) in line.char_indices() {
        if units >= column {
            return line.get(..index).unwrap_or_default();
        }
        units = units.saturating_add(if c.len_utf16() == 2 { 2 } else { 1 });
    }
    line
}

fn expanded(code: &str) -> String {
    text::clean(&code.replace('\t', "  "))
}

/// `room` columns of a line from column `start` (from 0); what is cut off is marked by `…`.
fn window(code: &str, start: usize, room: usize) -> String {
    let skipped = text::first_columns(code, start);
    let rest = code.get(skipped.len()..).unwrap_or_default();
    // A wide character across the edge leaves a gap, so that the caret below stays right.
    let gap = " ".repeat(start - text::width(skipped).min(start));
    let rest = format!("{gap}{rest}");
    if rest.trim().is_empty() {
        return String::new();
    }
    let mut shown = text::first_columns(&rest, room).to_owned();
    if shown.len() < rest.len() {
        shown = format!("{}…", text::first_columns(&rest, room - 1));
    }
    if start > 0 {
        let head = text::first_columns(&shown, 1).len();
        shown = format!("…{}", shown.get(head..).unwrap_or_default());
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, (line, column): (u32, u32), width: usize, expected: &[&str]) {
        let location = Location {
            file: "code.js".into(),
            line,
            column,
        };
        let lines: Vec<&str> = source.lines().collect();
        let frame = code_frame(&lines, &location, width).expect("a frame");
        let mut shown = Vec::new();
        for line in &frame.lines {
            shown.push(format!("{}{}", line.gutter, line.code));
            if line.marked {
                shown.push(format!("{}{}", frame.blank_gutter, frame.caret));
            }
        }
        assert_eq!(shown, expected);
    }

    #[test]
    fn shows_the_lines_around() {
        let source = "one\ntwo\nthree\nfour\nfive\nsix";
        check(
            source,
            (3, 2),
            60,
            &[
                "  1 | one",
                "  2 | two",
                "> 3 | three",
                "    |  ^",
                "  4 | four",
                "  5 | five",
            ],
        );
        check(
            source,
            (1, 1),
            60,
            &["> 1 | one", "    | ^", "  2 | two", "  3 | three"],
        );
        check(
            source,
            (6, 99),
            60,
            &["  4 | four", "  5 | five", "> 6 | six", "    |    ^"],
        );
    }

    #[test]
    fn counts_utf_16_and_columns() {
        // A surrogate pair is two units and two columns; a Chinese character one unit and two columns.
        check("🙂x = 1", (1, 3), 60, &["> 1 | 🙂x = 1", "    |   ^"]);
        check("漢x = 1", (1, 2), 60, &["> 1 | 漢x = 1", "    |   ^"]);
        check("\tx = 1", (1, 2), 60, &["> 1 |   x = 1", "    |   ^"]);
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let source = format!("{}throw x;{}", "a;".repeat(500), "b;".repeat(500));
        check(
            &source,
            (1, 1001),
            36,
            &[
                "> 1 | …a;a;a;a;a;a;a;throw x;b;b;b;…",
                "    |                ^",
            ],
        );
    }

    #[test]
    fn a_place_outside_gives_no_frame() {
        for line in [0, 2, u32::MAX] {
            let location = Location {
                file: "code.js".into(),
                line,
                column: 1,
            };
            assert_eq!(code_frame(&["one"], &location, 60), None);
        }
    }
}
