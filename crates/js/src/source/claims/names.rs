//! The name of a claim as far as it can be read off: its known parts, with anything between them.

use std::collections::HashMap;

use oxc::ast::ast::{BinaryOperator, Expression};
use oxc::semantic::{Scoping, SymbolId};

use super::conditions::symbol;
use crate::source::facts::functions::LONGEST_CONSTANT;

/// A name with nothing known of it.
fn unknown() -> Vec<String> {
    vec![String::new(), String::new()]
}

/// The parts of an expression's text. `constants` are the variables whose text is known. Nothing is known of a name
/// above [`LONGEST_CONSTANT`] bytes: constants of constants double with each line.
pub(super) fn parts(
    expression: &Expression<'_>,
    scoping: &Scoping,
    constants: &HashMap<SymbolId, Vec<String>>,
) -> Vec<String> {
    let mut name = Name {
        scoping,
        constants,
        parts: vec![String::new()],
        bytes: 0,
    };
    match name.add(expression) {
        Some(()) => name.parts,
        None => unknown(),
    }
}

/// A name that is being put together.
struct Name<'n> {
    scoping: &'n Scoping,
    constants: &'n HashMap<SymbolId, Vec<String>>,
    parts: Vec<String>,
    bytes: usize,
}

impl Name<'_> {
    /// Adds what an expression's text is; `None` when the name is too long.
    fn add(&mut self, expression: &Expression<'_>) -> Option<()> {
        match expression.get_inner_expression() {
            Expression::StringLiteral(text) => self.text(&text.value),
            Expression::NumericLiteral(number) => self.text(&number.value.to_string()),
            Expression::Identifier(name) => {
                let known = symbol(self.scoping, name).and_then(|it| self.constants.get(&it));
                match known.map(Vec::as_slice) {
                    Some([text]) => self.text(text),
                    _ => self.anything(),
                }
            }
            Expression::BinaryExpression(sum) if sum.operator == BinaryOperator::Addition => {
                self.add(&sum.left)?;
                self.add(&sum.right)
            }
            Expression::TemplateLiteral(template) => {
                let mut values = template.expressions.iter();
                for quasi in &template.quasis {
                    self.text(quasi.value.cooked.as_ref().map_or("", |text| text.as_str()))?;
                    if let Some(value) = values.next() {
                        self.add(value)?;
                    }
                }
                Some(())
            }
            _ => self.anything(),
        }
    }

    fn text(&mut self, text: &str) -> Option<()> {
        self.bytes += text.len();
        let last = self.parts.last_mut()?;
        (self.bytes <= LONGEST_CONSTANT).then(|| last.push_str(text))
    }

    /// Between two parts may stand anything.
    fn anything(&mut self) -> Option<()> {
        self.bytes += 1;
        // Two unknown parts without anything between them are one.
        let is_new =
            self.parts.len() == 1 || self.parts.last().is_some_and(|last| !last.is_empty());
        if is_new {
            self.parts.push(String::new());
        }
        (self.bytes <= LONGEST_CONSTANT).then_some(())
    }
}
