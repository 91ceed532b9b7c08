//! What a text reads: modules, `event`, `api`, and what differs from run to run.

use oxc::ast::ast::{
    Argument, ArrowFunctionExpression, CallExpression, ComputedMemberExpression, Expression,
    Function, ImportDeclaration, ImportExpression, NewExpression, StaticMemberExpression,
    VariableDeclarator,
};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::{ScopeFlags, Scoping};
use oxc::span::GetSpan;

use super::handlers::Functions;
use super::paths::{Known, Path, Root, leaves, symbol};

/// Names and byte offsets.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) requires: Vec<(String, u32)>,
    pub(super) api_calls: Vec<(String, u32)>,
    pub(super) event_paths: Vec<(String, u32)>,
    pub(super) secrets: Vec<(String, u32)>,
    pub(super) varying: Vec<(String, u32)>,
}

/// Walks a text, learns what its variables stand for, and notes what it reads.
pub(super) struct Reader<'s> {
    scoping: &'s Scoping,
    functions: &'s Functions<'s>,
    pub(super) known: Known,
    pub(super) found: Found,
    /// How many functions are around the place.
    depth: usize,
}

impl<'s> Reader<'s> {
    pub(super) fn new(scoping: &'s Scoping, functions: &'s Functions<'s>, known: Known) -> Self {
        Self {
            scoping,
            functions,
            known,
            found: Found::default(),
            depth: 0,
        }
    }

    /// Forgets what was found, not what is known, before another walk.
    pub(super) fn clear(&mut self) {
        self.found = Found::default();
        for leaf in self.functions.parameter_leaves() {
            if let Some(path) = self.known.of_leaf(leaf) {
                note(&mut self.found, &path, leaf.offset);
            }
        }
    }

    fn member(&mut self, path: Option<Path>, offset: u32) -> bool {
        let Some(path) = path else { return false };
        note(&mut self.found, &path, offset);
        true
    }

    fn literal<'e>(call: &'e CallExpression<'_>) -> Option<&'e str> {
        match call.arguments.first()? {
            Argument::StringLiteral(text) => Some(text.value.as_str()),
            Argument::TemplateLiteral(text) => text.single_quasi().map(|text| text.as_str()),
            _ => None,
        }
    }

    /// The name of a global that an expression is: `Math`.
    fn global<'e>(&self, expression: &'e Expression<'_>) -> Option<&'e str> {
        match expression {
            Expression::Identifier(name) if symbol(self.scoping, name).is_none() => {
                Some(name.name.as_str())
            }
            _ => None,
        }
    }

    fn call_to_helper(&mut self, call: &CallExpression<'_>) {
        let Expression::Identifier(name) = &call.callee else {
            return;
        };
        let Some(signature) =
            symbol(self.scoping, name).and_then(|symbol| self.functions.by_symbol.get(&symbol))
        else {
            return;
        };
        for (parameter, argument) in signature.parameters.iter().zip(&call.arguments) {
            let path = argument
                .as_expression()
                .and_then(|argument| self.known.path(self.scoping, argument));
            if let Some(path) = path {
                self.known.bind(parameter, &path);
            }
        }
    }
}

fn note(found: &mut Found, path: &Path, offset: u32) {
    if path.root == Root::Api || path.parts.is_empty() {
        return;
    }
    found.event_paths.push((path.text(), offset));
    if let [secrets, name, ..] = path.parts.as_slice()
        && secrets == "secrets"
    {
        found.secrets.push((name.clone(), offset));
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

    fn visit_variable_declarator(&mut self, declarator: &VariableDeclarator<'a>) {
        let path = declarator
            .init
            .as_ref()
            .and_then(|init| self.known.path_or_fallback(self.scoping, init));
        if let Some(path) = path {
            let leaves = leaves(&declarator.id);
            let lasting = leaves
                .iter()
                .filter(|leaf| !self.scoping.symbol_is_mutated(leaf.symbol));
            self.known.bind(lasting, &path);
            for leaf in leaves.iter().filter(|leaf| leaf.is_part()) {
                note(&mut self.found, &leaf.below(&path), leaf.offset);
            }
        }
        walk::walk_variable_declarator(self, declarator);
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        let offset = call.span.start;
        if self.global(&call.callee) == Some("require")
            && let Some(name) = Self::literal(call)
        {
            self.found.requires.push((name.to_owned(), offset));
        }
        if self.depth == 0 && self.global(&call.callee) == Some("Date") {
            self.found.varying.push(("Date".to_owned(), offset));
        }
        self.call_to_helper(call);
        match self.known.path(self.scoping, &call.callee) {
            Some(path) if path.root == Root::Api => {
                self.found.api_calls.push((path.text(), offset))
            }
            Some(mut path) => {
                // A method of the value: `event.user.email.endsWith(…)`.
                path.parts.pop();
                note(&mut self.found, &path, offset);
            }
            None => self.visit_expression(&call.callee),
        }
        for argument in &call.arguments {
            self.visit_argument(argument);
        }
    }

    fn visit_new_expression(&mut self, new: &NewExpression<'a>) {
        if self.depth == 0 && new.arguments.is_empty() && self.global(&new.callee) == Some("Date") {
            self.found.varying.push(("Date".to_owned(), new.span.start));
        }
        walk::walk_new_expression(self, new);
    }

    fn visit_static_member_expression(&mut self, member: &StaticMemberExpression<'a>) {
        let path =
            self.known
                .path_of_member(self.scoping, &member.object, member.property.name.as_str());
        if self.member(path, member.span.start) {
            return;
        }
        if self.depth == 0
            && let Some(object) = self.global(&member.object)
        {
            let name = format!("{object}.{}", member.property.name);
            let varies = matches!(object, "crypto" | "performance")
                || matches!(
                    name.as_str(),
                    "Math.random" | "Date.now" | "process.hrtime" | "process.uptime"
                );
            if varies {
                self.found.varying.push((name, member.span.start));
            }
        }
        walk::walk_static_member_expression(self, member);
    }

    fn visit_computed_member_expression(&mut self, member: &ComputedMemberExpression<'a>) {
        if let Expression::StringLiteral(name) = &member.expression {
            let path = self
                .known
                .path_of_member(self.scoping, &member.object, name.value.as_str());
            if self.member(path, member.span.start) {
                return;
            }
        }
        walk::walk_computed_member_expression(self, member);
    }

    fn visit_import_declaration(&mut self, import: &ImportDeclaration<'a>) {
        if import.import_kind.is_value() {
            self.found
                .requires
                .push((import.source.value.as_str().to_owned(), import.span.start));
        }
    }

    fn visit_import_expression(&mut self, import: &ImportExpression<'a>) {
        if let Expression::StringLiteral(name) = &import.source {
            self.found
                .requires
                .push((name.value.as_str().to_owned(), import.source.span().start));
        }
        walk::walk_import_expression(self, import);
    }
}
