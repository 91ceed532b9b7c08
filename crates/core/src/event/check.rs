//! Finds what an event has that the trigger never sends.

use serde_json::{Map, Value};

use super::path::{Path, Segment};
use super::schema::{Field, Kind};
use super::suggest::closest;
use crate::ceilings::{NAME_BYTES, shortened};
use crate::trigger::Trigger;

/// The most properties of one object that are reported one by one.
const MOST_UNKNOWN: usize = 20;
/// The most properties of a user that are compared with those of Auth0.
const MOST_COMPARED: usize = 200;

/// A place where an event differs from version 3 of the trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whose event it is.
    pub trigger: Trigger,
    /// The place: `event.client.metdata`.
    pub path: String,
    /// The problem.
    pub problem: Problem,
    /// The likely intention: a path, or a value for [`Problem::UnknownValue`].
    pub suggestion: Option<String>,
}

/// A problem of a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The object that it is in has no such property.
    UnknownProperty,
    /// A user may have any property, and this one is nearly one of Auth0's.
    UnusualProperty,
    /// The value has another type than the one that production sends.
    WrongType {
        /// In words: `a string`.
        expected: &'static str,
        /// In words: `a number`.
        found: &'static str,
    },
    /// The object that it is in has so many more properties that do not exist; the place is the object's.
    MoreUnknown {
        /// Their number.
        count: usize,
    },
    /// The value is not in the closed list.
    UnknownValue {
        /// The value.
        found: String,
    },
}

impl Finding {
    /// One sentence without a full stop.
    pub fn message(&self) -> String {
        let path = shortened(&self.path, NAME_BYTES);
        match &self.problem {
            Problem::UnknownProperty => format!(
                "`{path}` does not exist in the {} event ({})",
                self.trigger,
                self.trigger.table().version
            ),
            Problem::UnusualProperty => {
                format!("`{path}` is not a property that Auth0 gives to users")
            }
            Problem::WrongType { expected, found } => {
                format!("`{path}` must be {expected}, not {found}")
            }
            Problem::MoreUnknown { count } => format!(
                "`{path}` has {count} more properties that do not exist in the {} event ({})",
                self.trigger,
                self.trigger.table().version
            ),
            Problem::UnknownValue { found } => {
                format!("`{path}` is never \"{}\"", shortened(found, NAME_BYTES))
            }
        }
    }
}

/// Everything in `value` that the trigger never sends, in the order of the event.
///
/// Dictionaries and `event.user` may have any property. Absent properties are no findings: an event need not be
/// complete. `null` passes for an optional property.
pub fn check_paths(trigger: Trigger, value: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    let event = (trigger.table().event)();
    check_value(event, value, &Path::default(), &mut findings);
    // What Rules see may be given with the event.
    for finding in &mut findings {
        finding.trigger = trigger;
    }
    findings.retain(|finding| {
        trigger != Trigger::PostLogin
            || !matches!(
                finding.path.as_str(),
                "event.context" | "event.token_response"
            )
    });
    findings
}

/// Returns the properties of `event.user` that are likely slips, at most twenty: none is wrong, and each is nearly one of Auth0's.
pub fn check_user(trigger: Trigger, event: &Value) -> Vec<Finding> {
    let field = (trigger.table().event)().child("user");
    let user = event.get("user").and_then(Value::as_object);
    let (Some(field), Some(user)) = (field, user) else {
        return Vec::new();
    };
    let mut path = Path::default();
    path.push(Segment::Key("user".to_owned()));
    let unusual = user.keys().filter(|name| field.child(name).is_none());
    unusual
        // Users who bring hundreds of properties of their own mean them.
        .take(MOST_COMPARED)
        .map(|name| Finding {
            trigger,
            problem: Problem::UnusualProperty,
            ..unknown(field, name, &path)
        })
        .filter(|finding| finding.suggestion.is_some())
        .take(MOST_UNKNOWN)
        .collect()
}

