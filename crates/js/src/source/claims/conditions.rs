//! The conditions around the places that set claims, and around the calls of helpers.

use oxc::allocator::Vec as ArenaVec;
use oxc::ast::ast::{
    Argument, ArrowFunctionExpression, AssignmentExpression, CallExpression, ConditionalExpression,
    Expression, ForInStatement, ForOfStatement, ForStatement, Function, IfStatement,
    LogicalExpression, LogicalOperator, ReturnStatement, Statement, SwitchStatement, TryStatement,
    VariableDeclarator, WhileStatement,
};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::{ScopeFlags, SymbolId};
use oxc::span::{GetSpan, Span};

use super::guard::{Guard, Guards};
use super::routes::HelperCalls;
use crate::source::resolve::Resolver;
use crate::source::resolve::claims::Setting;

/// The most conditions from the outside in, and from the inside out, that are kept of a place.
const MOST_OF_EACH_END: usize = 12;
/// The most places that are kept: more than an Action of 100 kB, the most that production stores, has.
const MOST_SITES: usize = 2500;
/// The most functions and `try` blocks around a place that are kept, from the inside out.
const MOST_AROUND: usize = 16;

/// The conditions around a place from the outside in: the first, the last, and the number between them.
#[derive(Debug, Clone)]
pub(super) struct Around {
    pub(super) outer: Vec<Guard>,
    pub(super) inner: Vec<Guard>,
    pub(super) omitted: usize,
}

/// Where a call is.
#[derive(Debug, Clone)]
pub(super) struct Position {
    pub(super) offset: u32,
    /// The helper that it is in.
    pub(super) helper: Option<SymbolId>,
    /// Where the functions around it begin, up to the helper or the handler.
    pub(super) functions: Vec<u32>,
    /// The `try` blocks around it in these functions, by number, from the outside in.
    pub(super) tries: Vec<usize>,
}

/// A call, or a Rule's assignment, that sets a claim.
pub(super) struct Site {
    pub(super) setting: Setting,
    pub(super) around: Around,
    pub(super) position: Position,
}

/// A `try` with a `catch`.
pub(super) struct Try {
    pub(super) block: Span,
    /// Where the `catch` and its body begin.
    pub(super) clause: u32,
    pub(super) body: u32,
}

/// Walks a text and finds what sets claims, and what calls helpers.
pub(super) struct Finder<'r> {
    resolver: &'r Resolver<'r>,
    make: Guards<'r>,
    guards: Vec<Guard>,
    /// The helper that is walked, and where the functions around begin.
    helper: Option<SymbolId>,
    functions: Vec<u32>,
    /// The `try` blocks around, by number.
    inside: Vec<usize>,
    /// Where the statement around begins.
    statement: u32,
    pub(super) found: Vec<Site>,
    /// The number beyond [`MOST_SITES`].
    pub(super) omitted: usize,
    pub(super) calls: HelperCalls,
    pub(super) tries: Vec<Try>,
    /// The `return` statements: where their function and they themselves begin.
    pub(super) returns: Vec<(u32, u32)>,
    /// Where the statements begin, in the order of the text.
    pub(super) statements: Vec<u32>,
}

impl<'r> Finder<'r> {
    pub(super) fn new(resolver: &'r Resolver<'r>, make: Guards<'r>) -> Self {
        Self {
            resolver,
            make,
            guards: Vec::new(),
            helper: None,
            functions: Vec::new(),
            inside: Vec::new(),
            statement: 0,
            found: Vec::new(),
            omitted: 0,
            calls: HelperCalls::default(),
            tries: Vec::new(),
            returns: Vec::new(),
            statements: Vec::new(),
        }
    }

    /// Walks what is reached only when a condition is met.
    fn under(&mut self, guard: Guard, walk: impl FnOnce(&mut Self)) {
        self.guards.push(guard);
        walk(self);
        self.guards.pop();
    }

    fn around(&self) -> Around {
        let all = self.guards.len();
        let outer = all.min(MOST_OF_EACH_END);
        let inner = (all - outer).min(MOST_OF_EACH_END);
        Around {
            outer: self.guards.get(..outer).unwrap_or_default().to_vec(),
            inner: self.guards.get(all - inner..).unwrap_or_default().to_vec(),
            omitted: all - outer - inner,
        }
    }

    fn position(&self, offset: u32) -> Position {
        Position {
            offset,
            helper: self.helper,
            functions: last(&self.functions),
            tries: last(&self.inside),
        }
    }

    fn keep(&mut self, setting: Setting) {
        if self.found.len() >= MOST_SITES {
            self.omitted += 1;
            return;
        }
        self.found.push(Site {
            around: self.around(),
            position: self.position(setting.offset),
            setting,
        });
    }

