//! The data about a guest's source that the engine needs: its text, and the way from its own places and words to the user's.

use std::sync::Arc;

use postlogin_core::{Fault, HandlerKind, Location};
use wasmtime::component::{ComponentType, Lower};

/// Source text for a language engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Its kind.
    pub kind: HandlerKind,
    /// The name that stands in stacks. Never a path of this machine.
    pub name: String,
    /// The source.
    pub source: Arc<str>,
}

/// A [`HandlerKind`] on its way to a language engine.
#[derive(Clone, Copy, ComponentType, Lower)]
#[component(enum)]
#[repr(u8)]
pub(crate) enum SourceKind {
    #[component(name = "action")]
    Action,
    #[component(name = "rule")]
    Rule,
    #[component(name = "connection")]
    Connection,
}

impl From<HandlerKind> for SourceKind {
    fn from(kind: HandlerKind) -> Self {
        match kind {
            HandlerKind::Action => Self::Action,
            HandlerKind::Rule => Self::Rule,
            HandlerKind::Connection => Self::Connection,
        }
    }
}

/// Turns what a language engine says about its own state into the user's terms.
pub trait StackMapper: Send + Sync {
    /// The innermost place of a stack in the user's source: where it calls a function of the host, reads a property or
    /// assigns to one.
    fn place(&self, stack: &str) -> Option<Location>;

    /// A fault as production would word it, with the place in the user's source.
    fn fault(&self, fault: Fault) -> Fault;
}

/// Watches what an Action prints.
pub trait Probe: Send + Sync {
    /// Whether it takes a printed message for itself, so that it is no part of the log.
    fn takes(&self, message: &str) -> bool;
}

/// The first `file:line:column` of a stack in the form that docs/book/src/internals/abi.md asks guests for.
pub(crate) fn place_in_stack(stack: &str) -> Option<Location> {
    stack.lines().find_map(|line| {
        let place = line.trim_start().strip_prefix("at ")?;
        let place = place
            .rsplit_once('(')
            .map_or(place, |(_, place)| place.trim_end_matches(')'));
        let (rest, column) = place.rsplit_once(':')?;
        let (file, line) = rest.rsplit_once(':')?;
        Some(Location {
            file: file.into(),
            line: line.parse().ok()?,
            column: column.parse().ok()?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_place_of_a_stack_is_found() {
        #[track_caller]
        fn check(stack: &str, expected: Option<(&str, u32, u32)>) {
            let found = place_in_stack(stack);
            let found = found
                .as_ref()
                .map(|place| (place.file.as_str(), place.line, place.column));
            assert_eq!(found, expected, "{stack}");
        }
        check(
            "Error: no\n    at src/lib.rs:27:31",
            Some(("src/lib.rs", 27, 31)),
        );
        check(
            "    at run (src/a.rs:1:2)\n    at src/b.rs:3:4",
            Some(("src/a.rs", 1, 2)),
        );
        check("Error: at 12:30 it failed", None);
        check(
            "    at native\n    at src/b.rs:3:4",
            Some(("src/b.rs", 3, 4)),
        );
        check("", None);
    }
}
