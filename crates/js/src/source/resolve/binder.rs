//! Finds the values of variables: values that are taken apart, and parameters by what every call passes.

use std::collections::HashMap;

use oxc::ast::ast::{
    Argument, CallExpression, Expression, ForOfStatement, ForStatementLeft, VariableDeclarator,
};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::{Scoping, SymbolId};

use super::functions::{Functions, Signature};
use super::known::Known;
use super::paths::{Leaf, Path, Root, leaves, symbol};

/// Walks a text and learns what its variables stand for.
pub(super) struct Binder<'b> {
    scoping: &'b Scoping,
    functions: &'b Functions<'b>,
    known: Known,
    /// For each function of the text, what it is called with.
    calls: HashMap<SymbolId, Vec<Vec<Option<Path>>>>,
}

impl<'b> Binder<'b> {
    /// The value of a variable may be known only after its use: a helper above the handler that calls it. So the text is walked
    /// until nothing more is learned, but no more often than helpers call each other.
    pub(super) fn learn(
        scoping: &'b Scoping,
        functions: &'b Functions<'b>,
        known: Known,
        walk: impl Fn(&mut Self),
    ) -> Known {
        let mut binder = Self {
            scoping,
            functions,
            known,
            calls: HashMap::new(),
        };
        for _ in 0..8 {
            let before = binder.known.len();
            binder.calls.clear();
            walk(&mut binder);
            binder.bind_parameters();
            if binder.known.len() == before {
                break;
            }
        }
        binder.known
    }

    /// A parameter stands for a path if every call passes that path, and the function is used in no other way.
    fn bind_parameters(&mut self) {
        for (function, calls) in &self.calls {
            let Some(signature) = self.functions.by_symbol.get(function) else {
                continue;
            };
            if self.scoping.get_resolved_reference_ids(*function).len() != calls.len() {
                continue;
            }
            for (index, parameter) in signature.parameters.iter().enumerate() {
                let passed = calls.iter().map(|call| call.get(index)?.clone());
                let Some(passed) = passed.collect::<Option<Vec<_>>>() else {
                    continue;
                };
                bind(&mut self.known, self.scoping, parameter, passed);
            }
        }
    }

    /// The paths in an array that is written out, if all of it is paths.
    fn items(&self, list: &Expression<'_>) -> Option<Vec<Path>> {
        let Expression::ArrayExpression(array) = list.get_inner_expression() else {
            return None;
        };
        let paths = array.elements.iter();
        let path = |item: &Expression<'_>| self.known.path(self.scoping, item);
        paths.map(|item| path(item.as_expression()?)).collect()
    }

    fn call_of_function(&mut self, call: &CallExpression<'_>) {
        let Expression::Identifier(name) = &call.callee else {
            return;
        };
        let Some(symbol) = symbol(self.scoping, name) else {
            return;
        };
        let mut passed = Vec::new();
        for argument in &call.arguments {
            if argument.is_spread() {
                break;
            }
            let path = |it| self.known.path(self.scoping, it);
            passed.push(argument.as_expression().and_then(path));
        }
        self.calls.entry(symbol).or_default().push(passed);
    }

    /// `[api.idToken, api.accessToken].forEach((token) => …)`
    fn call_for_each(&mut self, call: &CallExpression<'_>) {
        if let Expression::StaticMemberExpression(callee) = call.callee.get_inner_expression()
            && callee.property.name == "forEach"
            && let Some(function) = call.arguments.first().and_then(Argument::as_expression)
            && let Some(signature) = Signature::of(function)
            && let Some(parameter) = signature.parameters.first()
            && let Some(items) = self.items(&callee.object)
        {
            bind(&mut self.known, self.scoping, parameter, items);
        }
    }
}

/// Binds a parameter to what is passed for it, each at some time.
fn bind(known: &mut Known, scoping: &Scoping, parameter: &[Leaf], passed: Vec<Path>) {
    let Some(first) = passed.first() else {
        return;
    };
    if passed.iter().all(|path| path.is_same(first)) {
        known.bind(scoping, parameter, first);
    } else if let [leaf] = parameter
        && passed
            .iter()
            .all(|path| matches!(path.root, Root::Api | Root::Context))
    {
        // What is read of the event through such a variable is read of all by a helper that knows none.
        known.bind_several(scoping, leaf, passed);
    }
}

impl<'a> Visit<'a> for Binder<'_> {
    fn visit_variable_declarator(&mut self, declarator: &VariableDeclarator<'a>) {
        if let Some(init) = &declarator.init
            && let Some(path) = self.known.path_or_nothing(self.scoping, init)
        {
            self.known
                .bind(self.scoping, &leaves(&declarator.id), &path);
        }
        walk::walk_variable_declarator(self, declarator);
    }

    fn visit_for_of_statement(&mut self, statement: &ForOfStatement<'a>) {
        if let ForStatementLeft::VariableDeclaration(declaration) = &statement.left
            && let Some(declarator) = declaration.declarations.first()
            && let Some(items) = self.items(&statement.right)
        {
            bind(
                &mut self.known,
                self.scoping,
                &leaves(&declarator.id),
                items,
            );
        }
        walk::walk_for_of_statement(self, statement);
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        self.call_of_function(call);
        self.call_for_each(call);
        walk::walk_call_expression(self, call);
    }
}
