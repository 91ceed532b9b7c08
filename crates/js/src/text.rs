//! One source text, parsed once.
//!
//! Everything that is read off a text without running it is a view of a [`Text`]: the facts of `check`, the claim sites of `explain`, the
//! words of fuzzing, the counters of coverage, and the packages that are kept loaded. So no two of them can disagree on what a
//! text is, what its variables stand for, or where something is.

use std::cell::OnceCell;

use oxc::allocator::Allocator;
use oxc::ast::ast::Program;
use oxc::semantic::{Scoping, SemanticBuilder};
use oxc::span::Span;
use postlogin_core::explanation::ClaimSites;
use postlogin_core::location::Location;

use crate::source::claims;
use crate::source::facts::{self, Facts};
use crate::source::literals::{self, Literals};
use crate::source::rule::{self, Read};
use crate::source::text::{LineIndex, without_mark};
use crate::source::{Language, guesses, parse};

/// The kind of a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// An Action, an Action Module, or anything else that exports.
    #[default]
    Action,
    /// A Rule, or a script of a connection: one function.
    Rule,
}

/// The longest text that is looked into, in bytes: analysing costs up to two hundred times its size. An Action may have 100 kB.
const LONGEST: usize = 2 << 20;

/// A parsed text. Offsets in it are those of `program`, which for a Rule has more at its beginning than `source`:
/// `Text::offset` leads back.
pub struct Text<'t> {
    file: &'t str,
    source: &'t str,
    language: Language,
    kind: Kind,
    program: Program<'t>,
    scoping: OnceCell<Scoping>,
    /// Whether production refuses the text: a CommonJS file that has to be read as an ES module.
    is_refused: bool,
    /// The number of bytes that the program has before the source.
    shift: u32,
    lines: OnceCell<LineIndex>,
}

impl<'t> Text<'t> {
    /// Parses a file's text, by the language of its name, and returns a view of it. `None` for a text that does not parse or is
    /// too long or too deep for a parser.
    pub fn read<T: Send>(
        file: &str,
        source: &str,
        view: impl FnOnce(&Text<'_>) -> T + Send,
    ) -> Option<T> {
        let source = without_mark(source);
        let source = rule::bare(file, source.as_ref());
        let source = source.as_ref();
        if Language::of(file) == Language::TypeScript && guesses::excess(source).is_some() {
            return None;
        }
        parse::on_deep_stack(source, || {
            let allocator = Allocator::default();
            Text::parse(&allocator, file, source).map(|text| view(&text))
        })
        .flatten()
    }

    fn parse(allocator: &'t Allocator, file: &'t str, source: &'t str) -> Option<Self> {
        if source.len() > LONGEST {
            return None;
        }
        let language = Language::of(file);
        let text = |program, kind, shift| Self {
            file,
            source,
            language,
            kind,
            program,
            scoping: OnceCell::new(),
            is_refused: false,
            shift,
            lines: OnceCell::new(),
        };
        if language != Language::Module
            && rule::begins_like_a_function(source)
            && let Read::Rule(program, _) = rule::read(allocator, file, source)
        {
            let shift = u32::try_from(rule::AS_EXPRESSION.len()).ok()?;
            return Some(text(program, Kind::Rule, shift));
        }
        let parsed = parse::parse(allocator, source, language.source_type());
        if !parsed.panicked && !parsed.diagnostics.has_errors() {
            return Some(text(parsed.program, Kind::Action, 0));
        }
        if language != Language::CommonJs {
            return None;
        }
        // Refused by production, but worth reading all the same.
        let parsed = parse::parse(allocator, source, Language::Module.source_type());
        (!parsed.panicked && !parsed.diagnostics.has_errors()).then(|| Self {
            is_refused: true,
            ..text(parsed.program, Kind::Action, 0)
        })
    }

    /// Returns what the text is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns what the text says about itself: the base of `postlogin check` and of hints.
    pub fn facts(&self) -> Facts {
        facts::of(self)
    }

    /// Returns where the text sets claims, and which conditions are around each place. `action` is the name that the sites carry.
    pub fn claim_sites(&self, action: &str) -> ClaimSites {
        claims::of(self, action, None)
    }

    /// Returns the words and numbers in the text.
    pub fn literals(&self) -> Literals {
        literals::of(self)
    }

    /// Returns the language that the file's name says.
    pub fn language(&self) -> Language {
        self.language
    }

    pub(crate) fn is_refused(&self) -> bool {
        self.is_refused
    }

    pub(crate) fn program(&self) -> &Program<'t> {
        &self.program
    }

    /// Returns the scopes and variables of the program. They are found when they are first asked for: not every view needs them.
    pub(crate) fn scoping(&self) -> &Scoping {
        self.scoping.get_or_init(|| {
            let built = SemanticBuilder::new().build(&self.program);
            built.semantic.into_scoping()
        })
    }

    /// Returns the offset in the source of an offset in the program.
    pub(crate) fn offset(&self, offset: u32) -> u32 {
        offset.saturating_sub(self.shift)
    }

    /// Returns the place of an offset in the program.
    pub(crate) fn place(&self, offset: u32) -> Location {
        let lines = self.lines.get_or_init(|| LineIndex::new(self.source));
        let position = lines.position(self.source, self.offset(offset) as usize);
        Location {
            file: self.file.to_owned(),
            line: position.line,
            column: position.column,
        }
    }

    /// Returns the part of the source that a part of the program is.
    pub(crate) fn part(&self, span: Span) -> &'t str {
        let (start, end) = (self.offset(span.start), self.offset(span.end));
        self.source
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }
}
