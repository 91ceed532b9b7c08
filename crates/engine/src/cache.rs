//! Machine code, compiled once per machine and kept in the cache folder.
//!
//! A cache that can't be read or written is never fatal: the component is compiled again.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use sha2::{Digest, Sha256};
use wasmtime::{Engine, component::Component};

use crate::contract::NotAnAction;

/// Told to the caller when a component had to be compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileNotice {
    /// How long it took.
    pub took: Duration,
    /// Where the result is kept, or why it is not.
    pub kept: Result<PathBuf, String>,
}

/// The file for these bytes. Its name holds what the machine code depends on: the component, this build of
/// wasmtime, its settings and the processor's features.
pub(crate) fn file_name(engine: &Engine, component: &[u8]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(component);
    let mut compatibility = HashWriter(&mut hasher);
    std::hash::Hash::hash(&engine.precompile_compatibility_hash(), &mut compatibility);
    let digest = hasher.finalize();
    let hex: String = digest
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{hex}.cwasm")
}

/// Feeds `Hash` into SHA-256, because the standard hasher may differ between releases of Rust.
struct HashWriter<'a>(&'a mut Sha256);

impl std::hash::Hasher for HashWriter<'_> {
    fn finish(&self) -> u64 {
        0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}

/// Machine code from the cache, if it is there and whole.
pub(crate) fn load(engine: &Engine, file: &Path) -> Option<Component> {
    if !is_trustworthy(file) {
        return None;
    }
    #[expect(
        unsafe_code,
        reason = "machine code is loaded from the user's own cache"
    )]
    // SAFETY: the file was written by `store` of a postlogin with the same engine settings (its name says so, and
    // wasmtime checks its own version and settings again), it belongs to this user, and nobody else may write to it
    // (`is_trustworthy`). That is the trust that the executable itself gets.
    let loaded = unsafe { Component::deserialize_file(engine, file) };
    loaded
        .inspect_err(
            |error| tracing::debug!(file = %file.display(), %error, "cached code is not used"),
        )
        .ok()
}

#[cfg(unix)]
fn is_trustworthy(file: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let Ok(meta) = fs::metadata(file) else {
        return false;
    };
    let Ok(directory) = file
        .parent()
        .map_or_else(|| fs::metadata("."), fs::metadata)
    else {
        return false;
    };
    let foreign_writers = 0o022;
    meta.is_file() && meta.uid() == directory.uid() && meta.mode() & foreign_writers == 0
}

#[cfg(not(unix))]
fn is_trustworthy(file: &Path) -> bool {
    file.is_file()
}

/// Keeps machine code. Written beside its place and renamed, so that two processes at once never see half a file.
pub(crate) fn store(component: &Component, file: &Path) -> Result<(), String> {
    let explain = |error: io::Error| format!("{}: {error}", file.display());
    let code = component.serialize().map_err(|error| error.to_string())?;
    let directory = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory).map_err(explain)?;
    let temporary = file.with_extension(format!("tmp{}", std::process::id()));
    let written = write_private(&temporary, &code).and_then(|()| fs::rename(&temporary, file));
    written.map_err(|error| {
        // Nothing to do if even that fails: the file is only litter.
        let _ = fs::remove_file(&temporary);
        explain(error)
    })
}

fn write_private(file: &Path, bytes: &[u8]) -> io::Result<()> {
    use io::Write;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(bytes)
}

/// Compiles, which takes seconds for an engine and is what the cache is for.
pub(crate) fn compile(engine: &Engine, bytes: &[u8]) -> Result<Component, NotAnAction> {
    Component::from_binary(engine, bytes)
        .map_err(|error| NotAnAction::Unreadable(first_line(&format!("{error:#}"))))
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
