//! Resolves the names in a text: one answer for everything that is read off the text.

mod binder;
pub(super) mod claims;
pub(super) mod constants;
pub(super) mod exports;
pub(super) mod functions;
mod known;
pub(super) mod paths;

use oxc::ast::ast::{Expression, IdentifierReference};
use oxc::ast_visit::Visit;
use oxc::semantic::{Scoping, SymbolId};

use super::rule;
use crate::text::{Kind, Text};
use binder::Binder;
use constants::Constants;
use exports::Exports;
use functions::{Functions, Signature};
use known::Known;
use paths::{Path, Root, symbol};

/// The variables, functions, constants and exports of a text.
pub(super) struct Resolver<'s> {
    pub(super) scoping: &'s Scoping,
    pub(super) functions: Functions<'s>,
    pub(super) constants: Constants<'s>,
    pub(super) exports: Exports<'s>,
    /// The function of a Rule.
    pub(super) rule: Option<Signature>,
    pub(super) known: Known,
}

impl<'s> Resolver<'s> {
    pub(super) fn of(text: &'s Text<'_>) -> Self {
        let (program, scoping) = (text.program(), text.scoping());
        let mut functions = Functions::new(scoping);
        functions.visit_program(program);
        let mut constants = Constants::new(scoping);
        constants.visit_program(program);
        let mut exports = Exports::new(scoping);
        exports.visit_program(program);
        let mut known = Known::new(text.kind() == Kind::Rule);
        functions.bind_handlers(&exports.list, &mut known);
        let function = (text.kind() == Kind::Rule).then(|| rule::function(program));
        let rule = function.flatten().and_then(Signature::of);
        if let Some(rule) = &rule {
            rule.bind(scoping, &[Root::User, Root::Context], &mut known);
        }
        let walk = |binder: &mut Binder<'_>| binder.visit_program(program);
        let known = Binder::learn(scoping, &functions, known, walk);
        Self {
            scoping,
            functions,
            constants,
            exports,
            rule,
            known,
        }
    }

    /// Returns the chain that an expression always is, from what the handler gets.
    pub(super) fn path(&self, expression: &Expression<'_>) -> Option<Path> {
        self.known.path(self.scoping, expression)
    }

    /// Returns the variable that a name refers to; `None` for globals.
    pub(super) fn symbol(&self, name: &IdentifierReference<'_>) -> Option<SymbolId> {
        symbol(self.scoping, name)
    }
}
