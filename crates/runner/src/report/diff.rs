//! What was expected and what there is.

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::lines::{Line, Role};

/// Values up to this many characters are shown on one line.
const SHORT: usize = 100;

/// How many equal lines stand around a difference.
const CONTEXT: usize = 3;

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
        Line::of(Role::Dim, "expected  ").and(Role::Bad, wanted),
        Line::of(Role::Dim, "  actual  ").and(Role::Good, is),
    ]
}

/// The difference between two texts, with some equal lines around each change: `-` for what is only in the first, `+`
/// for what is only in the second.
pub fn diff_lines(before: &str, after: &str) -> Vec<Line> {
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
