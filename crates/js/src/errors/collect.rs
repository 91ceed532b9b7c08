//! The walk that finds the [`Site`]s of a text.

use std::collections::HashMap;

use oxc::ast::ast::{
    Argument, ArrayExpressionElement, ArrowFunctionExpression, AssignmentExpression,
    AssignmentTarget, AssignmentTargetProperty, BinaryExpression, BindingPattern, BindingProperty,
    CallExpression, ComputedMemberExpression, Expression, ForOfStatement, FormalParameter,
    Function, NewExpression, ObjectPattern, PropertyKey, SimpleAssignmentTarget,
    StaticMemberExpression, TaggedTemplateExpression, UpdateExpression, VariableDeclarator,
};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::ScopeFlags;
use oxc::span::{GetSpan, Span};

use super::points::{anchor_of_callee, last_name, literal_name, place_of, place_of_callee};
use super::print;
use super::sites::{Kind, Site};
use crate::source::text::saturate;

/// Collects sites and functions.
pub(super) struct Collector<'c> {
    code: &'c str,
    pub(super) sites: Vec<Site>,
    pub(super) functions: Vec<(Span, Option<String>)>,
    /// What the function at this byte offset is assigned to.
    name: Option<(u32, String)>,
    /// Where the functions around begin, innermost last.
    within: Vec<usize>,
    /// The links of chains, by their span, that go through a call or `?.`, and those that do not.
    dotted: HashMap<(u32, u32), bool>,
}

impl<'c> Collector<'c> {
    pub(super) fn new(code: &'c str) -> Self {
        Self {
            code,
            sites: Vec::new(),
            functions: Vec::new(),
            name: None,
            within: Vec::new(),
            dotted: HashMap::new(),
        }
    }

    fn push(&mut self, kind: Kind, anchor: u32, place: u32, name: &str, text: String) {
        self.push_with(kind, anchor, place, name, text, None);
    }

    fn push_with(
        &mut self,
        kind: Kind,
        anchor: u32,
        place: u32,
        name: &str,
        text: String,
        argument: Option<String>,
    ) {
        let (anchor, place) = (anchor as usize, place as usize);
        self.sites.push(Site {
            kind,
            anchor,
            place,
            name: name.to_owned(),
            text,
            argument,
            within: self.within.last().copied(),
        });
    }

    fn call(&mut self, callee: &Expression<'_>, arguments: &[Argument<'_>]) {
        let place = place_of_callee(callee);
        let text = print::expression(callee);
        let argument = print::argument(arguments.first());
        self.push_with(
            Kind::Call,
            anchor_of_callee(callee).unwrap_or_else(|| place.saturating_sub(1)),
            place,
            last_name(callee),
            text,
            argument,
        );
        for argument in arguments {
            if let Argument::SpreadElement(spread) = argument {
                self.push(
                    Kind::Spread,
                    spread.argument.span().start,
                    place,
                    "",
                    print::expression(&spread.argument),
                );
            }
        }
    }

    fn function(&mut self, span: Span) {
        let name = self
            .name
            .take_if(|(start, _)| *start == span.start)
            .map(|(_, name)| name);
        self.functions.push((span, name));
        self.within.push(span.start as usize);
    }

    /// Where the operator of an assignment stands: the first character behind the target.
    fn operator(&self, target_end: u32) -> u32 {
        let rest = self.code.get(target_end as usize..).unwrap_or("");
        target_end + saturate(rest.len() - rest.trim_start().len())
    }

    /// Whether a chain goes through a call or `?.`: V8 then points at the dot and not at the name. The walk comes to each
    /// link of a chain, the last one first, so that what is known of a link is kept.
    fn points_at_dot(&mut self, object: &Expression<'_>) -> bool {
        let (inner, optional) = match object {
            Expression::CallExpression(_) | Expression::ChainExpression(_) => return true,
            Expression::StaticMemberExpression(member) => (&member.object, member.optional),
            Expression::ComputedMemberExpression(member) => (&member.object, member.optional),
            _ => return false,
        };
        let span = object.span();
        if let Some(known) = self.dotted.get(&(span.start, span.end)) {
            return *known;
        }
        let points = optional || self.points_at_dot(inner);
        self.dotted.insert((span.start, span.end), points);
        points
    }

    fn iterate(&mut self, value: &Expression<'_>) {
        self.push(
            Kind::Iterate,
            value.span().start,
            place_of(value),
            "",
            print::expression(value),
        );
    }

    fn destructure(&mut self, pattern: &ObjectPattern<'_>, value: Option<&Expression<'_>>) {
        let Some(first) = pattern.properties.first() else {
            return;
        };
        let PropertyKey::StaticIdentifier(key) = &first.key else {
            return;
        };
        // Whether the outer or the inner pattern failed is not told: then the name is empty.
        let is_nested = |property: &BindingProperty<'_>| {
            matches!(property.value, BindingPattern::ObjectPattern(_))
        };
        let name = if pattern.properties.iter().any(is_nested) {
            ""
        } else {
            key.name.as_str()
        };
        let text = value.map_or_else(|| "undefined".to_owned(), print::expression);
        self.push(
            Kind::Destructure,
            first.span.start,
            first.span.start,
            name,
            text,
        );
    }

    fn pattern(&mut self, pattern: &BindingPattern<'_>, value: Option<&Expression<'_>>) {
        match (pattern, value) {
            (BindingPattern::ObjectPattern(object), value) => self.destructure(object, value),
            (BindingPattern::ArrayPattern(_), Some(value)) => self.iterate(value),
            _ => {}
        }
    }
}

