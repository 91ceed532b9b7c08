//! Whole texts: what is passed on, what is refused, and the way back.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::Value;

use super::facts::facts;
use super::text::LineIndex;
use super::{Language, Prepared, prepare};
use crate::coverage::Detail;

#[test]
fn languages_by_extension() {
    let check = |name: &str, language| assert_eq!(Language::of(name), language, "{name}");
    check("actions/a/code.js", Language::CommonJs);
    check("a.CJS", Language::CommonJs);
    check("code", Language::CommonJs);
    check("dir.ts/code", Language::CommonJs);
    check("a.mjs", Language::Module);
    check("a.MTS", Language::TypeScript);
    check("a.cts", Language::TypeScript);
}

#[test]
fn plain_javascript_is_exceeded_on_byte_for_byte() {
    let check = |text: &str, code: &str| {
        let prepared = prepare("code.js", text).expect("passed on");
        assert_eq!(&*prepared.code, code);
        assert!(
            prepared.map.is_identity() && !prepared.is_module && prepared.suspected.is_none(),
            "{text}"
        );
    };
    check(
        "exports.a = 1;\r\n\tvar x = 08 // é\n",
        "exports.a = 1;\r\n\tvar x = 08 // é\n",
    );
    check("\u{feff}return 1", "return 1");
    check(
        "#!/usr/bin/env node\nawait_ = 1",
        "///usr/bin/env node\nawait_ = 1",
    );
    check(
        "import('x'); with (a) {} var arguments;",
        "import('x'); with (a) {} var arguments;",
    );
}

/// V8's side is what Node 20.20 says. Each line: a source, V8's message and place for it, and, where they differ, what is told instead.
#[test]
fn syntax_errors_read_as_in_v8() {
    let data = include_str!("../../tests/data/syntax-errors.jsonl");
    let mut known_differences = 0;
    for line in data.lines() {
        let row: Value = serde_json::from_str(line).expect("a JSON line");
        let source = row.get("source").and_then(Value::as_str).expect("a source");
        let found = prepare("code.js", source).map_or_else(Some, |prepared| prepared.suspected);
        let ours = row.get("ours");
        known_differences += usize::from(ours.is_some());
        let at = |key: &str, index: usize| {
            ours.map_or_else(|| row.get(key), |ours| ours.get(index))
                .cloned()
        };
        let message = at("message", 0).and_then(|message| message.as_str().map(str::to_owned));
        assert_eq!(
            found.as_ref().map(|error| error.message.clone()),
            message,
            "{line}"
        );
        let place = |key, index| at(key, index).and_then(|number| number.as_u64());
        // At the end of the text V8 gives no place.
        if let (Some(error), Some(line_number), Some(column)) =
            (found, place("line", 1), place("column", 2))
        {
            let told = (
                u64::from(error.location.line),
                u64::from(error.location.column),
            );
            assert_eq!(told, (line_number, column), "{line}");
        }
    }
    let rows = data.lines().count();
    assert!(
        rows > 100 && known_differences * 3 < rows,
        "{known_differences} of {rows} differ"
    );
}

#[test]
fn module_syntax_in_commonjs_is_refused_as_in_production() {
    let check = |text: &str, message: &str, line: u32| {
        let error = prepare("code.js", text).expect_err("refused");
        assert_eq!(
            (error.message.as_str(), error.location.line),
            (message, line)
        );
        assert!(
            error.hint.is_some_and(|hint| hint.contains(".mjs")),
            "{text}"
        );
    };
    check(
        "const a = 1;\nimport x from 'y';\nexport const z = 1;",
        "Cannot use import statement outside a module",
        2,
    );
    check(
        "exports.a = 1;\nexport default {};",
        "Unexpected token 'export'",
        2,
    );
    check(
        "console.log(import.meta.url)",
        "Cannot use 'import.meta' outside a module",
        1,
    );
}

#[test]
fn what_modules_may_not_do_is_refused() {
    let check = |file: &str, text: &str, expected: &str| {
        assert_eq!(
            prepare(file, text).expect_err("refused").to_string(),
            expected
        );
    };
    let awaits = "await is only valid in async functions and the top level bodies of modules";
    check(
        "a.mjs",
        "export const x = 1;\nconst y = await fetch('z');",
        &format!("a.mjs:2:11: SyntaxError: {awaits}"),
    );
    check(
        "a.mjs",
        "if (a) { for await (const x of y) {} }",
        &format!("a.mjs:1:10: SyntaxError: {awaits}"),
    );
    check(
        "a.mjs",
        "import.meta.url",
        "a.mjs:1:1: SyntaxError: Cannot use 'import.meta' outside a module",
    );
    check(
        "a.ts",
        "const a: = 1;",
        "a.ts:1:10: SyntaxError: Unexpected token '='",
    );
    check(
        "a.ts",
        "let a: string;\nlet a = 1;",
        "a.ts:2:5: SyntaxError: Identifier 'a' has already been declared",
    );
}

