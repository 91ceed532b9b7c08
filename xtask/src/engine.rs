//! Builds the JavaScript engine: a crate around QuickJS-ng is generated, compiled to WebAssembly, given our guest,
//! started once, and frozen in that state.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context, anyhow, ensure};
use camino::Utf8PathBuf;
use postlogin_engine::{Allocation, Engine, SnapshotError, Stage, snapshot};
use postlogin_js::engine::{
    LOCAL_WRAPPER, MODULE_WRAPPER, WRAPPER, inputs, methods_literal, samples_literal,
};
use wasm_rquickjs::{
    EmbeddingMode, JsModuleSpec, generate_wrapper_crate, inject_js_into_component,
};

use crate::{copies, library, patches, quickjs, reactor, recipe};

/// The highest level of xz, a tenth smaller than that of zstd: the engine is packed once, and unpacked once on each machine. The lock has
/// a better checksum.
const PACKING: [&str; 5] = [
    "--format=xz",
    "--check=crc32",
    "--threads=1",
    "--lzma2=preset=9e,dict=32MiB,lc=2,lp=2,pb=2",
    "--stdout",
];

pub(crate) fn build(guest_only: bool) -> anyhow::Result<()> {
    let root = workspace_root();
    let work = root.join("target/javascript-engine");
    let base = work.join("base.wasm");
    let base_lock = work.join("base.lock");
    let inputs = inputs::read(&root)?;
    if guest_only {
        check_base(&inputs, &base, &base_lock)?;
    } else {
        step("generating and compiling the engine", || {
            compile(&root, &work, &base)
        })?;
    }
    let guest = inputs::guest(&root)?;
    let guest = fill_in(&guest, "/*METHODS*/ {}", &methods_literal())?;
    let guest = fill_in(&guest, "/*SAMPLES*/ []", &samples_literal())?;
    let guest = fill_in(&guest, "/*WRAPPER*/ ''", &format!("'{WRAPPER}'"))?;
    let guest = fill_in(
        &guest,
        "/*MODULE_WRAPPER*/ ''",
        &format!("'{MODULE_WRAPPER}'"),
    )?;
    let with_guest = work.join("with-guest.wasm");
    let guest = fill_in(
        &guest,
        "/*LOCAL_WRAPPER*/ ''",
        &format!("'{LOCAL_WRAPPER}'"),
    )?;
    inject_js_into_component(&utf8(&base)?, &utf8(&with_guest)?, &[&guest])?;
    let injected = fs::read(&with_guest)?;
    let started = step("starting it once and freezing it", || freeze(&injected))?;
    ensure!(
        !contains(&started, work.as_os_str().as_encoded_bytes()),
        "the engine holds a path of this machine: {}",
        work.display()
    );
    let packed = step("packing", || pack(&work, &started))?;
    println!(
        "engine: {} bytes, packed {} bytes",
        started.len(),
        packed.len()
    );
    fs::write(root.join("crates/js/engine/engine.wasm.xz"), &packed)?;
    // The build updates Cargo.lock, which is an input of the next one.
    let lock = inputs::read(&root)?.lock_text(&started, &packed);
    fs::write(root.join("crates/js/engine/engine.lock"), &lock)?;
    if !guest_only {
        fs::write(base_lock, lock)?;
    }
    Ok(())
}

/// Makes Node's library and the changed QuickJS-ng for native builds of `crates/js/engine/node`.
pub(crate) fn node_library() -> anyhow::Result<()> {
    let root = workspace_root();
    let folder = root.join("target/javascript-engine/node");
    library::make(&root, &folder)?;
    copies::take(
        &root.join("crates/js/engine/node/Cargo.toml"),
        &folder,
        quickjs::CRATE,
    )?;
    quickjs::patch(&folder, &root.join("crates/js/engine/freeze.c"))?;
    patches::apply(&root, &folder.join(quickjs::CRATE).join("quickjs"))
}

/// Refuses a compiled engine that was built from other files than there are now: the lock would not show it.
fn check_base(inputs: &inputs::Inputs, base: &Path, lock: &Path) -> anyhow::Result<()> {
    let built_from = fs::read_to_string(lock).ok().filter(|_| base.exists());
    let built_from = built_from.with_context(|| {
        format!(
            "there is no compiled engine at {}; hint: run `cargo xtask build-engine` first",
            base.display()
        )
    })?;
    let stale: Vec<_> = inputs
        .stale_against(&built_from)
        .into_iter()
        .filter(|input| !inputs::OF_GUEST.contains(input))
        .collect();
    ensure!(
        stale.is_empty(),
        "the compiled engine was built before {} changed; hint: run `cargo xtask build-engine` without --guest-only",
        stale.join(", ")
    );
    Ok(())
}

