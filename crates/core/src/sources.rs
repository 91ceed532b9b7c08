//! Guesses where a claim's value came from: the paths of the event at which the same value stands.

use serde_json::Value;

use crate::ceilings::{NAME_BYTES, shortened};

/// At most so many paths are told.
const MOST: usize = 5;

/// Returns the paths of an event at which a value stands, most specific first, at most five, in so many steps at most; what they were
/// used for is taken off. Without any left, nothing is found.
///
/// Values that stand everywhere by chance (`true`, `""`, `0`, short texts, empty containers) count only below
/// metadata, and only if they stand there once.
pub(crate) fn sources_within(event: &Value, value: &Value, steps: &mut usize) -> Vec<String> {
    if value.is_null() {
        return Vec::new();
    }
    let mut search = Search {
        wanted: value,
        found: Vec::new(),
        steps,
    };
    search.walk(event, &Place::Event, Rank::Other);
    if *search.steps == 0 {
        // A part of the answer would depend on the order of keys.
        return Vec::new();
    }
    let mut found = search.found;
    if is_trivial(value) {
        found.retain(|place| place.rank == Rank::UserMetadata || place.rank == Rank::Metadata);
        if found.len() > 1 {
            found.clear();
        }
    }
    // The last by the path itself: the order of keys in the event says nothing.
    found.sort_by(|one, other| {
        let key = |place: &Found| (place.rank, place.depth);
        key(one)
            .cmp(&key(other))
            .then_with(|| one.path.cmp(&other.path))
    });
    found
        .into_iter()
        .take(MOST)
        .map(|place| shortened(&place.path, NAME_BYTES))
        .collect()
}

/// The precision of a place; the first is the most likely source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    UserMetadata,
    Metadata,
    Secrets,
    User,
    Other,
}

/// A place at which the value stands.
struct Found {
    path: String,
    rank: Rank,
    depth: usize,
}

/// A place on the way through the event. Its path is written only if the value stands there.
enum Place<'a> {
    Event,
    Item(&'a Place<'a>, usize),
    Member(&'a Place<'a>, &'a str),
}

impl Place<'_> {
    fn path(&self) -> String {
        match self {
            Self::Event => "event".to_owned(),
            Self::Item(above, index) => format!("{}[{index}]", above.path()),
            Self::Member(above, key) => above.path() + &step(key),
        }
    }

    fn depth(&self) -> usize {
        match self {
            Self::Event => 0,
            Self::Item(above, _) | Self::Member(above, _) => above.depth() + 1,
        }
    }
}

/// The rank of a member of an object that has the rank `above`. `is_top` is true for members of the event itself.
fn rank_below(above: Rank, is_top: bool, key: &str) -> Rank {
    match key {
        _ if above < Rank::User => above,
        "user" if is_top => Rank::User,
        "secrets" if is_top => Rank::Secrets,
        "user_metadata" | "app_metadata" => Rank::UserMetadata,
        key if key == "metadata" || key.ends_with("_metadata") => Rank::Metadata,
        _ => above,
    }
}

/// The search for a value in an event.
struct Search<'a> {
    wanted: &'a Value,
    found: Vec<Found>,
    /// The number of values that may still be looked at.
    steps: &'a mut usize,
}

impl Search<'_> {
    fn walk(&mut self, event: &Value, place: &Place<'_>, rank: Rank) {
        if !self.step(1) {
            return;
        }
        let is_top = matches!(place, Place::Event);
        if !is_top && self.is_wanted(event) {
            let path = place.path();
            self.step(path.len());
            self.found.push(Found {
                path,
                rank,
                depth: place.depth(),
            });
            // Parts of an equal value are not sources of their own.
            return;
        }
        match event {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.walk(item, &Place::Item(place, index), rank);
                }
            }
            Value::Object(object) => {
                for (key, item) in object {
                    let below = rank_below(rank, is_top, key);
                    self.walk(item, &Place::Member(place, key), below);
                }
            }
            _ => {}
        }
    }

    /// Whether a value equals the wanted one. Each value that is compared is a step.
    fn is_wanted(&mut self, value: &Value) -> bool {
        self.are_equal(value, self.wanted)
    }

    fn are_equal(&mut self, one: &Value, other: &Value) -> bool {
        match (one, other) {
            (Value::Array(one), Value::Array(other)) => {
                one.len() == other.len()
                    && one
                        .iter()
                        .zip(other)
                        .all(|(one, other)| self.step(1) && self.are_equal(one, other))
            }
            (Value::Object(one), Value::Object(other)) => {
                one.len() == other.len()
                    && one.iter().all(|(key, one)| {
                        let other = other.get(key);
                        self.step(1) && other.is_some_and(|other| self.are_equal(one, other))
                    })
            }
            (Value::String(one), Value::String(other)) => {
                one.len() == other.len() && self.step(one.len() / 64) && one == other
            }
            (one, other) => one == other,
        }
    }

    /// Takes steps; `false` when none are left.
    fn step(&mut self, count: usize) -> bool {
        *self.steps = self.steps.saturating_sub(count);
        *self.steps > 0
    }
}

