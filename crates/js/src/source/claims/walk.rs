//! The walk that keeps the conditions around each place.

use oxc::allocator::Vec as ArenaVec;
use oxc::ast::ast::{
    ArrowFunctionExpression, AssignmentExpression, BreakStatement, CallExpression,
    ConditionalExpression, ContinueStatement, DoWhileStatement, Expression, ForInStatement,
    ForOfStatement, ForStatement, Function, IfStatement, LabeledStatement, LogicalExpression,
    LogicalOperator, NewExpression, ReturnStatement, Statement, StaticMemberExpression,
    SwitchStatement, TryStatement, WhileStatement,
};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::ScopeFlags;
use oxc::span::{GetSpan, Span};

use super::conditions::{Finder, Target, TargetKind, Try};
use super::routes::Jump;

impl<'a> Visit<'a> for Finder<'_> {
    fn visit_statements(&mut self, statements: &ArenaVec<'a, Statement<'a>>) {
        let outer = self.guards.len();
        for statement in statements {
            self.visit_statement(statement);
            let guard = self.guard_after(statement);
            self.guards.extend(guard);
        }
        self.guards.truncate(outer);
    }

    fn visit_statement(&mut self, statement: &Statement<'a>) {
        let start = statement.span().start;
        let outer = std::mem::replace(&mut self.statement, start);
        self.statements.push(start);
        walk::walk_statement(self, statement);
        self.statement = outer;
    }

    fn visit_if_statement(&mut self, choice: &IfStatement<'a>) {
        self.visit_expression(&choice.test);
        self.under(self.make.test(&choice.test, true), |finder| {
            finder.visit_statement(&choice.consequent);
        });
        if let Some(other) = &choice.alternate {
            self.under(self.make.test(&choice.test, false), |finder| {
                finder.visit_statement(other);
            });
        }
    }

    fn visit_conditional_expression(&mut self, choice: &ConditionalExpression<'a>) {
        self.visit_expression(&choice.test);
        self.under(self.make.test(&choice.test, true), |finder| {
            finder.visit_expression(&choice.consequent);
        });
        self.under(self.make.test(&choice.test, false), |finder| {
            finder.visit_expression(&choice.alternate);
        });
    }

    fn visit_logical_expression(&mut self, logical: &LogicalExpression<'a>) {
        self.visit_expression(&logical.left);
        let guard = match logical.operator {
            LogicalOperator::And => self.make.test(&logical.left, true),
            LogicalOperator::Or => self.make.test(&logical.left, false),
            LogicalOperator::Coalesce => self.make.missing(&logical.left),
        };
        self.under(guard, |finder| finder.visit_expression(&logical.right));
    }

    fn visit_switch_statement(&mut self, switch: &SwitchStatement<'a>) {
        self.visit_expression(&switch.discriminant);
        self.targets.push(Target {
            span: switch.span,
            kind: TargetKind::Switch,
        });
        for (number, case) in switch.cases.iter().enumerate() {
            if let Some(test) = &case.test {
                self.visit_expression(test);
            }
            let depth = self.guards.len();
            let guard = self.make.case(switch, number);
            self.guards.extend(guard);
            self.visit_statements(&case.consequent);
            self.guards.truncate(depth);
        }
        self.targets.pop();
    }

    fn visit_try_statement(&mut self, attempt: &TryStatement<'a>) {
        let (block, start) = (attempt.block.span, attempt.span.start);
        if let Some(clause) = &attempt.handler {
            self.inside.push(self.tries.len());
            self.tries.push(Try {
                block,
                clause: clause.span.start,
                body: clause.body.span.start,
            });
            self.visit_block_statement(&attempt.block);
            self.inside.pop();
            self.under(self.make.caught(clause, block, start, true), |finder| {
                finder.visit_block_statement(&clause.body);
            });
        } else {
            self.visit_block_statement(&attempt.block);
        }
        if let Some(always) = &attempt.finalizer {
            self.visit_block_statement(always);
        }
    }

    fn visit_while_statement(&mut self, statement: &WhileStatement<'a>) {
        self.visit_expression(&statement.test);
        self.under(self.make.test(&statement.test, true), |finder| {
            finder.body(&statement.body);
        });
    }

    fn visit_do_while_statement(&mut self, statement: &DoWhileStatement<'a>) {
        self.body(&statement.body);
        self.visit_expression(&statement.test);
    }

    fn visit_for_statement(&mut self, statement: &ForStatement<'a>) {
        if let Some(init) = &statement.init {
            self.visit_for_statement_init(init);
        }
        let depth = self.guards.len();
        if let Some(test) = &statement.test {
            self.visit_expression(test);
            let guard = self.make.test(test, true);
            self.guards.push(guard);
        }
        if let Some(update) = &statement.update {
            self.visit_expression(update);
        }
        self.body(&statement.body);
        self.guards.truncate(depth);
    }

    fn visit_for_in_statement(&mut self, statement: &ForInStatement<'a>) {
        self.visit_expression(&statement.right);
        let guard = self.make.elements(&statement.right, statement.body.span());
        self.under(guard, |finder| finder.body(&statement.body));
    }

    fn visit_for_of_statement(&mut self, statement: &ForOfStatement<'a>) {
        self.visit_expression(&statement.right);
        let guard = self.make.elements(&statement.right, statement.body.span());
        self.under(guard, |finder| finder.body(&statement.body));
    }

    fn visit_return_statement(&mut self, statement: &ReturnStatement<'a>) {
        let function = self.functions.last().copied().unwrap_or_default();
        self.returns.push((function, statement.span.start));
        walk::walk_return_statement(self, statement);
    }

    fn visit_break_statement(&mut self, statement: &BreakStatement<'a>) {
        let label = statement.label.as_ref().map(|label| label.name.as_str());
        self.jump(statement.span.start, label, false);
    }

    fn visit_continue_statement(&mut self, statement: &ContinueStatement<'a>) {
        let label = statement.label.as_ref().map(|label| label.name.as_str());
        self.jump(statement.span.start, label, true);
    }

    fn visit_labeled_statement(&mut self, statement: &LabeledStatement<'a>) {
        let label = statement.label.name.to_string();
        self.inside(statement.span, TargetKind::Label(label), |finder| {
            walk::walk_labeled_statement(finder, statement);
        });
    }

    fn visit_function(&mut self, function: &Function<'a>, flags: ScopeFlags) {
        self.function(function.span.start, false, |finder| {
            walk::walk_function(finder, function, flags);
        });
    }

    fn visit_arrow_function_expression(&mut self, arrow: &ArrowFunctionExpression<'a>) {
        self.function(arrow.span.start, true, |finder| {
            walk::walk_arrow_function_expression(finder, arrow);
        });
    }

    fn visit_new_expression(&mut self, new: &NewExpression<'a>) {
        if let Some(constructor) = self.helpers.constructed(new, self.this()) {
            self.keep_way(constructor, &new.arguments, new.span.start);
        }
        walk::walk_new_expression(self, new);
    }

    fn visit_static_member_expression(&mut self, member: &StaticMemberExpression<'a>) {
        let name = member.property.name.as_str();
        if self.helpers.has_method(name) {
            let this = self.this();
            match self.helpers.getter(&member.object, name, this) {
                Some(getter) => self.keep_way(getter, &[], member.span.start),
                None if self.is_unknown(&member.object) => {
                    let count = self.calls.of_unknown.entry(name.to_owned());
                    *count.or_default() += 1;
                }
                None => {}
            }
        }
        walk::walk_static_member_expression(self, member);
    }

    fn visit_assignment_expression(&mut self, assignment: &AssignmentExpression<'a>) {
        for setting in self.resolver.claims_of_assignment(assignment) {
            self.keep(setting);
        }
        walk::walk_assignment_expression(self, assignment);
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        for setting in self.resolver.claims_of_call(call) {
            self.keep(setting);
        }
        // `roles.forEach((role) => …)` calls its function when there are roles.
        let list = match call.callee.get_inner_expression() {
            Expression::StaticMemberExpression(member) => Some(member.object.span()),
            _ => None,
        };
        let guard = list.and_then(|list| self.make.callback(call, list, self.statement));
        self.keep_call(call);
        self.visit_expression(&call.callee);
        let depth = self.guards.len();
        self.guards.extend(guard);
        for argument in &call.arguments {
            self.visit_argument(argument);
        }
        self.guards.truncate(depth);
    }
}

