//! The packages that an Action requires before it does anything else.

use oxc::ast::ast::{Argument, Expression, Statement};

use crate::text::Text;

/// The specifiers in the `require` calls with which a text begins, in their order, each once.
///
/// The code after the first statement that does more than require and declare may depend on what that one did (it may
/// set `process.env`, which packages read while they load), so it is left out. So is what comes behind an Action Module.
pub(super) fn leading(code: &str) -> Vec<String> {
    if !code.contains("require") {
        return Vec::new();
    }
    // What is made ready for the engine is CommonJS, whatever the file was called.
    Text::read("code.js", code, of).unwrap_or_default()
}

fn of(text: &Text<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for statement in &text.program().body {
        if !is_harmless(statement, &mut found) {
            break;
        }
    }
    found
}

/// Whether a statement does nothing but declare and require. What it requires is added to `found`.
fn is_harmless(statement: &Statement<'_>, found: &mut Vec<String>) -> bool {
    match statement {
        Statement::FunctionDeclaration(_) | Statement::EmptyStatement(_) => true,
        Statement::VariableDeclaration(declaration) => {
            declaration
                .declarations
                .iter()
                .all(|declarator| match &declarator.init {
                    Some(value) => is_harmless_value(value, found),
                    None => true,
                })
        }
        Statement::ExpressionStatement(statement) => {
            is_harmless_value(&statement.expression, found)
        }
        _ => false,
    }
}

fn is_harmless_value(value: &Expression<'_>, found: &mut Vec<String>) -> bool {
    match value {
        Expression::StringLiteral(_)
        | Expression::NumericLiteral(_)
        | Expression::BooleanLiteral(_)
        | Expression::NullLiteral(_)
        | Expression::RegExpLiteral(_)
        | Expression::FunctionExpression(_)
        | Expression::ArrowFunctionExpression(_)
        | Expression::Identifier(_) => true,
        Expression::TemplateLiteral(template) => template
            .expressions
            .iter()
            .all(|part| matches!(part, Expression::StringLiteral(_))),
        Expression::ArrayExpression(array) => array.elements.iter().all(|element| {
            element
                .as_expression()
                .is_some_and(|element| is_harmless_value(element, found))
        }),
        Expression::StaticMemberExpression(member) => is_harmless_value(&member.object, found),
        Expression::ParenthesizedExpression(inner) => is_harmless_value(&inner.expression, found),
        Expression::CallExpression(call) => {
            let Expression::Identifier(callee) = &call.callee else {
                return false;
            };
            let [Argument::StringLiteral(specifier)] = call.arguments.as_slice() else {
                return false;
            };
            let specifier = specifier.value.as_str();
            if callee.name != "require" || specifier.starts_with("actions:") {
                return false;
            }
            if !found.iter().any(|known| known == specifier) {
                found.push(specifier.to_owned());
            }
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::leading;

    #[test]
    fn what_is_required_first_is_found() {
        #[track_caller]
        fn check(code: &str, expected: &[&str]) {
            assert_eq!(leading(code), expected, "{code}");
        }
        check(
            "const a = require('a'), { b } = require(\"b/c\").d; require('a');",
            &["a", "b/c"],
        );
        check(
            "'use strict';\nlet x; const N = ['y', 1]; function f() { require('no'); }\nvar a = require('a')",
            &["a"],
        );
        check(
            "process.env.DEBUG = '*'; const debug = require('debug');",
            &[],
        );
        check(
            "const a = require('a'); a.start(); const b = require('b');",
            &["a"],
        );
        check(
            "const u = require('actions:util'); const a = require('a');",
            &[],
        );
        check("const a = require(name); const b = require('b');", &[]);
        check(
            "const a = new (require('a'))(); const b = require('b');",
            &[],
        );
        check(
            "exports.onExecutePostLogin = async () => { require('a'); };",
            &[],
        );
        check("const a = require('a'", &[]);
    }
}
