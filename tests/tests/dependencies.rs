//! Every dependency of a package is used by it.

use std::fs;

use postlogin_tests::{packages, sources, workspace};

/// Crates whose library has another name.
const OTHER_NAMES: &[(&str, &str)] = &[("md-5", "md5")];

/// Dependencies that no source names, with the reason why they are there.
const FOR_FEATURES: &[(&str, &str, &str)] = &[
    (
        "postlogin",
        "semver",
        "a feature that tests ask for, so that they build no second Cranelift",
    ),
    (
        "postlogin",
        "wasmparser",
        "a feature that tests ask for, so that they build no second Cranelift",
    ),
];

/// Returns the folder of a package, from the workspace's.
fn folder(name: &str) -> String {
    let root = workspace();
    let crates = fs::read_dir(root.join("crates")).expect("there are crates");
    let crates = crates.map(|entry| {
        format!(
            "crates/{}",
            entry.expect("it can be listed").file_name().display()
        )
    });
    let mut folders = crates.chain(["benches", "tests", "xtask"].map(str::to_owned));
    let line = format!("name = \"{name}\"");
    let is_it = |folder: &String| {
        let manifest = fs::read_to_string(root.join(folder).join("Cargo.toml"));
        manifest.is_ok_and(|manifest| manifest.lines().any(|it| it == line))
    };
    folders.find(is_it).expect("the package has a folder")
}

/// Returns whether a text has the word: no letter, digit or underscore beside it.
fn names(text: &str, word: &str) -> bool {
    let is_part = |sign: char| sign.is_alphanumeric() || sign == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[test]
fn words_are_whole() {
    assert!(names("use url::Url;", "url"));
    assert!(names("url", "url"));
    assert!(!names("let urls = my_url;", "url"));
    assert!(!names("", "url"));
}

#[test]
fn each_dependency_is_used() {
    let sources = sources();
    let mut unused = Vec::new();
    let mut listed = 0;
    for package in packages() {
        let folder = folder(&package.name) + "/";
        let own: Vec<&str> = sources
            .iter()
            .filter(|source| source.path.starts_with(&folder))
            .map(|source| source.text.as_str())
            .collect();
        assert!(!own.is_empty(), "{folder} has sources");
        let dependencies = package.dependencies.iter().chain(&package.dev_dependencies);
        for dependency in dependencies {
            let other = OTHER_NAMES.iter().find(|(name, _)| name == dependency);
            let word = other.map_or_else(
                || dependency.replace('-', "_"),
                |(_, word)| (*word).to_owned(),
            );
            let is_used = own.iter().any(|text| names(text, &word));
            let is_listed = FOR_FEATURES
                .iter()
                .any(|(name, feature, _)| *name == package.name && feature == dependency);
            listed += usize::from(is_listed && !is_used);
            if !is_used && !is_listed {
                unused.push(format!("{folder}Cargo.toml: {dependency}"));
            }
        }
    }
    assert!(
        unused.is_empty(),
        "no source names these:\n{}",
        unused.join("\n")
    );
    assert_eq!(
        listed,
        FOR_FEATURES.len(),
        "an entry of the list is out of date"
    );
}
