//! Writes counters into a text.
//!
//! A program behaves as before: a counter is a statement of its own, or before a comma in
//! parentheses. Nothing is put where it would give a function another name, and no function becomes another kind of function.
//! Where conditions are followed, the values that decide them go through a function that returns them as they are.

mod values;
mod walk;

use std::collections::HashMap;

use oxc::ast::ast::{ArrowFunctionBody, Declaration, Expression, FunctionBody, Statement};
use oxc::ast_visit::Visit;
use oxc::span::{GetSpan, Span};

use super::Detail;
use super::points::{Kind, Point};
use crate::source::edits::Edits;
use crate::source::mapping::Segment;
use crate::source::rule;
use crate::text::{self, Text};
use values::Value;

/// Returns the text with counters, the way back, and what the counters count; `None` for a text that does not parse. `mark` is
/// what the messages of the counters begin with.
pub(super) fn instrument(
    file: &str,
    source: &str,
    mark: &str,
    detail: Detail,
) -> Option<(String, Vec<Segment>, Vec<Point>)> {
    let written = Text::read(file, source, |text| {
        if text.is_refused() {
            return None;
        }
        let mut writer = Writer::new(text, source, mark, detail);
        match text.kind() {
            text::Kind::Action => writer.visit_program(text.program()),
            text::Kind::Rule => writer.rule(rule::function(text.program())?),
        }
        let (code, segments) = writer.edits.apply(source);
        Some((code, segments, writer.points))
    });
    written.flatten()
}

struct Writer<'w> {
    text: &'w Text<'w>,
    mark: &'w str,
    edits: Edits,
    points: Vec<Point>,
    forks: usize,
    /// The counting function: a name that the text does not have.
    counter: String,
    /// The name that the function at an offset is assigned to.
    names: HashMap<u32, String>,
    detail: Detail,
    /// The values that decide conditions and have no counter yet.
    values: HashMap<Span, Value>,
}

impl<'w> Writer<'w> {
    fn new(text: &'w Text<'w>, source: &str, mark: &'w str, detail: Detail) -> Self {
        let mut counter = "__covered".to_owned();
        while source.contains(&counter) {
            counter.push('_');
        }
        Self {
            text,
            mark,
            edits: Edits::default(),
            points: Vec::new(),
            forks: 0,
            counter,
            names: HashMap::new(),
            detail,
            values: HashMap::new(),
        }
    }

    /// A call of the counter of a new point.
    fn count(&mut self, kind: Kind, offset: u32) -> String {
        let number = self.points.len();
        let offset = self.text.offset(offset);
        self.points.push(Point { kind, offset });
        format!("{}({number})", self.counter)
    }

    fn insert(&mut self, offset: u32, text: impl Into<String>) {
        self.edits.insert(self.text.offset(offset), text);
    }

    fn fork(&mut self) -> usize {
        self.forks += 1;
        self.forks
    }

    /// The counting function: it prints the first time that it is called with a number.
    fn prologue(&self) -> String {
        let mark: String = self.mark.escape_default().collect();
        let mark = mark.replace("\\u{1}", "\\u0001");
        let counter = &self.counter;
        let counting = match self.detail {
            Detail::Coverage => "return(at)=>{",
            Detail::Conditions => values::COUNTING,
        };
        // An Action may have a `console` of its own, or one that is not there yet.
        format!(
            "const {counter}=((get,seen)=>{{let print;try{{print=get();}}catch{{}}{counting}if(seen[at])return;seen[at]=1;\
             if(typeof print===\"function\")print(\"{mark}\"+at);}};}})(()=>console.log,[]);"
        )
    }

