//! The lines and functions of a text, for the places of a stack in it.

use std::sync::Arc;

use oxc::allocator::Allocator;
use oxc::ast_visit::Visit;
use oxc::span::{SourceType, Span};

use super::collect::Collector;
use crate::source::text::LineIndex;
use crate::source::{Prepared, parse};

/// The places in a generated text.
#[derive(Debug)]
pub(crate) struct View {
    pub(super) lines: LineIndex,
    /// Byte ranges of functions in the order of their beginnings, and the names that V8 gives to those without one.
    functions: Vec<(Span, Option<String>)>,
    /// For each function, the one around it.
    around: Vec<Option<usize>>,
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
            let mut collector = Collector::default();
            collector.visit_program(&parsed.program);
            collector.functions
        });
        let mut functions = found.unwrap_or_default();
        functions.sort_by_key(|(span, _)| (span.start, std::cmp::Reverse(span.end)));
        Self {
            lines: LineIndex::new(code),
            around: around(&functions),
            functions,
        }
    }

    /// V8's name for the function around a byte offset when it has none of its own: `exports.onExecutePostLogin`.
    pub(super) fn function_name(&self, offset: usize) -> Option<&str> {
        self.function(offset)?.1.as_deref()
    }

    /// Where the function around a byte offset begins.
    #[cfg(test)]
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
