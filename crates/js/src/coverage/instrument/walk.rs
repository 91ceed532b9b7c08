//! The walk through a text that writes a counter at each of its places.

use oxc::ast::ast::{
    ArrowFunctionBody, ArrowFunctionExpression, AssignmentExpression, BindingPattern,
    BlockStatement, CallExpression, CatchClause, ConditionalExpression, DoWhileStatement,
    Expression, ForInStatement, ForOfStatement, ForStatement, Function, IfStatement,
    LogicalExpression, LogicalOperator, MethodDefinition, ObjectProperty, Program, Statement,
    StaticBlock, SwitchStatement, VariableDeclarator, WhileStatement,
};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::ScopeFlags;
use oxc::span::{GetSpan, Span};

use super::Writer;
use super::values::Value;
use crate::coverage::Detail;
use crate::coverage::points::Kind;

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
