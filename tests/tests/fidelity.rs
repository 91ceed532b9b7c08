//! docs/book/src/reference/the evidence that fidelity.md names exists: every row has a state, a test that exists, and a link that
//! is defined.

use std::fs;

use postlogin_tests::workspace;

/// The short names that the page gives to files of tests, as its head says.
const SHORT: &[(&str, &str)] = &[
    (
        "conformance",
        "crates/core/src/login/transaction/tests/conformance.rs",
    ),
    ("commands", "crates/tenant/tests/it/commands.rs"),
    (
        "changes",
        "crates/core/src/login/transaction/tests/changes.rs",
    ),
    (
        "factors",
        "crates/core/src/login/transaction/tests/factors.rs",
    ),
    ("flow", "crates/core/src/login/transaction/tests/flow.rs"),
    ("javascript", "crates/cli/tests/it/fidelity.rs"),
    (
        "metadata",
        "crates/core/src/login/transaction/tests/metadata.rs",
    ),
    (
        "suspension",
        "crates/core/src/login/transaction/tests/suspension.rs",
    ),
    (
        "tokens",
        "crates/core/src/login/transaction/tests/tokens.rs",
    ),
    ("rules", "crates/core/src/claim_rules/tests.rs"),
    ("runtime errors", "crates/js/tests/engine_errors.rs"),
];

/// The cells of one row: behaviour, production, postlogin, tested in.
struct Row<'p> {
    line: usize,
    cells: Vec<&'p str>,
}

fn page() -> String {
    let path = workspace().join("docs/book/src/reference/fidelity.md");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn rows(page: &str) -> Vec<Row<'_>> {
    let mut within = false;
    let mut rows = Vec::new();
    for (line, text) in (1..).zip(page.lines()) {
        let cells = text
            .strip_prefix("| ")
            .and_then(|text| text.strip_suffix(" |"));
        let Some(cells) = cells else {
            within = false;
            continue;
        };
        if cells.starts_with("behaviour | ") {
            within = true;
        } else if within && !cells.starts_with("---") {
            let cells = cells.split(" | ").collect();
            rows.push(Row { line, cells });
        }
    }
    rows
}

#[track_caller]
fn check(problem: impl Fn(&Row<'_>) -> Option<String>) {
    let page = page();
    let rows = rows(&page);
    assert!(rows.len() > 80, "only {} rows were found", rows.len());
    let found = rows.iter().filter_map(|row| {
        Some(format!(
            "docs/book/src/reference/fidelity.md:{}: {}",
            row.line,
            problem(row)?
        ))
    });
    let found: Vec<String> = found.collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_row_has_four_cells_and_a_state() {
    check(|row| {
        let [_, _, state, _] = row.cells.as_slice() else {
            return Some(format!("{} cells", row.cells.len()));
        };
        let word = state.split([':', ';', ',', ' ']).next().unwrap_or_default();
        let known = ["same", "differs", "unknown"].contains(&word);
        (!known).then(|| format!("`{state}` begins with no state"))
    });
}

#[test]
fn every_test_that_is_named_exists() {
    check(|row| row.cells.last()?.split(", ").find_map(problem_of_test));
}

#[test]
fn every_row_that_says_same_names_a_function() {
    check(|row| {
        let state = row.cells.get(2)?;
        let tests = row.cells.last()?;
        let is_same = state.starts_with("same");
        let mut named = tests.split(", ");
        let problem = is_same && named.any(|test| !test.trim_matches('`').contains("::"));
        problem.then(|| format!("`{tests}` names no function: `file::function`"))
    });
}

/// Why a name leads to no test: `flow`, `js/tests/hostile.rs` (in backticks), either with `::function`.
fn problem_of_test(named: &str) -> Option<String> {
    if named == "–" {
        return None;
    }
    let (file, function) = match named.trim_matches('`').split_once("::") {
        Some((file, function)) => (file, Some(function)),
        None => (named.trim_matches('`'), None),
    };
    let short = SHORT.iter().find(|(short, _)| *short == file);
    let candidates = match short {
        Some((_, path)) => vec![(*path).to_owned()],
        None => vec![format!("crates/{file}"), file.to_owned()],
    };
    let text = candidates
        .iter()
        .find_map(|path| fs::read_to_string(workspace().join(path)).ok());
    let Some(text) = text else {
        return Some(format!("there is no test `{named}`"));
    };
    // Files of cases are run by `cli/tests/it/rules.rs`.
    let is_case = file.ends_with(".case.yaml") && text.contains("expect:");
    if !is_case && !text.contains("#[test]") {
        return Some(format!("`{file}` holds no test"));
    }
    let function = function.filter(|function| !text.contains(&format!("fn {function}(")));
    function.map(|function| format!("`{file}` has no test `{function}`"))
}

#[test]
fn every_link_is_defined_and_used() {
    let page = page();
    let defined: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix('[')?.split_once("]: http"))
        .map(|(name, _)| name)
        .collect();
    for name in &defined {
        let uses = page.matches(&format!("[{name}]")).count();
        assert!(uses > 1, "[{name}] is defined and not used");
    }
    for piece in page.split("][").skip(1) {
        let name = piece.split(']').next().unwrap_or_default();
        assert!(defined.contains(&name), "[{name}] is used and not defined");
    }
}
