//! The walk that finds the functions of a text, and the names that V8 gives to those without one.

use oxc::ast::ast::{
    ArrowFunctionExpression, AssignmentExpression, AssignmentTarget, Expression, Function,
};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::ScopeFlags;
use oxc::span::{GetSpan, Span};

/// So many links of a chain are part of a name.
const MOST_LINKS: usize = 16;

/// Collects functions.
#[derive(Default)]
pub(super) struct Collector {
    pub(super) functions: Vec<(Span, Option<String>)>,
    /// The name that the function at this byte offset is assigned to.
    name: Option<(u32, String)>,
}

impl Collector {
    fn function(&mut self, span: Span) {
        let name = self
            .name
            .take_if(|(start, _)| *start == span.start)
            .map(|(_, name)| name);
        self.functions.push((span, name));
    }
}

/// `exports.onExecutePostLogin`; nothing for what is no plain chain of names.
fn chain(expression: &Expression<'_>, links: usize) -> Option<String> {
    match expression {
        Expression::Identifier(name) => Some(name.name.to_string()),
        Expression::ThisExpression(_) => Some("this".to_owned()),
        Expression::StaticMemberExpression(member) if links > 0 => {
            let object = chain(&member.object, links - 1)?;
            Some(format!("{object}.{}", member.property.name))
        }
        _ => None,
    }
}

impl<'a> Visit<'a> for Collector {
    fn visit_function(&mut self, function: &Function<'a>, flags: ScopeFlags) {
        self.function(function.span);
        walk::walk_function(self, function, flags);
    }

    fn visit_arrow_function_expression(&mut self, arrow: &ArrowFunctionExpression<'a>) {
        self.function(arrow.span);
        walk::walk_arrow_function_expression(self, arrow);
    }

    fn visit_assignment_expression(&mut self, assignment: &AssignmentExpression<'a>) {
        if let AssignmentTarget::StaticMemberExpression(member) = &assignment.left
            && let Some(object) = chain(&member.object, MOST_LINKS)
        {
            let target = format!("{object}.{}", member.property.name);
            self.name = Some((assignment.right.span().start, target));
        }
        walk::walk_assignment_expression(self, assignment);
    }
}