    /// Keeps the call of a helper: a function of the text that has a name.
    fn keep_call(&mut self, call: &CallExpression<'_>) {
        let helper = |expression: &Expression<'_>| match expression.get_inner_expression() {
            Expression::Identifier(name) => {
                let symbol = self.resolver.symbol(name)?;
                let is_function = self.resolver.functions.signature_of(symbol).is_some();
                is_function.then_some(symbol)
            }
            _ => None,
        };
        let called = helper(&call.callee).map(|helper| {
            let arguments = call.arguments.iter();
            let known = arguments.map_while(Argument::as_expression);
            let given = known.map(|argument| self.resolver.constants.pieces(argument));
            (helper, given.collect())
        });
        // `roles.forEach(setRole)` passes something else.
        let passed = call.arguments.iter().filter_map(Argument::as_expression);
        let passed = passed.filter_map(|argument| Some((helper(argument)?, Vec::new())));
        let all: Vec<(SymbolId, Vec<_>)> = called.into_iter().chain(passed).collect();
        for (helper, arguments) in all {
            if self.calls.has_room() {
                let position = self.position(call.callee.span().start);
                let around = self.around();
                self.calls.push(helper, arguments, around, position);
            }
        }
    }

    /// Walks a function. The conditions around a helper are those around its calls.
    fn function(&mut self, start: u32, helper: Option<SymbolId>, walk: impl FnOnce(&mut Self)) {
        let is_helper = helper.is_some();
        let outer = is_helper.then(|| {
            (
                std::mem::take(&mut self.guards),
                std::mem::take(&mut self.functions),
                std::mem::take(&mut self.inside),
                std::mem::replace(&mut self.helper, helper),
            )
        });
        let (depth, tries) = (self.guards.len(), self.inside.len());
        self.functions.push(start);
        walk(self);
        self.functions.pop();
        self.guards.truncate(depth);
        self.inside.truncate(tries);
        if let Some((guards, functions, inside, helper)) = outer {
            (self.guards, self.functions) = (guards, functions);
            (self.inside, self.helper) = (inside, helper);
        }
    }

    /// Returns the guard of the code after a statement that may leave.
    fn guard_after(&self, statement: &Statement<'_>) -> Option<Guard> {
        match statement {
            Statement::IfStatement(choice) => {
                let other = choice.alternate.as_ref();
                match (leaves(&choice.consequent), other) {
                    (true, None) => Some(self.make.test(&choice.test, false)),
                    (false, Some(other)) if leaves(other) => {
                        Some(self.make.test(&choice.test, true))
                    }
                    _ => None,
                }
            }
            Statement::TryStatement(attempt) => {
                let clause = attempt.handler.as_ref()?;
                let ends = clause.body.body.last().is_some_and(leaves);
                let (block, start) = (attempt.block.span, attempt.span.start);
                ends.then(|| self.make.caught(clause, block, start, false))
            }
            _ => None,
        }
    }
}

fn last<T: Clone>(all: &[T]) -> Vec<T> {
    let first = all.len().saturating_sub(MOST_AROUND);
    all.get(first..).unwrap_or_default().to_vec()
}

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
            finder.visit_statement(&statement.body);
        });
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
        self.visit_statement(&statement.body);
        self.guards.truncate(depth);
    }

    fn visit_for_in_statement(&mut self, statement: &ForInStatement<'a>) {
        self.visit_expression(&statement.right);
        let guard = self.make.elements(&statement.right, statement.body.span());
        self.under(guard, |finder| finder.visit_statement(&statement.body));
    }

    fn visit_for_of_statement(&mut self, statement: &ForOfStatement<'a>) {
        self.visit_expression(&statement.right);
        let guard = self.make.elements(&statement.right, statement.body.span());
        self.under(guard, |finder| finder.visit_statement(&statement.body));
    }

    fn visit_return_statement(&mut self, statement: &ReturnStatement<'a>) {
        let function = self.functions.last().copied().unwrap_or_default();
        self.returns.push((function, statement.span.start));
        walk::walk_return_statement(self, statement);
    }

    fn visit_function(&mut self, function: &Function<'a>, flags: ScopeFlags) {
        let named = function.id.as_ref().map(|name| name.symbol_id());
        let given = self.calls.named_at.remove(&function.span.start);
        self.function(function.span.start, given.or(named), |finder| {
            walk::walk_function(finder, function, flags);
        });
    }

    fn visit_arrow_function_expression(&mut self, arrow: &ArrowFunctionExpression<'a>) {
        let given = self.calls.named_at.remove(&arrow.span.start);
        self.function(arrow.span.start, given, |finder| {
            walk::walk_arrow_function_expression(finder, arrow);
        });
    }

    fn visit_variable_declarator(&mut self, declarator: &VariableDeclarator<'a>) {
        // `const set = (name) => …` is a helper like `function set(name) {…}`.
        if let Some(name) = declarator.id.get_binding_identifier()
            && let Some(value) = &declarator.init
            && self
                .resolver
                .functions
                .signature_of(name.symbol_id())
                .is_some()
        {
            let start = value.get_inner_expression().span().start;
            self.calls.named_at.insert(start, name.symbol_id());
        }
        walk::walk_variable_declarator(self, declarator);
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

/// Whether nothing after a statement is reached through it.
pub(super) fn leaves(statement: &Statement<'_>) -> bool {
    match statement {
        Statement::ReturnStatement(_)
        | Statement::ThrowStatement(_)
        | Statement::ContinueStatement(_)
        | Statement::BreakStatement(_) => true,
        Statement::BlockStatement(block) => block.body.last().is_some_and(leaves),
        _ => false,
    }
}
