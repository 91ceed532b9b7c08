//! Values of the schema's kinds, and of metadata, which may be anything.

use postlogin_core::event::schema::{Field, Kind};
use serde_json::{Map, Number, Value, json};

use crate::format::Format;
use crate::random::Random;
use crate::texts::{adapted, odd};
use crate::vocabulary::Vocabulary;

/// The depth of generated metadata.
const DEEPEST: usize = 3;

/// Keys that careless code trips over.
const ODD_KEYS: &[&str] = &[
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "",
    "a.b",
    "$set",
    "https://example.com/x",
    "0",
    "length",
    "ключ",
];

/// Makes values.
pub(crate) struct Maker<'a> {
    pub(crate) random: Random,
    pub(crate) vocabulary: &'a Vocabulary,
}

/// The possible members of a dictionary of the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// Texts only: metadata of applications, organizations, connections, domains.
    Texts,
    /// Texts, numbers and booleans: metadata of the transaction.
    Scalars,
    /// Anything: metadata of the user, profiles, bodies.
    Anything,
}

/// By the names of the path below `event`.
pub(crate) fn holds(path: &[&str]) -> Holds {
    match path {
        ["client" | "organization" | "connection", "metadata"]
        | ["custom_domain", "domain_metadata"]
        | ["agent", "agent_metadata"]
        | ["request", "query"] => Holds::Texts,
        [.., "metadata"] => Holds::Scalars,
        _ => Holds::Anything,
    }
}

