//! The reads of a text: modules, `event`, `api`, and what differs from run to run.

use oxc::ast::ast::{
    Argument, ArrowFunctionExpression, AssignmentExpression, CallExpression, ChainElement,
    ComputedMemberExpression, ExportAllDeclaration, ExportFromDeclaration, Expression, Function,
    ImportDeclaration, ImportExpression, MemberExpression, NewExpression, SimpleAssignmentTarget,
    StaticMemberExpression, TryStatement, UnaryExpression, UnaryOperator, UpdateExpression,
    VariableDeclarator,
};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::ScopeFlags;
use oxc::span::GetSpan;

use crate::source::resolve::Resolver;
use crate::source::resolve::claims::Setting;
use crate::source::resolve::paths::{Path, Root, leaves, literal_key};

/// A call below `api`.
pub(super) struct ApiCall {
    pub(super) path: Path,
    /// The call may be left out: `api.a?.b()`.
    pub(super) optional: bool,
}

/// A module that is asked for.
pub(super) struct Require {
    pub(super) name: String,
    pub(super) offset: u32,
    /// It stands in a `try`.
    pub(super) guarded: bool,
    /// It is an `import(…)`.
    pub(super) dynamic: bool,
}

/// The findings, with byte offsets.
#[derive(Default)]
pub(super) struct Found {
    pub(super) requires: Vec<Require>,
    pub(super) api_calls: Vec<ApiCall>,
    /// Reads of `api` without a call: `if (api.groups)`.
    pub(super) api_reads: Vec<Path>,
    /// Each with the offset of where the chain begins.
    pub(super) event_reads: Vec<(Path, u32)>,
    /// Writes below `event`; with everything below them.
    pub(super) event_writes: Vec<Path>,
    pub(super) varying: Vec<(String, u32)>,
    /// The claims that are set.
    pub(super) claims: Vec<Setting>,
}

/// Walks a text and notes what it reads.
pub(super) struct Reader<'s> {
    resolver: &'s Resolver<'s>,
    pub(super) found: Found,
    is_typescript: bool,
    /// The number of functions around the place.
    depth: usize,
    /// The number of `try` blocks around the place.
    tries: usize,
}

impl<'s> Reader<'s> {
    pub(super) fn new(resolver: &'s Resolver<'s>, is_typescript: bool) -> Self {
        let mut reader = Self {
            resolver,
            found: Found::default(),
            is_typescript,
            depth: 0,
            tries: 0,
        };
        // What functions take apart in their parameter lists.
        let functions = &resolver.functions;
        let mut leaves = functions.parameter_leaves(&resolver.exports.list);
        let of_rule = resolver.rule.iter().flat_map(|rule| &rule.parameters);
        leaves.extend(of_rule.flatten().filter(|leaf| leaf.is_part()).cloned());
        for leaf in leaves {
            if let Some(path) = resolver.known.of_leaf(&leaf) {
                reader.note(path, leaf.offset);
            }
        }
        reader
    }

    fn note(&mut self, path: Path, offset: u32) {
        if path.parts.is_empty() {
            return;
        }
        match path.root {
            // To give a part of `api` a name is not to ask whether it is there.
            Root::Api => {}
            _ => self.found.event_reads.push((path, offset)),
        }
    }

    fn note_member(&mut self, path: Path, offset: u32) {
        if path.root == Root::Api {
            self.found.api_reads.push(path);
        } else {
            self.note(path, offset);
        }
    }

    fn path(&self, expression: &Expression<'_>) -> Option<Path> {
        self.resolver.path(expression)
    }

    fn member(&self, object: &Expression<'_>, name: &str, offset: u32) -> Option<Path> {
        // Whether the read is optional matters for calls only, which ask for the path of the callee.
        let Resolver { known, scoping, .. } = self.resolver;
        known.member(scoping, object, name, offset, false)
    }

    /// Notes what a member is below `event`; everything below the object if its name is computed.
    fn write(&mut self, object: &Expression<'_>, whole: Option<Path>) {
        if let Some(path) = whole.or_else(|| self.path(object)) {
            self.found.event_writes.push(path);
        }
    }

    fn literal(&self, call: &CallExpression<'_>) -> Option<(String, u32)> {
        let first = call.arguments.first()?.as_expression()?;
        Some((self.resolver.constants.string(first)?, first.span().start))
    }

