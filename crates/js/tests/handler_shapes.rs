//! Every row of the conformance table of handlers: how they are loaded, called and judged, and what they print.

mod common;

use std::collections::BTreeMap;

use common::{Case, FILE, JAVASCRIPT, run};
use postlogin_core::EntryPoint;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const TABLE: &str = include_str!("../../../fixtures/conformance/handler-shapes.jsonl");

/// What production keeps of an execution's prints, in bytes.
const KEPT_LOG_BYTES: usize = 262_144;

/// Why a row is not run.
enum Skip {
    /// `require('actions:…')` of a registered module.
    Modules,
    /// What a module keeps between two executions: every login here has a sandbox of its own.
    StateBetweenExecutions,
    /// Entry points that a host of this crate can't name.
    EntryPoint,
}

impl Skip {
    fn reason(&self) -> &'static str {
        match self {
            Self::Modules => "Action modules are not loaded yet",
            Self::StateBetweenExecutions => "every login has a fresh sandbox",
            Self::EntryPoint => "only the two entry points can be named",
        }
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the counts are what the test tells")]
fn every_row_agrees() {
    let mut agreed = 0;
    let mut skipped: BTreeMap<&str, u32> = BTreeMap::new();
    let mut failures = Vec::new();
    for line in TABLE.lines() {
        let row: Value = serde_json::from_str(line).expect("a row is JSON");
        match check(&row) {
            Ok(None) => agreed += 1,
            Ok(Some(skip)) => *skipped.entry(skip.reason()).or_default() += 1,
            Err(difference) => failures.push(format!("{}: {difference}\n  {line:.300}", row["id"])),
        }
    }
    let all: u32 = skipped.values().sum();
    let reasons: Vec<String> = skipped
        .iter()
        .map(|(reason, count)| format!("{count} because {reason}"))
        .collect();
    println!("{agreed} agree, {all} skipped: {}", reasons.join(", "));
    assert!(
        failures.is_empty(),
        "{} rows differ:\n{}",
        failures.len(),
        failures.join("\n")
    );
    assert!(agreed > 90, "only {agreed} rows were compared");
    // The page that tells people how far they can trust this has the same numbers.
    let page = include_str!("../../../docs/fidelity.md");
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    let told = format!(
        "Of the {} handlers in `handler-shapes.jsonl`, {agreed} agree",
        agreed + all
    );
    assert!(
        page.contains(&told),
        "docs/fidelity.md does not say: {told}"
    );
}

fn check(row: &Value) -> Result<Option<Skip>, String> {
    if row.get("modules").is_some() {
        return Ok(Some(Skip::Modules));
    }
    let Some(entry) = entry_point(&row["entrypoint"]) else {
        return Ok(Some(Skip::EntryPoint));
    };
    let names_only = row.get("engine").is_some();
    let runs = match row["expect"].get("runs").and_then(Value::as_array) {
        Some(runs) if runs.iter().any(|run| run != &runs[0]) => {
            return Ok(Some(Skip::StateBetweenExecutions));
        }
        Some(runs) => runs.clone(),
        None => vec![row["expect"].clone()],
    };
    let source = row["source"].as_str().expect("a row has a source");
    for expected in runs {
        let got = execute(source, entry);
        let agrees = if names_only {
            thrown_name(&got) == thrown_name(&expected)
        } else {
            thrown(&got) == thrown(&expected) && got.get("logs") == expected.get("logs")
        };
        if !agrees {
            return Err(format!("expected {expected}, got {got}"));
        }
    }
    Ok(None)
}

/// The entry point of a row; what is falsy there means the default.
fn entry_point(value: &Value) -> Option<EntryPoint> {
    match value {
        Value::String(name) if name == "onExecutePostLogin" => Some(EntryPoint::Execute),
        Value::String(name) if name == "onContinuePostLogin" => Some(EntryPoint::Continue),
        value if value == &json!(0) || value.is_null() => Some(EntryPoint::Execute),
        Value::Object(tagged) if tagged.contains_key("$") => Some(EntryPoint::Execute),
        _ => None,
    }
}

/// Runs a source and tells the result in the table's form.
fn execute(source: &str, entry: EntryPoint) -> Value {
    let action = match JAVASCRIPT.action(FILE, source) {
        Ok(action) => action,
        // Production takes the parser's complaint for an Error when it loads the text.
        Err(error) => {
            return json!({"throws": {"name": "Error", "message": format!("SyntaxError: {}", error.message)}});
        }
    };
    let case = Case {
        entry,
        ..Case::default()
    };
    let ended = run(&action, &case);
    match &ended.fault {
        Some(fault) => json!({"throws": {"name": fault.name, "message": fault.message}}),
        None => json!({"logs": logs(&ended.logs())}),
    }
}

/// The logs in the table's form: a text, or what tells a long text from others.
fn logs(text: &str) -> Value {
    // The message that was cut has no line end any more.
    let text = match text.len() {
        length if length > KEPT_LOG_BYTES => text.trim_end_matches('\n'),
        _ => text,
    };
    if text.len() < 2_000 {
        return json!(text);
    }
    let chars: Vec<char> = text.chars().collect();
    let hash = Sha256::digest(text.as_bytes());
    let sha256: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    json!({
        "bytes": text.len(),
        "chars": chars.len(),
        "sha256": sha256,
        "head": chars[..20].iter().collect::<String>(),
        "tail": chars[chars.len() - 5 - 1..].iter().collect::<String>(),
    })
}

/// An error at load and one at the first execution are the same to a login.
fn thrown(result: &Value) -> Option<&Value> {
    result.get("throws").or_else(|| result.get("load_throws"))
}

fn thrown_name(result: &Value) -> Option<&str> {
    thrown(result)?["name"].as_str()
}
