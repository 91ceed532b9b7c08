//! The facts of a text that need no run: the base of `postlogin check` and of hints.
//!
//! Only what is certain by reading is told. A computed property, a helper in another file, a renamed `require` or a
//! variable that may hold two things is passed over in silence.

mod reads;
mod rule;

use oxc::ast_visit::Visit;
use postlogin_core::location::Location;
use postlogin_core::outcome::TokenKind;

use super::resolve::Resolver;
use super::resolve::paths::{Path, Paths, Root};
use crate::text::{Kind, Text};
use reads::Reader;

/// Something that the text mentions, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The name.
    pub name: String,
    /// Where the mention begins.
    pub location: Location,
}

/// A module that the text asks for by its literal name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Require {
    /// The name: `lodash/get`, `node:crypto`, `./helper`.
    pub name: String,
    /// Where the call or the declaration begins.
    pub location: Location,
    /// It stands in a `try` block: it may be missing.
    pub is_guarded: bool,
    /// It is an `import(…)`.
    pub is_dynamic: bool,
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

/// A chain of names below `event` or `api`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The names, each with its own place, which may be another line when the chain goes through a variable.
    pub parts: Vec<Mention>,
    /// Where the chain begins.
    pub location: Location,
}

impl Chain {
    /// The names with dots between them: `user.user_metadata.hobby`.
    pub fn path(&self) -> String {
        let names: Vec<&str> = self.names().collect();
        names.join(".")
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().map(|part| part.name.as_str())
    }
}

/// A call below `api`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiCall {
    /// The method: `idToken.setCustomClaim`.
    pub chain: Chain,
    /// The call is left out where there is no such method: it has a `?.`, or the text asks for the method first.
    pub is_guarded: bool,
}

/// A claim that is certainly set under this name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The token.
    pub token: TokenKind,
    /// The name, and where it is.
    pub name: Mention,
}

/// The facts of a Rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFacts {
    /// Where the function begins.
    pub location: Location,
    /// The number of its parameters.
    pub parameters: usize,
    /// Whether it mentions its third parameter, the callback, or may reach it in another way.
    pub mentions_callback: bool,
}

/// The facts of a text, which [`crate::check`] compares with the vendor's lists. Every list is in the order of the text, repetitions included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Whether the text could be parsed; if not, all lists are empty.
    pub is_parsed: bool,
    /// The facts of a Rule; `None` for an Action.
    pub rule: Option<RuleFacts>,
    /// The modules that it requires or imports.
    pub requires: Vec<Require>,
    /// The handlers that it exports.
    pub handlers: Vec<Handler>,
    /// The names that it exports, handlers included.
    pub exports: Vec<Mention>,
    /// Whether `exports` and `handlers` are all that there is. What a bundler writes cannot be read.
    pub is_exports_complete: bool,
    /// Calls below `api` in post-login handlers, and in the functions that they pass it to.
    pub api_calls: Vec<ApiCall>,
    /// Reads below `event` in post-login handlers: `user.user_metadata.hobby`. The last part may be a member of the
    /// value (`user.email.length`); a method that is called on it is left out. What the text itself has written is
    /// not among them.
    pub event_paths: Vec<Chain>,
    /// The secrets read, in handlers of any trigger: `API_KEY` for `event.secrets.API_KEY`.
    pub secrets: Vec<Mention>,
    /// The settings of Rules read: `API_KEY` for `configuration.API_KEY`.
    pub configuration: Vec<Mention>,
    /// The claims set whose names are certain, in post-login handlers and Rules.
    pub claims: Vec<Claim>,
    /// Reads of the top level that differ from run to run: `Math.random`, `Date`, `Date.now`, `crypto.…`,
    /// `performance.…`.
    pub varying: Vec<Mention>,
}

/// Reads the facts of a file's text. A text that does not parse has none.
pub fn facts(file_name: &str, text: &str) -> Facts {
    Text::read(file_name, text, of).unwrap_or_default()
}

