//! Copies of crates that the engine changes; the generated manifest takes them from there.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, ensure};

/// Copies the crates of these names next to the generated one.
pub(crate) fn make(generated: &Path, work: &Path, names: &[&str]) -> anyhow::Result<()> {
    let manifest = generated.join("Cargo.toml");
    let mut patches = String::from("\n[patch.crates-io]\n");
    for name in names {
        take(&manifest, work, name)?;
        patches.push_str(&format!("{name} = {{ path = \"../{name}\" }}\n"));
    }
    let text = fs::read_to_string(&manifest)?;
    fs::write(&manifest, text + &patches)?;
    Ok(())
}

/// Copies a crate on which the manifest depends into `work`.
pub(crate) fn take(manifest: &Path, work: &Path, name: &str) -> anyhow::Result<()> {
    let source = source_folder(manifest, name)?;
    let copy = work.join(name);
    if copy.exists() {
        fs::remove_dir_all(&copy)?;
    }
    copy_folder(&source, &copy).with_context(|| source.display().to_string())
}

/// Where Cargo keeps the sources of a crate.
pub(crate) fn source_folder(manifest: &Path, name: &str) -> anyhow::Result<std::path::PathBuf> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--manifest-path"])
        .arg(manifest)
        .output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout)?;
    let end = text
        .match_indices("/Cargo.toml\"")
        .map(|(at, _)| &text[..at])
        .find(|before| {
            before
                .rsplit('"')
                .next()
                .is_some_and(|path| is_versioned(path, name))
        })
        .with_context(|| format!("the generated crate does not depend on {name}"))?;
    Ok(end.rsplit('"').next().unwrap_or_default().into())
}

fn is_versioned(path: &str, crate_name: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| {
        name.strip_prefix(crate_name)
            .and_then(|rest| rest.strip_prefix('-'))
            .is_some_and(|version| version.starts_with(|first: char| first.is_ascii_digit()))
    })
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
