//! The text of an Action and of the files that it imports, parsed.

use std::collections::HashSet;

use oxc::allocator::Allocator;
use oxc::ast::AstKind;
use oxc::ast::ast::{Expression, Program};
use oxc::semantic::{AstNodes, Scoping, SemanticBuilder, SymbolId};
use oxc::span::SourceType;

use crate::modules::{Imports, Modules};
use crate::source::{Plain, parse, plain};

/// A file's text without types. That of the Action is the first, and the others follow in the order of their indices.
pub(super) struct Text<'m> {
    plain: Plain,
    imports: &'m Imports,
}

/// Returns the texts of an Action. `None` when one does not compile, or when it is not certain which files are imported.
pub(super) fn texts<'m>(file: &str, text: &str, modules: &'m Modules) -> Option<Vec<Text<'m>>> {
    // A mock may take the place of any module.
    if modules.are_mocked() {
        return None;
    }
    let (imports, local) = modules.local_files();
    let own = Text {
        plain: plain(file, text, false)?,
        imports,
    };
    let others = local.map(|(file, text, imports)| {
        let plain = match file.ends_with(".json") {
            // It has values and no code.
            true => Plain::default(),
            false => plain(file, text, true)?,
        };
        Some(Text { plain, imports })
    });
    std::iter::once(Some(own)).chain(others).collect()
}

/// Looks at the syntax trees of texts. `None` when one cannot be parsed.
pub(super) fn with_parsed<T: Send>(
    texts: &[Text<'_>],
    look: impl FnOnce(&[File<'_>]) -> Option<T> + Send,
) -> Option<T> {
    let codes: Vec<&str> = texts.iter().map(|text| &*text.plain.code).collect();
    parse::on_deep_stack(&codes.join("\n"), || {
        let allocators: Vec<Allocator> = texts.iter().map(|_| Allocator::default()).collect();
        let programs = texts.iter().zip(&allocators).map(|(text, allocator)| {
            let kind = match text.plain.is_module {
                true => SourceType::mjs(),
                false => SourceType::cjs(),
            };
            let parsed = parse::parse(allocator, &text.plain.code, kind);
            let is_sound = !parsed.panicked && !parsed.diagnostics.has_errors();
            is_sound.then_some(parsed.program)
        });
        let programs: Vec<Program<'_>> = programs.collect::<Option<_>>()?;
        let files = texts.iter().zip(&programs).map(|(text, program)| {
            let built = SemanticBuilder::new().with_build_nodes(true).build(program);
            let (scoping, nodes) = built.semantic.into_scoping_and_nodes();
            let unsteady = unsteady(&nodes, text.plain.is_module);
            File {
                program,
                unsteady,
                scoping,
                nodes,
                is_module: text.plain.is_module,
                imports: text.imports,
            }
        });
        look(&files.collect::<Vec<_>>())
    })
    .flatten()
}

/// A parsed file.
pub(super) struct File<'a> {
    pub(super) program: &'a Program<'a>,
    pub(super) scoping: Scoping,
    pub(super) nodes: AstNodes<'a>,
    /// Whether it is an ES module.
    pub(super) is_module: bool,
    imports: &'a Imports,
    unsteady: HashSet<&'a str>,
}

/// Returns the names of variables that a declaration elsewhere may change as an assignment does: a function in a block changes the
/// variable outside of it (ECMAScript, B.3.2), and `var` in a `catch` changes its parameter (B.3.4).
fn unsteady<'a>(nodes: &AstNodes<'a>, is_module: bool) -> HashSet<&'a str> {
    let (mut functions, mut caught, mut declared) =
        <(HashSet<_>, HashSet<_>, HashSet<_>)>::default();
    for node in nodes.iter() {
        match node.kind() {
            AstKind::Function(function) if function.is_declaration() && !is_module => {
                let above = nodes.parent_kind(node.id());
                if !matches!(above, AstKind::Program(_) | AstKind::FunctionBody(_)) {
                    functions.extend(function.id.iter().map(|name| name.name.as_str()));
                }
            }
            AstKind::CatchParameter(parameter) => {
                let names = parameter.pattern.get_binding_identifiers();
                caught.extend(names.iter().map(|name| name.name.as_str()));
            }
            AstKind::VariableDeclaration(variables) if variables.kind.is_var() => {
                for declarator in &variables.declarations {
                    let names = declarator.id.get_binding_identifiers();
                    declared.extend(names.iter().map(|name| name.name.as_str()));
                }
            }
            _ => {}
        }
    }
    functions.extend(caught.intersection(&declared));
    functions
}

impl File<'_> {
    /// Returns the place among all files of the one that is imported by this name.
    pub(super) fn imported(&self, specifier: &str) -> Option<usize> {
        self.imports.get(specifier).map(|index| index + 1)
    }

    /// Whether a variable has one declaration, and nothing assigns to it afterwards.
    pub(super) fn is_fixed(&self, symbol: SymbolId) -> bool {
        !self.scoping.symbol_is_mutated(symbol)
            && self.scoping.symbol_redeclarations(symbol).is_empty()
            && !self.unsteady.contains(self.scoping.symbol_name(symbol))
    }

    pub(super) fn is_global(&self, expression: &Expression<'_>, wanted: &str) -> bool {
        match expression {
            Expression::Identifier(name) => {
                let reference = name.reference_id.get();
                let symbol = reference.and_then(|id| self.scoping.get_reference(id).symbol_id());
                name.name == wanted && symbol.is_none()
            }
            _ => false,
        }
    }
}
