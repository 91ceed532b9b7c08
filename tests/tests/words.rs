//! Plain technical English: words that do not return to messages, doc comments and the book.
//!
//! The list is short on purpose: each of them had a meaning that a reader had to guess.

use std::fs;

use postlogin_tests::{Source, sources, workspace};

/// Words of messages and pages, each with a better one.
const WORDS: &[(&str, &str)] = &[
    ("mended", "fixed"),
    ("made-up", "generated"),
    ("made up", "generated"),
    ("nobody", "no user"),
    ("somebody", "a user"),
    ("goes on", "continues"),
    ("went on", "continued"),
    ("tells what", "reports what"),
    ("is told", "is reported"),
    ("are told", "are reported"),
    ("stands for", "is, means, replaces"),
    ("stands in", "is in"),
    ("can't", "cannot"),
];

/// Sentences of the vendor and of libraries, which stay as they are.
const FOREIGN: &[&str] = &[
    "prompt none can't be combined with other values",
    "Main account and secondary account can't be the same.",
    "Main identity can't be unlinked.",
    "constructor can't be empty or missing",
    "Can't set the value of an immutable global",
];

/// Returns the first word of the list in a text, and what to write.
fn found(text: &str) -> Option<String> {
    if FOREIGN.iter().any(|sentence| text.contains(sentence)) {
        return None;
    }
    let lower = text.to_lowercase();
    let is_whole = |at: usize, word: &str| {
        // Names of functions are quoted as they are.
        let borders =
            |sign: Option<char>| sign.is_none_or(|sign| !sign.is_alphanumeric() && sign != '_');
        let (before, after) = (lower.get(..at), lower.get(at + word.len()..));
        borders(before.and_then(|text| text.chars().next_back()))
            && borders(after.and_then(|text| text.chars().next()))
    };
    let mut words = WORDS.iter();
    let known = words.find(|(word, _)| {
        let mut places = lower.match_indices(word);
        places.any(|(at, _)| is_whole(at, word))
    });
    if let Some((word, better)) = known {
        return Some(format!("`{word}`; write: {better}"));
    }
    // `there is no file` and `is no longer` are English; `is no host` is not.
    for verb in ["is no ", "are no "] {
        for (at, _) in lower.match_indices(verb) {
            let (before, after) = (lower.get(..at)?, lower.get(at + verb.len()..)?);
            // `there` may be at the end of the line above.
            let is_english = before.trim().is_empty()
                || before.trim_end().ends_with("there")
                || ["longer", "more", "one ", "other "]
                    .iter()
                    .any(|word| after.starts_with(word));
            if !is_english && is_whole(at, verb.trim_end()) {
                return Some(format!(
                    "`{verb}…`; write: is not a, is not a valid, unknown"
                ));
            }
        }
    }
    None
}

/// Returns the contents of the string literals of a line, as far as they are on it.
fn literals(line: &str) -> Vec<&str> {
    let mut literals = Vec::new();
    let mut start = None;
    let mut escaped = false;
    for (at, sign) in line.char_indices() {
        match (sign, start) {
            _ if escaped => escaped = false,
            ('\\', Some(_)) => escaped = true,
            ('"', None) => start = Some(at + 1),
            ('"', Some(from)) => {
                literals.extend(line.get(from..at));
                start = None;
            }
            _ => {}
        }
    }
    literals.extend(start.and_then(|from| line.get(from..)));
    literals
}

/// Returns the problems of all sources in Rust, each with its place.
fn problems(problem: impl Fn(&Source) -> Vec<String>) -> Vec<String> {
    let sources = sources();
    // The engine's crates are built from elsewhere, and each change of them is a build of the engine.
    let ours = sources.iter().filter(|source| {
        source.path.ends_with(".rs") && !source.path.starts_with("crates/js/engine/")
    });
    let found = ours.flat_map(|source| {
        let problems = problem(source).into_iter();
        problems.map(move |text| format!("{}:{text}", source.path))
    });
    found.collect()
}

