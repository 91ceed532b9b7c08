//! The functions that names mean: in their file, or in one that it imports.

use oxc::ast::AstKind;
use oxc::ast::ast::{
    AssignmentExpression, BindingPattern, Declaration, ExportDefaultDeclarationKind, Expression,
    FormalParameters, IdentifierReference, ModuleExportName, ObjectPropertyKind, PropertyKey,
    Statement,
};
use oxc::semantic::{NodeId, SymbolId};

use super::files::File;

/// The handler whose runs are looked at.
const HANDLER: &str = "onExecutePostLogin";

/// The longest chain of names that is followed.
const DEEPEST: usize = 32;

/// The parameters of a function, and the index of its file.
pub(super) type Found<'a> = (usize, &'a FormalParameters<'a>);

#[derive(Clone, Copy)]
pub(super) struct Functions<'f, 'a> {
    pub(super) files: &'f [File<'a>],
}

impl<'f, 'a> Functions<'f, 'a> {
    /// Returns the handler, when it is written as one function and exported once.
    pub(super) fn handler(self) -> Option<Found<'a>> {
        let file = self.files.first()?;
        if file.is_module {
            return self.exported(0, HANDLER, 0);
        }
        let mut found = Vec::new();
        for node in file.nodes.iter() {
            if let AstKind::AssignmentExpression(assignment) = node.kind() {
                assigned(file, assignment, &mut found)?;
            }
        }
        match found.as_slice() {
            [value] => self.written(0, value, 0),
            _ => None,
        }
    }

    /// Returns the function that an expression names or is.
    pub(super) fn written(
        self,
        at: usize,
        expression: &'a Expression<'a>,
        depth: usize,
    ) -> Option<Found<'a>> {
        match expression.get_inner_expression() {
            Expression::FunctionExpression(function) => Some((at, &function.params)),
            Expression::ArrowFunctionExpression(arrow) => Some((at, &arrow.params)),
            Expression::Identifier(name) => self.named(at, self.symbol(at, name)?, depth + 1),
            Expression::StaticMemberExpression(member) => {
                let Expression::Identifier(name) = &member.object else {
                    return None;
                };
                let file = self.files.get(at)?;
                let declaration = file.scoping.symbol_declaration(self.symbol(at, name)?);
                let AstKind::ImportNamespaceSpecifier(_) = file.nodes.kind(declaration) else {
                    return None;
                };
                let from = import_of(file, declaration)?;
                self.exported(from, member.property.name.as_str(), depth + 1)
            }
            _ => None,
        }
    }

    fn symbol(self, at: usize, name: &IdentifierReference<'_>) -> Option<SymbolId> {
        let id = name.reference_id.get()?;
        self.files.get(at)?.scoping.get_reference(id).symbol_id()
    }

    /// Returns the function that a variable is for as long as it has a value.
    fn named(self, at: usize, symbol: SymbolId, depth: usize) -> Option<Found<'a>> {
        let file = self.files.get(at)?;
        if depth > DEEPEST || !file.is_fixed(symbol) {
            return None;
        }
        let declaration = file.scoping.symbol_declaration(symbol);
        match file.nodes.kind(declaration) {
            AstKind::Function(function) => Some((at, &function.params)),
            AstKind::VariableDeclarator(declarator) => {
                let list = file.nodes.parent_id(declaration);
                let is_of_loop = matches!(
                    file.nodes.parent_kind(list),
                    AstKind::ForInStatement(_) | AstKind::ForOfStatement(_)
                );
                match (&declarator.id, &declarator.init) {
                    (BindingPattern::BindingIdentifier(_), Some(value)) if !is_of_loop => {
                        self.written(at, value, depth + 1)
                    }
                    _ => None,
                }
            }
            AstKind::ImportSpecifier(specifier) => {
                let from = import_of(file, declaration)?;
                self.exported(from, specifier.imported.name().as_str(), depth + 1)
            }
            AstKind::ImportDefaultSpecifier(_) => {
                self.exported(import_of(file, declaration)?, "default", depth + 1)
            }
            _ => None,
        }
    }

    /// Returns the function that an ES module exports under a name.
    fn exported(self, at: usize, wanted: &str, depth: usize) -> Option<Found<'a>> {
        let file = self.files.get(at).filter(|file| file.is_module)?;
        if depth > DEEPEST {
            return None;
        }
        let mut passed_on = Vec::new();
        for statement in &file.program.body {
            match statement {
                Statement::ExportDeclaration(export) => {
                    if let Some(symbol) = declared(&export.declaration, wanted) {
                        return self.named(at, symbol, depth + 1);
                    }
                }
                Statement::ExportNamedDeclaration(export) => {
                    for specifier in &export.specifiers {
                        if specifier.exported.name() == wanted {
                            let ModuleExportName::IdentifierReference(name) = &specifier.local
                            else {
                                return None;
                            };
                            return self.named(at, self.symbol(at, name)?, depth + 1);
                        }
                    }
                }
                Statement::ExportFromDeclaration(export) => {
                    for specifier in &export.specifiers {
                        if specifier.exported.name() == wanted {
                            let from = file.imported(export.source.value.as_str())?;
                            let name = specifier.local.name();
                            return self.exported(from, name.as_str(), depth + 1);
                        }
                    }
                }
                Statement::ExportDefaultDeclaration(export) if wanted == "default" => {
                    return match &export.declaration {
                        ExportDefaultDeclarationKind::FunctionDeclaration(function) => {
                            match &function.id {
                                Some(name) => self.named(at, name.symbol_id(), depth + 1),
                                None => Some((at, &function.params)),
                            }
                        }
                        // The value of a name at this moment, and it has no other.
                        kind => self.written(at, kind.as_expression()?, depth + 1),
                    };
                }
                Statement::ExportAllDeclaration(export) => {
                    passed_on.push(file.imported(export.source.value.as_str())?);
                }
                _ => {}
            }
        }
        // Of two the first one that has the name counts, and whether it has cannot be seen here.
        match (passed_on.as_slice(), wanted) {
            (&[from], name) if name != "default" => self.exported(from, name, depth + 1),
            _ => None,
        }
    }
}

