//! Expressions as V8 writes them in its messages.

use oxc::ast::ast::{Argument, ChainElement, Expression};

/// `api.idToken.setClaim`, `o[k]`, `f(...)`; `(intermediate value)` for what has no short form.
pub(super) fn expression(value: &Expression<'_>) -> String {
    match value {
        Expression::Identifier(name) => name.name.as_str().to_owned(),
        Expression::ThisExpression(_) => "this".to_owned(),
        Expression::Super(_) => "super".to_owned(),
        Expression::NullLiteral(_) => "null".to_owned(),
        Expression::BooleanLiteral(literal) => literal.value.to_string(),
        Expression::NumericLiteral(literal) => literal.value.to_string(),
        Expression::StringLiteral(literal) => format!("\"{}\"", literal.value),
        Expression::ParenthesizedExpression(inner) => expression(&inner.expression),
        Expression::StaticMemberExpression(member) => {
            let dot = if member.optional { "?." } else { "." };
            format!(
                "{}{dot}{}",
                expression(&member.object),
                member.property.name
            )
        }
        Expression::ComputedMemberExpression(member) => {
            let object = expression(&member.object);
            match &member.expression {
                Expression::StringLiteral(name) => format!("{object}.{}", name.value),
                key => format!("{object}[{}]", expression(key)),
            }
        }
        Expression::CallExpression(call) => format!("{}(...)", expression(&call.callee)),
        Expression::ChainExpression(chain) => match &chain.expression {
            ChainElement::CallExpression(call) => format!("{}(...)", expression(&call.callee)),
            ChainElement::StaticMemberExpression(member) => {
                let dot = if member.optional { "?." } else { "." };
                format!(
                    "{}{dot}{}",
                    expression(&member.object),
                    member.property.name
                )
            }
            _ => INTERMEDIATE.to_owned(),
        },
        Expression::ObjectExpression(object) if object.properties.is_empty() => "{}".to_owned(),
        // `(0 , axios_1.get)`: how a call of an import is rewritten, by `tsc` as well.
        Expression::SequenceExpression(list) => {
            let items: Vec<_> = list.expressions.iter().map(expression).collect();
            format!("({})", items.join(" , "))
        }
        _ => INTERMEDIATE.to_owned(),
    }
}

/// The value of an argument where it can be read off; `undefined` for a missing one.
pub(super) fn argument(argument: Option<&Argument<'_>>) -> Option<String> {
    match argument {
        None => Some("undefined".to_owned()),
        Some(Argument::Identifier(name)) if name.name == "undefined" => {
            Some("undefined".to_owned())
        }
        Some(Argument::StringLiteral(literal)) => Some(literal.value.as_str().to_owned()),
        Some(Argument::NumericLiteral(literal)) => Some(literal.value.to_string()),
        Some(Argument::NullLiteral(_)) => Some("null".to_owned()),
        Some(Argument::BooleanLiteral(literal)) => Some(literal.value.to_string()),
        Some(Argument::UnaryExpression(unary)) => match &unary.argument {
            Expression::NumericLiteral(literal) => Some(format!("-{}", literal.value)),
            _ => None,
        },
        Some(_) => None,
    }
}

const INTERMEDIATE: &str = "(intermediate value)";
