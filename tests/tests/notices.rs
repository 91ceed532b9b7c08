//! The page of notices names every code that the program can print.

use std::{collections::BTreeSet, fs};

use postlogin_tests::{Source, sources, workspace};

const PAGE: &str = "docs/book/src/reference/notices.md";

/// The code before a notice's code where one is made.
const MAKES: &[&str] = &[".warn(", ".over(", "notice(", "add("];
/// The same in a file that makes notices by hand.
const MAKES_BY_HAND: &[&str] = &["code: ", "&str = "];
/// The contents of such files besides codes.
const NO_CODES: &[&str] = &["lodash-3"];

/// Returns the codes of notices that a source makes.
fn codes(source: &Source) -> BTreeSet<String> {
    let text = source.text.split("#[cfg(test)]").next().unwrap_or_default();
    let by_hand = ["Notice {", "Remark {", "[`Notice`]"]
        .iter()
        .any(|it| text.contains(it));
    let more = if by_hand { MAKES_BY_HAND } else { &[] };
    let mut found = BTreeSet::new();
    for mark in MAKES.iter().chain(more) {
        for part in text.split(mark).skip(1) {
            let literal = part
                .trim_start()
                .strip_prefix('"')
                .and_then(|rest| rest.split_once('"'));
            let Some((word, _)) = literal else { continue };
            if is_code(word) && !NO_CODES.contains(&word) {
                found.insert(word.to_owned());
            }
        }
    }
    found
}

/// Returns whether it is in kebab case, of two words or more.
fn is_code(word: &str) -> bool {
    let is_plain = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|sign| sign.is_ascii_lowercase() || sign.is_ascii_digit())
    };
    word.contains('-') && word.split('-').all(is_plain)
}

#[test]
fn codes_are_found_where_notices_are_made() {
    let of = |path: &str, text: &str| {
        let (path, text) = (path.to_owned(), text.to_owned());
        codes(&Source { path, text })
            .into_iter()
            .collect::<Vec<_>>()
    };
    assert_eq!(
        of("a.rs", "flow.warn(\n \"a-b\", x); y.over(\"c-d\")"),
        ["a-b", "c-d"]
    );
    assert_eq!(of("a.rs", "Notice { code: \"a-b\".into() }"), ["a-b"]);
    assert!(of("a.rs", "Other { code: \"a-b\" }").is_empty());
    assert!(of("a.rs", "#[cfg(test)] mod t { f.warn(\"a-b\") }").is_empty());
}

#[test]
fn the_page_names_every_code() {
    let page = fs::read_to_string(workspace().join(PAGE)).expect("the page");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let listed: BTreeSet<String> = rows
        .filter_map(|row| row.split_once(" | "))
        .flat_map(|(codes, _)| codes.split(", "))
        .map(|code| code.trim_matches('`').to_owned())
        .filter(|code| code != "NAME-near-limit")
        .collect();
    let own = sources();
    let made: BTreeSet<String> = own
        .iter()
        .filter(|source| {
            source.path.starts_with("crates/")
                && source.path.contains("/src/")
                && source.path.ends_with(".rs")
                && !source.is_test()
        })
        .flat_map(codes)
        .collect();
    assert!(made.len() > 40, "{made:?}");
    let missing: Vec<&String> = made.difference(&listed).collect();
    let gone: Vec<&String> = listed.difference(&made).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "{PAGE} lacks {missing:?}; no notice has {gone:?}"
    );
}
