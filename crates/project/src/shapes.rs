//! Reading files that people write: every mistake becomes an error at its place, and reading goes on.

use postlogin_core::ceilings::{NAME_BYTES, shortened};
use postlogin_core::event::suggest::closest;

use crate::Error;
use crate::document::node::{Entry, Node, NodeValue};

/// More mistakes of one file are not collected.
const MOST_ERRORS: usize = 1000;

/// The most unknown keys of one object that are reported one by one.
const MOST_UNKNOWN: usize = 20;

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    pub(crate) errors: Vec<Error>,
}

impl Shapes {
    pub(crate) fn refuse(&mut self, error: Error) {
        // A matrix reads the same case once for each of its rows.
        let kept = self.errors.len();
        if kept < MOST_ERRORS && !self.errors.contains(&error) {
            self.errors.push(error);
        } else if kept == MOST_ERRORS {
            let more = format!("there are more than {MOST_ERRORS} mistakes");
            self.errors.push(
                Error {
                    message: more,
                    ..error
                }
                .with_hint("fix the ones above first"),
            );
        }
    }

    fn wrong(&mut self, node: &Node, what: &str, expected: &str, hint: Option<&str>) {
        let error = node.place.error(format!(
            "{what} must be {expected}; this is {}",
            node.kind()
        ));
        self.refuse(match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        });
    }

    /// The entries of an object.
    pub(crate) fn object<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Entry]> {
        match &node.value {
            NodeValue::Object(entries) => Some(entries),
            _ => {
                self.wrong(node, what, "an object", None);
                None
            }
        }
    }

    /// The items of a list.
    pub(crate) fn list<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        match &node.value {
            NodeValue::List(items) => Some(items),
            _ => {
                self.wrong(node, what, "a list", None);
                None
            }
        }
    }

    /// A text. Numbers and truth values are not taken for texts: `0123` and `yes` would not be what was written.
    pub(crate) fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        match &node.value {
            NodeValue::Text(text) => Some(text.clone()),
            NodeValue::Number(_) | NodeValue::Bool(_) => {
                self.wrong(node, what, "a text", Some("put it in quotes"));
                None
            }
            _ => {
                self.wrong(node, what, "a text", None);
                None
            }
        }
    }

    pub(crate) fn boolean(&mut self, node: &Node, what: &str) -> Option<bool> {
        match node.value {
            NodeValue::Bool(value) => Some(value),
            _ => {
                self.wrong(node, what, "true or false", None);
                None
            }
        }
    }

    /// A whole number that is not negative.
    pub(crate) fn whole(&mut self, node: &Node, what: &str) -> Option<u64> {
        let number = match &node.value {
            NodeValue::Number(number) => number.as_u64(),
            _ => None,
        };
        if number.is_none() {
            self.wrong(node, what, "a whole number from 0", None);
        }
        number
    }

    /// Refuses keys that are not known; `what` names the object: `a case`.
    pub(crate) fn only(&mut self, entries: &[Entry], known: &[&str], what: &str) {
        let unknown = || {
            let entries = entries.iter();
            entries.filter(move |entry| !known.contains(&entry.key.as_str()))
        };
        for entry in unknown().take(MOST_UNKNOWN) {
            let key = shortened(&entry.key, NAME_BYTES);
            let error = entry.place.error(format!("unknown key `{key}` in {what}"));
            self.refuse(error.with_hint(meant(&entry.key, known)));
        }
        let mut rest = unknown().skip(MOST_UNKNOWN);
        if let Some(first) = rest.next() {
            let count = 1 + rest.count();
            let error = first.place.error(format!(
                "{count} more unknown keys in {what}, the first one here"
            ));
            self.refuse(error.with_hint(format!("known keys are {}", known.join(", "))));
        }
    }

    /// One of a few words.
    pub(crate) fn word(
        &mut self,
        node: &Node,
        words: &[&'static str],
        what: &str,
    ) -> Option<usize> {
        let text = self.text(node, what)?;
        let found = words.iter().position(|word| *word == text);
        if found.is_none() {
            let error = node.place.error(format!(
                "{what} is one of {}, not `{}`",
                words.join(", "),
                shortened(&text, NAME_BYTES)
            ));
            self.refuse(match closest(&text, words.iter().copied()) {
                Some(near) => error.with_hint(format!("did you mean `{near}`?")),
                None => error,
            });
        }
        found
    }

    /// Reads a text by another parser.
    pub(crate) fn parsed<T>(
        &mut self,
        node: &Node,
        what: &str,
        parse: impl FnOnce(&str) -> Result<T, Error>,
    ) -> Option<T> {
        let text = self.text(node, what)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                let placed = node.place.error(format!("{what}: {}", error.message));
                self.refuse(match error.hint {
                    Some(hint) => placed.with_hint(hint),
                    None => placed,
                });
                None
            }
        }
    }
}

/// The hint about a key that is not known.
pub(crate) fn meant(key: &str, known: &[&str]) -> String {
    match closest(key, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known keys are {}", known.join(", ")),
    }
}
