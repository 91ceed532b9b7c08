//! The engine's errors against those of V8, and stacks.

use proptest::prelude::*;
use serde_json::Value;

use super::{EngineError, Explained, LoadedText, explain, frames, map_stack, place_of_call};
use crate::source::prepare;

/// What the loader puts before a text in these tests.
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

/// V8's side is what Node 20.20 says. Each line: a source, the error that QuickJS-ng gave for it behind [`PREFIX`], the error that V8 gave, and, where
/// the two cannot be brought together, what is told instead. Columns count from 1 without the prefix.
#[test]
fn errors_read_as_in_v8() {
    let data = include_str!("../../tests/data/runtime-errors.jsonl");
    let (mut known_differences, mut same_text, mut same_place) = (0, 0, 0);
    for line in data.lines() {
        let row: Value = serde_json::from_str(line).expect("a JSON line");
        let text = |path: &str| row.pointer(path).and_then(Value::as_str).unwrap_or("");
        let ours = row.get("ours");
        if ours.is_none_or(|ours| ours[0] == row["v8"]["message"]) {
            same_text += 1;
            let v8 = &row["v8"];
            let is_same = |ours: &Value| ours[1] == v8["line"] && ours[2] == v8["column"];
            same_place += usize::from(ours.is_none_or(is_same));
        }
        if text("/engine/stack").contains("<input>") {
            // What is wrong with a JSON text is told by the guest, see tests/engine_errors.rs.
            continue;
        }
        let number = |path: &str| row.pointer(path).and_then(Value::as_u64).unwrap_or(0);
        let error = EngineError {
            name: text("/engine/name"),
            message: text("/engine/message"),
            stack: text("/engine/stack"),
        };
        let told = explained("code.js", text("/source"), error);
        let location = told.location.as_ref().map_or((0, 0), |location| {
            (location.line.into(), location.column.into())
        });
        let expected = if row.get("ours").is_some() {
            known_differences += 1;
            (text("/ours/0"), (number("/ours/1"), number("/ours/2")))
        } else {
            assert_eq!(told.name, text("/v8/name"), "{line}");
            (
                text("/v8/message"),
                (number("/v8/line"), number("/v8/column")),
            )
        };
        let message = told.message.as_str();
        assert_eq!((message, location), expected, "{line}");
        // The guest says some of it already, and wraps what top-level code throws.
        let is_guests = ["Cannot read properties", "Cannot set properties"]
            .iter()
            .any(|start| message.starts_with(start));
        for (name, said) in [
            (
                error.name,
                if is_guests { message } else { error.message }.to_owned(),
            ),
            ("Error", format!("{}: {}", error.name, error.message)),
        ] {
            let again = EngineError {
                name,
                message: &said,
                ..error
            };
            let again = explained("code.js", text("/source"), again);
            let ours = row.get("ours").is_some();
            let ends = again.message.ends_with(message) || name == error.name;
            assert!(
                ends && (ours || again.location == told.location),
                "{line}\n{again:?}"
            );
        }
    }
    let rows = data.lines().count();
    assert!(
        rows > 240 && known_differences * 4 < rows,
        "{known_differences} of {rows} differ"
    );
    // The page that tells people how far they can trust this has the same numbers.
    let page = include_str!("../../../../docs/fidelity.md");
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    let told = format!(
        "Of {rows} JavaScript errors recorded with V8, {same_text} have the same text here and {same_place} also the same place"
    );
    assert!(
        page.contains(&told),
        "docs/fidelity.md does not say: {told}"
    );
}

