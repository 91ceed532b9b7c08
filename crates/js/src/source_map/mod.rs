//! Source maps of built files: from places in `dist/action.js` to places in the files that it was built from.
//!
//! Maps come with foreign packages and repositories, so reading one is bounded, and one that is broken is only reported.
//! The format is ECMA-426 (<https://tc39.es/ecma426/>), index maps included (`sections`).

mod bounded;
mod names;
mod sections;
mod vlq;

use std::fmt;

use postlogin_core::location::Location;
use serde::Deserialize;

use self::bounded::Bounded;
use crate::source::text::{LineIndex, Position};

/// The largest map that is read, in bytes.
pub const LARGEST: usize = 32 << 20;
/// The most mappings of one map.
const MOST_TOKENS: usize = 1_000_000;
/// The most files of one map.
const MOST_SOURCES: usize = 10_000;
/// The most bytes of the names of all files of one map.
const LONGEST_NAMES: usize = 8 << 20;
/// So many columns behind a mapping are compared to see whether a place in them is exact. Tools map each expression.
const LONGEST_STRETCH: u32 = 4_096;
/// The longest built file whose places are led back, in bytes.
const LONGEST_TEXT: usize = 16 << 20;

/// The statement of a text about its source map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link<'t> {
    /// It is in the text: a data URL's payload, and whether that is base64.
    Inline(&'t str, bool),
    /// It is in a file, by a path relative to the text's own.
    File(&'t str),
    /// It is somewhere else, which is not looked at: `https://…`.
    Elsewhere(&'t str),
}

/// Why a source map cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken(String);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Broken {}

/// A source map that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceMap {
    built: Indexed,
    /// In the order of the built text.
    tokens: Vec<Token>,
    sources: Vec<Source>,
}

/// A file that a text was built from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name in messages.
    pub shown: String,
    /// Its path as the map has it, `sourceRoot` in front.
    pub written: String,
    /// Its text, if the map has it.
    pub text: Option<String>,
    lines: Option<LineIndex>,
}

impl Source {
    /// Returns its text if it is one of the team's own files, not a part of a package or a tool.
    pub(crate) fn covered_text(&self) -> Option<&str> {
        let path = self.shown.as_str();
        let is_foreign = path.starts_with("webpack/")
            || path.starts_with("node_modules/")
            || path.contains("/node_modules/");
        self.text.as_deref().filter(|_| !is_foreign)
    }
}

/// A text and where its lines begin.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Indexed {
    text: String,
    lines: LineIndex,
}

/// A place of the built text, and the one that it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Token {
    generated: Position,
    /// The file and the place; `None` for what a tool added.
    original: Option<(u32, Position)>,
}

/// The parts of a map that are used.
#[derive(Deserialize)]
struct Written {
    version: u32,
    #[serde(default)]
    sections: Option<sections::Sections>,
    #[serde(default, rename = "sourceRoot")]
    root: Option<String>,
    #[serde(default)]
    sources: Bounded<Option<String>, MOST_SOURCES>,
    #[serde(default, rename = "sourcesContent")]
    contents: Option<Bounded<Option<String>, MOST_SOURCES>>,
    #[serde(default)]
    mappings: String,
}

/// Returns the link of a text to its source map: the comment in its last line that is one.
///
/// Source: <https://tc39.es/ecma426/#sec-linking-generated-code>.
pub fn link(text: &str) -> Option<Link<'_>> {
    let lines = text.lines().rev();
    let mut lines = lines.map(str::trim).filter(|line| !line.is_empty());
    let line = lines.find(|line| !line.starts_with("//") || is_link(line))?;
    let url = line.get("//# sourceMappingURL=".len()..)?;
    if !is_link(line) {
        return None;
    }
    let url = url.trim();
    if let Some(data) = url.strip_prefix("data:") {
        let (about, payload) = data.split_once(',')?;
        return Some(Link::Inline(payload, about.ends_with(";base64")));
    }
    let is_url = url.contains("://") || url.starts_with("//");
    Some(match is_url {
        true => Link::Elsewhere(url),
        false => Link::File(url),
    })
}

fn is_link(line: &str) -> bool {
    ["//# sourceMappingURL=", "//@ sourceMappingURL="]
        .iter()
        .any(|begin| line.starts_with(begin))
}

