//! Looks at the workspace as data: its packages and its source files.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// The folder of the workspace.
#[must_use]
pub fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// A package of the workspace.
#[derive(Debug)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// The crates that it is built from; those that only its tests need are not in here.
    pub dependencies: Vec<String>,
    /// The additional crates of its tests.
    pub dev_dependencies: Vec<String>,
}

/// The packages of the workspace, as Cargo knows them.
///
/// # Panics
/// When Cargo cannot be asked.
#[must_use]
pub fn packages() -> Vec<Package> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(workspace())
        .output();
    let output = output.unwrap_or_else(|error| panic!("cargo cannot be started: {error}"));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("cargo's metadata is no JSON: {error}"));
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages.map(package).collect()
}

fn package(package: &Value) -> Package {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    let (dev, built): (Vec<&Value>, Vec<&Value>) =
        dependencies.partition(|dependency| dependency["kind"] == "dev");
    let names = |list: Vec<&Value>| list.into_iter().map(|one| text(&one["name"])).collect();
    Package {
        name: text(&package["name"]),
        dependencies: names(built),
        dev_dependencies: names(dev),
    }
}

/// A source file of the workspace.
#[derive(Debug)]
pub struct Source {
    /// Its path from the workspace's folder, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl Source {
    /// Whether it is only there for tests.
    #[must_use]
    pub fn is_test(&self) -> bool {
        let below = |folder: &str| {
            self.path.starts_with(folder) || self.path.contains(&format!("/{folder}"))
        };
        below("tests/") || below("benches/") || self.path.ends_with("tests.rs")
    }

    /// The code as a program sees it: numbered lines without comments, up to the tests at the file's end.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..)
            .zip(self.text.lines())
            .take_while(|(_, line)| *line != "#[cfg(test)]" || self.is_test())
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

/// Folders and files that others wrote, kept as they published them.
const FOREIGN: &[&str] = &["target", "node_modules", ".next", ".venv", "liquid.node.js"];

/// Every Rust and JavaScript file of the workspace that people write, in the order of their paths.
///
/// # Panics
/// When a folder or a file cannot be read.
#[must_use]
pub fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    for folder in ["actions", "benches", "crates", "tests", "xtask"] {
        collect(&workspace(), &workspace().join(folder), &mut found);
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    for entry in entries.unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if FOREIGN.contains(&&*name) {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, found);
        } else if name.ends_with(".rs") || name.ends_with(".js") {
            let text = fs::read_to_string(&path)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let path = path.strip_prefix(root).unwrap_or(&path);
            let path = path.to_string_lossy().replace('\\', "/");
            found.push(Source { path, text });
        }
    }
}
