//! The output of `console`, compared with that of Node for the same calls.

mod common;

use common::printed;
use serde_json::Value;

/// Each line: statements, and what Node 22.23 wrote for them. Values of the Action's realm and of the one around it
/// print alike.
const DATA: &str = include_str!("data/console.jsonl");

#[test]
fn prints_as_node_does() {
    let mut differences = Vec::new();
    for line in DATA.lines() {
        let row: Value = serde_json::from_str(line).expect("a row is JSON");
        let (source, expected) = (
            row["source"].as_str().expect("a row has a source"),
            row["printed"].as_str().expect("a row has a text"),
        );
        let got = printed(&format!(
            "exports.onExecutePostLogin = async () => {{\n{source}\n}};"
        ));
        if got != expected {
            differences.push(format!("{source}\n--- got\n{got}--- node\n{expected}"));
        }
    }
    let rows = DATA.lines().count();
    assert!(
        differences.is_empty(),
        "{} of {rows} differ:\n{}",
        differences.len(),
        differences.join("\n")
    );
}
