//! Stacks in the user's places.

use std::fmt::Write as _;

use postlogin_core::location::Location;

use super::frames::{Frame, Place, frames};
use super::sites::{Kind, Site, View};
use super::wording::Scene;
use crate::source::Prepared;
use crate::source::text::Position;

/// A text of the user that was loaded into the engine.
#[derive(Debug, Clone, Copy)]
pub struct LoadedText<'t> {
    /// The name under which the engine knows it.
    pub engine_name: &'t str,
    /// How many bytes the loader put before the text on its first line.
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
    let traced = trace(&frames(stack), texts);
    let location = traced.first().map(|frame| frame.location.clone());
    let text = render("", &traced);
    MappedStack {
        text: text.trim_start_matches('\n').to_owned(),
        location,
    }
}

/// Where the user's text calls a method of the runtime, as V8 would say: at the method's name. `method` is that name.
///
/// QuickJS tells the place of the last argument; the call is the nearest one of that name before it.
pub fn place_of_call(stack: &str, texts: &[LoadedText<'_>], method: &str) -> Option<Location> {
    let mut traced = trace(&frames(stack), texts);
    let first = traced.first_mut()?;
    if let Some(place) = first.view.index.call_before(method, first.offset) {
        first.move_to(place);
    }
    Some(first.location.clone())
}

/// Where the user's text reads a property: at its name. QuickJS tells a place nearby in the same line and, where a
/// pattern takes the property out of an object, a place before the pattern.
pub fn place_of_read(stack: &str, texts: &[LoadedText<'_>], key: &str) -> Option<Location> {
    let mut traced = trace(&frames(stack), texts);
    let first = traced.first_mut()?;
    let code = &first.prepared.code;
    let line = |offset: usize| first.view.lines.position(code, offset).line;
    let here = line(first.offset);
    let near = first.view.index.reads_near(key, first.offset);
    let nearest = near.into_iter().find(|place| line(*place) == here);
    let place = nearest.or_else(|| {
        let patterns = first.view.patterns_with(code, key);
        let function = first.view.function_start(first.offset);
        let around = |place: &usize| first.view.function_start(*place) == function;
        let mut near = patterns.iter().copied().filter(around);
        let behind = |place: &usize| *place >= first.offset;
        // At the beginning of a function the engine names a place before the function.
        near.clone()
            .find(behind)
            .or_else(|| near.next_back())
            .or_else(|| patterns.iter().copied().find(behind))
    });
    if let Some(place) = place {
        first.move_to(place);
    }
    Some(first.location.clone())
}

/// Where the user's text assigns to a property, as V8 would say. QuickJS tells a place nearby in the same line.
pub fn place_of_write(stack: &str, texts: &[LoadedText<'_>]) -> Option<Location> {
    let mut traced = trace(&frames(stack), texts);
    let first = traced.first_mut()?;
    let code = &first.prepared.code;
    let line = |offset: usize| first.view.lines.position(code, offset).line;
    let here = line(first.offset);
    let function = first.view.function_start(first.offset);
    let near = first.view.index.writes_near(first.offset).into_iter();
    let mut near =
        near.filter(|place| line(*place) == here && first.view.function_start(*place) == function);
    if let Some(place) = near.next() {
        first.move_to(place);
    }
    Some(first.location.clone())
}

/// A frame in a text of the user.
pub(super) struct Traced<'t> {
    /// Which frame of the stack it is.
    index: usize,
    function: Option<String>,
    prepared: &'t Prepared,
    view: &'t View,
    /// The byte offset in the generated text, as QuickJS gives it.
    offset: usize,
    pub(super) location: Location,
}

impl Traced<'_> {
    /// Moves the frame to a byte offset of the generated text.
    pub(super) fn move_to(&mut self, offset: usize) {
        let Position { line, column } = self.view.lines.position(&self.prepared.code, offset);
        self.location = self.prepared.map.original(line, column);
    }
}

/// The frames in texts of the user, innermost first.
pub(super) fn trace<'t>(frames: &[Frame], texts: &[LoadedText<'t>]) -> Vec<Traced<'t>> {
    let mut traced = Vec::new();
    for (index, frame) in frames.iter().enumerate() {
        let Place::Text {
            file,
            line,
            byte_column,
        } = &frame.place
        else {
            continue;
        };
        let Some(text) = texts.iter().find(|text| text.engine_name == file) else {
            continue;
        };
        let prepared = text.prepared;
        let byte_column = if *line == 1 {
            byte_column.saturating_sub(text.prefix_bytes).max(1)
        } else {
            *byte_column
        };
        let code = &prepared.code;
        let view = View::of(prepared);
        let Some(position) = view.lines.position_of_bytes(code, *line, byte_column) else {
            continue;
        };
        let offset = view.lines.offset(code, position).unwrap_or(0);
        let location = prepared.map.original(position.line, position.column);
        let call = view.index.called_at(offset);
        let function = frame
            .function
            .clone()
            .or_else(|| view.function_name(offset).map(str::to_owned));
        let mut frame = Traced {
            index,
            function,
            prepared,
            view,
            offset,
            location,
        };
        // V8 points at the called name and at `new`, QuickJS a little before or behind.
        if let Some(place) = call {
            frame.move_to(place);
        }
        traced.push(frame);
    }
    traced
}

/// What is known of the place where the error was thrown. `None` when it was not thrown in a text of the
/// user, or in a function of the engine that such a text called.
pub(super) fn scene<'s>(frames: &'s [Frame], traced: &'s [Traced<'_>]) -> Option<Scene<'s>> {
    let first = traced.first()?;
    let inner = frames.get(..first.index)?;
    let is_inner = |frame: &Frame| match &frame.place {
        Place::Native => true,
        Place::Text { .. } | Place::Unknown => false,
    };
    if !inner.iter().all(is_inner) {
        return None;
    }
    let native = inner
        .iter()
        .rev()
        .find(|frame| frame.place == Place::Native)
        .and_then(|frame| frame.function.as_deref());
    let innermost = frames.first().and_then(|frame| frame.function.as_deref());
    Some(Scene {
        sites: &first.view.sites,
        offset: first.offset,
        within: first.view.function_start(first.offset),
        native,
        innermost,
    })
}

/// Where V8 would see the call of a function of the runtime that threw: `JSON.parse`, `require`, an `api` method.
pub(super) fn called_place(frames: &[Frame], traced: &[Traced<'_>]) -> Option<usize> {
    let first = traced.first()?;
    let thrower = frames
        .get(first.index.checked_sub(1)?)?
        .function
        .as_deref()?;
    let calls = first.view.sites.iter();
    calls
        .filter(|site| site.kind == Kind::Call && site.name == thrower)
        .min_by_key(|site| site.anchor.abs_diff(first.offset))
        .map(|site| site.place)
}

/// Whether the error comes from a `new Error(…)` in the user's text: its message is the user's.
pub(super) fn is_thrown_by_hand(scene: &Scene<'_>) -> bool {
    let constructs =
        |site: &&Site| matches!(site.kind, Kind::New | Kind::Call) && site.name.ends_with("Error");
    scene
        .sites
        .iter()
        .filter(constructs)
        .any(|site| site.anchor == scene.offset)
}

/// The stack as V8 writes it.
pub(super) fn render(header: &str, traced: &[Traced<'_>]) -> String {
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
