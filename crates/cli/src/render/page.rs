//! The page that the sections write on: lines of spans, headings, colours on or off.

use std::io::{self, Write};

use postlogin_core::escape::parts;

use super::style::Role;
use super::text;

/// A piece of a line. Its text is harmless for a terminal.
pub(super) struct Span {
    role: Role,
    text: String,
}

pub(super) fn span(role: Role, content: impl AsRef<str>) -> Span {
    Span {
        role,
        text: text::clean(content.as_ref()),
    }
}

/// Where the sections write.
pub(super) struct Page<'a> {
    out: &'a mut dyn Write,
    color: bool,
    width: usize,
}

impl<'a> Page<'a> {
    /// Narrower than this, columns make no sense.
    const MIN_WIDTH: usize = 50;

    pub(super) fn new(out: &'a mut dyn Write, color: bool, width: usize) -> Self {
        Self {
            out,
            color,
            width: width.max(Self::MIN_WIDTH),
        }
    }

    /// The columns that a line may take.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn line(&mut self, indent: usize, spans: &[Span]) -> io::Result<()> {
        // The indent waits for the first visible text: lines have no trailing spaces.
        let mut blanks = " ".repeat(indent);
        // What is harmless span by span may be a command of a CI system as a line.
        let texts: Vec<&str> = spans.iter().map(|span| span.text.as_str()).collect();
        for (Span { role, .. }, text) in spans.iter().zip(&parts(&texts)) {
            let visible = text.trim_end_matches(' ');
            if visible.is_empty() {
                blanks.push_str(text);
                continue;
            }
            write!(self.out, "{blanks}")?;
            let style = if self.color {
                role.style()
            } else {
                Role::Plain.style()
            };
            write!(self.out, "{style}{visible}{style:#}")?;
            blanks = " ".repeat(text.len() - visible.len());
        }
        writeln!(self.out)
    }

    /// Says how many things are left out where there are too many for a screen; nothing when there are none.
    pub(super) fn left_out(&mut self, indent: usize, count: usize, noun: &str) -> io::Result<()> {
        match count {
            0 => Ok(()),
            count => {
                let more = text::counted(count, &format!("more {noun}"));
                self.line(
                    indent,
                    &[span(Role::Dim, format!("… and {more} in `--format json`"))],
                )
            }
        }
    }

    pub(super) fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// Starts a section: an empty line, the title, and a remark beside it.
    pub(super) fn heading(&mut self, title: &str, remark: &str) -> io::Result<()> {
        self.blank()?;
        let remark = text::clean(remark);
        if text::width(title) + 2 + text::width(&remark) > self.width {
            self.line(0, &[span(Role::Strong, title)])?;
            return self.paragraph(2, Role::Dim, &remark);
        }
        self.line(
            0,
            &[
                span(Role::Strong, title),
                span(Role::Plain, "  "),
                span(Role::Dim, remark),
            ],
        )
    }

    /// Running text, broken into lines.
    pub(super) fn paragraph(&mut self, indent: usize, role: Role, content: &str) -> io::Result<()> {
        for line in text::wrap(&text::clean(content), self.width.saturating_sub(indent)) {
            self.line(indent, &[span(role, line)])?;
        }
        Ok(())
    }
}
