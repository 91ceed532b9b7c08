//! Expressions as V8 writes them in its messages.

use oxc::ast::ast::{Argument, ChainElement, Expression, StaticMemberExpression};

/// So many parts of an expression are written, from its end: each link of a chain is an expression of its own, and all of
/// them in full would be more text than the chain has squared.
const MOST_PARTS: usize = 64;
/// The longest name or literal that is written in full, in bytes.
const LONGEST_PART: usize = 200;

/// `api.idToken.setClaim`, `o[k]`, `f(...)`; `(intermediate value)` for what has no short form.
pub(super) fn expression(value: &Expression<'_>) -> String {
    Printer { left: MOST_PARTS }.expression(value)
}

struct Printer {
    left: usize,
}

impl Printer {
    fn expression(&mut self, value: &Expression<'_>) -> String {
        let Some(left) = self.left.checked_sub(1) else {
            return INTERMEDIATE.to_owned();
        };
        self.left = left;
        match value {
            Expression::Identifier(name) => short(&name.name),
            Expression::ThisExpression(_) => "this".to_owned(),
            Expression::Super(_) => "super".to_owned(),
            Expression::NullLiteral(_) => "null".to_owned(),
            Expression::BooleanLiteral(literal) => literal.value.to_string(),
            Expression::NumericLiteral(literal) => literal.value.to_string(),
            Expression::StringLiteral(literal) => format!("\"{}\"", short(&literal.value)),
            Expression::ParenthesizedExpression(inner) => self.expression(&inner.expression),
            Expression::StaticMemberExpression(member) => self.member(member),
            Expression::ComputedMemberExpression(member) => {
                // The key first: it is written whole where the object may be left out.
                let key = match &member.expression {
                    Expression::StringLiteral(name) => format!(".{}", short(&name.value)),
                    key => format!("[{}]", self.expression(key)),
                };
                format!("{}{key}", self.expression(&member.object))
            }
            Expression::CallExpression(call) => {
                format!("{}(...)", self.expression(&call.callee))
            }
            Expression::ChainExpression(chain) => match &chain.expression {
                ChainElement::CallExpression(call) => {
                    format!("{}(...)", self.expression(&call.callee))
                }
                ChainElement::StaticMemberExpression(member) => self.member(member),
                _ => INTERMEDIATE.to_owned(),
            },
            Expression::ObjectExpression(object) if object.properties.is_empty() => "{}".to_owned(),
            // `(0 , axios_1.get)`: how a call of an import is rewritten, by `tsc` as well.
            Expression::SequenceExpression(list) if list.expressions.len() <= MOST_PARTS => {
                let items = list.expressions.iter();
                let items: Vec<_> = items.map(|item| self.expression(item)).collect();
                format!("({})", items.join(" , "))
            }
            _ => INTERMEDIATE.to_owned(),
        }
    }

    fn member(&mut self, member: &StaticMemberExpression<'_>) -> String {
        let dot = if member.optional { "?." } else { "." };
        let object = self.expression(&member.object);
        format!("{object}{dot}{}", short(&member.property.name))
    }
}

/// A name or literal, with a mark when it is not written in full.
fn short(text: &str) -> String {
    match text.len() > LONGEST_PART {
        true => {
            let begin = text.get(..text.floor_char_boundary(LONGEST_PART));
            format!("{}…", begin.unwrap_or_default())
        }
        false => text.to_owned(),
    }
}

/// The value of an argument where it can be read off; `undefined` for a missing one.
pub(super) fn argument(argument: Option<&Argument<'_>>) -> Option<String> {
    match argument {
        None => Some("undefined".to_owned()),
        Some(Argument::Identifier(name)) if name.name == "undefined" => {
            Some("undefined".to_owned())
        }
        Some(Argument::StringLiteral(literal)) => Some(short(&literal.value)),
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