    /// The name of a global that an expression is: `Math`.
    fn global<'e>(&self, expression: &'e Expression<'_>) -> Option<&'e str> {
        match expression {
            Expression::Identifier(name) if self.resolver.symbol(name).is_none() => {
                Some(name.name.as_str())
            }
            _ => None,
        }
    }

    /// `Object.assign(event.client, …)` gives it properties that nobody else knows.
    fn call_that_writes(&mut self, call: &CallExpression<'_>) {
        if let Expression::StaticMemberExpression(callee) = &call.callee
            && self.global(&callee.object) == Some("Object")
            && matches!(
                callee.property.name.as_str(),
                "assign" | "defineProperty" | "defineProperties" | "setPrototypeOf"
            )
            && let Some(target) = call.arguments.first().and_then(Argument::as_expression)
            && let Some(path) = self.path(target)
        {
            self.found.event_writes.push(path);
        }
    }

    /// Whether the compiler leaves an import out: nothing of it is used as a value.
    fn is_of_types(&self, import: &ImportDeclaration<'_>) -> bool {
        let specifiers = import.specifiers.iter().flatten();
        let mut symbols = specifiers.map(|specifier| specifier.local().symbol_id());
        self.is_typescript
            && import
                .specifiers
                .as_ref()
                .is_some_and(|all| !all.is_empty())
            && symbols.all(|symbol| {
                let mut references = self.resolver.scoping.get_resolved_references(symbol);
                references.all(|reference| !reference.is_value())
            })
    }

    fn require(&mut self, name: &str, offset: u32, dynamic: bool) {
        self.found.requires.push(Require {
            name: name.to_owned(),
            offset,
            guarded: self.tries > 0,
            dynamic,
        });
    }

    fn vary(&mut self, name: String, offset: u32) {
        if self.depth == 0 {
            self.found.varying.push((name, offset));
        }
    }
}

