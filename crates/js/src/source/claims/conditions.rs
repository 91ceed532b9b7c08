//! The conditions around a call.

use oxc::allocator::Vec as ArenaVec;
use oxc::ast::ast::{
    Argument, ArrowFunctionExpression, AssignmentExpression, CallExpression, ConditionalExpression,
    Expression, ForOfStatement, Function, IfStatement, LogicalExpression, LogicalOperator,
    Statement, SwitchStatement, WhileStatement,
};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::ScopeFlags;
use oxc::span::{GetSpan, Span};

use crate::source::resolve::Resolver;
use crate::source::resolve::claims::Setting;

/// So many conditions from the outside in, and from the inside out, are kept of a place.
const MOST_OF_EACH_END: usize = 12;
/// So many places are kept: more than an Action of 100 kB, the most that production stores, has.
const MOST_SITES: usize = 2500;

/// A condition around a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guard {
    pub(super) span: Span,
    pub(super) must_be: bool,
}

/// A call, or a Rule's assignment, that sets a claim.
pub(super) struct Site {
    pub(super) setting: Setting,
    /// The conditions around it from the outside in: the first, and the last.
    pub(super) guards: (Vec<Guard>, Vec<Guard>),
    /// The number between them.
    pub(super) omitted: usize,
}

/// Walks a text and finds what sets claims.
pub(super) struct Finder<'r> {
    resolver: &'r Resolver<'r>,
    guards: Vec<Guard>,
    pub(super) found: Vec<Site>,
    /// The number beyond [`MOST_SITES`].
    pub(super) omitted: usize,
}

impl<'r> Finder<'r> {
    pub(super) fn new(resolver: &'r Resolver<'r>) -> Self {
        Self {
            resolver,
            guards: Vec::new(),
            found: Vec::new(),
            omitted: 0,
        }
    }

    fn push(&mut self, condition: &Expression<'_>, must_be: bool) {
        self.guards.push(Guard {
            span: condition.span(),
            must_be,
        });
    }

    /// Walks what is reached only when a condition holds.
    fn under(&mut self, condition: &Expression<'_>, must_be: bool, walk: impl FnOnce(&mut Self)) {
        self.push(condition, must_be);
        walk(self);
        self.guards.pop();
    }

    fn keep(&mut self, setting: Setting) {
        if self.found.len() >= MOST_SITES {
            self.omitted += 1;
            return;
        }
        let all = self.guards.len();
        let outer = all.min(MOST_OF_EACH_END);
        let inner = (all - outer).min(MOST_OF_EACH_END);
        let outer = self.guards.get(..outer).unwrap_or_default();
        let inner = self.guards.get(all - inner..).unwrap_or_default();
        self.found.push(Site {
            setting,
            guards: (outer.to_vec(), inner.to_vec()),
            omitted: all - outer.len() - inner.len(),
        });
    }
}

impl<'a> Visit<'a> for Finder<'_> {
    fn visit_statements(&mut self, statements: &ArenaVec<'a, Statement<'a>>) {
        let outer = self.guards.len();
        for statement in statements {
            self.visit_statement(statement);
            // Behind `if (x) return;` stands only what is reached without x.
            if let Statement::IfStatement(choice) = statement {
                match (&choice.alternate, leaves(&choice.consequent)) {
                    (None, true) => self.push(&choice.test, false),
                    (Some(other), false) if leaves(other) => self.push(&choice.test, true),
                    _ => {}
                }
            }
        }
        self.guards.truncate(outer);
    }

    fn visit_if_statement(&mut self, choice: &IfStatement<'a>) {
        self.visit_expression(&choice.test);
        self.under(&choice.test, true, |finder| {
            finder.visit_statement(&choice.consequent);
        });
        if let Some(other) = &choice.alternate {
            self.under(&choice.test, false, |finder| finder.visit_statement(other));
        }
    }

    fn visit_conditional_expression(&mut self, choice: &ConditionalExpression<'a>) {
        self.visit_expression(&choice.test);
        self.under(&choice.test, true, |finder| {
            finder.visit_expression(&choice.consequent);
        });
        self.under(&choice.test, false, |finder| {
            finder.visit_expression(&choice.alternate);
        });
    }

    fn visit_logical_expression(&mut self, logical: &LogicalExpression<'a>) {
        self.visit_expression(&logical.left);
        let must_be = logical.operator == LogicalOperator::And;
        self.under(&logical.left, must_be, |finder| {
            finder.visit_expression(&logical.right);
        });
    }

    fn visit_switch_statement(&mut self, switch: &SwitchStatement<'a>) {
        self.visit_expression(&switch.discriminant);
        self.under(&switch.discriminant, true, |finder| {
            for case in &switch.cases {
                match &case.test {
                    Some(test) => finder.under(test, true, |finder| {
                        finder.visit_statements(&case.consequent);
                    }),
                    None => finder.visit_statements(&case.consequent),
                }
            }
        });
    }

    fn visit_while_statement(&mut self, statement: &WhileStatement<'a>) {
        self.under(&statement.test, true, |finder| {
            finder.visit_statement(&statement.body);
        });
    }

    fn visit_for_of_statement(&mut self, statement: &ForOfStatement<'a>) {
        self.under(&statement.right, true, |finder| {
            finder.visit_statement(&statement.body);
        });
    }

    fn visit_function(&mut self, function: &Function<'a>, flags: ScopeFlags) {
        // Where a named function is called is not known here.
        let outer = match function.id {
            Some(_) => std::mem::take(&mut self.guards),
            None => Vec::new(),
        };
        let depth = self.guards.len();
        walk::walk_function(self, function, flags);
        self.guards.truncate(depth);
        if function.id.is_some() {
            self.guards = outer;
        }
    }

    fn visit_arrow_function_expression(&mut self, arrow: &ArrowFunctionExpression<'a>) {
        let outer = self.guards.len();
        walk::walk_arrow_function_expression(self, arrow);
        self.guards.truncate(outer);
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
        self.visit_expression(&call.callee);
        // `roles.forEach((role) => …)` calls its function when there are roles.
        let takes_function = call.arguments.iter().any(|argument| {
            matches!(
                argument,
                Argument::ArrowFunctionExpression(_) | Argument::FunctionExpression(_)
            )
        });
        let object = match call.callee.get_inner_expression() {
            Expression::StaticMemberExpression(member) if takes_function => Some(&member.object),
            _ => None,
        };
        if let Some(object) = object {
            self.push(object, true);
        }
        for argument in &call.arguments {
            self.visit_argument(argument);
        }
        if object.is_some() {
            self.guards.pop();
        }
    }
}

/// Whether nothing behind a statement is reached through it.
fn leaves(statement: &Statement<'_>) -> bool {
    match statement {
        Statement::ReturnStatement(_)
        | Statement::ThrowStatement(_)
        | Statement::ContinueStatement(_)
        | Statement::BreakStatement(_) => true,
        Statement::BlockStatement(block) => block.body.last().is_some_and(leaves),
        _ => false,
    }
}