#[test]
fn stacks_are_the_users_alone() {
    let source = "const help = (user) => {\n  return user.name.first;\n};\n\
                  exports.onExecutePostLogin = async (event, api) => {\n  help(event.user);\n};\n";
    let stack = "    at help (actions/a/code.js:2:10)\n    at <anonymous> (actions/a/code.js:5:3)\n    \
                 at apply (native)\n    at run (postlogin:guest:40:11)\n";
    let error = EngineError {
        name: "TypeError",
        message: "cannot read property 'first' of undefined",
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
    let column = code_line.find("event").expect("in the line") + 1;
    let stack = format!("    at onExecutePostLogin (a.ts:{}:{column})\n", line + 1);
    let error = EngineError {
        name: "TypeError",
        message: "cannot read property 'roles' of undefined",
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
fn calls_of_imports_read_as_after_tsc() {
    let source = "import { get } from 'axios';\nexport const onExecutePostLogin = async () => {\n  await get('x');\n};\n";
    let stack = "    at onExecutePostLogin (a.mjs:3:22)\n";
    let error = EngineError {
        name: "TypeError",
        message: "not a function",
        stack,
    };
    let told = explained("a.mjs", source, error);
    assert_eq!(told.message, "(0 , axios_1.get) is not a function");
    let location = told.location.expect("in the text");
    assert_eq!((location.line, location.column), (3, 9));
}

#[test]
fn messages_of_the_user_and_of_packages_are_left_alone() {
    let check = |source: &str, message: &str, stack: &str| {
        let told = explained(
            "code.js",
            source,
            EngineError {
                name: "TypeError",
                message,
                stack,
            },
        );
        assert_eq!(told.message, message, "{source}");
    };
    check(
        "\nthrow new TypeError('not a function')",
        "not a function",
        "    at <anonymous> (code.js:2:11)\n",
    );
    check(
        "\nuuid.v4()",
        "not a function",
        "    at v4 (node_modules/uuid/index.js:3:9)\n    at <anonymous> (code.js:2:5)\n",
    );
    check(
        "\nfoo()",
        "some message",
        "    at <anonymous> (code.js:2:1)\n",
    );
    check("\nfoo()", "not a function", "");
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
        if let Ok(prepared) = prepare("code.js", &source) {
            let text = LoadedText { engine_name: "code.js", prefix_bytes: 20, prepared: &prepared };
            let error = EngineError { name: &name, message: &message, stack: &stack };
            prop_assert_eq!(explain(error, &[text]).name, name);
        }
    }

    #[test]
    fn engine_messages_never_panic(index in 0_usize..12, word in "[a-z'.é]{0,6}", line in 0_u32..5, column in 0_u32..120) {
        let messages = [
            format!("cannot read property '{word}' of undefined"), format!("cannot set property '{word}' of null"),
            "not a function".to_owned(), "value is not iterable".to_owned(), format!("'{word}' is read-only"),
            format!("unexpected token: '{word}'"), "not a constructor".to_owned(), "invalid 'in' operand".to_owned(),
            "Cannot convert undefined or null to object".to_owned(), "no setter for property".to_owned(),
            "must be called with new".to_owned(), "cannot read property 'Symbol.iterator' of null".to_owned(),
        ];
        let source = "const { é, b } = x; for (const q of b.é) { q[0] = é.a.b(...c); }\nnew A.B(null, 'x' in y); tag`é`;\n[...z].map()";
        let stack = format!("    at map (native)\n    at <anonymous> (code.js:{line}:{column})\n");
        for name in ["TypeError", "SyntaxError"] {
            let message = messages.get(index).map_or("", String::as_str);
            let told = explained("code.js", source, EngineError { name, message, stack: &stack });
            prop_assert_eq!(told.location.is_some(), (1..=3).contains(&line));
        }
    }
}

#[test]
fn a_call_of_the_runtime_is_placed_at_its_name() {
    #[track_caller]
    fn check(text: &str, byte_column: u32, expected: u32) {
        let prepared = prepare("code.js", text).expect("the text parses");
        let texts = [LoadedText {
            engine_name: "code.js",
            prefix_bytes: 0,
            prepared: &prepared,
        }];
        let stack = format!("    at ask (guest:1:1)\n    at code.js:1:{byte_column}");
        let place = place_of_call(&stack, &texts, "setCustomClaim").expect("a place");
        assert_eq!((place.line, place.column), (1, expected), "{text}");
    }
    // The engine points into the last argument.
    check("api.idToken.setCustomClaim('name', value);", 36, 13);
    check("x.setCustomClaim(1, a); y.setCustomClaim(2, b);", 45, 27);
    check("x.setCustomClaim(1, a); y.setCustomClaim(2, b);", 21, 3);
    check("api.idToken?.setCustomClaim('name', other(value));", 47, 14);
    // A method under another name: the engine's own place.
    check("set('name', value);", 13, 13);
}

/// A chain of this many links was minutes of work, because each of its links was written in full.
#[test]
fn long_chains_are_written_from_their_end() {
    for (link, message, expected) in [
        (
            ".a",
            "cannot read property 'a' of undefined",
            "Cannot read properties of undefined (reading 'a')",
        ),
        (
            "[0]",
            "cannot read property '0' of undefined",
            "Cannot read properties of undefined (reading '0')",
        ),
        (".a()", "not a function", "(...).a is not a function"),
        (
            "?.a",
            "cannot read property 'a' of undefined",
            "Cannot read properties of undefined (reading 'a')",
        ),
        ("['a']()", "not a function", "(...).a is not a function"),
        ("()", "not a function", "(...) is not a function"),
    ] {
        let source = format!("x{};", link.repeat(12_000));
        let error = EngineError {
            name: "TypeError",
            message,
            stack: "    at <anonymous> (code.js:1:30048)",
        };
        let told = explained("code.js", &source, error);
        assert!(told.message.ends_with(expected), "{link}: {}", told.message);
        assert!(told.message.len() < 500, "{link}: {}", told.message.len());
    }
    let long = format!("x.{}();", "n".repeat(100_000));
    let error = EngineError {
        name: "TypeError",
        message: "not a function",
        stack: "    at <anonymous> (code.js:1:60)",
    };
    let told = explained("code.js", &long, error);
    assert!(
        told.message.len() < 500 && told.message.contains('…'),
        "{}",
        told.message
    );
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
