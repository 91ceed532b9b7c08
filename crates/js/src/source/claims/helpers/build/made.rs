//! The walk that learns what variables, fields and results are made of.

use oxc::ast::ast::{
    ArrowFunctionExpression, AssignmentExpression, AssignmentTarget, Class, ClassElement,
    Expression, Function, ReturnStatement, VariableDeclarator,
};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::ScopeFlags;

use super::{body_of, key_of};
use crate::source::claims::helpers::{Helpers, TypeId};
use crate::source::resolve::functions::Signature;
use crate::source::resolve::paths::is_assigned_once;

/// Learns the types of variables, fields and results.
pub(super) struct Made<'h, 's> {
    pub(super) helpers: &'h mut Helpers<'s>,
    /// The type of `this` in each of the functions around.
    pub(super) this: Vec<Option<TypeId>>,
    /// Where the functions around begin.
    pub(super) functions: Vec<u32>,
}

impl Made<'_, '_> {
    fn this(&self) -> Option<TypeId> {
        self.this.last().copied().flatten()
    }

    fn type_of(&self, expression: &Expression<'_>) -> Option<TypeId> {
        self.helpers.type_of(expression, self.this())
    }

    fn returns(&mut self, value: &Expression<'_>) {
        if let (Some(function), Some(made)) = (self.functions.last(), self.type_of(value)) {
            self.helpers.returned.insert(*function, made);
        }
    }

    fn inside(&mut self, start: u32, this: Option<TypeId>, walk: impl FnOnce(&mut Self)) {
        self.functions.push(start);
        self.this.push(this);
        walk(self);
        self.this.pop();
        self.functions.pop();
    }
}

impl<'a> Visit<'a> for Made<'_, '_> {
    fn visit_function(&mut self, function: &Function<'a>, flags: ScopeFlags) {
        let start = function.span.start;
        let this = self.helpers.this_in(start);
        self.inside(start, this, |made| {
            walk::walk_function(made, function, flags)
        });
    }

    fn visit_arrow_function_expression(&mut self, arrow: &ArrowFunctionExpression<'a>) {
        let start = arrow.span.start;
        let this = self.helpers.this_in(start).or_else(|| self.this());
        self.inside(start, this, |made| {
            if let Some(value) = body_of(arrow) {
                made.returns(value);
            }
            walk::walk_arrow_function_expression(made, arrow);
        });
    }

    fn visit_return_statement(&mut self, statement: &ReturnStatement<'a>) {
        if let Some(value) = &statement.argument {
            self.returns(value);
        }
        walk::walk_return_statement(self, statement);
    }

    fn visit_variable_declarator(&mut self, declarator: &VariableDeclarator<'a>) {
        if let Some(name) = declarator.id.get_binding_identifier()
            && let Some(value) = &declarator.init
            && is_assigned_once(self.helpers.resolver.scoping, name.symbol_id())
            && let Some(made) = self.type_of(value)
        {
            self.helpers.variables.insert(name.symbol_id(), made);
        }
        walk::walk_variable_declarator(self, declarator);
    }

    fn visit_class(&mut self, class: &Class<'a>) {
        let made = self.helpers.written.get(&class.span.start).copied();
        let instance = made.and_then(|made| self.helpers.types.get(made)?.instance);
        for element in &class.body.body {
            if let ClassElement::PropertyDefinition(field) = element
                && let (Some(key), Some(value)) = (key_of(&field.key), &field.value)
                && let Some(owner) = if field.r#static { made } else { instance }
                && let Some(value) = self.type_of(value)
                && let Some(member) = self.helpers.member(owner, &key)
            {
                member.value = Some(value);
            }
        }
        walk::walk_class(self, class);
    }

    fn visit_assignment_expression(&mut self, assignment: &AssignmentExpression<'a>) {
        let (object, key) = match &assignment.left {
            AssignmentTarget::StaticMemberExpression(it) => {
                (Some(&it.object), it.property.name.to_string())
            }
            AssignmentTarget::PrivateFieldExpression(it) => {
                (Some(&it.object), format!("#{}", it.field.name))
            }
            _ => (None, String::new()),
        };
        if let Some(owner) = object.and_then(|object| self.type_of(object)) {
            match self.type_of(&assignment.right) {
                Some(value) => {
                    if let Some(member) = self.helpers.member(owner, &key) {
                        member.value = Some(value);
                    }
                }
                None if Signature::of(&assignment.right).is_some() => {
                    self.helpers.put(owner, &key, &assignment.right, false);
                }
                None => {}
            }
        }
        walk::walk_assignment_expression(self, assignment);
    }
}
