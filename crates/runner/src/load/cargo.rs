//! Actions in Rust: packages that Cargo builds.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use super::LoadError;

/// Builds a package for WebAssembly and returns the component's file. Cargo's own messages go to `says`.
pub(super) fn build(folder: &Path, shown: &str, says: &dyn Fn(&str)) -> Result<PathBuf, LoadError> {
    let manifest = folder.join("Cargo.toml");
    let output = Command::new("cargo")
        .args([
            "build",
            "--release",
            "--quiet",
            "--target",
            "wasm32-wasip2",
            "--message-format=json-render-diagnostics",
        ])
        .arg("--manifest-path")
        .arg(&manifest)
        .env("CARGO_ENCODED_RUSTFLAGS", remap_flags(folder).join("\x1f"))
        .output()
        .map_err(|error| {
            LoadError::unloadable(format!("{shown}: cargo cannot be started: {error}"))
                .with_hint("install Rust from https://rustup.rs, or pass a built .wasm component")
        })?;
    let messages = String::from_utf8_lossy(&output.stderr);
    if !messages.trim().is_empty() {
        says(&messages);
    }
    if !output.status.success() {
        return Err(
            LoadError::unloadable(format!("{shown}: the package does not build")).with_hint(
                "see Cargo's messages above; `rustup target add wasm32-wasip2` adds the target",
            ),
        );
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    messages
        .lines()
        .rev()
        .find_map(component_in)
        .ok_or_else(|| {
            LoadError::unloadable(format!("{shown}: Cargo built no component"))
                .with_hint("an Action's package has `[lib] crate-type = [\"cdylib\"]`")
        })
}

/// The component that one line of Cargo's messages names.
fn component_in(line: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(line).ok()?;
    let files = message.get("filenames")?.as_array()?;
    let is_component = |file: &&str| {
        Path::new(file)
            .extension()
            .is_some_and(|extension| extension == "wasm")
    };
    files
        .iter()
        .filter_map(Value::as_str)
        .find(is_component)
        .map(PathBuf::from)
}

/// Panic messages must not hold paths of this machine: neither those of packages nor those above the Action.
fn remap_flags(folder: &Path) -> Vec<String> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    let mut flags: Vec<String> = home
        .iter()
        .map(|home| format!("--remap-path-prefix={}=/cargo", home.display()))
        .collect();
    if let Ok(folder) = folder.canonicalize() {
        for above in folder
            .ancestors()
            .skip(1)
            .filter(|above| above.parent().is_some())
        {
            flags.push(format!("--remap-path-prefix={}=/src", above.display()));
        }
        // The last match wins: the nearest folder.
        flags.reverse();
    }
    flags
}
