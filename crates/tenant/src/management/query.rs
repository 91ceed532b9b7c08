//! Paging and the choice of fields, which most lists share.

use serde_json::{Map, Value, json};

use super::{ApiError, Result};
use crate::http::Call;

const MOST_PER_PAGE: usize = 100;

/// Which part of a list is asked for: `page`, `per_page`, `include_totals`.
pub(super) struct Page {
    pub(super) start: usize,
    pub(super) count: usize,
    with_totals: bool,
}

impl Page {
    /// Reads the parameters.
    ///
    /// # Errors
    /// When one of them is not a number that it may be.
    pub(super) fn of(call: &Call) -> Result<Self> {
        let with_totals = flag(call, "include_totals")?.unwrap_or(false);
        let page = number(call, "page", 0, 1_000_000)?;
        let count = number(call, "per_page", 50, MOST_PER_PAGE)?;
        Ok(Self {
            start: page.saturating_mul(count),
            count,
            with_totals,
        })
    }

    /// Returns the answer with the items of this page, of `total` items.
    pub(super) fn answer(&self, name: &str, items: Vec<Value>, total: usize) -> Value {
        if !self.with_totals {
            return Value::Array(items);
        }
        let mut body = Map::new();
        body.insert("start".into(), json!(self.start));
        body.insert("limit".into(), json!(self.count));
        body.insert("length".into(), json!(items.len()));
        body.insert("total".into(), json!(total));
        body.insert(name.to_owned(), Value::Array(items));
        Value::Object(body)
    }
}

/// A parameter that is `true` or `false`.
pub(super) fn flag(call: &Call, key: &str) -> Result<Option<bool>> {
    match call.query.get(key) {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(_) => {
            let message = format!(
                "Query validation error: 'Expected type boolean but found type string' on property {key}."
            );
            Err(ApiError::new(400, message, "invalid_query_string"))
        }
    }
}

fn number(call: &Call, key: &str, default: usize, most: usize) -> Result<usize> {
    let Some(text) = call.query.get(key) else {
        return Ok(default);
    };
    let number = text.parse().ok().filter(|number| *number <= most);
    number.ok_or_else(|| {
        let message = format!(
            "Query validation error: 'Expected an integer from 0 to {most}' on property {key}."
        );
        ApiError::new(400, message, "invalid_query_string")
    })
}

/// A page of a list that is in memory.
pub(super) fn paged(call: &Call, name: &str, items: Vec<Value>) -> Result<Value> {
    if call.query.get("take").is_some() || call.query.get("from").is_some() {
        return from_checkpoint(call, name, items);
    }
    let page = Page::of(call)?;
    let total = items.len();
    let shown = items.into_iter().skip(page.start).take(page.count);
    Ok(page.answer(name, shown.collect(), total))
}

/// A part of a list from a checkpoint on: `take`, and `from`, which is the `next` of the answer before. Here it is a number.
///
/// <https://auth0.com/docs/api/management/v2/introduction#pagination>
fn from_checkpoint(call: &Call, name: &str, items: Vec<Value>) -> Result<Value> {
    let take = number(call, "take", 50, MOST_PER_PAGE)?.max(1);
    let start = number(call, "from", 0, usize::MAX)?;
    let end = start.saturating_add(take);
    let mut body = Map::new();
    if end < items.len() {
        body.insert("next".into(), end.to_string().into());
    }
    let shown = items.into_iter().skip(start).take(take);
    body.insert(name.to_owned(), Value::Array(shown.collect()));
    Ok(Value::Object(body))
}

/// Parameters that every list has.
const OF_LISTS: &[&str] = &[
    "page",
    "per_page",
    "include_totals",
    "fields",
    "include_fields",
    "from",
    "take",
];

/// Parameters of lists that are `true` or `false`.
const FLAGS: &[&str] = &[
    "allow_any_organization",
    "include_fields",
    "include_totals",
    "is_first_party",
    "is_global",
];

/// Parameters with few values.
const WORDS: &[(&str, &[&str])] = &[
    ("default_for", &["third_party_clients"]),
    ("subject_type", &["client", "user"]),
];

/// Parameters of production that are not here, with the first part of their paths.
const ABSENT: &[(&str, &str)] = &[
    ("organizations", "include_client_association_for"),
    ("roles", "owner_id"),
    ("roles", "type"),
];

/// Refuses parameters that an endpoint does not have: a filter that is ignored would give more than production gives.
///
/// # Errors
/// In production's words for an unknown parameter.
pub(super) fn only(call: &Call, own: &[&str]) -> Result<()> {
    for key in FLAGS {
        flag(call, key)?;
    }
    for (key, words) in WORDS {
        if let Some(word) = call.query.get(key).filter(|word| !words.contains(word)) {
            let message =
                format!("Query validation error: 'No enum match for: {word}' on property {key}.");
            return Err(ApiError::new(400, message, "invalid_query_string"));
        }
    }
    let segments = call.segments("/api/v2");
    let of = segments.first().map(String::as_str).unwrap_or_default();
    let absent = ABSENT
        .iter()
        .find(|(path, name)| *path == of && call.query.get(name).is_some());
    if let Some((path, name)) = absent {
        let message =
            format!("Query validation error: the local tenant has no parameter {name} of {path}.");
        return Err(ApiError::new(400, message, "invalid_query_string"));
    }
    let mut names = call.query.0.iter().map(|(name, _)| name.as_str());
    let unknown = names.find(|name| !own.contains(name) && !OF_LISTS.contains(name));
    match unknown {
        None => Ok(()),
        Some(name) => {
            let message =
                format!("Query validation error: 'Additional properties not allowed: {name}'.");
            Err(ApiError::new(400, message, "invalid_query_string"))
        }
    }
}

/// All values of a parameter that may be repeated, or be one list with commas.
pub(super) fn values<'a>(call: &'a Call, name: &str) -> Vec<&'a str> {
    let given = call
        .query
        .0
        .iter()
        .filter(|(known, _)| known == name || known.strip_suffix("[]") == Some(name));
    given
        .flat_map(|(_, value)| value.split(','))
        .map(str::trim)
        .filter(|value| !value.is_empty())
        .collect()
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
