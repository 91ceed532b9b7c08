//! The expressions of a text that can throw, and where V8 and QuickJS say that they stand.

use std::collections::HashMap;
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
    /// The same by what is asked for most: with each call of `api`, and with each read of the event in `explain`.
    pub(super) index: Index,
    /// Byte ranges of functions in the order of their beginnings, and the names that V8 gives to those without one.
    functions: Vec<(Span, Option<String>)>,
    /// For each function, the one around it.
    around: Vec<Option<usize>>,
    /// The properties that patterns take out of objects; found when somebody asks.
    patterns: OnceLock<HashMap<String, Vec<usize>>>,
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
            index: Index::of(&sites),
            sites,
            around: around(&functions),
            functions,
            patterns: OnceLock::new(),
        }
    }

    /// Where patterns take a property of this name out of objects, in the order of the text.
    pub(super) fn patterns_with(&self, code: &str, key: &str) -> &[usize] {
        let patterns = self.patterns.get_or_init(|| {
            let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
            for (name, offset) in patterns(code) {
                by_name.entry(name).or_default().push(offset);
            }
            by_name
        });
        patterns.get(key).map_or(&[], Vec::as_slice)
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

/// The places of sites.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Of calls, by the byte offset that QuickJS gives.
    called: HashMap<usize, usize>,
    /// Of calls, by the called name, ascending.
    calls: HashMap<String, Vec<usize>>,
    /// Of reads and calls of a property, by its name, ascending.
    reads: HashMap<String, Vec<usize>>,
    /// Of assignments to properties, ascending.
    writes: Vec<usize>,
}

impl Index {
    fn of(sites: &[Site]) -> Self {
        let mut index = Self::default();
        for site in sites {
            if matches!(site.kind, Kind::Call | Kind::New) {
                index.called.entry(site.anchor).or_insert(site.place);
            }
            let lists = match site.kind {
                Kind::Call => [Some(&mut index.calls), Some(&mut index.reads)],
                Kind::Member => [Some(&mut index.reads), None],
                Kind::Write => {
                    index.writes.push(site.place);
                    [None, None]
                }
                _ => [None, None],
            };
            for list in lists.into_iter().flatten() {
                match list.get_mut(&site.name) {
                    Some(places) => places.push(site.place),
                    None => {
                        list.insert(site.name.clone(), vec![site.place]);
                    }
                }
            }
        }
        let lists = index.calls.values_mut().chain(index.reads.values_mut());
        lists.for_each(|places| places.sort_unstable());
        index.writes.sort_unstable();
        index
    }

    /// The place of the call or construction at a byte offset of QuickJS.
    pub(super) fn called_at(&self, anchor: usize) -> Option<usize> {
        self.called.get(&anchor).copied()
    }

    /// The last call of this name up to a byte offset.
    pub(super) fn call_before(&self, name: &str, offset: usize) -> Option<usize> {
        let places = self.calls.get(name)?;
        let end = places.partition_point(|place| *place <= offset);
        places.get(end.checked_sub(1)?).copied()
    }

    /// Reads of a property on either side of a byte offset, the nearest first.
    pub(super) fn reads_near(&self, name: &str, offset: usize) -> Vec<usize> {
        near(self.reads.get(name).map_or(&[], Vec::as_slice), offset, 1)
    }

    /// Assignments to properties around a byte offset, the nearest first.
    pub(super) fn writes_near(&self, offset: usize) -> Vec<usize> {
        near(&self.writes, offset, MOST_WRITES)
    }
}

/// So many assignments on either side of a place are looked at.
const MOST_WRITES: usize = 32;

/// The `count` places on either side of an offset, the nearest first; of two at the same distance the first.
fn near(places: &[usize], offset: usize, count: usize) -> Vec<usize> {
    let middle = places.partition_point(|place| *place < offset);
    let first = middle.saturating_sub(count);
    let last = middle.saturating_add(count).min(places.len());
    let mut near = places.get(first..last).unwrap_or_default().to_vec();
    near.sort_by_key(|place| place.abs_diff(offset));
    near
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
