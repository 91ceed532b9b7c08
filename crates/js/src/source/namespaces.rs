//! Blocks of one TypeScript namespace: each sees what the blocks before it export. The transformer makes a function of each block,
//! in which those names are not bound; so they are written in full before (`a` as `N.a`), as tsc does.

use std::collections::{HashMap, HashSet};

use oxc::allocator::Allocator;
use oxc::ast::ast::{
    AssignmentTargetPropertyIdentifier, Declaration, Expression, IdentifierReference,
    ObjectProperty, Program, Statement, TSModuleBlock, TSNamespaceDeclaration,
    TSNamespaceDeclarationBody,
};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::{Scoping, SemanticBuilder, SymbolId};
use oxc::span::SourceType;
use oxc::str::Ident;
use oxc::syntax::scope::ScopeId;

use super::edits::Edits;
use super::mapping::Segment;
use super::parse;

/// Returns the text with the names of earlier blocks written in full, and the way back; `None` when there is none.
pub(super) fn in_full(text: &str) -> Option<(String, Vec<Segment>)> {
    // Two blocks have the word, or the older one, twice. Most texts need no second parse.
    let count = |word: &str| {
        let behind = text
            .match_indices(word)
            .filter_map(|(at, _)| text.get(at + word.len()..));
        let is_word = |rest: &&str| rest.starts_with([' ', '\t', '\r', '\n', '/']);
        behind.filter(is_word).take(2).count()
    };
    if count("namespace") + count("module") < 2 {
        return None;
    }
    let allocator = Allocator::default();
    let program: Program<'_> = parse::parse(&allocator, text, SourceType::ts()).program;
    let semantic = SemanticBuilder::new_compiler().build(&program).semantic;
    let mut found = Blocks {
        scoping: semantic.scoping(),
        exported: HashMap::new(),
        around: Vec::new(),
        edits: Edits::default(),
        is_edited: false,
    };
    found.visit_program(&program);
    found.is_edited.then(|| found.edits.apply(text))
}

/// A block that is read, with what the blocks before it export.
struct Around {
    scope: Option<ScopeId>,
    /// The namespace, as code outside of it names it: `A.B`.
    name: String,
    earlier: HashSet<String>,
}

struct Blocks<'s> {
    scoping: &'s Scoping,
    /// The names that the blocks of a namespace export. A namespace is the symbol of its first name, and its further names.
    exported: HashMap<(SymbolId, String), HashSet<String>>,
    around: Vec<Around>,
    edits: Edits,
    is_edited: bool,
}

impl Blocks<'_> {
    /// Returns how a name is to be written, when it is that of an earlier block.
    fn full(&self, name: &IdentifierReference<'_>) -> Option<String> {
        let reference = self.scoping.get_reference(name.reference_id.get()?);
        let bound = reference
            .symbol_id()
            .map(|symbol| self.scoping.symbol_scope_id(symbol));
        for block in self.around.iter().rev() {
            // What is bound in the block, or in a function of it, comes first.
            let is_inner = bound.zip(block.scope).is_some_and(|(bound, block)| {
                self.scoping
                    .scope_ancestors(bound)
                    .any(|scope| scope == block)
            });
            if is_inner {
                return None;
            }
            if block.earlier.contains(name.name.as_str()) {
                return Some(format!("{}.{}", block.name, name.name));
            }
        }
        None
    }

    fn replace(&mut self, name: &IdentifierReference<'_>, before: &str) {
        if let Some(full) = self.full(name) {
            let namespace = full.strip_suffix(name.name.as_str()).unwrap_or_default();
            self.edits
                .insert(name.span.start, format!("{before}{namespace}"));
            self.is_edited = true;
        }
    }

    fn block(
        &mut self,
        key: (SymbolId, String),
        scope: Option<ScopeId>,
        block: &TSModuleBlock<'_>,
    ) {
        let name = key.1.clone();
        let earlier = self.exported.get(&key).cloned().unwrap_or_default();
        // A block that binds the first name of its namespace cannot name it.
        let hides = |scope: ScopeId| {
            let first = name.split('.').next().unwrap_or_default();
            self.scoping
                .get_binding(scope, Ident::from(first))
                .is_some()
        };
        let earlier = match scope.is_some_and(hides) {
            true => HashSet::new(),
            false => earlier,
        };
        self.around.push(Around {
            scope,
            name,
            earlier,
        });
        walk::walk_ts_module_block(self, block);
        self.around.pop();
        self.exported.entry(key).or_default().extend(exports(block));
    }
}

/// Returns the names of the values that a block exports.
fn exports(block: &TSModuleBlock<'_>) -> Vec<String> {
    let mut names = Vec::new();
    for statement in &block.body {
        let Statement::ExportDeclaration(export) = statement else {
            continue;
        };
        let one = match &export.declaration {
            Declaration::VariableDeclaration(variables) => {
                for declarator in &variables.declarations {
                    let bound = declarator.id.get_binding_identifiers();
                    names.extend(bound.iter().map(|it| it.name.to_string()));
                }
                None
            }
            Declaration::FunctionDeclaration(function) => function.id.as_ref(),
            Declaration::ClassDeclaration(class) => class.id.as_ref(),
            Declaration::TSEnumDeclaration(one) => Some(&one.id),
            Declaration::TSNamespaceDeclaration(one) => Some(&one.id),
            Declaration::TSImportEqualsDeclaration(one) => Some(&one.id),
            _ => None,
        };
        names.extend(one.map(|it| it.name.to_string()));
    }
    names
}

impl<'a> Visit<'a> for Blocks<'_> {
    fn visit_ts_namespace_declaration(&mut self, namespace: &TSNamespaceDeclaration<'a>) {
        if namespace.declare {
            return;
        }
        let Some(symbol) = namespace.id.symbol_id.get() else {
            return;
        };
        let mut path = namespace.id.name.to_string();
        let mut one = namespace;
        // `namespace A.B { }` has its block inside.
        loop {
            match &one.body {
                TSNamespaceDeclarationBody::TSNamespaceDeclaration(inner) => {
                    path = format!("{path}.{}", inner.id.name);
                    one = inner;
                }
                TSNamespaceDeclarationBody::TSModuleBlock(block) => {
                    return self.block((symbol, path), one.scope_id.get(), block);
                }
            }
        }
    }

    fn visit_object_property(&mut self, property: &ObjectProperty<'a>) {
        if property.shorthand
            && let Expression::Identifier(name) = &property.value
        {
            return self.replace(name, &format!("{}: ", name.name));
        }
        walk::walk_object_property(self, property);
    }

    fn visit_assignment_target_property_identifier(
        &mut self,
        property: &AssignmentTargetPropertyIdentifier<'a>,
    ) {
        let name = &property.binding;
        self.replace(name, &format!("{}: ", name.name));
        if let Some(value) = &property.init {
            self.visit_expression(value);
        }
    }

    fn visit_identifier_reference(&mut self, name: &IdentifierReference<'a>) {
        self.replace(name, "");
    }
}
