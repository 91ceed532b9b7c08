//! Where the two engines point: the place that V8 names for an expression, and the one by which QuickJS leads to it.

use oxc::ast::ast::{ChainElement, Expression};
use oxc::span::GetSpan;

/// Where V8 points for a value: at the last property of a chain, else at its beginning.
pub(super) fn place_of(expression: &Expression<'_>) -> u32 {
    match expression.get_inner_expression() {
        Expression::StaticMemberExpression(member) => member.property.span.start,
        other => other.span().start,
    }
}

/// Where V8 points for a call: at the called name, or at the bracket behind what has no name.
pub(super) fn place_of_callee(callee: &Expression<'_>) -> u32 {
    match callee {
        Expression::Identifier(name) => name.span.start,
        Expression::StaticMemberExpression(member) => member.property.span.start,
        Expression::ChainExpression(chain) => match &chain.expression {
            ChainElement::StaticMemberExpression(member) => member.property.span.start,
            _ => chain.span.end,
        },
        Expression::SequenceExpression(_) | Expression::ParenthesizedExpression(_) => {
            callee.span().start
        }
        other => other.span().end,
    }
}

/// Where QuickJS points for `(0, module.name)(…)`: at the name.
pub(super) fn anchor_of_callee(callee: &Expression<'_>) -> Option<u32> {
    let Expression::ParenthesizedExpression(inner) = callee else {
        return None;
    };
    let Expression::SequenceExpression(list) = &inner.expression else {
        return None;
    };
    list.expressions.last().map(place_of)
}

/// The name of a computed property, if it is written out.
pub(super) fn literal_name(key: &Expression<'_>) -> String {
    match key {
        Expression::StringLiteral(name) => name.value.as_str().to_owned(),
        Expression::NumericLiteral(number) => number.value.to_string(),
        _ => String::new(),
    }
}

pub(super) fn last_name<'e>(expression: &'e Expression<'_>) -> &'e str {
    match expression {
        Expression::Identifier(name) => name.name.as_str(),
        Expression::StaticMemberExpression(member) => member.property.name.as_str(),
        _ => "",
    }
}
