//! Keeps the pages of the book that are made from the program current.
//!
//! `UPDATE_DOCS=1 cargo test --workspace --release --test it docs_reference` writes them.

use std::{env, fs};

use serde_json::Value;

use crate::support::{QUIET, folder, postlogin, repository};

#[test]
fn the_command_line_page_is_current() {
    let overview = help("");
    let (_, commands) = overview
        .split_once("\nCommands:\n")
        .expect("there are commands");
    let (commands, _) = commands.split_once("\n\n").expect("options follow");
    // A description that is wrapped begins further right than a name.
    let names = commands
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    let mut page = "# Command line\n\nGenerated from `postlogin --help`.\n".to_owned();
    page += &section("postlogin", &overview);
    for name in names.filter(|name| *name != "help") {
        page += &section(&format!("postlogin {name}"), &help(name));
    }
    is_current("docs/book/src/reference/cli.md", &page);
}

#[test]
fn the_page_of_checks_is_current() {
    let files = folder(&[("quiet.js", QUIET)]);
    let done = postlogin("check quiet.js --format sarif")
        .within(files.path())
        .finish();
    assert_eq!(done.code, Some(0), "{done}");
    let report: Value = serde_json::from_str(&done.stdout).expect("SARIF is JSON");
    let rules = report["runs"][0]["tool"]["driver"]["rules"]
        .as_array()
        .expect("rules");
    let mut page = "# Codes of `check`\n\nGenerated from the rules. An `error` does not work in production, a `warning` may be meant.\n\n\
        | code | severity | finding |\n| --- | --- | --- |\n"
        .to_owned();
    for rule in rules {
        let text = |pointer: &str| {
            rule.pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let (code, level) = (text("/id"), text("/defaultConfiguration/level"));
        let summary = text("/shortDescription/text");
        assert!(
            !code.is_empty() && !level.is_empty() && !summary.is_empty(),
            "{rule}"
        );
        let finding = match rule["helpUri"].as_str() {
            Some(source) => format!("{summary} ([source]({source}))"),
            None => summary.to_owned(),
        };
        page += &format!("| `{code}` | {level} | {} |\n", finding.replace('|', "\\|"));
    }
    is_current("docs/book/src/reference/checks.md", &page);
}

/// The formats with a JSON Schema: what `postlogin schema` calls them, and their title.
const SCHEMAS: &[(&str, &str)] = &[
    ("outcome", "The outcome"),
    ("explanation", "The explanation"),
    ("test", "A line of test"),
    ("comparison", "The comparison"),
    ("check", "The findings of check"),
    ("replay", "The report of replay"),
    ("case", "Case files"),
    ("config", "postlogin.toml"),
];

#[test]
fn the_page_of_formats_is_current() {
    let mut page = "# JSON formats\n\nGenerated from the JSON Schemas, which `postlogin schema NAME` prints for editors and validators.\n\
        A form of data has a name and a number, such as `postlogin.outcome/1`; a breaking change raises the number.\n\n\
        | format | printed by |\n| --- | --- |\n\
        | `postlogin.outcome/1` | `run --format json`: [below](#the-outcome) |\n\
        | `postlogin.explanation/1` | `explain --format json`: the outcome, and an account of each claim: [below](#the-explanation) ([Explain](../guide/explain.md)) |\n\
        | `postlogin.test/1` | `test --reporter json`, one object a line: [below](#a-line-of-test) ([Case files](cases.md)) |\n\
        | `postlogin.comparison/1` | `compare --format json`: [below](#the-comparison) ([Compare](../guide/compare.md#json)) |\n\
        | `postlogin.check/1` | `check --format json`: [below](#the-findings-of-check) ([Codes of check](checks.md)) |\n\
        | `postlogin.replay/1` | `replay --format json`: [below](#the-report-of-replay) ([Replay](../guide/replay.md#report)) |\n\
        | `postlogin.tenant/1` | the control API ([Endpoints](tenant.md#control-api)) |\n"
        .to_owned();
    let outcome = postlogin("schema outcome").finish();
    let outcome: Value = serde_json::from_str(&outcome.stdout).expect("a schema is JSON");
    let of_outcome = &outcome["$defs"];
    for (name, title) in SCHEMAS {
        let done = postlogin(&format!("schema {name}")).finish();
        assert_eq!(done.code, Some(0), "{done}");
        let schema: Value = serde_json::from_str(&done.stdout).expect("a schema is JSON");
        page += &format!("\n## {title}\n\n`postlogin schema {name}`\n");
        members(&schema, &mut page);
        for (part, schema) in schema["$defs"].as_object().into_iter().flatten() {
            // The outcome and its parts are above.
            if *name != "outcome" && (part == "outcome" || of_outcome.get(part) == Some(schema)) {
                continue;
            }
            page += &format!("\n### {title}: {part}\n");
            members(schema, &mut page);
        }
    }
    is_current("docs/book/src/reference/formats.md", &page);
}

/// Writes the table of an object's members, those of objects in it included.
fn members(schema: &Value, page: &mut String) {
    let mut rows = Vec::new();
    collect_members(schema, "", &mut rows);
    if rows.is_empty() {
        return;
    }
    *page += "\n| member | value | meaning |\n| --- | --- | --- |\n";
    for row in rows {
        *page += &row;
    }
}

fn collect_members(schema: &Value, prefix: &str, rows: &mut Vec<String>) {
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let meaning = member["description"].as_str().unwrap_or_default();
        let row = format!("| `{prefix}{name}` | {} | {meaning} |\n", value(member));
        rows.push(row.replace("\\", "\\\\"));
        collect_members(member, &format!("{prefix}{name}."), rows);
        collect_members(&member["items"], &format!("{prefix}{name}[]."), rows);
    }
}