/// Every occurrence of `marks` in the source is found in the code and leads back.
fn check_round_trip(file: &str, source: &str, marks: &[&str]) -> Prepared {
    let prepared = prepare(file, source).expect("sound");
    let (old, new) = (LineIndex::new(source), LineIndex::new(&prepared.code));
    for mark in marks {
        let place =
            |text: &str, index: &LineIndex| index.position(text, text.find(mark).expect(mark));
        let (from, to) = (place(&prepared.code, &new), place(source, &old));
        let found = prepared.map.original(from.line, from.column);
        assert_eq!(
            (found.line, found.column),
            (to.line, to.column),
            "{mark} in\n{}",
            prepared.code
        );
    }
    prepared
}

#[test]
fn typescript_leads_back_to_what_was_written() {
    let source = "import type { Event } from 'types';\nimport { createHash as make, type Hash } from 'node:crypto';\n\n\
                  enum Level { Low = 1, High }\ninterface Foo {\n  a: string;\n}\n\n\
                  class Point { constructor(private readonly left: number) {} }\n\n\
                  export const onExecutePostLogin = async (event: Event, api: any): Promise<void> => {\n  \
                  const text = '😀' as string; first_mark(text);\n  \
                  if (event.user!.email) { second_mark<string>(Level.High, new Point(1)); }\n  \
                  third_mark.deep.chain(make('x'));\n};\n";
    let marks = [
        "first_mark",
        "event.user",
        "second_mark",
        "new Point",
        "third_mark",
        "onExecutePostLogin = async",
    ];
    let prepared = check_round_trip("a.ts", source, &marks);
    assert!(prepared.is_module);
    assert!(
        prepared.code.contains("async (event, api) =>"),
        "{}",
        prepared.code
    );
    assert!(
        !prepared.code.contains("types") && !prepared.code.contains("Promise<"),
        "{}",
        prepared.code
    );
}

#[test]
fn modules_keep_their_lines() {
    let source = "import {\n  join,\n} from 'node:path';\nimport axios from 'axios'; /* é😀 */ mark_a();\n\
                  export const b = join('x'), c = mark_b(axios);\nexport default async function () { mark_c() }\n";
    let prepared = check_round_trip("a.mjs", source, &["mark_a", "mark_b", "mark_c"]);
    let lines = |text: &str| {
        text.lines()
            .map(|line| line.contains("mark_"))
            .collect::<Vec<_>>()
    };
    assert_eq!(lines(&prepared.code), lines(source));
}

#[test]
fn typescript_without_module_syntax_stays_a_script() {
    let prepared =
        prepare("a.ts", "exports.onExecutePostLogin = async (e: any) => {};").expect("sound");
    assert_eq!(
        prepared.code,
        "exports.onExecutePostLogin = async (e) => {};\n".into()
    );
    assert!(!prepared.is_module);
}

#[test]
fn what_only_typescript_has_is_rewritten() {
    let check = |source: &str, expected: &[&str], gone: &[&str]| {
        let code = prepare("a.ts", source).expect("sound").code;
        assert!(expected.iter().all(|text| code.contains(text)), "{code}");
        assert!(!gone.iter().any(|text| code.contains(text)), "{code}");
    };
    check(
        "const h = 1;\nexport = { h };",
        &["module.exports = { h };"],
        &["export "],
    );
    check(
        "import u = require('util');\nu.inspect(1);",
        &["const u = require(\"util\");"],
        &["import "],
    );
    check(
        "enum A { B = 1, C }\nA.C;",
        &["A[A[\"C\"] = 2] = \"C\""],
        &["enum"],
    );
    check(
        "namespace N { export const v = 1 }\nN.v;",
        &["const v = _N.v = 1"],
        &["namespace"],
    );
    // Later blocks name what earlier ones export, unless something nearer has the name; tsc 5.9 writes the same.
    check(
        "namespace N { export const a = 1, b = 2 }\nconst c = 0;\nnamespace N { const b = 3; export let d = a + b + c; d = ((a) => a)({ a }.a); }",
        &["N.a + b + c", "a: N.a", "(a) => a"],
        &["+ N.b", "+ N.c"],
    );
    check(
        "namespace A.B { export enum E { X } export function f() {} export class K {} export const { p, q: [r] } = o }\nnamespace A.B { f(E.X, new K(), p, r); ({ p } = o); }",
        &["A.B.f(", "new A.B.K()", "A.B.p, A.B.r", "p: A.B.p"],
        &[],
    );
    check(
        "const a = 0;\nnamespace N { export const a = 1 }\nnamespace N { const N = 2; a; }\nnamespace M { a; }",
        &["const N = 2", "a;"],
        &["N.a;"],
    );
    check(
        "class P { constructor(readonly a = 1) {} }",
        &["this.a = a"],
        &["readonly"],
    );
    check(
        "import { A } from 'types';\nlet a: A;\nexport { a };",
        &["exports.a = a"],
        &["require"],
    );
    check(
        "export type T = string; export interface I {}",
        &["__esModule"],
        &["interface", "string"],
    );
    check(
        "let a = <string>b!, c = d satisfies E; a ??= c?.e;",
        &["a = b", "c = d", "a ??= c?.e"],
        &["satisfies"],
    );
    check(
        "async function* g() { yield 1 }",
        &["async function* g()"],
        &[],
    );
}

