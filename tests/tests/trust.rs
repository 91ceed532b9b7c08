//! The page "How far can I trust this?" and the figures of the README: counted here, or taken from sentences of the fidelity page that the
//! measuring tests keep true. No figure is written by hand.
//!
//! `UPDATE_DOCS=1 cargo test --workspace --release --locked --test trust` writes the table.

use std::collections::BTreeMap;
use std::{env, fs};

use postlogin_tests::{sources, workspace};
use serde_json::Value;

const PAGE: &str = "docs/book/src/reference/trust.md";
const BEGIN: &str = "<!-- figures: written by tests/tests/trust.rs -->\n";
const END: &str = "<!-- end of figures -->\n";

fn read(file: &str) -> String {
    let path = workspace().join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the fidelity page on one line.
fn fidelity() -> String {
    let page = read("docs/book/src/reference/fidelity.md");
    page.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the number between two parts of a text: `1,149` is 1149.
fn between(text: &str, before: &str, after: &str) -> usize {
    let found = text.match_indices(before).find_map(|(at, _)| {
        let (number, _) = text.get(at + before.len()..)?.split_once(after)?;
        number.replace(',', "").parse().ok()
    });
    found.unwrap_or_else(|| panic!("the fidelity page has no `{before}…{after}`"))
}

fn thousands(count: usize) -> String {
    match count {
        0..1000 => count.to_string(),
        _ => format!("{},{:03}", count / 1000, count % 1000),
    }
}

/// Returns a count without its last digits, so that the page does not change with each new row or test.
fn at_least(count: usize, step: usize) -> String {
    format!(
        "more than {}",
        thousands(count.saturating_sub(1) / step * step)
    )
}

/// Returns the number of lines of a table of recorded rows.
fn recorded(file: &str) -> usize {
    let rows = read(&format!("fixtures/conformance/{file}"));
    rows.lines().count()
}

/// A figure: of how many, how many agree.
struct Share {
    agree: usize,
    all: usize,
}

impl Share {
    fn of(agree: usize, all: usize) -> Self {
        assert!(agree <= all && all > 0, "{agree} of {all}");
        Self { agree, all }
    }

    fn shown(&self) -> String {
        format!("{} of {}", thousands(self.agree), thousands(self.all))
    }
}

fn api_calls() -> Share {
    let page = fidelity();
    let all = between(&page, "of the ", " calls of the `api`");
    assert_eq!(all, recorded("api-calls.jsonl"));
    Share::of(between(&page, ", ", " are checked and agree"), all)
}

fn other_calls() -> Share {
    let page = fidelity();
    let all = recorded("other-triggers/api-calls.jsonl");
    Share::of(between(&page, &format!("of {all} rows "), " agree"), all)
}

fn handlers() -> Share {
    let page = fidelity();
    let all = recorded("handler-shapes.jsonl");
    let before = format!("Of the {all} handlers in `handler-shapes.jsonl`, ");
    Share::of(between(&page, &before, " agree"), all)
}

fn other_handlers() -> Share {
    let page = fidelity();
    let all = recorded("other-triggers/handler-shapes.jsonl");
    Share::of(between(&page, &format!("of {all} rows "), " agree; "), all)
}

fn errors() -> Share {
    let page = fidelity();
    let all = between(&page, "Of ", " JavaScript errors recorded with V8");
    let before = "JavaScript errors recorded with V8, ";
    Share::of(between(&page, before, " have the same text"), all)
}

/// The rows of Node's API: the sum of the table, whose lines `js/tests/node_api.rs` keeps.
fn node_api() -> Share {
    let page = read("docs/book/src/reference/fidelity.md");
    let (_, table) = page
        .split_once("| area | rows | agree |\n")
        .expect("the table of Node's answers");
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    let (mut agree, mut all) = (0, 0);
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        if let [_, area, rows, same, _] = cells.as_slice()
            && *area != "total"
            && let (Ok(rows), Ok(same)) = (rows.parse::<usize>(), same.parse::<usize>())
        {
            all += rows;
            agree += same;
        }
    }
    assert_eq!(all, recorded("node-api/rows.jsonl"));
    Share::of(agree, all)
}

/// The behaviours of the fidelity page by their state.
fn behaviours() -> BTreeMap<&'static str, usize> {
    let page = read("docs/book/src/reference/fidelity.md");
    let mut counts = BTreeMap::from([("same", 0), ("differs", 0), ("unknown", 0)]);
    let mut within = false;
    for line in page.lines() {
        if line.starts_with("| behaviour | production | postlogin |") {
            within = true;
        } else if !line.starts_with('|') {
            within = false;
        }
        let state = line.split(" | ").nth(2).filter(|_| within);
        for (name, count) in &mut counts {
            *count += usize::from(state.is_some_and(|state| state.starts_with(name)));
        }
    }
    assert!(counts.values().all(|count| *count > 20), "{counts:?}");
    counts
}

