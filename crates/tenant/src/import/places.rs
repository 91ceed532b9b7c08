//! Users of a file with their places, which mistakes are shown at.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use postlogin_project::Format;
use postlogin_project::document::node::{Node, Source};
use postlogin_project::document::parse_placed;
use serde::de::IgnoredAny;
use serde_json::Value;

/// A problem in a file of users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportError {
    /// `users.json:3:5`, or `user 3` of a list that has no file.
    pub place: String,
    /// One sentence; never an attribute of a user, which may be a secret, but an address that is not one.
    pub message: String,
    /// The way to fix it.
    pub hint: Option<String>,
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
    key: Option<Cow<'static, str>>,
    pub(super) message: String,
    hint: Option<String>,
}

impl Wrong {
    pub(crate) fn at(key: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            key: Some(key.into()),
            message: message.into(),
            hint: None,
        }
    }

    /// Returns what is wrong.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn anywhere(message: impl Into<String>) -> Self {
        Self {
            key: None,
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }
}

/// The most users of a file. Each takes some 500 bytes beside its own text.
const MOST_USERS: usize = 250_000;
/// The longest text of a user, in bytes: as a tree it takes up to forty times as much.
const LONGEST_USER: usize = 2 << 20;

/// The text that users come from.
#[derive(Debug, Default)]
struct Origin {
    /// The name of the file; empty for a list that comes from none.
    shown: String,
    text: String,
    /// Whether each user has a line of its own.
    is_lines: bool,
}

/// The known facts of a user.
#[derive(Debug)]
enum Content {
    /// The attributes; `Null` once they were taken.
    Value(Value),
    /// Where in the text they are. A tree takes ten times as much memory, so it is made when it is needed.
    Text(Range<usize>),
    /// The attributes of a document whose values have their places.
    Placed(Box<Node>),
}

/// A user of a file or a list, with its place.
#[derive(Debug)]
pub struct SeedUser {
    content: Content,
    /// The number in the file or list, from 0.
    index: usize,
    origin: Arc<Origin>,
}

impl SeedUser {
    /// The users of a list that comes from no file.
    pub fn listed(users: impl IntoIterator<Item = Value>) -> Vec<Self> {
        let origin = Arc::default();
        let users = users.into_iter().enumerate();
        let listed = users.map(|(index, value)| Self {
            content: Content::Value(value),
            index,
            origin: Arc::clone(&origin),
        });
        listed.collect()
    }

    /// The users of a list in a document.
    pub(crate) fn placed(users: impl IntoIterator<Item = Node>) -> Vec<Self> {
        let origin = Arc::default();
        let users = users.into_iter().enumerate();
        let placed = users.map(|(index, node)| Self {
            content: Content::Placed(Box::new(node)),
            index,
            origin: Arc::clone(&origin),
        });
        placed.collect()
    }

    /// Takes the attributes. Those of a file can be taken again.
    ///
    /// # Errors
    /// When they are nested too deeply.
    pub(crate) fn take(&mut self) -> Result<Value, Wrong> {
        match &mut self.content {
            Content::Value(value) => Ok(std::mem::take(value)),
            Content::Placed(node) => Ok(node.to_value()),
            Content::Text(range) => {
                let text = self.origin.text.get(range.clone()).unwrap_or_default();
                serde_json::from_str(text)
                    .map_err(|_| Wrong::anywhere("the user is nested too deeply"))
            }
        }
    }

    /// Where the user stands, or the value under a key.
    pub(crate) fn place(&self, key: Option<&str>) -> String {
        let origin = &self.origin;
        let range = match &self.content {
            Content::Value(_) => return format!("user {}", self.index + 1),
            Content::Placed(node) => {
                let entry = key.and_then(|key| node.entry(key));
                let place = entry.map_or(&node.place, |entry| &entry.place);
                return format!("{}:{}:{}", place.source.shown, place.line, place.column);
            }
            Content::Text(range) => range,
        };
        let (line, column) = end_of(origin.text.get(..range.start).unwrap_or_default());
        let text = origin.text.get(range.clone()).unwrap_or_default();
        let within = key.and_then(|key| node_place(text, key));
        let shown = &origin.shown;
        match within {
            Some((1, inner)) => format!("{shown}:{line}:{}", column + inner - 1),
            Some((below, inner)) => format!("{shown}:{}:{inner}", line + below - 1),
            None if origin.is_lines => format!("{shown}:{line}"),
            None => format!("{shown}:{line}:{column}"),
        }
    }

