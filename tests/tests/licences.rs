//! Licences and sources of all crates that are built, as far as Cargo knows them without the network.

use std::{env, fs, process::Command};

use postlogin_tests::workspace;
use serde_json::Value;

/// The licences that `deny.toml` allows.
fn allowed() -> Vec<String> {
    let text = fs::read_to_string(workspace().join("deny.toml")).expect("deny.toml");
    let (_, list) = text.split_once("\nallow = [").expect("a list of licences");
    let (list, _) = list.split_once(']').expect("the end of the list");
    list.split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// The licences that `deny.toml` allows one crate besides: `{ crate = "name", allow = ["licence"] }`.
fn exceptions(name: &str) -> Vec<String> {
    let text = fs::read_to_string(workspace().join("deny.toml")).expect("deny.toml");
    let start = format!("{{ crate = \"{name}\", allow = [");
    let found = text.lines().filter_map(|line| {
        let list = line.trim().strip_prefix(&start)?;
        list.split_once(']')
    });
    found
        .flat_map(|(list, _)| list.split('"').skip(1).step_by(2))
        .map(str::to_owned)
        .collect()
}

/// Whether a choice of the expression is allowed. `/` is an old form of `OR`; `AND` binds closer.
fn fits(expression: &str, allowed: &[String]) -> bool {
    let expression = expression.replace('/', " OR ");
    let bare = expression.trim();
    let mut depth = 0_usize;
    let mut parts: Vec<(&str, &str)> = Vec::new();
    let mut start = 0;
    for (at, sign) in bare.match_indices([' ', '(', ')']) {
        match sign {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ if depth == 0 => {
                let rest = &bare[at..];
                for word in [" OR ", " AND "] {
                    if rest.starts_with(word) {
                        parts.push((&bare[start..at], word));
                        start = at + word.len();
                    }
                }
            }
            _ => {}
        }
    }
    parts.push((&bare[start..], ""));
    let one = |part: &str| {
        let part = part.trim();
        match part
            .strip_prefix('(')
            .and_then(|part| part.strip_suffix(')'))
        {
            Some(inner) => fits(inner, allowed),
            None => allowed.iter().any(|licence| licence == part),
        }
    };
    // Alternatives of conjunctions.
    let mut conjunction = true;
    for (part, word) in parts {
        conjunction &= one(part);
        if word != " AND " {
            if conjunction {
                return true;
            }
            conjunction = true;
        }
    }
    false
}

#[test]
fn expressions_are_understood() {
    let allowed = ["MIT", "Apache-2.0 WITH LLVM-exception", "ISC"].map(str::to_owned);
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("MIT OR GPL-3.0", true),
        ("GPL-3.0/MIT", true),
        ("GPL-3.0 AND MIT", false),
        ("(GPL-3.0 OR MIT) AND ISC", true),
        ("(GPL-3.0 OR MIT) AND GPL-2.0", false),
        ("GPL-3.0 OR MIT AND ISC", true),
        ("Apache-2.0 WITH LLVM-exception OR BSL-1.0", true),
        ("", false),
    ] {
        assert_eq!(fits(expression, &allowed), expected, "{expression}");
    }
}

/// Returns what a program prints that ends well.
fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(workspace())
        .output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn the_notices_name_every_crate_of_the_program() {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let tree = [
        "tree",
        "--offline",
        "--locked",
        "--package=postlogin",
        "--edges=normal,no-proc-macro",
        "--prefix=none",
        "--format={p}",
    ];
    let tree = run(&cargo, &tree);
    let page = fs::read_to_string(workspace().join("THIRD_PARTY_NOTICES.md")).expect("notices");
    let begin = "<!-- crates of the program, by `cargo xtask notices` -->";
    let (_, list) = page.split_once(begin).expect("the list's begin");
    let (list, _) = list.split_once("<!-- end of").expect("the list's end");
    // Lines are broken anywhere between words.
    let words: Vec<&str> = list.split_whitespace().collect();
    let list = format!(" {} ", words.join(" "));
    let mut missing = Vec::new();
    let mut count = 0;
    for line in tree.lines().filter(|line| !line.contains(" (/")) {
        let line = line.trim_end_matches(" (*)").replacen(" v", " ", 1);
        count += 1;
        if ![",", ":", " "]
            .iter()
            .any(|end| list.contains(&format!(" {line}{end}")))
        {
            missing.push(line);
        }
    }
    assert!(count > 300, "{tree}");
    assert!(
        missing.is_empty(),
        "THIRD_PARTY_NOTICES.md lacks {}\nhint: cargo xtask notices",
        missing.join(", ")
    );
}

#[test]
fn every_crate_has_an_allowed_licence_and_comes_from_the_registry() {
    let host = run("rustc", &["-vV"]);
    let host = host
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .expect("a host");
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    // Crates of other platforms need not be here.
    let metadata = run(
        &cargo,
        &[
            "metadata",
            "--offline",
            "--locked",
            "--format-version=1",
            "--filter-platform",
            host,
        ],
    );
    let metadata: Value = serde_json::from_str(&metadata).expect("JSON");
    let allowed = allowed();
    let packages = metadata["packages"].as_array().expect("packages");
    assert!(packages.len() > 300, "{}", packages.len());
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let licence = package["license"].as_str().unwrap_or_default();
        assert!(
            fits(licence, &allowed) || fits(licence, &exceptions(name)),
            "{name} is under `{licence}`, which deny.toml does not list: ask before you add it, and to THIRD_PARTY_NOTICES.md"
        );
        if let Some(source) = package["source"].as_str() {
            assert!(
                source == "registry+https://github.com/rust-lang/crates.io-index",
                "{name} comes from {source}"
            );
        }
    }
}
