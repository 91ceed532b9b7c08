//! Lists: calls, dropped claims, logs, notices.

use postlogin_core::ceilings::{NAME_BYTES, shortened};
use postlogin_core::outcome::{Outcome, Verdict};
use postlogin_core::wildcard::matches;
use postlogin_project::cases::{ExpectKey, Expectation};
use postlogin_project::document::node::{Node, NodeValue};
use serde_json::{Value, json};

use crate::run_event::Mismatch;

/// The way in which the items of a list are searched.
struct Kind {
    /// The part that a text stands for.
    main: &'static str,
    /// Items are found in the order of the case. Claims and notices have none.
    in_order: bool,
}

pub(super) fn check(
    expected: &Expectation,
    exactly: bool,
    outcome: &Outcome,
    found: &mut Vec<Mismatch>,
) {
    let (kind, actual) = items(expected.key, outcome);
    let NodeValue::List(wanted) = &expected.value.value else {
        return;
    };
    if exactly && wanted.len() != actual.len() {
        found.push(Mismatch {
            key: expected.key,
            path: expected.key.name().to_owned(),
            name: None,
            expected: Some(expected.value.to_value()),
            actual: Some(shown(&actual, kind.main)),
            place: expected.value.place.clone(),
        });
        return;
    }
    let mut used = vec![false; actual.len()];
    let (mut from, mut missing) = (0, 0);
    for (index, item) in wanted.iter().enumerate() {
        // Each missing item looks through the whole list.
        if missing == MOST_MISSING {
            found.push(not_compared(expected, index, wanted.len() - index));
            return;
        }
        // Where there is an order, nothing before the last match can fit any more.
        let places = match (kind.in_order, exactly) {
            (false, _) => 0..actual.len(),
            (true, false) => from..actual.len(),
            (true, true) => index..index + 1,
        };
        let fits = |at: &usize| {
            let is_free = used.get(*at).is_some_and(|used| !used);
            is_free
                && actual
                    .get(*at)
                    .is_some_and(|value| fits(item, value, kind.main))
        };
        match places.into_iter().find(fits) {
            Some(at) => {
                from = at + 1;
                if let Some(used) = used.get_mut(at) {
                    *used = true;
                }
            }
            None => {
                missing += 1;
                found.push(Mismatch {
                    key: expected.key,
                    path: format!("{}[{index}]", expected.key.name()),
                    name: item
                        .get("name")
                        .unwrap_or(item)
                        .as_text()
                        .map(str::to_owned)
                        .filter(|_| expected.key == ExpectKey::Dropped),
                    expected: Some(item.to_value()),
                    actual: Some(shown(&actual, kind.main)),
                    place: item.place.clone(),
                });
            }
        }
    }
}

/// The number of items of one list that are reported as missing.
const MOST_MISSING: usize = 100;

/// The mismatch in the place of those that are not looked for.
fn not_compared(expected: &Expectation, first: usize, items: usize) -> Mismatch {
    Mismatch {
        key: expected.key,
        path: format!("{}[{first}…]", expected.key.name()),
        name: None,
        expected: Some(Value::from(format!(
            "… {items} more items, which are not compared: {MOST_MISSING} are missing already"
        ))),
        actual: None,
        place: expected.value.place.clone(),
    }
}

fn items(key: ExpectKey, outcome: &Outcome) -> (Kind, Vec<Value>) {
    let kind = |main, in_order| Kind { main, in_order };
    match key {
        ExpectKey::Commands => {
            let of = outcome.commands.iter();
            let of = of.map(
                |call| json!({"method": call.method, "args": call.args, "action": call.action}),
            );
            (kind("method", true), of.collect())
        }
        ExpectKey::Dropped => {
            let of = outcome.ledger.iter();
            let of = of.filter(|entry| entry.verdict == Verdict::Dropped);
            let of = of.map(|entry| {
                json!({
                    "name": entry.name, "token": entry.token,
                    "rule": entry.rule, "action": entry.action,
                })
            });
            (kind("name", false), of.collect())
        }
        ExpectKey::Logs => {
            let of = outcome.logs.iter();
            let of = of.map(
                |log| json!({"message": log.message, "level": log.level, "action": log.action}),
            );
            (kind("message", true), of.collect())
        }
        _ => {
            let of = outcome.notices.iter();
            let of = of.map(|notice| json!({"code": notice.code, "message": notice.message}));
            (kind("code", false), of.collect())
        }
    }
}

fn fits(item: &Node, actual: &Value, main: &str) -> bool {
    let text = |pattern: &str, key: &str| {
        let is = actual.get(key).and_then(Value::as_str);
        is.is_some_and(|is| matches(pattern, is))
    };
    match &item.value {
        NodeValue::Text(pattern) => text(pattern, main),
        NodeValue::Object(entries) => entries.iter().all(|entry| match &entry.value.value {
            NodeValue::Text(pattern) => text(pattern, &entry.key),
            _ => actual.get(&entry.key) == Some(&entry.value.to_value()),
        }),
        _ => false,
    }
}

/// The number of items of a list that are shown: each item that is missing shows them again.
const MOST_SHOWN: usize = 100;

/// Returns the actual items in the short form. The items that are left out are counted in the last one.
fn shown(actual: &[Value], main: &str) -> Value {
    let main = |value: &Value| match value.get(main) {
        Some(Value::String(text)) => Value::from(shortened(text, NAME_BYTES)),
        other => other.cloned().unwrap_or_default(),
    };
    let mut shown: Vec<Value> = actual.iter().take(MOST_SHOWN).map(main).collect();
    let more = actual.len().saturating_sub(MOST_SHOWN);
    if more > 0 {
        shown.push(Value::from(format!("… {more} more")));
    }
    Value::Array(shown)
}
