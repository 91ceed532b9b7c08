//! TypeScript namespaces, as far as the transformer does not support them. It makes a function of each block, in which what earlier
//! blocks export is not bound, and it exports variables as copies. As tsc does, both are written in full before: `a` as `N.a`.

mod variables;

use std::collections::{HashMap, HashSet};

use oxc::allocator::Allocator;
use oxc::ast::ast::{
    AssignmentTargetPropertyIdentifier, BindingIdentifier, Declaration, ExportDeclaration,
    Expression, IdentifierReference, ObjectProperty, Program, Statement, TSEnumDeclaration,
    TSExternalModuleDeclaration, TSGlobalDeclaration, TSModuleBlock, TSNamespaceDeclaration,
    TSNamespaceDeclarationBody,
};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::{Scoping, SemanticBuilder, SymbolId};
use oxc::span::{SourceType, Span};
use oxc::str::Ident;
use oxc::syntax::scope::ScopeId;

use super::edits::Edits;
use super::mapping::Segment;
use super::parse;

/// Returns the text with such names written in full, and the way back; `None` when there is none.
pub(super) fn in_full(text: &str) -> Option<(String, Vec<Segment>)> {
    // Most texts have neither the word nor the older one, and need no second parse.
    let has = |word: &str| {
        let mut behind = text
            .match_indices(word)
            .filter_map(|(at, _)| text.get(at + word.len()..));
        behind.any(|rest| rest.starts_with([' ', '\t', '\r', '\n', '/']))
    };
    if !has("namespace") && !has("module") {
        return None;
    }
    let allocator = Allocator::default();
    let program: Program<'_> = parse::parse(&allocator, text, SourceType::ts()).program;
    let semantic = SemanticBuilder::new_compiler().build(&program).semantic;
    let mut found = Blocks {
        text,
        scoping: semantic.scoping(),
        exported: HashMap::new(),
        variables: HashMap::new(),
        around: Vec::new(),
        given: 0,
        edits: Edits::default(),
        is_edited: false,
    };
    found.visit_program(&program);
    found.is_edited.then(|| found.edits.apply(text))
}

/// The symbol of a namespace's first name, and the namespace as code outside of it names it: `A.B`.
type Key = (SymbolId, String);

/// A block that is read, with what the blocks before it export.
struct Around {
    scope: Option<ScopeId>,
    key: Key,
    earlier: HashSet<String>,
    /// The offset where the statements of the block begin, behind its directives.
    start: u32,
    /// A name for the namespace's object that nothing hides, once one is needed.
    alias: Option<String>,
}

struct Blocks<'s> {
    text: &'s str,
    scoping: &'s Scoping,
    /// The names that the blocks of a namespace export.
    exported: HashMap<Key, HashSet<String>>,
    /// The variables that the blocks around export, and the index of their block.
    variables: HashMap<SymbolId, usize>,
    around: Vec<Around>,
    /// The number of the last name of our own.
    given: u32,
    edits: Edits,
    is_edited: bool,
}

