//! The language itself, against what Node 22 answers: words of syntax errors, regular expressions, dates, the order that a
//! sort gives and in which it asks, properties of the built-in objects, and what is newer than V8 12.4.

mod common;

use common::{Case, action, run};
use postlogin_core::Fault;
use serde_json::{Value, json};

/// Each line: what Node 22 answered, a kind of question and its arguments. Recorded by `data/record-language.mjs`.
const DATA: &str = include_str!("data/language.jsonl");

/// Answers a row.
const ANSWER: &str = include_str!("data/language.js");

/// The number of rows that one login answers: the output of an execution is bounded.
const ROWS: usize = 250;

#[test]
fn answers_as_node_does() {
    let answer = ANSWER
        .find("(() =>")
        .and_then(|start| ANSWER.get(start..))
        .expect("it is a function");
    let action = action(&format!(
        "const answer = {answer};\n\
         exports.onExecutePostLogin = async (event) => {{\n\
         for (const [kind, ...rest] of event.user.user_metadata.rows) console.log(answer[kind](...rest));\n}};"
    ));
    let rows: Vec<Vec<Value>> = DATA
        .lines()
        .map(|line| serde_json::from_str(line).expect("a row is a list"))
        .collect();
    let mut differences = Vec::new();
    for rows in rows.chunks(ROWS) {
        let questions: Vec<&[Value]> = rows.iter().filter_map(|row| row.get(1..)).collect();
        let mut case = Case::default();
        case.event["user"]["user_metadata"] = json!({ "rows": questions });
        let ended = run(&action, &case);
        assert_eq!(ended.fault.as_ref().map(fault), None);
        let answers = &ended.outcome.logs;
        assert_eq!(answers.len(), rows.len());
        for (row, answer) in rows.iter().zip(answers) {
            if row.first() != Some(&json!(answer.message)) {
                differences.push(format!("{}\n  got {}", json!(row), json!(answer.message)));
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

fn fault(fault: &Fault) -> String {
    format!("{}: {}", fault.name, fault.message)
}

/// A quarter of it counts: V8 computes several times faster.
#[test]
fn computing_counts_less_than_waiting() {
    let busy = action(
        "exports.onExecutePostLogin = async () => { const end = Date.now() + 800; while (Date.now() < end); };",
    );
    let case = Case {
        flow: postlogin_host::Flow::Real,
        budget: postlogin_host::Budget {
            time: std::time::Duration::from_millis(500),
            ..postlogin_host::Budget::default()
        },
        ..Case::default()
    };
    assert_eq!(run(&busy, &case).fault, None);
    let waiting = action(
        "exports.onExecutePostLogin = async () => { await new Promise((go) => setTimeout(go, 800)); };",
    );
    assert!(run(&waiting, &case).fault.is_some());
}
