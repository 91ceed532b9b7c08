//! The exports of a text, and whether reading can find all of them.

use oxc::ast::ast::{
    Argument, AssignmentExpression, AssignmentTarget, BindingPattern, CallExpression, Declaration,
    ExportAllDeclaration, ExportDeclaration, ExportDefaultDeclaration, ExportFromDeclaration,
    ExportNamedDeclaration, Expression, IdentifierReference, ModuleExportName, ObjectExpression,
    ObjectPropertyKind, StaticMemberExpression, TSExportAssignment, UnaryOperator,
};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::{Scoping, SymbolId};
use oxc::span::GetSpan;

use super::functions::Signature;
use super::paths::symbol;

/// An export.
pub(in crate::source) enum Exported {
    Function(Signature),
    Variable(SymbolId),
    Unknown,
}

/// An exported name.
pub(in crate::source) struct Export {
    pub(in crate::source) name: String,
    pub(in crate::source) value: Exported,
    /// The byte offset of where it is exported.
    pub(in crate::source) offset: u32,
}

/// Returns the function of `function.bind(value)`, whose parameters are those of what the call returns.
fn bound<'e, 'a>(call: &'e CallExpression<'a>) -> Option<&'e Expression<'a>> {
    let has_own_parameters = match call.arguments.as_slice() {
        [] => true,
        [value] => !value.is_spread(),
        _ => false,
    };
    match call.callee.get_inner_expression() {
        Expression::StaticMemberExpression(callee) if callee.property.name == "bind" => {
            has_own_parameters.then_some(&callee.object)
        }
        _ => None,
    }
}

/// Collects exports: `exports.a = …`, `module.exports = { a }`, `export …`.
pub(in crate::source) struct Exports<'s> {
    scoping: &'s Scoping,
    pub(in crate::source) list: Vec<Export>,
    /// The number of times that `exports` and `module` are named, and the number of those that are understood here.
    named: usize,
    understood: usize,
    /// Something is exported whose names are written elsewhere.
    has_others: bool,
}

impl<'s> Exports<'s> {
    pub(in crate::source) fn new(scoping: &'s Scoping) -> Self {
        Self {
            scoping,
            list: Vec::new(),
            named: 0,
            understood: 0,
            has_others: false,
        }
    }

    /// Whether the list is all that the text exports.
    pub(in crate::source) fn is_complete(&self) -> bool {
        !self.has_others && self.named == self.understood
    }

    fn push(&mut self, name: &str, value: Exported, offset: u32) {
        self.list.push(Export {
            name: name.to_owned(),
            value,
            offset,
        });
    }

    fn export(&mut self, name: &str, value: &Expression<'_>, offset: u32) {
        let exported = match value.get_inner_expression() {
            // What compilers write first: `exports.a = void 0`.
            Expression::UnaryExpression(unary) if unary.operator == UnaryOperator::Void => return,
            Expression::Identifier(identifier) => {
                symbol(self.scoping, identifier).map_or(Exported::Unknown, Exported::Variable)
            }
            // `exports.a = exports.b = async () => {}`
            Expression::AssignmentExpression(assignment) => {
                return self.export(name, &assignment.right, offset);
            }
            Expression::CallExpression(call) => match bound(call) {
                Some(target) => return self.export(name, target, offset),
                None => Exported::Unknown,
            },
            other => Signature::of(other).map_or(Exported::Unknown, Exported::Function),
        };
        self.push(name, exported, offset);
    }

    /// Whether every name of the object could be read.
    fn export_object(&mut self, object: &ObjectExpression<'_>) -> bool {
        let mut complete = true;
        for property in &object.properties {
            if let ObjectPropertyKind::ObjectProperty(property) = property
                && let Some(name) = property.key.static_name()
            {
                self.export(&name, &property.value, property.span.start);
            } else {
                complete = false;
            }
        }
        complete
    }

    fn is_global(&self, expression: &Expression<'_>, name: &str) -> bool {
        matches!(expression, Expression::Identifier(found)
            if found.name == name && symbol(self.scoping, found).is_none())
    }

    /// Whether an expression is `exports` or `module.exports`.
    fn is_exports(&self, expression: &Expression<'_>) -> bool {
        self.is_global(expression, "exports")
            || matches!(expression, Expression::StaticMemberExpression(member)
                if self.is_module_exports(member))
    }

