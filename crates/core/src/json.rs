//! Looking into JSON of any shape without ever failing.

use serde_json::{Map, Value};

/// The value as text. Quicker than `to_string`, which writes through a formatter.
pub(crate) fn text(value: &Value) -> String {
    // Only keys that are no strings have no text.
    serde_json::to_string(value).unwrap_or_default()
}

/// The value at a path of object keys.
pub(crate) fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, key| value.get(*key))
}

/// The value at a path of object keys, to be changed.
pub(crate) fn at_mut<'a>(value: &'a mut Value, path: &[&str]) -> Option<&'a mut Value> {
    path.iter()
        .try_fold(value, |value, key| value.get_mut(*key))
}

/// The string at a path, unless it is empty.
pub(crate) fn text_at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a str> {
    at(value, path)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

/// The strings of the array at a path; other items are left out.
pub(crate) fn texts_at(value: &Value, path: &[&str]) -> Vec<String> {
    let items = at(value, path).and_then(Value::as_array);
    items
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// The object at a path, empty when there is none.
pub(crate) fn object_at(value: &Value, path: &[&str]) -> Map<String, Value> {
    at(value, path)
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default()
}

/// Puts a value at a path of keys; `None` removes it. Does nothing unless everything above it is an object.
pub(crate) fn put<K: AsRef<str>>(value: &mut Value, path: &[K], new: Option<Value>) {
    let Some((last, above)) = path.split_last() else {
        return;
    };
    let parent = above
        .iter()
        .try_fold(value, |value, key| value.get_mut(key.as_ref()));
    let Some(parent) = parent.and_then(Value::as_object_mut) else {
        return;
    };
    match new {
        Some(new) => {
            parent.insert(last.as_ref().to_owned(), new);
        }
        None => {
            // Removal by shifting: the order of the other keys is the user's.
            parent.shift_remove(last.as_ref());
        }
    }
}

/// JavaScript's truthiness of a JSON value that may be absent.
pub(crate) fn is_truthy(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Bool(value)) => *value,
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(_) | Value::Object(_)) => true,
    }
}

/// The length of the compact JSON text, in bytes.
pub(crate) fn size(value: &Value) -> usize {
    crate::ceilings::compact_bytes(value)
}

/// `string.length` as JavaScript counts it.
pub(crate) fn utf16_length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}
