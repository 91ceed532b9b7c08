//! Users of a file with their places, which mistakes are shown at.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use postlogin_project::Format;
use postlogin_project::document::node::{NodeValue, Source};
use postlogin_project::document::parse_placed;
use serde_json::Value;

/// A problem in a file of users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportError {
    /// `users.json:3:5`, or `user 3` of a list that has no file.
    pub place: String,
    /// One sentence; never an attribute of a user, which may be a secret.
    pub message: String,
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl std::error::Error for ImportError {}

/// The problem of a user and its key.
#[derive(Debug)]
pub(crate) struct Wrong {
    key: Option<&'static str>,
    pub(super) message: String,
}

impl Wrong {
    pub(crate) fn at(key: &'static str, message: impl Into<String>) -> Self {
        Self {
            key: Some(key),
            message: message.into(),
        }
    }

    pub(crate) fn anywhere(message: impl Into<String>) -> Self {
        Self {
            key: None,
            message: message.into(),
        }
    }
}

/// The text that users come from.
#[derive(Debug, Default)]
struct Origin {
    /// The name of the file; empty for a list that comes from none.
    shown: String,
    text: String,
    /// The lines of the users, from 1, where each has its own.
    lines: Option<Vec<usize>>,
}

/// A user of a file or a list, with its place.
#[derive(Debug)]
pub struct SeedUser {
    pub(crate) value: Value,
    /// The number in the file or list, from 0.
    index: usize,
    origin: Arc<Origin>,
}

impl SeedUser {
    /// The users of a list that comes from no file.
    pub fn listed(users: impl IntoIterator<Item = Value>) -> Vec<Self> {
        placed(users.into_iter().collect(), &Arc::default())
    }

    /// Where the user stands, or the value under a key.
    pub(crate) fn place(&self, key: Option<&str>) -> String {
        let origin = &self.origin;
        if origin.shown.is_empty() {
            return format!("user {}", self.index + 1);
        }
        let (line, column) = match &origin.lines {
            Some(lines) => {
                let line = lines.get(self.index).copied().unwrap_or(1);
                let text = origin.text.lines().nth(line - 1).unwrap_or_default();
                (line, key.and_then(|key| node_place(text, None, key)))
            }
            None => {
                let start = element_line(&origin.text, self.index);
                match key.and_then(|key| node_place(&origin.text, Some(self.index), key)) {
                    Some((line, column)) => (line, Some((1, column))),
                    None => (start.0, Some((1, start.1))),
                }
            }
        };
        match column {
            Some((_, column)) => format!("{}:{line}:{column}", origin.shown),
            None => format!("{}:{line}", origin.shown),
        }
    }

    /// Whether the user was written with a key.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.place(Some(key)) != self.place(None)
    }

    pub(crate) fn error(&self, wrong: &Wrong) -> ImportError {
        ImportError {
            place: self.place(wrong.key),
            message: wrong.message.clone(),
        }
    }
}

/// Line and column of a key of an object, or of that with a number in a list. Looked for only when something is wrong there.
fn node_place(text: &str, index: Option<usize>, key: &str) -> Option<(usize, usize)> {
    let source = Arc::new(Source {
        path: PathBuf::new(),
        shown: String::new(),
    });
    let node = parse_placed(text, Format::Json, &source).ok()?;
    let user = match (&node.value, index) {
        (NodeValue::List(users), Some(index)) => users.get(index)?,
        _ => &node,
    };
    let place = &user.entry(key)?.place;
    Some((
        usize::try_from(place.line).ok()?,
        usize::try_from(place.column).ok()?,
    ))
}

/// Line and column, from 1, at which an element of a JSON list begins, or the only value.
fn element_line(text: &str, index: usize) -> (usize, usize) {
    let (mut line, mut column, mut depth, mut seen) = (1, 0, 0_usize, 0);
    let (mut in_string, mut escaped, mut waits) = (false, false, true);
    for letter in text.chars() {
        match letter {
            '\n' => (line, column) = (line + 1, 0),
            _ => column += 1,
        }
        if in_string {
            match letter {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => in_string = false,
                _ => {}
            }
            continue;
        }
        let is_list = depth == 0 && letter == '[';
        if depth <= 1 && waits && !is_list && !letter.is_whitespace() && letter != ']' {
            if seen == index {
                return (line, column);
            }
            waits = false;
        }
        match letter {
            '"' => in_string = true,
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 1 => (seen, waits) = (seen + 1, true),
            _ => {}
        }
    }
    (1, 1)
}

fn placed(users: Vec<Value>, origin: &Arc<Origin>) -> Vec<SeedUser> {
    let users = users.into_iter().enumerate();
    let placed = users.map(|(index, value)| SeedUser {
        value,
        index,
        origin: Arc::clone(origin),
    });
    placed.collect()
}

/// Reads the users of a text: a JSON array of objects, one object, or one object on each line. `shown` is the name of the
/// file in errors.
///
/// # Errors
/// When the text is neither, with the place.
pub fn read_users(shown: &str, text: &str) -> Result<Vec<SeedUser>, ImportError> {
    let text = text.trim_start_matches('\u{feff}');
    let broken = |line: usize, error: &serde_json::Error, what: &str| ImportError {
        place: format!("{shown}:{line}:{}", error.column().max(1)),
        message: format!("{what} is not valid JSON"),
    };
    let mut lines = None;
    let users = match serde_json::from_str::<Value>(text) {
        Ok(Value::Array(users)) => users,
        Ok(single @ Value::Object(_)) => vec![single],
        Err(error) if text.trim_start().starts_with('[') => {
            return Err(broken(error.line(), &error, "the JSON array"));
        }
        _ => {
            let mut users = Vec::new();
            let mut numbers = Vec::new();
            for (index, line) in text.lines().enumerate() {
                if line.trim().is_empty() {
                    continue;
                }
                let user = serde_json::from_str(line);
                users.push(user.map_err(|error| broken(index + 1, &error, "the line"))?);
                numbers.push(index + 1);
            }
            lines = Some(numbers);
            users
        }
    };
    let origin = Arc::new(Origin {
        shown: shown.to_owned(),
        text: text.to_owned(),
        lines,
    });
    let users = placed(users, &origin);
    match users.iter().find(|user| !user.value.is_object()) {
        Some(user) => Err(user.error(&Wrong::anywhere("a user must be a JSON object"))),
        None => Ok(users),
    }
}

#[cfg(test)]
mod tests {
    use super::{element_line, read_users};

    #[test]
    fn both_forms_are_read() {
        for (text, expected) in [
            ("[{\"email\": \"a\"}, {\"email\": \"b\"}]", 2),
            ("{\"email\": \"a\"}\n\n{\"email\": \"b\"}\n", 2),
            ("\u{feff}{\"email\": \"a\"}", 1),
            ("", 0),
            ("[]", 0),
        ] {
            assert_eq!(read_users("f", text).unwrap().len(), expected, "{text}");
        }
    }

    #[test]
    fn the_elements_of_a_list_have_their_lines() {
        let text = " [ {\"a\": \"],[\\\"\"},\n  [1,\n2],\n\n 3]";
        for (index, expected) in [(0, (1, 4)), (1, (2, 3)), (2, (5, 2))] {
            assert_eq!(element_line(text, index), expected);
        }
        assert_eq!(element_line("{\"a\": [1, 2]}", 0), (1, 1));
    }
}
