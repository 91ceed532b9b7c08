//! `Intl` and the methods that know locales, against what Node 22.23.5 gives for the same expressions.

mod common;

use common::printed;
use serde_json::Value;

/// Each line: an expression, and its value as JSON or its error, in Node with `TZ=UTC LC_ALL=en_US.UTF-8`.
const DATA: &str = include_str!("../../../fixtures/intl/node22.jsonl");

/// So many expressions run in one Action.
const AT_ONCE: usize = 50;

const HARNESS: &str = "
const answer = (code) => {
    try {
        const value = (0, eval)(`(${code})`);
        return JSON.stringify(value, (key, x) => (x === undefined ? '$undefined' : typeof x === 'bigint' ? `${x}n` : x)) ?? String(value);
    } catch (error) {
        return `${error.name}: ${error.message}`;
    }
};
";

#[test]
fn answers_are_those_of_node() {
    let rows: Vec<Value> = DATA
        .lines()
        .map(|line| serde_json::from_str(line).expect("a row is JSON"))
        .collect();
    assert!(rows.len() > 1000, "{} rows", rows.len());
    let mut differences = Vec::new();
    for rows in rows.chunks(AT_ONCE) {
        let codes: Vec<&Value> = rows.iter().map(|row| &row["code"]).collect();
        let codes = serde_json::to_string(&codes).expect("texts are JSON");
        let lines = printed(&format!(
            "{HARNESS}exports.onExecutePostLogin = async () => {{ for (const code of {codes}) console.log(JSON.stringify(answer(code))); }};"
        ));
        for (row, line) in rows.iter().zip(lines.lines()) {
            let got: Value = serde_json::from_str(line).expect("a line is JSON");
            if got != row["node"] {
                differences.push(format!(
                    "{}\n   node {}\n   got  {got}",
                    row["code"], row["node"]
                ));
            }
        }
    }
    assert!(
        differences.is_empty(),
        "{} of {} differ:\n{}",
        differences.len(),
        rows.len(),
        differences.join("\n")
    );
}

#[test]
fn sorting_by_a_locale_is_quick_enough() {
    let printed = printed(
        "exports.onExecutePostLogin = async () => {
            const names = Array.from({ length: 2000 }, (_, i) => `${(i * 7919) % 2000}é`);
            names.sort(new Intl.Collator('de', { numeric: true }).compare);
            console.log(names[0], names[1999]);
        };",
    );
    assert_eq!(printed, "0é 1999é\n");
}

/// Changes of an Action do not affect the code that asks the host.
#[test]
fn a_tampered_realm_changes_nothing() {
    let printed = printed(
        "exports.onExecutePostLogin = async () => {
            Array.prototype.toJSON = () => 'tampered';
            String.prototype.toJSON = () => 'tampered';
            WeakMap.prototype.get = () => undefined;
            JSON.parse = JSON.stringify = () => { throw new Error('tampered'); };
            RegExp.prototype.test = () => false;
            console.log(new Intl.NumberFormat('de', { style: 'currency', currency: 'eur' }).format(1234.5));
            console.log(new Date(0).toLocaleDateString('fr', { dateStyle: 'long' }));
        };",
    );
    assert_eq!(printed, "1.234,50\u{a0}€\n1 janvier 1970\n");
}
