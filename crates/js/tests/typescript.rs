//! TypeScript, against the output of tsc 5.9 in Node 22: namespaces, enums, parameter properties, imports.

mod common;

use common::{Case, JAVASCRIPT, run};
use serde_json::{Value, json};

/// Each line: what the text prints, and the text. Recorded by `data/record-typescript.mjs`.
const DATA: &str = include_str!("data/typescript.jsonl");

/// A function that prints as the recorder does, and a handler.
const REST: &str = "\nfunction __log(...values: any[]) { console.log(values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value) ?? String(value))).join(' ')) }\n\
    exports.onExecutePostLogin = async () => {};";

#[test]
fn means_what_tsc_makes_of_it() {
    let mut differences = Vec::new();
    let mut rows = 0;
    for line in DATA.lines() {
        let row: Vec<Value> = serde_json::from_str(line).expect("a row is a list");
        let [printed, Value::String(text)] = row.as_slice() else {
            panic!("{line}: a list and a text");
        };
        rows += 1;
        let text = format!("{}{REST}", text.replace("console.log(", "__log("));
        let action = JAVASCRIPT.action("row.ts", text.as_str());
        let ended = run(&action.expect("it loads"), &Case::default());
        let logs = ended.outcome.logs.iter();
        let mut got: Vec<String> = logs.map(|log| log.message.clone()).collect();
        got.extend(ended.fault.map(|it| format!("{}: {}", it.name, it.message)));
        if json!(got) != *printed {
            differences.push(format!("{text}\n  got {}\n  not {printed}", json!(got)));
        }
    }
    assert!(rows > 40, "only {rows} rows");
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}
