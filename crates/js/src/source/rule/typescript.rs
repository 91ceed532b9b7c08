//! Rules in TypeScript: one function among types, which may be exported.
//!
//! Everything that is not code is blanked out, so that the rest keeps its place; then the text is a Rule like others, with types.

use oxc::allocator::Allocator;
use oxc::ast::ast::{
    Declaration, ExportDefaultDeclarationKind, ImportDeclaration, ImportDeclarationSpecifier,
    Statement,
};
use oxc::semantic::{Scoping, SemanticBuilder};
use oxc::span::{GetSpan, SourceType, Span};
use oxc::syntax::reference::Reference;

use super::AS_EXPRESSION;
use crate::source::mapping::{Mapping, Segment};
use crate::source::text::{Position, utf16_length};
use crate::source::{SyntaxError, guesses, parse, strip};

/// The text that the parser's codegen writes before the function.
const PRINTED: &str = "_ = ";

/// A text without types around the function, and without what exports it. `None` for a text that has other code, or does not parse.
pub(super) fn without_types(text: &str) -> Option<String> {
    // Handlers of Actions are named so; most files in TypeScript need no second parser.
    if text.contains("onExecute") || text.contains("onContinue") {
        return None;
    }
    if guesses::excess(text).is_some() {
        return None;
    }
    let blanks = parse::on_deep_stack(text, || {
        let allocator = Allocator::default();
        let parsed = parse::parse(&allocator, text, SourceType::ts());
        if parsed.panicked || parsed.diagnostics.has_errors() {
            return None;
        }
        let semantic = SemanticBuilder::new().build(&parsed.program).semantic;
        let scoping = semantic.into_scoping();
        let mut blanks = Vec::new();
        let mut functions = 0;
        for statement in &parsed.program.body {
            match around_function(statement) {
                Some(span) => {
                    functions += 1;
                    blanks.push(span);
                }
                None if is_types(statement, &scoping) => blanks.push(statement.span()),
                None => return None,
            }
        }
        (functions == 1).then_some(blanks)
    })??;
    let mut bytes = text.as_bytes().to_vec();
    for span in blanks {
        let part = bytes.get_mut(span.start as usize..span.end as usize)?;
        for byte in part.iter_mut().filter(|byte| !byte.is_ascii_whitespace()) {
            *byte = b' ';
        }
    }
    String::from_utf8(bytes).ok()
}

/// Returns the part of a statement that exports a function; empty when nothing does. `None` for a statement that is no function.
fn around_function(statement: &Statement<'_>) -> Option<Span> {
    let before = |inner: Span| Some(Span::new(statement.span().start, inner.start));
    match statement {
        Statement::FunctionDeclaration(function) if !function.declare => before(function.span),
        Statement::ExportDefaultDeclaration(export) => match &export.declaration {
            ExportDefaultDeclarationKind::FunctionDeclaration(function) => before(function.span),
            ExportDefaultDeclarationKind::ArrowFunctionExpression(function) => {
                before(function.span)
            }
            _ => None,
        },
        Statement::ExportDeclaration(export) => match &export.declaration {
            Declaration::FunctionDeclaration(function) => before(function.span),
            _ => None,
        },
        Statement::TSExportAssignment(export) => before(export.expression.span()),
        // `module.exports = function …`, and a function alone in brackets.
        Statement::ExpressionStatement(_) => before(statement.span()),
        _ => None,
    }
}

/// Whether a statement is gone once the text is compiled.
fn is_types(statement: &Statement<'_>, scoping: &Scoping) -> bool {
    match statement {
        Statement::TSInterfaceDeclaration(_)
        | Statement::TSTypeAliasDeclaration(_)
        | Statement::EmptyStatement(_) => true,
        Statement::ImportDeclaration(import) => is_of_types(import, scoping),
        Statement::ExportDeclaration(export) => matches!(
            &export.declaration,
            Declaration::TSInterfaceDeclaration(_) | Declaration::TSTypeAliasDeclaration(_)
        ),
        Statement::ExportNamedDeclaration(export) => {
            export.export_kind.is_type() || export.specifiers.is_empty()
        }
        Statement::ExportFromDeclaration(export) => export.export_kind.is_type(),
        Statement::VariableDeclaration(variables) => variables.declare,
        Statement::FunctionDeclaration(function) => function.declare,
        _ => false,
    }
}

/// Whether an import is of types alone: it says so, or nothing else uses what it names.
fn is_of_types(import: &ImportDeclaration<'_>, scoping: &Scoping) -> bool {
    if import.import_kind.is_type() {
        return true;
    }
    let Some(specifiers) = &import.specifiers else {
        return false;
    };
    specifiers.iter().all(|specifier| {
        let symbol = match specifier {
            ImportDeclarationSpecifier::ImportSpecifier(one) if one.import_kind.is_type() => {
                return true;
            }
            ImportDeclarationSpecifier::ImportSpecifier(one) => one.local.symbol_id(),
            ImportDeclarationSpecifier::ImportDefaultSpecifier(one) => one.local.symbol_id(),
            ImportDeclarationSpecifier::ImportNamespaceSpecifier(one) => one.local.symbol_id(),
        };
        scoping
            .get_resolved_references(symbol)
            .all(Reference::is_type)
    })
}

/// The function of a Rule without types, and the way back. `body` is the text up to the function's end.
pub(super) fn function(
    file_name: &str,
    body: &str,
    map: &mut Mapping,
) -> Result<Option<String>, SyntaxError> {
    let assigned = format!("{AS_EXPRESSION}{body}");
    map.push(moved_on_first_line(&assigned, AS_EXPRESSION, ""));
    let printed = strip::types(file_name, &assigned, map)?;
    let Some(function) = printed.strip_prefix(PRINTED) else {
        return Ok(None);
    };
    map.push(moved_on_first_line(&printed, "", PRINTED));
    let function = function.trim_end().trim_end_matches(';');
    Ok(Some(function.to_owned()))
}

/// The way back of a text whose first line has something else in front: `new` instead of `old`. Other lines stay.
fn moved_on_first_line(text: &str, new: &str, old: &str) -> Vec<Segment> {
    let lines = u32::try_from(text.lines().count()).unwrap_or(u32::MAX);
    let start = |line, column| Position { line, column };
    (1..=lines.max(1))
        .map(|line| {
            let (generated, original) = match line {
                1 => (utf16_length(new), utf16_length(old)),
                _ => (0, 0),
            };
            Segment {
                generated: start(line, 1 + generated),
                original: start(line, 1 + original),
                same: u32::MAX,
            }
        })
        .collect()
}
