//! JSON and YAML documents: events, users, clients, configuration.

mod json;
pub mod node;
mod toml;
mod typed;
mod yaml;

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use postlogin_core::ceilings::json_cost;
use serde_json::{Map, Value};

pub use typed::{read_list, reword};

use crate::files::{decode, extension, read_text, with_slashes};
use crate::{Error, Result};

/// The language of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON; a key may stand once in an object.
    Json,
    /// YAML 1.2, one document; a key may stand once in a mapping.
    Yaml,
    /// JSON if the text is JSON, else YAML.
    Unknown,
}

impl Format {
    /// By the extension of the file name, that before `.gz` for a compressed one.
    pub fn of(path: &Path) -> Format {
        let inner = match extension(path).as_str() {
            "gz" => path.with_extension(""),
            _ => path.to_owned(),
        };
        match extension(&inner).as_str() {
            "json" => Format::Json,
            "yaml" | "yml" => Format::Yaml,
            _ => Format::Unknown,
        }
    }

    /// The form of this text, where the file name does not say it. What begins with a brace or a bracket and a quote is
    /// JSON, also when it is broken: YAML would read `{"a": 1,}` without a word.
    fn of_text(self, text: &str) -> Format {
        let begin = text.trim_start();
        match self {
            Format::Unknown if !begin.starts_with(['{', '[']) => Format::Yaml,
            Format::Unknown => {
                let inside = begin.trim_start_matches(|letter: char| {
                    matches!(letter, '{' | '[') || letter.is_whitespace()
                });
                // The messages of YAML about broken JSON are odd.
                let is_json = inside.starts_with('"') || yaml::parse(text).is_err();
                if is_json || json::parse(text).is_ok() {
                    Format::Json
                } else {
                    Format::Yaml
                }
            }
            known => known,
        }
    }
}

/// Parses a document and keeps the place of every value, for files whose mistakes are shown where they stand.
pub fn parse_placed(text: &str, format: Format, source: &Arc<node::Source>) -> Result<node::Node> {
    // Its messages about broken JSON are better, and it refuses what only YAML allows.
    let json = match format {
        Format::Json => Some(parse_document(text, format, &source.shown)?),
        Format::Yaml | Format::Unknown => None,
    };
    match (yaml::parse_placed(text, source), json) {
        // YAML has no such keys, and JSON has.
        (Err(_), Some(value)) if has_long_key(&value) => {
            Ok(node::Node::without_places(value, source))
        }
        (placed, _) => placed.map_err(|error| error.in_file(&source.shown)),
    }
}

/// The longest key that is not written with `?` in YAML, in characters.
const LONGEST_YAML_KEY: usize = 1_000;

fn has_long_key(value: &Value) -> bool {
    match value {
        Value::Object(entries) => entries
            .iter()
            .any(|(key, value)| key.len() > LONGEST_YAML_KEY || has_long_key(value)),
        Value::Array(items) => items.iter().any(has_long_key),
        _ => false,
    }
}

/// Parses a TOML document, with the place of every value.
pub fn parse_toml(text: &str, source: &Arc<node::Source>) -> Result<node::Node> {
    toml::parse_placed(text, source).map_err(|error| error.in_file(&source.shown))
}

/// Reads a JSON or YAML document. `-` reads `stdin`.
pub fn read_document(path: &Path, stdin: &mut dyn Read) -> Result<Value> {
    let (text, shown) = read(path, stdin)?;
    parse_document(&text, Format::of(path), &shown)
}

/// Reads a document that must be an object: an event, a user, a client. `what` names it in errors: `an event`.
pub fn read_object(path: &Path, what: &str, stdin: &mut dyn Read) -> Result<Map<String, Value>> {
    let (text, shown) = read(path, stdin)?;
    match parse_document(&text, Format::of(path), &shown)? {
        Value::Object(object) => Ok(object),
        other => {
            let found = match other {
                Value::Null => "empty",
                Value::Array(_) => "a list",
                _ => "a single value",
            };
            Err(
                Error::new(format!("{what} must be an object; the document is {found}"))
                    .in_file(&shown)
                    .at(1, 1),
            )
        }
    }
}

/// The most values, keys included, of a document, weighed by [`json_cost`]. Each costs some hundred bytes while a login runs.
const MOST_VALUES: usize = 400_000;

/// Parses the text of a document; `shown` is the file's name in errors.
///
/// # Errors
/// When the text is not in its format, or has more values than any event, user or configuration.
pub fn parse_document(text: &str, format: Format, shown: &str) -> Result<Value> {
    let cost = json_cost(text);
    crate::amount::values(cost, shown)?;
    if cost > MOST_VALUES {
        let message = format!(
            "the document has more than {MOST_VALUES} values: a text counts as two, a list or an object as four"
        );
        return Err(Error::new(message).in_file(shown));
    }
    parse_list(text, format, shown)
}

/// As [`parse_document`], for lists of any length.
fn parse_list(text: &str, format: Format, shown: &str) -> Result<Value> {
    let result = match format.of_text(text) {
        Format::Json => json::parse(text),
        Format::Yaml | Format::Unknown => yaml::parse(text),
    };
    result.map_err(|error| error.in_file(shown))
}

fn read(path: &Path, stdin: &mut dyn Read) -> Result<(String, String)> {
    if path != Path::new("-") {
        let shown = with_slashes(path);
        return Ok((read_text(path, &shown)?, shown));
    }
    let shown = "<stdin>".to_owned();
    let mut bytes = Vec::new();
    stdin
        .read_to_end(&mut bytes)
        .map_err(|error| Error::new(format!("cannot read the input: {error}")).in_file(&shown))?;
    Ok((decode(bytes, &shown)?, shown))
}

#[cfg(test)]
mod tests;
