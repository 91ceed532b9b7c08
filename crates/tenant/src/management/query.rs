//! Paging and the choice of fields, which most lists share.

use serde_json::{Map, Value, json};

use super::{ApiError, Result};
use crate::http::Call;

const MOST_PER_PAGE: usize = 100;

/// A page of a list: `page`, `per_page`, `include_totals`.
pub(super) fn paged(call: &Call, name: &str, items: Vec<Value>) -> Result<Value> {
    let number = |key: &str, default: usize, most: usize| {
        match call.query.get(key) {
        None => Ok(default),
        Some(text) => text.parse().ok().filter(|number| *number <= most).ok_or_else(|| {
            let message = format!("Query validation error: 'Expected an integer from 0 to {most}' on property {key}.");
            ApiError::new(400, message, "invalid_query_string")
        }),
    }
    };
    let page = number("page", 0, 1_000_000)?;
    let per_page = number("per_page", 50, MOST_PER_PAGE)?;
    let total = items.len();
    let start = page.saturating_mul(per_page);
    let shown: Vec<Value> = items.into_iter().skip(start).take(per_page).collect();
    if call.query.get("include_totals") != Some("true") {
        return Ok(Value::Array(shown));
    }
    let mut body = Map::new();
    body.insert("start".into(), json!(start));
    body.insert("limit".into(), json!(per_page));
    body.insert("length".into(), json!(shown.len()));
    body.insert("total".into(), json!(total));
    body.insert(name.to_owned(), Value::Array(shown));
    Ok(Value::Object(body))
}

/// `fields` and `include_fields`.
pub(super) fn chosen(call: &Call, mut object: Value) -> Value {
    let Some(fields) = call.query.get("fields") else {
        return object;
    };
    let named: Vec<&str> = fields.split(',').map(str::trim).collect();
    let includes = call.query.get("include_fields") != Some("false");
    if let Some(object) = object.as_object_mut() {
        object.retain(|key, _| named.contains(&key.as_str()) == includes);
    }
    object
}