impl Maker<'_> {
    /// A value for a property of the schema. `path` are the names that lead to it.
    pub(crate) fn field(&mut self, field: &Field, path: &[&str]) -> Value {
        match field.kind {
            Kind::String if !field.allowed.is_empty() => self.random.text(&field.allowed).into(),
            Kind::String => self.text(path).into(),
            Kind::Number => self.count(field.name),
            Kind::Boolean => self.random.chance(50).into(),
            Kind::StringArray => {
                let length = self.length();
                (0..length).map(|_| Value::from(self.text(path))).collect()
            }
            Kind::ObjectArray => {
                let length = self.length();
                (0..length).map(|_| self.item(field, path)).collect()
            }
            Kind::Object | Kind::Dictionary | Kind::Strings => self.object(field, path),
        }
    }

    /// An object with what it must have, some of what it may have, and, in a dictionary, some more.
    fn object(&mut self, field: &Field, path: &[&str]) -> Value {
        let mut object = self.listed(&field.children, path);
        if field.kind == Kind::Dictionary {
            let more = self.length();
            for _ in 0..more {
                let key = self.key();
                object
                    .entry(key)
                    .or_insert_with(|| self.member(holds(path)));
            }
        }
        Value::Object(object)
    }

    fn listed(&mut self, children: &[Field], path: &[&str]) -> Map<String, Value> {
        let mut object = Map::new();
        for child in children {
            if !child.optional || self.random.chance(50) {
                let mut below = path.to_vec();
                below.push(child.name);
                object.insert(child.name.to_owned(), self.field(child, &below));
            }
        }
        object
    }

    fn item(&mut self, field: &Field, path: &[&str]) -> Value {
        if field.name == "methods" {
            let method =
                self.random
                    .text(&["pwd", "mfa", "passkey", "federated", "sms", "email", "mock"]);
            let timestamp = self.text(&["timestamp"]);
            return match method.as_str() {
                "mfa" => json!({"name": "mfa", "timestamp": timestamp, "type": "otp"}),
                "federated" => {
                    json!({"name": "federated", "timestamp": timestamp, "connection": "corp"})
                }
                _ => json!({"name": method, "timestamp": timestamp}),
            };
        }
        Value::Object(self.listed(&field.children, path))
    }

    /// Arrays are mostly short, and often empty.
    fn length(&mut self) -> usize {
        *self.random.pick(&[0, 0, 1, 1, 2, 3, 5]).unwrap_or(&0)
    }

    fn text(&mut self, path: &[&str]) -> String {
        let name = path.last().copied().unwrap_or_default();
        Format::of(path).text(name, &mut self.random, self.vocabulary)
    }

    /// Counters are whole and not negative; places on earth are within their range.
    fn count(&mut self, name: &str) -> Value {
        let spoken_of = match self.random.chance(60) {
            true => self.random.pick(&self.vocabulary.numbers).copied(),
            false => None,
        };
        if matches!(name, "latitude" | "longitude") {
            let usual = [0.0, 47.3769, -33.8688, 90.0];
            let number = spoken_of.filter(|number| number.abs() <= 90.0);
            return json!(number.unwrap_or(*self.random.pick(&usual).unwrap_or(&0.0)));
        }
        let usual = [1, 2, 3, 12, 1_000_000];
        let near = spoken_of.filter(|number| (0.0..1e15).contains(number));
        match near {
            Some(number) => (number as u64 + self.random.below(3) as u64)
                .saturating_sub(1)
                .into(),
            None => (*self.random.pick(&usual).unwrap_or(&1)).into(),
        }
    }

    /// A key of metadata.
    pub(crate) fn key(&mut self) -> String {
        match self.random.below(10) {
            0..6 if !self.vocabulary.keys.is_empty() => self
                .random
                .pick(&self.vocabulary.keys)
                .cloned()
                .unwrap_or_default(),
            6 | 7 => self.random.text(ODD_KEYS),
            _ => self
                .random
                .text(&["hobby", "lang", "plan", "roles", "preferences"]),
        }
    }

    /// A value of a dictionary.
    pub(crate) fn member(&mut self, holds: Holds) -> Value {
        match holds {
            Holds::Texts => self.word().into(),
            Holds::Scalars => match self.random.below(4) {
                0 => self.number(),
                1 => self.random.chance(50).into(),
                _ => self.word().into(),
            },
            Holds::Anything => self.anything(0),
        }
    }

    fn anything(&mut self, depth: usize) -> Value {
        let kinds = if depth < DEEPEST { 16 } else { 11 };
        match self.random.below(kinds) {
            0..5 => self.word().into(),
            5 | 6 => self.number(),
            7 | 8 => self.random.chance(50).into(),
            9 => Value::Null,
            10 => Format::Timestamp
                .text("", &mut self.random, self.vocabulary)
                .into(),
            11 | 12 => {
                let length = self.length();
                (0..length).map(|_| self.anything(depth + 1)).collect()
            }
            13 => json!({}),
            _ => {
                let length = 1 + self.random.below(3);
                let members = (0..length).map(|_| (self.key(), self.anything(depth + 1)));
                Value::Object(members.collect())
            }
        }
    }

    fn word(&mut self) -> String {
        if self.random.chance(60)
            && let Some(word) = self.random.pick(&self.vocabulary.texts)
        {
            // Mostly as it stands: that is what it is compared with.
            if self.random.chance(70) {
                return word.clone();
            }
            let forms = adapted(word);
            return self.random.pick(&forms).cloned().unwrap_or_default();
        }
        match self.random.chance(40) {
            true => self.random.text(&["a", "surfing", "en", "yes", "42"]),
            false => odd(&mut self.random, self.vocabulary),
        }
    }

    fn number(&mut self) -> Value {
        if self.random.chance(60)
            && let Some(number) = self.random.pick(&self.vocabulary.numbers)
        {
            let number = number + self.random.below(3) as f64 - 1.0;
            return whole(number);
        }
        let usual = [0.0, 1.0, -1.0, 0.5, 1e21, 9_007_199_254_740_993.0];
        whole(*self.random.pick(&usual).unwrap_or(&0.0))
    }

    /// Far more than anybody stores: long lists, many keys, long texts; below the 10 kB that a profile may have.
    pub(crate) fn huge(&mut self) -> Value {
        match self.random.below(3) {
            0 => "x".repeat(7_000).into(),
            1 => (0..400).map(Value::from).collect(),
            _ => {
                let members = (0..120).map(|number| (format!("key{number}"), json!("a value")));
                Value::Object(members.collect())
            }
        }
    }
}

/// As JavaScript writes it: `3`, not `3.0`.
fn whole(number: f64) -> Value {
    match number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0 {
        true => Value::from(number as i64),
        false => Number::from_f64(number).map_or(Value::Null, Value::Number),
    }
}
