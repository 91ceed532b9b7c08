//! The values that JavaScript passes to `api` methods: JSON and what JSON lacks.

#[cfg(test)]
mod tests;
mod text;
mod wire;

use serde_json::{Map, Number, Value};

use crate::outcome::NoValue;

/// A value of the guest.
#[derive(Debug, Clone, PartialEq)]
pub enum Argument {
    /// `undefined`.
    Undefined,
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// A finite number.
    Number(Number),
    /// `NaN`.
    NaN,
    /// `Infinity`.
    Infinity,
    /// `-Infinity`.
    NegativeInfinity,
    /// A string.
    String(String),
    /// An array; holes arrive as `undefined`.
    Array(Vec<Argument>),
    /// An object without `toJSON`: its own enumerable properties in order.
    Object(Vec<(String, Argument)>),
    /// An object with `toJSON`: what that gives.
    ToJson(Box<Argument>),
    /// A function.
    Function,
    /// A symbol and its description.
    Symbol(String),
    /// A bigint in decimal digits.
    BigInt(String),
    /// A date in ISO form, or `invalid`.
    Date(String),
    /// A reference to an enclosing object.
    Circular,
}

/// Why a value has no JSON form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotJson {
    /// It holds a bigint.
    BigInt,
    /// It refers to itself.
    Circular,
}

impl NotJson {
    /// The text of the engine's `TypeError`.
    pub fn message(self) -> &'static str {
        match self {
            NotJson::BigInt => "Do not know how to serialize a BigInt",
            NotJson::Circular => "Converting circular structure to JSON",
        }
    }
}

impl Argument {
    /// Returns the result of `JSON.stringify`: `None` for a value that it omits (`undefined`, functions, symbols), `null` for
    /// numbers that are not finite and for vanishing items of an array.
    ///
    /// # Errors
    ///
    /// A bigint or a cycle, for which `JSON.stringify` throws.
    pub fn to_json(&self) -> Result<Option<Value>, NotJson> {
        Ok(Some(match self {
            Argument::Undefined | Argument::Function | Argument::Symbol(_) => return Ok(None),
            Argument::Null | Argument::NaN | Argument::Infinity | Argument::NegativeInfinity => {
                Value::Null
            }
            Argument::Bool(value) => Value::Bool(*value),
            Argument::Number(value) => Value::Number(value.clone()),
            Argument::String(value) => Value::String(value.clone()),
            Argument::Date(date) if date == "invalid" => Value::Null,
            Argument::Date(date) => Value::String(date.clone()),
            Argument::Array(items) => Value::Array(
                items
                    .iter()
                    .map(|item| Ok(item.to_json()?.unwrap_or(Value::Null)))
                    .collect::<Result<_, NotJson>>()?,
            ),
            Argument::Object(entries) => {
                let mut object = Map::new();
                for (key, value) in entries {
                    if let Some(value) = value.to_json()? {
                        object.insert(key.clone(), value);
                    }
                }
                Value::Object(object)
            }
            Argument::ToJson(value) => return value.to_json(),
            Argument::BigInt(_) => return Err(NotJson::BigInt),
            Argument::Circular => return Err(NotJson::Circular),
        }))
    }

    /// Whether JSON loses something of the value: a part that is `undefined`, a function, a symbol or not finite.
    pub fn loses_in_json(&self) -> bool {
        match self {
            Argument::Undefined
            | Argument::Function
            | Argument::Symbol(_)
            | Argument::NaN
            | Argument::Infinity
            | Argument::NegativeInfinity => true,
            Argument::Array(items) => items.iter().any(Argument::loses_in_json),
            Argument::Object(entries) => entries.iter().any(|(_, value)| value.loses_in_json()),
            Argument::ToJson(value) => value.loses_in_json(),
            _ => false,
        }
    }

    /// Returns the kind of a value that JSON cannot represent, if the whole value is one; `toJSON` may return it.
    pub fn no_value(&self) -> Option<NoValue> {
        match self {
            Argument::Undefined => Some(NoValue::Undefined),
            Argument::Function => Some(NoValue::Function),
            Argument::Symbol(_) => Some(NoValue::Symbol),
            Argument::ToJson(value) => value.no_value(),
            _ => None,
        }
    }

    /// Whether the value is `undefined`.
    pub fn is_undefined(&self) -> bool {
        matches!(self, Argument::Undefined)
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Argument::String(text) => Some(text),
            _ => None,
        }
    }

    /// A finite number.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Argument::Number(number) => number.as_f64(),
            _ => None,
        }
    }

    /// JavaScript's truthiness.
    pub fn is_truthy(&self) -> bool {
        match self {
            Argument::Undefined | Argument::Null | Argument::NaN => false,
            Argument::Bool(value) => *value,
            Argument::Number(number) => number.as_f64() != Some(0.0),
            Argument::String(text) => !text.is_empty(),
            Argument::BigInt(digits) => !matches!(digits.as_str(), "0" | "-0" | ""),
            _ => true,
        }
    }

    /// Whether `typeof` gives `object` for something that is neither `null` nor an array.
    pub fn is_plain_object(&self) -> bool {
        matches!(
            self,
            Argument::Object(_) | Argument::ToJson(_) | Argument::Date(_) | Argument::Circular
        )
    }

    /// The property of an object; `undefined` when it has none.
    pub fn property(&self, key: &str) -> &Argument {
        match self {
            Argument::Object(entries) => entries
                .iter()
                .rev()
                .find(|(name, _)| name == key)
                .map_or(&Argument::Undefined, |(_, value)| value),
            _ => &Argument::Undefined,
        }
    }
}

impl From<&Value> for Argument {
    /// Plain JSON, without any tags.
    fn from(value: &Value) -> Argument {
        match value {
            Value::Null => Argument::Null,
            Value::Bool(value) => Argument::Bool(*value),
            Value::Number(number) => Argument::Number(number.clone()),
            Value::String(text) => Argument::String(text.clone()),
            Value::Array(items) => Argument::Array(items.iter().map(Argument::from).collect()),
            Value::Object(object) => Argument::Object(
                object
                    .iter()
                    .map(|(key, value)| (key.clone(), Argument::from(value)))
                    .collect(),
            ),
        }
    }
}