    /// Whether the user was written with a key.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.place(Some(key)) != self.place(None)
    }

    pub(crate) fn error(&self, wrong: &Wrong) -> ImportError {
        ImportError {
            place: self.place(wrong.key.as_deref()),
            message: wrong.message.clone(),
            hint: wrong.hint.clone(),
        }
    }
}

/// Line and column of a key of an object, from 1. Looked for only when something is wrong there.
fn node_place(text: &str, key: &str) -> Option<(usize, usize)> {
    let source = Arc::new(Source {
        path: PathBuf::new(),
        shown: String::new(),
    });
    let node = parse_placed(text, Format::Json, &source).ok()?;
    let place = &node.entry(key)?.place;
    Some((
        usize::try_from(place.line).ok()?,
        usize::try_from(place.column).ok()?,
    ))
}

/// Line and column, from 1, after the last letter of a text.
fn end_of(text: &str) -> (usize, usize) {
    let line = text.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let last = text.rsplit('\n').next().unwrap_or_default();
    (line, last.chars().count() + 1)
}

/// Calls `visit` with the place of each element of a valid JSON list that begins at `start`, until one is refused.
fn each_element<E>(
    text: &str,
    start: usize,
    mut visit: impl FnMut(Range<usize>) -> Result<(), E>,
) -> Result<(), E> {
    let (mut depth, mut end) = (0_usize, start);
    let (mut in_string, mut escaped) = (false, false);
    let mut begin = None;
    for (at, byte) in text.bytes().enumerate().skip(start) {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => (in_string, end) = (false, at + 1),
                _ => {}
            }
            continue;
        }
        match byte {
            b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    break;
                }
                end = at + 1;
            }
            b',' if depth == 1 => {
                if let Some(begin) = begin.take() {
                    visit(begin..end)?;
                }
            }
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => {
                if depth == 1 && begin.is_none() {
                    begin = Some(at);
                }
                match byte {
                    b'"' => in_string = true,
                    b'[' | b'{' => depth += 1,
                    _ => {}
                }
                end = at + 1;
            }
        }
    }
    match begin {
        Some(begin) => visit(begin..end),
        None => Ok(()),
    }
}

