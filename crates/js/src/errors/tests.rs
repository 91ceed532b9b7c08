//! Errors and stacks in the user's places.

use proptest::prelude::*;

use super::{EngineError, Explained, LoadedText, explain, frames, map_stack};
use crate::source::prepare;

/// The prefix that the loader puts before a text in these tests.
const PREFIX: &str = "(function (exports, require, module, console) {";

fn explained(file: &str, source: &str, error: EngineError<'_>) -> Explained {
    let prepared = prepare(file, source).expect("the source is sound");
    let prefix_bytes = u32::try_from(PREFIX.len()).expect("short");
    explain(
        error,
        &[LoadedText {
            engine_name: file,
            prefix_bytes,
            prepared: &prepared,
        }],
    )
}

#[test]
fn stacks_are_the_users_alone() {
    let source = "const help = (user) => {\n  return user.name.first;\n};\n\
                  exports.onExecutePostLogin = async (event, api) => {\n  help(event.user);\n};\n";
    let stack = "    at help (actions/a/code.js:2:20)\n    at <anonymous> (actions/a/code.js:5:3)\n    \
                 at apply (native)\n    at run (postlogin:guest:40:11)\n";
    let error = EngineError {
        name: "TypeError",
        message: "Cannot read properties of undefined (reading 'first')",
        stack,
    };
    let told = explained("actions/a/code.js", source, error);
    let expected = "TypeError: Cannot read properties of undefined (reading 'first')\n    \
                    at help (actions/a/code.js:2:20)\n    at exports.onExecutePostLogin (actions/a/code.js:5:3)";
    assert_eq!(told.stack, expected);
    let location = told.location.expect("in the text");
    assert_eq!((location.line, location.column), (2, 20));
}

#[test]
fn what_an_error_carries_has_its_own_frames_below() {
    let source = "const ask = async () => {\n  throw new Error('refused');\n};\n\
                  exports.onExecutePostLogin = async () => {\n  await Promise.any([ask()]);\n};\n";
    let stack = "AggregateError: All promises were rejected\n  [errors]: Error: refused\n    at ask (a.js:2:9)\n    \
                 at <anonymous> (a.js:5:22)\n  [cause]: { code: 'E' }";
    let error = EngineError {
        name: "AggregateError",
        message: "All promises were rejected",
        stack,
    };
    let explained = explained("a.js", source, error);
    assert_eq!(
        explained.stack,
        "AggregateError: All promises were rejected\n  [errors]: Error: refused\n    at ask (a.js:2:9)\n    \
         at exports.onExecutePostLogin (a.js:5:22)\n  [cause]: { code: 'E' }"
    );
    // The error itself has no frames.
    let location = explained.location.expect("that of what it carries");
    assert_eq!((location.line, location.column), (2, 9));
}

#[test]
fn typescript_errors_stand_in_the_typescript() {
    let source = "import { join } from 'node:path';\ninterface User { app_metadata?: { roles: string[] } }\n\
                  export const onExecutePostLogin = async (event: { user: User }): Promise<void> => {\n  \
                  const roles: string[] = event.user.app_metadata!.roles;\n  join(...roles);\n};\n";
    let prepared = prepare("a.ts", source).expect("sound");
    let line = prepared
        .code
        .lines()
        .position(|line| line.contains("app_metadata.roles"))
        .expect("in the code");
    let code_line = prepared.code.lines().nth(line).expect("in the code");
    let column = code_line.find("roles").expect("in the line") + 1;
    let column = code_line[column..]
        .find("roles")
        .map_or(column, |next| column + next + 1);
    let stack = format!("    at onExecutePostLogin (a.ts:{}:{column})\n", line + 1);
    let error = EngineError {
        name: "TypeError",
        message: "Cannot read properties of undefined (reading 'roles')",
        stack: &stack,
    };
    let told = explained("a.ts", source, error);
    let location = told.location.expect("in the text");
    assert_eq!((location.line, location.column), (4, 52));
    assert_eq!(
        told.message,
        "Cannot read properties of undefined (reading 'roles')"
    );
}

#[test]
fn the_prefix_of_the_first_line_is_taken_off() {
    let prepared = prepare("code.js", "foo();\nbar();").expect("sound");
    let text = LoadedText {
        engine_name: "action",
        prefix_bytes: 47,
        prepared: &prepared,
    };
    let check = |stack: &str, expected: &str| {
        assert_eq!(map_stack(stack, &[text]).text, expected, "{stack}")
    };
    check("    at <anonymous> (action:1:48)", "    at code.js:1:1");
    check("    at f (action:2:3)", "    at f (code.js:2:3)");
    check("    at f (action:1:4)", "    at f (code.js:1:1)");
    check("    at f (native)\n    at g (elsewhere.js:1:1)", "");
    check("    at f (action:99:1)", "");
}

proptest! {
    #[test]
    fn nothing_panics(name in "[A-Z][a-z]{0,5}Error", message in ".{0,60}", stack in "(    at [a-z<>]{1,8} \\((code.js|native|é)(:[0-9]{1,4}){0,2}\\)\n|.{0,20}\n){0,5}", source in ".{0,80}") {
        let _ = frames(&stack);
        if let Ok(prepared) = prepare("code.js", source.as_str()) {
            let text = LoadedText { engine_name: "code.js", prefix_bytes: 20, prepared: &prepared };
            let error = EngineError { name: &name, message: &message, stack: &stack };
            prop_assert_eq!(explain(error, &[text]).name, name);
        }
    }
}

/// A chain of this many links was minutes of work, because each of its links was written in full.
#[test]
fn long_chains_are_no_names() {
    let chain = format!("x{}", ".a".repeat(12_000));
    let source = format!("{chain} = () => {{ y(); }};\nexports.f = () => {{ z(); }};");
    let stack = format!(
        "    at <anonymous> (code.js:1:{})\n    at <anonymous> (code.js:2:21)",
        chain.len() + 12
    );
    let error = EngineError {
        name: "TypeError",
        message: "y is not a function",
        stack: &stack,
    };
    let told = explained("code.js", &source, error);
    let expected = format!(
        "TypeError: y is not a function\n    at code.js:1:{}\n    at exports.f (code.js:2:21)",
        chain.len() + 12 - PREFIX.len()
    );
    assert_eq!(told.stack, expected);
}

#[test]
fn the_innermost_function_is_found() {
    let source = "exports.a = () => { x(() => { y(); }); z(function () {}); w(); };\nexports.b = () => { v(); };";
    let prepared = prepare("code.js", source).expect("the source is sound");
    let view = super::sites::View::of(&prepared);
    for (needle, function) in [
        ("y()", Some("() => { y")),
        ("z(", Some("() => { x")),
        ("w(", Some("() => { x")),
        ("v(", Some("() => { v")),
        ("exports", None),
    ] {
        let offset = source.find(needle).expect("in the text");
        let start = function.map(|function| source.find(function).expect("in the text"));
        assert_eq!(view.function_start(offset), start, "{needle}");
    }
}