impl SourceMap {
    /// Reads the map of a built text. `base` is the folder of the map as messages show it, `dist`, to which its files are relative.
    ///
    /// # Errors
    /// When it is not a source map, or a too large one.
    pub fn read(json: &str, base: &str, built: &str) -> Result<Self, Broken> {
        let broken = |what: String| Err(Broken(what));
        if json.len() > LARGEST || built.len() > LONGEST_TEXT {
            return broken("it is too large".to_owned());
        }
        // Some servers put this before JSON, so the standard allows it.
        let json = json.strip_prefix(")]}'").unwrap_or(json);
        let written: Written = match serde_json::from_str(json) {
            Ok(written) => written,
            Err(error) => {
                return broken(format!(
                    "it is not a source map (line {}, column {})",
                    error.line(),
                    error.column()
                ));
            }
        };
        if written.version != 3 {
            return broken(format!("its version is {}, not 3", written.version));
        }
        let (sources, mut tokens) = sections::joined(written, base)?;
        tokens.shrink_to_fit();
        Ok(Self {
            sources,
            tokens,
            built: Indexed {
                lines: LineIndex::new(built),
                text: built.to_owned(),
            },
        })
    }

    /// Returns the files that the text was built from.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Returns the bytes of memory that the map takes, about.
    #[must_use]
    pub fn weight(&self) -> usize {
        let of_text = |text: &str, lines: &LineIndex| text.len().saturating_add(lines.weight());
        let of_source = |source: &Source| {
            let names = source.shown.len().saturating_add(source.written.len());
            let text = source.text.as_deref().zip(source.lines.as_ref());
            let text = text.map_or(0, |(text, lines)| of_text(text, lines));
            size_of::<Source>()
                .saturating_add(names)
                .saturating_add(text)
        };
        let sources = self.sources.iter().map(of_source);
        sources
            .fold(size_of::<Self>(), usize::saturating_add)
            .saturating_add(self.tokens.len().saturating_mul(size_of::<Token>()))
            .saturating_add(of_text(&self.built.text, &self.built.lines))
    }

    /// Adds the texts of files that the map does not have.
    pub fn add_texts(&mut self, text_of: impl Fn(&Source) -> Option<String>) {
        for source in &mut self.sources {
            if source.text.is_none() {
                source.text = text_of(source);
                source.lines = source.text.as_deref().map(LineIndex::new);
            }
        }
    }

    /// Returns the place that a place of the built text came from; `None` for what a tool added.
    pub fn original(&self, line: u32, column: u32) -> Option<Location> {
        let (source, place) = self.find(Position { line, column })?;
        Some(Location {
            file: source.shown.clone(),
            line: place.line,
            column: place.column,
        })
    }

    /// The file and the place that a place came from.
    pub(crate) fn find(&self, place: Position) -> Option<(&Source, Position)> {
        let after = self
            .tokens
            .partition_point(|token| token.generated <= place);
        let token = self.tokens.get(after.checked_sub(1)?)?;
        if token.generated.line != place.line {
            return None;
        }
        let (source, original) = token.original?;
        let source = self.sources.get(source as usize)?;
        let moved = place.column - token.generated.column;
        let is_same = moved > 0 && self.is_same(token.generated, original, source, moved);
        let column = original
            .column
            .saturating_add(if is_same { moved } else { 0 });
        Some((source, Position { column, ..original }))
    }

    /// Whether both texts are the same from these places on, for so many columns: then a place within them is exact.
    fn is_same(
        &self,
        generated: Position,
        original: Position,
        source: &Source,
        columns: u32,
    ) -> bool {
        fn part<'t>(
            text: &'t str,
            lines: &LineIndex,
            from: Position,
            columns: u32,
        ) -> Option<&'t str> {
            let to = Position {
                column: from.column.saturating_add(columns),
                ..from
            };
            text.get(lines.offset(text, from)?..lines.offset(text, to)?)
        }
        // A line may be the whole text, and each place of a login would compare it.
        if columns > LONGEST_STRETCH {
            return false;
        }
        let (Some(text), Some(lines)) = (&source.text, &source.lines) else {
            return false;
        };
        let built = part(&self.built.text, &self.built.lines, generated, columns);
        built.is_some_and(|built| {
            !built.is_empty() && part(text, lines, original, columns) == Some(built)
        })
    }
}

#[cfg(test)]
mod tests;
