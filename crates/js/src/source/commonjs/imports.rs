//! `import` declarations to `require` calls.

use std::fmt::Write as _;

use oxc::ast::ast::{ImportDeclaration, ImportDeclarationSpecifier, ModuleExportName};
use oxc::semantic::SymbolId;

use super::exports::{member, quoted};
use super::{Module, Target};

/// The bindings of an `import` declaration.
#[derive(Default)]
struct Bound {
    namespace: Option<String>,
    default: bool,
    named: bool,
    names: Vec<(SymbolId, String)>,
}

impl Module<'_> {
    /// Replaces an `import` declaration and notes what its names stand for.
    pub(super) fn import(&mut self, import: &ImportDeclaration<'_>) {
        let specifier = import.source.value.as_str();
        let bound = bound(import);
        let specifiers = import.specifiers.iter().flatten();
        self.namespaces.extend(specifiers.filter_map(namespace));
        if self.target == Target::Package {
            return self.import_namespace(import, bound);
        }
        let text = if let Some(namespace) = &bound.namespace {
            let required = self.require_star(specifier);
            if bound.names.is_empty() {
                format!("const {namespace} = {required};")
            } else {
                // `import d, * as ns`: the namespace carries the default.
                self.stand_for(namespace, &bound.names);
                format!("const {namespace} = {required};")
            }
        } else if bound.names.is_empty() {
            format!("require({});", quoted(specifier))
        } else {
            let name = self.names.for_module(specifier);
            self.stand_for(&name, &bound.names);
            let required = match (bound.default, bound.named) {
                (true, true) => self.require_star(specifier),
                (true, false) => self.require_default(specifier),
                _ => format!("require({})", quoted(specifier)),
            };
            format!("const {name} = {required};")
        };
        self.edits
            .replace(self.text, import.span.start, import.span.end, text);
    }

    fn import_namespace(&mut self, import: &ImportDeclaration<'_>, bound: Bound) {
        let specifier = import.source.value.as_str();
        let imported = import_call(specifier);
        if bound.namespace.is_none() && bound.names.is_empty() {
            let _ = write!(self.imported, "{imported};");
        } else {
            let name = bound
                .namespace
                .unwrap_or_else(|| self.names.for_module(specifier));
            self.stand_for(&name, &bound.names);
            let _ = write!(self.imported, "var {name} = {imported};");
        }
        self.edits
            .replace(self.text, import.span.start, import.span.end, "");
    }

    /// A `require` call whose result is a namespace object.
    pub(super) fn require_star(&mut self, specifier: &str) -> String {
        self.helpers.star = true;
        format!("__importStar(require({}))", quoted(specifier))
    }

    /// A `require` call whose result has a `default`.
    pub(super) fn require_default(&mut self, specifier: &str) -> String {
        self.helpers.default = true;
        format!("__importDefault(require({}))", quoted(specifier))
    }

    fn stand_for(&mut self, module: &str, names: &[(SymbolId, String)]) {
        self.imports.extend(
            names
                .iter()
                .map(|(symbol, name)| (*symbol, member(module, name))),
        );
    }
}

fn namespace(specifier: &ImportDeclarationSpecifier<'_>) -> Option<(SymbolId, String)> {
    match specifier {
        ImportDeclarationSpecifier::ImportNamespaceSpecifier(specifier) => {
            let local = &specifier.local;
            Some((local.symbol_id(), local.name.as_str().to_owned()))
        }
        _ => None,
    }
}

fn bound(import: &ImportDeclaration<'_>) -> Bound {
    let mut bound = Bound::default();
    for specifier in import.specifiers.iter().flatten() {
        match specifier {
            ImportDeclarationSpecifier::ImportNamespaceSpecifier(specifier) => {
                bound.namespace = Some(specifier.local.name.as_str().to_owned());
            }
            ImportDeclarationSpecifier::ImportDefaultSpecifier(specifier) => {
                bound.default = true;
                bound
                    .names
                    .push((specifier.local.symbol_id(), "default".to_owned()));
            }
            ImportDeclarationSpecifier::ImportSpecifier(specifier) => {
                let name = exported_name(&specifier.imported);
                bound.default |= name == "default";
                bound.named |= name != "default";
                bound.names.push((specifier.local.symbol_id(), name));
            }
        }
    }
    bound
}

/// The namespace of a module, in a package.
pub(super) fn import_call(specifier: &str) -> String {
    format!("$import({})", quoted(specifier))
}

/// The text of a name in an import or export list.
pub(super) fn exported_name(name: &ModuleExportName<'_>) -> String {
    name.name().as_str().to_owned()
}
