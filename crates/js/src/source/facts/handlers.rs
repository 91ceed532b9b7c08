//! The functions of a text, and those that it exports as handlers.

use std::collections::HashMap;

use oxc::ast::ast::{
    AssignmentExpression, AssignmentTarget, BindingPattern, Declaration, ExportDeclaration,
    ExportNamedDeclaration, Expression, FormalParameters, Function, ModuleExportName,
    ObjectExpression, ObjectPropertyKind, VariableDeclarator,
};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::{ScopeFlags, Scoping, SymbolId};
use oxc::span::GetSpan;

use super::paths::{Known, Leaf, Path, Root, leaves, symbol};

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

    fn of(expression: &Expression<'_>) -> Option<Self> {
        match expression.get_inner_expression() {
            Expression::ArrowFunctionExpression(arrow) => {
                Some(Self::new(arrow.r#async, &arrow.params))
            }
            Expression::FunctionExpression(function) => Some(Self::of_function(function)),
            _ => None,
        }
    }
}

/// What is exported under a name.
enum Exported {
    Function(Signature),
    Variable(SymbolId),
    Unknown,
}

/// Collects functions that have a name, and exports.
pub(super) struct Functions<'s> {
    scoping: &'s Scoping,
    pub(super) by_symbol: HashMap<SymbolId, Signature>,
    exports: Vec<(String, Exported, u32)>,
}

impl<'s> Functions<'s> {
    pub(super) fn new(scoping: &'s Scoping) -> Self {
        Self {
            scoping,
            by_symbol: HashMap::new(),
            exports: Vec::new(),
        }
    }

    /// The exported handlers: name, whether async, byte offset. Their parameters become known.
    pub(super) fn handlers(&self, known: &mut Known) -> Vec<(String, Option<bool>, u32)> {
        let mut handlers = Vec::new();
        for (name, exported, offset) in &self.exports {
            if !is_handler(name) {
                continue;
            }
            let signature = match exported {
                Exported::Function(signature) => Some(signature),
                Exported::Variable(symbol) => self.by_symbol.get(symbol),
                Exported::Unknown => None,
            };
            for (parameter, root) in signature
                .iter()
                .flat_map(|found| found.parameters.iter().zip([Root::Event, Root::Api]))
            {
                known.bind(parameter, &Path::of(root));
            }
            handlers.push((
                name.clone(),
                signature.map(|signature| signature.is_async),
                *offset,
            ));
        }
        handlers
    }

    /// The leaves that handlers take apart in their parameter lists.
    pub(super) fn parameter_leaves(&self) -> impl Iterator<Item = &Leaf> {
        let exported = self.exports.iter().filter(|(name, ..)| is_handler(name));
        let signatures = exported.filter_map(|(_, exported, _)| match exported {
            Exported::Function(signature) => Some(signature),
            Exported::Variable(symbol) => self.by_symbol.get(symbol),
            Exported::Unknown => None,
        });
        signatures
            .flat_map(|signature| signature.parameters.iter().flatten())
            .filter(|leaf| leaf.is_part())
    }

    fn export(&mut self, name: &str, value: &Expression<'_>, offset: u32) {
        let exported = match value.get_inner_expression() {
            Expression::Identifier(identifier) => {
                symbol(self.scoping, identifier).map_or(Exported::Unknown, Exported::Variable)
            }
            // `exports.a = exports.b = async () => {}`
            Expression::AssignmentExpression(assignment) => {
                return self.export(name, &assignment.right, offset);
            }
            other => Signature::of(other).map_or(Exported::Unknown, Exported::Function),
        };
        self.exports.push((name.to_owned(), exported, offset));
    }

    fn export_object(&mut self, object: &ObjectExpression<'_>) {
        for property in &object.properties {
            if let ObjectPropertyKind::ObjectProperty(property) = property
                && let Some(name) = property.key.static_name()
            {
                self.export(&name, &property.value, property.span.start);
            }
        }
    }

    fn is_global(&self, expression: &Expression<'_>, name: &str) -> bool {
        matches!(expression, Expression::Identifier(found)
            if found.name == name && symbol(self.scoping, found).is_none())
    }

    /// Whether an expression is `exports` or `module.exports`.
    fn is_exports(&self, expression: &Expression<'_>) -> bool {
        self.is_global(expression, "exports") || self.is_module_exports(expression)
    }

    fn is_module_exports(&self, expression: &Expression<'_>) -> bool {
        matches!(expression, Expression::StaticMemberExpression(member)
            if member.property.name == "exports" && self.is_global(&member.object, "module"))
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
            && let Some(signature) = declarator.init.as_ref().and_then(Signature::of)
        {
            self.by_symbol.insert(name.symbol_id(), signature);
        }
        walk::walk_variable_declarator(self, declarator);
    }

    fn visit_assignment_expression(&mut self, assignment: &AssignmentExpression<'a>) {
        if let AssignmentTarget::StaticMemberExpression(member) = &assignment.left {
            if self.is_exports(&member.object) {
                self.export(
                    member.property.name.as_str(),
                    &assignment.right,
                    assignment.span.start,
                );
            } else if member.property.name == "exports"
                && self.is_global(&member.object, "module")
                && let Expression::ObjectExpression(object) =
                    assignment.right.get_inner_expression()
            {
                self.export_object(object);
            }
        }
        walk::walk_assignment_expression(self, assignment);
    }

    fn visit_export_declaration(&mut self, export: &ExportDeclaration<'a>) {
        match &export.declaration {
            Declaration::FunctionDeclaration(function) => {
                if let Some(name) = &function.id {
                    let exported = Exported::Variable(name.symbol_id());
                    self.exports
                        .push((name.name.as_str().to_owned(), exported, export.span.start));
                }
            }
            Declaration::VariableDeclaration(variables) => {
                for declarator in &variables.declarations {
                    if let (BindingPattern::BindingIdentifier(name), Some(value)) =
                        (&declarator.id, &declarator.init)
                    {
                        self.export(name.name.as_str(), value, declarator.span.start);
                    }
                }
            }
            _ => {}
        }
        walk::walk_export_declaration(self, export);
    }

    fn visit_export_named_declaration(&mut self, export: &ExportNamedDeclaration<'a>) {
        for specifier in &export.specifiers {
            if let ModuleExportName::IdentifierReference(local) = &specifier.local
                && let Some(symbol) = symbol(self.scoping, local)
            {
                let name = specifier.exported.name().as_str().to_owned();
                self.exports
                    .push((name, Exported::Variable(symbol), specifier.span().start));
            }
        }
    }
}
