//! Paths into an event, as users write them: `user.user_metadata.hobby`, `identities[0].provider`, `a["b.c"]`.

use std::fmt;

use serde_json::{Map, Value};

/// As deep as a JSON text may be nested: what is built from a path must not be deeper.
const MAX_SEGMENTS: usize = 100;

/// A place in an event, below `event`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path {
    segments: Vec<Segment>,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// A key of an object. On an array that is already there, a key of digits is an index.
    Key(String),
    /// An index of an array, from 0.
    Index(usize),
}

/// Why a path cannot be read or followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathError {
    /// One sentence without a full stop; names the segment.
    pub message: String,
    /// The replacement to write instead, if there is one.
    pub hint: Option<String>,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for PathError {}

impl Path {
    /// Reads a whole path; a leading `event.` is dropped.
    pub fn parse(text: &str) -> Result<Path, PathError> {
        match read_path(text)? {
            (path, "") => Ok(path),
            (_, rest) => Err(malformed(text, &format!("unexpected `{rest}`"))),
        }
    }

    /// The path with these steps from the event.
    pub fn from_segments(segments: Vec<Segment>) -> Path {
        Path { segments }
    }

    /// The steps from the event to the place.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    pub(super) fn push(&mut self, segment: Segment) {
        self.segments.push(segment);
    }

    /// Returns the path of a part of the value at this one.
    #[must_use]
    pub fn with(&self, segment: Segment) -> Path {
        let mut path = self.clone();
        path.push(segment);
        path
    }
}

/// The path as a program would write it, `event` included.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_segments(&self.segments, f)
    }
}

fn write_segments(segments: &[Segment], f: &mut dyn fmt::Write) -> fmt::Result {
    f.write_str("event")?;
    for segment in segments {
        match segment {
            Segment::Index(index) => write!(f, "[{index}]")?,
            Segment::Key(key) if is_identifier(key) => write!(f, ".{key}")?,
            Segment::Key(key) => write!(f, "[{}]", Value::from(key.as_str()))?,
        }
    }
    Ok(())
}

fn is_identifier(key: &str) -> bool {
    key.starts_with(|first: char| first.is_alphabetic() || matches!(first, '_' | '$'))
        && key
            .chars()
            .all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '$'))
}

/// Reads `path=value`. The value is JSON if it parses as JSON, else the text itself.
pub fn parse_assignment(text: &str) -> Result<(Path, Value), PathError> {
    let (path, rest) = read_path(text)?;
    let Some(value) = rest.strip_prefix('=') else {
        return Err(PathError {
            message: format!("`{text}` has no `=`"),
            hint: Some("write path=value, as in user.user_metadata.hobby=surfing".to_owned()),
        });
    };
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok((path, value))
}

/// Reads a path up to the first `=` outside quotes; gives what follows.
fn read_path(text: &str) -> Result<(Path, &str), PathError> {
    let mut segments = Vec::new();
    let mut rest = text;
    let mut expects_key = true;
    loop {
        if let Some(after) = rest.strip_prefix('[') {
            let (segment, after) = read_bracket(text, after)?;
            segments.push(segment);
            (rest, expects_key) = (after, false);
        } else if expects_key {
            let end = rest.find(['.', '[', '=']).unwrap_or(rest.len());
            let (key, after) = rest.split_at(end);
            if key.is_empty() {
                return Err(malformed(
                    text,
                    &format!("segment {} is empty", segments.len() + 1),
                ));
            }
            segments.push(Segment::Key(key.to_owned()));
            (rest, expects_key) = (after, false);
        } else if let Some(after) = rest.strip_prefix('.') {
            (rest, expects_key) = (after, true);
        } else {
            break;
        }
    }
    if segments.first() == Some(&Segment::Key("event".to_owned())) {
        segments.remove(0);
    }
    if segments.is_empty() {
        return Err(malformed(text, "it names no property"));
    }
    if segments.len() > MAX_SEGMENTS {
        return Err(malformed(
            text,
            &format!("it has more than {MAX_SEGMENTS} segments"),
        ));
    }
    Ok((Path { segments }, rest))
}