impl Blocks<'_> {
    /// Returns the block whose object has what a name stands for, when the name has to be written in full.
    fn owner(&self, name: &IdentifierReference<'_>) -> Option<usize> {
        let reference = self.scoping.get_reference(name.reference_id.get()?);
        let symbol = reference.symbol_id();
        if let Some(block) = symbol.and_then(|symbol| self.variables.get(&symbol)) {
            return Some(*block);
        }
        let bound = symbol.map(|symbol| self.scoping.symbol_scope_id(symbol));
        for (index, block) in self.around.iter().enumerate().rev() {
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
                return Some(index);
            }
        }
        None
    }

    /// Returns how a block's namespace is called in a scope: by its own name, unless something there hides that.
    fn object(&mut self, block: usize, scope: ScopeId) -> String {
        let Some(around) = self.around.get(block) else {
            return String::new();
        };
        let ((symbol, path), start) = (around.key.clone(), around.start);
        let first = path.split('.').next().unwrap_or_default();
        if self.scoping.find_binding(scope, Ident::from(first)) == Some(symbol) {
            return path;
        }
        if let Some(alias) = &around.alias {
            return alias.clone();
        }
        let alias = self.unused(path.rsplit('.').next().unwrap_or_default());
        // The block becomes a function whose only argument is the namespace's object.
        self.edits
            .insert(start, format!("const {alias} = arguments[0]; "));
        if let Some(around) = self.around.get_mut(block) {
            around.alias = Some(alias.clone());
        }
        alias
    }

    /// Returns a name that the text has nowhere, and that was not given yet.
    fn unused(&mut self, name: &str) -> String {
        loop {
            self.given += 1;
            let alias = format!("{name}_{}", self.given);
            if !self.text.contains(&alias) {
                return alias;
            }
        }
    }

    fn replace(&mut self, name: &IdentifierReference<'_>, before: &str) {
        if let Some(block) = self.owner(name)
            && let Some(reference) = name.reference_id.get()
        {
            let scope = self.scoping.get_reference(reference).scope_id();
            let object = self.object(block, scope);
            self.edits
                .insert(name.span.start, format!("{before}{object}."));
            self.is_edited = true;
        }
    }

    fn block(&mut self, key: Key, scope: Option<ScopeId>, block: &TSModuleBlock<'_>) {
        let start = match block.directives.last() {
            Some(directive) => directive.span.end,
            None => block.span.start + 1,
        };
        self.around.push(Around {
            scope,
            earlier: self.exported.get(&key).cloned().unwrap_or_default(),
            key: key.clone(),
            start,
            alias: None,
        });
        let index = self.around.len() - 1;
        for name in block.body.iter().flat_map(variables::exported) {
            self.variables.insert(name.symbol_id(), index);
        }
        walk::walk_ts_module_block(self, block);
        self.around.pop();
        self.exported.entry(key).or_default().extend(exports(block));
    }

    /// Returns the key of a namespace. One that a block exports belongs to those of its name in the other blocks.
    fn key(&self, id: &BindingIdentifier<'_>, is_exported: bool) -> Option<Key> {
        let name = id.name.as_str();
        Some(match self.around.last().filter(|_| is_exported) {
            Some(Around { key, .. }) => (key.0, format!("{}.{name}", key.1)),
            None => (id.symbol_id.get()?, name.to_owned()),
        })
    }

    /// Adds to an enum what an earlier block has exported under its name: the transformer makes a new object.
    fn merged(&mut self, export: Span, one: &TSEnumDeclaration<'_>) {
        let Some(block) = self.around.len().checked_sub(1) else {
            return;
        };
        let name = one.id.name.as_str();
        let scope = match self.around.get(block) {
            Some(around) if around.earlier.contains(name) && !one.declare => around.scope,
            _ => None,
        };
        if let Some(scope) = scope {
            let object = self.object(block, scope);
            let earlier = self.unused(name);
            self.edits
                .insert(export.start, format!("const {earlier} = {object}.{name}; "));
            let both = format!(" {name} = {object}.{name} = Object.assign({earlier}, {name});");
            self.edits.insert(export.end, both);
            self.is_edited = true;
        }
    }

    fn namespace(&mut self, namespace: &TSNamespaceDeclaration<'_>, is_exported: bool) {
        if namespace.declare {
            return;
        }
        let Some(mut key) = self.key(&namespace.id, is_exported) else {
            return;
        };
        let mut one = namespace;
        // `namespace A.B { }` has its block inside, and exports it from `A`.
        loop {
            match &one.body {
                TSNamespaceDeclarationBody::TSNamespaceDeclaration(inner) => {
                    let name = inner.id.name.as_str();
                    let names = self.exported.entry(key.clone()).or_default();
                    names.insert(name.to_owned());
                    key.1 = format!("{}.{name}", key.1);
                    one = inner;
                }
                TSNamespaceDeclarationBody::TSModuleBlock(block) => {
                    return self.block(key, one.scope_id.get(), block);
                }
            }
        }
    }
}

/// Returns the names of the values that a block exports.
fn exports(block: &TSModuleBlock<'_>) -> Vec<String> {
    let mut names = Vec::new();
    for statement in &block.body {
        let Statement::ExportDeclaration(export) = statement else {
            continue;
        };
        let one: Option<&BindingIdentifier<'_>> = match &export.declaration {
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
        self.namespace(namespace, false);
    }

    /// Nothing in there runs.
    fn visit_ts_external_module_declaration(&mut self, _: &TSExternalModuleDeclaration<'a>) {}
    fn visit_ts_global_declaration(&mut self, _: &TSGlobalDeclaration<'a>) {}

    fn visit_export_declaration(&mut self, export: &ExportDeclaration<'a>) {
        if self.around.is_empty() {
            return walk::walk_export_declaration(self, export);
        }
        match &export.declaration {
            Declaration::TSNamespaceDeclaration(namespace) => self.namespace(namespace, true),
            Declaration::VariableDeclaration(variables) if variables::is_live(variables) => {
                self.assign(export.span, variables);
            }
            Declaration::TSEnumDeclaration(one) => {
                self.merged(export.span, one);
                walk::walk_export_declaration(self, export);
            }
            _ => walk::walk_export_declaration(self, export),
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