pub(crate) fn of(text: &Text<'_>) -> Facts {
    let resolver = Resolver::of(text);
    let is_typescript = text.program().source_type.is_typescript();
    let mut reader = Reader::new(&resolver, is_typescript);
    reader.visit_program(text.program());
    let places = Places(text);
    let mut found = reader.found;
    // Helpers are walked where they are written, calls where they are made: findings go by the place.
    found.event_reads.sort_by_key(|(_, offset)| *offset);
    found.requires.sort_by_key(|require| require.offset);
    found.varying.sort_by_key(|(_, offset)| *offset);
    let exports = &resolver.exports;
    let handlers = resolver.functions.handlers(&exports.list);
    let is_post_login = |path: &Path| path.root == Root::Event;
    let (written, asked_for) = (
        Paths::new(&found.event_writes),
        Paths::new(&found.api_reads),
    );
    // An Action may set properties of its event and read them later: those do not come from production.
    let is_written = |path: &Path| written.lead_to(path);
    // `if (api.samlResponse) api.samlResponse.…` asks first, so a method that does not exist is no mistake.
    let is_asked_for = |path: &Path| asked_for.lead_to(path);
    Facts {
        is_parsed: true,
        rule: (text.kind() == Kind::Rule).then(|| rule::of(text, &resolver)),
        requires: found
            .requires
            .iter()
            .map(|require| Require {
                name: require.name.clone(),
                location: places.at(require.offset),
                is_guarded: require.guarded,
                is_dynamic: require.dynamic,
            })
            .collect(),
        handlers: handlers
            .iter()
            .map(|handler| Handler {
                name: handler.export.name.clone(),
                is_async: handler.is_async,
                location: places.at(handler.export.offset),
            })
            .collect(),
        exports: exports
            .list
            .iter()
            .map(|export| places.mention(&export.name, export.offset))
            .collect(),
        is_exports_complete: exports.is_complete(),
        api_calls: found
            .api_calls
            .iter()
            .map(|call| ApiCall {
                chain: places.chain(&call.path, None),
                is_guarded: call.optional || is_asked_for(&call.path),
            })
            .collect(),
        event_paths: found
            .event_reads
            .iter()
            .filter(|(path, _)| is_post_login(path) && !is_written(path))
            .map(|(path, offset)| places.chain(path, Some(*offset)))
            .collect(),
        secrets: found
            .event_reads
            .iter()
            .filter(|(path, _)| !is_written(path))
            .filter_map(|(path, _)| match (path.root, path.parts.as_slice()) {
                (Root::Event | Root::OtherEvent, [secrets, name, ..])
                    if secrets.name == "secrets" =>
                {
                    Some(places.mention(&name.name, name.offset))
                }
                _ => None,
            })
            .collect(),
        configuration: found
            .event_reads
            .iter()
            .filter(|(path, _)| path.root == Root::Configuration && !is_written(path))
            .filter_map(|(path, _)| path.parts.first())
            .map(|name| places.mention(&name.name, name.offset))
            .collect(),
        claims: found
            .claims
            .iter()
            .filter(|setting| setting.is_certain)
            .filter_map(|setting| match setting.name.parts.as_slice() {
                [name] => Some(Claim {
                    token: setting.token,
                    name: places.mention(name, setting.name_at),
                }),
                _ => None,
            })
            .collect(),
        varying: found
            .varying
            .iter()
            .map(|(name, offset)| places.mention(name, *offset))
            .collect(),
    }
}

/// From offsets to places.
struct Places<'p, 't>(&'p Text<'t>);

impl Places<'_, '_> {
    fn at(&self, offset: u32) -> Location {
        self.0.place(offset)
    }

    fn mention(&self, name: &str, offset: u32) -> Mention {
        Mention {
            name: name.to_owned(),
            location: self.at(offset),
        }
    }

    /// A chain; without an offset it begins at its first name.
    fn chain(&self, path: &Path, offset: Option<u32>) -> Chain {
        let first = path.parts.first().map_or(0, |part| part.offset);
        Chain {
            parts: path
                .parts
                .iter()
                .map(|part| self.mention(&part.name, part.offset))
                .collect(),
            location: self.at(offset.unwrap_or(first)),
        }
    }
}

#[cfg(test)]
mod tests;