/// Reads the users of a text: a JSON array of objects, one object, or one object on each line. `shown` is the name of the
/// file in errors. Takes little more memory than the text.
///
/// # Errors
/// When the text is neither, or has too much in it, with the place.
pub fn read_users(shown: &str, text: impl Into<String>) -> Result<Vec<SeedUser>, ImportError> {
    let text: String = text.into();
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    };
    let broken = |line: usize, error: &serde_json::Error, what: &str| ImportError {
        place: format!("{shown}:{line}:{}", error.column().max(1)),
        message: format!("{what} is not valid JSON"),
        hint: None,
    };
    let start = text.len() - text.trim_start().len();
    let is_list = text.trim_start().starts_with('[');
    let is_lines = match serde_json::from_str::<IgnoredAny>(&text) {
        Ok(_) => false,
        Err(error) if is_list => return Err(broken(error.line(), &error, "the JSON array")),
        Err(_) => true,
    };
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let refused = |at: usize, message: String| {
        let (line, column) = end_of(text.get(..at).unwrap_or_default());
        let place = match is_lines {
            true => format!("{shown}:{line}"),
            false => format!("{shown}:{line}:{column}"),
        };
        Err(ImportError {
            place,
            message,
            hint: None,
        })
    };
    let mut add = |range: Range<usize>| {
        if !text.get(range.clone()).unwrap_or_default().starts_with('{') {
            return refused(range.start, "a user must be a JSON object".into());
        }
        if range.len() > LONGEST_USER {
            let most = LONGEST_USER >> 20;
            return refused(range.start, format!("the user has more than {most} MiB"));
        }
        if ranges.len() == MOST_USERS {
            return refused(
                range.start,
                format!("the file has more than {MOST_USERS} users"),
            );
        }
        ranges.push(range);
        Ok(())
    };
    if is_list {
        each_element(&text, start, &mut add)?;
    } else if is_lines || text.trim().is_empty() {
        let mut from = 0;
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let begin = from + (line.len() - line.trim_start().len());
            from += line.len();
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            serde_json::from_str::<IgnoredAny>(line)
                .map_err(|error| broken(index + 1, &error, "the line"))?;
            add(begin..begin + line.len())?;
        }
    } else {
        add(start..text.trim_end().len())?;
    }
    let origin = Arc::new(Origin {
        shown: shown.to_owned(),
        text,
        is_lines,
    });
    let placed = ranges.into_iter().enumerate();
    let placed = placed.map(|(index, range)| SeedUser {
        content: Content::Text(range),
        index,
        origin: Arc::clone(&origin),
    });
    Ok(placed.collect())
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_USER, MOST_USERS, each_element, end_of, read_users};

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
    fn the_elements_of_a_list_have_their_places() {
        let text = " [ {\"a\": \"],[\\\"\"},\n  [1,\n2],\n\n \"x,\" , 3 ]";
        let mut found = Vec::new();
        let each = each_element(text, 1, |range| {
            found.push((end_of(&text[..range.start]), &text[range]));
            Ok::<(), ()>(())
        });
        assert_eq!(each, Ok(()));
        assert_eq!(
            found,
            [
                ((1, 4), "{\"a\": \"],[\\\"\"}"),
                ((2, 3), "[1,\n2]"),
                ((5, 2), "\"x,\""),
                ((5, 9), "3"),
            ]
        );
        for none in ["[]", "[ ]", " [\n]"] {
            let start = none.find('[').unwrap();
            let each = each_element(none, start, |_| Err(()));
            assert_eq!(each, Ok(()), "{none}");
        }
    }

    #[test]
    fn hostile_files_are_refused_at_their_place() {
        let check = |text: String, expected: &str| {
            let error = read_users("f", text).unwrap_err().to_string();
            assert_eq!(error, expected);
        };
        check(
            format!("[{}]", vec!["{}"; MOST_USERS + 1].join(",\n")),
            "f:250001:1: the file has more than 250000 users",
        );
        check(
            "{}\n".repeat(MOST_USERS + 1),
            "f:250001: the file has more than 250000 users",
        );
        let long = format!("{{\"a\": \"{}\"}}", "x".repeat(LONGEST_USER));
        check(
            format!("[{{}},\n {long}]"),
            "f:2:2: the user has more than 2 MiB",
        );
        check(
            format!("{{}}\n{long}\n"),
            "f:2: the user has more than 2 MiB",
        );
        // The first one that is not a user ends it: the others take no memory.
        check(
            format!("[{}1]", "1,".repeat(1_000_000)),
            "f:1:2: a user must be a JSON object",
        );
        check("1\n".repeat(1_000_000), "f:1: a user must be a JSON object");
        let deep = format!("[{{\"a\": {}{}}}]", "[".repeat(500), "]".repeat(500));
        let mut users = read_users("f", deep).unwrap();
        let wrong = users[0].take().unwrap_err();
        assert_eq!(wrong.message, "the user is nested too deeply");
    }

    #[test]
    fn a_key_has_its_place_in_the_file() {
        let text = "[\n  {\"a\": 1},\n  {\"b\": 1,\n \"c\": 2}]";
        let users = read_users("f", text).unwrap();
        assert_eq!(users[0].place(Some("a")), "f:2:4");
        assert_eq!(users[1].place(Some("b")), "f:3:4");
        assert_eq!(users[1].place(Some("c")), "f:4:2");
        assert_eq!(users[1].place(Some("d")), "f:3:3");
        assert!(users[1].has("c") && !users[1].has("d"));
        let lines = read_users("f", "{\"a\": 1}\n\n  {\"b\": 1}\n").unwrap();
        assert_eq!(lines[1].place(None), "f:3");
        assert_eq!(lines[1].place(Some("b")), "f:3:4");
    }
}
