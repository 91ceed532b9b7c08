//! What the benches share; see `benches/`.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The release binary of `postlogin`, built if it is not there or out of date.
///
/// # Errors
/// When it does not build.
pub fn release_binary(workspace: &Path) -> io::Result<PathBuf> {
    let status = Command::new("cargo")
        .args(["build", "--release", "--quiet", "-p", "postlogin"])
        .current_dir(workspace)
        .status()?;
    if !status.success() {
        return Err(io::Error::other("postlogin does not build"));
    }
    let target = env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(|| workspace.join("target"), PathBuf::from);
    Ok(workspace.join(target).join("release/postlogin"))
}
