//! The common properties of users: the values at a few paths of their events.

use serde_json::Value;

use crate::privacy::Privacy;

/// The paths that are always looked at, beside those that the Actions read.
const ALWAYS: &[&str] = &[
    "event.connection.name",
    "event.connection.strategy",
    "event.user.app_metadata",
    "event.user.created_at",
    "event.user.email_verified",
    "event.user.user_metadata",
];

/// Values there name no person, and are shown as they are.
const PUBLIC: &[&str] = &["event.connection.name", "event.connection.strategy"];

/// So many paths are looked at.
const MOST_PATHS: usize = 40;

/// So many elements of a list are looked at.
const MOST_ELEMENTS: usize = 8;

/// A longer text has nothing in common with another.
const LONGEST: usize = 64;

/// Paths at which values say nothing about what users have in common: each user has another.
pub const UNUSABLE: &[&str] = &["event.user.user_id", "event.user.email", "event.user.name"];

/// The paths that are looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    paths: Vec<(String, Vec<String>)>,
}

impl Features {
    /// `read` are the paths that the Actions read, each as names from the root of the event.
    #[must_use]
    pub fn new(read: &[Vec<String>]) -> Self {
        let mut paths: Vec<(String, Vec<String>)> = Vec::new();
        let mut add = |names: Vec<String>| {
            let path = format!("event.{}", names.join("."));
            let is_known = paths.iter().any(|(known, _)| *known == path);
            if !is_known && !names.is_empty() && paths.len() < MOST_PATHS {
                paths.push((path, names));
            }
        };
        read.iter().cloned().for_each(&mut add);
        for path in ALWAYS {
            add(path.split('.').skip(1).map(str::to_owned).collect());
        }
        Self { paths }
    }

    /// Returns what is so of one event: the path, and the property of its value.
    pub(crate) fn of(&self, event: &Value, privacy: &Privacy) -> Vec<(&str, String)> {
        let mut found = Vec::new();
        for (path, names) in &self.paths {
            let mut value = Some(event);
            for name in names {
                value = value.and_then(|value| value.get(name));
            }
            properties(path, value, privacy, |property| {
                found.push((path.as_str(), property))
            });
        }
        found
    }
}

fn properties(path: &str, value: Option<&Value>, privacy: &Privacy, mut add: impl FnMut(String)) {
    let text = |text: &str| match PUBLIC.contains(&path) {
        true => format!("\"{text}\""),
        false => privacy.value(&format!("\"{text}\""), "string"),
    };
    match value {
        None => add("is absent".into()),
        Some(Value::Null) => add("is null".into()),
        Some(Value::Bool(value)) => add(format!("is {value}")),
        Some(Value::Number(number)) => add(format!(
            "is {}",
            privacy.value(&number.to_string(), "number")
        )),
        // A date as such is the date of one user; a year is shared by many.
        Some(Value::String(date)) if path.ends_with("_at") => {
            let year: String = date.chars().take_while(char::is_ascii_digit).collect();
            add(format!("is of {year}"));
        }
        Some(Value::String(value)) if path == "event.user.email" => {
            if let Some((_, domain)) = value.rsplit_once('@') {
                add(format!("ends with {}", text(&format!("@{domain}"))));
            }
        }
        // A value that every user has for themselves groups no users.
        Some(Value::String(value)) if UNUSABLE.contains(&path) => add(match value.is_empty() {
            true => "is empty".into(),
            false => "is a string".into(),
        }),
        Some(Value::String(value)) if value.len() > LONGEST => add("is a long string".into()),
        Some(Value::String(value)) => add(format!("is {}", text(value))),
        Some(Value::Array(list)) => {
            if list.is_empty() {
                add("is an empty array".into());
            }
            for element in list.iter().take(MOST_ELEMENTS) {
                if let Value::String(element) = element
                    && element.len() <= LONGEST
                {
                    add(format!("includes {}", text(element)));
                }
            }
        }
        Some(Value::Object(object)) => add(match object.is_empty() {
            true => "is an empty object".into(),
            false => "is an object".into(),
        }),
    }
}
