//! Whether a text shows all that it depends on.

use oxc::ast::AstKind;
use oxc::semantic::{AstNodes, NodeId};
use oxc::span::GetSpan;
use oxc::syntax::operator::AssignmentOperator;

use super::files::File;

/// The globals that give the same at every login. `Math`, `console`, `exports` and `module` are looked at more closely.
const KNOWN: &[&str] = &[
    "AggregateError",
    "Array",
    "BigInt",
    "Boolean",
    "Date",
    "Error",
    "EvalError",
    "Infinity",
    "JSON",
    "Map",
    "NaN",
    "Number",
    "Object",
    "Promise",
    "RangeError",
    "ReferenceError",
    "RegExp",
    "Set",
    "String",
    "Symbol",
    "SyntaxError",
    "TypeError",
    "URIError",
    "URL",
    "URLSearchParams",
    "WeakMap",
    "WeakSet",
    "decodeURI",
    "decodeURIComponent",
    "encodeURI",
    "encodeURIComponent",
    "isFinite",
    "isNaN",
    "parseFloat",
    "parseInt",
    "undefined",
];

/// Properties that lead to what is not in the text, wherever they are named.
const HIDDEN_DOORS: &[&str] = &[
    "__defineGetter__",
    "__lookupGetter__",
    "__proto__",
    "arguments",
    "callee",
    "caller",
    "constructor",
    "prepareStackTrace",
    "require",
];

/// The methods of `console` that only print.
const PRINTS: &[&str] = &["debug", "error", "info", "log", "warn"];

/// Whether nothing but the event, the calls of `api` and the text itself, with what it imports of the project, decides what a
/// file does.
pub(super) fn is_closed(file: &File<'_>) -> bool {
    let is_open = |name: &str| HIDDEN_DOORS.contains(&name);
    let File { scoping, nodes, .. } = file;
    nodes.iter().all(|node| match node.kind() {
        AstKind::ThisExpression(_)
        | AstKind::Super(_)
        | AstKind::ImportExpression(_)
        | AstKind::ImportMeta(_)
        | AstKind::WithStatement(_)
        | AstKind::Class(_)
        | AstKind::TaggedTemplateExpression(_)
        | AstKind::V8IntrinsicExpression(_) => false,
        AstKind::IdentifierName(name) => !is_open(name.name.as_str()),
        AstKind::StringLiteral(text) => !is_open(text.value.as_str()),
        AstKind::TemplateElement(part) => {
            part.value.cooked.is_none_or(|text| !is_open(text.as_str()))
        }
        AstKind::IdentifierReference(name) => {
            let reference = name.reference_id.get();
            let is_global =
                reference.is_none_or(|id| scoping.get_reference(id).symbol_id().is_none());
            !is_global || is_known(name.name.as_str(), node.id(), file)
        }
        AstKind::ImportDeclaration(import) => {
            import.phase.is_none() && file.imported(import.source.value.as_str()).is_some()
        }
        AstKind::ExportFromDeclaration(export) => {
            file.imported(export.source.value.as_str()).is_some()
        }
        // A namespace that is exported is out of sight: whoever has it can change what it exports.
        AstKind::ExportAllDeclaration(export) => {
            export.exported.is_none() && file.imported(export.source.value.as_str()).is_some()
        }
        AstKind::ImportNamespaceSpecifier(specifier) => {
            let mut uses = scoping.get_resolved_references(specifier.local.symbol_id());
            uses.all(|reference| is_only_read(reference.node_id(), nodes))
        }
        _ => true,
    })
}

/// Whether all that happens to a namespace at a place is that a property of it is read. It is the object to which its file exports, so
/// something could be assigned to it.
fn is_only_read(namespace: NodeId, nodes: &AstNodes<'_>) -> bool {
    let above = nodes.parent_id(namespace);
    let is_object = match nodes.kind(above) {
        AstKind::StaticMemberExpression(member) => {
            member.object.span() == nodes.kind(namespace).span()
        }
        _ => false,
    };
    let span = nodes.kind(above).span();
    let is_read = match nodes.parent_kind(above) {
        AstKind::StaticMemberExpression(member) => member.object.span() == span,
        AstKind::ComputedMemberExpression(_)
        | AstKind::CallExpression(_)
        | AstKind::ConditionalExpression(_)
        | AstKind::LogicalExpression(_)
        | AstKind::BinaryExpression(_)
        | AstKind::VariableDeclarator(_)
        | AstKind::TemplateLiteral(_)
        | AstKind::ExpressionStatement(_)
        | AstKind::IfStatement(_)
        | AstKind::ReturnStatement(_)
        | AstKind::AwaitExpression(_) => true,
        _ => false,
    };
    is_object && is_read
}

/// Whether a mention of a global is one that gives the same at every login.
fn is_known(name: &str, at: NodeId, file: &File<'_>) -> bool {
    let nodes = &file.nodes;
    let member = match nodes.parent_kind(at) {
        AstKind::StaticMemberExpression(member)
            if member.object.span() == nodes.kind(at).span() =>
        {
            Some(member.property.name.as_str())
        }
        _ => None,
    };
    match name {
        "Math" => member.is_some_and(|member| member != "random"),
        "console" => member.is_some_and(|member| PRINTS.contains(&member)),
        // An ES module has others, which are ours.
        "exports" | "module" if file.is_module => false,
        // Exports may be written, at the top level, and nothing else: `Functions::handler` looks at those.
        "exports" => is_written(nodes.parent_id(at), nodes),
        "module" if member == Some("exports") => {
            let exports = nodes.parent_id(at);
            is_written(exports, nodes) || is_written(nodes.parent_id(exports), nodes)
        }
        name => KNOWN.contains(&name),
    }
}

/// Whether a member is what a statement of the top level assigns to.
fn is_written(member: NodeId, nodes: &AstNodes<'_>) -> bool {
    let AstKind::StaticMemberExpression(found) = nodes.kind(member) else {
        return false;
    };
    let assignment = nodes.parent_id(member);
    let AstKind::AssignmentExpression(assigned) = nodes.kind(assignment) else {
        return false;
    };
    let statement = nodes.parent_id(assignment);
    assigned.operator == AssignmentOperator::Assign
        && assigned.left.span() == found.span
        && matches!(nodes.kind(statement), AstKind::ExpressionStatement(_))
        && matches!(nodes.parent_kind(statement), AstKind::Program(_))
}
