//! A document that knows where each of its values stands.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Number, Value};

use crate::Error;

/// The file that a value stands in.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// The file.
    pub path: PathBuf,
    /// Its name in errors.
    pub shown: String,
}

/// Where a key or a value begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub source: Arc<Source>,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in UTF-16 code units.
    pub column: u32,
}

impl Place {
    /// An error at this place.
    pub fn error(&self, message: impl Into<String>) -> Error {
        Error::new(message)
            .in_file(&self.source.shown)
            .at(self.line, self.column)
    }
}

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub value: NodeValue,
    /// Where it begins.
    pub place: Place,
}

/// The kinds of JSON values, with places below.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeValue {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// An object, in the order of the file; no key stands twice.
    Object(Vec<Entry>),
}

/// A key of an object with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key begins.
    pub place: Place,
    /// The value.
    pub value: Node,
}

impl Entry {
    fn weight(&self) -> usize {
        self.key.len() + self.value.weight()
    }
}

impl NodeValue {
    pub(crate) fn scalar(value: Value) -> NodeValue {
        match value {
            Value::Bool(value) => NodeValue::Bool(value),
            Value::Number(number) => NodeValue::Number(number),
            Value::String(text) => NodeValue::Text(text),
            Value::Null | Value::Array(_) | Value::Object(_) => NodeValue::Null,
        }
    }
}

impl Node {
    /// Returns a value whose places are not known: all are the beginning of the file.
    pub(crate) fn without_places(value: Value, source: &Arc<Source>) -> Node {
        let place = Place {
            source: Arc::clone(source),
            line: 1,
            column: 1,
        };
        let value = match value {
            Value::Array(items) => {
                let items = items.into_iter();
                let items = items.map(|item| Self::without_places(item, source));
                NodeValue::List(items.collect())
            }
            Value::Object(entries) => {
                let entries = entries.into_iter().map(|(key, value)| Entry {
                    key,
                    place: place.clone(),
                    value: Self::without_places(value, source),
                });
                NodeValue::Object(entries.collect())
            }
            value => NodeValue::scalar(value),
        };
        Node { value, place }
    }

    /// The value without places.
    pub fn to_value(&self) -> Value {
        match &self.value {
            NodeValue::Null => Value::Null,
            NodeValue::Bool(value) => Value::Bool(*value),
            NodeValue::Number(number) => Value::Number(number.clone()),
            NodeValue::Text(text) => Value::String(text.clone()),
            NodeValue::List(items) => Value::Array(items.iter().map(Node::to_value).collect()),
            NodeValue::Object(entries) => Value::Object(to_map(entries)),
        }
    }

    /// The value under a key, if this is an object that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of a key, if this is an object that has it.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            NodeValue::Object(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            NodeValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the name of its kind, for messages: `a list`.
    pub fn kind(&self) -> &'static str {
        match self.value {
            NodeValue::Null => "empty",
            NodeValue::Bool(_) => "true or false",
            NodeValue::Number(_) => "a number",
            NodeValue::Text(_) => "a text",
            NodeValue::List(_) => "a list",
            NodeValue::Object(_) => "an object",
        }
    }

    /// Roughly the memory that it takes, in bytes.
    pub(crate) fn weight(&self) -> usize {
        let below = match &self.value {
            NodeValue::Text(text) => text.len(),
            NodeValue::List(items) => items.iter().map(Node::weight).sum(),
            NodeValue::Object(entries) => entries.iter().map(Entry::weight).sum(),
            NodeValue::Null | NodeValue::Bool(_) | NodeValue::Number(_) => 0,
        };
        size_of::<Node>() + below
    }

    /// Changes every text in it, keys apart.
    pub(crate) fn for_each_text(&mut self, change: &mut impl FnMut(&mut NodeValue, &Place)) {
        match &mut self.value {
            NodeValue::List(items) => items.iter_mut().for_each(|item| item.for_each_text(change)),
            NodeValue::Object(entries) => entries
                .iter_mut()
                .for_each(|entry| entry.value.for_each_text(change)),
            value @ NodeValue::Text(_) => change(value, &self.place),
            NodeValue::Null | NodeValue::Bool(_) | NodeValue::Number(_) => {}
        }
    }
}

/// Entries without places.
pub fn to_map(entries: &[Entry]) -> Map<String, Value> {
    entries
        .iter()
        .map(|entry| (entry.key.clone(), entry.value.to_value()))
        .collect()
}
