//! The text of an expression as far as it can be read off: its known parts, with anything between them.

use std::collections::{HashMap, HashSet};

use oxc::ast::ast::{
    BinaryOperator, BindingPattern, Expression, ObjectPropertyKind, VariableDeclarator,
};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::{Scoping, SymbolId};

use super::paths::{is_assigned_once, symbol};

/// The longest text that is put together, in bytes. Names of claims and modules are far shorter, and constants of constants
/// double with each line.
const LONGEST: usize = 1024;

/// A string as far as it can be read off: its known parts, and what is between each two of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::source) struct Pieces {
    /// The known parts.
    pub(in crate::source) parts: Vec<String>,
    /// The values between two parts: that of a variable, or `None` for anything. One fewer than the parts.
    pub(in crate::source) gaps: Vec<Option<SymbolId>>,
}

impl Pieces {
    /// A known string.
    pub(in crate::source) fn known(text: impl Into<String>) -> Self {
        Self {
            parts: vec![text.into()],
            gaps: Vec::new(),
        }
    }

    /// Any string.
    pub(in crate::source) fn anything() -> Self {
        Self {
            parts: vec![String::new(), String::new()],
            gaps: vec![None],
        }
    }

    /// Returns the string with the values of some variables put in: what a helper makes of its arguments.
    pub(in crate::source) fn with(&self, value: impl Fn(SymbolId) -> Option<Pieces>) -> Self {
        let mut whole = Self::known("");
        let mut parts = self.parts.iter();
        whole.append(parts.next().map_or("", String::as_str));
        for (gap, part) in self.gaps.iter().zip(parts) {
            match gap.and_then(&value) {
                Some(value) => whole.extend(&value),
                None => whole.open(*gap),
            }
            whole.append(part);
        }
        let bytes: usize = whole.parts.iter().map(|part| part.len() + 1).sum();
        match bytes <= LONGEST {
            true => whole,
            false => Self::anything(),
        }
    }

    fn extend(&mut self, other: &Pieces) {
        let mut parts = other.parts.iter();
        self.append(parts.next().map_or("", String::as_str));
        for (gap, part) in other.gaps.iter().zip(parts) {
            self.open(*gap);
            self.append(part);
        }
    }

    fn append(&mut self, text: &str) {
        if let Some(last) = self.parts.last_mut() {
            last.push_str(text);
        }
    }

    /// Adds something unknown. Two of them without anything between them are one.
    fn open(&mut self, gap: Option<SymbolId>) {
        let follows_another =
            self.parts.len() > 1 && self.parts.last().is_some_and(String::is_empty);
        match self.gaps.last_mut().filter(|_| follows_another) {
            Some(last) => *last = None,
            None => {
                self.parts.push(String::new());
                self.gaps.push(gap);
            }
        }
    }
}

/// The texts of the variables that always have the same.
pub(in crate::source) struct Constants<'s> {
    scoping: &'s Scoping,
    /// Each with whether it is a string; else it is a number, of which only a string makes a text.
    values: HashMap<SymbolId, (String, bool)>,
    /// Variables that always have a value that is written out, of any type.
    literals: HashSet<SymbolId>,
}

impl<'s> Constants<'s> {
    pub(super) fn new(scoping: &'s Scoping) -> Self {
        Self {
            scoping,
            values: HashMap::new(),
            literals: HashSet::new(),
        }
    }

    /// Returns the string that an expression always is: literals, constants of literals, and both put together. `None` as well
    /// above [`LONGEST`] bytes.
    pub(in crate::source) fn string(&self, expression: &Expression<'_>) -> Option<String> {
        match self.read(expression) {
            (mut pieces, true) if pieces.parts.len() == 1 => pieces.parts.pop(),
            _ => None,
        }
    }

    /// Returns what is known of an expression's string; nothing of one above [`LONGEST`] bytes.
    pub(in crate::source) fn pieces(&self, expression: &Expression<'_>) -> Pieces {
        self.read(expression).0
    }

