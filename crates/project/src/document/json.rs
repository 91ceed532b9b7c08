//! JSON that refuses duplicate keys.
//!
//! Most parsers take the last of two values silently; in an event that is nearly always a slip.

use std::fmt;

use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess,
    Visitor,
};
use serde_json::{Map, Number, Value};

use crate::files::clamp;
use crate::{Error, Result};

pub(super) fn parse(text: &str) -> Result<Value> {
    if text.trim().is_empty() {
        return Err(Error::new("the document is empty").at(1, 1));
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Strict
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| explain(text, &error))
}

/// Reads a form of its own. Duplicate keys are [`parse`]'s to find.
pub(super) fn typed<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| explain(text, &error))
}

fn explain(text: &str, error: &serde_json::Error) -> Error {
    let full = error.to_string();
    let message = full
        .rsplit_once(" at line ")
        .map_or(full.as_str(), |(message, _)| message);
    let duplicate = message.strip_prefix(DUPLICATE);
    let (line, column) = place(text, error.line(), error.column(), duplicate);
    let error = Error::new(message).at(line, column);
    if duplicate.is_some() {
        error.with_hint("keep one of the two")
    } else {
        error
    }
}

const DUPLICATE: &str = "duplicate key ";

/// serde_json counts bytes, and knows the end of a duplicate key but not its start.
fn place(text: &str, line: usize, column: usize, duplicate: Option<&str>) -> (u32, u32) {
    let Some(source) = text.split('\n').nth(line.saturating_sub(1)) else {
        return (clamp(line), 1);
    };
    // `column` is the number of bytes read of the line; the last of them is the offender.
    let read = column.min(source.len());
    let before = duplicate
        .and_then(|key| source.get(..read)?.rfind(key))
        .unwrap_or_else(|| {
            (0..read)
                .rev()
                .find(|at| source.is_char_boundary(*at))
                .unwrap_or(0)
        });
    let before = source.get(..before).unwrap_or_default();
    (clamp(line), clamp(before.encode_utf16().count() + 1))
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element_seed(Strict)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = map.next_key_seed(Key)? {
            if object.contains_key(&key) {
                return Err(A::Error::custom(format_args!(
                    "{DUPLICATE}{}",
                    Value::String(key)
                )));
            }
            let value = map.next_value_seed(Strict)?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        String::deserialize(deserializer)
    }
}
