//! Patches of QuickJS-ng itself: unified diffs, one subject each, applied after the replacements of [`crate::quickjs`].

use std::{fs, path::Path, process::Command};

use anyhow::{Context, ensure};
use postlogin_js::engine::inputs;

/// Applies the patches in `root` to the copy of QuickJS-ng's sources in `sources`, in the order of their names.
///
/// A hunk has to find all of its lines, and each patch all of its hunks.
pub(crate) fn apply(root: &Path, sources: &Path) -> anyhow::Result<()> {
    for name in inputs::patches(root)? {
        let file = fs::File::open(root.join(&name)).with_context(|| name.clone())?;
        let output = Command::new("patch")
            .args(["-p1", "--fuzz=0", "--forward", "--batch"])
            .args(["--no-backup-if-mismatch", "--reject-file=-", "-d"])
            .arg(sources)
            .stdin(file)
            .output()
            .context("patch cannot be started; hint: install your system's package `patch`")?;
        ensure!(
            output.status.success(),
            "{name} does not fit QuickJS-ng's sources:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}
