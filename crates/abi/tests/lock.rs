//! The contract changes only together with its version.

use std::fmt::Write as _;
use std::path::Path;

use sha2::{Digest, Sha256};

const LOCK: &str = include_str!("../contract.lock");

/// The texts without what no program can see: comments, indentation and blank lines.
fn canonical(files: &[(&str, &str)]) -> String {
    let mut canonical = String::new();
    for (name, text) in files {
        assert!(
            !text.contains("/*"),
            "{name}: write comments as `//`, the hash leaves only those out"
        );
        for line in text.lines() {
            let code = line.split_once("//").map_or(line, |(code, _)| code);
            let words: Vec<&str> = code.split_whitespace().collect();
            // The version is the key of the lock, not a part of what it locks.
            if !words.is_empty() && words.first() != Some(&"package") {
                canonical.push_str(&words.join(" "));
                canonical.push('\n');
            }
        }
    }
    canonical
}

fn hash(text: &str) -> String {
    Sha256::digest(text)
        .iter()
        .fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// `version hash` lines; `#` begins a comment.
fn locked() -> Vec<(&'static str, &'static str)> {
    LOCK.lines()
        .map(|line| line.split_once('#').map_or(line, |(data, _)| data).trim())
        .filter(|line| !line.is_empty())
        .map(|line| {
            line.split_once(' ')
                .expect("a line of contract.lock is `<version> <hash>`")
        })
        .collect()
}

#[test]
fn contract_changes_only_with_its_version() {
    let found = hash(&canonical(postlogin_abi::WIT_FILES));
    let version = postlogin_abi::VERSION;
    let in_lock = locked()
        .into_iter()
        .find(|(locked_version, _)| *locked_version == version);
    match in_lock {
        Some((_, expected)) => assert_eq!(
            found, expected,
            "\n\nThe WIT package postlogin:actions differs from what contract.lock says version {version} is.\n\
             Components in the wild rely on it. To change it on purpose, raise the version in\n  \
             - every `package postlogin:actions@…;` line of crates/abi/wit/*.wit,\n  \
             - `VERSION` in crates/abi/src/lib.rs and `version` in crates/abi/Cargo.toml\n\
             (the last number for additions, the middle one for anything that breaks a component),\n\
             and add this line to crates/abi/contract.lock:\n\n<new version> {found}\n"
        ),
        None => panic!(
            "\n\ncontract.lock knows no version {version}. If the new version is meant, add this line to \
             crates/abi/contract.lock and keep the older ones:\n\n{version} {found}\n"
        ),
    }
}

#[test]
fn lock_has_each_version_once() {
    let mut versions: Vec<&str> = locked().into_iter().map(|(version, _)| version).collect();
    let count = versions.len();
    versions.sort_unstable();
    versions.dedup();
    assert_eq!(
        versions.len(),
        count,
        "a version stands twice in contract.lock"
    );
}

#[test]
fn one_version_everywhere() {
    assert_eq!(
        postlogin_abi::VERSION,
        env!("CARGO_PKG_VERSION"),
        "VERSION and the version in Cargo.toml"
    );
    let expected = format!(
        "package {}@{};",
        postlogin_abi::WIT_PACKAGE,
        postlogin_abi::VERSION
    );
    for (name, text) in postlogin_abi::WIT_FILES {
        let declared = text.lines().find(|line| line.starts_with("package "));
        assert_eq!(declared, Some(expected.as_str()), "wit/{name}");
    }
}

#[test]
fn every_file_of_the_folder_is_listed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("wit");
    let mut on_disk: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    on_disk.sort();
    let listed: Vec<&str> = postlogin_abi::WIT_FILES
        .iter()
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(on_disk, listed, "WIT_FILES and the wit folder differ");
}

#[test]
fn comments_and_layout_do_not_count() {
    let plain = canonical(&[(
        "a.wit",
        "package a:b@1.0.0;\ninterface i {\n  f: func();\n}\n",
    )]);
    let dressed = canonical(&[(
        "a.wit",
        "// Head\npackage a:b@1.1.0;\n\n/// Doc\ninterface  i {\n\tf: func(); // end\n}",
    )]);
    let other = canonical(&[(
        "a.wit",
        "package a:b@1.0.0;\ninterface i {\n  f: func(a: u8);\n}\n",
    )]);
    assert_eq!(plain, dressed);
    assert_ne!(plain, other);
}