    /// Whether an expression is made of literals alone, or of variables that are.
    pub(in crate::source) fn is_literal(&self, expression: &Expression<'_>) -> bool {
        match expression.get_inner_expression() {
            Expression::Identifier(name) => match symbol(self.scoping, name) {
                Some(symbol) => {
                    self.literals.contains(&symbol) || self.values.contains_key(&symbol)
                }
                None => matches!(name.name.as_str(), "undefined" | "NaN" | "Infinity"),
            },
            Expression::UnaryExpression(unary) => self.is_literal(&unary.argument),
            Expression::BinaryExpression(both) => {
                self.is_literal(&both.left) && self.is_literal(&both.right)
            }
            Expression::TemplateLiteral(template) => {
                template.expressions.iter().all(|it| self.is_literal(it))
            }
            Expression::ArrayExpression(array) => array
                .elements
                .iter()
                .all(|it| it.as_expression().is_some_and(|it| self.is_literal(it))),
            Expression::ObjectExpression(object) => {
                object.properties.iter().all(|property| match property {
                    ObjectPropertyKind::ObjectProperty(property) => {
                        !property.computed && self.is_literal(&property.value)
                    }
                    ObjectPropertyKind::SpreadProperty(_) => false,
                })
            }
            other => other.is_literal(),
        }
    }

    fn read(&self, expression: &Expression<'_>) -> (Pieces, bool) {
        let mut text = Text {
            constants: self,
            pieces: Pieces::known(""),
            bytes: 0,
        };
        match text.add(expression) {
            Some(is_string) => (text.pieces, is_string),
            None => (Pieces::anything(), false),
        }
    }
}

impl<'a> Visit<'a> for Constants<'_> {
    fn visit_variable_declarator(&mut self, declarator: &VariableDeclarator<'a>) {
        if let BindingPattern::BindingIdentifier(name) = &declarator.id
            && let Some(value) = &declarator.init
            && is_assigned_once(self.scoping, name.symbol_id())
        {
            let (mut pieces, is_string) = self.read(value);
            if pieces.parts.len() == 1
                && let Some(text) = pieces.parts.pop()
            {
                self.values.insert(name.symbol_id(), (text, is_string));
            }
            // Members of an object or an array may be given another value.
            let is_plain = !matches!(
                value.get_inner_expression(),
                Expression::ObjectExpression(_) | Expression::ArrayExpression(_)
            );
            if is_plain && self.is_literal(value) {
                self.literals.insert(name.symbol_id());
            }
        }
        walk::walk_variable_declarator(self, declarator);
    }
}

/// A text that is being put together.
struct Text<'n> {
    constants: &'n Constants<'n>,
    pieces: Pieces,
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
                    None => self.unknown(symbol),
                }
            }
            Expression::BinaryExpression(sum) if sum.operator == BinaryOperator::Addition => {
                let parts = &self.pieces.parts;
                let before = (parts.len(), parts.last().map_or(0, String::len));
                let left = self.add(&sum.left)?;
                let right = self.add(&sum.right)?;
                if left || right {
                    return Some(true);
                }
                // Numbers are added up.
                self.pieces.parts.truncate(before.0);
                self.pieces.gaps.truncate(before.0 - 1);
                if let Some(last) = self.pieces.parts.last_mut() {
                    last.truncate(before.1);
                }
                self.unknown(None)
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
            _ => self.unknown(None),
        }
    }

    fn known(&mut self, text: &str, is_string: bool) -> Option<bool> {
        self.bytes += text.len();
        (self.bytes <= LONGEST).then(|| self.pieces.append(text))?;
        Some(is_string)
    }

    /// Between two parts may be anything: a variable's value, if it is one.
    fn unknown(&mut self, variable: Option<SymbolId>) -> Option<bool> {
        self.bytes += 1;
        self.pieces.open(variable);
        (self.bytes <= LONGEST).then_some(false)
    }
}
