//! The value of an expression, without any state.

use std::fmt::Write as _;
use std::path::Path;
use std::rc::Rc;

use hcl_edit::Span;
use hcl_edit::expr::{BinaryOperator, Expression, ForExpr, ObjectKey, UnaryOperator};
use hcl_edit::template::{Directive, Element, Template};
use serde_json::{Map, Value, json};

use super::budget::Budget;
use super::{Module, functions};
use crate::Error;

/// Why an expression has no value here, with its place.
#[derive(Debug, Clone)]
pub(super) struct Stop {
    pub(super) why: String,
    shown: String,
    place: (u32, u32),
}

impl Stop {
    /// A remark about something that is resolved.
    pub(super) fn remark(&self, what: &str) -> Error {
        let (line, column) = self.place;
        Error::new(format!("{what}: {}", self.why))
            .in_file(&self.shown)
            .at(line, column)
    }

    /// The notice that something could not be resolved.
    pub(super) fn about(&self, what: &str) -> Error {
        self.remark(&format!("{what} is not resolved"))
    }
}

/// So deep may values refer to each other.
const DEEPEST: usize = 24;

/// Why nothing is evaluated any more.
const TOO_MUCH: &str = "it refers to too much";

/// The values of names.
#[derive(Clone)]
pub(super) struct Scope<'m> {
    pub(super) modules: &'m [Module],
    pub(super) module: usize,
    pub(super) file: usize,
    /// The folder of the configuration that Terraform is started in.
    pub(super) root: &'m Path,
    pub(super) budget: &'m Budget,
    /// `each`, `count`, iterators and variables of `for`, innermost last.
    pub(super) names: Vec<(String, Rc<Value>)>,
    depth: usize,
}

pub(super) type Evaluated = Result<Value, Stop>;

impl<'m> Scope<'m> {
    pub(super) fn new(
        modules: &'m [Module],
        module: usize,
        file: usize,
        root: &'m Path,
        budget: &'m Budget,
    ) -> Self {
        Self {
            modules,
            module,
            file,
            root,
            budget,
            names: Vec::new(),
            depth: 0,
        }
    }

    pub(super) fn with(&self, name: &str, value: Value) -> Self {
        let mut scope = self.clone();
        scope.names.push((name.to_owned(), Rc::new(value)));
        scope
    }

    pub(super) fn with_each(&self, key: &str, value: Value) -> Self {
        self.with("each", json!({ "key": key, "value": value }))
    }

