//! Finds values that go over several lines: blocks and nested data of YAML, texts in triple quotes, here-documents.

use std::ops::Range;

use super::{Credential, Medium, credential, is_description, is_plain_flag, looks_generated};

/// A value that goes over several lines begins with fewer bytes.
const LONGEST_HEAD: usize = 200;

/// Where the name before a value is.
pub(super) struct Place<'n> {
    pub(super) name: &'n str,
    /// The distance of the name from the beginning of its line.
    pub(super) indent: usize,
    /// Whether nothing but marks of a list or a quotation is before the name.
    pub(super) begins_line: bool,
    /// The sign behind the name: `=` or `:`.
    pub(super) sign: &'n str,
}

/// Returns the parts of a value that begins at `from`; `None` if it ends on its line.
pub(super) fn values(text: &str, from: usize, place: &Place<'_>) -> Option<Vec<Range<usize>>> {
    let rest = text.get(from..)?;
    // A longer line has its value on it.
    let near = rest.as_bytes().iter().take(LONGEST_HEAD);
    let line = match near.clone().position(|byte| *byte == b'\n') {
        Some(end) => rest.get(..end)?,
        None if near.len() < LONGEST_HEAD => rest,
        None => rest.get(..rest.floor_char_boundary(LONGEST_HEAD))?,
    };
    let lead = line.trim_start_matches([' ', '\t', '=', '>']);
    let start = from + (line.len() - lead.len());
    for quotes in ["\"\"\"", "'''", "```"] {
        if lead.starts_with(quotes) {
            let inner = text.get(start + 3..)?;
            let end = inner.find(quotes).unwrap_or(inner.len());
            return Some(trimmed(text, start + 3..start + 3 + end));
        }
    }
    let ends_here = text.as_bytes().get(from + line.len()) == Some(&b'\n');
    if ends_here
        && let Some(mark) = lead
            .strip_prefix("<<")
            .filter(|mark| !mark.starts_with('<'))
    {
        return here_document(text, from + line.len() + 1, mark);
    }
    if !ends_here || !place.begins_line || place.sign != ":" {
        return None;
    }
    let below = from + line.len() + 1;
    let words = line.split_whitespace();
    // Tags and anchors of YAML, and a comment.
    let head: Vec<&str> = words
        .take_while(|word| !word.starts_with('#'))
        .filter(|word| !word.starts_with(['!', '&']))
        .collect();
    match head.as_slice() {
        [] => nested(text, below, place),
        [block] if is_block(block) => {
            let end = end_of_block(text, below, place.indent);
            Some(trimmed(text, below..end))
        }
        _ => None,
    }
}

/// `|`, `>-`, `|2+`
fn is_block(word: &str) -> bool {
    word.strip_prefix(['|', '>']).is_some_and(|rest| {
        rest.len() <= 2
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_digit() || b"+-".contains(&byte))
    })
}

/// Lines that are empty or further from the beginning of the line than the name.
fn end_of_block(text: &str, from: usize, indent: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let length: usize = rest
        .split_inclusive('\n')
        .take_while(|line| line.trim().is_empty() || indent_of(line) > indent)
        .map(str::len)
        .sum();
    from.min(text.len()) + length
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

fn here_document(text: &str, below: usize, mark: &str) -> Option<Vec<Range<usize>>> {
    let mark = mark.trim_start_matches(['-', '~']).trim();
    let mark = mark.trim_matches(['"', '\'']);
    let is_word = |mark: &str| {
        !mark.is_empty()
            && mark
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if !is_word(mark) {
        return None;
    }
    let lines = text.get(below..)?.split_inclusive('\n');
    let length: usize = lines
        .take_while(|line| line.trim() != mark)
        .map(str::len)
        .sum();
    Some(trimmed(text, below..below + length))
}

/// Values below the name of a credential: `tokens:` and a list, `credentials:` and names with values.
fn nested(text: &str, below: usize, place: &Place<'_>) -> Option<Vec<Range<usize>>> {
    if credential(place.name, Medium::Text) < Credential::Deep {
        return None;
    }
    let mut found = Vec::new();
    let mut at = below;
    // The lines below a value that is a block belong to it.
    let mut done = below;
    for line in text.get(below..)?.split_inclusive('\n') {
        let start = at;
        at += line.len();
        if line.trim().is_empty() || start < done {
            continue;
        }
        let indent = indent_of(line);
        let item = line.get(indent..).unwrap_or_default();
        let is_item = item.starts_with("- ");
        if indent < place.indent || (indent == place.indent && !is_item) {
            break;
        }
        let marks = item.len() - item.trim_start_matches(['-', ' ']).len();
        let item = item.get(marks..).unwrap_or_default();
        let start = start + indent + marks;
        match item.split_once(": ").or_else(|| item.split_once(":\n")) {
            Some((name, value)) if is_name(name) => {
                let inner = Place {
                    name: "credentials",
                    indent: indent + marks,
                    begins_line: true,
                    sign: ":",
                };
                let sign = start + name.len() + 1;
                if is_description(name) {
                    done = at;
                } else if is_block(value.trim()) {
                    let ranges = values(text, sign, &inner).unwrap_or_default();
                    done = ranges.last().map_or(at, |range| range.end);
                    found.extend(ranges);
                } else {
                    found.extend(trimmed(text, sign..at));
                }
            }
            _ if is_value(item.trim()) => found.extend(trimmed(text, start..at)),
            _ => {}
        }
    }
    (!found.is_empty()).then_some(found)
}

fn is_name(name: &str) -> bool {
    let name = name.trim_matches(['"', '\'']);
    !name.is_empty()
        && name
            .chars()
            .all(|letter| letter.is_alphanumeric() || "_-.".contains(letter))
}

/// One generated word, or something in quotes: prose below a headline is neither.
fn is_value(item: &str) -> bool {
    let is_quoted = item.len() > 2 && item.starts_with(['"', '\'']) && item.ends_with(['"', '\'']);
    is_quoted || (!item.contains(char::is_whitespace) && looks_generated(item))
}

/// Without blanks and quotes around it; nothing if that is all.
fn trimmed(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let end = range.end.min(text.len());
    let raw = text.get(range.start..end).unwrap_or_default();
    let unquoted = raw.trim();
    let value = ['"', '\'']
        .iter()
        .find_map(|quote| unquoted.strip_prefix(*quote)?.strip_suffix(*quote))
        .unwrap_or(unquoted);
    if value.is_empty() || is_plain_flag(value) {
        return Vec::new();
    }
    let start = range.start + raw.find(value).unwrap_or_default();
    let found = start..start + value.len();
    vec![found]
}
