//! ES modules to CommonJS with the meaning of `tsc --module commonjs --esModuleInterop`.
//!
//! The text is edited in place instead of being printed anew: every statement stays on its line, and
//! what must be added at the top shares the first line. References to imports become member accesses
//! (`axios_1.default`), so bindings stay live; exports are assigned behind their declaration, or
//! through a getter where the variable is assigned to later.

mod exports;
mod imports;
pub(crate) mod links;
mod names;
mod references;

use std::collections::HashMap;
use std::fmt::Write as _;

use oxc::allocator::Allocator;
use oxc::ast::ast::{Program, Statement};
use oxc::ast_visit::Visit;
use oxc::semantic::{Scoping, SemanticBuilder, SymbolId};
use oxc::span::SourceType;

use self::names::Names;
use self::references::References;
use super::edits::Edits;
use super::mapping::Mapping;
use super::parse;

/// The text as CommonJS, and whether it had `import` or `export`. Adds the way back to `map`.
pub(crate) fn from_module(text: &str, map: &mut Mapping) -> (String, bool) {
    rewrite(text, SourceType::mjs(), Target::Action, map)
}

/// The text of a package's file as a function's body: what it imports comes from `$import`, which gives the namespaces
/// that Node would give; `import.meta` is `$meta`. A text of CommonJS only has its `import()` replaced.
pub(crate) fn of_package(text: &str, kind: SourceType) -> String {
    rewrite(text, kind, Target::Package, &mut Mapping::identity("")).0
}

fn rewrite(text: &str, kind: SourceType, target: Target, map: &mut Mapping) -> (String, bool) {
    let allocator = Allocator::default();
    let program = parse::parse(&allocator, text, kind).program;
    let is_module = program
        .body
        .iter()
        .any(|statement| statement.as_module_declaration().is_some());
    let scoping = SemanticBuilder::new()
        .build(&program)
        .semantic
        .into_scoping();
    let mut module = Module::new(text, &scoping, target);
    if is_module {
        module.declarations(&program);
    }
    let mut references = References::new(&mut module);
    references.visit_program(&program);
    let prologue = module.prologue(is_module);
    if !is_module && module.helpers == Helpers::default() && module.target == Target::Action {
        return (text.to_owned(), false);
    }
    module.edits.insert(0, prologue);
    let (code, segments) = module.edits.apply(text);
    map.push(segments);
    (code, is_module)
}

/// The form that the text becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    /// The form that `tsc` gives an Action: it has only `require`.
    Action,
    /// The form of a package: the runtime gives it namespaces.
    Package,
}

/// The runtime functions that the text needs; `tsc` gives them the same names.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Helpers {
    default: bool,
    star: bool,
    export_star: bool,
}

/// The module while it is rewritten.
struct Module<'t> {
    text: &'t str,
    scoping: &'t Scoping,
    edits: Edits,
    names: Names,
    helpers: Helpers,
    /// The replacement of an imported name: `axios_1.default`.
    imports: HashMap<SymbolId, String>,
    /// The names of imported namespaces, which stand for themselves.
    namespaces: HashMap<SymbolId, String>,
    /// Under which names a local variable is exported.
    exports: HashMap<SymbolId, Vec<String>>,
    /// Exported names that get their value later: `exports.a = exports.b = void 0`.
    later: Vec<String>,
    /// Statements for the top: hoisted functions and getters.
    hoisted: String,
    /// A package's imports: they run before everything else, wherever they stand.
    imported: String,
    target: Target,
}

impl<'t> Module<'t> {
    fn new(text: &'t str, scoping: &'t Scoping, target: Target) -> Self {
        Self {
            text,
            scoping,
            edits: Edits::default(),
            names: Names::new(scoping),
            helpers: Helpers::default(),
            imports: HashMap::new(),
            namespaces: HashMap::new(),
            exports: HashMap::new(),
            later: Vec::new(),
            hoisted: String::new(),
            imported: String::new(),
            target,
        }
    }

    /// Rewrites every statement of the top level that imports, exports or declares what is exported.
    fn declarations(&mut self, program: &Program<'_>) {
        for statement in &program.body {
            if let Statement::ImportDeclaration(import) = statement {
                self.import(import);
            }
            self.collect_exports(statement);
        }
        for statement in &program.body {
            self.export(statement);
        }
    }

    /// Returns the code before the first line, on one line.
    fn prologue(&self, is_module: bool) -> String {
        let mut text = String::new();
        if is_module {
            text.push_str("\"use strict\";");
        }
        if self.helpers.star || self.helpers.export_star {
            text.push_str(BIND);
        }
        if self.helpers.star {
            text.push_str(STAR);
        }
        if self.helpers.default {
            text.push_str(DEFAULT);
        }
        if self.helpers.export_star {
            text.push_str(EXPORT_STAR);
        }
        if is_module {
            text.push_str("Object.defineProperty(exports, \"__esModule\", { value: true });");
        }
        if !self.later.is_empty() {
            for name in self.later.iter().rev() {
                let _ = write!(text, "{} = ", exports::member("exports", name));
            }
            text.push_str("void 0;");
        }
        text.push_str(&self.hoisted);
        text.push_str(&self.imported);
        text
    }
}

/// Makes a property of one object a live property of another.
const BIND: &str = "var __createBinding = function (o, m, k) { \
    Object.defineProperty(o, k, { enumerable: true, get: function () { return m[k]; } }); };";
/// A namespace object: the module itself if it was an ES module, else a copy with `default`.
const STAR: &str = "var __importStar = function (mod) { if (mod && mod.__esModule) return mod; var result = {}; \
    if (mod != null) for (var k of Object.getOwnPropertyNames(mod)) if (k !== \"default\") __createBinding(result, mod, k); \
    Object.defineProperty(result, \"default\", { enumerable: true, value: mod }); return result; };";
/// A module whose `default` is what a CommonJS module exports.
const DEFAULT: &str = "var __importDefault = function (mod) { return (mod && mod.__esModule) ? mod : { default: mod }; };";
/// `export * from`.
const EXPORT_STAR: &str = "var __exportStar = function (m, exports) { for (var p in m) \
    if (p !== \"default\" && !Object.prototype.hasOwnProperty.call(exports, p)) __createBinding(exports, m, p); };";

#[cfg(test)]
mod tests;
