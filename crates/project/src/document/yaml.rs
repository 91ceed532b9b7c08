//! YAML as the Auth0 tools read it: version 1.2, one document.

use std::fmt;
use std::sync::Arc;

use serde::de::{self, Deserialize, DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{Error as YamlError, Location, Spanned};

use super::node::{Entry, Node, NodeValue, Place, Source};
use crate::files::clamp;
use crate::{Error, Result};

pub(super) fn parse(text: &str) -> Result<Value> {
    let value: Value = typed(text)?;
    refuse_empty(text, value.is_null())?;
    Ok(value)
}

/// As [`parse`], with the place of every value.
pub(super) fn parse_placed(text: &str, source: &Arc<Source>) -> Result<Node> {
    let raw: Spanned<Raw> = typed(text)?;
    let lines: Vec<&str> = text.split('\n').collect();
    let node = placed(raw, &lines, source);
    refuse_empty(text, matches!(node.value, NodeValue::Null))?;
    Ok(node)
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        // YAML 1.2: `no` is a country, `1_000` is a text.
        strict_booleans: true,
        underscored_numbers_as_strings: true,
        // The printer shows the place; a snippet inside the message would repeat it.
        with_snippet: false,
    }
}

/// A document of comments only.
fn refuse_empty(text: &str, is_null: bool) -> Result<()> {
    let says_nothing = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    if is_null && text.lines().all(says_nothing) {
        return Err(Error::new("the document is empty").at(1, 1));
    }
    Ok(())
}

/// A value as the parser gives it, before its places are counted in UTF-16.
enum Raw {
    Scalar(Value),
    List(Vec<Spanned<Raw>>),
    Object(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Raw, E> {
        Number::from_f64(value)
            .map(|number| Raw::Scalar(Value::Number(number)))
            .ok_or_else(|| E::custom("JSON has no infinity and no NaN"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Object(entries))
    }
}

fn placed(raw: Spanned<Raw>, lines: &[&str], source: &Arc<Source>) -> Node {
    let place = place_of(&raw.referenced, lines, source);
    let value = match raw.value {
        Raw::Scalar(value) => NodeValue::scalar(value),
        Raw::List(items) => {
            let items = items.into_iter().map(|item| placed(item, lines, source));
            NodeValue::List(items.collect())
        }
        Raw::Object(entries) => {
            let entry = |(key, value): (Spanned<String>, Spanned<Raw>)| Entry {
                place: place_of(&key.referenced, lines, source),
                key: key.value,
                value: placed(value, lines, source),
            };
            NodeValue::Object(entries.into_iter().map(entry).collect())
        }
    };
    Node { value, place }
}

/// Lines of more bytes than this are not looked through for each of their values.
const LONG_LINE: usize = 10_000;

fn place_of(location: &Location, lines: &[&str], source: &Arc<Source>) -> Place {
    let line = usize::try_from(location.line()).unwrap_or(1).max(1);
    let column = usize::try_from(location.column()).unwrap_or(1).max(1);
    let text = lines.get(line - 1).copied().unwrap_or_default();
    let before = if text.len() > LONG_LINE {
        column - 1
    } else {
        text.chars().take(column - 1).map(char::len_utf16).sum()
    };
    Place {
        source: Arc::clone(source),
        line: clamp(line),
        column: clamp(before + 1),
    }
}

/// Reads a form of its own.
pub(super) fn typed<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| explain(text, &error))
}

/// Returns our message about the part of a document that is too much for the parser.
fn in_our_words(breach: &BudgetBreach) -> &'static str {
    match breach {
        BudgetBreach::Depth { .. } => "the document is nested more than 64 levels deep",
        BudgetBreach::ScalarBytes { .. } => "the strings of the document have more than 64 MiB",
        BudgetBreach::Aliases { .. } | BudgetBreach::Anchors { .. } => {
            "the document has too many anchors and aliases"
        }
        BudgetBreach::Documents { .. } => "a second document begins after `---`",
        _ => "the document has more than 250,000 values",
    }
}

fn explain(text: &str, error: &YamlError) -> Error {
    let place = error.location();
    let explained = match error {
        YamlError::DuplicateMappingKey { key: Some(key), .. } => {
            Error::new(format!("duplicate key {}", Value::from(key.as_str())))
                .with_hint("keep one of the two")
        }
        YamlError::DuplicateMappingKey { key: None, .. } => {
            Error::new("duplicate key").with_hint("keep one of the two")
        }
        YamlError::MultipleDocuments { .. } => Error::new("a second document begins after `---`")
            .with_hint("keep one document in a file"),
        YamlError::NonFiniteFloat { .. } => Error::new("JSON has no infinity and no NaN"),
        YamlError::Budget { breach, .. } => Error::new(in_our_words(breach)),
        other => {
            let full = other.to_string();
            Error::new(
                full.rsplit_once(" at line ")
                    .map_or(full.as_str(), |(message, _)| message),
            )
        }
    };
    match place {
        Some(place) => {
            let line = usize::try_from(place.line()).unwrap_or(1);
            let characters = usize::try_from(place.column())
                .unwrap_or(1)
                .saturating_sub(1);
            let source = text
                .split('\n')
                .nth(line.saturating_sub(1))
                .unwrap_or_default();
            let column: usize = source.chars().take(characters).map(char::len_utf16).sum();
            explained.at(clamp(line), clamp(column + 1))
        }
        None => explained,
    }
}
