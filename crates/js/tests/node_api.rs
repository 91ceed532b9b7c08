//! Small pieces of code with what Node 22 gives for them, run here and compared. Agreement is counted by area, and
//! `docs/book/src/reference/fidelity.md` has the same counts.

mod common;

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use common::{Case, action, run};
use postlogin_host::{Budget, Flow};
use serde::Deserialize;
use serde_json::Value;

/// One row a line: `id`, `area`, `code` (the body of an async function) and `golden`, which is what Node 22.23.5 gave:
/// `returns` or `throws`, and `prints`. Its form is that of [`HARNESS`].
const ROWS: &str = include_str!("../../../fixtures/conformance/node-api/rows.jsonl");

/// Rows of the same form about neighbours of those in [`ROWS`].
const NEIGHBOURS: &str = include_str!("../../../fixtures/conformance/node-api/neighbours.jsonl");

/// Rows that differ, with the reason, as `docs/book/src/reference/fidelity.md` lists them.
const DIFFERENCES: &str = include_str!("../../../fixtures/conformance/node-api/differences.txt");

/// Runs `ROWS`, an array of `[id, async function]` that the test puts in front of it, and prints what each gives.
const HARNESS: &str = include_str!("../../../fixtures/conformance/node-api/harness.js");

const PAGE: &str = include_str!("../../../docs/book/src/reference/fidelity.md");

/// Rows of one area in one handler.
const BATCH: usize = 40;

#[derive(Deserialize)]
struct Row {
    id: String,
    area: String,
    code: String,
    golden: Value,
}

fn parsed(rows: &str) -> Vec<Row> {
    rows.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// Rows about timers are about awaited time, and what computing takes on a busy machine must not change their order. Others may wait
/// for a clock to advance.
fn flow_of(rows: &[Row]) -> Flow {
    let is_of_timers = rows.iter().all(|row| row.area == "timers");
    if is_of_timers {
        Flow::Virtual
    } else {
        Flow::Real
    }
}

/// Runs rows in one handler: id → what each gave. A row that did not come to its end is missing.
fn answers(rows: &[Row]) -> HashMap<String, Value> {
    let mut source = "const ROWS = [\n".to_owned();
    for row in rows {
        let _ = writeln!(source, "['{}', async () => {{\n{}\n}}],", row.id, row.code);
    }
    source.push_str("];\n");
    source.push_str(HARNESS);
    let case = Case {
        budget: Budget {
            time: Duration::from_secs(120),
            ..Budget::default()
        },
        flow: flow_of(rows),
        ..Case::default()
    };
    let ended = run(&action(&source), &case);
    let mut answers = HashMap::new();
    let mut prints = Vec::new();
    for record in &ended.outcome.logs {
        let message = &record.message;
        if message.starts_with("@@begin ") {
            prints.clear();
        } else if let Some((id, gave)) = message
            .strip_prefix("@@end ")
            .and_then(|end| end.split_once(' '))
        {
            let mut gave: Value = serde_json::from_str(gave).expect("the harness prints JSON");
            if !prints.is_empty() {
                gave["prints"] = std::mem::take(&mut prints).into();
            }
            answers.insert(id.to_owned(), gave);
        } else {
            prints.push(message.clone());
        }
    }
    answers
}

/// Returns the answers of each row, run in batches on two threads. Rows that an earlier row of their batch ended run again alone.
fn all_answers(rows: &[Row]) -> HashMap<String, Value> {
    let batches: Vec<&[Row]> = rows
        .chunk_by(|a, b| a.area == b.area)
        .flat_map(|area| area.chunks(BATCH))
        .collect();
    let next = AtomicUsize::new(0);
    let all = Mutex::new(HashMap::new());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut found = answers(batch);
                    for row in *batch {
                        if !found.contains_key(&row.id) {
                            found.extend(answers(std::slice::from_ref(row)));
                        }
                    }
                    all.lock().expect("no thread panicked").extend(found);
                }
            });
        }
    });
    all.into_inner().expect("no thread panicked")
}

/// The ids of [`DIFFERENCES`].
fn known_differences() -> Vec<&'static str> {
    DIFFERENCES
        .lines()
        .filter_map(|line| line.split_once(": ").map(|(id, _)| id))
        .collect()
}

/// Runs the rows; area → (rows, those that agree). Panics when another row than a known one differs, or a known one agrees.
#[track_caller]
fn compare(rows: &[Row]) -> BTreeMap<&str, (usize, usize)> {
    let known = known_differences();
    let got = all_answers(rows);
    let mut areas: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut unexpected = Vec::new();
    for row in rows {
        let (count, agree) = areas.entry(&row.area).or_default();
        *count += 1;
        let gave = got.get(&row.id);
        let same = gave == Some(&row.golden);
        *agree += usize::from(same);
        if same == known.contains(&row.id.as_str()) {
            let (id, code, golden) = (&row.id, &row.code, &row.golden);
            let gave = gave.map_or("nothing".to_owned(), Value::to_string);
            unexpected.push(format!(
                "{id}\n{code}\n--- node\n{golden}\n--- here\n{gave}"
            ));
        }
    }
    assert!(
        unexpected.is_empty(),
        "{} rows agree or differ unexpectedly:\n{}",
        unexpected.len(),
        unexpected.join("\n\n")
    );
    areas
}

#[test]
fn rows_agree_as_the_page_says() {
    let rows = parsed(ROWS);
    assert_eq!(rows.len(), 2001);
    let areas = compare(&rows);
    let (mut all, mut agreeing) = (0, 0);
    let mut missing = String::new();
    for (area, (count, agree)) in &areas {
        all += count;
        agreeing += agree;
        let line = format!("| {area} | {count} | {agree} |\n");
        if !PAGE.contains(&line) {
            missing.push_str(&line);
        }
        let is_enough = *area == "keys" || *count < 5 || 100 * agree >= 88 * count;
        assert!(is_enough, "{area}: only {agree} of {count} rows agree");
    }
    let line = format!("| total | {all} | {agreeing} |\n");
    if !PAGE.contains(&line) {
        missing.push_str(&line);
    }
    assert!(
        missing.is_empty(),
        "docs/book/src/reference/fidelity.md does not have these counts:\n{missing}"
    );
    assert!(100 * agreeing >= 96 * all, "only {agreeing} of {all} agree");
}

#[test]
fn neighbours_agree() {
    let rows = parsed(NEIGHBOURS);
    assert!(rows.len() > 1000, "only {} rows", rows.len());
    compare(&rows);
}

#[test]
fn what_differs_is_on_the_page() {
    for id in known_differences() {
        assert!(
            PAGE.contains(&format!("`{id}`")),
            "docs/book/src/reference/fidelity.md does not name `{id}`"
        );
    }
}