    pub(super) fn own(&self) -> Option<&'m Module> {
        self.modules.get(self.module)
    }

    /// The scope of something that is written elsewhere.
    pub(super) fn elsewhere(&self, module: usize, file: usize) -> Self {
        Self {
            module,
            file,
            names: Vec::new(),
            depth: self.depth + 1,
            ..self.clone()
        }
    }

    /// The scope of another part of the same block.
    pub(super) fn in_file(&self, file: usize) -> Self {
        Self {
            file,
            ..self.clone()
        }
    }

    pub(super) fn is_too_deep(&self) -> bool {
        self.depth > DEEPEST
    }

    pub(super) fn stop(&self, expression: &Expression, why: impl Into<String>) -> Stop {
        let at = expression.span().map_or(0, |span| span.start);
        self.stop_at(at, why)
    }

    pub(super) fn stop_at(&self, at: usize, why: impl Into<String>) -> Stop {
        let file = self.own().and_then(|module| module.files.get(self.file));
        Stop {
            why: why.into(),
            shown: file.map_or_else(String::new, |file| file.shown.clone()),
            place: file.map_or((1, 1), |file| file.place(at)),
        }
    }

    /// The scope of a template, which is an expression of its own.
    pub(super) fn deeper(&self) -> Self {
        Self {
            depth: self.depth + 1,
            ..self.clone()
        }
    }

    /// Refuses what the budget has no room for.
    pub(super) fn afford(&self, expression: &Expression, has_room: bool) -> Result<(), Stop> {
        match has_room {
            true => Ok(()),
            false => Err(self.stop(expression, TOO_MUCH)),
        }
    }

    /// Returns the value of an expression.
    pub(super) fn value(&self, expression: &Expression) -> Evaluated {
        if self.is_too_deep() {
            return Err(self.stop(expression, TOO_MUCH));
        }
        self.afford(expression, self.budget.step())?;
        let value = self.unmetered(expression)?;
        self.afford(expression, self.budget.value(&value))?;
        Ok(value)
    }

    fn unmetered(&self, expression: &Expression) -> Evaluated {
        match expression {
            Expression::Null(_) => Ok(Value::Null),
            Expression::Bool(value) => Ok(Value::Bool(**value)),
            Expression::Number(number) => Ok(match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => whole.into(),
                (None, float) => float.map_or(Value::Null, Value::from),
            }),
            Expression::String(text) => self.text(expression, text.as_str()),
            Expression::Array(items) => {
                let items = items.iter().map(|item| self.value(item));
                items.collect::<Result<_, _>>().map(Value::Array)
            }
            Expression::Object(members) => {
                let mut object = Map::new();
                for (key, value) in members.iter() {
                    let key = match key {
                        ObjectKey::Ident(ident) => ident.as_str().to_owned(),
                        ObjectKey::Expression(key) => text_of(&self.value(key)?),
                    };
                    object.insert(key, self.value(value.expr())?);
                }
                Ok(Value::Object(object))
            }
            Expression::StringTemplate(template) => {
                let elements: Vec<&Element> = template.iter().collect();
                // A template with one interpolation is that value, whatever its type.
                if let [Element::Interpolation(only)] = elements.as_slice() {
                    return self.value(&only.expr);
                }
                self.template(expression, elements.into_iter())
            }
            Expression::HeredocTemplate(heredoc) => {
                self.template(expression, heredoc.template.iter())
            }
            Expression::Parenthesis(inner) => self.value(inner.inner()),
            Expression::Variable(name) => self.named(expression, name.as_str()),
            Expression::Conditional(conditional) => {
                match self.value(&conditional.cond_expr)?.as_bool() {
                    Some(true) => self.value(&conditional.true_expr),
                    Some(false) => self.value(&conditional.false_expr),
                    None => Err(self.stop(expression, "its condition is not true or false")),
                }
            }
            Expression::FuncCall(call) => functions::call(self, expression, call),
            Expression::Traversal(traversal) => self.traversal(expression, traversal),
            Expression::UnaryOp(operation) => {
                let value = self.value(&operation.expr)?;
                match (*operation.operator, value.as_bool(), value.as_f64()) {
                    (UnaryOperator::Not, Some(value), _) => Ok(Value::Bool(!value)),
                    (UnaryOperator::Neg, _, Some(value)) => Ok(json!(-value)),
                    _ => Err(self.stop(expression, "its operand has another type")),
                }
            }
            Expression::BinaryOp(operation) => {
                let left = self.value(&operation.lhs_expr)?;
                let right = self.value(&operation.rhs_expr)?;
                binary(*operation.operator, &left, &right)
                    .ok_or_else(|| self.stop(expression, "its operands have other types"))
            }
            Expression::ForExpr(each) => self.each(expression, each),
        }
    }

    /// Returns a text, if there is room for it.
    pub(super) fn text(&self, expression: &Expression, text: &str) -> Evaluated {
        if !self.budget.text(text.len()) {
            return Err(self.stop(expression, "it makes too long a text"));
        }
        Ok(Value::String(text.to_owned()))
    }

    fn template<'e>(
        &self,
        expression: &Expression,
        elements: impl Iterator<Item = &'e Element>,
    ) -> Evaluated {
        let mut text = String::new();
        self.elements(expression, elements, &mut text)?;
        Ok(Value::String(text))
    }

    /// Returns the text of a template that is in a file of its own.
    pub(super) fn filled(&self, expression: &Expression, template: &Template) -> Evaluated {
        self.template(expression, template.iter())
    }

    fn elements<'e>(
        &self,
        expression: &Expression,
        elements: impl Iterator<Item = &'e Element>,
        text: &mut String,
    ) -> Result<(), Stop> {
        for element in elements {
            match element {
                Element::Literal(literal) => {
                    self.text(expression, literal.as_str())?;
                    text.push_str(literal.as_str());
                }
                Element::Interpolation(inner) => {
                    let value = text_of(&self.value(&inner.expr)?);
                    self.text(expression, &value)?;
                    text.push_str(&value);
                }
                Element::Directive(directive) => match directive.as_ref() {
                    Directive::If(branch) => {
                        let condition = self.value(&branch.if_expr.cond_expr)?;
                        let chosen = match condition.as_bool() {
                            Some(true) => Some(&branch.if_expr.template),
                            _ => branch.else_expr.as_ref().map(|branch| &branch.template),
                        };
                        if let Some(template) = chosen {
                            self.elements(expression, template.iter(), text)?;
                        }
                    }
                    Directive::For(_) => {
                        let why = "loops in templates are not evaluated here";
                        return Err(self.stop(expression, why));
                    }
                },
            }
        }
        Ok(())
    }

    pub(super) fn named(&self, expression: &Expression, name: &str) -> Evaluated {
        let mut names = self.names.iter().rev();
        match names.find(|(known, _)| known == name) {
            Some((_, value)) => {
                self.afford(expression, self.budget.value(value))?;
                Ok(Value::clone(value))
            }
            None => Err(self.stop(expression, format!("`{name}` is unknown"))),
        }
    }

    fn each(&self, expression: &Expression, each: &ForExpr) -> Evaluated {
        let items: Vec<(Value, Value)> = match self.value(&each.intro.collection_expr)? {
            Value::Array(items) => {
                let numbered = items.into_iter().enumerate();
                numbered.map(|(index, item)| (json!(index), item)).collect()
            }
            Value::Object(members) => {
                let members = members.into_iter();
                members.map(|(key, value)| (key.into(), value)).collect()
            }
            _ => return Err(self.stop(expression, "`for` needs a list or an object")),
        };
        let (mut list, mut object) = (Vec::new(), Map::new());
        for (key, value) in items {
            let mut scope = self.with(each.intro.value_var.as_str(), value);
            if let Some(name) = &each.intro.key_var {
                scope = scope.with(name.as_str(), key);
            }
            if let Some(condition) = &each.cond
                && scope.value(&condition.expr)? != Value::Bool(true)
            {
                continue;
            }
            let value = scope.value(&each.value_expr)?;
            match &each.key_expr {
                Some(key) => drop(object.insert(text_of(&scope.value(key)?), value)),
                None => list.push(value),
            }
        }
        Ok(match each.key_expr {
            Some(_) => Value::Object(object),
            None => Value::Array(list),
        })
    }
}

