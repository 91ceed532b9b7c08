//! `cargo xtask notices`: the lists of crates in THIRD_PARTY_NOTICES.md, of the program for every system that there are programs for, and of
//! the JavaScript engine where its crate lies in `target/javascript-engine` (after `build-engine`).
//!
//! Everything else of the page is written by hand: parts that are no crates, and the texts of the licences.

mod licence;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::dist;

const PAGE: &str = "THIRD_PARTY_NOTICES.md";
/// Stands for a space at which no line is broken, until all is put together.
const JOINED: char = '\u{a0}';
/// The longest line that is generated, in characters.
const WIDTH: usize = 110;
/// Of crates under these, the name is enough: the licence asks for no copyright line.
const NAMES_ONLY: &[&str] = &["Apache-2.0", "Apache-2.0 WITH LLVM-exception"];

/// Crates that come without their licence file: what it says in their repository.
const COPYRIGHTS: &[(&str, &str)] = &[
    ("base64-simd", "Copyright (c) 2021 Nugine"),
    (
        "rquickjs-core",
        "Copyright (c) 2020 Mees Delzenne; Copyright (c) 2025 Rquickjs Contributors",
    ),
    (
        "rquickjs-sys",
        "Copyright (c) 2020 Mees Delzenne; Copyright (c) 2025 Rquickjs Contributors",
    ),
    ("vsimd", "Copyright (c) 2021 Nugine"),
];

/// The parts of others that crates bring along without a word in their licence files.
const BESIDES: &[(&str, &str)] = &[
    (
        "libmimalloc-sys",
        "mimalloc itself: Copyright (c) 2018-2025 Microsoft Corporation, Daan Leijen",
    ),
    (
        "libsqlite3-sys",
        "SQLite itself, which it brings along, is in the public domain",
    ),
    (
        "ring",
        "parts are BoringSSL's: Copyright the BoringSSL and OpenSSL authors, Google Inc.",
    ),
];

/// The beginnings of the names of this repository's crates, and of the one that the engine is generated as.
const OURS: &[&str] = &["postlogin", "javascript-engine", "node-crypto"];

/// A crate that is linked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    version: String,
    licence: String,
    authors: Vec<String>,
    folder: PathBuf,
}

/// Writes the lists anew, or, to `check`, only finds out whether they are current.
pub(crate) fn notices(check: bool) -> Result<()> {
    let root = dist::root()?;
    let file = root.join(PAGE);
    let old = fs::read_to_string(&file).context(PAGE)?;
    let trees: Vec<Vec<String>> = dist::triples()
        .map(|triple| tree(&root, &["-p", "postlogin", "--target", triple]))
        .collect::<Result<_>>()?;
    let program = section(&packages(&root, &trees.concat())?)?;
    let mut new = replaced(&old, "the program", &program)?;
    let engine = root.join("target/javascript-engine/crate");
    match engine.is_dir() {
        true => {
            let linked = tree(&engine, &["--target", "wasm32-wasip2"])?;
            new = replaced(&new, "the engine", &section(&packages(&engine, &linked)?)?)?;
        }
        false => println!(
            "the engine's crate is not there, so its list stays; `cargo xtask build-engine` makes it"
        ),
    }
    if new == old {
        println!("{PAGE} is current");
        return Ok(());
    }
    ensure!(!check, "{PAGE} is out of date\nhint: cargo xtask notices");
    fs::write(&file, new)?;
    println!("wrote {PAGE}");
    Ok(())
}

/// Returns the page with another list between the two marks of that name.
fn replaced(page: &str, name: &str, list: &str) -> Result<String> {
    let begin = format!("<!-- crates of {name}, by `cargo xtask notices` -->\n");
    let end = format!("<!-- end of the crates of {name} -->\n");
    let found = page.split_once(&begin);
    let (before, rest) = found.with_context(|| format!("{PAGE} has no line {begin}"))?;
    let found = rest.split_once(&end);
    let (_, after) = found.with_context(|| format!("{PAGE} has no line {end}"))?;
    Ok(format!("{before}{begin}\n{list}{end}{after}"))
}

/// Returns `name version` of every crate that is linked: no macros, no build scripts.
fn tree(folder: &Path, which: &[&str]) -> Result<Vec<String>> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(folder).args(["tree", "--locked"]).args([
        "-e",
        "normal,no-proc-macro",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]);
    let text = dist::output(cargo.args(which))?;
    let line = |line: &str| {
        let mut words = line.split(' ');
        Some(format!(
            "{} {}",
            words.next()?,
            words.next()?.strip_prefix('v')?
        ))
    };
    Ok(text.lines().filter_map(line).collect())
}

