//! The expressions of a text that can throw, and where V8 and QuickJS say that they stand.

use std::sync::{Arc, OnceLock};

use oxc::allocator::Allocator;
use oxc::ast_visit::Visit;
use oxc::span::{SourceType, Span};

use super::collect::Collector;
use super::patterns::patterns;
use crate::source::text::LineIndex;
use crate::source::{Prepared, parse};

/// What an expression does that can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Reads a property; the name is the property's, empty when computed.
    Member,
    /// Writes a property.
    Write,
    /// Calls a function.
    Call,
    /// Calls a constructor.
    New,
    /// Takes a value's items.
    Iterate,
    /// Spreads a value over a call's arguments.
    Spread,
    /// Takes an object apart; the name is the first property's.
    Destructure,
    /// Assigns to a variable; the name is the variable's.
    Assign,
    /// Asks with `in`; the name is the key's.
    In,
}

/// One such expression.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub(super) kind: Kind,
    /// The byte offset that QuickJS gives, as far as it is regular.
    pub(super) anchor: usize,
    /// The byte offset that V8 gives.
    pub(super) place: usize,
    /// A property or variable.
    pub(super) name: String,
    /// The callee or the value, as V8 writes it.
    pub(super) text: String,
    /// The first argument's value, where it can be read off.
    pub(super) argument: Option<String>,
    /// Where the function around it begins.
    pub(super) within: Option<usize>,
}

/// What stands where in a generated text.
#[derive(Debug)]
pub(crate) struct View {
    pub(super) lines: LineIndex,
    /// In no particular order; none when the text does not parse.
    pub(super) sites: Vec<Site>,
    /// Byte ranges of functions in the order of their beginnings, and the names that V8 gives to those without one.
    functions: Vec<(Span, Option<String>)>,
    /// For each function, the one around it.
    around: Vec<Option<usize>>,
    /// The properties that patterns take out of objects; found when somebody asks.
    patterns: OnceLock<Vec<(String, usize)>>,
}

impl View {
    /// The view of a text, made when the first stack leads into it: every `api` call brings a stack.
    pub(super) fn of(prepared: &Prepared) -> &Self {
        prepared
            .view
            .get_or_init(|| Arc::new(Self::new(&prepared.code)))
    }

    fn new(code: &str) -> Self {
        let found = parse::on_deep_stack(code, || {
            let allocator = Allocator::default();
            let parsed = parse::parse(&allocator, code, SourceType::cjs());
            let mut collector = Collector::new(code);
            collector.visit_program(&parsed.program);
            (collector.sites, collector.functions)
        });
        let (sites, mut functions) = found.unwrap_or_default();
        functions.sort_by_key(|(span, _)| (span.start, std::cmp::Reverse(span.end)));
        Self {
            lines: LineIndex::new(code),
            sites,
            around: around(&functions),
            functions,
            patterns: OnceLock::new(),
        }
    }

    /// Where patterns take a property of this name out of objects, in the order of the text.
    pub(super) fn patterns_with(&self, code: &str, key: &str) -> Vec<usize> {
        let patterns = self.patterns.get_or_init(|| patterns(code));
        let named = patterns.iter().filter(|(name, _)| name == key);
        named.map(|(_, offset)| *offset).collect()
    }

    /// V8's name for the function around a byte offset when it has none of its own: `exports.onExecutePostLogin`.
    pub(super) fn function_name(&self, offset: usize) -> Option<&str> {
        self.function(offset)?.1.as_deref()
    }

    /// Where the function around a byte offset begins.
    pub(super) fn function_start(&self, offset: usize) -> Option<usize> {
        self.function(offset).map(|(span, _)| span.start as usize)
    }

    fn function(&self, offset: usize) -> Option<&(Span, Option<String>)> {
        let before = |(span, _): &(Span, Option<String>)| span.start as usize <= offset;
        let mut index = self.functions.partition_point(before).checked_sub(1)?;
        loop {
            let function = self.functions.get(index)?;
            if offset < function.0.end as usize {
                return Some(function);
            }
            index = (*self.around.get(index)?)?;
        }
    }
}

/// For each function, in the order of their beginnings, the one around it.
fn around(functions: &[(Span, Option<String>)]) -> Vec<Option<usize>> {
    let mut open: Vec<(usize, u32)> = Vec::new();
    let around = functions.iter().enumerate().map(|(index, (span, _))| {
        while open.pop_if(|(_, end)| *end <= span.start).is_some() {}
        let outer = open.last().map(|(outer, _)| *outer);
        open.push((index, span.end));
        outer
    });
    around.collect()
}
