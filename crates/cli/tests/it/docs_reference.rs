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
