//! Errors that the engine itself throws, from the sandbox to the user: class, words and place as in V8.

mod common;

use common::{Case, action, run};
use postlogin_core::Fault;
use serde_json::Value;

/// What differs, and is known to.
const KNOWN: &[&str] = &[
    // The sandbox's stack ends before the engine's, and tells no place.
    "function f() { f() } f()",
    // The engine tells a place in the function before.
    "const event = {user: {}};\nconst f = ({ q }) => q;\nconst { tier } = event.user.user_metadata;",
    // The runtime brings its own, so the words are no longer those of a native function.
    "new WeakMap().set(1, 1)",
    "new WeakSet().add('a')",
];

fn failed(source: &str) -> Fault {
    let ended = run(&action(source), &Case::default());
    let logs = ended.logs();
    ended
        .fault
        .unwrap_or_else(|| panic!("nothing was thrown, printed {logs:?}: {source}"))
}

/// The rows of the data run in a handler; line 1 of their text is line 2 there.
#[test]
#[expect(clippy::print_stdout, reason = "the counts are what the test tells")]
fn faults_read_as_in_v8() {
    let data = include_str!("data/runtime-errors.jsonl");
    let (mut agreed, mut differences) = (0, Vec::new());
    for line in data.lines() {
        let row: Value = serde_json::from_str(line).expect("a row is JSON");
        let text = |path: &str| {
            row.pointer(path)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let number = |path: &str| {
            row.pointer(path)
                .and_then(Value::as_u64)
                .unwrap_or_default()
        };
        let source = text("/source");
        if row.get("ours").is_some() || KNOWN.contains(&source) {
            continue;
        }
        let fault = failed(&format!(
            "exports.onExecutePostLogin = async () => {{\n{source}\n}};"
        ));
        let place = fault.location.as_ref().map_or((0, 0), |place| {
            (u64::from(place.line) - 1, u64::from(place.column))
        });
        // Node 22 adds the line to what Node 20 says of JSON.
        let message = fault.message.split(" (line ").next().unwrap_or_default();
        let got = (fault.name.as_str(), message, place);
        let expected = (
            text("/v8/name"),
            text("/v8/message"),
            (number("/v8/line"), number("/v8/column")),
        );
        if got == expected {
            agreed += 1;
        } else {
            differences.push(format!(
                "{source}\n  got      {got:?}\n  expected {expected:?}"
            ));
        }
    }
    println!("{agreed} agree");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(agreed > 200, "only {agreed} were compared");
}
