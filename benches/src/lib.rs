//! Helpers that the benches share; see `benches/`.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The release binary of `postlogin`, built if it is not there or out of date.
///
/// # Errors
/// When it does not build.
pub fn release_binary(workspace: &Path) -> io::Result<PathBuf> {
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--release", "--quiet", "-p", "postlogin"])
        .current_dir(workspace);
    // ring's build script runs again when one of these differs from the last build.
    for (name, _) in env::vars_os() {
        let of_the_bench = |prefix: &&str| name.to_string_lossy().starts_with(*prefix);
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CFG_", "OUT_DIR"]
            .iter()
            .any(of_the_bench)
        {
            cargo.env_remove(name);
        }
    }
    let status = cargo.status()?;
    if !status.success() {
        return Err(io::Error::other("postlogin does not build"));
    }
    let target = env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(|| workspace.join("target"), PathBuf::from);
    Ok(workspace.join(target).join("release/postlogin"))
}