fn binary(operator: BinaryOperator, left: &Value, right: &Value) -> Option<Value> {
    use BinaryOperator as Op;
    let numbers = || Some((left.as_f64()?, right.as_f64()?));
    // Terraform prints whole numbers without a point; above 9e15 a float no longer has every whole number.
    let number = |value: f64| match value.fract() == 0.0 && value.abs() < 9e15 {
        true => json!(value as i64),
        false => json!(value),
    };
    Some(match operator {
        Op::Eq => Value::Bool(left == right),
        Op::NotEq => Value::Bool(left != right),
        Op::And => Value::Bool(left.as_bool()? && right.as_bool()?),
        Op::Or => Value::Bool(left.as_bool()? || right.as_bool()?),
        Op::Less => Value::Bool(numbers()?.0 < numbers()?.1),
        Op::LessEq => Value::Bool(numbers()?.0 <= numbers()?.1),
        Op::Greater => Value::Bool(numbers()?.0 > numbers()?.1),
        Op::GreaterEq => Value::Bool(numbers()?.0 >= numbers()?.1),
        Op::Plus => number(numbers()?.0 + numbers()?.1),
        Op::Minus => number(numbers()?.0 - numbers()?.1),
        Op::Mul => number(numbers()?.0 * numbers()?.1),
        Op::Div => number(numbers()?.0 / numbers()?.1),
        Op::Mod => number(numbers()?.0 % numbers()?.1),
    })
}

/// A value as templates write it.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => {
            let mut text = String::new();
            // Writing to a String does not fail.
            let _ = write!(text, "{other}");
            text
        }
    }
}