#[track_caller]
fn check(problem: impl Fn(&Source) -> Vec<String>) {
    let found = problems(problem);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn words_are_found() {
    let hit = |text: &str| found(text).is_some();
    for text in [
        "`x` is no host",
        "these are no users",
        "until the Action is mended",
        "Nobody can sign in",
        "1000 made-up events",
        "it can't be read",
    ] {
        assert!(hit(text), "{text}");
    }
    for text in [
        "there is no file",
        "it is no longer here",
        "recommended",
        "`user_tokens.rs::nobody_is_blocked`",
        "Main identity can't be unlinked.",
    ] {
        assert!(!hit(text), "{text}");
    }
    assert_eq!(
        literals(r#"a("x \" y", "z") b "open"#),
        [r#"x \" y"#, "z", "open"]
    );
}

#[test]
fn messages_are_plain() {
    check(|source| {
        if source.is_test() || source.path.starts_with("tests/") {
            return Vec::new();
        }
        let lines = source.code();
        let found = lines.filter_map(|(number, line)| {
            // Assertions are for us; `{told}` is a variable.
            let is_assertion = ["assert", "expect(", "panic!(", "reason ="]
                .iter()
                .any(|mark| line.contains(mark));
            let mut texts = literals(line).into_iter();
            let problem = texts.find_map(found)?;
            (!is_assertion).then(|| format!("{number}: {problem}: {}", line.trim()))
        });
        found.collect()
    });
}

#[test]
fn doc_comments_begin_with_what_the_item_is_or_does() {
    // In pieces, so that this file does not find itself.
    let beginnings = [["Wh", "at "], ["Ho", "w "]].map(|parts| parts.concat());
    check(|source| {
        let lines = (1..).zip(source.text.lines());
        let found = lines.filter_map(|(number, line)| {
            let line = line.trim_start();
            let comment = line
                .strip_prefix("/// ")
                .or_else(|| line.strip_prefix("//! "))?;
            let begins = beginnings
                .iter()
                .any(|word| comment.starts_with(word.as_str()));
            begins.then(|| format!("{number}: begin with what it is or does: {comment}"))
        });
        found.collect()
    });
}

/// The pages of the book and the two that people read first, with their texts.
fn pages() -> Vec<(String, String)> {
    let mut pages = vec![
        workspace().join("README.md"),
        workspace().join("CONTRIBUTING.md"),
    ];
    let mut folders = vec![workspace().join("docs/book/src")];
    while let Some(folder) = folders.pop() {
        let entries =
            fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for entry in entries {
            let path = entry
                .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
                .path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "md") {
                pages.push(path);
            }
        }
    }
    assert!(pages.len() > 30, "{pages:?}");
    let read = |path: &std::path::PathBuf| {
        let name = path.display().to_string();
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, text)
    };
    pages.iter().map(read).collect()
}

/// Fails with the lines of pages that have a problem.
#[track_caller]
fn check_pages(mut problem: impl FnMut(&str) -> Option<String>) {
    let mut problems = Vec::new();
    for (page, text) in pages() {
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(problem) = problem(line) {
                problems.push(format!("{page}:{number}: {problem}"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn pages_are_plain() {
    check_pages(found);
}

/// Links and code are not broken; tables cannot be.
#[test]
fn prose_is_wrapped() {
    const WIDTH: usize = 100;
    let mut is_code = false;
    check_pages(|line| {
        is_code ^= line.trim_start().starts_with("```");
        let is_prose = !is_code
            && !line.trim_start().starts_with(['|', '<', '#'])
            && !["](", "]: ", "`"].iter().any(|mark| line.contains(mark));
        let is_long = is_prose && line.chars().count() > WIDTH;
        is_long.then(|| format!("more than {WIDTH} characters; wrap it"))
    });
}
