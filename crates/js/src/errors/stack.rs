//! Stacks in the user's places.

use std::fmt::Write as _;

use postlogin_core::location::Location;

use super::frames::{Frame, Place, frames, lines};
use super::sites::View;
use crate::source::Prepared;

/// A text of the user that was loaded into the engine.
#[derive(Debug, Clone, Copy)]
pub struct LoadedText<'t> {
    /// The name under which the engine knows it.
    pub engine_name: &'t str,
    /// The number of bytes that the loader put before the text on its first line.
    pub prefix_bytes: u32,
    /// The text.
    pub prepared: &'t Prepared,
}

/// A stack in the user's places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedStack {
    /// One `    at …` line for each frame in a text of the user, as V8 writes them; empty when there is none.
    pub text: String,
    /// The innermost place in the user's text.
    pub location: Option<Location>,
}

/// Maps a stack of QuickJS. Frames of the engine and of packages are left out.
pub fn map_stack(stack: &str, texts: &[LoadedText<'_>]) -> MappedStack {
    let (stack, _) = split(stack);
    let traced = trace(&frames(stack), texts);
    let location = traced.first().map(|frame| frame.location.clone());
    let text = render("", &traced);
    MappedStack {
        text: text.trim_start_matches('\n').to_owned(),
        location,
    }
}

/// The innermost place of a stack in the user's text: where it calls a method of the runtime, reads a property or assigns to
/// one.
pub fn innermost_place(stack: &str, texts: &[LoadedText<'_>]) -> Option<Location> {
    lines(stack).find_map(|frame| Some(located(&frame, texts)?.location))
}

/// A frame in a text of the user.
pub(super) struct Traced {
    function: Option<String>,
    pub(super) location: Location,
}

/// The frames in texts of the user, innermost first.
pub(super) fn trace(frames: &[Frame], texts: &[LoadedText<'_>]) -> Vec<Traced> {
    frames
        .iter()
        .filter_map(|frame| traced(frame, texts))
        .collect()
}

fn traced(frame: &Frame, texts: &[LoadedText<'_>]) -> Option<Traced> {
    let Located {
        prepared,
        location,
        offset,
    } = located(frame, texts)?;
    let function = frame
        .function
        .clone()
        .or_else(|| View::of(prepared).function_name(offset).map(str::to_owned));
    Some(Traced { function, location })
}

/// Where a frame is in a text of the user.
struct Located<'t> {
    prepared: &'t Prepared,
    location: Location,
    /// Bytes from the start of the code that runs.
    offset: usize,
}

fn located<'t>(frame: &Frame, texts: &[LoadedText<'t>]) -> Option<Located<'t>> {
    let Place::Text {
        file,
        line,
        byte_column,
    } = &frame.place
    else {
        return None;
    };
    let text = texts.iter().find(|text| text.engine_name == file)?;
    let prepared = text.prepared;
    let byte_column = if *line == 1 {
        byte_column.saturating_sub(text.prefix_bytes).max(1)
    } else {
        *byte_column
    };
    let code = &prepared.code;
    let view = View::of(prepared);
    let position = view.lines.position_of_bytes(code, *line, byte_column)?;
    let offset = view.lines.offset(code, position).unwrap_or(0);
    Some(Located {
        prepared,
        location: prepared.map.original(position.line, position.column),
        offset,
    })
}

/// An error or a value that an error carries, as the guest writes it below the error's own frames.
pub(super) struct Carried<'s> {
    /// `  [cause]: Error: connect ECONNREFUSED`.
    pub(super) header: &'s str,
    /// The frames of it, if it is an error.
    pub(super) stack: &'s str,
}

/// The labels of the guest's sections: `crates/js/engine/guest/action.js`.
const LABELS: [&str; 3] = ["\n  [cause]: ", "\n  [errors]: ", "\n  [thrown]: "];

/// Splits a stack of the guest into the error's own and those of the errors that it carries.
pub(super) fn split(stack: &str) -> (&str, Vec<Carried<'_>>) {
    let next = |text: &str| {
        let starts = LABELS.iter().filter_map(|label| text.find(label));
        starts.min()
    };
    let end = next(stack).unwrap_or(stack.len());
    let (own, mut rest) = stack.split_at(end);
    let mut carried = Vec::new();
    while let Some(section) = rest.strip_prefix('\n') {
        let end = next(section).unwrap_or(section.len());
        let (section, left) = section.split_at(end);
        let frames = section.find("\n    at ").unwrap_or(section.len());
        let (header, stack) = section.split_at(frames);
        carried.push(Carried { header, stack });
        rest = left;
    }
    (own, carried)
}

/// The stack as V8 writes it.
pub(super) fn render(header: &str, traced: &[Traced]) -> String {
    let mut text = header.to_owned();
    for frame in traced {
        let Location { file, line, column } = &frame.location;
        let _ = match &frame.function {
            Some(function) => write!(text, "\n    at {function} ({file}:{line}:{column})"),
            None => write!(text, "\n    at {file}:{line}:{column}"),
        };
    }
    text
}