/// Whether a path that a program reads, without the leading `event`, can exist.
///
/// `["client", "metdata"]` is a finding, with the nearest path that exists. Whatever is below an open object, a string
/// or an array passes: `.length` is no property of the event.
pub fn check_reference(trigger: Trigger, segments: &[&str]) -> Option<Finding> {
    let mut field = (trigger.table().event)();
    let mut path = Path::default();
    for name in segments {
        let Some(child) = field.child(name) else {
            let found = || Finding {
                trigger,
                ..unknown(field, name, &path)
            };
            return field.is_closed().then(found);
        };
        if child.kind == Kind::ObjectArray {
            return None;
        }
        path.push(Segment::Key((*name).to_owned()));
        field = child;
    }
    None
}

fn check_value(field: &Field, value: &Value, path: &Path, findings: &mut Vec<Finding>) {
    match (field.kind, value) {
        (_, Value::Null) if field.optional => {}
        (Kind::Object | Kind::Dictionary, Value::Object(object)) => {
            check_object(field, object, path, findings)
        }
        (Kind::Strings, Value::Object(object)) => {
            for (key, value) in object.iter().filter(|(_, value)| !value.is_string()) {
                findings.push(wrong_type(
                    Kind::String,
                    value,
                    path.with(Segment::Key(key.clone())),
                ));
            }
        }
        (Kind::StringArray, Value::Array(items)) => {
            for (index, item) in items
                .iter()
                .enumerate()
                .filter(|(_, item)| !item.is_string())
            {
                findings.push(wrong_type(
                    Kind::String,
                    item,
                    path.with(Segment::Index(index)),
                ));
            }
        }
        (Kind::ObjectArray, Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                let path = path.with(Segment::Index(index));
                match item {
                    Value::Object(object) => check_object(field, object, &path, findings),
                    _ => findings.push(wrong_type(Kind::Object, item, path)),
                }
            }
        }
        (Kind::String, Value::String(found)) => {
            if !field.allowed.is_empty() && !field.allowed.contains(&found.as_str()) {
                findings.push(Finding {
                    trigger: Trigger::default(),
                    path: path.to_string(),
                    problem: Problem::UnknownValue {
                        found: found.clone(),
                    },
                    suggestion: closest(found, field.allowed.iter().copied()).map(str::to_owned),
                });
            }
        }
        (Kind::Number, Value::Number(_)) | (Kind::Boolean, Value::Bool(_)) => {}
        (kind, value) => findings.push(wrong_type(kind, value, path.clone())),
    }
}

fn check_object(
    field: &Field,
    object: &Map<String, Value>,
    path: &Path,
    findings: &mut Vec<Finding>,
) {
    let mut unknown_so_far = 0;
    for (name, value) in object {
        match field.child(name) {
            Some(child) => check_value(
                child,
                value,
                &path.with(Segment::Key(name.clone())),
                findings,
            ),
            None if field.is_closed() => {
                unknown_so_far += 1;
                if unknown_so_far <= MOST_UNKNOWN {
                    findings.push(unknown(field, name, path));
                }
            }
            None => {}
        }
    }
    if unknown_so_far > MOST_UNKNOWN {
        findings.push(Finding {
            trigger: Trigger::default(),
            path: path.to_string(),
            problem: Problem::MoreUnknown {
                count: unknown_so_far - MOST_UNKNOWN,
            },
            suggestion: None,
        });
    }
}

fn unknown(field: &Field, name: &str, parent: &Path) -> Finding {
    let suggestion = closest(name, field.children.iter().map(|child| child.name));
    Finding {
        trigger: Trigger::default(),
        path: parent.with(Segment::Key(name.to_owned())).to_string(),
        problem: Problem::UnknownProperty,
        suggestion: suggestion.map(|name| parent.with(Segment::Key(name.to_owned())).to_string()),
    }
}

fn wrong_type(expected: Kind, found: &Value, path: Path) -> Finding {
    let expected = match expected {
        Kind::Object | Kind::Dictionary | Kind::Strings => "an object",
        Kind::String => "a string",
        Kind::Number => "a number",
        Kind::Boolean => "a boolean",
        Kind::StringArray => "an array of strings",
        Kind::ObjectArray => "an array of objects",
    };
    Finding {
        trigger: Trigger::default(),
        path: path.to_string(),
        problem: Problem::WrongType {
            expected,
            found: super::path::kind_of(found),
        },
        suggestion: None,
    }
}

#[cfg(test)]
mod tests;
