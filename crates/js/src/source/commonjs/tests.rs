//! Small modules and what becomes of them.

use oxc::span::SourceType;

use super::of_package;
use crate::source::prepare;

const HEAD: &str = "\"use strict\";";
const MARK: &str = "Object.defineProperty(exports, \"__esModule\", { value: true });";

/// Compares what stands behind the helpers and the module mark.
fn check(source: &str, expected: &str) {
    let prepared = prepare("a.mjs", source).expect("sound");
    assert!(
        prepared.is_module && prepared.code.starts_with(HEAD),
        "{source}"
    );
    let (_, behind) = prepared.code.split_once(MARK).expect("marked as a module");
    assert_eq!(behind, expected, "{source}");
}

fn getter(name: &str, value: &str) -> String {
    format!(
        "Object.defineProperty(exports, \"{name}\", {{ enumerable: true, get: function () {{ return {value}; }} }});"
    )
}

#[test]
fn imports() {
    check("import 'a'", "require(\"a\");");
    check(
        "import a from 'a'; a.x; a(1)",
        "const a_1 = __importDefault(require(\"a\")); a_1.default.x; ;(0, a_1.default)(1)",
    );
    check(
        "import * as a from '@s/a.js'; a.x()",
        "const a = __importStar(require(\"@s/a.js\")); a.x()",
    );
    check(
        "import { x, y as z } from 'node:fs'; f({ x, z: z })",
        "const fs_1 = require(\"node:fs\"); f({ x: fs_1.x, z: fs_1.y })",
    );
    check(
        "import { default as d } from 'a'; d",
        "const a_1 = __importDefault(require(\"a\")); a_1.default",
    );
    check(
        "import d, { x } from 'a'; d + x",
        "const a_1 = __importStar(require(\"a\")); a_1.default + a_1.x",
    );
    check(
        "import d, * as n from 'a'; d(n)",
        "const n = __importStar(require(\"a\")); ;(0, n.default)(n)",
    );
    check(
        "import { 'x-y' as x } from 'a'; x",
        "const a_1 = require(\"a\"); a_1[\"x-y\"]",
    );
    check(
        "import { x } from 'a'; { let x = 1; x() }",
        "const a_1 = require(\"a\"); { let x = 1; x() }",
    );
    check(
        "import { x } from 'a'; let a_1; x",
        "const a_2 = require(\"a\"); let a_1; a_2.x",
    );
}

#[test]
fn calls_of_imports_do_not_join_the_line_above() {
    check(
        "import { x } from 'a'\nlet b = 1\nx()",
        "const a_1 = require(\"a\");\nlet b = 1\n;(0, a_1.x)()",
    );
    check(
        "import { x } from 'a'\nif (b) x()",
        "const a_1 = require(\"a\");\nif (b) (0, a_1.x)()",
    );
    check(
        "import { x } from 'a'\nfor (;;) { x`t` }",
        "const a_1 = require(\"a\");\nfor (;;) { ;(0, a_1.x)`t` }",
    );
}

#[test]
fn exports() {
    check(
        "export const a = 1",
        "exports.a = void 0;       const a = 1; exports.a = a;",
    );
    check(
        "export const { a, b: [c] } = d;",
        "exports.c = exports.a = void 0;       const { a, b: [c] } = d; exports.a = a; exports.c = c;",
    );
    check(
        "export function f() {}",
        "exports.f = f;       function f() {}",
    );
    check(
        "export async function f() {}",
        "exports.f = f;       async function f() {}",
    );
    check(
        "export class A {}",
        "exports.A = void 0;       class A {}; exports.A = A;",
    );
    check(
        "export default 1",
        "exports.default = void 0;exports.default = 1",
    );
    check(
        "export default async (e) => {}",
        "exports.default = void 0;exports.default = async (e) => {}",
    );
    check(
        "export default function () {}",
        "exports.default = default_1;               function  default_1() {}",
    );
    check(
        "export default class {}",
        "exports.default = void 0;               class default_1 {}; exports.default = default_1;",
    );
    check(
        "export default function f() {}",
        "exports.default = f;               function f() {}",
    );
    check(
        "const a = 1; export { a as b, a as 'c-d' }",
        "exports[\"c-d\"] = exports.b = void 0;const a = 1; exports.b = a; exports[\"c-d\"] = a; ",
    );
}

#[test]
fn variables_that_change_are_exported_live() {
    check(
        "export let n = 0; n++",
        &format!("{}       let n = 0; n++", getter("n", "n")),
    );
    check(
        "let n; export { n as m }; n = 1",
        &format!("{}let n;  n = 1", getter("m", "n")),
    );
}

#[test]
fn a_variable_that_is_declared_again_is_exported_once() {
    check(
        "var a = 1; export { a, a as b }; var a = 2;",
        &format!(
            "{}{}var a = 1;  var a = 2;",
            getter("a", "a"),
            getter("b", "a")
        ),
    );
    // The text grows with its length, not with its square.
    let text = "export var a = 1;".repeat(1000);
    let code = of_package(&text, SourceType::mjs());
    assert!(code.len() < 20 * text.len(), "{}", code.len());
    let imports: String = (0..1000)
        .map(|n| format!("import n{n} from 'm';"))
        .collect();
    let code = of_package(&imports, SourceType::mjs());
    assert!(code.contains("var m_1000 = $import(\"m\");"));
}

#[test]
fn re_exports() {
    check(
        "export * from 'a'",
        "__exportStar(require(\"a\"), exports);",
    );
    check(
        "export * as n from 'a'",
        "exports.n = void 0;exports.n = __importStar(require(\"a\"));",
    );
    check(
        "export { x as y } from 'a'",
        &format!("{}var a_1 = require(\"a\");", getter("y", "a_1.x")),
    );
    check(
        "import { x } from 'a'; export { x }",
        &format!("{}const a_1 = require(\"a\"); ", getter("x", "a_1.x")),
    );
}

#[test]
fn mixed_modules_keep_their_assignments() {
    check(
        "import { x } from 'a'\nexports.onExecutePostLogin = async () => { await x() }",
        "const a_1 = require(\"a\");\nexports.onExecutePostLogin = async () => { await (0, a_1.x)() }",
    );
}

#[test]
fn dynamic_imports_become_promises() {
    let prepared =
        prepare("a.ts", "exports.h = async () => (await import('x')).y;").expect("sound");
    let expected = "Promise.resolve(`${\"x\"}`).then((s) => __importStar(require(s)))";
    assert!(
        prepared.code.contains(expected) && !prepared.is_module,
        "{}",
        prepared.code
    );
}
