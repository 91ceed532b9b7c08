//! Writes counters into a text.
//!
//! A program behaves as before: a counter is a statement of its own, or before a comma in
//! parentheses. Nothing is put where it would give a function another name, and no function becomes another kind of function.
//! Where conditions are followed, the values that decide them go through a function that returns them as they are.

mod values;

use std::collections::HashMap;

use oxc::ast::ast::{
    ArrowFunctionBody, ArrowFunctionExpression, AssignmentExpression, BindingPattern,
    BlockStatement, CallExpression, CatchClause, ConditionalExpression, Declaration,
    DoWhileStatement, Expression, ForInStatement, ForOfStatement, ForStatement, Function,
    FunctionBody, IfStatement, LogicalExpression, LogicalOperator, MethodDefinition,
    ObjectProperty, Program, Statement, StaticBlock, SwitchStatement, VariableDeclarator,
    WhileStatement,
};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::ScopeFlags;
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

impl<'a> Visit<'a> for Writer<'_> {
    fn visit_program(&mut self, program: &Program<'a>) {
        let after = program.directives.last().map_or(0, |last| last.span.end);
        let separator = if after > 0 { ";" } else { "" };
        self.insert(after, format!("{separator}{}", self.prologue()));
        self.statements(&program.body);
    }

    fn visit_block_statement(&mut self, block: &BlockStatement<'a>) {
        self.statements(&block.body);
    }

    fn visit_static_block(&mut self, block: &StaticBlock<'a>) {
        self.statements(&block.body);
    }

    fn visit_function(&mut self, function: &Function<'a>, flags: ScopeFlags) {
        let Some(body) = &function.body else { return };
        let own = function.id.as_ref().map(|name| name.name.as_str());
        let count = self.function(function.span.start, own);
        self.visit_formal_parameters(&function.params);
        let _ = flags;
        self.function_body(&count, body);
    }

    fn visit_arrow_function_expression(&mut self, arrow: &ArrowFunctionExpression<'a>) {
        let count = self.function(arrow.span.start, None);
        self.visit_formal_parameters(&arrow.params);
        match &arrow.body {
            ArrowFunctionBody::FunctionBody(body) => self.function_body(&count, body),
            body => {
                let Some(expression) = body.as_expression() else {
                    return;
                };
                let Span { start, end, .. } = expression.span();
                let statement = self.count(Kind::Statement, start);
                self.insert(start, format!("({count},{statement},"));
                self.visit_expression(expression);
                self.insert(end, ")");
            }
        }
    }

    fn visit_if_statement(&mut self, statement: &IfStatement<'a>) {
        let fork = self.fork();
        self.test(&statement.test);
        self.visit_expression(&statement.test);
        self.body(&statement.consequent, Some(fork));
        match &statement.alternate {
            Some(alternate) => self.body(alternate, Some(fork)),
            None if matches!(statement.consequent, Statement::FunctionDeclaration(_)) => {}
            None => {
                let count = self.count(Kind::Way { fork }, statement.span.start);
                self.insert(statement.span.end, format!("else{{{count};}}"));
            }
        }
    }

    fn visit_switch_statement(&mut self, statement: &SwitchStatement<'a>) {
        self.value(&statement.discriminant, Value::Truth);
        self.visit_expression(&statement.discriminant);
        let fork = self.fork();
        for case in &statement.cases {
            if let Some(test) = &case.test {
                self.visit_expression(test);
            }
            let first = case.consequent.first();
            let at = first.map_or(case.span.end, |first| first.span().start);
            let count = self.count(Kind::Way { fork }, case.span.start);
            self.insert(at, format!("{count};"));
            self.statements(&case.consequent);
        }
    }

    fn visit_conditional_expression(&mut self, conditional: &ConditionalExpression<'a>) {
        self.test(&conditional.test);
        self.visit_expression(&conditional.test);
        let fork = self.fork();
        self.operand(&conditional.consequent, fork);
        self.operand(&conditional.alternate, fork);
    }

    fn visit_logical_expression(&mut self, logical: &LogicalExpression<'a>) {
        match logical.operator {
            LogicalOperator::Coalesce => self.value(&logical.left, Value::Presence),
            LogicalOperator::And | LogicalOperator::Or => self.test(&logical.left),
        }
        self.visit_expression(&logical.left);
        let fork = self.fork();
        self.operand(&logical.right, fork);
    }

    fn visit_for_statement(&mut self, statement: &ForStatement<'a>) {
        if let Some(init) = &statement.init {
            self.visit_for_statement_init(init);
        }
        if let Some(test) = &statement.test {
            self.test(test);
        }
        for part in [&statement.test, &statement.update].into_iter().flatten() {
            self.visit_expression(part);
        }
        self.body(&statement.body, None);
    }

    fn visit_for_in_statement(&mut self, statement: &ForInStatement<'a>) {
        self.value(&statement.right, Value::Truth);
        self.visit_for_statement_left(&statement.left);
        self.visit_expression(&statement.right);
        self.body(&statement.body, None);
    }

    fn visit_for_of_statement(&mut self, statement: &ForOfStatement<'a>) {
        self.value(&statement.right, Value::Truth);
        self.visit_for_statement_left(&statement.left);
        self.visit_expression(&statement.right);
        self.body(&statement.body, None);
    }

    fn visit_while_statement(&mut self, statement: &WhileStatement<'a>) {
        self.test(&statement.test);
        self.visit_expression(&statement.test);
        self.body(&statement.body, None);
    }

    fn visit_do_while_statement(&mut self, statement: &DoWhileStatement<'a>) {
        self.body(&statement.body, None);
        self.visit_expression(&statement.test);
    }

    fn visit_catch_clause(&mut self, clause: &CatchClause<'a>) {
        if let Some(parameter) = &clause.param {
            self.visit_catch_parameter(parameter);
        }
        if self.detail == Detail::Conditions {
            let start = clause.body.span.start;
            let count = self.count(Kind::Entry, start);
            self.insert(start + 1, format!("{count};"));
        }
        self.visit_block_statement(&clause.body);
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        self.callbacks(call);
        walk::walk_call_expression(self, call);
    }

    fn visit_expression(&mut self, expression: &Expression<'a>) {
        let span = expression.span();
        let value = self.values.remove(&span);
        if let Some(value) = value {
            self.begin_value(span, value);
        }
        walk::walk_expression(self, expression);
        if value.is_some() {
            self.insert(span.end, "))");
        }
    }

    fn visit_variable_declarator(&mut self, declarator: &VariableDeclarator<'a>) {
        if let (BindingPattern::BindingIdentifier(name), Some(value)) =
            (&declarator.id, &declarator.init)
        {
            self.name(value, &name.name);
        }
        walk::walk_variable_declarator(self, declarator);
    }

    fn visit_assignment_expression(&mut self, assignment: &AssignmentExpression<'a>) {
        let member = assignment.left.as_member_expression();
        if let Some(name) = member.and_then(|member| member.static_property_name()) {
            self.name(&assignment.right, name);
        }
        walk::walk_assignment_expression(self, assignment);
    }

    fn visit_object_property(&mut self, property: &ObjectProperty<'a>) {
        if let Some(name) = property.key.static_name() {
            self.name(&property.value, &name);
        }
        walk::walk_object_property(self, property);
    }

    fn visit_method_definition(&mut self, method: &MethodDefinition<'a>) {
        if let Some(name) = method.key.static_name() {
            self.names
                .insert(method.value.span.start, name.into_owned());
        }
        walk::walk_method_definition(self, method);
    }
}
