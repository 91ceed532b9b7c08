//! Differences between expected and actual text.

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::lines::{Line, Role, shortened};

/// Values up to this many characters are shown on one line.
const SHORT: usize = 100;

/// The number of characters of a value without parts that are shown.
const LONGEST: usize = 2_000;

/// The number of equal lines around a difference.
const CONTEXT: usize = 3;

/// The number of lines of each side that are compared, from the first difference on: the time grows with the square.
const MOST_COMPARED: usize = 500;

/// The number of lines of a difference that are shown.
const MOST_SHOWN: usize = 120;

/// Two values: each on a line, or line by line when they are long. `None` is nothing at all.
pub(super) fn values(expected: Option<&Value>, actual: Option<&Value>) -> Vec<Line> {
    let short = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
    let (wanted, is) = (short(expected), short(actual));
    let both_nested = [expected, actual]
        .iter()
        .all(|value| value.is_some_and(|value| value.is_object() || value.is_array()));
    let is_long = wanted.chars().count() > SHORT || is.chars().count() > SHORT;
    if both_nested && is_long {
        let pretty =
            |value: Option<&Value>| value.map_or(String::new(), |value| format!("{value:#}"));
        return diff_lines(&pretty(expected), &pretty(actual));
    }
    vec![
        Line::of(Role::Dim, "expected  ").and(Role::Bad, shortened(&wanted, LONGEST)),
        Line::of(Role::Dim, "  actual  ").and(Role::Good, shortened(&is, LONGEST)),
    ]
}

/// The difference between two texts, with some equal lines around each change: `-` for what is only in the first, `+`
/// for what is only in the second. The time that it takes and the number of lines are bounded; what is left out is
/// counted.
pub fn diff_lines(before: &str, after: &str) -> Vec<Line> {
    let left: Vec<&str> = before.split_inclusive('\n').collect();
    let right: Vec<&str> = after.split_inclusive('\n').collect();
    let common = |(one, other): &(&&str, &&str)| one == other;
    let head = left.iter().zip(&right).take_while(common).count();
    let (rest, others) = (left.iter().skip(head).rev(), right.iter().skip(head).rev());
    let tail = rest.zip(others).take_while(common).count();
    let changed = left.len().max(right.len()) - head - tail;
    let is_bounded = changed <= MOST_COMPARED;
    // Where everything is compared, the equal lines at the ends cost nothing.
    let (begin, length) = match is_bounded {
        true => (0, usize::MAX),
        false => (head.saturating_sub(CONTEXT), MOST_COMPARED),
    };
    let part = |lines: &[&'_ str]| -> (usize, usize) {
        let begin = begin.min(lines.len());
        (begin, begin.saturating_add(length).min(lines.len()))
    };
    let (of_left, of_right) = (part(&left), part(&right));
    let compared = |lines: &[&str], (begin, end): (usize, usize)| -> String {
        lines.get(begin..end).unwrap_or_default().concat()
    };
    let mut lines = changes(&compared(&left, of_left), &compared(&right, of_right));
    let hidden = lines.len().saturating_sub(MOST_SHOWN);
    if hidden > 0 {
        lines.truncate(MOST_SHOWN);
        let text = format!("  … {hidden} more lines of the difference");
        lines.push(Line::of(Role::Warn, text));
    }
    if !is_bounded {
        let text = format!(
            "  … lines {} to {} and {} to {} are compared; there are {} and {}",
            of_left.0 + 1,
            of_left.1,
            of_right.0 + 1,
            of_right.1,
            left.len(),
            right.len()
        );
        lines.push(Line::of(Role::Warn, text));
    }
    lines
}

fn changes(before: &str, after: &str) -> Vec<Line> {
    let diff = TextDiff::from_lines(before, after);
    let mut lines = Vec::new();
    for (index, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if index > 0 {
            lines.push(Line::of(Role::Dim, "  ⋮"));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (role, sign) = match change.tag() {
                ChangeTag::Delete => (Role::Bad, '-'),
                ChangeTag::Insert => (Role::Good, '+'),
                ChangeTag::Equal => (Role::Dim, ' '),
            };
            let text = change.value().trim_end_matches(['\n', '\r']);
            lines.push(Line::of(role, format!("{sign} {text}")));
        }
    }
    lines
}
