//! What is changed in the crate that wasm-rquickjs generates, and with what it is compiled.
//!
//! Each edit must find its text as often as it says, so that a new version of the generator can't be patched by half.

use std::{fs, path::Path};

use anyhow::{Context, bail, ensure};

/// What the engine can do: HTTP and `node:http`, all of `node:crypto`, compression, text encodings, time zones.
const FEATURES: &str =
    r#"["p2", "fetch", "node-http", "crypto-full", "zlib", "encoding", "timezone"]"#;

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
            "default" => kept.push_str(&format!("default = {FEATURES}")),
            // For heap.rs.
            "[dependencies]" => kept.push_str("[dependencies]\ndlmalloc = \"0.2.14\""),
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
    /// How often the text must be found.
    times: usize,
    from: &'static str,
    to: &'static str,
}

const EDITS: &[Edit] = &[
    // A snapshot may be taken after a source was loaded, so randomness and time are refreshed when a handler
    // starts, not at the first export that is called. There is no environment to read again.
    Edit {
        file: "src/internal/p2.rs",
        times: 1,
        from: "                INIT_PHASE = InitPhase::Initializing;
                // Refresh entropy before any JS can run, then argv/env.
                super::restore_runtime_state();
                let state = STATE.as_ref().unwrap();
                block_on(JsState::refresh_process_env(state));
                INIT_PHASE = InitPhase::FullyInitialized;",
        to: "                INIT_PHASE = InitPhase::FullyInitialized;",
    },
    Edit { file: "src/internal/mod.rs", times: 1, from: "pub(crate) mod module_loading;", to: "mod heap;\npub(crate) mod module_loading;" },
    Edit {
        file: "src/internal/p2.rs",
        times: 1,
        from: "                ctx.run_gc();
                ctx.run_gc();
",
        to: "                ctx.run_gc();
                ctx.run_gc();
                super::heap::close(&ctx);
",
    },
    // The result of an evaluation went through a property of the global object; taking that away again copies the
    // object's whole shape, which costs a login more than parsing a small Action.
    Edit {
        file: "src/builtin/vm.rs",
        times: 1,
        from: "        let global = qjs::JS_GetGlobalObject(ctx.as_raw().as_ptr());
        qjs::JS_SetPropertyStr(ctx.as_raw().as_ptr(), global, temp_key.as_ptr(), val);
        qjs::JS_FreeValue(ctx.as_raw().as_ptr(), global);
    }
    let globals = ctx.globals();
    let result: Value = globals.get(\"__wasm_rquickjs_eval_tmp\")?;
    globals.remove(\"__wasm_rquickjs_eval_tmp\")?;
    Ok(result)
}

fn check_syntax_with_filename_impl(",
        to: "        let _ = temp_key;
        Ok(Value::from_raw(ctx.clone(), val))
    }
}

fn check_syntax_with_filename_impl(",
    },
    // The guest is part of the runtime: it may import what is hidden from users' modules.
    Edit {
        file: "src/internal/module_loading.rs",
        times: 1,
        from: "        (base == crate::JS_EXPORT_MODULE_NAME && !is_reserved_embedded_module_name(base))
            || base == \"<input>\"",
        to: "        base == \"<input>\"",
    },
    Edit { file: "src/internal/mod.rs", times: 1, from: "fn restore_runtime_state() {", to: "pub fn restore_runtime_state() {" },
    // Both handlers.
    Edit {
        file: "src/lib.rs",
        times: 2,
        from: "    ) -> Result<(), crate::bindings::Fault> {
        crate::internal::async_exported_function(",
        to: "    ) -> Result<(), crate::bindings::Fault> {
        crate::internal::restore_runtime_state();
        crate::internal::async_exported_function(",
    },
];

/// Puts our own module into the generated crate and applies [`EDITS`] to it.
pub(crate) fn edit_sources(crate_folder: &Path, heap: &Path) -> anyhow::Result<()> {
    fs::copy(heap, crate_folder.join("src/internal/heap.rs"))?;
    for edit in EDITS {
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
    for tool in ["clang-22", "llvm-ar-22"] {
        let found = std::process::Command::new(tool)
            .arg("--version")
            .output()
            .is_ok_and(|output| output.status.success());
        if !found {
            bail!(
                "{tool} is missing\nhint: on Debian 12: apt-get install clang-22 lld-22 llvm-22 libclang-rt-22-dev-wasm32 wasi-libc; \
                 then rustup target add wasm32-wasip2"
            );
        }
    }
    Ok(())
}
