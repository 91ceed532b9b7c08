//! What a text says about itself without being run: the base of `postlogin check` and of hints.
//!
//! Only what is certain by reading is told. A computed property, a helper in another file or a renamed
//! `require` is passed over in silence.

mod handlers;
mod paths;
mod reads;

use oxc::allocator::Allocator;
use oxc::ast_visit::Visit;
use oxc::semantic::SemanticBuilder;
use postlogin_core::location::Location;

use super::text::LineIndex;
use super::{Language, parse, text};
use handlers::Functions;
use paths::Known;
use reads::Reader;

/// Something that the text mentions, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// What is mentioned.
    pub name: String,
    /// Where the mention begins.
    pub location: Location,
}

/// An exported function whose name is that of a handler (`onExecutePostLogin`, `onContinuePostLogin`, …).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handler {
    /// The exported name.
    pub name: String,
    /// Whether it is written as an async function, which production insists on; `None` when the
    /// value is not written as a function (`exports.onExecutePostLogin = wrap(…)`).
    pub is_async: Option<bool>,
    /// Where it is exported.
    pub location: Location,
}

/// What a text says about itself. Every list is in the order of the text, repetitions included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Whether the text could be parsed; if not, all lists are empty.
    pub is_parsed: bool,
    /// The modules that it requires or imports, by their literal names.
    pub requires: Vec<Mention>,
    /// The handlers that it exports.
    pub handlers: Vec<Handler>,
    /// Calls below `api`: `idToken.setCustomClaim`.
    pub api_calls: Vec<Mention>,
    /// Reads and writes below `event`: `user.user_metadata.hobby`. The last part may be a member of the
    /// value (`user.email.length`); a method that is called on it is left out.
    pub event_paths: Vec<Mention>,
    /// The secrets read: `API_KEY` for `event.secrets.API_KEY`.
    pub secrets: Vec<Mention>,
    /// What the top level reads that differs from run to run: `Math.random`, `Date`, `Date.now`, `crypto.…`,
    /// `performance.…`.
    pub varying: Vec<Mention>,
}

/// Reads the facts of a file's text. A text that does not parse has none.
pub fn facts(file_name: &str, text: &str) -> Facts {
    let text = text::without_mark(text);
    let text = text.as_ref();
    parse::on_deep_stack(text, || read(file_name, text)).unwrap_or_default()
}

fn read(file_name: &str, text: &str) -> Facts {
    let language = Language::of(file_name);
    let allocator = Allocator::default();
    let mut parsed = parse::parse(&allocator, text, language.source_type());
    if language == Language::CommonJs && parsed.diagnostics.has_errors() {
        // Refused by production, but worth reading all the same.
        parsed = parse::parse(&allocator, text, Language::Module.source_type());
    }
    if parsed.panicked || parsed.diagnostics.has_errors() {
        return Facts::default();
    }
    let program = parsed.program;
    let scoping = SemanticBuilder::new()
        .build(&program)
        .semantic
        .into_scoping();
    let mut functions = Functions::new(&scoping);
    functions.visit_program(&program);
    let mut known = Known::default();
    let handlers = functions.handlers(&mut known);
    // What a variable stands for may be told behind its use: a helper above the handler that calls it.
    let mut reader = Reader::new(&scoping, &functions, known);
    for _ in 0..4 {
        let before = reader.known.len();
        reader.clear();
        reader.visit_program(&program);
        if reader.known.len() == before {
            break;
        }
    }
    let lines = LineIndex::new(text);
    let locate = |offset: u32| {
        let position = lines.position(text, offset as usize);
        Location {
            file: file_name.to_owned(),
            line: position.line,
            column: position.column,
        }
    };
    let mentions = |found: Vec<(String, u32)>| {
        let mut found = found;
        found.sort_by_key(|(_, offset)| *offset);
        found
            .into_iter()
            .map(|(name, offset)| Mention {
                name,
                location: locate(offset),
            })
            .collect()
    };
    let found = reader.found;
    let handlers = handlers.into_iter().map(|(name, is_async, at)| Handler {
        name,
        is_async,
        location: locate(at),
    });
    Facts {
        is_parsed: true,
        requires: mentions(found.requires),
        handlers: handlers.collect(),
        api_calls: mentions(found.api_calls),
        event_paths: mentions(found.event_paths),
        secrets: mentions(found.secrets),
        varying: mentions(found.varying),
    }
}

#[cfg(test)]
mod tests;
