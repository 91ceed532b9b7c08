//! The changes to the crate that wasm-rquickjs generates, and the options with which it is compiled.
//!
//! Each edit must find its text as often as it says, so that a new version of the generator can't be patched by half.

use std::{fs, path::Path};

use anyhow::{Context, bail, ensure};

mod boundary;
mod node;

/// The features of the generator that the engine has: none. Node's library brings HTTP, compression, text encodings and crypto itself.
const FEATURES: &str = r#"["p2"]"#;

/// For heap.rs and node.rs.
const DEPENDENCIES: &str = "[dependencies]
dlmalloc = \"0.2.14\"
postlogin-node = { path = \"../../../crates/js/engine/node\" }";

/// Packages that few Actions call are compiled for size.
const SMALL: &str = "[profile.release.package.zstd-sys]
opt-level = \"s\"

[profile.release.package.brotli]
opt-level = \"s\"

[profile.release.package.brotli-decompressor]
opt-level = \"s\"

[profile.release.package.encoding_rs]
opt-level = \"s\"

[profile.release.package.idna]
opt-level = \"s\"

";

/// Tools and flags: Debian's clang and wasi-libc. Without the first variable QuickJS' build script would fetch a
/// WASI SDK.
pub(crate) const ENVIRONMENT: &[(&str, &str)] = &[
    ("RQUICKJS_SYS_NO_WASI_SDK", "1"),
    ("CC_wasm32_wasip2", "clang-22"),
    ("AR_wasm32_wasip2", "llvm-ar-22"),
    (
        "CFLAGS_wasm32_wasip2",
        "--target=wasm32-wasi --sysroot=/ -isystem /usr/include/wasm32-wasi",
    ),
    (
        "BINDGEN_EXTRA_CLANG_ARGS_wasm32_wasip2",
        "--target=wasm32-wasi --sysroot=/ -isystem /usr/include/wasm32-wasi",
    ),
];

/// Takes out of the manifest what can only be had from git: SQLite, WebSockets, Golem's own services.
pub(crate) fn edit_manifest(file: &Path) -> anyhow::Result<()> {
    let text = fs::read_to_string(file)?;
    let start = text
        .find("# Patch rusqlite")
        .context("the manifest has no [patch.crates-io] table any more")?;
    let mut kept = String::new();
    for line in text[..start].lines() {
        let name = line.split([' ', '=']).next().unwrap_or_default();
        match name {
            "golem-context" | "golem-websocket" | "websocket" | "golem" | "rusqlite" => continue,
            "sqlite" => kept.push_str("sqlite = []"),
            // Speed over size: the code is compiled once per machine and mapped from the cache.
            "opt-level" if line.contains("\"s\"") => kept.push_str("opt-level = 3"),
            "[profile.release]" => kept.push_str(&format!("{SMALL}{line}")),
            "default" => kept.push_str(&format!("default = {FEATURES}")),
            "[dependencies]" => kept.push_str(DEPENDENCIES),
            _ => kept.push_str(
                &line
                    .replace(r#", "golem-websocket?/p2""#, "")
                    .replace(r#", "golem-websocket?/p3""#, ""),
            ),
        }
        kept.push('\n');
    }
    Ok(fs::write(file, kept)?)
}

/// One replacement.
struct Edit {
    file: &'static str,
    /// The number of times that the text must be found.
    times: usize,
    from: &'static str,
    to: &'static str,
}

/// Puts our own files, from `ours`, into the generated crate and applies the edits of [`boundary`] and [`node`] to it.
/// `library` is the folder of Node's library.
pub(crate) fn edit_sources(crate_folder: &Path, ours: &Path, library: &Path) -> anyhow::Result<()> {
    fs::copy(
        ours.join("heap.rs"),
        crate_folder.join("src/internal/heap.rs"),
    )?;
    for (from, to) in node::FILES {
        fs::copy(ours.join(from), crate_folder.join(to))?;
    }
    node::take_vm(crate_folder, library)?;
    for edit in boundary::EDITS.iter().chain(node::EDITS) {
        let file = crate_folder.join(edit.file);
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let found = text.matches(edit.from).count();
        ensure!(
            found == edit.times,
            "{}: found {found} times, expected {}:\n{}",
            edit.file,
            edit.times,
            edit.from
        );
        fs::write(&file, text.replace(edit.from, edit.to))?;
    }
    Ok(())
}

/// Fails with what to install when a tool of [`ENVIRONMENT`] is missing.
pub(crate) fn check_tools() -> anyhow::Result<()> {
    for tool in ["clang-22", "llvm-ar-22", "perl", "make"] {
        let found = std::process::Command::new(tool)
            .arg("--version")
            .output()
            .is_ok_and(|output| output.status.success());
        if !found {
            bail!(
                "{tool} is missing\nhint: on Debian 12: apt-get install clang-22 lld-22 llvm-22 libclang-rt-22-dev-wasm32 wasi-libc make perl; \
                 then rustup target add wasm32-wasip2"
            );
        }
    }
    Ok(())
}
