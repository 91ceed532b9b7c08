//! Names that a file imports from another of the project which does not export them: as esbuild decides, whose messages were looked at.

use std::collections::HashMap;

use postlogin_js::{LocalFile, missing_exports};

/// An Action's text, its name, and the files beside it; the names that are missing, each with where it is written.
#[track_caller]
fn check(file: &str, text: &str, others: &[(&str, &str)], expected: &[&str]) {
    let by_name: HashMap<String, usize> = others
        .iter()
        .enumerate()
        .map(|(index, (name, _))| {
            let specifier = format!("./{}", name.trim_end_matches(".ts"));
            (specifier, index)
        })
        .collect();
    let local: Vec<LocalFile> = others
        .iter()
        .map(|(name, text)| LocalFile {
            file: (*name).to_owned(),
            text: (*text).into(),
            imports: by_name.clone(),
        })
        .collect();
    let missing = missing_exports(file, text, &by_name, &local);
    let missing: Vec<String> = missing
        .iter()
        .map(|error| {
            let name = error.message.rsplit(' ').next().unwrap_or_default();
            let place = &error.location;
            format!("{}:{}:{} {name}", place.file, place.line, place.column)
        })
        .collect();
    assert_eq!(missing, expected, "{text}");
}

#[test]
fn names_that_nothing_exports_are_found() {
    let a = (
        "a.ts",
        "export const x = 1; export type T = string; export default class {}",
    );
    check(
        "m.ts",
        "import d, { x, y } from './a';\nd; x; y;",
        &[a],
        &["m.ts:1:16 'y'"],
    );
    // A renamed one, behind types that vanish, on its line.
    check(
        "m.ts",
        "type Q = { a: 1 };\nimport { x as y,\n  z as q } from './a';\ny; q;",
        &[a],
        &["m.ts:3:3 'z'"],
    );
    check(
        "m.ts",
        "import d from './b'; d;",
        &[("b.ts", "export const x = 1;")],
        &["m.ts:1:8 'default'"],
    );
    // In a file that the Action imports.
    check(
        "m.ts",
        "import { b } from './b'; b;",
        &[
            ("b.ts", "import { no } from './a'; export const b = no;"),
            a,
        ],
        &["b.ts:1:10 'no'"],
    );
    // A module in JavaScript: nothing there is a type.
    check(
        "m.mjs",
        "import { T } from './a'; export { q } from './a';",
        &[a],
        &["m.mjs:1:10 'T'", "m.mjs:1:35 'q'"],
    );
    // What a bundler does not find either: a declaration without a value.
    check(
        "m.ts",
        "import { v, C } from './d'; v; new C();",
        &[(
            "d.ts",
            "export declare const v: number; export abstract class C {}",
        )],
        &["m.ts:1:10 'v'"],
    );
}

#[test]
fn what_is_a_type_or_not_known_is_left_alone() {
    let a = (
        "a.ts",
        "export const x = 1; export interface T {} export enum E { A } export namespace N { export let n = 1 }",
    );
    for text in [
        "import { T, x } from './a'; let t: T = x;",
        "import { type T, x } from './a'; x as T;",
        "import { T } from './a'; export { T };",
        "export { T } from './a'; export type { T as U } from './a';",
        "import { E, N } from './a'; E.A + N.n;",
        "import * as all from './a'; all.anything;",
        "import './a';",
        "import def, { anything } from 'package'; def; anything;",
    ] {
        check("m.ts", text, &[a], &[]);
    }
    // Through other files, and in a circle.
    let star = ("s.ts", "export * from './a'; export * from './s';");
    check("m.ts", "import { x } from './s'; x;", &[star, a], &[]);
    check(
        "m.ts",
        "import { y } from './s'; y;",
        &[star, a],
        &["m.ts:1:10 'y'"],
    );
    // CommonJS and JSON export what they do when they run; a star of a package, what the package has.
    for other in [
        ("o.ts", "exports.x = 1;"),
        ("o.ts", "const o = { y: 1 }; export = o;"),
        (
            "o.ts",
            "import fs from 'fs'; const o = { y: fs }; export = o;",
        ),
        ("o.ts", "import fs from 'fs'; exports.y = fs;"),
        ("o.ts", "export * from 'package'; export const x = 1;"),
        ("./o.json", "{}"),
    ] {
        check("m.ts", "import { y } from './o'; y;", &[other], &[]);
    }
}