/// Returns the file of the import of which a specifier is a part.
fn import_of(file: &File<'_>, specifier: NodeId) -> Option<usize> {
    match file.nodes.parent_kind(specifier) {
        AstKind::ImportDeclaration(import) => file.imported(import.source.value.as_str()),
        _ => None,
    }
}

/// Returns the variable of this name that a declaration declares.
fn declared(declaration: &Declaration<'_>, wanted: &str) -> Option<SymbolId> {
    match declaration {
        Declaration::FunctionDeclaration(function) => {
            let name = function.id.as_ref()?;
            (name.name == wanted).then(|| name.symbol_id())
        }
        Declaration::VariableDeclaration(variables) => {
            let names = variables
                .declarations
                .iter()
                .flat_map(|declarator| declarator.id.get_binding_identifiers());
            let mut wanted = names.filter(|name| name.name == wanted);
            wanted.next().map(|name| name.symbol_id())
        }
        _ => None,
    }
}

/// Adds what an assignment of CommonJS gives to the handler's name. `None` for one that may give it something unknown.
fn assigned<'a>(
    file: &File<'a>,
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
            file.is_global(&above.object, "module") && above.property.name == "exports"
        }
        object => file.is_global(object, "exports"),
    };
    if is_exports {
        if name == HANDLER {
            found.push(&assignment.right);
        }
        return Some(());
    }
    if !(file.is_global(object, "module") && name == "exports") {
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

/// Returns the name of a property that is written out.
pub(super) fn name_of<'k>(key: &'k PropertyKey<'_>, is_computed: bool) -> Option<&'k str> {
    match key {
        PropertyKey::StaticIdentifier(name) if !is_computed => Some(name.name.as_str()),
        PropertyKey::StringLiteral(name) => Some(name.value.as_str()),
        _ => None,
    }
}
