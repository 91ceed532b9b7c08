//! What has to hold for a call to be reached: the conditions around it, and the text that decides them.

use std::collections::HashMap;

use oxc::allocator::Vec as ArenaVec;
use oxc::ast::ast::{
    Argument, ArrowFunctionExpression, AssignmentExpression, AssignmentTarget, BindingPattern,
    CallExpression, ConditionalExpression, Expression, ForOfStatement, Function,
    IdentifierReference, IfStatement, LogicalExpression, LogicalOperator, Program, Statement,
    SwitchStatement, VariableDeclarator, WhileStatement,
};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::{ScopeFlags, Scoping, SymbolId};
use oxc::span::{GetSpan, Span};

use super::names;

/// So far variables are followed back to what they stand for.
const DEEPEST: usize = 4;
/// So many parts of a text decide a condition at most, and so many variables of each are followed.
const MOST_REGIONS: usize = 16;
/// So many assignments of a variable are followed.
const MOST_VALUES: usize = 8;
/// So many conditions from the outside in, and from the inside out, are kept of a place.
const MOST_OF_EACH_END: usize = 12;
/// So many places are kept: more than an Action of 100 kB, the most that production stores, has.
const MOST_SITES: usize = 2500;

/// The variable that a name refers to; `None` for globals.
pub(super) fn symbol(scoping: &Scoping, name: &IdentifierReference<'_>) -> Option<SymbolId> {
    scoping.get_reference(name.reference_id.get()?).symbol_id()
}

/// Where variables get their values.
pub(super) struct Definitions<'s> {
    scoping: &'s Scoping,
    /// The texts that give a variable its value: the whole, and the part with the variables that decide it.
    values: HashMap<SymbolId, Vec<(Span, Span)>>,
    /// Where variables are named, in the order of the text. What an expression names is a range of it.
    names: Vec<(u32, SymbolId)>,
    /// The texts of constants.
    constants: HashMap<SymbolId, Vec<String>>,
}

impl<'s> Definitions<'s> {
    pub(super) fn new(scoping: &'s Scoping) -> Self {
        Self {
            scoping,
            values: HashMap::new(),
            names: Vec::new(),
            constants: HashMap::new(),
        }
    }

    /// Finds where variables get their values, and where they are named.
    pub(super) fn read(&mut self, program: &Program<'_>) {
        self.visit_program(program);
        self.names.sort_by_key(|(offset, _)| *offset);
    }

    /// An expression and what its variables stand for.
    pub(super) fn regions(&self, expression: Span) -> Vec<Span> {
        let mut regions = vec![expression];
        self.follow(expression, 0, &mut regions);
        regions
    }

    fn follow(&self, text: Span, depth: usize, regions: &mut Vec<Span>) {
        if depth >= DEEPEST {
            return;
        }
        let first = self
            .names
            .partition_point(|(offset, _)| *offset < text.start);
        let names = self.names.iter().skip(first);
        let names = names.take_while(|(offset, _)| *offset < text.end);
        for (_, symbol) in names.take(MOST_REGIONS) {
            let values = self.values.get(symbol).into_iter().flatten();
            for (whole, value) in values.take(MOST_VALUES) {
                if regions.len() < MOST_REGIONS && !regions.contains(whole) {
                    regions.push(*whole);
                    self.follow(*value, depth + 1, regions);
                }
            }
        }
    }

    fn define(&mut self, pattern: &BindingPattern<'_>, whole: Span, value: Span) {
        for name in pattern.get_binding_identifiers() {
            let known = self.values.entry(name.symbol_id()).or_default();
            known.push((whole, value));
        }
    }
}

