//! The values that a handler's run depends on, as far as its text shows all of it.
//!
//! For very many logins of the same Action: those whose events have the same values there do the same, see
//! [`postlogin_engine::Inputs`]. So everything here is refused unless it is certain: a name that is not known, a handler that is
//! not written as a function, an event that is passed on as a whole, `this`, a `constructor`. What is certain only as a whole counts
//! as a whole.

mod closed;

use oxc::allocator::Allocator;
use oxc::ast::AstKind;
use oxc::ast::ast::{
    AssignmentExpression, BindingPattern, Expression, FormalParameters, Function,
    ObjectPropertyKind, Program, PropertyKey,
};
use oxc::semantic::{AstNodes, NodeId, Scoping, SemanticBuilder, SymbolId};
use oxc::span::{GetSpan, SourceType};
use oxc::syntax::operator::{BinaryOperator, LogicalOperator, UnaryOperator};
use postlogin_engine::{Input, Inputs, Reach};

use self::closed::is_closed;
use crate::source::{parse, prepare};

/// The handler whose runs are looked at.
const HANDLER: &str = "onExecutePostLogin";

/// The most values that are worth comparing.
const MOST: usize = 64;

/// The longest chain of variables that are followed.
const DEEPEST: usize = 32;

/// Returns the values of its event that decide what the post-login handler of a text does. `None` when the text does not show all
/// of them, or the event counts as a whole.
#[must_use]
pub fn inputs(file: &str, text: &str) -> Option<Inputs> {
    let prepared = prepare(file, text).ok()?;
    if prepared.suspected.is_some() {
        return None;
    }
    let code = prepared.code.as_str();
    parse::on_deep_stack(code, || {
        let allocator = Allocator::default();
        let parsed = parse::parse(&allocator, code, SourceType::cjs());
        if parsed.panicked || parsed.diagnostics.has_errors() {
            return None;
        }
        of(&parsed.program)
    })
    .flatten()
}

fn of(program: &Program<'_>) -> Option<Inputs> {
    let built = SemanticBuilder::new().with_build_nodes(true).build(program);
    let (scoping, nodes) = built.semantic.into_scoping_and_nodes();
    if !is_closed(&scoping, &nodes) {
        return None;
    }
    let mut search = Search {
        scoping: &scoping,
        nodes: &nodes,
        found: Vec::new(),
    };
    let parameters = search.handler()?;
    if let Some(event) = parameters.items.first() {
        if event.initializer.is_some() {
            return None;
        }
        search.bind(&event.pattern, Vec::new(), 0);
    } else if parameters.rest.is_some() {
        return None;
    }
    let mut found = search.found;
    found.sort();
    found.dedup();
    let is_of_all = |input: &Input| input.path.is_empty() && input.reach == Reach::Whole;
    if found.len() > MOST || found.iter().any(is_of_all) {
        return None;
    }
    // What is compared as a whole needs no part of it beside.
    let wholes: Vec<Vec<String>> = found
        .iter()
        .filter(|input| input.reach == Reach::Whole)
        .map(|input| input.path.clone())
        .collect();
    found.retain(|input| {
        wholes.iter().all(|whole| {
            let is_within = input.path.starts_with(whole);
            !is_within || (input.path == *whole && input.reach == Reach::Whole)
        })
    });
    Some(Inputs(found))
}

struct Search<'s, 'a> {
    scoping: &'s Scoping,
    nodes: &'s AstNodes<'a>,
    found: Vec<Input>,
}

impl<'a> Search<'_, 'a> {
    /// Returns the parameters of the handler, when it is written as one function and assigned once.
    fn handler(&self) -> Option<&'a FormalParameters<'a>> {
        let mut found = Vec::new();
        for node in self.nodes.iter() {
            if let AstKind::AssignmentExpression(assignment) = node.kind() {
                self.exported(assignment, &mut found)?;
            }
        }
        let [value] = found.as_slice() else {
            return None;
        };
        match value.get_inner_expression() {
            Expression::FunctionExpression(function) => Some(&function.params),
            Expression::ArrowFunctionExpression(arrow) => Some(&arrow.params),
            Expression::Identifier(name) => {
                let symbol = self
                    .scoping
                    .get_reference(name.reference_id.get()?)
                    .symbol_id()?;
                let is_fixed = !self.scoping.symbol_is_mutated(symbol)
                    && self.scoping.symbol_redeclarations(symbol).is_empty();
                let declaration = self.scoping.symbol_declaration(symbol);
                match self.nodes.kind(declaration) {
                    AstKind::Function(Function { params, .. }) if is_fixed => Some(params),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Adds what an assignment gives to the handler's name. `None` for one that may give it something unknown.
    fn exported(
        &self,
        assignment: &'a AssignmentExpression<'a>,
        found: &mut Vec<&'a Expression<'a>>,
    ) -> Option<()> {
        let Some(member) = assignment.left.as_member_expression() else {
            return Some(());
        };
        let Some(name) = member.static_property_name() else {
            return Some(());
        };
        let object = member.object();
        let is_exports = match object {
            Expression::StaticMemberExpression(above) => {
                self.is_global(&above.object, "module") && above.property.name == "exports"
            }
            object => self.is_global(object, "exports"),
        };
        if is_exports {
            if name == HANDLER {
                found.push(&assignment.right);
            }
            return Some(());
        }
        if !(self.is_global(object, "module") && name == "exports") {
            return Some(());
        }
        let Expression::ObjectExpression(all) = assignment.right.get_inner_expression() else {
            return None;
        };
        for property in &all.properties {
            let ObjectPropertyKind::ObjectProperty(property) = property else {
                return None;
            };
            if name_of(&property.key, property.computed)? == HANDLER {
                found.push(&property.value);
            }
        }
        Some(())
    }

    fn is_nothing(&self, expression: &Expression<'_>) -> bool {
        match expression {
            Expression::NullLiteral(_) => true,
            name => self.is_global(name, "undefined"),
        }
    }

    fn is_global(&self, expression: &Expression<'_>, wanted: &str) -> bool {
        match expression {
            Expression::Identifier(name) => {
                let reference = name.reference_id.get();
                let symbol = reference.and_then(|id| self.scoping.get_reference(id).symbol_id());
                name.name == wanted && symbol.is_none()
            }
            _ => false,
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
        let is_fixed = !self.scoping.symbol_is_mutated(symbol)
            && self.scoping.symbol_redeclarations(symbol).is_empty();
        if !is_fixed || depth > DEEPEST {
            return self.whole(&path);
        }
        let uses: Vec<NodeId> = self
            .scoping
            .get_resolved_references(symbol)
            .map(|reference| reference.node_id())
            .collect();
        for at in uses {
            self.used(at, path.clone(), depth + 1);
        }
    }

    /// An expression has the value at a path: what becomes of it?
    fn used(&mut self, mut at: NodeId, mut path: Vec<String>, depth: usize) {
        loop {
            let child = self.nodes.kind(at).span();
            let above = self.nodes.parent_id(at);
            match self.nodes.kind(above) {
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

fn name_of<'k>(key: &'k PropertyKey<'_>, is_computed: bool) -> Option<&'k str> {
    match key {
        PropertyKey::StaticIdentifier(name) if !is_computed => Some(name.name.as_str()),
        PropertyKey::StringLiteral(name) => Some(name.value.as_str()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
