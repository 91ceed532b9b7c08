//! From an error as QuickJS tells it to the error as production would log it: V8's words, the user's
//! places, and nothing of the engine's own frames.

mod collect;
mod frames;
mod guest_words;
mod patterns;
mod points;
mod print;
pub(crate) mod sites;
mod stack;
mod type_error;
mod wording;

pub use frames::{Frame, Place, frames};
pub use stack::{LoadedText, MappedStack, map_stack, place_of_call, place_of_read, place_of_write};

use postlogin_core::location::Location;

/// An error as the engine tells it.
#[derive(Debug, Clone, Copy)]
pub struct EngineError<'e> {
    /// The class: `TypeError`.
    pub name: &'e str,
    /// The message.
    pub message: &'e str,
    /// The stack in QuickJS's form, without a first line for the message; may be empty.
    pub stack: &'e str,
}

/// An error as production would log it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The class, unchanged.
    pub name: String,
    /// The message, in V8's words if it was one of the engine's own.
    pub message: String,
    /// The stack in V8's form, with the first line, in the user's places. Only the user's frames.
    pub stack: String,
    /// The innermost place in the user's text.
    pub location: Option<Location>,
}

/// Explains an error. Messages that the user's code or a package wrote are left alone.
///
/// `texts` are all texts that the user wrote and that were loaded: the Action and its modules.
pub fn explain(error: EngineError<'_>, texts: &[LoadedText<'_>]) -> Explained {
    let frames = frames(error.stack);
    let mut traced = stack::trace(&frames, texts);
    let said = guest_words::engine_words(error.name, error.message);
    let scene = stack::scene(&frames, &traced);
    let called = match scene {
        Some(_) => None,
        None => stack::called_place(&frames, &traced),
    };
    let reworded = scene
        .filter(|scene| !stack::is_thrown_by_hand(scene))
        .and_then(|scene| wording::reword(said.class, &said.message, &scene))
        .map(|reworded| said.wrap(reworded));
    let is_called_class = reworded
        .as_ref()
        .is_some_and(|reworded| reworded.message.contains("Class constructor "));
    if is_called_class && traced.len() > 1 {
        // V8 refuses the call in the caller, QuickJS in the constructor.
        traced.remove(0);
    }
    if let (Some(place), Some(first)) = (
        called.or_else(|| reworded.as_ref().and_then(|reworded| reworded.place)),
        traced.first_mut(),
    ) {
        first.move_to(place);
    }
    let message = reworded.map_or_else(|| error.message.to_owned(), |reworded| reworded.message);
    let header = if message.is_empty() {
        error.name.to_owned()
    } else {
        format!("{}: {message}", error.name)
    };
    let location = traced.first().map(|frame| frame.location.clone());
    let stack = stack::render(&header, &traced);
    Explained {
        name: error.name.to_owned(),
        message,
        stack,
        location,
    }
}

#[cfg(test)]
mod tests;