#[test]
fn depth_does_not_overflow() {
    for (open, middle, close) in [
        ("(", "x", ")"),
        ("[", "", "]"),
        ("!", "x", ""),
        ("a => ", "x", ""),
        ("if (a) ", ";", ""),
        ("f(", "", ")"),
        ("x = ", "1", ""),
        ("a ? b : ", "c", ""),
        ("`${", "1", "}`"),
        ("{", "", "}"),
        ("a.b(", "", ").c"),
    ] {
        let text = format!("{}{middle}{}", open.repeat(1_000), close.repeat(1_000));
        for file in ["code.js", "code.ts"] {
            let _ = prepare(file, text.as_str());
            let _ = facts(file, &text);
        }
    }
    assert!(
        prepare("code.js", "(".repeat(1_000_000)).is_ok(),
        "the engine decides"
    );
    assert!(prepare("code.ts", "(".repeat(1_000_000)).is_err());
}

/// Statements of modules, in any order, with a few names between them; mostly sound.
fn statements() -> impl Strategy<Value = String> {
    let statement = prop::sample::select(vec![
        "import d#, { n# } from 'm/a-b.js'",
        "import * as s# from \"m\";",
        "import {\n  q#,\n} from 'é';",
        "import 'side'",
        "export const e# = d#()",
        "export let v# = 1;",
        "v#++",
        "d#()",
        "if (d#) n#()",
        "n#`t😀`; s#.x(q#)",
        "({ n#, q#: 1 })",
        "export { n# as z# }",
        "export { l# as 'é-é' };",
        "const l# = { d# }",
        "export function f#() { return n# }",
        "export async function g#() { await d# }",
        "export default d#",
        "export default class {}",
        "export * from 'w'",
        "export * as w# from 'w'",
        "export { default as r# } from 'x'",
        "/* é😀 */ (1)",
        "// d#",
        "exports.h# = async () => n#()",
        "export class C# { m() { return n# } }",
        "import('x').then(n#)",
        "{ let n# = 1; n#() }",
        "const { a#, ...o# } = n#",
    ]);
    let numbered =
        (statement, 0..3_u8).prop_map(|(text, number)| text.replace('#', &number.to_string()));
    prop::collection::vec(numbered, 0..8).prop_map(|list| list.join("\n"))
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in ".{0,200}", file in "code\\.(js|mjs|ts)") {
        let _ = facts(&file, &text);
        if let Ok(prepared) = prepare(&file, text.as_str()) {
            let location = prepared.map.original(1, 1);
            prop_assert!(location.line >= 1 && location.column >= 1);
        }
    }

    #[test]
    fn modules_become_sound_text_that_leads_back(
        before in statements(),
        after in statements(),
        file in "code\\.(mjs|ts)",
    ) {
        let text = format!("{before}\n;mark_here();\n{after}");
        let _ = facts(&file, &text);
        if let Ok(prepared) = prepare(&file, text.as_str()) {
            for detail in [Detail::Coverage, Detail::Conditions] {
                let counted = crate::coverage::instrumented(&file, &text, None, detail).map(|(counted, _)| counted.code);
                let counted = counted.and_then(|code| prepare("code.js", code));
                prop_assert!(counted.is_ok_and(|counted| counted.suspected.is_none()), "{text}");
            }
            let again = prepare("code.js", Arc::clone(&prepared.code));
            let is_sound = again.as_ref().is_ok_and(|again| again.suspected.is_none());
            prop_assert!(is_sound, "{again:?}\n{text}\n---\n{}", prepared.code);
            let mark = |text: &str| {
                let offset = text.find("mark_here").expect("kept");
                LineIndex::new(text).position(text, offset)
            };
            let (from, to) = (mark(&prepared.code), mark(&text));
            let found = prepared.map.original(from.line, from.column);
            prop_assert_eq!((found.line, found.column), (to.line, to.column));
        }
    }
}
