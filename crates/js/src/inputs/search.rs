//! Where the values of an event go in the files of an Action.

use std::collections::HashSet;

use oxc::ast::AstKind;
use oxc::ast::ast::{Argument, BindingPattern, CallExpression, Expression};
use oxc::semantic::{NodeId, SymbolId};
use oxc::span::{GetSpan, Span};
use oxc::syntax::operator::{BinaryOperator, LogicalOperator, UnaryOperator};
use postlogin_engine::{Input, Reach};

use super::files::File;
use super::functions::{Functions, name_of};

/// The most values that are worth comparing.
const MOST: usize = 64;

/// The longest chain of variables that are followed.
const DEEPEST: usize = 32;

/// The most variables that are looked at, each as often as another value reaches it.
const MOST_VARIABLES: usize = 10_000;

pub(super) struct Search<'f, 'a> {
    functions: Functions<'f, 'a>,
    file: &'f File<'a>,
    at: usize,
    found: Vec<Input>,
    /// The variables that were looked at, with the paths of their values.
    seen: HashSet<(usize, SymbolId, Vec<String>)>,
}

impl<'f, 'a> Search<'f, 'a> {
    /// Begins in the first of the files. `None` without one.
    pub(super) fn new(files: &'f [File<'a>]) -> Option<Self> {
        Some(Self {
            functions: Functions { files },
            file: files.first()?,
            at: 0,
            found: Vec::new(),
            seen: HashSet::new(),
        })
    }

    /// Returns the values that the handler depends on, sorted.
    pub(super) fn inputs(mut self) -> Option<Vec<Input>> {
        let (at, parameters) = self.functions.handler()?;
        self.enter(at)?;
        if let Some(event) = parameters.items.first() {
            if event.initializer.is_some() {
                return None;
            }
            self.bind(&event.pattern, Vec::new(), 0);
        } else if parameters.rest.is_some() {
            return None;
        }
        let mut found = self.found;
        found.sort();
        found.dedup();
        let is_of_all = |input: &Input| input.path.is_empty() && input.reach == Reach::Whole;
        let is_endless = self.seen.len() > MOST_VARIABLES;
        let is_known = !is_endless && found.len() <= MOST && !found.iter().any(is_of_all);
        is_known.then_some(found)
    }

    fn enter(&mut self, at: usize) -> Option<()> {
        self.file = self.functions.files.get(at)?;
        self.at = at;
        Some(())
    }

    fn is_nothing(&self, expression: &Expression<'_>) -> bool {
        match expression {
            Expression::NullLiteral(_) => true,
            name => self.file.is_global(name, "undefined"),
        }
    }

    fn add(&mut self, path: &[String], reach: Reach) {
        self.found.push(Input {
            path: path.to_vec(),
            reach,
        });
    }

    fn whole(&mut self, path: &[String]) {
        self.add(path, Reach::Whole);
    }

    /// A pattern gets the value at a path.
    fn bind(&mut self, pattern: &BindingPattern<'_>, path: Vec<String>, depth: usize) {
        // Whether there is something to take apart decides whether it throws.
        self.add(&path, Reach::Kind);
        match pattern {
            BindingPattern::BindingIdentifier(name) => self.variable(name.symbol_id(), path, depth),
            BindingPattern::ObjectPattern(object) => {
                if object.rest.is_some() {
                    return self.whole(&path);
                }
                for property in &object.properties {
                    let Some(name) = name_of(&property.key, property.computed) else {
                        return self.whole(&path);
                    };
                    let mut below = path.clone();
                    below.push(name.to_owned());
                    self.bind(&property.value, below, depth + 1);
                }
            }
            // Either the value or the default, which has nothing of it.
            BindingPattern::AssignmentPattern(assignment) => {
                self.bind(&assignment.left, path, depth + 1);
            }
            BindingPattern::ArrayPattern(_) => self.whole(&path),
        }
    }

    /// A variable has the value at a path.
    fn variable(&mut self, symbol: SymbolId, path: Vec<String>, depth: usize) {
        if !self.file.is_fixed(symbol) || depth > DEEPEST {
            return self.whole(&path);
        }
        // A loop of calls comes back to the same variable, and many branches lead to it.
        let is_new = self.seen.insert((self.at, symbol, path.clone()));
        if !is_new || self.seen.len() > MOST_VARIABLES {
            return;
        }
        let uses: Vec<NodeId> = self
            .file
            .scoping
            .get_resolved_references(symbol)
            .map(|reference| reference.node_id())
            .collect();
        for at in uses {
            self.used(at, path.clone(), depth + 1);
        }
    }

    /// A call of something passes the value at a path on.
    fn passed(
        &mut self,
        call: &'a CallExpression<'a>,
        argument: Span,
        path: Vec<String>,
        depth: usize,
    ) {
        let is_spread = |argument: &Argument<'_>| matches!(argument, Argument::SpreadElement(_));
        let arguments = &call.arguments;
        let position = arguments.iter().position(|one| one.span() == argument);
        // Behind `...list` it is not known which parameter gets it.
        let position = position.filter(|&position| !arguments[..position].iter().any(is_spread));
        let function = self.functions.written(self.at, &call.callee, 0);
        let (Some(position), Some((at, parameters))) = (position, function) else {
            return self.whole(&path);
        };
        match parameters.items.get(position) {
            Some(parameter) => {
                let from = self.at;
                let Some(()) = self.enter(at) else {
                    return self.whole(&path);
                };
                self.bind(&parameter.pattern, path, depth + 1);
                let _ = self.enter(from);
            }
            None if parameters.rest.is_some() => self.whole(&path),
            // No code sees it: these files do not use `arguments`.
            None => {}
        }
    }

    /// An expression has the value at a path: what becomes of it?
    fn used(&mut self, mut at: NodeId, mut path: Vec<String>, depth: usize) {
        loop {
            let nodes = &self.file.nodes;
            let child = nodes.kind(at).span();
            let above = nodes.parent_id(at);
            match nodes.kind(above) {
                AstKind::ParenthesizedExpression(_) | AstKind::ChainExpression(_) => {}
                AstKind::StaticMemberExpression(member) if member.object.span() == child => {
                    path.push(member.property.name.to_string());
                }
                AstKind::ComputedMemberExpression(member) if member.object.span() == child => {
                    match &member.expression {
                        Expression::StringLiteral(name) => path.push(name.value.to_string()),
                        _ => return self.whole(&path),
                    }
                }
                AstKind::CallExpression(call) if call.callee.span() == child => {
                    // A method may look at all of its object.
                    path.pop();
                    return self.whole(&path);
                }
                AstKind::CallExpression(call) => return self.passed(call, child, path, depth),
                AstKind::VariableDeclarator(declarator)
                    if declarator
                        .init
                        .as_ref()
                        .is_some_and(|init| init.span() == child) =>
                {
                    return self.bind(&declarator.id, path, depth + 1);
                }
                AstKind::LogicalExpression(logical) if logical.left.span() == child => {
                    self.add(&path, Reach::Kind);
                    // What `&&` gives of its left side has no parts.
                    if logical.operator == LogicalOperator::And {
                        return;
                    }
                }
                AstKind::LogicalExpression(_) => {}
                AstKind::ConditionalExpression(choice) if choice.test.span() == child => {
                    return self.add(&path, Reach::Kind);
                }
                AstKind::ConditionalExpression(_) => {}
                AstKind::IfStatement(_) => return self.add(&path, Reach::Kind),
                AstKind::UnaryExpression(unary)
                    if matches!(
                        unary.operator,
                        UnaryOperator::LogicalNot | UnaryOperator::Typeof
                    ) =>
                {
                    return self.add(&path, Reach::Kind);
                }
                AstKind::BinaryExpression(binary) => {
                    let other = match binary.left.span() == child {
                        true => &binary.right,
                        false => &binary.left,
                    };
                    return match (binary.operator, other) {
                        (BinaryOperator::In, Expression::StringLiteral(name))
                            if binary.right.span() == child =>
                        {
                            path.push(name.value.to_string());
                            self.whole(&path);
                        }
                        (operator, other) if operator.is_equality() && self.is_nothing(other) => {
                            self.add(&path, Reach::Kind);
                        }
                        _ => self.whole(&path),
                    };
                }
                _ => return self.whole(&path),
            }
            at = above;
        }
    }
}
