//! `export` declarations to assignments to `exports`.

use std::fmt::Write as _;

use oxc::ast::ast::{
    BindingIdentifier, Declaration, ExportAllDeclaration, ExportDefaultDeclaration,
    ExportDefaultDeclarationKind, ExportFromDeclaration, ExportNamedDeclaration, ModuleExportName,
    Statement,
};
use oxc::semantic::SymbolId;
use oxc::span::{GetSpan, Span};

use super::imports::{exported_name, import_call};
use super::{Module, Target};

impl Module<'_> {
    /// Notes under which names local variables are exported.
    pub(super) fn collect_exports(&mut self, statement: &Statement<'_>) {
        match statement {
            Statement::ExportDeclaration(export) => {
                for name in declared_names(&export.declaration) {
                    self.exports
                        .entry(name.symbol_id())
                        .or_default()
                        .push(name.name.as_str().to_owned());
                }
            }
            Statement::ExportNamedDeclaration(export) => {
                for specifier in &export.specifiers {
                    if let Some(symbol) = self.local_symbol(&specifier.local) {
                        self.exports
                            .entry(symbol)
                            .or_default()
                            .push(exported_name(&specifier.exported));
                    }
                }
            }
            Statement::ExportDefaultDeclaration(export) => {
                if let Some(name) = default_name(export) {
                    self.exports
                        .entry(name.symbol_id())
                        .or_default()
                        .push("default".to_owned());
                }
            }
            _ => {}
        }
    }

    /// Rewrites a statement of the top level, once all imports and exports are known.
    pub(super) fn export(&mut self, statement: &Statement<'_>) {
        match statement {
            Statement::ExportDeclaration(export) => {
                let start = export.declaration.span().start;
                self.edits.replace(
                    self.text,
                    export.span.start,
                    start,
                    blank(self.text, export.span.start, start),
                );
                self.assign_declared(&export.declaration, export.span);
            }
            Statement::ExportNamedDeclaration(export) => self.export_list(export),
            Statement::ExportFromDeclaration(export) => self.export_from(export),
            Statement::ExportAllDeclaration(export) => self.export_all(export),
            Statement::ExportDefaultDeclaration(export) => self.export_default(export),
            _ => {
                if let Some(declaration) = statement.as_declaration() {
                    self.assign_declared(declaration, statement.span());
                }
            }
        }
    }

    /// Assigns the exported names of a declaration: functions at the top, variables behind it.
    fn assign_declared(&mut self, declaration: &Declaration<'_>, span: Span) {
        let is_function = matches!(declaration, Declaration::FunctionDeclaration(_));
        let mut behind = String::new();
        for name in declared_names(declaration) {
            self.assign(name, is_function, &mut behind);
        }
        self.insert_behind(span, &behind);
    }

    fn assign(&mut self, local: &BindingIdentifier<'_>, is_function: bool, behind: &mut String) {
        let symbol = local.symbol_id();
        // A variable that is declared again has its names from the first time.
        let Some(names) = self.exports.remove(&symbol) else {
            return;
        };
        let local = local.name.as_str();
        let changes = self.scoping.symbol_is_mutated(symbol)
            || !self.scoping.symbol_redeclarations(symbol).is_empty();
        for name in names {
            if changes {
                self.getter(&name, local);
            } else if is_function {
                let _ = write!(self.hoisted, "{} = {local};", member("exports", &name));
            } else {
                let _ = write!(behind, " {} = {local};", member("exports", &name));
                self.later.push(name);
            }
        }
    }

    /// `export { a, b as c }`: only what was imported needs code here, the rest stands at its declaration.
    fn export_list(&mut self, export: &ExportNamedDeclaration<'_>) {
        for specifier in &export.specifiers {
            let symbol = self.local_symbol(&specifier.local);
            let imported = symbol.and_then(|symbol| {
                self.imports
                    .get(&symbol)
                    .or_else(|| self.namespaces.get(&symbol))
            });
            let Some(imported) = imported.cloned() else {
                continue;
            };
            self.getter(&exported_name(&specifier.exported), &imported);
        }
        self.edits
            .replace(self.text, export.span.start, export.span.end, "");
    }

    fn export_from(&mut self, export: &ExportFromDeclaration<'_>) {
        let specifier = export.source.value.as_str();
        let module = self.names.for_module(specifier);
        let takes_default = export
            .specifiers
            .iter()
            .any(|specifier| specifier.local.name() == "default");
        let required = if self.target == Target::Package {
            import_call(specifier)
        } else if takes_default {
            self.require_default(specifier)
        } else {
            format!("require({})", quoted(specifier))
        };
        for specifier in &export.specifiers {
            let value = member(&module, &exported_name(&specifier.local));
            self.getter(&exported_name(&specifier.exported), &value);
        }
        // `var`: the getters stand above it.
        self.import_statement(export.span, format!("var {module} = {required};"));
    }

    fn export_all(&mut self, export: &ExportAllDeclaration<'_>) {
        let specifier = export.source.value.as_str();
        let text = if let Some(name) = &export.exported {
            let required = match self.target {
                Target::Package => import_call(specifier),
                Target::Action => self.require_star(specifier),
            };
            let name = exported_name(name);
            let text = format!("{} = {required};", member("exports", &name));
            self.later.push(name);
            text
        } else {
            self.helpers.export_star = true;
            match self.target {
                Target::Package => format!("__exportStar({}, exports);", import_call(specifier)),
                Target::Action => {
                    format!("__exportStar(require({}), exports);", quoted(specifier))
                }
            }
        };
        self.import_statement(export.span, text);
    }

    /// Puts a statement in the place of a declaration, or before everything else where Node runs it there.
    fn import_statement(&mut self, span: Span, text: String) {
        let text = match self.target {
            Target::Action => text,
            Target::Package => {
                self.imported.push_str(&text);
                String::new()
            }
        };
        self.edits.replace(self.text, span.start, span.end, text);
    }

    fn export_default(&mut self, export: &ExportDefaultDeclaration<'_>) {
        let start = export.declaration.span().start;
        let name = default_name(export);
        let (is_function, anonymous) = match &export.declaration {
            ExportDefaultDeclarationKind::FunctionDeclaration(function) => {
                // Behind `function` and its star: where the parameters begin.
                (true, name.is_none().then_some(function.params.span.start))
            }
            ExportDefaultDeclarationKind::ClassDeclaration(class) => (
                false,
                name.is_none()
                    .then_some(class.span.start + "class".len() as u32),
            ),
            _ => {
                self.edits
                    .replace(self.text, export.span.start, start, "exports.default = ");
                self.later.push("default".to_owned());
                return;
            }
        };
        self.edits.replace(
            self.text,
            export.span.start,
            start,
            blank(self.text, export.span.start, start),
        );
        let mut behind = String::new();
        if let Some(place) = anonymous {
            let local = self.names.fresh("default");
            self.edits.insert(place, format!(" {local}"));
            if is_function {
                let _ = write!(self.hoisted, "exports.default = {local};");
            } else {
                let _ = write!(behind, " exports.default = {local};");
                self.later.push("default".to_owned());
            }
        } else if let Some(name) = name {
            self.assign(name, is_function, &mut behind);
        }
        self.insert_behind(export.span, &behind);
    }

    /// A property that is read each time anew.
    fn getter(&mut self, name: &str, value: &str) {
        let name = quoted(name);
        let _ = write!(
            self.hoisted,
            "Object.defineProperty(exports, {name}, {{ enumerable: true, get: function () {{ return {value}; }} }});"
        );
    }

    /// Inserts behind a statement that may lack its semicolon.
    fn insert_behind(&mut self, span: Span, text: &str) {
        if text.is_empty() {
            return;
        }
        let statement = self
            .text
            .get(span.start as usize..span.end as usize)
            .unwrap_or("");
        let separator = if statement.ends_with(';') { "" } else { ";" };
        self.edits.insert(span.end, format!("{separator}{text}"));
    }

    fn local_symbol(&self, name: &ModuleExportName<'_>) -> Option<SymbolId> {
        let ModuleExportName::IdentifierReference(reference) = name else {
            return None;
        };
        self.scoping
            .get_reference(reference.reference_id.get()?)
            .symbol_id()
    }
}

