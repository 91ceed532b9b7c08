//! Index maps: maps of parts of a built text, one after the other, as bundlers and tools that join files write them.
//!
//! <https://tc39.es/ecma426/#sec-index-source-map>

use serde::Deserialize;

use super::bounded::Bounded;
use super::{Broken, LONGEST_NAMES, MOST_SOURCES, MOST_TOKENS, Source, Token, Written, names, vlq};
use crate::source::text::{LineIndex, Position};

/// The most parts of a map.
pub(super) const MOST_SECTIONS: usize = 10_000;

/// The parts of a map as they are written.
pub(super) type Sections = Bounded<Section, MOST_SECTIONS>;

/// The map of a part.
#[derive(Deserialize)]
pub(super) struct Section {
    offset: Offset,
    /// Early versions of the format had the URL of a map instead, which is not looked at.
    #[serde(default)]
    map: Option<Box<Written>>,
}

/// Where a part begins, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Offset {
    line: u32,
    column: u32,
}

/// The files and the mappings of a map.
#[derive(Default)]
struct Joined {
    sources: Vec<Source>,
    tokens: Vec<Token>,
    /// The bytes of the names of all files.
    names: usize,
}

/// Returns the files and the mappings of a map, those of all its parts if it has some.
///
/// # Errors
/// When a part is not a source map, or all of them together are too large.
pub(super) fn joined(mut map: Written, base: &str) -> Result<(Vec<Source>, Vec<Token>), Broken> {
    let mut joined = Joined::default();
    match map.sections.take() {
        None => joined.add(map, Offset { line: 0, column: 0 }, base)?,
        Some(sections) => joined.add_sections(sections, base)?,
    }
    Ok((joined.sources, joined.tokens))
}

impl Joined {
    fn add_sections(&mut self, sections: Sections, base: &str) -> Result<(), Broken> {
        let sections = sections.all();
        let sections =
            sections.ok_or_else(|| Broken(format!("it has more than {MOST_SECTIONS} sections")))?;
        let mut last = None;
        for (number, Section { offset, map }) in (1..).zip(sections) {
            let broken = |what: &str| Err(Broken(format!("its section {number} {what}")));
            if last.is_some_and(|last| last >= offset) {
                return broken("begins before the one in front of it ends");
            }
            last = Some(offset);
            let Some(map) = map else {
                return broken("has no map");
            };
            if map.sections.is_some() {
                return broken("consists of sections");
            }
            if map.version != 3 {
                return broken(&format!("has the version {}, not 3", map.version));
            }
            self.end_before(offset);
            self.add(*map, offset, base)?;
        }
        Ok(())
    }

    /// Ends the mappings of the part in front of a place: what follows is of the next one.
    fn end_before(&mut self, offset: Offset) {
        let begin = position(offset, Position { line: 1, column: 1 });
        // They are in order, and so are the parts.
        let kept = self.tokens.partition_point(|token| token.generated < begin);
        self.tokens.truncate(kept);
        self.tokens.push(Token {
            generated: begin,
            original: None,
        });
    }

    fn add(&mut self, map: Written, offset: Offset, base: &str) -> Result<(), Broken> {
        let first = self.sources.len();
        let sources = map.sources.all();
        let sources = sources.filter(|sources| first + sources.len() <= MOST_SOURCES);
        let sources =
            sources.ok_or_else(|| Broken(format!("it has more than {MOST_SOURCES} files")))?;
        let most = MOST_TOKENS.saturating_sub(self.tokens.len());
        let tokens = vlq::tokens(&map.mappings, sources.len(), most);
        let tokens = tokens.map_err(|broken| match most {
            MOST_TOKENS => broken,
            // The number of what is left says nothing.
            _ if broken.0.starts_with("it has more than") => {
                Broken(format!("it has more than {MOST_TOKENS} mappings"))
            }
            _ => broken,
        })?;
        let shift = u32::try_from(first).unwrap_or(u32::MAX);
        self.tokens.extend(tokens.into_iter().map(|token| {
            Token {
                generated: position(offset, token.generated),
                original: token
                    .original
                    .map(|(source, place)| (source.saturating_add(shift), place)),
            }
        }));
        let mut contents = map.contents.unwrap_or_default().into_iter();
        let root = map.root.as_deref();
        for source in sources {
            let source = source.unwrap_or_default();
            // Each name has the root in front, so a long one multiplies.
            let longest = base.len() + root.map_or(0, str::len) + source.len();
            self.names = self.names.saturating_add(longest);
            if self.names > LONGEST_NAMES {
                let most = LONGEST_NAMES >> 20;
                let message = format!("the names of its files have more than {most} MiB");
                return Err(Broken(message));
            }
            let text = contents.next().flatten();
            let written = names::with_root(root, &source);
            self.sources.push(Source {
                shown: names::shown(base, &written),
                written,
                lines: text.as_deref().map(LineIndex::new),
                text,
            });
        }
        Ok(())
    }
}

/// Returns a place of a part as one of the whole text. The column is moved in the first line of the part only.
fn position(offset: Offset, place: Position) -> Position {
    let column = match place.line {
        1 => place.column.saturating_add(offset.column),
        _ => place.column,
    };
    Position {
        line: place.line.saturating_add(offset.line),
        column,
    }
}
