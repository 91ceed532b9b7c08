//! From the arguments of a typed function to those of the vendor's method.

use std::collections::HashMap;

use postlogin_abi::methods::{Method, Parameter, property};
use postlogin_core::{
    Argument, Failure,
    ceilings::{CALL_BYTES, CALL_VALUES, json_values},
};
use serde_json::{Number, Value};
use wasmtime::component::Val;

use super::json_text;

/// The arguments of the method, no more than were passed.
///
/// A component may import a function with other types than the contract's, as JavaScript may pass anything. What has
/// no counterpart among JavaScript's values is `undefined` then, and the method finds its own words for it.
///
/// # Errors
/// A `SyntaxError` for a JSON text that is none.
pub(super) fn of_call(method: &Method, given: &[Val]) -> Result<Vec<Argument>, Failure> {
    let converted = method
        .parameters
        .iter()
        .zip(given)
        .map(|(parameter, value)| convert(*parameter, value));
    let mut arguments = converted.collect::<Result<Vec<_>, _>>()?;
    while arguments.last().is_some_and(Option::is_none) {
        arguments.pop();
    }
    Ok(arguments
        .into_iter()
        .map(|argument| argument.unwrap_or(Argument::Undefined))
        .collect())
}

/// Why the arguments are too much to be converted, if they are: a value costs the host a multiple of what it costs
/// the guest.
pub(super) fn too_much(method: &Method, given: &[Val]) -> Option<String> {
    let reads_json = method
        .parameters
        .iter()
        .any(|parameter| !matches!(parameter, Parameter::NullableText));
    let (mut values, mut bytes) = (0, 0);
    let mut waiting: Vec<&Val> = given.iter().collect();
    while let Some(value) = waiting.pop() {
        values += 1;
        match value {
            Val::String(text) => {
                bytes += text.len();
                // A text may be that of a JSON value; if it is none, its quotes and commas say little.
                if reads_json && text.starts_with(['[', '{']) {
                    values += json_values(text);
                }
            }
            Val::List(items) | Val::Tuple(items) => waiting.extend(items),
            Val::Record(fields) => waiting.extend(fields.iter().map(|(_, value)| value)),
            Val::Option(Some(value)) => waiting.push(value),
            _ => {}
        }
        if bytes > CALL_BYTES {
            return Some(format!("more than {} MiB", CALL_BYTES >> 20));
        }
        if values > CALL_VALUES {
            return Some(format!("more than {CALL_VALUES} values"));
        }
    }
    None
}

/// One argument; `None` when it was not passed.
fn convert(parameter: Parameter, value: &Val) -> Result<Option<Argument>, Failure> {
    Ok(match parameter {
        Parameter::Plain => plain(value)?,
        Parameter::Json => json(value)?,
        Parameter::NullableText => Some(plain(value)?.unwrap_or(Argument::Null)),
        Parameter::AdditionalFactors => {
            plain(value)?.map(|factors| object("additionalFactors", factors))
        }
        Parameter::Query => passed(value).map(|pairs| object("query", members(pairs))),
    })
}

/// A value as it is; `None` for `none`.
fn plain(value: &Val) -> Result<Option<Argument>, Failure> {
    Ok(Some(match value {
        Val::Bool(value) => Argument::Bool(*value),
        Val::S8(value) => Argument::Number(Number::from(*value)),
        Val::U8(value) => Argument::Number(Number::from(*value)),
        Val::S16(value) => Argument::Number(Number::from(*value)),
        Val::U16(value) => Argument::Number(Number::from(*value)),
        Val::S32(value) => Argument::Number(Number::from(*value)),
        Val::U32(value) => Argument::Number(Number::from(*value)),
        Val::S64(value) => Argument::Number(Number::from(*value)),
        Val::U64(value) => Argument::Number(Number::from(*value)),
        Val::Float32(value) => number(f64::from(*value)),
        Val::Float64(value) => number(*value),
        Val::Char(value) => Argument::String(value.to_string()),
        Val::String(text) | Val::Enum(text) => Argument::String(text.clone()),
        Val::List(items) | Val::Tuple(items) => {
            let items = items
                .iter()
                .map(|item| Ok(plain(item)?.unwrap_or(Argument::Undefined)));
            Argument::Array(items.collect::<Result<_, Failure>>()?)
        }
        Val::Record(fields) => record(fields)?,
        Val::Option(option) => {
            return option.as_deref().map_or(Ok(None), plain);
        }
        _ => Argument::Undefined,
    }))
}

/// The vendor's object for a record; a field that is `none` is no property of it.
fn record(fields: &[(String, Val)]) -> Result<Argument, Failure> {
    let mut properties = Vec::with_capacity(fields.len());
    for (field, value) in fields {
        let property = property(field);
        let value = if property.is_json {
            json(value)?
        } else {
            plain(value)?
        };
        properties.extend(value.map(|value| (property.name, value)));
    }
    Ok(Argument::Object(properties))
}

/// The value that a JSON text denotes; `None` for `none`.
fn json(value: &Val) -> Result<Option<Argument>, Failure> {
    match passed(value) {
        Some(Val::String(text)) => json_text::parse(text).map(Some),
        Some(other) => plain(other),
        None => Ok(None),
    }
}

/// Returns the value of an option.
fn passed(value: &Val) -> Option<&Val> {
    match value {
        Val::Option(option) => option.as_deref(),
        value => Some(value),
    }
}

/// An object of a list of pairs. As in JavaScript a key has the place of its first value and the last value.
fn members(pairs: &Val) -> Argument {
    let mut members: Vec<(String, Argument)> = Vec::new();
    let mut places: HashMap<&String, usize> = HashMap::new();
    let Val::List(pairs) = pairs else {
        return Argument::Undefined;
    };
    for pair in pairs {
        let Val::Tuple(pair) = pair else { continue };
        let [Val::String(key), Val::String(value)] = pair.as_slice() else {
            continue;
        };
        let value = Argument::String(value.clone());
        let known = places.get(key).and_then(|place| members.get_mut(*place));
        match known {
            Some((_, old)) => *old = value,
            None => {
                places.insert(key, members.len());
                members.push((key.clone(), value));
            }
        }
    }
    Argument::Object(members)
}

fn object(key: &str, value: Argument) -> Argument {
    Argument::Object(vec![(key.to_owned(), value)])
}

fn number(value: f64) -> Argument {
    match Number::from_f64(value) {
        // Reading the wire form makes the integer of `60.0` that JavaScript has.
        Some(number) => Argument::from_tagged(&Value::Number(number)),
        None if value.is_nan() => Argument::NaN,
        None if value.is_sign_positive() => Argument::Infinity,
        None => Argument::NegativeInfinity,
    }
}
