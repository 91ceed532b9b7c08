//! Values: objects as subsets, everything else as a whole.

use std::collections::HashSet;

use postlogin_project::cases::ExpectKey;
use postlogin_project::document::node::{Node, NodeValue};
use serde_json::Value;

use crate::run_event::Mismatch;

/// The way to compare.
#[derive(Debug, Clone, Copy)]
pub(super) struct Comparison {
    pub(super) key: ExpectKey,
    /// Keys that are not expected are refused.
    pub(super) exactly: bool,
}

/// Compares what is expected at `path` with what is there. `null` is met by `null` and by nothing at all.
pub(super) fn compare(
    how: Comparison,
    path: &str,
    name: Option<&str>,
    expected: &Node,
    actual: Option<&Value>,
    found: &mut Vec<Mismatch>,
) {
    let differs =
        |value: Option<Value>, path: String, actual: Option<&Value>, name: Option<&str>| Mismatch {
            key: how.key,
            path,
            name: name.map(str::to_owned),
            expected: value,
            actual: actual.cloned(),
            place: expected.place.clone(),
        };
    match (&expected.value, actual) {
        (NodeValue::Object(entries), Some(Value::Object(object))) => {
            if how.exactly {
                let known: HashSet<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
                let is_extra = |key: &&String| !known.contains(key.as_str());
                for key in object.keys().filter(is_extra) {
                    let name = Some(name.unwrap_or(key));
                    found.push(differs(None, below(path, key), object.get(key), name));
                }
            }
            for entry in entries {
                let name = Some(name.unwrap_or(&entry.key));
                let path = below(path, &entry.key);
                compare(
                    how,
                    &path,
                    name,
                    &entry.value,
                    object.get(&entry.key),
                    found,
                );
            }
        }
        (NodeValue::List(items), Some(Value::Array(values))) if items.len() == values.len() => {
            for (index, (item, value)) in items.iter().zip(values).enumerate() {
                let path = format!("{path}[{index}]");
                compare(how, &path, name, item, Some(value), found);
            }
        }
        (NodeValue::Null, None | Some(Value::Null)) => {}
        (NodeValue::Number(expected), Some(Value::Number(actual)))
            if expected == actual || expected.as_f64() == actual.as_f64() => {}
        _ => {
            let value = expected.to_value();
            if actual != Some(&value) {
                found.push(differs(Some(value), path.to_owned(), actual, name));
            }
        }
    }
}

/// `id_token.email`, `id_token["https://example.com/hobby"]`.
pub(super) fn below(path: &str, key: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let begins = key
        .chars()
        .next()
        .is_some_and(|first| !first.is_ascii_digit());
    match begins && key.chars().all(plain) {
        true => format!("{path}.{key}"),
        false => format!("{path}[{}]", Value::from(key)),
    }
}
