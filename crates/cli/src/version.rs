//! The output of `--version`.

use std::sync::LazyLock;

use postlogin_js::engine;

/// `-V`, and what scripts compare.
pub(crate) const SHORT: &str = env!("CARGO_PKG_VERSION");

/// The commit that the program was built from: 12 hexadecimal digits, empty outside of a
/// repository. See `build.rs`.
const COMMIT: &str = env!("POSTLOGIN_COMMIT");

/// So many digits of the engine's hash are printed.
const DIGITS: usize = 12;

static LONG: LazyLock<String> = LazyLock::new(|| {
    let hash = engine::hash().trim();
    let hash = hash.get(..DIGITS).unwrap_or(hash);
    match COMMIT {
        "" => format!("{SHORT} (engine {hash})"),
        commit => format!("{SHORT} (commit {commit}, engine {hash})"),
    }
});

/// The version and the JavaScript engine: what decides how Actions run.
pub(crate) fn with_engine() -> String {
    let hash = engine::hash().trim();
    format!("{SHORT} (engine {})", hash.get(..DIGITS).unwrap_or(hash))
}

/// `--version`: the version, the commit and the JavaScript engine, by which a report of a fault names what ran.
pub(crate) fn long() -> &'static str {
    &LONG
}
