//! Terminals and the logs of CI systems.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::{command_marks, inline};

/// Returns the text on one line that neither steers a terminal nor is a command of a CI system.
pub fn line(text: &str) -> String {
    parts(&[text]).concat()
}

/// Returns the parts of one line such that the line as a whole is harmless, as [`line()`].
pub fn parts(parts: &[&str]) -> Vec<String> {
    let shown = parts.iter().map(|part| inline(part));
    let shown: Vec<Cow<'_, str>> = shown.collect();
    let marks = command_marks(&shown.concat());
    let mut marks = marks.into_iter().peekable();
    let mut start = 0;
    let marked = shown.into_iter().map(|part| {
        let end = start + part.len();
        let mut out = String::new();
        let mut done = 0;
        while let Some(mark) = marks.next_if(|mark| *mark < end) {
            let at = mark - start;
            out.push_str(part.get(done..at).unwrap_or_default());
            let byte = part.as_bytes().get(at).copied().unwrap_or_default();
            // A String accepts everything.
            let _ = write!(out, "\\x{byte:02x}");
            done = at + 1;
        }
        start = end;
        match done {
            0 => part.into_owned(),
            done => out + part.get(done..).unwrap_or_default(),
        }
    });
    marked.collect()
}

/// Returns a message of several lines. Each is harmless as [`line()`], and no line but the first begins at the left
/// edge, where a reader looks for the next message.
pub fn block(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, text) in text.split('\n').enumerate() {
        if index > 0 {
            out.push('\n');
            if !text.is_empty() && !text.starts_with([' ', '\t']) {
                out.push_str("  ");
            }
        }
        // The end of a line as Windows writes it.
        out.push_str(&line(text.strip_suffix('\r').unwrap_or(text)));
    }
    out
}

/// Returns a line of finished output as [`line()`] does. With `styled`, the sequences of colours and styles (`ESC [ … m`)
/// stay.
pub fn output_line(text: &str, styled: bool) -> String {
    if !styled {
        return line(text);
    }
    let (mut texts, mut styles) = (Vec::new(), Vec::new());
    let (mut begin, mut from) = (0, 0);
    while let Some(at) = text.get(from..).and_then(|rest| rest.find("\x1b[")) {
        let at = from + at;
        let parameters = text.get(at + 2..).unwrap_or_default();
        let rest =
            parameters.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == ';');
        from = text.len() - rest.len();
        if rest.starts_with('m') {
            from += 1;
            texts.push(text.get(begin..at).unwrap_or_default());
            styles.push(text.get(at..from).unwrap_or_default());
            begin = from;
        }
    }
    texts.push(text.get(begin..).unwrap_or_default());
    styles.push("");
    let texts = parts(&texts);
    let pairs = texts.iter().zip(styles);
    pairs
        .flat_map(|(text, style)| [text.as_str(), style])
        .collect()
}
