//! The functions of a text that have a name, and its constant texts.

use std::collections::HashMap;

use oxc::ast::ast::{
    BinaryOperator, BindingPattern, Expression, FormalParameters, Function, TemplateLiteral,
    VariableDeclarator,
};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::{ScopeFlags, Scoping, SymbolId};

use super::exports::{Export, Exported};
use super::paths::{Known, Leaf, Path, Root, leaves, symbol};

/// The longest text that is put together, in bytes. Names of claims and modules are far shorter.
pub(in crate::source) const LONGEST_CONSTANT: usize = 1024;

/// A function as far as it matters here.
#[derive(Debug, Clone)]
pub(super) struct Signature {
    is_async: bool,
    /// What each parameter binds.
    pub(super) parameters: Vec<Vec<Leaf>>,
}

impl Signature {
    fn new(is_async: bool, parameters: &FormalParameters<'_>) -> Self {
        let parameters = parameters
            .items
            .iter()
            .map(|parameter| leaves(&parameter.pattern))
            .collect();
        Self {
            is_async,
            parameters,
        }
    }

    fn of_function(function: &Function<'_>) -> Self {
        // An async generator has a class of its own, which production refuses.
        Self::new(function.r#async && !function.generator, &function.params)
    }

    pub(super) fn of(expression: &Expression<'_>) -> Option<Self> {
        match expression.get_inner_expression() {
            Expression::ArrowFunctionExpression(arrow) => {
                Some(Self::new(arrow.r#async, &arrow.params))
            }
            Expression::FunctionExpression(function) => Some(Self::of_function(function)),
            _ => None,
        }
    }
}

/// An exported handler.
pub(super) struct Found<'e> {
    pub(super) export: &'e Export,
    /// `None` when its value is not written as a function.
    pub(super) is_async: Option<bool>,
}

/// Functions and constants by the variable that holds them.
pub(super) struct Functions<'s> {
    scoping: &'s Scoping,
    pub(super) by_symbol: HashMap<SymbolId, Signature>,
    constants: HashMap<SymbolId, String>,
}

impl<'s> Functions<'s> {
    pub(super) fn new(scoping: &'s Scoping) -> Self {
        Self {
            scoping,
            by_symbol: HashMap::new(),
            constants: HashMap::new(),
        }
    }

    fn signature<'f>(&'f self, export: &'f Export) -> Option<&'f Signature> {
        match &export.value {
            Exported::Function(signature) => Some(signature),
            Exported::Variable(symbol) => self.by_symbol.get(symbol),
            Exported::Unknown => None,
        }
    }

    /// The exported handlers. Their parameters become known.
    pub(super) fn handlers<'e>(&self, exports: &'e [Export], known: &mut Known) -> Vec<Found<'e>> {
        let mut handlers = Vec::new();
        for export in exports.iter().filter(|export| is_handler(&export.name)) {
            let signature = self.signature(export);
            let roots: &[Root] = match export.name.as_str() {
                "onExecutePostLogin" | "onContinuePostLogin" => &[Root::Event, Root::Api],
                _ => &[Root::OtherEvent],
            };
            let parameters = signature.iter().flat_map(|found| &found.parameters);
            for (parameter, root) in parameters.zip(roots) {
                known.bind(self.scoping, parameter, &Path::of(*root));
            }
            handlers.push(Found {
                export,
                is_async: signature.map(|signature| signature.is_async),
            });
        }
        handlers
    }

    /// The leaves that functions take apart in their parameter lists.
    pub(super) fn parameter_leaves(&self, exports: &[Export]) -> Vec<Leaf> {
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

    /// The text that an expression always is: literals, constants of literals, and both put together. `None` as well
    /// above [`LONGEST_CONSTANT`] bytes: constants of constants double with each line.
    pub(super) fn constant(&self, expression: &Expression<'_>) -> Option<String> {
        let mut text = String::new();
        self.append(expression, &mut text)?;
        Some(text)
    }

    fn append(&self, expression: &Expression<'_>, text: &mut String) -> Option<()> {
        match expression.get_inner_expression() {
            Expression::StringLiteral(literal) => put(text, &literal.value),
            Expression::TemplateLiteral(template) => self.append_template(template, text),
            Expression::BinaryExpression(sum) if sum.operator == BinaryOperator::Addition => {
                self.append(&sum.left, text)?;
                self.append(&sum.right, text)
            }
            Expression::Identifier(name) => {
                put(text, self.constants.get(&symbol(self.scoping, name)?)?)
            }
            _ => None,
        }
    }

    fn append_template(&self, template: &TemplateLiteral<'_>, text: &mut String) -> Option<()> {
        let mut values = template.expressions.iter();
        for quasi in &template.quasis {
            put(text, quasi.value.cooked.as_ref()?)?;
            if let Some(value) = values.next() {
                self.append(value, text)?;
            }
        }
        Some(())
    }
}

/// Adds to a constant text, up to its longest.
fn put(text: &mut String, more: &str) -> Option<()> {
    if text.len() + more.len() > LONGEST_CONSTANT {
        return None;
    }
    text.push_str(more);
    Some(())
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
            && !self.scoping.symbol_is_mutated(name.symbol_id())
            && self
                .scoping
                .symbol_redeclarations(name.symbol_id())
                .is_empty()
        {
            if let Some(signature) = Signature::of(value) {
                self.by_symbol.insert(name.symbol_id(), signature);
            } else if let Some(text) = self.constant(value) {
                self.constants.insert(name.symbol_id(), text);
            }
        }
        walk::walk_variable_declarator(self, declarator);
    }
}
