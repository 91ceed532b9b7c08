//! Whether an outcome is what a case expects.

mod compare;
mod lists;

use std::time::Duration;

use postlogin_core::{outcome::Outcome, token_size::signed_bytes, wildcard::matches};
use postlogin_project::cases::{Expect, ExpectKey, Expectation};
use postlogin_project::document::node::NodeValue;
use postlogin_project::{parse_duration, parse_size};
use serde_json::{Map, Value, json};

use crate::run_event::Mismatch;
use compare::{Comparison, compare};

/// Every expectation that the outcome does not meet, in the order of the case.
pub fn mismatches(expect: &Expect, outcome: &Outcome) -> Vec<Mismatch> {
    let mut found = Vec::new();
    for expectation in &expect.expectations {
        check(expectation, expect.exactly, outcome, &mut found);
    }
    found
}

fn check(expected: &Expectation, exactly: bool, outcome: &Outcome, found: &mut Vec<Mismatch>) {
    let key = expected.key;
    let mut object = |actual: &Map<String, Value>| {
        let comparison = Comparison { key, exactly };
        let actual = Value::Object(actual.clone());
        compare(
            comparison,
            key.name(),
            None,
            &expected.value,
            Some(&actual),
            found,
        );
    };
    match key {
        ExpectKey::IdToken => object(&outcome.id_token.claims),
        ExpectKey::AccessToken => object(&outcome.access_token.claims),
        ExpectKey::Userinfo => object(&outcome.userinfo),
        ExpectKey::UserMetadata => object(&outcome.user.user_metadata),
        ExpectKey::AppMetadata => object(&outcome.user.app_metadata),
        ExpectKey::Effects => {
            let effects = serde_json::to_value(&outcome.effects).unwrap_or_default();
            object(effects.as_object().unwrap_or(&Map::new()));
        }
        ExpectKey::Status => {
            let actual = serde_json::to_value(outcome.status).unwrap_or_default();
            if expected.value.to_value() != actual {
                found.push(whole(expected, Some(actual)));
            }
        }
        ExpectKey::Code => text(expected, outcome.code.as_deref(), found),
        ExpectKey::Reason => text(expected, outcome.reason.as_deref(), found),
        ExpectKey::Redirect => {
            let actual = outcome.redirect.as_ref().map(|to| json!({"url": to.url}));
            parts(expected, "url", actual, found);
        }
        ExpectKey::Error => {
            let actual = outcome.error.as_ref().map(|error| {
                json!({"name": error.name, "message": error.message, "action": error.action})
            });
            parts(expected, "message", actual, found);
        }
        ExpectKey::Duration => {
            let spent = outcome.usage.actions.iter().map(|action| action.wall_us);
            let spent = Duration::from_micros(spent.sum());
            let most = expected
                .value
                .as_text()
                .and_then(|text| parse_duration(text).ok());
            if most.is_none_or(|most| spent > most) {
                let spent = format!("{:.1}ms", spent.as_secs_f64() * 1e3);
                found.push(whole(expected, Some(spent.into())));
            }
        }
        ExpectKey::Memory => {
            let used = outcome
                .usage
                .actions
                .iter()
                .map(|action| action.memory_bytes);
            let used = used.max().unwrap_or(0);
            if is_beyond(expected, used) {
                let used = format!("{:.1}MiB", used as f64 / f64::from(1 << 20));
                found.push(whole(expected, Some(used.into())));
            }
        }
        ExpectKey::IdTokenSize => size(expected, &outcome.id_token.claims, found),
        ExpectKey::AccessTokenSize => size(expected, &outcome.access_token.claims, found),
        ExpectKey::Commands | ExpectKey::Dropped | ExpectKey::Logs | ExpectKey::Notices => {
            lists::check(expected, exactly, outcome, found);
        }
    }
}

/// Whether a value is beyond the size that is expected at most.
fn is_beyond(expected: &Expectation, value: u64) -> bool {
    let most = expected.value.as_text();
    let most = most.and_then(|text| parse_size(text).ok());
    most.is_none_or(|most| value > most)
}

/// Checks the bytes of a signed token.
fn size(expected: &Expectation, claims: &Map<String, Value>, found: &mut Vec<Mismatch>) {
    let bytes = signed_bytes(claims);
    if is_beyond(expected, u64::try_from(bytes).unwrap_or(u64::MAX)) {
        found.push(whole(expected, Some(format!("{bytes}B").into())));
    }
}

fn whole(expected: &Expectation, actual: Option<Value>) -> Mismatch {
    Mismatch {
        key: expected.key,
        path: expected.key.name().to_owned(),
        name: None,
        expected: Some(expected.value.to_value()),
        actual,
        place: expected.value.place.clone(),
    }
}

/// A pattern; `null` for nothing.
fn text(expected: &Expectation, actual: Option<&str>, found: &mut Vec<Mismatch>) {
    let fits = match (expected.value.as_text(), actual) {
        (Some(pattern), Some(actual)) => matches(pattern, actual),
        (None, None) => true,
        _ => false,
    };
    if !fits {
        found.push(whole(expected, actual.map(Value::from)));
    }
}

/// An object of patterns, or a pattern for its main part; `null` for nothing.
fn parts(expected: &Expectation, main: &str, actual: Option<Value>, found: &mut Vec<Mismatch>) {
    let part = |name: &str| -> Option<&str> { actual.as_ref()?.get(name)?.as_str() };
    match &expected.value.value {
        NodeValue::Object(entries) if actual.is_some() => {
            for entry in entries {
                let is = part(&entry.key);
                let pattern = entry.value.as_text().unwrap_or_default();
                if !is.is_some_and(|is| matches(pattern, is)) {
                    found.push(Mismatch {
                        key: expected.key,
                        path: format!("{}.{}", expected.key.name(), entry.key),
                        name: None,
                        expected: Some(pattern.into()),
                        actual: is.map(Value::from),
                        place: entry.value.place.clone(),
                    });
                }
            }
        }
        NodeValue::Object(_) => found.push(whole(expected, None)),
        _ => text(expected, part(main), found),
    }
}

#[cfg(test)]
mod tests;
