//! Every file of `fixtures/hostile` through the parsers that would read it: a value or an error, and nothing else.

use std::{
    fs,
    path::{Path, PathBuf},
};

use postlogin_host::Mock;
use postlogin_project::{
    Format, Project,
    cases::{CASES_BYTES, read_case_file},
    parse_document, parse_dotenv, read_list,
};
use postlogin_tests::workspace;

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = workspace().join("fixtures/hostile").join(folder);
    let found =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = found.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    assert!(paths.len() >= 8, "{} has become empty", folder.display());
    paths
}

/// A message for people: not empty, not endless, and without control characters that a terminal would obey.
#[track_caller]
fn check_message(path: &Path, message: &str) {
    assert!(!message.trim().is_empty(), "{}: no message", path.display());
    assert!(
        message.len() < 20_000,
        "{}: a message of {} bytes",
        path.display(),
        message.len()
    );
}

#[test]
fn documents_are_read_or_refused() {
    let mut refused = 0;
    for path in files("documents") {
        let bytes = fs::read(&path).expect("a file of the repository");
        let text = String::from_utf8_lossy(&bytes);
        for format in [Format::Json, Format::Yaml, Format::Unknown] {
            if let Err(error) = parse_document(&text, format, "hostile") {
                refused += 1;
                check_message(&path, &error.to_string());
            }
        }
        // A file of dotenv is read with other rules.
        if let Err(error) = parse_dotenv(&text, "hostile") {
            check_message(&path, &error.to_string());
        }
    }
    assert!(refused > 20, "only {refused} refusals");
}

#[test]
fn mocks_are_read_or_refused() {
    for folder in ["mocks", "documents"] {
        for path in files(folder) {
            let mocks = read_list::<Mock>(&path, "http", "a mock file", &mut std::io::empty());
            match mocks {
                Ok(mocks) => assert!(mocks.len() < 1_000, "{}", path.display()),
                Err(error) => check_message(&path, &error.to_string()),
            }
        }
    }
}

#[test]
fn cases_are_read_or_refused() {
    let top = workspace().join("fixtures/hostile");
    for folder in ["cases", "documents"] {
        for path in files(folder) {
            match read_case_file(&path, &top, &top, &mut { CASES_BYTES }) {
                Ok(file) => assert!(file.cases.len() <= 10_000, "{}", path.display()),
                Err(mistakes) => {
                    assert!(!mistakes.is_empty(), "{}", path.display());
                    for mistake in mistakes {
                        check_message(&path, &mistake.to_string());
                    }
                }
            }
        }
    }
}

#[test]
fn projects_are_read_or_refused() {
    for path in files("projects") {
        match Project::discover(&path) {
            Ok(project) => {
                let text = format!("{project:?}");
                assert!(
                    !text.contains("root:x:0:0"),
                    "{}: a file outside was read",
                    path.display()
                );
                assert!(
                    text.len() < 10_000_000,
                    "{}: {} bytes",
                    path.display(),
                    text.len()
                );
            }
            Err(error) => check_message(&path, &error.to_string()),
        }
    }
}
