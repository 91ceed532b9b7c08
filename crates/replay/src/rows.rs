//! The rows of `differences.ndjson`.

use serde_json::{Value, json};

use crate::login::{Login, Part, rule_name};
use crate::privacy::Privacy;
use crate::summary::kind;

/// One row for each difference of a user.
#[must_use]
pub fn rows(login: &Login<'_>, privacy: &Privacy) -> Vec<Value> {
    let part = |part: &Part| {
        let mut shown = serde_json::Map::new();
        if let Some(value) = &part.value {
            let shown_value = match privacy.shows_values {
                true => value.clone(),
                false => Value::from(privacy.value(&value.to_string(), kind(value))),
            };
            shown.insert("value".into(), shown_value);
        }
        if let Some(rule) = part.rule {
            shown.insert("rule".into(), Value::from(rule_name(rule)));
        }
        if let Some(place) = &part.place {
            shown.insert("place".into(), Value::from(place.as_str()));
        }
        Value::Object(shown)
    };
    let user = privacy.user(login.user);
    let rows = login.changes.iter().map(|change| {
        json!({
            "user": user,
            "what": change.what,
            "name": change.name,
            "before": part(&change.before),
            "after": part(&change.after),
        })
    });
    rows.collect()
}
