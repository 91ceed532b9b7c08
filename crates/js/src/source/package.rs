//! Files of npm packages, made ready for the engine.

use std::borrow::Cow;

use oxc::span::SourceType;

use super::esm::{self, ModuleSyntax, Refused};
use super::{commonjs, parse, text};

/// The kind of a package's file, by its name and its `package.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PackageText {
    /// `.cjs`, or `.js` with `"type": "commonjs"`.
    CommonJs,
    /// `.mjs`, or `.js` with `"type": "module"`.
    Module,
    /// `.js` without a word about it: Node looks at the syntax.
    Unsaid,
}

/// A file that the engine can run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PackageCode {
    /// The body of a CommonJS module.
    CommonJs(String),
    /// The body of an ES module.
    Module { code: String, is_async: bool },
}

/// The text as the body of a function. A text that does not parse is passed on: the engine says what is wrong.
pub(crate) fn prepare(text: &str, kind: PackageText) -> PackageCode {
    let text = text::without_mark(text);
    let text = without_hashbang(&text);
    let is_module = match kind {
        PackageText::CommonJs => false,
        PackageText::Module => true,
        PackageText::Unsaid => looks_like_module(&text),
    };
    let kind = if is_module {
        SourceType::mjs()
    } else {
        SourceType::cjs()
    };
    if !is_module && !mentions_import_call(&text) {
        return PackageCode::CommonJs(text.into_owned());
    }
    let done = parse::on_deep_stack(&text, || {
        let is_async = matches!(esm::first_refused(&text, kind), Some(Refused::Await(_)));
        (commonjs::of_package(&text, kind), is_async)
    });
    let (code, is_async) = done.unwrap_or_else(|| (text.into_owned(), false));
    if is_module {
        PackageCode::Module { code, is_async }
    } else {
        PackageCode::CommonJs(code)
    }
}

/// Programs begin with a line for the shell.
fn without_hashbang<'t>(text: &'t str) -> Cow<'t, str> {
    match text.starts_with("#!") {
        true => Cow::Owned(format!("//{}", &text[2..])),
        false => Cow::Borrowed(text),
    }
}

fn looks_like_module(text: &str) -> bool {
    // Not `exports`, with which half of the lines of a CommonJS module begin.
    let begins = |line: &str, word| {
        let rest = line.strip_prefix(word);
        rest.is_some_and(|rest| {
            !rest.starts_with(|next: char| next.is_alphanumeric() || "_$".contains(next))
        })
    };
    let has_word = text
        .lines()
        .any(|line| begins(line, "import") || begins(line, "export"));
    let found = || parse::on_deep_stack(text, || esm::first_module_syntax(text)).flatten();
    has_word
        && matches!(
            found(),
            Some(ModuleSyntax::Import(_) | ModuleSyntax::Export(_))
        )
}

fn mentions_import_call(text: &str) -> bool {
    text.match_indices("import").any(|(at, word)| {
        text.get(at + word.len()..)
            .is_some_and(|rest| rest.trim_start().starts_with('('))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, kind: PackageText, expected: PackageCode) {
        assert_eq!(prepare(text, kind), expected, "{text}");
    }

    #[test]
    fn commonjs_is_exceeded_on() {
        for text in [
            "exports.a = 1;",
            "// import\n",
            "exports.import = 1;",
            "exportä = 1;\nimport$ = export_;",
        ] {
            check(
                text,
                PackageText::Unsaid,
                PackageCode::CommonJs(text.into()),
            );
            check(
                text,
                PackageText::CommonJs,
                PackageCode::CommonJs(text.into()),
            );
        }
        let code = PackageCode::CommonJs("//\u{20}/bin/node\nx".into());
        check("#! /bin/node\nx", PackageText::CommonJs, code);
        let code = "exports.f = () => $import.later('node-fetch').then(x);";
        let text = "exports.f = () => import('node-fetch').then(x);";
        check(
            text,
            PackageText::CommonJs,
            PackageCode::CommonJs(code.into()),
        );
    }

    #[test]
    fn modules_import_namespaces_first() {
        let module = |code: &str, is_async| PackageCode::Module {
            code: format!(
                "\"use strict\";Object.defineProperty(exports, \"__esModule\", {{ value: true }});{code}"
            ),
            is_async,
        };
        let text =
            "go();\nimport a, { b } from 'a';\nimport * as c from './c.js';\nimport 'd';\na(b, c);";
        check(
            text,
            PackageText::Module,
            module(
                "var a_1 = $import(\"a\");var c = $import(\"./c.js\");$import(\"d\");go();\n\n\n\n;(0, a_1.default)(a_1.b, c);",
                false,
            ),
        );
        check(
            "const x = await import.meta.resolve('y');\nexport {};",
            PackageText::Unsaid,
            module("const x = await $meta.resolve('y');\n", true),
        );
        check(
            "import * as errors from 'e';\nexport { errors };",
            PackageText::Module,
            module(
                "Object.defineProperty(exports, \"errors\", { enumerable: true, get: function () { return errors; } });\
                 var errors = $import(\"e\");\n",
                false,
            ),
        );
        check(
            "export function f() {}",
            PackageText::Unsaid,
            module("exports.f = f;       function f() {}", false),
        );
    }
}
