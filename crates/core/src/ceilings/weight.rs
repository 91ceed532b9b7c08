//! The approximate cost of values in memory.

use serde_json::Value;

use crate::value::Argument;

/// The cost of each value beside its text, in bytes.
const VALUE: usize = 64;

/// Returns what an argument costs, in bytes.
pub(crate) fn of_argument(argument: &Argument) -> usize {
    let inner = match argument {
        Argument::String(text)
        | Argument::Symbol(text)
        | Argument::BigInt(text)
        | Argument::Date(text) => text.len(),
        Argument::Array(items) => items.iter().map(of_argument).sum(),
        Argument::Object(entries) => entries
            .iter()
            .map(|(name, value)| name.len() + of_argument(value))
            .sum(),
        Argument::ToJson(value) => of_argument(value),
        Argument::Undefined
        | Argument::Null
        | Argument::Bool(_)
        | Argument::Number(_)
        | Argument::NaN
        | Argument::Infinity
        | Argument::NegativeInfinity
        | Argument::Function
        | Argument::Circular => 0,
    };
    VALUE + inner
}

/// Returns what a JSON value takes in memory, in bytes, about.
#[must_use]
pub fn value_bytes(value: &Value) -> usize {
    of_value(value)
}

/// Returns what a JSON value costs, in bytes.
pub(crate) fn of_value(value: &Value) -> usize {
    let inner = match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(of_value).sum(),
        Value::Object(object) => object
            .iter()
            .map(|(name, value)| name.len() + of_value(value))
            .sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    VALUE + inner
}

/// Returns at most how many values there are in a JSON text, names of members included, without reading it. What is no
/// JSON has a number as well.
pub fn json_values(text: &str) -> usize {
    1 + marks(text, |mark| usize::from(mark != b'"'))
}

/// Returns what the values of a JSON text cost in memory at most, in values as small as a number: a text costs one more, and an object or a
/// list three more.
#[must_use]
pub fn json_cost(text: &str) -> usize {
    let cost = |mark| match mark {
        b'[' | b'{' => 4,
        _ => 1,
    };
    1 + marks(text, cost)
}

/// The sum over what begins a value or a member outside of strings, and over the quotes that open a string.
fn marks(text: &str, cost: impl Fn(u8) -> usize) -> usize {
    let mut sum = 0;
    let mut bytes = text.bytes();
    let mut in_string = false;
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if in_string => {
                bytes.next();
            }
            b'"' => {
                if !in_string {
                    sum += cost(byte);
                }
                in_string = !in_string;
            }
            b',' | b':' | b'[' | b'{' if !in_string => sum += cost(byte),
            _ => {}
        }
    }
    sum
}
