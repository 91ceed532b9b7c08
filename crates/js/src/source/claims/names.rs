//! The name of a claim as far as it can be read off: its known parts, with anything between them.

use std::collections::HashMap;

use oxc::ast::ast::{BinaryOperator, Expression};
use oxc::semantic::{Scoping, SymbolId};

use super::conditions::symbol;

/// A name with nothing known of it.
fn unknown() -> Vec<String> {
    vec![String::new(), String::new()]
}

/// The parts of an expression's text. `constants` are the variables whose text is known.
pub(super) fn parts(
    expression: &Expression<'_>,
    scoping: &Scoping,
    constants: &HashMap<SymbolId, Vec<String>>,
) -> Vec<String> {
    match expression.get_inner_expression() {
        Expression::StringLiteral(text) => vec![text.value.as_str().to_owned()],
        Expression::NumericLiteral(number) => vec![number.value.to_string()],
        Expression::Identifier(name) => symbol(scoping, name)
            .and_then(|symbol| constants.get(&symbol))
            .cloned()
            .unwrap_or_else(unknown),
        Expression::BinaryExpression(sum) if sum.operator == BinaryOperator::Addition => {
            let left = parts(&sum.left, scoping, constants);
            join(left, parts(&sum.right, scoping, constants))
        }
        Expression::TemplateLiteral(template) => {
            let mut joined = vec![String::new()];
            for (index, quasi) in template.quasis.iter().enumerate() {
                let text = quasi.value.cooked.as_ref().map_or("", |text| text.as_str());
                joined = join(joined, vec![text.to_owned()]);
                if let Some(expression) = template.expressions.get(index) {
                    joined = join(joined, parts(expression, scoping, constants));
                }
            }
            joined
        }
        _ => unknown(),
    }
}

/// One text behind the other.
fn join(mut left: Vec<String>, right: Vec<String>) -> Vec<String> {
    let mut right = right.into_iter();
    if let (Some(last), Some(first)) = (left.last_mut(), right.next()) {
        last.push_str(&first);
    }
    left.extend(right);
    left
}
