//! The functions of a text that have a name, and what their parameters are.

use std::collections::HashMap;

use oxc::ast::ast::{BindingPattern, Expression, FormalParameters, Function, VariableDeclarator};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::{ScopeFlags, Scoping, SymbolId};

use super::exports::{Export, Exported};
use super::known::Known;
use super::paths::{Leaf, Path, Root, is_assigned_once, leaves};
use postlogin_core::Trigger;

/// A function as far as it matters here.
#[derive(Debug, Clone)]
pub(in crate::source) struct Signature {
    is_async: bool,
    /// Where the function begins.
    pub(in crate::source) start: u32,
    /// The bindings of each parameter.
    pub(in crate::source) parameters: Vec<Vec<Leaf>>,
}

impl Signature {
    fn new(is_async: bool, start: u32, parameters: &FormalParameters<'_>) -> Self {
        let parameters = parameters
            .items
            .iter()
            .map(|parameter| leaves(&parameter.pattern))
            .collect();
        Self {
            is_async,
            start,
            parameters,
        }
    }

    pub(in crate::source) fn of_function(function: &Function<'_>) -> Self {
        // An async generator has a class of its own, which production refuses.
        let is_async = function.r#async && !function.generator;
        Self::new(is_async, function.span.start, &function.params)
    }

    /// Makes the parameters known as what the function is called with.
    pub(super) fn bind(&self, scoping: &Scoping, roots: &[Root], known: &mut Known) {
        for (parameter, root) in self.parameters.iter().zip(roots) {
            known.bind(scoping, parameter, &Path::of(*root));
        }
    }

    pub(in crate::source) fn of(expression: &Expression<'_>) -> Option<Self> {
        match expression.get_inner_expression() {
            Expression::ArrowFunctionExpression(arrow) => {
                Some(Self::new(arrow.r#async, arrow.span.start, &arrow.params))
            }
            Expression::FunctionExpression(function) => Some(Self::of_function(function)),
            _ => None,
        }
    }
}

/// An exported handler.
pub(in crate::source) struct Found<'e> {
    pub(in crate::source) export: &'e Export,
    /// `None` when its value is not written as a function.
    pub(in crate::source) is_async: Option<bool>,
}

/// Functions by the variable that holds them.
pub(in crate::source) struct Functions<'s> {
    scoping: &'s Scoping,
    pub(super) by_symbol: HashMap<SymbolId, Signature>,
}

impl<'s> Functions<'s> {
    pub(super) fn new(scoping: &'s Scoping) -> Self {
        Self {
            scoping,
            by_symbol: HashMap::new(),
        }
    }

    fn signature<'f>(&'f self, export: &'f Export) -> Option<&'f Signature> {
        match &export.value {
            Exported::Function(signature) => Some(signature),
            Exported::Variable(symbol) => self.by_symbol.get(symbol),
            Exported::Unknown => None,
        }
    }

    /// The exported handlers.
    pub(in crate::source) fn handlers<'e>(&self, exports: &'e [Export]) -> Vec<Found<'e>> {
        let handlers = exports.iter().filter(|export| is_handler(&export.name));
        let found = handlers.map(|export| Found {
            export,
            is_async: self.signature(export).map(|signature| signature.is_async),
        });
        found.collect()
    }

    /// Makes the parameters of the exported handlers known.
    pub(super) fn bind_handlers(&self, exports: &[Export], known: &mut Known) {
        for export in exports.iter().filter(|export| is_handler(&export.name)) {
            let roots: &[Root] = match Trigger::of_export(&export.name) {
                Some(_) => &[Root::Event, Root::Api],
                None => &[Root::OtherEvent],
            };
            if let Some(signature) = self.signature(export) {
                signature.bind(self.scoping, roots, known);
            }
        }
    }

    /// The leaves that functions take apart in their parameter lists.
    pub(in crate::source) fn parameter_leaves(&self, exports: &[Export]) -> Vec<Leaf> {
        let exported = exports.iter().filter_map(|export| match &export.value {
            Exported::Function(signature) => Some(signature),
            Exported::Variable(_) | Exported::Unknown => None,
        });
        exported
            .chain(self.by_symbol.values())
            .flat_map(|signature| signature.parameters.iter().flatten())
            .filter(|leaf| leaf.is_part())
            .cloned()
            .collect()
    }
}

/// `onExecutePostLogin` and its like of other triggers.
fn is_handler(name: &str) -> bool {
    name.starts_with("onExecute") || name.starts_with("onContinue")
}

impl<'a> Visit<'a> for Functions<'_> {
    fn visit_function(&mut self, function: &Function<'a>, flags: ScopeFlags) {
        if let Some(name) = &function.id {
            self.by_symbol
                .insert(name.symbol_id(), Signature::of_function(function));
        }
        walk::walk_function(self, function, flags);
    }

    fn visit_variable_declarator(&mut self, declarator: &VariableDeclarator<'a>) {
        if let BindingPattern::BindingIdentifier(name) = &declarator.id
            && let Some(value) = &declarator.init
            && is_assigned_once(self.scoping, name.symbol_id())
            && let Some(signature) = Signature::of(value)
        {
            self.by_symbol.insert(name.symbol_id(), signature);
        }
        walk::walk_variable_declarator(self, declarator);
    }
}
