//! ICU for `Intl`: a committed WebAssembly component, and what it was built from.

use std::{fmt::Write as _, fs, io, path::Path};

use postlogin_engine::IntlSource;

use crate::engine::{inputs::sha256, unpacked};

/// The component, packed with xz.
static PACKED: &[u8] = include_bytes!("../intl/intl.wasm.xz");

/// The inputs that it was built from.
const LOCK: &str = include_str!("../intl/intl.lock");

/// The files that it is built from, relative to the workspace.
const FILES: &[&str] = &[
    "crates/js/intl/intl.wit",
    "crates/js/intl/shim/condition_variable",
    "crates/js/intl/shim/mutex",
    "crates/js/intl/src/common.h",
    "crates/js/intl/src/data.c",
    "crates/js/intl/src/dates.cpp",
    "crates/js/intl/src/formats.h",
    "crates/js/intl/src/json.cpp",
    "crates/js/intl/src/json.h",
    "crates/js/intl/src/locales.cpp",
    "crates/js/intl/src/locales.h",
    "crates/js/intl/src/main.cpp",
    "crates/js/intl/src/numbers.cpp",
    "crates/js/intl/src/system.c",
    "crates/js/intl/src/words.cpp",
    "xtask/src/intl.rs",
    "xtask/src/intl/data.rs",
];

/// Where engines get ICU.
#[must_use]
pub fn source() -> IntlSource {
    IntlSource {
        name: LOCK,
        unpack: || unpacked(PACKED),
    }
}

/// The text of `intl.lock` for a component that is built from the files in the workspace at `root`.
///
/// # Errors
/// When a file cannot be read.
pub fn lock_text(root: &Path, component: &[u8], packed: &[u8]) -> io::Result<String> {
    let mut text =
        String::from("# What intl.wasm.xz was built from. Made by `cargo xtask build-intl`.\n");
    for line in inputs(root)? {
        text.push_str(&line);
    }
    // Writing to a String cannot fail.
    let _ = writeln!(text, "intl   {}", sha256(component));
    let _ = writeln!(text, "packed {}", sha256(packed));
    Ok(text)
}

fn inputs(root: &Path) -> io::Result<Vec<String>> {
    let line = |file: &&str| {
        Ok(format!(
            "input  {}  {file}\n",
            sha256(&fs::read(root.join(file))?)
        ))
    };
    FILES.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packed_component_is_the_one_that_the_lock_names() {
        let recorded = format!("packed {}\n", sha256(PACKED));
        assert!(LOCK.ends_with(&recorded), "{LOCK}");
        let component = unpacked(PACKED).expect("it unpacks");
        assert!(LOCK.contains(&format!("intl   {}\n", sha256(&component))));
    }

    #[test]
    fn the_component_is_not_stale() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        for line in inputs(root.as_ref()).expect("the files are there") {
            assert!(
                LOCK.contains(&line),
                "ICU is older than {line}hint: run `cargo xtask build-intl`"
            );
        }
    }
}