    fn statements(&mut self, statements: &[Statement<'_>]) {
        for statement in statements {
            if is_counted(statement) {
                let start = statement.span().start;
                let count = self.count(Kind::Statement, start);
                self.insert(start, format!("{count};"));
            }
            self.visit_statement(statement);
        }
    }

    /// The body of a branch or a loop: in braces, if it has none.
    fn body(&mut self, body: &Statement<'_>, way: Option<usize>) {
        let span = body.span();
        let way = match (way, self.detail) {
            (Some(fork), _) => self.count(Kind::Way { fork }, span.start) + ";",
            (None, Detail::Conditions) => self.count(Kind::Entry, span.start) + ";",
            (None, Detail::Coverage) => String::new(),
        };
        match body {
            Statement::BlockStatement(block) => {
                self.insert(span.start + 1, way);
                self.statements(&block.body);
            }
            // In sloppy code a function may stand here, and is not only seen in the block.
            Statement::FunctionDeclaration(_) => self.visit_statement(body),
            _ => {
                let count = if is_counted(body) {
                    self.count(Kind::Statement, span.start) + ";"
                } else {
                    String::new()
                };
                self.insert(span.start, format!("{{{way}{count}"));
                self.visit_statement(body);
                self.insert(span.end, "}");
            }
        }
    }

    /// An operand that is reached on one of several ways.
    fn operand(&mut self, operand: &Expression<'_>, fork: usize) {
        let Span { start, end, .. } = operand.span();
        let count = self.count(Kind::Way { fork }, start);
        self.insert(start, format!("({count},"));
        self.visit_expression(operand);
        self.insert(end, ")");
    }

    fn name(&mut self, value: &Expression<'_>, name: &str) {
        self.names.insert(value.span().start, name.to_owned());
    }

    /// The counter of a function.
    fn function(&mut self, start: u32, own: Option<&str>) -> String {
        let given = self.names.get(&start).cloned();
        let name = own.map(str::to_owned).or(given);
        let name = name.unwrap_or_else(|| format!("(anonymous_{})", self.points.len()));
        self.count(Kind::Function { name }, start)
    }

    /// A Rule is one function and nothing else, so the counting function is in it. Its parameters are not counted: their defaults
    /// come before it.
    fn rule(&mut self, function: &Expression<'_>) {
        let (start, body) = match function.get_inner_expression() {
            Expression::FunctionExpression(function) => {
                (function.span.start, function.body.as_deref())
            }
            Expression::ArrowFunctionExpression(arrow) => match &arrow.body {
                ArrowFunctionBody::FunctionBody(body) => (arrow.span.start, Some(&**body)),
                body => {
                    if let Some(expression) = body.as_expression() {
                        self.rule_of_expression(arrow.span.start, expression);
                    }
                    return;
                }
            },
            _ => return,
        };
        let count = self.function(start, Some("rule"));
        if let Some(body) = body {
            let count = format!("{}{count}", self.prologue());
            self.function_body(&count, body);
        }
    }

    /// `(user, context, callback) => callback(…)`
    fn rule_of_expression(&mut self, function: u32, expression: &Expression<'_>) {
        let count = self.function(function, Some("rule"));
        let Span { start, end, .. } = expression.span();
        let statement = self.count(Kind::Statement, start);
        let prologue = self.prologue();
        self.insert(start, format!("{{{prologue}{count};{statement};return "));
        self.visit_expression(expression);
        self.insert(end, "}");
    }

    fn function_body(&mut self, count: &str, body: &FunctionBody<'_>) {
        let last = body.directives.last().map(|last| last.span);
        // A directive may end with its line.
        let is_open = last.is_some_and(|last| !self.text.part(last).ends_with(';'));
        let separator = if is_open { ";" } else { "" };
        let after = last.map_or(body.span.start + 1, |last| last.end);
        self.insert(after, format!("{separator}{count};"));
        self.statements(&body.statements);
    }
}

fn is_counted(statement: &Statement<'_>) -> bool {
    let of_declaration = |declaration: &Declaration<'_>| match declaration {
        Declaration::VariableDeclaration(variables) => !variables.declare,
        Declaration::ClassDeclaration(class) => !class.declare,
        _ => false,
    };
    match statement {
        Statement::BlockStatement(_) | Statement::EmptyStatement(_) => false,
        Statement::ExportDeclaration(export) => of_declaration(&export.declaration),
        Statement::ExportDefaultDeclaration(_) => true,
        _ if statement.as_module_declaration().is_some() => false,
        _ => match statement.as_declaration() {
            Some(declaration) => of_declaration(declaration),
            None => true,
        },
    }
}
