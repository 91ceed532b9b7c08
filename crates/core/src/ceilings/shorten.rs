//! Shortening, with a mark that says how much is missing.
//!
//! The mark begins with `…` and gives the number of what is left out: `… [4999744 more bytes]` at the end of a text,
//! `"… [980 more items]"` as the last item of an array, `"…": "[980 more members]"` as the last member of an object.

use serde_json::{Map, Value};

/// Bytes that are left of a text inside a shortened value.
const TEXT_BYTES: usize = 128;
/// Values that are left of a shortened value.
const VALUES: usize = 16;

/// Cuts a text to at most so many bytes and the mark, at a character's end. A mark adds at most 40 bytes.
pub fn shorten_text(text: &mut String, bytes: usize) {
    if text.len() > bytes {
        // A new text: a truncated one keeps its memory.
        *text = cut(text, bytes);
    }
}

/// Returns the first bytes of a text with the mark, or all of it.
pub fn shortened(text: &str, bytes: usize) -> String {
    match text.len() > bytes {
        true => cut(text, bytes),
        false => text.to_owned(),
    }
}

fn cut(text: &str, bytes: usize) -> String {
    let kept = text
        .get(..text.floor_char_boundary(bytes))
        .unwrap_or_default();
    format!("{kept}… [{} more bytes]", text.len() - kept.len())
}

/// Returns a small value in the form of a large one: the first parts of it, and marks for the others.
pub fn shorten(value: &Value) -> Value {
    take(value, &mut { VALUES })
}

fn take(value: &Value, left: &mut usize) -> Value {
    *left = left.saturating_sub(1);
    match value {
        Value::String(text) => Value::String(shortened(text, TEXT_BYTES)),
        Value::Array(items) => {
            let mut taken = Vec::new();
            for item in items {
                if *left == 0 {
                    break;
                }
                taken.push(take(item, left));
            }
            let missing = items.len() - taken.len();
            if missing > 0 {
                taken.push(Value::String(format!("… [{missing} more items]")));
            }
            Value::Array(taken)
        }
        Value::Object(object) => {
            let mut taken = Map::new();
            for (name, value) in object {
                if *left == 0 {
                    break;
                }
                taken.insert(shortened(name, TEXT_BYTES), take(value, left));
            }
            // Two long names that begin alike have become one.
            let missing = object.len() - taken.len();
            if missing > 0 {
                let text = format!("[{missing} more members]");
                taken.insert("…".to_owned(), Value::String(text));
            }
            Value::Object(taken)
        }
        scalar => scalar.clone(),
    }
}
