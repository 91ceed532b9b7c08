//! Hides in columns that have the name of a credential: CSV, TSV, tables of Markdown.

use std::{borrow::Cow, ops::Range};

use super::{Credential, Edit, Hider, MASK, Medium, credential, is_plain_flag};
use crate::credentials::names::may_count;

/// Names of columns are not longer.
const LONGEST_NAME: usize = 64;

/// Returns the changes to a table; `None` if the text is none that has a credential.
pub(super) fn edits(hider: &mut Hider<'_>, text: &str) -> Option<Vec<Edit>> {
    let head = text.trim_start_matches('\u{feff}').split('\n').next()?;
    // Prose has commas as well, and blanks behind them.
    let mark = ['\t', ';', '|', ',']
        .into_iter()
        .find(|mark| head.contains(*mark) && (*mark != ',' || !head.contains(", ")))?;
    let head_cells = records(head, mark).into_iter().next()?;
    let names: Vec<&str> = head_cells
        .iter()
        .map(|cell| unquoted(head, cell).0)
        .collect();
    let is_name = |name: &&str| {
        name.len() <= LONGEST_NAME
            && (mark == '|' || !name.is_empty())
            && name
                .chars()
                .all(|letter| letter.is_alphanumeric() || "_-. ".contains(letter))
    };
    let is_credential = |name: &&str| credential(name, Medium::Text) >= Credential::Scalar;
    let has_credential =
        names.len() > 1 && names.iter().all(is_name) && names.iter().any(is_credential);
    if !has_credential {
        return None;
    }
    let records = records(text, mark);
    let (_, rows) = records.split_first()?;
    let is_table = !rows.is_empty() && rows.iter().all(|row| row.len() == names.len());
    if !is_table {
        return None;
    }
    let mut edits = Vec::new();
    for row in rows {
        for (name, cell) in names.iter().zip(row) {
            let (value, range) = unquoted(text, cell);
            let counts = may_count(name) && value.parse::<f64>().is_ok();
            if value.is_empty()
                || is_plain_flag(value)
                || value.bytes().all(|byte| b"-:".contains(&byte))
                || counts
            {
                continue;
            }
            hider.enter(name);
            if is_credential(name) {
                hider.hid();
                edits.push(Edit {
                    range,
                    text: Cow::Borrowed(MASK),
                });
            } else if let Some(hidden) = hider.nested(|hider| hider.string(value)) {
                let is_plain = value == text.get(range.clone()).unwrap_or_default()
                    && !hidden.contains(['"', '\n', mark]);
                let hidden = if is_plain {
                    Cow::Owned(hidden)
                } else {
                    Cow::Borrowed(MASK)
                };
                edits.push(Edit {
                    range,
                    text: hidden,
                });
            }
            hider.leave();
        }
    }
    Some(edits)
}

/// The cells of each line; a line break in quotes belongs to its cell.
/// Source: <https://www.rfc-editor.org/rfc/rfc4180#section-2>.
fn records(text: &str, mark: char) -> Vec<Vec<Range<usize>>> {
    let mut records = Vec::new();
    let mut record = Vec::new();
    let (mut start, mut quoted) = (0, false);
    let ends = text.char_indices().chain([(text.len(), '\n')]);
    for (at, letter) in ends {
        let ends_text = at == text.len();
        // A quote begins a cell, or follows one: two of them are one in the text.
        let begins = |cell: &str| cell.trim().is_empty() || cell.ends_with('"');
        match letter {
            '"' if quoted => quoted = false,
            '"' if text.get(start..at).is_some_and(begins) => quoted = true,
            _ if quoted && !ends_text => {}
            '\n' => {
                record.push(start..at);
                start = at + 1;
                let record = std::mem::take(&mut record);
                let is_blank = record.iter().all(|cell: &Range<usize>| {
                    text.get(cell.clone())
                        .is_none_or(|cell| cell.trim().is_empty())
                });
                if !is_blank {
                    records.push(record);
                }
            }
            letter if letter == mark => {
                record.push(start..at);
                start = at + letter.len_utf8();
            }
            _ => {}
        }
    }
    records
}

/// The text of a cell without blanks and quotes, and where it is.
fn unquoted<'t>(text: &'t str, cell: &Range<usize>) -> (&'t str, Range<usize>) {
    let raw = text.get(cell.clone()).unwrap_or_default();
    let trimmed = raw.trim_matches([' ', '\t', '\r', '\u{feff}']);
    let value = trimmed
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(trimmed);
    let start = cell.start + raw.find(value).unwrap_or_default();
    (value, start..start + value.len())
}