impl<'a> Visit<'a> for Definitions<'_> {
    fn visit_identifier_reference(&mut self, name: &IdentifierReference<'a>) {
        let symbol = symbol(self.scoping, name);
        self.names
            .extend(symbol.map(|symbol| (name.span.start, symbol)));
    }

    fn visit_variable_declarator(&mut self, declarator: &VariableDeclarator<'a>) {
        if let Some(init) = &declarator.init {
            self.define(&declarator.id, declarator.span, init.span());
            if let BindingPattern::BindingIdentifier(name) = &declarator.id
                && !self.scoping.symbol_is_mutated(name.symbol_id())
            {
                let parts = names::parts(init, self.scoping, &self.constants);
                if parts.len() == 1 {
                    self.constants.insert(name.symbol_id(), parts);
                }
            }
        }
        walk::walk_variable_declarator(self, declarator);
    }

    fn visit_assignment_expression(&mut self, assignment: &AssignmentExpression<'a>) {
        if let AssignmentTarget::AssignmentTargetIdentifier(name) = &assignment.left
            && let Some(symbol) = symbol(self.scoping, name)
        {
            let known = self.values.entry(symbol).or_default();
            known.push((assignment.span, assignment.right.span()));
        }
        walk::walk_assignment_expression(self, assignment);
    }

    fn visit_for_of_statement(&mut self, statement: &ForOfStatement<'a>) {
        if let oxc::ast::ast::ForStatementLeft::VariableDeclaration(declaration) = &statement.left {
            for declarator in &declaration.declarations {
                let right = statement.right.span();
                self.define(&declarator.id, right, right);
            }
        }
        walk::walk_for_of_statement(self, statement);
    }
}

/// A condition around a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guard {
    pub(super) span: Span,
    pub(super) must_be: bool,
}

/// A call, or a Rule's assignment, that sets a claim.
pub(super) struct Site {
    pub(super) method: String,
    pub(super) name: Vec<String>,
    pub(super) offset: u32,
    /// The conditions around it from the outside in: the first, and the last.
    pub(super) guards: (Vec<Guard>, Vec<Guard>),
    /// How many there are between them.
    pub(super) omitted: usize,
}

/// Walks a text and finds what sets claims.
pub(super) struct Finder<'d> {
    definitions: &'d Definitions<'d>,
    guards: Vec<Guard>,
    pub(super) found: Vec<Site>,
}

impl<'d> Finder<'d> {
    pub(super) fn new(definitions: &'d Definitions<'d>) -> Self {
        Self {
            definitions,
            guards: Vec::new(),
            found: Vec::new(),
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

    fn keep(&mut self, method: String, name: Vec<String>, offset: u32) {
        let all = self.guards.len();
        let outer = all.min(MOST_OF_EACH_END);
        let inner = (all - outer).min(MOST_OF_EACH_END);
        let outer = self.guards.get(..outer).unwrap_or_default();
        let inner = self.guards.get(all - inner..).unwrap_or_default();
        if self.found.len() < MOST_SITES {
            self.found.push(Site {
                method,
                name,
                offset,
                guards: (outer.to_vec(), inner.to_vec()),
                omitted: all - outer.len() - inner.len(),
            });
        }
    }

    /// `context.idToken.x = …` and `context.idToken['x'] = …` of a Rule.
    fn note_assignment(&mut self, target: &AssignmentTarget<'_>) {
        let Definitions {
            scoping, constants, ..
        } = self.definitions;
        let (object, name, offset) = match target {
            AssignmentTarget::StaticMemberExpression(member) => {
                let name = vec![member.property.name.as_str().to_owned()];
                (&member.object, name, member.property.span.start)
            }
            AssignmentTarget::ComputedMemberExpression(member) => {
                let name = names::parts(&member.expression, scoping, constants);
                (&member.object, name, member.expression.span().start)
            }
            _ => return,
        };
        let Expression::StaticMemberExpression(token) = object.get_inner_expression() else {
            return;
        };
        let of_context = matches!(token.object.get_inner_expression(), Expression::Identifier(name) if name.name == "context");
        let token = token.property.name.as_str();
        if of_context && matches!(token, "idToken" | "accessToken") {
            self.keep(format!("context.{token}"), name, offset);
        }
    }

    fn note(&mut self, call: &CallExpression<'_>) {
        let Expression::StaticMemberExpression(method) = call.callee.get_inner_expression() else {
            return;
        };
        if method.property.name != "setCustomClaim" {
            return;
        }
        let token = match method.object.get_inner_expression() {
            Expression::StaticMemberExpression(token) => token.property.name.as_str(),
            Expression::Identifier(name) => name.name.as_str(),
            _ => return,
        };
        if !matches!(token, "idToken" | "accessToken") {
            return;
        }
        let name = call.arguments.first().and_then(Argument::as_expression);
        let Definitions {
            scoping, constants, ..
        } = self.definitions;
        let parts = name.map_or_else(
            || vec!["undefined".to_owned()],
            |name| names::parts(name, scoping, constants),
        );
        let offset = method.property.span.start;
        self.keep(format!("{token}.setCustomClaim"), parts, offset);
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
        self.note_assignment(&assignment.left);
        walk::walk_assignment_expression(self, assignment);
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        self.note(call);
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