impl<'a> Visit<'a> for Reader<'_> {
    fn visit_function(&mut self, function: &Function<'a>, flags: ScopeFlags) {
        self.depth += 1;
        walk::walk_function(self, function, flags);
        self.depth -= 1;
    }

    fn visit_arrow_function_expression(&mut self, arrow: &ArrowFunctionExpression<'a>) {
        self.depth += 1;
        walk::walk_arrow_function_expression(self, arrow);
        self.depth -= 1;
    }

    fn visit_try_statement(&mut self, statement: &TryStatement<'a>) {
        self.tries += 1;
        self.visit_block_statement(&statement.block);
        self.tries -= 1;
        if let Some(handler) = &statement.handler {
            self.visit_catch_clause(handler);
        }
        if let Some(finalizer) = &statement.finalizer {
            self.visit_block_statement(finalizer);
        }
    }

    fn visit_variable_declarator(&mut self, declarator: &VariableDeclarator<'a>) {
        let Some(init) = &declarator.init else {
            return walk::walk_variable_declarator(self, declarator);
        };
        let Resolver { known, scoping, .. } = self.resolver;
        if let Some(path) = known.path_or_nothing(scoping, init) {
            for leaf in leaves(&declarator.id).iter().filter(|leaf| leaf.is_part()) {
                self.note(leaf.below(&path), leaf.offset);
            }
            if path.root == Root::Api && self.path(init).is_some() {
                return self.visit_binding_pattern(&declarator.id);
            }
        }
        walk::walk_variable_declarator(self, declarator);
    }

    fn visit_assignment_expression(&mut self, assignment: &AssignmentExpression<'a>) {
        let claims = self.resolver.claims_of_assignment(assignment);
        self.found.claims.extend(claims);
        walk::walk_assignment_expression(self, assignment);
    }

    fn visit_simple_assignment_target(&mut self, target: &SimpleAssignmentTarget<'a>) {
        let Some(member) = target.as_member_expression() else {
            return walk::walk_simple_assignment_target(self, target);
        };
        let whole = match member {
            MemberExpression::StaticMemberExpression(it) => {
                self.member(&it.object, &it.property.name, it.property.span.start)
            }
            MemberExpression::ComputedMemberExpression(it) => {
                self.visit_expression(&it.expression);
                literal_key(&it.expression)
                    .and_then(|(name, offset)| self.member(&it.object, name, offset))
            }
            MemberExpression::PrivateFieldExpression(_) => None,
        };
        self.write(member.object(), whole);
        self.visit_expression(member.object());
    }

    fn visit_update_expression(&mut self, update: &UpdateExpression<'a>) {
        self.visit_simple_assignment_target(&update.argument);
    }

    fn visit_unary_expression(&mut self, unary: &UnaryExpression<'a>) {
        if unary.operator == UnaryOperator::Delete
            && let Some(path) = self.path(&unary.argument)
        {
            self.found.event_writes.push(path);
        }
        walk::walk_unary_expression(self, unary);
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        let offset = call.span.start;
        if self.global(&call.callee) == Some("require")
            && let Some((name, _)) = self.literal(call)
        {
            self.require(&name, offset, false);
        }
        if self.global(&call.callee) == Some("Date") {
            self.vary("Date".to_owned(), offset);
        }
        self.call_that_writes(call);
        let claims = self.resolver.claims_of_call(call);
        self.found.claims.extend(claims);
        match self.path(&call.callee) {
            Some(path) if path.root == Root::Api => {
                self.found.api_calls.push(ApiCall {
                    optional: path.optional || call.optional,
                    path,
                });
                // `api.a.b(event.x).c.d()`: what the call before it was given.
                self.visit_callee_calls(&call.callee);
            }
            Some(mut path) => {
                // A method of the value: `event.user.email.endsWith(…)`.
                path.parts.pop();
                self.note(path, offset);
            }
            None => self.visit_expression(&call.callee),
        }
        for argument in &call.arguments {
            self.visit_argument(argument);
        }
    }

    fn visit_new_expression(&mut self, new: &NewExpression<'a>) {
        if new.arguments.is_empty() && self.global(&new.callee) == Some("Date") {
            self.vary("Date".to_owned(), new.span.start);
        }
        walk::walk_new_expression(self, new);
    }

    fn visit_static_member_expression(&mut self, member: &StaticMemberExpression<'a>) {
        let (name, at) = (&member.property.name, member.property.span.start);
        if let Some(path) = self.member(&member.object, name, at) {
            self.note_member(path, member.span.start);
            return self.visit_callee_calls(&member.object);
        }
        if let Some(object) = self.global(&member.object) {
            let name = format!("{object}.{name}");
            let varies = matches!(object, "crypto" | "performance")
                || matches!(
                    name.as_str(),
                    "Math.random" | "Date.now" | "process.hrtime" | "process.uptime"
                );
            if varies {
                self.vary(name, member.span.start);
            }
        }
        walk::walk_static_member_expression(self, member);
    }

    fn visit_computed_member_expression(&mut self, member: &ComputedMemberExpression<'a>) {
        if let Some((name, at)) = literal_key(&member.expression)
            && let Some(path) = self.member(&member.object, name, at)
        {
            self.note_member(path, member.span.start);
            return self.visit_callee_calls(&member.object);
        }
        walk::walk_computed_member_expression(self, member);
    }

    fn visit_import_declaration(&mut self, import: &ImportDeclaration<'a>) {
        if import.import_kind.is_value() && !self.is_of_types(import) {
            self.require(&import.source.value, import.span.start, false);
        }
    }

    fn visit_export_from_declaration(&mut self, export: &ExportFromDeclaration<'a>) {
        if export.export_kind.is_value() {
            self.require(&export.source.value, export.span.start, false);
        }
    }

    fn visit_export_all_declaration(&mut self, export: &ExportAllDeclaration<'a>) {
        if export.export_kind.is_value() {
            self.require(&export.source.value, export.span.start, false);
        }
    }

    fn visit_import_expression(&mut self, import: &ImportExpression<'a>) {
        if let Expression::StringLiteral(name) = &import.source {
            self.require(&name.value, import.span.start, true);
        }
        walk::walk_import_expression(self, import);
    }
}

impl Reader<'_> {
    /// Goes into the calls that a chain is made of: `api.a.b(…).c`. What is not one has been noted as a whole.
    fn visit_callee_calls<'a>(&mut self, expression: &Expression<'a>) {
        match expression.get_inner_expression() {
            Expression::CallExpression(call) => self.visit_call_expression(call),
            Expression::StaticMemberExpression(member) => self.visit_callee_calls(&member.object),
            Expression::ComputedMemberExpression(member) => self.visit_callee_calls(&member.object),
            Expression::ChainExpression(chain) => {
                if let ChainElement::CallExpression(call) = &chain.expression {
                    self.visit_call_expression(call);
                }
            }
            _ => {}
        }
    }
}