/// A key as it is written behind an object: `.hobby`, `["https://x"]`.
pub(crate) fn step(key: &str) -> String {
    if is_identifier(key) {
        format!(".{key}")
    } else {
        format!("[{}]", Value::from(key))
    }
}

fn is_identifier(key: &str) -> bool {
    let mut characters = key.chars();
    characters
        .next()
        .is_some_and(|first| first.is_alphabetic() || first == '_' || first == '$')
        && characters
            .all(|character| character.is_alphanumeric() || character == '_' || character == '$')
}

pub(crate) fn is_trivial(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => true,
        Value::Number(number) => number.as_f64().is_some_and(|number| number.abs() < 10.0),
        Value::String(text) => text.chars().count() < 2,
        Value::Array(items) => items.is_empty(),
        Value::Object(object) => object.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::sources_within;
    use crate::ceilings::SOURCE_STEPS;

    fn check(value: Value, expected: &[&str]) {
        let event = json!({
            "client": {"name": "surfing", "metadata": {"tier": "gold"}},
            "user": {
                "name": "Jane",
                "nickname": "surfing",
                "email_verified": true,
                "user_metadata": {"hobby": "surfing", "likes": ["tea", "wax"], "vip": true, "n": 7, "https://x/y": "gold", "none": ""},
                "app_metadata": {"plan": {"id": 12}, "logins": 1},
            },
            "stats": {"logins_count": 1},
            "authorization": {"roles": ["admin"]},
            "secrets": {"KEY": "s3cret"},
        });
        assert_eq!(
            sources_within(&event, &value, &mut { SOURCE_STEPS }),
            expected,
            "{value}"
        );
    }

    #[test]
    fn the_likeliest_place_comes_first() {
        check(
            json!("surfing"),
            &[
                "event.user.user_metadata.hobby",
                "event.user.nickname",
                "event.client.name",
            ],
        );
        check(
            json!("gold"),
            &[
                r#"event.user.user_metadata["https://x/y"]"#,
                "event.client.metadata.tier",
            ],
        );
        check(json!("wax"), &["event.user.user_metadata.likes[1]"]);
        check(json!(["tea", "wax"]), &["event.user.user_metadata.likes"]);
        check(json!({"id": 12}), &["event.user.app_metadata.plan"]);
        check(json!(["admin"]), &["event.authorization.roles"]);
        check(json!("s3cret"), &["event.secrets.KEY"]);
        check(json!("nowhere"), &[]);
    }

    #[test]
    fn trivial_values_count_below_metadata_only() {
        check(json!(true), &["event.user.user_metadata.vip"]);
        check(json!(1), &["event.user.app_metadata.logins"]);
        check(json!(7), &["event.user.user_metadata.n"]);
        check(json!(""), &["event.user.user_metadata.none"]);
        check(json!(0), &[]);
        check(json!(null), &[]);
        check(json!({}), &[]);
    }

    #[test]
    fn no_more_than_five() {
        let event = json!({"user": {"user_metadata": {"a": "xx", "b": "xx", "c": "xx", "d": "xx", "e": "xx", "f": "xx"}}});
        let found = sources_within(&event, &json!("xx"), &mut { SOURCE_STEPS });
        assert_eq!(found.len(), 5);
    }
}