impl<'a> Visit<'a> for Collector<'_> {
    fn visit_function(&mut self, function: &Function<'a>, flags: ScopeFlags) {
        self.function(function.span);
        walk::walk_function(self, function, flags);
        self.within.pop();
    }

    fn visit_arrow_function_expression(&mut self, arrow: &ArrowFunctionExpression<'a>) {
        self.function(arrow.span);
        walk::walk_arrow_function_expression(self, arrow);
        self.within.pop();
    }

    fn visit_static_member_expression(&mut self, member: &StaticMemberExpression<'a>) {
        let start = member.span.start;
        let place = if self.points_at_dot(&member.object) {
            member.object.span().end
        } else {
            member.property.span.start
        };
        self.push(
            Kind::Member,
            start,
            place,
            member.property.name.as_str(),
            String::new(),
        );
        walk::walk_static_member_expression(self, member);
    }

    fn visit_computed_member_expression(&mut self, member: &ComputedMemberExpression<'a>) {
        let name = literal_name(&member.expression);
        let place = member.object.span().end;
        self.push(Kind::Member, member.span.start, place, &name, String::new());
        walk::walk_computed_member_expression(self, member);
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        self.call(&call.callee, &call.arguments);
        walk::walk_call_expression(self, call);
    }

    fn visit_tagged_template_expression(&mut self, template: &TaggedTemplateExpression<'a>) {
        self.call(&template.tag, &[]);
        if let Some(site) = self.sites.last_mut() {
            site.place = template.quasi.span.start as usize;
        }
        walk::walk_tagged_template_expression(self, template);
    }

    fn visit_new_expression(&mut self, new: &NewExpression<'a>) {
        let anchor = new.callee.span().start;
        let text = print::expression(&new.callee);
        let argument = print::argument(new.arguments.first());
        self.push_with(
            Kind::New,
            anchor,
            new.span.start,
            last_name(&new.callee),
            text,
            argument,
        );
        walk::walk_new_expression(self, new);
    }

    fn visit_for_of_statement(&mut self, statement: &ForOfStatement<'a>) {
        self.iterate(&statement.right);
        walk::walk_for_of_statement(self, statement);
    }

    fn visit_array_expression_element(&mut self, element: &ArrayExpressionElement<'a>) {
        if let ArrayExpressionElement::SpreadElement(spread) = element {
            self.iterate(&spread.argument);
        }
        walk::walk_array_expression_element(self, element);
    }

    fn visit_variable_declarator(&mut self, declarator: &VariableDeclarator<'a>) {
        if let Some(value) = &declarator.init {
            self.pattern(&declarator.id, Some(value));
        }
        walk::walk_variable_declarator(self, declarator);
    }

    fn visit_formal_parameter(&mut self, parameter: &FormalParameter<'a>) {
        self.pattern(&parameter.pattern, None);
        walk::walk_formal_parameter(self, parameter);
    }

    fn visit_assignment_expression(&mut self, assignment: &AssignmentExpression<'a>) {
        let (start, place) = (
            assignment.left.span().start,
            self.operator(assignment.left.span().end),
        );
        match &assignment.left {
            AssignmentTarget::AssignmentTargetIdentifier(name) => {
                self.push(
                    Kind::Assign,
                    start,
                    place,
                    name.name.as_str(),
                    String::new(),
                );
            }
            AssignmentTarget::StaticMemberExpression(member) => {
                let target = format!(
                    "{}.{}",
                    print::expression(&member.object),
                    member.property.name
                );
                self.name = Some((assignment.right.span().start, target));
                self.push(
                    Kind::Write,
                    start,
                    place,
                    member.property.name.as_str(),
                    String::new(),
                );
            }
            AssignmentTarget::ComputedMemberExpression(member) => {
                let name = literal_name(&member.expression);
                self.push(Kind::Write, start, place, &name, String::new());
            }
            AssignmentTarget::ObjectAssignmentTarget(object) => {
                if let Some(AssignmentTargetProperty::AssignmentTargetPropertyIdentifier(first)) =
                    object.properties.first()
                {
                    let (place, name) = (first.span.start, first.binding.name.as_str());
                    self.push(
                        Kind::Destructure,
                        place,
                        place,
                        name,
                        print::expression(&assignment.right),
                    );
                }
            }
            _ => {}
        }
        walk::walk_assignment_expression(self, assignment);
    }

    fn visit_update_expression(&mut self, update: &UpdateExpression<'a>) {
        if let SimpleAssignmentTarget::AssignmentTargetIdentifier(name) = &update.argument {
            let place = if update.prefix {
                update.span.start
            } else {
                name.span.end
            };
            self.push(
                Kind::Assign,
                name.span.start,
                place,
                name.name.as_str(),
                String::new(),
            );
        }
        walk::walk_update_expression(self, update);
    }

    fn visit_binary_expression(&mut self, binary: &BinaryExpression<'a>) {
        if binary.operator.is_in()
            && let Expression::StringLiteral(key) = &binary.left
        {
            let (start, place) = (
                binary.right.span().start,
                self.operator(binary.left.span().end),
            );
            self.push(
                Kind::In,
                start,
                place,
                key.value.as_str(),
                print::expression(&binary.right),
            );
        }
        walk::walk_binary_expression(self, binary);
    }
}
