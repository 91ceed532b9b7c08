//! From an error as the engine reports it to the error as production would log it: the user's places, and nothing of the
//! engine's own frames. Words and places are V8's already: see `crates/js/engine/quickjs`.

mod collect;
mod frames;
pub(crate) mod sites;
mod stack;

pub use frames::{Frame, Place, frames};
pub use stack::{LoadedText, MappedStack, innermost_place, map_stack};

use postlogin_core::location::Location;

/// An error as the engine reports it.
#[derive(Debug, Clone, Copy)]
pub struct EngineError<'e> {
    /// The class: `TypeError`.
    pub name: &'e str,
    /// The message.
    pub message: &'e str,
    /// The stack in the engine's places, with or without a first line for the message; may be empty.
    pub stack: &'e str,
}

/// An error as production would log it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The class, unchanged.
    pub name: String,
    /// The message, unchanged.
    pub message: String,
    /// The stack in V8's form, with the first line, in the user's places. Only the user's frames. Below them, what the error
    /// carries, as Node prints it: `  [cause]: Error: …` with its frames.
    pub stack: String,
    /// The innermost place in the user's text.
    pub location: Option<Location>,
}

/// Explains an error.
///
/// `texts` are all texts that the user wrote and that were loaded: the Action and its modules.
pub fn explain(error: EngineError<'_>, texts: &[LoadedText<'_>]) -> Explained {
    let (own, carried) = stack::split(error.stack);
    let traced = stack::trace(&frames(own), texts);
    let header = if error.message.is_empty() {
        error.name.to_owned()
    } else {
        format!("{}: {}", error.name, error.message)
    };
    let mut stack = stack::render(&header, &traced);
    let mut location = traced.first().map(|frame| frame.location.clone());
    for carried in carried {
        let traced = stack::trace(&frames(carried.stack), texts);
        stack.push('\n');
        stack.push_str(&stack::render(carried.header, &traced));
        // `Promise.any` makes an error without frames, of errors that have them.
        location = location.or_else(|| traced.first().map(|frame| frame.location.clone()));
    }
    Explained {
        name: error.name.to_owned(),
        message: error.message.to_owned(),
        stack,
        location,
    }
}

#[cfg(test)]
mod tests;
