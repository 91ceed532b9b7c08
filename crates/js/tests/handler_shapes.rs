//! Every row of the conformance table of handlers: how they are loaded, called and judged, and what they print.

mod common;

use std::{collections::BTreeMap, sync::Arc};

use common::{Case, FILE, JAVASCRIPT, run, run_in_one_sandbox};
use postlogin_core::event::sample;
use postlogin_core::{EntryPoint, Trigger};
use postlogin_js::{ActionModule, Dependencies, Modules};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const TABLE: &str = include_str!("../../../fixtures/conformance/handler-shapes.jsonl");
/// The rows of all other triggers, each with its `trigger`.
const OTHERS: &str =
    include_str!("../../../fixtures/conformance/other-triggers/handler-shapes.jsonl");

/// The most bytes of an execution's console output that production keeps.
const KEPT_LOG_BYTES: usize = 262_144;

/// Why a row is not run.
enum Skip {
    /// Entry points that a host of this crate cannot name.
    EntryPoint,
}

impl Skip {
    fn reason(&self) -> &'static str {
        match self {
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
    assert!(agreed > 115, "only {agreed} rows were compared");
    // The fidelity page has the same numbers.
    let page = include_str!("../../../docs/book/src/reference/fidelity.md");
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    let told = format!(
        "Of the {} handlers in `handler-shapes.jsonl`, {agreed} agree",
        agreed + all
    );
    assert!(
        page.contains(&told),
        "docs/book/src/reference/fidelity.md does not say: {told}"
    );
}

/// The rows of all other triggers: which exports are their handlers.
#[test]
#[expect(clippy::print_stdout, reason = "the counts are what the test tells")]
fn every_row_of_the_other_triggers_agrees() {
    let mut agreed: BTreeMap<String, u32> = BTreeMap::new();
    let mut skipped: BTreeMap<&str, u32> = BTreeMap::new();
    let mut failures = Vec::new();
    for line in OTHERS.lines() {
        let row: Value = serde_json::from_str(line).expect("a row is JSON");
        // The event of the layer has every optional property: a stub.
        let id = row["id"].as_str().unwrap_or_default();
        let left_out = ["/event-keys"];
        if let Some(end) = left_out.iter().find(|end| id.ends_with(**end)) {
            *skipped.entry(end).or_default() += 1;
            continue;
        }
        let trigger = row["trigger"].as_str().unwrap_or_default().to_owned();
        // An entry point that the trigger does not have: the layer refuses to call it, and here it has no name to call it by.
        let refused = ["/other-trigger-entrypoint", "/continue-name-refused"];
        if refused.iter().any(|end| id.ends_with(end)) {
            assert_eq!(
                entry_point(&row["entrypoint"], trigger_of(&row)),
                None,
                "{id}"
            );
            assert_eq!(row["expect"]["throws"]["name"], "Error", "{id}");
            *agreed.entry(trigger).or_default() += 1;
            continue;
        }
        match check(&row) {
            Ok(None) => *agreed.entry(trigger).or_default() += 1,
            Ok(Some(skip)) => failures.push(format!("{id}: skipped, {}", skip.reason())),
            Err(difference) => failures.push(format!("{id}: {difference}\n  {line:.300}")),
        }
    }
    println!("{agreed:?} agree, left out {skipped:?}");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(agreed.len(), Trigger::ALL.len() - 1);
    let (all, sum) = (OTHERS.lines().count(), agreed.values().sum::<u32>());
    let left_out: u32 = skipped.values().sum();
    // The fidelity page has the same numbers.
    let page = include_str!("../../../docs/book/src/reference/fidelity.md");
    let told = format!("of {all} rows {sum} agree; {left_out} are left out");
    assert!(
        page.contains(&told),
        "docs/book/src/reference/fidelity.md does not contain: {told}"
    );
}

/// A bound function has the prototype of its target, so that of an async function is one to production as well.
#[test]
fn bound_async_functions_are_handlers() {
    for handler in [
        "(async function (event) { console.log(this.word, event.user.email); }).bind({ word: 'bound' })",
        "(async function (word, event) { console.log(word, event.user.email); }).bind({}, 'bound')",
        "(async function (word, event) { console.log(word, event.user.email); }).bind({}, 'bound').bind(null)",
    ] {
        let source = format!("exports.onExecutePostLogin = {handler};");
        let action = JAVASCRIPT.action(FILE, source).expect("it loads");
        let case = Case::default();
        let ended = run(&action, &case);
        assert_eq!(ended.fault, None, "{handler}");
        let email = case.event["user"]["email"].as_str().expect("the sample");
        assert_eq!(ended.logs(), format!("bound {email}\n"), "{handler}");
    }
}

fn check(row: &Value) -> Result<Option<Skip>, String> {
    let Some(entry) = entry_point(&row["entrypoint"], trigger_of(row)) else {
        return Ok(Some(Skip::EntryPoint));
    };
    let names_only = row.get("engine").is_some();
    let runs = match row["expect"].get("runs").and_then(Value::as_array) {
        Some(runs) => runs.clone(),
        None => vec![row["expect"].clone()],
    };
    for (expected, got) in runs.iter().zip(execute(row, entry, runs.len())) {
        let agrees = if names_only {
            thrown_name(&got) == thrown_name(expected)
        } else {
            thrown(&got) == thrown(expected) && got.get("logs") == expected.get("logs")
        };
        if !agrees {
            return Err(format!("expected {expected}, got {got}"));
        }
    }
    Ok(None)
}

fn trigger_of(row: &Value) -> Trigger {
    let id = row.get("trigger").and_then(Value::as_str);
    id.map_or(Trigger::PostLogin, |id| {
        Trigger::of_id(id).expect("it runs")
    })
}

/// The entry point of a row; what is falsy there means the default.
fn entry_point(value: &Value, own: Trigger) -> Option<EntryPoint> {
    match value {
        Value::String(name) => {
            let (trigger, entry) = Trigger::of_export(name)?;
            (trigger == own).then_some(entry)
        }
        value if value == &json!(0) || value.is_null() => Some(EntryPoint::Execute),
        Value::Object(tagged) if tagged.contains_key("$") => Some(EntryPoint::Execute),
        _ => None,
    }
}

/// Runs a source `times` in one sandbox and returns the results in the table's form.
fn execute(row: &Value, entry: EntryPoint, times: usize) -> Vec<Value> {
    let error =
        |message: String| vec![json!({"throws": {"name": "Error", "message": message}}); times];
    let dependencies = Dependencies {
        modules: row["modules"]
            .as_array()
            .into_iter()
            .flatten()
            .map(module)
            .collect(),
        ..Dependencies::default()
    };
    let modules = match Modules::new(dependencies) {
        Ok(modules) => Arc::new(modules),
        Err(duplicate) => return error(duplicate.to_string()),
    };
    let source = row["source"].as_str().expect("a row has a source");
    let action = match JAVASCRIPT.action_with(FILE, source, modules) {
        Ok(action) => action,
        // Production takes the parser's complaint for an Error when it loads the text.
        Err(refused) => return error(format!("SyntaxError: {}", refused.message)),
    };
    let modules = row["modules"].as_array().into_iter().flatten();
    let secrets = modules.filter_map(|module| {
        Some((
            format!("actions:{}", module["name"].as_str()?),
            module.get("secrets")?.clone(),
        ))
    });
    let action = action.with_module_secrets(secrets.collect());
    let trigger = trigger_of(row);
    let case = Case {
        trigger,
        event: sample(trigger),
        entry,
        ..Case::default()
    };
    let ended = match times {
        1 => vec![run(&action, &case)],
        times => run_in_one_sandbox(&action, &case, times),
    };
    let told = ended.iter().map(|ended| match &ended.fault {
        Some(fault) => json!({"throws": {"name": fault.name, "message": fault.message}}),
        None => json!({"logs": logs(&ended.logs())}),
    });
    told.collect()
}

fn module(row: &Value) -> ActionModule {
    let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
    ActionModule {
        file: format!("action-modules/{}/code.js", text("name")),
        name: text("name"),
        text: text("source").into(),
        declared: None,
        is_bound: true,
    }
}

/// The logs in the table's form: a text, or what identifies a long one.
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