/// The names that a declaration binds.
pub(super) fn declared_names<'d, 'a>(
    declaration: &'d Declaration<'a>,
) -> Vec<&'d BindingIdentifier<'a>> {
    match declaration {
        Declaration::VariableDeclaration(variables) => variables
            .declarations
            .iter()
            .flat_map(|declarator| declarator.id.get_binding_identifiers())
            .collect(),
        Declaration::FunctionDeclaration(function) => function.id.iter().collect(),
        Declaration::ClassDeclaration(class) => class.id.iter().collect(),
        _ => Vec::new(),
    }
}

/// The name of a function or class that is the default export.
fn default_name<'d, 'a>(
    export: &'d ExportDefaultDeclaration<'a>,
) -> Option<&'d BindingIdentifier<'a>> {
    match &export.declaration {
        ExportDefaultDeclarationKind::FunctionDeclaration(function) => function.id.as_ref(),
        ExportDefaultDeclarationKind::ClassDeclaration(class) => class.id.as_ref(),
        _ => None,
    }
}

/// As many columns of nothing on the last line; the line ends are kept by the edit itself.
fn blank(text: &str, start: u32, end: u32) -> String {
    let old = text.get(start as usize..end as usize).unwrap_or("");
    if old.contains('\n') {
        String::new()
    } else {
        " ".repeat(old.chars().map(char::len_utf16).sum())
    }
}

/// `object.name` or `object["na-me"]`.
pub(super) fn member(object: &str, name: &str) -> String {
    let plain = name.chars().enumerate().all(|(index, character)| {
        character == '_'
            || character == '$'
            || character.is_alphabetic()
            || (index > 0 && character.is_ascii_digit())
    });
    if plain && !name.is_empty() {
        format!("{object}.{name}")
    } else {
        format!("{object}[{}]", quoted(name))
    }
}

/// A string literal: JSON's are ECMAScript's.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
