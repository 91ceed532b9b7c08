//! Every wrong input is one clear message, a hint where there is one, and the documented exit code.

use std::fs;

use crate::support::{QUIET, assert_command, folder, postlogin};

#[test]
fn options() {
    let folder = folder(&[("quiet.js", QUIET)]);
    let run = |arguments: &str| postlogin(arguments).within(folder.path());
    assert_command!(run("run quiet.js --evnt x.json"), @"
    exit code: 2
    ----- stderr -----
    error: unexpected argument '--evnt' found
    hint: did you mean `--event`?
    ");
    assert_command!(run("run quiet.js --zebra"), @"
    exit code: 2
    ----- stderr -----
    error: unexpected argument '--zebra' found
    hint: `postlogin run --help` lists the options
    ");
    assert_command!(run("run quiet.js --format xml"), @"
    exit code: 2
    ----- stderr -----
    error: invalid value 'xml' for '--format <FORMAT>'
      [possible values: human, json]
    hint: `postlogin run --help` lists the options
    ");
    assert_command!(run("run quiet.js --event"), @"
    exit code: 2
    ----- stderr -----
    error: a value is required for '--event <FILE|->' but none was supplied
    hint: `postlogin run --help` lists the options
    ");
    assert_command!(run("rum quiet.js"), @"
    exit code: 2
    ----- stderr -----
    error: unrecognized subcommand 'rum'
    hint: did you mean `run`?
    ");
    assert_command!(run("build"), @"
    exit code: 2
    ----- stderr -----
    error: the following required arguments were not provided:
      <ACTION>
    hint: `postlogin build --help` lists the options
    ");
    assert_command!(run("build quiet.js quiet.js"), @"
    exit code: 2
    ----- stderr -----
    error: unexpected argument 'quiet.js' found
    hint: `postlogin build --help` lists the options
    ");
    assert_command!(run("schema evnt"), @"
    exit code: 2
    ----- stderr -----
    error: invalid value 'evnt' for '<WHAT>'
      [possible values: event, credentials-exchange-event, case, outcome, explanation, test, comparison, check, replay, config]
    hint: did you mean `event`?
    ");
    let nothing = run("").finish();
    assert_eq!(nothing.code, Some(2));
    assert!(
        nothing.stdout.is_empty() && nothing.stderr.contains("Usage:"),
        "{nothing}"
    );
}

#[test]
fn actions_that_do_not_compile() {
    let folder = folder(&[
        (
            "broken.js",
            "exports.onExecutePostLogin = async (event, api) => {\n  const x = ;\n};\n",
        ),
        (
            "broken.mjs",
            "export const onExecutePostLogin = async (event, api) => {\n  const x = 1;\n",
        ),
        (
            "broken.ts",
            "export async function onExecutePostLogin(event: any api: any) {}\n",
        ),
        (
            "late.js",
            "exports.onExecutePostLogin = async () => {};\nconst { a = 1;\n",
        ),
    ]);
    let run = |arguments: &str| postlogin(arguments).within(folder.path());
    assert_command!(run("run broken.js"), @"
    exit code: 101
    ----- stdout -----
    ✗ failed: Error: SyntaxError: Unexpected token ';'

    Error  in broken at broken.js:2:13
        1 | exports.onExecutePostLogin = async (event, api) => {
      > 2 |   const x = ;
          |             ^
        3 | };

    Actions
      ✗ broken [time] [memory] 0 calls

    time [time]  of [time]  · memory [memory]  of [memory]
    ");
    assert_command!(run("run broken.mjs"), @"
    exit code: 101
    ----- stderr -----
    error: broken.mjs:3:1: SyntaxError: Unexpected end of input
    hint: a bracket or a quote that was opened is not closed
    ");
    assert_command!(run("run broken.ts"), @"
    exit code: 101
    ----- stderr -----
    error: broken.ts:1:53: SyntaxError: Unexpected identifier 'api'
    ");
    assert_command!(run("run late.js"), @"
    exit code: 101
    ----- stdout -----
    ✗ failed: Error: SyntaxError: Unexpected token ';'

    Error  in late at late.js:2:14
        1 | exports.onExecutePostLogin = async () => {};
      > 2 | const { a = 1;
          |              ^

    Actions
      ✗ late [time] [memory] 0 calls

    time [time]  of [time]  · memory [memory]  of [memory]
    ");
    assert_command!(run("build broken.js"), @"
    exit code: 101
    ----- stderr -----
    error: broken.js:2:13: SyntaxError: Unexpected token ';'
    ");
    assert_command!(run("build broken.ts"), @"
    exit code: 101
    ----- stderr -----
    error: broken.ts:1:53: SyntaxError: Unexpected identifier 'api'
    ");
    assert!(!folder.path().join("broken.wasm").exists());
}

#[test]
fn actions_without_a_handler() {
    let folder = folder(&[
        ("none.js", "exports.somethingElse = async () => {};\n"),
        (
            "plain.js",
            "exports.onExecutePostLogin = (event, api) => {};\n",
        ),
        ("empty.js", ""),
        ("text.js", "module.exports = 'text';\n"),
    ]);
    let run = |file: &str| postlogin(&format!("run {file}")).within(folder.path());
    assert_command!(run("none.js"), @r#"
    exit code: 101
    ----- stdout -----
    ✗ failed: Error: Invalid function signature for the "onExecutePostLogin" handler. Use …

    Error  in none
      Error: Invalid function signature for the "onExecutePostLogin" handler. Use
      "exports.onExecutePostLogin = async function(event, api) { }" as the signature.

    Actions
      ✗ none [time] [memory] 0 calls

    time [time]  of [time]  · memory [memory]  of [memory]
    ----- stderr -----
    hint: export the handler as `exports.onExecutePostLogin = async (event, api) => { … };`
    "#);
    assert_command!(run("plain.js"), @r#"
    exit code: 101
    ----- stdout -----
    ✗ failed: Error: Invalid function signature for the "onExecutePostLogin" handler. Use …

    Error  in plain
      Error: Invalid function signature for the "onExecutePostLogin" handler. Use
      "exports.onExecutePostLogin = async function(event, api) { }" as the signature.

    Actions
      ✗ plain [time] [memory] 0 calls

    time [time]  of [time]  · memory [memory]  of [memory]
    ----- stderr -----
    hint: export the handler as `exports.onExecutePostLogin = async (event, api) => { … };`
    "#);
    assert_eq!(run("empty.js").finish().code, Some(101));
    assert_eq!(run("text.js").outcome(0)["status"], "failed");
}

#[test]
fn files_that_are_no_component() {
    let folder = folder(&[
        ("text.wasm", "hello"),
        ("empty.wasm", ""),
        ("action.txt", QUIET),
    ]);
    let write = |name: &str, bytes: &[u8]| {
        fs::write(folder.path().join(name), bytes).expect("a file can be written");
    };
    write("module.wasm", b"\0asm\x01\0\0\0");
    write("nothing.wasm", b"\0asm\x0d\0\x01\0");
    write("cut.wasm", b"\0asm\x0d\0\x01\0\x01\xff");
    write("latin1.js", b"// caf\xe9\n");
    write("utf16.js", b"\xff\xfe/\0/\0");
    let run = |file: &str| postlogin(&format!("run {file}")).within(folder.path());
    assert_command!(run("text.wasm"), @"
    exit code: 101
    ----- stderr -----
    error: text.wasm: this is not WebAssembly
    hint: `postlogin build` makes a component of a .js or .ts file
    ");
    assert_command!(run("empty.wasm"), @"
    exit code: 101
    ----- stderr -----
    error: empty.wasm: this is not WebAssembly
    hint: `postlogin build` makes a component of a .js or .ts file
    ");
    assert_command!(run("module.wasm"), @"
    exit code: 101
    ----- stderr -----
    error: module.wasm: this is a WebAssembly module, not a component
    hint: build it for wasm32-wasip2, or give the source to `postlogin build`
    ");
    assert_command!(run("nothing.wasm"), @"
    exit code: 101
    ----- stderr -----
    error: nothing.wasm: this component exports no handler of a trigger that runs here (`on-execute-post-login`, …), so it is not an Action
    hint: export the handlers of one of the worlds of postlogin:actions: credentials-exchange, custom-email-provider, custom-phone-provider, custom-token-exchange, event-stream, password-reset-post-challenge, post-change-password, post-login, post-user-registration, pre-user-registration, send-phone-message
    ");
    assert_command!(run("cut.wasm"), @"
    exit code: 101
    ----- stderr -----
    error: cut.wasm: this WebAssembly component cannot be read: failed to parse WebAssembly module: unexpected end-of-file (at offset 0xa)
    hint: build it again; if it is meant to be fine, check that the file is complete
    ");
    assert_command!(run("action.txt"), @"
    exit code: 2
    ----- stderr -----
    error: `action.txt` is not an Action
    hint: give a .js, .ts or .wasm file, a folder of an Action, the name of an Action of the project, or a Cargo package
    ");
    assert_command!(run("latin1.js"), @"
    exit code: 2
    ----- stderr -----
    error: latin1.js:1:7: the text is not UTF-8
    hint: save the file as UTF-8
    ");
    assert_command!(run("utf16.js"), @"
    exit code: 2
    ----- stderr -----
    error: utf16.js: the text is UTF-16
    hint: save the file as UTF-8
    ");
    assert_command!(run("."), @"
    exit code: 2
    ----- stderr -----
    error: no Action is in the folder `.`
    hint: the folder of an Action has a code.js; that of a Rust Action has a Cargo.toml
    ");
}

#[test]
fn continue_requests() {
    let folder = folder(&[
        ("quiet.js", QUIET),
        ("unknown.json", r#"{"querry": {}}"#),
        ("list.yaml", "- query\n"),
        ("text.json", r#"{"body": "a=1"}"#),
    ]);
    let run =
        |file: &str| postlogin(&format!("run quiet.js --continue {file}")).within(folder.path());
    assert_command!(run("unknown.json"), @"
    exit code: 2
    ----- stderr -----
    error: unknown.json: unknown key `querry`
    hint: a /continue request has `query` and `body`, each an object
    ");
    assert_command!(run("list.yaml"), @"
    exit code: 2
    ----- stderr -----
    error: list.yaml:1:1: a /continue request must be an object; the document is a list
    hint: a /continue request has `query` and `body`, each an object
    ");
    assert_command!(run("text.json"), @"
    exit code: 2
    ----- stderr -----
    error: text.json: `body` must be an object
    hint: a /continue request has `query` and `body`, each an object
    ");
    assert_command!(run("none.json"), @"
    exit code: 2
    ----- stderr -----
    error: none.json: cannot read the file: no such file
    hint: a path is relative to the working folder
    ");
}
