//! Licences of crates: which of several is chosen, and what their files say.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// Which licence is taken where there is a choice; then the first that is named.
const PREFERRED: &[&str] = &["Apache-2.0", "MIT"];

/// Returns the licence that is taken of an SPDX expression (<https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/>). `/` is an old form of
/// `OR`, which binds less than `AND`.
pub(super) fn chosen(expression: &str) -> String {
    choose(&expression.replace('/', " OR "))
}

fn choose(expression: &str) -> String {
    let expression = expression.split_whitespace().collect::<Vec<_>>().join(" ");
    let alternatives = parts(&expression, " OR ");
    if alternatives.len() > 1 {
        let alternatives: Vec<String> = alternatives.into_iter().map(choose).collect();
        let preferred = PREFERRED
            .iter()
            .find_map(|name| alternatives.iter().find(|one| one == name));
        return preferred
            .or(alternatives.first())
            .cloned()
            .unwrap_or_default();
    }
    let all = parts(&expression, " AND ");
    if all.len() > 1 {
        return all
            .into_iter()
            .map(choose)
            .collect::<Vec<_>>()
            .join(" AND ");
    }
    match expression
        .strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'))
    {
        Some(inner) => choose(inner),
        None => expression,
    }
}

/// Splits at a word that is in no brackets.
fn parts<'a>(expression: &'a str, word: &str) -> Vec<&'a str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_i32, 0);
    for (at, sign) in expression.char_indices() {
        depth += match sign {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        if depth == 0 && at >= start && expression[at..].starts_with(word) {
            parts.push(&expression[start..at]);
            start = at + word.len();
        }
    }
    parts.push(&expression[start..]);
    parts
}

/// Returns the copyright lines of the licence file that fits best; `None` where no file has one.
pub(super) fn copyright(folder: &Path, licence: &str) -> Result<Option<String>> {
    let first = licence.split(' ').next().unwrap_or(licence);
    let short = first.split('-').next().unwrap_or(first).to_lowercase();
    let mut files = files(folder, &["license", "licence", "copying", "copyright"])?;
    // That of the chosen licence first.
    files.sort_by_key(|file| !name_of(file).contains(&short));
    let mut found: Vec<String> = Vec::new();
    for file in files {
        for line in copyright_lines(&read(&file)?) {
            if !found.contains(&line) {
                found.push(line);
            }
        }
        // Of licences that hold together, each has its own file.
        if !found.is_empty() && !licence.contains(" AND ") {
            break;
        }
    }
    Ok((!found.is_empty()).then(|| found.join("; ")))
}

/// The words after "copyright" where a licence speaks of it.
const NOT_HOLDERS: &[&str] = &[
    "and ",
    "holder",
    "law",
    "license",
    "licence",
    "notice",
    "owner",
    "or ",
    "permission",
    "protect",
    "statement",
    "to ",
    "interest",
    "in ",
];

/// Returns the lines that name a year or a holder, not those that speak of copyright.
fn copyright_lines(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in text.lines() {
        let signs: &[char] = &['*', '/', '#', '-', '>', ' ', '\t', '|'];
        let line = line
            .trim_start_matches(signs)
            .trim_end_matches(['*', '/', ' ', '\t', '|']);
        // A list of alternatives goes on in the next line.
        let line = line.strip_suffix(" or").unwrap_or(line);
        let lower = line.to_lowercase();
        let names = match lower.strip_prefix("copyright ").map(str::trim_start) {
            Some(rest) => !NOT_HOLDERS.iter().any(|word| rest.starts_with(word)),
            None => ["(c) ", "© "].into_iter().any(|sign| {
                let rest = lower.strip_prefix(sign).unwrap_or_default();
                rest.starts_with(|first: char| first.is_ascii_digit())
            }),
        };
        // The form in the appendix of Apache-2.0 names nobody.
        let is_form = lower.contains("[yyyy]") || lower.contains("{yyyy}");
        if names && !is_form && !found.iter().any(|known| known == line) {
            found.push(line.to_owned());
        }
    }
    found
}

/// Returns the notice that has to be passed on (Apache-2.0, section 4d).
pub(super) fn notice(folder: &Path) -> Result<Option<String>> {
    let files = files(folder, &["notice"])?;
    let text = files.first().map(|file| read(file)).transpose()?;
    Ok(text.map(|text| text.trim().replace("```", "'''")))
}

/// Returns the files whose names begin with one of these, whatever their case.
fn files(folder: &Path, beginnings: &[&str]) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = name_of(&path);
        if path.is_file() && beginnings.iter().any(|begin| name.starts_with(begin)) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn name_of(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default();
    name.to_string_lossy().to_lowercase()
}

fn read(file: &Path) -> Result<String> {
    let bytes = fs::read(file).with_context(|| file.display().to_string())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::{chosen, copyright_lines};

    #[test]
    fn one_of_several_licences_is_chosen() {
        for (expression, expected) in [
            ("MIT", "MIT"),
            ("MIT OR Apache-2.0", "Apache-2.0"),
            ("MIT/Apache-2.0", "Apache-2.0"),
            ("Unlicense OR MIT", "MIT"),
            ("Zlib OR BSL-1.0", "Zlib"),
            (
                "(MIT OR Apache-2.0) AND Unicode-3.0",
                "Apache-2.0 AND Unicode-3.0",
            ),
            (
                "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT",
                "Apache-2.0",
            ),
            ("MIT AND BSD-3-Clause", "MIT AND BSD-3-Clause"),
            ("((ISC))", "ISC"),
            ("Apache-2.0 OR ISC AND MIT", "Apache-2.0"),
            ("", ""),
        ] {
            assert_eq!(chosen(expression), expected, "{expression}");
        }
    }

    #[test]
    fn copyright_lines_name_somebody() {
        let text = "The MIT License\n\nCopyright (c) 2015 Andrew Gallant\n * Copyright © 1993 Sun\nCopyright 2019 A; B\nCopyright (c) 2015 Andrew Gallant\n\
            The above copyright notice and this permission\nCopyright holders are\nCopyright [yyyy] [name of copyright owner]\n(c) 2020 C\n(c) You must retain\nCopyright Mozilla\ncopyright license to reproduce\n";
        assert_eq!(
            copyright_lines(text),
            [
                "Copyright (c) 2015 Andrew Gallant",
                "Copyright © 1993 Sun",
                "Copyright 2019 A; B",
                "(c) 2020 C",
                "Copyright Mozilla"
            ]
        );
        assert!(copyright_lines("").is_empty());
    }
}
