//! From the source text of an Action to the CommonJS text that the engine runs.
//!
//! Plain JavaScript is passed on as it is. TypeScript loses its types, ES modules become CommonJS, and a
//! [`Mapping`] leads from every place of the result back to what the user wrote.

pub mod claims;
pub mod facts;
pub mod literals;
pub(crate) mod mapping;
pub(crate) mod package;
pub mod rule;
pub mod text;

mod commonjs;
pub(crate) mod edits;
mod enums;
mod esm;
pub(crate) mod guesses;
pub(crate) mod links;
mod namespaces;
mod newer;
pub(crate) mod parse;
mod resolve;
mod strip;
mod syntax;
mod token;

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use oxc::span::SourceType;
use postlogin_core::location::Location;

use crate::errors::sites::View;
use crate::source_map::SourceMap;

pub use mapping::Mapping;

/// The language of a file, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// `.js`, `.cjs`, and every name that says nothing else: CommonJS, as production takes it.
    CommonJs,
    /// `.mjs`: an ES module.
    Module,
    /// `.ts`, `.mts`, `.cts`: TypeScript with ES module syntax, `exports.…` or both.
    TypeScript,
}

impl Language {
    /// Decides by the extension, without regard to case.
    pub fn of(file_name: &str) -> Self {
        let extension = file_name
            .rsplit_once('.')
            .map_or("", |(_, extension)| extension);
        match extension.to_ascii_lowercase().as_str() {
            "mjs" => Self::Module,
            "ts" | "mts" | "cts" => Self::TypeScript,
            _ => Self::CommonJs,
        }
    }

    pub(crate) fn source_type(self) -> SourceType {
        match self {
            Self::CommonJs => SourceType::cjs(),
            Self::Module => SourceType::mjs(),
            Self::TypeScript => SourceType::ts(),
        }
    }
}

/// A text that does not compile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// The problem, in V8's words where they are known, without `SyntaxError: `.
    pub message: String,
    /// Where, in the user's text.
    pub location: Location,
    /// The remedy.
    pub hint: Option<String>,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Location { file, line, column } = &self.location;
        write!(f, "{file}:{line}:{column}: SyntaxError: {}", self.message)
    }
}

impl std::error::Error for SyntaxError {}

/// A text that is ready for the engine.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The body of a function with the parameters `exports`, `require`, `module`, `console`.
    pub code: Arc<str>,
    /// The way back to the user's text.
    pub map: Mapping,
    /// The user's text without a byte order mark; the mapping leads into it. The same text as `code` where nothing was rewritten.
    pub original: Arc<str>,
    /// The language of the file.
    pub language: Language,
    /// Whether the user's text is an ES module (it has `import` or `export`).
    pub is_module: bool,
    /// The parser does not like this CommonJS text. The engine has the last word; when it refuses the
    /// text as well, this gives a better place and better words than the engine does.
    pub suspected: Option<SyntaxError>,
    /// The places in `code`, once an error or an `api` call asks for one.
    pub(crate) view: OnceLock<Arc<View>>,
}

/// Makes a file's text ready for the engine. A shared text is not copied.
///
/// # Errors
///
/// TypeScript and ES modules that do not parse, `await` at the top level, and `import` or `export` in
/// a CommonJS file, which production refuses as well.
pub fn prepare(file_name: &str, text: impl Into<Arc<str>>) -> Result<Prepared, SyntaxError> {
    let language = Language::of(file_name);
    let original = unmarked(text.into());
    match language {
        Language::CommonJs => commonjs(file_name, original),
        Language::Module | Language::TypeScript => rewritten(file_name, original, language),
    }
}

/// Makes a file's text ready that an Action imports: as [`prepare`], and a `.js` file may be an ES module, which a bundler
/// takes as well.
///
/// # Errors
/// As [`prepare`].
pub(crate) fn prepare_local(
    file_name: &str,
    text: impl Into<Arc<str>>,
) -> Result<Prepared, SyntaxError> {
    let text = text.into();
    match prepare(file_name, Arc::clone(&text)) {
        Err(_) if Language::of(file_name) == Language::CommonJs => {
            rewritten(file_name, unmarked(text), Language::Module)
        }
        done => done,
    }
}

/// A text without its byte order mark; the same text if it has none.
fn unmarked(text: Arc<str>) -> Arc<str> {
    match text::without_mark(&text) {
        Cow::Borrowed(rest) if rest.len() == text.len() => text,
        rest => rest.into(),
    }
}

/// A text without types, as its author wrote it otherwise.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plain {
    /// The text: an ES module, or what the engine runs.
    pub(crate) code: Arc<str>,
    /// Whether it is an ES module.
    pub(crate) is_module: bool,
}

/// Takes the types off a text and leaves ES modules what they are. `None` for one that does not compile, or of which only the
/// engine knows whether it does. `is_imported` is true of a file that an Action imports.
pub(crate) fn plain(file_name: &str, text: &str, is_imported: bool) -> Option<Plain> {
    let mut map = Mapping::identity(file_name);
    plain_with(file_name, text, is_imported, &mut map)
}

/// As [`plain`]. Adds the way back from a module to `map`.
fn plain_with(file_name: &str, text: &str, is_imported: bool, map: &mut Mapping) -> Option<Plain> {
    let prepared = match is_imported {
        true => prepare_local(file_name, text),
        false => prepare(file_name, text),
    };
    let prepared = prepared.ok().filter(|text| text.suspected.is_none())?;
    let is_module = prepared.is_module;
    let code = match (is_module, prepared.language) {
        (false, _) => prepared.code,
        (true, Language::TypeScript) => {
            let original = &prepared.original;
            parse::on_deep_stack(original, || strip::types(file_name, original, map).ok())??.into()
        }
        (true, _) => prepared.original,
    };
    Some(Plain { code, is_module })
}

