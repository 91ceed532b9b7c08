//! The text that decides a condition: itself, and what the variables in it stand for.

use std::collections::{HashMap, HashSet};

use oxc::ast::ast::{
    AssignmentExpression, AssignmentTarget, BindingPattern, ForOfStatement, ForStatementLeft,
    FormalParameter, IdentifierReference, Program, VariableDeclarator,
};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::{Scoping, SymbolId};
use oxc::span::{GetSpan, Span};

use crate::source::resolve::paths::symbol;

/// So far variables are followed back to what they stand for.
const DEEPEST: usize = 4;
/// So many parts of a text decide a condition at most, and so many variables of each are followed.
const MOST_REGIONS: usize = 16;
/// So many assignments of a variable are followed.
const MOST_VALUES: usize = 8;

/// Where variables get their values.
pub(super) struct Definitions<'s> {
    scoping: &'s Scoping,
    /// The texts that give a variable its value: the whole, and the part with the variables that decide it.
    values: HashMap<SymbolId, Vec<(Span, Span)>>,
    /// Where variables are named, in the order of the text. What an expression names is a range of it.
    names: Vec<(u32, SymbolId)>,
    /// The variables that calls give their values.
    parameters: HashSet<SymbolId>,
}

impl<'s> Definitions<'s> {
    /// Finds where variables get their values, and where they are named.
    pub(super) fn of(program: &Program<'_>, scoping: &'s Scoping) -> Self {
        let mut definitions = Self {
            scoping,
            values: HashMap::new(),
            names: Vec::new(),
            parameters: HashSet::new(),
        };
        definitions.visit_program(program);
        definitions.names.sort_by_key(|(offset, _)| *offset);
        definitions
    }

    /// An expression and what its variables stand for.
    pub(super) fn regions(&self, expression: Span) -> Vec<Span> {
        let mut regions = vec![expression];
        self.follow(expression, 0, &mut regions);
        regions
    }

    /// As [`Definitions::regions`]; `None` where what a call passes decides, other than the parameters that `is_known`.
    pub(super) fn closed_regions(
        &self,
        expression: Span,
        is_known: impl Fn(SymbolId) -> bool,
    ) -> Option<Vec<Span>> {
        let regions = self.regions(expression);
        let is_open = |symbol: &SymbolId| self.parameters.contains(symbol) && !is_known(*symbol);
        let mut names = regions.iter().flat_map(|region| self.named_in(*region));
        (regions.len() < MOST_REGIONS && !names.any(|symbol| is_open(&symbol))).then_some(regions)
    }

    /// The variables that a part of the text names.
    fn named_in(&self, text: Span) -> impl Iterator<Item = SymbolId> {
        let first = self
            .names
            .partition_point(|(offset, _)| *offset < text.start);
        let names = self.names.iter().skip(first);
        names
            .take_while(move |(offset, _)| *offset < text.end)
            .map(|(_, symbol)| *symbol)
    }

    fn follow(&self, text: Span, depth: usize, regions: &mut Vec<Span>) {
        if depth >= DEEPEST {
            return;
        }
        for symbol in self.named_in(text).take(MOST_REGIONS) {
            let values = self.values.get(&symbol).into_iter().flatten();
            for (whole, value) in values.take(MOST_VALUES) {
                if regions.len() < MOST_REGIONS && !regions.contains(whole) {
                    regions.push(*whole);
                    self.follow(*value, depth + 1, regions);
                }
            }
        }
    }

    fn define(&mut self, pattern: &BindingPattern<'_>, whole: Span, value: Span) {
        for name in pattern.get_binding_identifiers() {
            let known = self.values.entry(name.symbol_id()).or_default();
            known.push((whole, value));
        }
    }
}

impl<'a> Visit<'a> for Definitions<'_> {
    fn visit_identifier_reference(&mut self, name: &IdentifierReference<'a>) {
        let symbol = symbol(self.scoping, name);
        self.names
            .extend(symbol.map(|symbol| (name.span.start, symbol)));
    }

    fn visit_formal_parameter(&mut self, parameter: &FormalParameter<'a>) {
        let names = parameter.pattern.get_binding_identifiers();
        self.parameters
            .extend(names.iter().map(|name| name.symbol_id()));
        walk::walk_formal_parameter(self, parameter);
    }

    fn visit_variable_declarator(&mut self, declarator: &VariableDeclarator<'a>) {
        if let Some(init) = &declarator.init {
            self.define(&declarator.id, declarator.span, init.span());
        }
        walk::walk_variable_declarator(self, declarator);
    }

    fn visit_assignment_expression(&mut self, assignment: &AssignmentExpression<'a>) {
        if let AssignmentTarget::AssignmentTargetIdentifier(name) = &assignment.left
            && let Some(symbol) = symbol(self.scoping, name)
        {
            let known = self.values.entry(symbol).or_default();
            known.push((assignment.span, assignment.right.span()));
        }
        walk::walk_assignment_expression(self, assignment);
    }

    fn visit_for_of_statement(&mut self, statement: &ForOfStatement<'a>) {
        if let ForStatementLeft::VariableDeclaration(declaration) = &statement.left {
            for declarator in &declaration.declarations {
                let right = statement.right.span();
                self.define(&declarator.id, right, right);
            }
        }
        walk::walk_for_of_statement(self, statement);
    }
}