/// Packs by the `xz` program: what the host unpacks with is plain Rust, and packs a little worse.
pub(crate) fn pack(work: &Path, engine: &[u8]) -> anyhow::Result<Vec<u8>> {
    let plain = work.join("engine.wasm");
    fs::write(&plain, engine)?;
    let output = Command::new("xz")
        .args(PACKING)
        .arg(&plain)
        .output()
        .context("xz cannot be started; hint: install your system's package `xz-utils`")?;
    ensure!(
        output.status.success(),
        "xz: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(output.stdout)
}

fn compile(root: &Path, work: &Path, base: &Path) -> anyhow::Result<()> {
    recipe::check_tools()?;
    library::make(root, &work.join("node"))?;
    let generated = work.join("crate");
    if generated.exists() {
        fs::remove_dir_all(&generated)?;
    }
    // The generator takes exactly one file for a package, and needs only the engine's world.
    let wit = work.join("wit");
    fs::create_dir_all(&wit)?;
    fs::copy(
        root.join("crates/abi/wit/engine.wit"),
        wit.join("engine.wit"),
    )?;
    let guest = JsModuleSpec {
        name: "guest".into(),
        mode: EmbeddingMode::BinarySlot,
    };
    generate_wrapper_crate(
        &utf8(&wit)?,
        &[guest],
        &utf8(&generated)?,
        Some(postlogin_abi::JAVASCRIPT_ENGINE_WORLD),
    )?;
    recipe::edit_manifest(&generated.join("Cargo.toml"))?;
    recipe::edit_sources(
        &generated,
        &root.join("crates/js/engine"),
        &work.join("node"),
    )?;
    let lock = root.join("crates/js/engine/Cargo.lock");
    if lock.exists() {
        fs::copy(&lock, generated.join("Cargo.lock"))?;
    }
    copies::make(&generated, work, &[quickjs::CRATE, reactor::CRATE])?;
    quickjs::patch(work, &root.join("crates/js/engine/freeze.c"))?;
    patches::apply(root, &work.join(quickjs::CRATE).join("quickjs"))?;
    reactor::patch(work)?;
    let status = Command::new("cargo")
        .args([
            "build",
            "--release",
            "--target",
            "wasm32-wasip2",
            "--target-dir",
        ])
        .arg(work.join("target"))
        .current_dir(&generated)
        .envs(recipe::ENVIRONMENT.iter().copied())
        .env("CFLAGS_wasm32_wasip2", c_flags(root, work)?)
        .env("POSTLOGIN_NODE_LIBRARY", work.join("node"))
        // A machine's own setting: with it, Cargo leaves out the optimisation across crates.
        .env("CARGO_INCREMENTAL", "0")
        // Panic messages of the engine must not name this machine.
        .env(
            "CARGO_ENCODED_RUSTFLAGS",
            rust_flags(root, work)?.join("\x1f"),
        )
        .status()?;
    ensure!(status.success(), "the engine does not compile");
    fs::copy(generated.join("Cargo.lock"), lock)?;
    fs::copy(
        work.join("target/wasm32-wasip2/release/javascript_engine.wasm"),
        base,
    )?;
    Ok(())
}

fn utf8(path: &Path) -> anyhow::Result<Utf8PathBuf> {
    Utf8PathBuf::from_path_buf(path.to_owned())
        .map_err(|path| anyhow!("{} is not UTF-8", path.display()))
}

/// The engine's own stack, at the start of its memory: some 11,000 calls of JavaScript (see `61-recursion.patch`).
const STACK: [&str; 2] = ["-Clink-arg=-z", "-Clink-arg=stack-size=8388608"];

/// Folders of this machine and what stands for them in the engine.
fn renamed_folders(root: &Path, work: &Path) -> anyhow::Result<Vec<(PathBuf, &'static str)>> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home =
        home.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    let home = home.context("neither CARGO_HOME nor HOME is set")?;
    Ok(vec![
        (home, "cargo"),
        (root.join("crates/js/engine"), "postlogin"),
        (work.to_owned(), "engine"),
    ])
}

fn rust_flags(root: &Path, work: &Path) -> anyhow::Result<Vec<String>> {
    let folders = renamed_folders(root, work)?.into_iter();
    let renamed =
        folders.map(|(folder, name)| format!("--remap-path-prefix={}={name}", folder.display()));
    Ok(renamed.chain(STACK.map(str::to_owned)).collect())
}

/// QuickJS's assertions name their files as well.
fn c_flags(root: &Path, work: &Path) -> anyhow::Result<String> {
    let base = recipe::ENVIRONMENT
        .iter()
        .find(|(name, _)| *name == "CFLAGS_wasm32_wasip2");
    let mut flags = base.map_or_else(String::new, |(_, flags)| (*flags).to_owned());
    for (folder, name) in renamed_folders(root, work)? {
        flags.push_str(&format!(" -ffile-prefix-map={}={name}", folder.display()));
    }
    Ok(flags)
}

/// Puts what the crates define into the guest.
fn fill_in(guest: &str, place: &str, text: &str) -> anyhow::Result<String> {
    ensure!(
        guest.matches(place).count() == 1,
        "the guest has no single place `{place}`"
    );
    Ok(guest.replace(place, text))
}

fn freeze(component: &[u8]) -> anyhow::Result<Vec<u8>> {
    let engine = Engine::new(Allocation::OnDemand, None)?;
    snapshot(&engine, component, Stage::Started).map_err(|error| match error {
        SnapshotError::Source(fault) => anyhow!("{}: {}", fault.name, fault.message),
        SnapshotError::Broken(error) => error,
    })
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

pub(crate) fn step<T>(what: &str, run: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    println!("{what} …");
    let started = Instant::now();
    let result = run().with_context(|| what.to_owned())?;
    println!("  {:.1} s", started.elapsed().as_secs_f64());
    Ok(result)
}

pub(crate) fn workspace_root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest
        .parent()
        .map_or_else(|| manifest.to_owned(), Path::to_owned)
}