/// Returns what Cargo knows about these crates, without those of this repository.
fn packages(folder: &Path, linked: &[String]) -> Result<BTreeSet<Package>> {
    let linked: BTreeSet<&str> = linked.iter().map(String::as_str).collect();
    let mut cargo = Command::new("cargo");
    let arguments = ["metadata", "--format-version", "1", "--locked"];
    let metadata = dist::output(cargo.current_dir(folder).args(arguments))?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let all = metadata["packages"].as_array().context("no packages")?;
    let mut found = BTreeSet::new();
    for package in all {
        let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
        // The engine has two crates of others in a changed copy, which have no source either.
        let is_ours =
            package["source"].is_null() && OURS.iter().any(|ours| text("name").starts_with(ours));
        if is_ours {
            continue;
        }
        let name = format!("{} {}", text("name"), text("version"));
        if !linked.contains(name.as_str()) {
            continue;
        }
        let licence = licence::chosen(&text("license"));
        ensure!(!licence.is_empty(), "{name} names no licence");
        let authors = package["authors"].as_array().into_iter().flatten();
        let manifest = PathBuf::from(text("manifest_path"));
        found.insert(Package {
            name: text("name"),
            version: text("version"),
            licence,
            authors: authors
                .filter_map(Value::as_str)
                .map(|author| author.split('<').next().unwrap_or(author).trim().to_owned())
                .collect(),
            folder: manifest.parent().unwrap_or(&manifest).to_owned(),
        });
    }
    Ok(found)
}

/// Returns the list, by licence: those that are named only first, then those with their copyright lines.
fn section(packages: &BTreeSet<Package>) -> Result<String> {
    let mut groups: BTreeMap<&str, Vec<&Package>> = BTreeMap::new();
    for package in packages {
        groups.entry(&package.licence).or_default().push(package);
    }
    let mut text = String::new();
    for (licence, group) in &groups {
        text += &format!("**{licence}**\n\n");
        if NAMES_ONLY.contains(licence) {
            let names: Vec<String> = group.iter().map(|package| package.title()).collect();
            text += &wrapped(&(names.join(", ") + "\n"), "");
        } else {
            // Crates of one repository have one copyright.
            let mut holders: Vec<(String, Vec<String>)> = Vec::new();
            for package in group {
                let copyright = licence::copyright(&package.folder, licence)?;
                let known = COPYRIGHTS.iter().find(|(name, _)| *name == package.name);
                let known = known.map(|(_, copyright)| (*copyright).to_owned());
                let copyright = copyright.or(known).unwrap_or_else(|| package.by());
                match holders.iter_mut().find(|(known, _)| *known == copyright) {
                    Some((_, titles)) => titles.push(package.title()),
                    None => holders.push((copyright, vec![package.title()])),
                }
            }
            for (copyright, titles) in holders {
                text += &wrapped(&format!("- {}: {copyright}\n", titles.join(", ")), "  ");
            }
        }
        text.push('\n');
    }
    for (name, note) in BESIDES {
        if packages.iter().any(|package| package.name == *name) {
            text += &wrapped(&format!("- {name}: {note}\n"), "  ");
        }
    }
    text.push('\n');
    let mut notices: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages {
        if let Some(notice) = licence::notice(&package.folder)? {
            notices.entry(notice).or_default().push(package.title());
        }
    }
    for (notice, titles) in notices {
        let title = wrapped(&format!("The notice of {}:", titles.join(", ")), "");
        text += &format!("{title}\n```text\n{notice}\n```\n\n");
    }
    let text = text.replace(JOINED, " ");
    Ok(text.replace("\n\n\n", "\n\n"))
}

impl Package {
    fn title(&self) -> String {
        format!("{}{JOINED}{}", self.name, self.version)
    }

    /// Returns who wrote it, for a licence file without a copyright line.
    fn by(&self) -> String {
        match self.authors.is_empty() {
            true => "by its contributors".to_owned(),
            false => format!("by {}", self.authors.join(", ")),
        }
    }
}

/// Breaks a line between words; further lines begin with `indent`.
fn wrapped(line: &str, indent: &str) -> String {
    let mut text = String::new();
    let mut length = 0;
    for word in line.trim_end().split(' ') {
        let more = word.chars().count();
        if length > 0 && length + 1 + more > WIDTH {
            text += &format!("\n{indent}");
            length = indent.len();
        } else if length > 0 {
            text.push(' ');
            length += 1;
        }
        text += word;
        length += more;
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::{replaced, wrapped};

    #[test]
    fn a_list_is_put_between_its_marks() {
        let page = "a\n<!-- crates of x, by `cargo xtask notices` -->\nold\n<!-- end of the crates of x -->\nb\n";
        let new = replaced(page, "x", "new\n").expect("the marks");
        assert_eq!(
            new,
            "a\n<!-- crates of x, by `cargo xtask notices` -->\n\nnew\n<!-- end of the crates of x -->\nb\n"
        );
        assert_eq!(replaced(&new, "x", "new\n").expect("the marks"), new);
        assert!(replaced(page, "y", "").is_err());
    }

    #[test]
    fn lines_are_broken_between_words() {
        let line = format!("- {} {} {}", "a".repeat(60), "b".repeat(47), "c".repeat(20));
        let expected = format!(
            "- {} {}\n  {}\n",
            "a".repeat(60),
            "b".repeat(47),
            "c".repeat(20)
        );
        assert_eq!(wrapped(&line, "  "), expected);
        assert_eq!(wrapped("short\n", ""), "short\n");
    }
}
