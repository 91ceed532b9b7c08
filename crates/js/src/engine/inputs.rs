//! The inputs of the committed engine, so that a stale one is found.

use std::{fmt::Write as _, fs, io, path::Path};

use sha2::{Digest, Sha256};

/// The folder of the guest's parts, relative to the workspace.
const GUEST: &str = "crates/js/engine/guest";

/// The folder of the patches of QuickJS-ng, relative to the workspace.
const PATCHES: &str = "crates/js/engine/quickjs";

/// The name of the input that [`super::methods_literal`] is.
const METHODS: &str = "the methods of api";

/// The name of the input that [`super::samples_literal`] is.
const SAMPLES: &str = "the samples of events";

/// The inputs that are put into the compiled engine; all others are compiled.
pub const OF_GUEST: [&str; 3] = [GUEST, METHODS, SAMPLES];

/// The guest's parts, in the order in which they make one module.
const PARTS: &[&str] = &[
    "captured.js",
    "run.js",
    "face.js",
    "intl.js",
    "intl_numbers.js",
    "intl_dates.js",
    "intl_words.js",
    "intl_locale.js",
    "watch.js",
    "json.js",
    "modules.js",
    "realm.js",
    "console.js",
    "wire.js",
    "api.js",
    "rule.js",
    "action.js",
    "settle.js",
];

/// The crate of Node's library, relative to the workspace, and what of it goes into the engine.
const LIBRARY: &str = "crates/js/engine/node";
const LIBRARY_PARTS: &[&str] = &[
    "Cargo.toml",
    "build.rs",
    "extract.cjs",
    "js",
    "modules.txt",
    "src",
];

/// The crate of `node:crypto`, relative to the workspace, and what of it goes into the engine.
const CRYPTO: &str = "crates/js/engine/crypto";
const CRYPTO_PARTS: &[&str] = &["Cargo.toml", "build.rs", "src"];

/// The other files, relative to the workspace.
const FILES: &[&str] = &[
    "crates/abi/wit/engine.wit",
    "crates/js/engine/Cargo.lock",
    "crates/js/engine/freeze.c",
    "crates/js/engine/heap.rs",
    "crates/js/engine/runtime/imitations.js",
    "crates/js/engine/runtime/library.js",
    "crates/js/engine/runtime/node.rs",
    "crates/js/engine/runtime/web_crypto.rs",
    "xtask/src/copies.rs",
    "xtask/src/engine.rs",
    "xtask/src/library.rs",
    "xtask/src/patches.rs",
    "xtask/src/quickjs.rs",
    "xtask/src/reactor.rs",
    "xtask/src/recipe.rs",
    "xtask/src/recipe/boundary.rs",
    "xtask/src/recipe/node.rs",
];

/// Names of the inputs and their hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inputs(Vec<(String, String)>);

/// The part of postlogin that runs inside the sandbox: one JavaScript module.
///
/// # Errors
/// When a part cannot be read.
pub fn guest(root: &Path) -> io::Result<String> {
    let folder = root.join(GUEST);
    PARTS
        .iter()
        .map(|part| fs::read_to_string(folder.join(part)))
        .collect()
}

/// The patches of QuickJS-ng, relative to the workspace, in the order in which they are applied.
///
/// # Errors
/// When their folder cannot be read, or holds a file that is no patch.
pub fn patches(root: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root.join(PATCHES))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let numbered = name.as_bytes().get(..2);
        if !name.ends_with(".patch")
            || !numbered.is_some_and(|number| number.iter().all(u8::is_ascii_digit))
        {
            let message = format!("{PATCHES}/{name} is not named NN-subject.patch");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        names.push(format!("{PATCHES}/{name}"));
    }
    names.sort();
    Ok(names)
}

/// Appends the names and contents of all files in a folder, or of one file.
fn collect(path: &Path, all: &mut Vec<u8>) -> io::Result<()> {
    if path.is_dir() {
        let mut entries = fs::read_dir(path)?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        return entries
            .iter()
            .try_for_each(|entry| collect(&entry.path(), all));
    }
    let name = path.file_name().unwrap_or_default();
    all.extend_from_slice(name.as_encoded_bytes());
    all.extend_from_slice(&fs::read(path)?);
    Ok(())
}

/// Hashes the inputs in the workspace at `root`.
///
/// # Errors
/// When a file cannot be read.
pub fn read(root: &Path) -> io::Result<Inputs> {
    let mut inputs = Vec::new();
    for file in FILES {
        inputs.push(((*file).to_owned(), sha256(&fs::read(root.join(file))?)));
    }
    // One input for all, so that a patch that is taken away is noticed as well.
    let mut all = Vec::new();
    for file in patches(root)? {
        all.extend_from_slice(file.as_bytes());
        all.extend_from_slice(&fs::read(root.join(&file))?);
    }
    inputs.push((PATCHES.to_owned(), sha256(&all)));
    for (folder, parts) in [(LIBRARY, LIBRARY_PARTS), (CRYPTO, CRYPTO_PARTS)] {
        let mut all = Vec::new();
        for part in parts {
            collect(&root.join(folder).join(part), &mut all)?;
        }
        inputs.push((folder.to_owned(), sha256(&all)));
    }
    inputs.push((GUEST.to_owned(), sha256(guest(root)?.as_bytes())));
    for (name, literal) in [
        (METHODS, super::methods_literal()),
        (SAMPLES, super::samples_literal()),
    ] {
        inputs.push((name.to_owned(), sha256(literal.as_bytes())));
    }
    Ok(Inputs(inputs))
}

impl Inputs {
    /// The text of `engine.lock` for an engine with these inputs.
    #[must_use]
    pub fn lock_text(&self, engine: &[u8], packed: &[u8]) -> String {
        let mut text = String::from(
            "# What engine.wasm.xz was built from. Made by `cargo xtask build-engine`.\n",
        );
        for (name, hash) in &self.0 {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "input  {hash}  {name}");
        }
        let _ = writeln!(text, "engine {}", sha256(engine));
        let _ = writeln!(text, "packed {}", sha256(packed));
        text
    }

    /// The inputs that differ from those in `lock`.
    #[must_use]
    pub fn stale_against(&self, lock: &str) -> Vec<&str> {
        let recorded = |name: &str, hash: &str| {
            lock.lines()
                .any(|line| line == format!("input  {hash}  {name}"))
        };
        self.0
            .iter()
            .filter(|(name, hash)| !recorded(name, hash))
            .map(|(name, _)| name.as_str())
            .collect()
    }
}

/// SHA-256 in hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_the_guest_is_left_out() {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(GUEST);
        let mut found: Vec<_> = fs::read_dir(folder)
            .expect("the guest's folder is there")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .into_string()
                    .expect("UTF-8")
            })
            .collect();
        found.sort();
        let mut listed = PARTS.to_vec();
        listed.sort_unstable();
        assert_eq!(found, listed);
    }
}
