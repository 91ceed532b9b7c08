//! Finds the commit that is built, for `postlogin --version`: `POSTLOGIN_COMMIT` of the environment, else what `.git/HEAD` names.
//! No program is run, so a build without git works.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// So many digits name a commit.
const DIGITS: usize = 12;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=POSTLOGIN_COMMIT");
    let given = env::var("POSTLOGIN_COMMIT").ok();
    let commit = given.or_else(of_repository).unwrap_or_default();
    let is_hash = commit.len() >= DIGITS && commit.bytes().all(|digit| digit.is_ascii_hexdigit());
    let short = commit.get(..DIGITS).filter(|_| is_hash);
    println!(
        "cargo::rustc-env=POSTLOGIN_COMMIT={}",
        short.unwrap_or_default()
    );
}

/// The commit that is checked out around this package.
fn of_repository() -> Option<String> {
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR")?);
    // Only the repository of these sources: a package that lies in some other one is none of its commits.
    let root = package.ancestors().nth(2)?;
    let git = root.join(".git");
    // A worktree has a file that names its folder.
    let folder = match fs::read_to_string(&git) {
        Ok(text) => root.join(text.strip_prefix("gitdir:")?.trim()),
        Err(_) => git,
    };
    let shared = match fs::read_to_string(folder.join("commondir")) {
        Ok(text) => folder.join(text.trim()),
        Err(_) => folder.clone(),
    };
    let head = watched(&folder.join("HEAD"))?;
    let Some(name) = head.strip_prefix("ref:") else {
        return Some(head);
    };
    let name = name.trim();
    watched(&shared.join(name)).or_else(|| {
        let packed = watched(&shared.join("packed-refs"))?;
        let line = packed
            .lines()
            .find(|line| line.ends_with(&format!(" {name}")))?;
        line.split(' ').next().map(str::to_owned)
    })
}

/// The text of a file whose change makes this script run again.
fn watched(file: &Path) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    println!("cargo::rerun-if-changed={}", file.display());
    Some(text.trim().to_owned())
}