/// Returns the kind of a value: `string or null`, `list of [notice]`, `"a"` or `"b"`.
fn value(schema: &Value) -> String {
    if let Some(part) = schema["$ref"].as_str() {
        return format!("{} below", part.trim_start_matches("#/$defs/"));
    }
    if let Some(one) = schema["const"].as_str() {
        return format!("`{one}`");
    }
    for of_several in ["oneOf", "anyOf"] {
        if let Some(several) = schema[of_several].as_array() {
            let several: Vec<String> = several.iter().map(value).collect();
            return several.join(" or ");
        }
    }
    let texts = |list: &Value| -> Vec<String> {
        let list = list.as_array().into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let choices = texts(&schema["enum"]);
    if !choices.is_empty() {
        return format!("`{}`", choices.join("`, `"));
    }
    let mut types = texts(&schema["type"]);
    types.extend(schema["type"].as_str().map(str::to_owned));
    let of = match &schema["items"] {
        Value::Null => String::new(),
        items => format!(" of {}", value(items)),
    };
    let types: Vec<String> = types
        .into_iter()
        .map(|kind| match kind.as_str() {
            "array" => format!("list{of}"),
            _ => kind,
        })
        .collect();
    match types.is_empty() {
        true => "any".to_owned(),
        false => types.join(" or "),
    }
}

fn help(command: &str) -> String {
    let done = postlogin(&format!("{command} --help"))
        .env("COLUMNS", "100")
        .finish();
    assert_eq!(done.code, Some(0), "{done}");
    done.stdout
}

fn section(title: &str, help: &str) -> String {
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    format!(
        "\n## {title}\n\n```text\n{}\n```\n",
        lines.join("\n").trim_end()
    )
}

#[track_caller]
fn is_current(file: &str, made: &str) {
    let path = repository().join(file);
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, made).expect("the page can be written");
    }
    let page = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        page == made,
        "{file} is out of date\nhint: UPDATE_DOCS=1 cargo test --workspace --release --test it docs_reference"
    );
}
