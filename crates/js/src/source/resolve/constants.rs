//! The text of an expression as far as it can be read off: its known parts, with anything between them.

use std::collections::HashMap;

use oxc::ast::ast::{BinaryOperator, BindingPattern, Expression, VariableDeclarator};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::{Scoping, SymbolId};

use super::paths::{is_assigned_once, symbol};

/// The longest text that is put together, in bytes. Names of claims and modules are far shorter, and constants of constants
/// double with each line.
const LONGEST: usize = 1024;

/// The texts of the variables that always have the same.
pub(in crate::source) struct Constants<'s> {
    scoping: &'s Scoping,
    /// Each with whether it is a string; else it is a number, of which only a string makes a text.
    values: HashMap<SymbolId, (String, bool)>,
}

impl<'s> Constants<'s> {
    pub(super) fn new(scoping: &'s Scoping) -> Self {
        Self {
            scoping,
            values: HashMap::new(),
        }
    }

    /// Returns the string that an expression always is: literals, constants of literals, and both put together. `None` as well
    /// above [`LONGEST`] bytes.
    pub(in crate::source) fn string(&self, expression: &Expression<'_>) -> Option<String> {
        match self.read(expression) {
            (mut parts, true) if parts.len() == 1 => parts.pop(),
            _ => None,
        }
    }

    /// Returns the known parts of an expression's text; nothing is known of one above [`LONGEST`] bytes.
    pub(in crate::source) fn parts(&self, expression: &Expression<'_>) -> Vec<String> {
        self.read(expression).0
    }

    fn read(&self, expression: &Expression<'_>) -> (Vec<String>, bool) {
        let mut text = Text {
            constants: self,
            parts: vec![String::new()],
            bytes: 0,
        };
        match text.add(expression) {
            Some(is_string) => (text.parts, is_string),
            None => (vec![String::new(), String::new()], false),
        }
    }
}

impl<'a> Visit<'a> for Constants<'_> {
    fn visit_variable_declarator(&mut self, declarator: &VariableDeclarator<'a>) {
        if let BindingPattern::BindingIdentifier(name) = &declarator.id
            && let Some(value) = &declarator.init
            && is_assigned_once(self.scoping, name.symbol_id())
            && let (mut parts, is_string) = self.read(value)
            && parts.len() == 1
            && let Some(text) = parts.pop()
        {
            self.values.insert(name.symbol_id(), (text, is_string));
        }
        walk::walk_variable_declarator(self, declarator);
    }
}

/// A text that is being put together.
struct Text<'n> {
    constants: &'n Constants<'n>,
    parts: Vec<String>,
    bytes: usize,
}

impl Text<'_> {
    /// Adds what an expression's text is and returns whether it is a string; `None` when the text is too long.
    fn add(&mut self, expression: &Expression<'_>) -> Option<bool> {
        match expression.get_inner_expression() {
            Expression::StringLiteral(text) => self.known(&text.value, true),
            Expression::NumericLiteral(number) => self.known(&number.value.to_string(), false),
            Expression::Identifier(name) => {
                let symbol = symbol(self.constants.scoping, name);
                match symbol.and_then(|symbol| self.constants.values.get(&symbol)) {
                    Some((text, is_string)) => self.known(text, *is_string),
                    None => self.anything(),
                }
            }
            Expression::BinaryExpression(sum) if sum.operator == BinaryOperator::Addition => {
                let before = (self.parts.len(), self.parts.last().map_or(0, String::len));
                let left = self.add(&sum.left)?;
                let right = self.add(&sum.right)?;
                if left || right {
                    return Some(true);
                }
                // Numbers are added up.
                self.parts.truncate(before.0);
                if let Some(last) = self.parts.last_mut() {
                    last.truncate(before.1);
                }
                self.anything()
            }
            Expression::TemplateLiteral(template) => {
                let mut values = template.expressions.iter();
                for quasi in &template.quasis {
                    let text = quasi.value.cooked.as_ref();
                    self.known(text.map_or("", |text| text.as_str()), true)?;
                    if let Some(value) = values.next() {
                        self.add(value)?;
                    }
                }
                Some(true)
            }
            _ => self.anything(),
        }
    }

    fn known(&mut self, text: &str, is_string: bool) -> Option<bool> {
        self.bytes += text.len();
        let last = self.parts.last_mut()?;
        (self.bytes <= LONGEST).then(|| last.push_str(text))?;
        Some(is_string)
    }

    /// Between two parts may be anything.
    fn anything(&mut self) -> Option<bool> {
        self.bytes += 1;
        // Two unknown parts without anything between them are one.
        let is_new =
            self.parts.len() == 1 || self.parts.last().is_some_and(|last| !last.is_empty());
        if is_new {
            self.parts.push(String::new());
        }
        (self.bytes <= LONGEST).then_some(false)
    }
}
