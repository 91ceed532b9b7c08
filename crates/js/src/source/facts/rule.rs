//! The facts that only a Rule has.

use oxc::ast::ast::{Expression, IdentifierReference};
use oxc::ast_visit::Visit;
use oxc::span::GetSpan;

use super::RuleFacts;
use crate::source::resolve::Resolver;
use crate::source::rule::function;
use crate::text::Text;

pub(super) fn of(text: &Text<'_>, resolver: &Resolver<'_>) -> RuleFacts {
    let parameters = resolver
        .rule
        .as_ref()
        .map(|rule| rule.parameters.as_slice());
    let parameters = parameters.unwrap_or_default();
    let function = function(text.program()).map(Expression::get_inner_expression);
    let has_rest = match function {
        Some(Expression::FunctionExpression(function)) => function.params.rest.is_some(),
        Some(Expression::ArrowFunctionExpression(arrow)) => arrow.params.rest.is_some(),
        _ => false,
    };
    let is_mentioned = match parameters.get(2).map(Vec::as_slice) {
        Some([callback]) if !callback.is_part() => {
            let scoping = resolver.scoping;
            !scoping
                .get_resolved_reference_ids(callback.symbol)
                .is_empty()
        }
        // It is taken apart, which no Rule does with a function.
        Some(_) => true,
        None => has_rest,
    };
    let mut arguments = Arguments {
        resolver,
        are_named: false,
    };
    arguments.visit_program(text.program());
    RuleFacts {
        location: text.place(function.map_or(0, |function| function.span().start)),
        parameters: parameters.len(),
        mentions_callback: is_mentioned || arguments.are_named,
    }
}

/// Looks for `arguments`, and for `eval`, which may name anything.
struct Arguments<'r> {
    resolver: &'r Resolver<'r>,
    are_named: bool,
}

impl<'a> Visit<'a> for Arguments<'_> {
    fn visit_identifier_reference(&mut self, name: &IdentifierReference<'a>) {
        self.are_named |= matches!(name.name.as_str(), "arguments" | "eval")
            && self.resolver.symbol(name).is_none();
    }
}