/// Returns a text that was made ready after something was written into it, with the way back to `original`. `segments` lead from
/// what was made ready to the original.
pub(crate) fn led_back(
    file_name: &str,
    original: &Arc<str>,
    segments: Vec<mapping::Segment>,
    rewritten: Prepared,
) -> Prepared {
    let mut map = Mapping::identity(file_name);
    map.push(segments);
    map.extend(rewritten.map);
    Prepared {
        map,
        original: Arc::clone(original),
        view: OnceLock::new(),
        ..rewritten
    }
}

impl Prepared {
    /// The same, with places in the files that the user's text was built from.
    #[must_use]
    pub(crate) fn built_from(mut self, sources: Option<Arc<SourceMap>>) -> Self {
        if sources.is_some() {
            self.map.lead_to(sources);
        }
        self
    }
}

/// Why production does not take a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// It is an ES module in a CommonJS file.
    ModuleSyntax(SyntaxError),
    /// It does not compile.
    Syntax(SyntaxError),
}

/// The engine's prefix of an Action's text; `}` on a line of its own comes after it.
pub const WRAPPER: &str = "this.$=function (module, exports, console) { ";

/// Returns what the parser finds wrong with an Action's text that runs all the same, because it closes the function that is put
/// around it. `None` for a text that does not run or has nothing wrong.
pub fn suspected(file_name: &str, text: &str) -> Option<SyntaxError> {
    let prepared = prepare(file_name, text).ok()?;
    let suspected = prepared.suspected?;
    let wrapped = format!("{WRAPPER}{}\n}}", prepared.code);
    let refused = parse::on_deep_stack(&wrapped, || {
        syntax::first_error(file_name, &wrapped, SourceType::cjs())
    })?;
    refused.is_none().then_some(suspected)
}

/// The first reason for which production does not take a file's text.
pub(crate) fn problem(file_name: &str, text: &str) -> Option<Problem> {
    if let Some(rule) = rule::prepare_rule(file_name, text) {
        return rule.err().map(Problem::Syntax);
    }
    match prepare(file_name, text) {
        Ok(prepared) => prepared.suspected.map(Problem::Syntax),
        Err(error) if Language::of(file_name) == Language::CommonJs => {
            Some(Problem::ModuleSyntax(error))
        }
        Err(error) => Some(Problem::Syntax(error)),
    }
}

/// Returns why production does not run the text of a TypeScript or ES module file that is uploaded as it is, with the name of its
/// language. `None` for text that is JavaScript all the same.
#[must_use]
pub fn not_as_uploaded(file_name: &str, text: &str) -> Option<(&'static str, SyntaxError)> {
    const IN_PRODUCTION: &str = "code.js";
    let language = match Language::of(file_name) {
        Language::CommonJs => return None,
        Language::TypeScript => "TypeScript",
        Language::Module => "an ES module",
    };
    if text.trim().is_empty() {
        return None;
    }
    let (Problem::ModuleSyntax(error) | Problem::Syntax(error)) = problem(IN_PRODUCTION, text)?;
    let location = Location {
        file: file_name.to_owned(),
        ..error.location
    };
    Some((language, SyntaxError { location, ..error }))
}

/// Plain JavaScript: unchanged, only looked at.
fn commonjs(file_name: &str, original: Arc<str>) -> Result<Prepared, SyntaxError> {
    let suspected = parse::on_deep_stack(&original, || {
        syntax::first_error(file_name, &original, SourceType::cjs())
    });
    let suspected = suspected.flatten();
    if suspected.is_some()
        && let Some(found) =
            parse::on_deep_stack(&original, || esm::first_module_syntax(&original)).flatten()
    {
        return Err(syntax::outside_module(file_name, &original, &found));
    }
    let code = Arc::clone(&original);
    let map = Mapping::identity(file_name);
    Ok(Prepared {
        code,
        map,
        original,
        language: Language::CommonJs,
        is_module: false,
        suspected,
        view: OnceLock::new(),
    })
}

/// TypeScript and ES modules: types away, then modules to CommonJS.
fn rewritten(
    file_name: &str,
    original: Arc<str>,
    language: Language,
) -> Result<Prepared, SyntaxError> {
    if language == Language::TypeScript
        && let Some(what) = guesses::excess(&original)
    {
        return Err(syntax::too_much(file_name, what));
    }
    let done = parse::on_deep_stack(&original, || {
        if let Some(error) = syntax::first_error(file_name, &original, language.source_type()) {
            return Err(error);
        }
        if let Some(offset) = esm::first_refused(&original, language.source_type()) {
            return Err(syntax::refused_in_module(file_name, &original, offset));
        }
        let mut map = Mapping::identity(file_name);
        let plain = match language {
            Language::TypeScript => strip::types(file_name, &original, &mut map)?,
            Language::Module | Language::CommonJs => original.to_string(),
        };
        let (code, is_module) = commonjs::from_module(&plain, &mut map);
        Ok((Arc::from(code), is_module, map))
    });
    let Some(done) = done else {
        return Err(syntax::too_deep(file_name));
    };
    let (code, is_module, map) = done?;
    Ok(Prepared {
        code,
        map,
        original,
        language,
        is_module,
        suspected: None,
        view: OnceLock::new(),
    })
}

#[cfg(test)]
mod tests;
