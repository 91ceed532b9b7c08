//! Checks whose messages list every violation: `<last path segment> <reason>, <reason>; …`.
//!
//! A missing required argument has an empty path, so that its message starts with a space, as in production.

use std::collections::HashMap;

use crate::limits::Limit;
use crate::reply::Failure;
use crate::value::Argument;

/// The requirement for a value. `undefined` passes: a missing argument is reported by `required`.
pub(super) enum Schema {
    /// A string of at most so many code points.
    Text(Option<Limit>),
    /// A boolean.
    Boolean,
    /// A finite number.
    Number,
    /// One of some strings.
    OneOf(&'static [&'static str]),
    /// An array of at most so many items.
    List(Limit, Box<Schema>),
}

impl Schema {
    pub(crate) fn text(limit: Limit) -> Schema {
        Schema::Text(Some(limit))
    }
}

/// The violations found so far, by path in the order of the schema.
#[derive(Default)]
pub(crate) struct Violations {
    paths: Vec<(String, Vec<String>)>,
    places: HashMap<String, usize>,
}

impl Violations {
    /// Adds a violation.
    pub(crate) fn add(mut self, path: &str, reason: impl Into<String>) -> Violations {
        let reason = reason.into();
        let known = self.places.get(path).copied();
        match known.and_then(|place| self.paths.get_mut(place)) {
            Some((_, reasons)) => reasons.push(reason),
            None => {
                self.places.insert(path.to_owned(), self.paths.len());
                self.paths.push((path.to_owned(), vec![reason]));
            }
        }
        self
    }

    /// Refuses `undefined`.
    pub(crate) fn required(self, name: &str, value: &Argument) -> Violations {
        if value.is_undefined() {
            self.add("", format!("must have required property '{name}'"))
        } else {
            self
        }
    }

    /// Checks a value.
    pub(crate) fn value(self, path: &str, value: &Argument, schema: &Schema) -> Violations {
        match (schema, value) {
            (_, Argument::Undefined)
            | (Schema::Boolean, Argument::Bool(_))
            | (Schema::Number, Argument::Number(_)) => self,
            (Schema::Text(limit), Argument::String(text)) => self.characters(path, text, *limit),
            (Schema::Text(_), _) => self.add(path, "must be string"),
            (Schema::Boolean, _) => self.add(path, "must be boolean"),
            (Schema::Number, _) => self.add(path, "must be number"),
            (Schema::OneOf(allowed), value) => match value.as_str() {
                Some(text) if allowed.contains(&text) => self,
                _ => self.add(path, "must be equal to one of the allowed values"),
            },
            (Schema::List(limit, item), Argument::Array(items)) => {
                let length = if limit.exceeded_by(items.len()) {
                    self.add(
                        path,
                        format!("must NOT have more than {} items", limit.value),
                    )
                } else {
                    self
                };
                let items = items.iter().enumerate();
                items.fold(length, |found, (index, value)| {
                    found.item(&index.to_string(), value, item)
                })
            }
            (Schema::List(..), _) => self.add(path, "must be array"),
        }
    }

    /// Checks an item of an array, in which `undefined` is an ordinary wrong value.
    fn item(self, path: &str, value: &Argument, schema: &Schema) -> Violations {
        match value {
            Argument::Undefined => self.value(path, &Argument::Null, schema),
            value => self.value(path, value, schema),
        }
    }

    /// Checks the length of a string, in code points.
    pub(crate) fn characters(self, path: &str, text: &str, limit: Option<Limit>) -> Violations {
        match limit {
            Some(limit) if limit.exceeded_by(text.chars().count()) => self.add(
                path,
                format!("must NOT have more than {} characters", limit.value),
            ),
            _ => self,
        }
    }

    /// Checks a string of at least one and at most so many characters. `undefined` passes.
    pub(crate) fn filled(self, path: &str, value: &Argument, limit: Limit) -> Violations {
        match value.as_str() {
            Some("") => self.add(path, "must NOT have fewer than 1 characters"),
            _ => self.value(path, value, &Schema::text(limit)),
        }
    }

    /// The failure with all violations, if there are any, after `prefix` and a colon.
    pub(crate) fn into_result_of(self, prefix: &str) -> Result<(), Failure> {
        self.into_result()
            .map_err(|failure| Failure::error(format!("{prefix}: {}", failure.message)))
    }

    /// The failure with all violations, if there are any.
    pub(crate) fn into_result(self) -> Result<(), Failure> {
        if self.paths.is_empty() {
            return Ok(());
        }
        let paths: Vec<String> = self
            .paths
            .into_iter()
            .map(|(path, reasons)| format!("{path} {}", reasons.join(", ")))
            .collect();
        Err(Failure::error(paths.join("; ")))
    }
}