/// The clients that sign in at the tenant: the rows of the first table of their page.
fn clients() -> usize {
    let page = read("docs/book/src/reference/clients.md");
    let mut lines = page
        .lines()
        .skip_while(|line| !line.starts_with("| client |"));
    lines.by_ref().take(2).for_each(drop);
    lines.take_while(|line| line.starts_with("| ")).count()
}

/// The npm packages, each at one version, that Actions of the tests require.
fn packages() -> usize {
    let manifest = read("tests/npm/package.json");
    let manifest: Value = serde_json::from_str(&manifest).expect("a manifest is JSON");
    manifest["dependencies"]
        .as_object()
        .map_or(0, |all| all.len())
}

/// The functions that are tests.
fn tests() -> usize {
    let marks = ["#[test]", "#[tokio::test"];
    let is_test = |line: &str| marks.iter().any(|mark| line.trim_start().starts_with(mark));
    let rust = sources().into_iter();
    let rust = rust.filter(|source| source.path.ends_with(".rs"));
    rust.map(|source| source.text.lines().filter(|line| is_test(line)).count())
        .sum()
}

fn fuzz_targets() -> usize {
    let names = |file: &str| read(file).lines().filter(|line| *line == "[[bin]]").count();
    names("fuzz/Cargo.toml") + names("fuzz/heavy/Cargo.toml")
}

fn table() -> String {
    let states = behaviours();
    let state = |name: &str| at_least(states.get(name).copied().unwrap_or_default(), 10);
    let rows = [
        (
            "calls of post-login's `api`: class, text, value, commands, changes of the event",
            api_calls().shown(),
            "the vendor's published layer",
            "`conformance`",
        ),
        (
            "calls of the other triggers' `api`",
            other_calls().shown(),
            "the vendor's published layer",
            "`conformance`",
        ),
        (
            "forms of post-login handlers: how they are loaded, called and judged",
            handlers().shown(),
            "the vendor's published layer",
            "`js/tests/handler_shapes.rs`",
        ),
        (
            "forms of the other triggers' handlers",
            other_handlers().shown(),
            "the vendor's published layer",
            "`js/tests/handler_shapes.rs`",
        ),
        (
            "results of Node's API and of the language",
            node_api().shown(),
            "Node 22",
            "`js/tests/node_api.rs`",
        ),
        (
            "texts of JavaScript errors",
            errors().shown(),
            "V8",
            "`js/tests/engine_errors.rs`",
        ),
    ];
    let mut table = "| compared | agree | with | test |\n| --- | --- | --- | --- |\n".to_owned();
    for (what, count, with, test) in rows {
        table += &format!("| {what} | {count} | {with} | {test} |\n");
    }
    table += &format!(
        "\n| counted | number |\n| --- | --- |\n\
        | behaviours that are the same as in production, each with the test that shows it | {} |\n\
        | behaviours that differ | {} |\n\
        | behaviours of which no page and no record of production is known | {} |\n\
        | [clients](clients.md) that sign in at the local tenant unchanged | {} |\n\
        | npm packages, each at one version, that Actions of the tests require | {} |\n\
        | tests in Rust | {} |\n\
        | targets of the fuzzer | {} |\n",
        state("same"),
        state("differs"),
        state("unknown"),
        clients(),
        packages(),
        at_least(tests(), 500),
        fuzz_targets(),
    );
    table
}

#[test]
fn the_figures_are_current() {
    let page = read(PAGE);
    let (start, rest) = page.split_once(BEGIN).expect("the mark of the figures");
    let (old, end) = rest.split_once(END).expect("the end of the figures");
    let new = table();
    if env::var_os("UPDATE_DOCS").is_some() {
        let path = workspace().join(PAGE);
        let text = format!("{start}{BEGIN}{new}{END}{end}");
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        return;
    }
    assert_eq!(
        old, new,
        "{PAGE} is not current; UPDATE_DOCS=1 cargo test --workspace --release --locked --test trust writes it"
    );
}

#[test]
fn the_readme_has_the_same_figures() {
    let readme = read("README.md");
    let readme = readme.split_whitespace().collect::<Vec<_>>().join(" ");
    for figure in [api_calls(), other_calls(), node_api()] {
        let figure = figure.shown();
        assert!(readme.contains(&figure), "README.md does not say: {figure}");
    }
}

#[test]
fn the_readme_is_a_landing_page() {
    let bytes = read("README.md").len();
    assert!(
        bytes <= 6_000,
        "README.md has {bytes} bytes; move text to docs/book"
    );
}