fn read_bracket<'a>(text: &str, inner: &'a str) -> Result<(Segment, &'a str), PathError> {
    let (segment, after) = if let Some(quote) = inner
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\''))
    {
        let body = inner.get(1..).unwrap_or_default();
        let (key, after) = read_quoted(body, quote)
            .ok_or_else(|| malformed(text, &format!("the quote in `[{inner}` does not end")))?;
        (Segment::Key(key), after)
    } else {
        let end = inner
            .find(|letter: char| !letter.is_ascii_digit())
            .unwrap_or(inner.len());
        let (digits, after) = inner.split_at(end);
        let index = digits.parse().map_err(|_| {
            malformed(
                text,
                &format!("`[{inner}` needs an index or a quoted key in its brackets"),
            )
        })?;
        (Segment::Index(index), after)
    };
    let after = after
        .strip_prefix(']')
        .ok_or_else(|| malformed(text, &format!("`[{inner}` lacks its `]`")))?;
    Ok((segment, after))
}

/// The text up to the quote; a backslash takes the next character literally.
fn read_quoted(body: &str, quote: char) -> Option<(String, &str)> {
    let mut key = String::new();
    let mut letters = body.char_indices();
    while let Some((at, letter)) = letters.next() {
        if letter == quote {
            return body.get(at + 1..).map(|after| (key, after));
        }
        key.push(if letter == '\\' {
            letters.next()?.1
        } else {
            letter
        });
    }
    None
}

fn malformed(path: &str, problem: &str) -> PathError {
    PathError {
        message: format!("`{path}` is not a path: {problem}"),
        hint: Some("write user.user_metadata.hobby, user.identities[0].provider or client.metadata[\"a.b\"]".to_owned()),
    }
}

/// Sets the place to `value`. Objects and arrays on the way are made where nothing (or `null`) is.
///
/// An array takes an index that it has, or the next one. `identities.0` means the array's item if `identities` is an
/// array, and the key `"0"` otherwise; `identities[0]` always means an array.
pub fn set_path(root: &mut Value, path: &Path, value: Value) -> Result<(), PathError> {
    let mut place = root;
    for (depth, segment) in path.segments.iter().enumerate() {
        let parents = path.segments.get(..depth).unwrap_or_default();
        place = step(place, segment, parents)?;
    }
    *place = value;
    Ok(())
}

fn step<'a>(
    place: &'a mut Value,
    segment: &Segment,
    parents: &[Segment],
) -> Result<&'a mut Value, PathError> {
    if place.is_null() {
        *place = match segment {
            Segment::Key(_) => Value::Object(Map::new()),
            Segment::Index(_) => Value::Array(Vec::new()),
        };
    }
    let index = match segment {
        Segment::Index(index) => Some(*index),
        Segment::Key(key) => key.parse().ok(),
    };
    match (place, segment, index) {
        (Value::Object(object), Segment::Key(key), _) => {
            Ok(object.entry(key.as_str()).or_insert(Value::Null))
        }
        (Value::Array(items), _, Some(index)) => {
            let length = items.len();
            if index == length {
                items.push(Value::Null);
            }
            items.get_mut(index).ok_or_else(|| PathError {
                message: format!(
                    "`{}` has no [{index}]; its length is {length}",
                    render(parents)
                ),
                hint: Some(format!("the next free index is [{length}]")),
            })
        }
        (place, Segment::Key(key), _) => Err(no_such_step(place, &format!("key `{key}`"), parents)),
        (place, Segment::Index(index), _) => {
            Err(no_such_step(place, &format!("index [{index}]"), parents))
        }
    }
}

fn no_such_step(place: &Value, segment: &str, parents: &[Segment]) -> PathError {
    PathError {
        message: format!(
            "`{}` is {}; it has no {segment}",
            render(parents),
            kind_of(place)
        ),
        hint: None,
    }
}

fn render(segments: &[Segment]) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write_segments(segments, &mut text);
    text
}

/// The type of a value in words: `an object`.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
#[path = "path_tests.rs"]
mod tests;
