//! The names that a module imports from other files, and those that it exports.

use std::collections::HashSet;

use oxc::allocator::Allocator;
use oxc::ast::ast::{
    ExportSpecifier, IdentifierReference, ImportDeclaration, ImportDeclarationSpecifier, Program,
    Statement,
};
use oxc::ast_visit::Visit;
use oxc::semantic::{Scoping, SemanticBuilder, SymbolId};
use oxc::span::SourceType;

use super::exports::declared_names;
use super::imports::exported_name;
use crate::source::parse;

/// A name that a module imports from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The file, as it is written.
    pub(crate) specifier: String,
    /// The name under which the file exports it.
    pub(crate) name: String,
    /// The byte offset of where it is written.
    pub(crate) offset: usize,
}

/// The names of a module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Links {
    pub(crate) asked: Vec<Asked>,
    pub(crate) given: HashSet<String>,
    /// The files of which it exports everything.
    pub(crate) stars: Vec<String>,
    /// Whether it exports in the words of CommonJS as well: `export = …`, `exports.a = …`.
    pub(crate) is_open: bool,
}

/// Returns the names of an ES module without types. In one that was TypeScript, `is_typescript`, a name that is only exported
/// again may be a type, which no other file has when it runs: esbuild and tsc leave it out.
pub(crate) fn of(text: &str, is_typescript: bool) -> Links {
    let allocator = Allocator::default();
    let program = parse::parse(&allocator, text, SourceType::mjs()).program;
    let semantic = SemanticBuilder::new().build(&program).semantic;
    let used = Used::of(&program, semantic.scoping());
    let mut links = Links {
        is_open: used.is_commonjs,
        ..Links::default()
    };
    let used = Some(used).filter(|_| is_typescript);
    for statement in &program.body {
        links.statement(statement, used.as_ref());
    }
    links
}

impl Links {
    fn statement(&mut self, statement: &Statement<'_>, used: Option<&Used<'_>>) {
        match statement {
            Statement::ImportDeclaration(import) => self.import(import, used),
            Statement::ExportDeclaration(export) => {
                let names = declared_names(&export.declaration).into_iter();
                self.given.extend(names.map(|name| name.name.to_string()));
            }
            Statement::ExportNamedDeclaration(export) => {
                let names = export.specifiers.iter();
                self.given
                    .extend(names.map(|one| exported_name(&one.exported)));
            }
            Statement::ExportFromDeclaration(export) => {
                for one in &export.specifiers {
                    self.given.insert(exported_name(&one.exported));
                    if used.is_none() {
                        self.asked.push(Asked {
                            specifier: export.source.value.to_string(),
                            name: exported_name(&one.local),
                            offset: one.span.start as usize,
                        });
                    }
                }
            }
            Statement::ExportAllDeclaration(export) => match &export.exported {
                Some(name) => {
                    self.given.insert(exported_name(name));
                }
                None => self.stars.push(export.source.value.to_string()),
            },
            Statement::ExportDefaultDeclaration(_) => {
                self.given.insert("default".to_owned());
            }
            _ => {}
        }
    }

    fn import(&mut self, import: &ImportDeclaration<'_>, used: Option<&Used<'_>>) {
        for specifier in import.specifiers.iter().flatten() {
            let (local, name, span) = match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(one) => {
                    (&one.local, exported_name(&one.imported), one.span)
                }
                ImportDeclarationSpecifier::ImportDefaultSpecifier(one) => {
                    (&one.local, "default".to_owned(), one.span)
                }
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => continue,
            };
            let is_used = used.is_none_or(|used| used.symbols.contains(&local.symbol_id()));
            if is_used {
                self.asked.push(Asked {
                    specifier: import.source.value.to_string(),
                    name,
                    offset: span.start as usize,
                });
            }
        }
    }
}

/// The symbols that code uses; to export one again is no use.
struct Used<'s> {
    scoping: &'s Scoping,
    symbols: HashSet<SymbolId>,
    is_commonjs: bool,
}

impl<'s> Used<'s> {
    fn of(program: &Program<'_>, scoping: &'s Scoping) -> Self {
        let mut used = Self {
            scoping,
            symbols: HashSet::new(),
            is_commonjs: false,
        };
        used.visit_program(program);
        used
    }
}

impl<'a> Visit<'a> for Used<'_> {
    fn visit_export_specifier(&mut self, _: &ExportSpecifier<'a>) {}

    fn visit_identifier_reference(&mut self, name: &IdentifierReference<'a>) {
        let reference = name.reference_id.get();
        let symbol = reference.and_then(|it| self.scoping.get_reference(it).symbol_id());
        self.is_commonjs |= symbol.is_none() && matches!(name.name.as_str(), "exports" | "module");
        self.symbols.extend(symbol);
    }
}
