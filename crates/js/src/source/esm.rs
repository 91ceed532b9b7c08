//! Module syntax where it does not belong, and what a module may not do in production.

use oxc::allocator::Allocator;
use oxc::ast::ast::{
    AccessorProperty, ArrowFunctionExpression, AwaitExpression, Decorator, ForOfStatement,
    Function, ImportMeta, ModuleDeclaration, PropertyDefinition, Statement, StaticBlock,
};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::ScopeFlags;
use oxc::span::{GetSpan, SourceType};

use super::parse;

/// Module syntax in a CommonJS text, and its byte offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ModuleSyntax {
    /// An `import` declaration.
    Import(usize),
    /// An `export` declaration.
    Export(usize),
    /// `import.meta`.
    ImportMeta(usize),
}

/// The first module syntax of a text that is an ES module without fault; `None` otherwise.
pub(crate) fn first_module_syntax(text: &str) -> Option<ModuleSyntax> {
    let allocator = Allocator::default();
    let parsed = parse::parse(&allocator, text, SourceType::mjs());
    if parsed.panicked {
        return None;
    }
    let declaration = parsed
        .program
        .body
        .iter()
        .find_map(Statement::as_module_declaration);
    if let Some(declaration) = declaration {
        let offset = declaration.span().start as usize;
        return Some(match declaration {
            ModuleDeclaration::ImportDeclaration(_) => ModuleSyntax::Import(offset),
            _ => ModuleSyntax::Export(offset),
        });
    }
    let mut finder = Finder::default();
    finder.visit_program(&parsed.program);
    finder.import_meta.map(ModuleSyntax::ImportMeta)
}

/// The byte offset of the first thing that parses in a module but cannot run in a function's body.
pub(crate) fn first_refused(text: &str, kind: SourceType) -> Option<Refused> {
    let allocator = Allocator::default();
    let parsed = parse::parse(&allocator, text, kind);
    let mut finder = Finder::default();
    finder.visit_program(&parsed.program);
    if let Some(at) = finder.decorator {
        return Some(Refused::Decorator(at));
    }
    match (finder.top_level_await, finder.import_meta) {
        (Some(at), Some(meta)) if meta < at => Some(Refused::ImportMeta(meta)),
        (Some(at), _) => Some(Refused::Await(at)),
        (None, meta) => meta.map(Refused::ImportMeta),
    }
}

/// Returns what a module may not do in production, with its byte offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// `await` outside functions.
    Await(usize),
    /// `import.meta`.
    ImportMeta(usize),
    /// A decorator, or a field with `accessor`: Node 22 has neither.
    Decorator(usize),
}

#[derive(Default)]
struct Finder {
    functions: usize,
    top_level_await: Option<usize>,
    import_meta: Option<usize>,
    decorator: Option<usize>,
}

impl Finder {
    fn awaits(&mut self, offset: u32) {
        if self.functions == 0 {
            self.top_level_await.get_or_insert(offset as usize);
        }
    }
}

impl<'a> Visit<'a> for Finder {
    fn visit_function(&mut self, function: &Function<'a>, flags: ScopeFlags) {
        self.functions += 1;
        walk::walk_function(self, function, flags);
        self.functions -= 1;
    }

    fn visit_arrow_function_expression(&mut self, arrow: &ArrowFunctionExpression<'a>) {
        self.functions += 1;
        walk::walk_arrow_function_expression(self, arrow);
        self.functions -= 1;
    }

    fn visit_property_definition(&mut self, property: &PropertyDefinition<'a>) {
        self.functions += 1;
        walk::walk_property_definition(self, property);
        self.functions -= 1;
    }

    fn visit_static_block(&mut self, block: &StaticBlock<'a>) {
        self.functions += 1;
        walk::walk_static_block(self, block);
        self.functions -= 1;
    }

    fn visit_await_expression(&mut self, expression: &AwaitExpression<'a>) {
        self.awaits(expression.span.start);
        walk::walk_await_expression(self, expression);
    }

    fn visit_for_of_statement(&mut self, statement: &ForOfStatement<'a>) {
        if statement.r#await {
            self.awaits(statement.span.start);
        }
        walk::walk_for_of_statement(self, statement);
    }

    fn visit_decorator(&mut self, decorator: &Decorator<'a>) {
        self.decorator.get_or_insert(decorator.span.start as usize);
    }

    fn visit_accessor_property(&mut self, accessor: &AccessorProperty<'a>) {
        self.decorator.get_or_insert(accessor.span.start as usize);
    }

    fn visit_import_meta(&mut self, meta: &ImportMeta) {
        self.import_meta.get_or_insert(meta.span.start as usize);
    }
}