    fn is_module_exports(&self, member: &StaticMemberExpression<'_>) -> bool {
        member.property.name == "exports" && self.is_global(&member.object, "module")
    }
}

impl<'a> Visit<'a> for Exports<'_> {
    fn visit_identifier_reference(&mut self, name: &IdentifierReference<'a>) {
        if matches!(name.name.as_str(), "exports" | "module")
            && symbol(self.scoping, name).is_none()
        {
            self.named += 1;
        }
    }

    fn visit_static_member_expression(&mut self, member: &StaticMemberExpression<'a>) {
        // One property of it is written or read.
        if self.is_exports(&member.object) {
            self.understood += 1;
        }
        walk::walk_static_member_expression(self, member);
    }

    fn visit_assignment_expression(&mut self, assignment: &AssignmentExpression<'a>) {
        let (right, start) = (&assignment.right, assignment.span.start);
        match &assignment.left {
            AssignmentTarget::StaticMemberExpression(member) if self.is_exports(&member.object) => {
                self.export(&member.property.name, right, start);
            }
            AssignmentTarget::ComputedMemberExpression(member)
                if self.is_exports(&member.object) =>
            {
                if let Expression::StringLiteral(name) = &member.expression {
                    self.understood += 1;
                    self.export(&name.value, right, start);
                }
            }
            AssignmentTarget::StaticMemberExpression(member) if self.is_module_exports(member) => {
                let is_read = match right.get_inner_expression() {
                    Expression::ObjectExpression(object) => self.export_object(object),
                    // It replaces the exports, and has no handler.
                    other => Signature::of(other).is_some(),
                };
                self.understood += usize::from(is_read);
            }
            _ => {}
        }
        walk::walk_assignment_expression(self, assignment);
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        // `Object.defineProperty(exports, "__esModule", { value: true })`
        if let Expression::StaticMemberExpression(callee) = &call.callee
            && callee.property.name == "defineProperty"
            && self.is_global(&callee.object, "Object")
            && let [
                Argument::Identifier(target),
                Argument::StringLiteral(name),
                ..,
            ] = call.arguments.as_slice()
            && target.name == "exports"
        {
            self.understood += 1;
            self.push(&name.value, Exported::Unknown, call.span.start);
        }
        walk::walk_call_expression(self, call);
    }

    fn visit_export_declaration(&mut self, export: &ExportDeclaration<'a>) {
        match &export.declaration {
            Declaration::FunctionDeclaration(function) => {
                if let Some(name) = &function.id {
                    let exported = Exported::Variable(name.symbol_id());
                    self.push(&name.name, exported, export.span.start);
                }
            }
            Declaration::VariableDeclaration(variables) => {
                for declarator in &variables.declarations {
                    match (&declarator.id, &declarator.init) {
                        (BindingPattern::BindingIdentifier(name), Some(value)) => {
                            self.export(&name.name, value, declarator.span.start);
                        }
                        _ => self.has_others = true,
                    }
                }
            }
            _ => {}
        }
        walk::walk_export_declaration(self, export);
    }

    fn visit_export_named_declaration(&mut self, export: &ExportNamedDeclaration<'a>) {
        for specifier in &export.specifiers {
            let exported = match &specifier.local {
                ModuleExportName::IdentifierReference(local) => {
                    symbol(self.scoping, local).map_or(Exported::Unknown, Exported::Variable)
                }
                _ => Exported::Unknown,
            };
            self.push(&specifier.exported.name(), exported, specifier.span().start);
        }
    }

    fn visit_export_from_declaration(&mut self, export: &ExportFromDeclaration<'a>) {
        for specifier in &export.specifiers {
            let name = specifier.exported.name();
            self.push(&name, Exported::Unknown, specifier.span().start);
        }
    }

    fn visit_export_default_declaration(&mut self, export: &ExportDefaultDeclaration<'a>) {
        self.push("default", Exported::Unknown, export.span.start);
        walk::walk_export_default_declaration(self, export);
    }

    fn visit_export_all_declaration(&mut self, _: &ExportAllDeclaration<'a>) {
        self.has_others = true;
    }

    fn visit_ts_export_assignment(&mut self, _: &TSExportAssignment<'a>) {
        self.has_others = true;
    }
}
