//! The repository around the working folder.

use std::{env, fs, path::Path};

use postlogin_runner::report::Below;

/// Returns where the working folder is in its repository: the checkout of GitHub Actions, else the nearest folder above with a `.git`.
pub(crate) fn below_top() -> Below {
    let Ok(folder) = env::current_dir().and_then(fs::canonicalize) else {
        return Below::default();
    };
    let checkout = env::var_os("GITHUB_WORKSPACE").filter(|folder| !folder.is_empty());
    let checkout = checkout.and_then(|checkout| fs::canonicalize(checkout).ok());
    let checkout = checkout.filter(|checkout| folder.starts_with(checkout));
    let is_top = |above: &&Path| above.join(".git").exists();
    let top = checkout
        .as_deref()
        .or_else(|| folder.ancestors().find(is_top));
    top.map_or_else(Below::default, |top| Below::top(top, &folder))
}