impl Finder<'_> {
    /// Walks the body of a loop.
    fn body(&mut self, body: &Statement<'_>) {
        self.inside(body.span(), TargetKind::Loop, |finder| {
            finder.visit_statement(body);
        });
    }

    fn inside(&mut self, span: Span, kind: TargetKind, walk: impl FnOnce(&mut Self)) {
        self.targets.push(Target { span, kind });
        walk(self);
        self.targets.pop();
    }

    /// Keeps a `break` or a `continue`: what follows it in the statement that it leaves is not reached.
    fn jump(&mut self, at: u32, label: Option<&str>, continues: bool) {
        let mut targets = self.targets.iter().rev();
        let target = targets.find(|target| match (&target.kind, label) {
            (TargetKind::Label(known), Some(label)) => known == label,
            (TargetKind::Loop, None) => true,
            (TargetKind::Switch, None) => !continues,
            _ => false,
        });
        if let Some(target) = target {
            let from = target.span;
            let function = self.functions.last().copied().unwrap_or_default();
            self.jumps.push(Jump { at, from, function });
        }
    }

    /// Whether a method of this object may be one of the source: it is neither a known type nor the vendor's.
    fn is_unknown(&self, object: &Expression<'_>) -> bool {
        let this = self.this();
        self.helpers.type_of(object, this).is_none()
            && !matches!(object, Expression::Super(_))
            && self.resolver.path(object).is_none()
    }
}
