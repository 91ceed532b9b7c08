//! The conditions around the places that set claims, and around the calls of helpers.

use oxc::ast::ast::{Argument, CallExpression, Statement};
use oxc::span::{GetSpan, Span};

use super::guard::{Guard, Guards};
use super::helpers::{HelperId, Helpers};
use super::routes::{HelperCalls, Jump};
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
    /// Where its statement begins.
    pub(super) statement: u32,
    /// The helper that it is in.
    pub(super) helper: Option<HelperId>,
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

/// A statement that `break` or `continue` leaves.
pub(super) struct Target {
    pub(super) span: Span,
    pub(super) kind: TargetKind,
}

/// The kind of a [`Target`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TargetKind {
    Loop,
    Switch,
    Label(String),
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
    pub(super) resolver: &'r Resolver<'r>,
    pub(super) make: Guards<'r>,
    pub(super) guards: Vec<Guard>,
    pub(super) helpers: &'r Helpers<'r>,
    /// The helper that is walked, and where the functions around begin.
    helper: Option<HelperId>,
    pub(super) functions: Vec<u32>,
    /// The `try` blocks around, by number.
    pub(super) inside: Vec<usize>,
    /// Where the statement around begins.
    pub(super) statement: u32,
    /// The type of `this` in each of the functions around.
    pub(super) this: Vec<Option<usize>>,
    /// The statements around that `break` and `continue` may leave.
    pub(super) targets: Vec<Target>,
    pub(super) found: Vec<Site>,
    /// The number beyond [`MOST_SITES`].
    pub(super) omitted: usize,
    pub(super) calls: HelperCalls,
    pub(super) tries: Vec<Try>,
    /// The `return` statements: where their function and they themselves begin.
    pub(super) returns: Vec<(u32, u32)>,
    pub(super) jumps: Vec<Jump>,
    /// Where the statements begin, in the order of the text.
    pub(super) statements: Vec<u32>,
}

impl<'r> Finder<'r> {
    pub(super) fn new(
        resolver: &'r Resolver<'r>,
        helpers: &'r Helpers<'r>,
        make: Guards<'r>,
    ) -> Self {
        Self {
            resolver,
            helpers,
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
            this: Vec::new(),
            targets: Vec::new(),
            jumps: Vec::new(),
            statements: Vec::new(),
        }
    }

    /// Walks what is reached only when a condition is met.
    pub(super) fn under(&mut self, guard: Guard, walk: impl FnOnce(&mut Self)) {
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
            statement: self.statement,
            helper: self.helper,
            functions: last(&self.functions),
            tries: last(&self.inside),
        }
    }

    pub(super) fn keep(&mut self, setting: Setting) {
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

    /// Returns the type of `this` here.
    pub(super) fn this(&self) -> Option<usize> {
        self.this.last().copied().flatten()
    }

    /// Keeps the call of a helper, and the helpers that it passes on.
    pub(super) fn keep_call(&mut self, call: &CallExpression<'_>) {
        let this = self.this();
        if let Some(helper) = self.helpers.callee(call, this) {
            self.keep_way(helper, &call.arguments, call.callee.span().start);
        }
        // `roles.forEach(setRole)` passes something else.
        for argument in call.arguments.iter().filter_map(Argument::as_expression) {
            if let Some(helper) = self.helpers.function(argument, this) {
                self.keep_way(helper, &[], call.callee.span().start);
            }
        }
    }

    /// Keeps one way into a helper.
    pub(super) fn keep_way(&mut self, helper: HelperId, arguments: &[Argument<'_>], at: u32) {
        if self.calls.has_room() {
            let resolver = self.resolver;
            let known = arguments.iter().map_while(Argument::as_expression);
            let given = known.map(|it| (resolver.constants.pieces(it), resolver.given(it)));
            let (around, position) = (self.around(), self.position(at));
            self.calls.push(helper, given.collect(), around, position);
        }
    }

    /// Walks a function. The conditions around a helper are those around its calls.
    pub(super) fn function(&mut self, start: u32, is_arrow: bool, walk: impl FnOnce(&mut Self)) {
        let helper = self.helpers.at(start);
        let own = self.helpers.this_in(start);
        let this = own.or_else(|| self.this().filter(|_| is_arrow));
        let targets = std::mem::take(&mut self.targets);
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
        self.this.push(this);
        walk(self);
        self.this.pop();
        self.functions.pop();
        self.targets = targets;
        self.guards.truncate(depth);
        self.inside.truncate(tries);
        if let Some((guards, functions, inside, helper)) = outer {
            (self.guards, self.functions) = (guards, functions);
            (self.inside, self.helper) = (inside, helper);
        }
    }

    /// Returns the guard of the code after a statement that may leave.
    pub(super) fn guard_after(&self, statement: &Statement<'_>) -> Option<Guard> {
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
