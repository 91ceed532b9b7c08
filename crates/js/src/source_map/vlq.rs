//! The mappings of a source map: fields of Base64 VLQ numbers.

use super::{Broken, Token};
use crate::source::text::Position;

/// Reads the mappings of a map with so many files.
///
/// Source: <https://tc39.es/ecma426/#sec-mappings>.
pub(super) fn tokens(text: &str, sources: usize, most: usize) -> Result<Vec<Token>, Broken> {
    let broken = |line: u32| {
        Broken(format!(
            "its mappings are broken (line {line} of the built file)"
        ))
    };
    let mut tokens: Vec<Token> = Vec::new();
    // Running numbers: the file, its line and its column.
    let mut state = [0_i64; 3];
    for (line, fields) in (1_u32..).zip(text.split(';')) {
        let mut column = 0_i64;
        let mut is_sorted = true;
        let begin = tokens.len();
        for field in fields.split(',').filter(|field| !field.is_empty()) {
            let numbers = numbers(field.as_bytes()).ok_or_else(|| broken(line))?;
            let (count, [moved, rest @ ..]) = numbers;
            column += moved;
            let original = match count {
                1 => None,
                4 | 5 => {
                    for (number, moved) in state.iter_mut().zip(rest) {
                        *number += moved;
                    }
                    let [source, source_line, source_column] = state;
                    let source = u32::try_from(source).map_err(|_| broken(line))?;
                    if source as usize >= sources {
                        return Err(broken(line));
                    }
                    Some((
                        source,
                        position(source_line, source_column).ok_or_else(|| broken(line))?,
                    ))
                }
                _ => return Err(broken(line)),
            };
            let generated = position(i64::from(line) - 1, column).ok_or_else(|| broken(line))?;
            is_sorted &= tokens.last().is_none_or(|last| last.generated <= generated);
            if tokens.len() >= most {
                return Err(Broken(format!("it has more than {most} mappings")));
            }
            tokens.push(Token {
                generated,
                original,
            });
        }
        if !is_sorted {
            let fields = tokens.get_mut(begin..).unwrap_or_default();
            fields.sort_by_key(|token| token.generated);
        }
    }
    Ok(tokens)
}

/// A line and a column from 0 as a place; `None` for what no text has.
fn position(line: i64, column: i64) -> Option<Position> {
    Some(Position {
        line: u32::try_from(line.checked_add(1)?).ok()?.max(1),
        column: u32::try_from(column.checked_add(1)?)
            .ok()
            .filter(|column| *column > 0)?,
    })
    .filter(|_| line >= 0)
}

/// The numbers of a field, the first four of them, and how many there are; `None` for what is no field.
fn numbers(field: &[u8]) -> Option<(usize, [i64; 4])> {
    let mut numbers = [0_i64; 4];
    let mut count = 0;
    let (mut value, mut shift) = (0_i64, 0_u32);
    for byte in field {
        let digit = i64::from(match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        });
        // Numbers have 32 bits.
        if shift > 30 {
            return None;
        }
        value |= (digit & 31) << shift;
        shift += 5;
        if digit & 32 == 0 {
            let number = if value & 1 == 1 {
                -(value >> 1)
            } else {
                value >> 1
            };
            if let Some(place) = numbers.get_mut(count) {
                *place = number;
            }
            count += 1;
            (value, shift) = (0, 0);
        }
    }
    // A digit that says that more follow ends no number.
    (shift == 0).then_some((count, numbers))
}
