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
                seal(&ctx);
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
    // A handler that has returned is not kept by what it has left pending: see also reactor.rs.
    Edit {
        file: "src/internal/p2.rs",
        times: 1,
        from: "        drain_and_idle(js_state).await;
        result
",
        to: "        run_turn_checkpoint(js_state).await;
        result
",
    },
    // What the guest exports is for the host alone.
    Edit {
        file: "src/internal/p2.rs",
        times: 1,
        from: "static mut STATE: Option<JsState> = None;
",
        to: "static mut STATE: Option<JsState> = None;
static mut USER_MODULE: Option<Persistent<Object<'static>>> = None;

/// Takes the guest off the global object, and ends imports.
#[allow(static_mut_refs)]
fn seal(ctx: &Ctx<'_>) {
    let module: Object = ctx.globals().get(\"userModule\").expect(\"the guest is there\");
    unsafe { USER_MODULE = Some(Persistent::save(ctx, module)) };
    ctx.globals().remove(\"userModule\").expect(\"the guest can be hidden\");
    super::module_loading::seal(ctx);
}

#[allow(static_mut_refs)]
fn user_module<'js>(ctx: &Ctx<'js>) -> Object<'js> {
    match unsafe { USER_MODULE.clone() } {
        Some(module) => module.restore(ctx).expect(\"the guest is of this runtime\"),
        None => ctx.globals().get(\"userModule\").expect(\"Failed to get userModule\"),
    }
}
",
    },
    Edit {
        file: "src/internal/p2.rs",
        times: 1,
        from: "    let module: Object = ctx
        .globals()
        .get(\"userModule\")
        .expect(\"Failed to get userModule\");
",
        to: "    let module: Object = user_module(ctx);
",
    },
    // Scripts import nothing. Only modules of the runtime's own are loaded later, by `require`.
    Edit {
        file: "src/internal/module_loading.rs",
        times: 1,
        from: "struct PrivateBuiltinResolverGuard;

impl PrivateBuiltinResolverGuard {",
        to: "static MAIN_CONTEXT: std::sync::atomic::AtomicPtr<rquickjs::qjs::JSContext> =
    std::sync::atomic::AtomicPtr::new(std::ptr::null_mut());
static BUILTINS_LOADING: AtomicUsize = AtomicUsize::new(0);

/// The engine is complete: from now on every import is refused, in the words of Node.
pub(crate) fn seal(ctx: &Ctx<'_>) {
    MAIN_CONTEXT.store(ctx.as_raw().as_ptr(), Ordering::Relaxed);
}

/// Runs what compiles a module of the runtime's own, which may import others.
pub(crate) fn loading_builtin<T>(is_builtin: bool, compile: impl FnOnce() -> T) -> T {
    BUILTINS_LOADING.fetch_add(usize::from(is_builtin), Ordering::Relaxed);
    let result = compile();
    BUILTINS_LOADING.fetch_sub(usize::from(is_builtin), Ordering::Relaxed);
    result
}

struct SealedResolver;

impl Resolver for SealedResolver {
    fn resolve<'js>(
        &mut self,
        _ctx: &Ctx<'js>,
        base: &str,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<String> {
        let Some(main) = std::ptr::NonNull::new(MAIN_CONTEXT.load(Ordering::Relaxed)) else {
            return Err(Error::new_resolving(base, name));
        };
        let is_host = name.starts_with(\"postlogin:\") || name == crate::JS_EXPORT_MODULE_NAME;
        if BUILTINS_LOADING.load(Ordering::Relaxed) > 0 && !is_host {
            return Err(Error::new_resolving(base, name));
        }
        let main: Ctx<'js> = unsafe { Ctx::from_raw(main) };
        throw_native_coded_error(
            &main,
            \"A dynamic import callback was not specified.\",
            \"ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING\",
            true,
        )
    }
}

struct PrivateBuiltinResolverGuard;

impl PrivateBuiltinResolverGuard {",
    },
    Edit {
        file: "src/internal/module_loading.rs",
        times: 1,
        from: "    let resolver = (
        (
            RealmGuardResolver,",
        to: "    let resolver = (
        SealedResolver,
        (
            RealmGuardResolver,",
    },
    Edit {
        file: "src/builtin/vm.rs",
        times: 1,
        from: "    let compiled_module = unsafe {
        qjs::JS_Eval(
            ctx.as_raw().as_ptr(),
            src.as_ptr(),
            code.len() as _,
            fname.as_ptr(),
            (qjs::JS_EVAL_TYPE_MODULE | qjs::JS_EVAL_FLAG_COMPILE_ONLY) as i32,
        )
    };",
        to: "    let is_builtin = wrapper_kind == \"require-builtin\";
    let compiled_module = crate::internal::module_loading::loading_builtin(is_builtin, || unsafe {
        qjs::JS_Eval(
            ctx.as_raw().as_ptr(),
            src.as_ptr(),
            code.len() as _,
            fname.as_ptr(),
            (qjs::JS_EVAL_TYPE_MODULE | qjs::JS_EVAL_FLAG_COMPILE_ONLY) as i32,
        )
    });",
    },
    // NUL is a character like others.
    Edit {
        file: "src/builtin/vm.rs",
        times: 2,
        from: "    let src = CString::new(code).map_err(|_| rquickjs::Error::Unknown)?;
    let fname = CString::new(filename).map_err(|_| rquickjs::Error::Unknown)?;",
        to: "    let src = [code.as_bytes(), &[0]].concat();
    let fname = CString::new(filename.replace('\\0', \"\\u{fffd}\")).map_err(|_| rquickjs::Error::Unknown)?;",
    },
    Edit {
        file: "src/builtin/vm.rs",
        times: 3,
        from: "            src.as_ptr(),
            code.len() as _,",
        to: "            src.as_ptr().cast(),
            code.len() as _,",
    },
    // Timers: see timers.js.
    Edit {
        file: "src/builtin/timeout.rs",
        times: 1,
        from: "    #[rquickjs::function]
    pub fn ref_timer_count(",
        to: "    /// Milliseconds on the monotonic clock.
    #[rquickjs::function]
    pub fn now() -> f64 {
        wasip2::clocks::monotonic_clock::now() as f64 / 1e6
    }

    #[rquickjs::function]
    pub fn ref_timer_count(",
    },
    Edit {
        file: "src/builtin/timeout.rs",
        times: 1,
        from: "        let mut args = Args::new(ctx.clone(), restored_args.len());
        args.push_args(&restored_args)?;
        func.call_arg(args)
",
        to: "        let _ = restored_args;
        // One callback at a time: each is a turn of its own.
        loop {
            match func.call::<_, bool>(()) {
                Ok(true) => run_process_turn_checkpoint(&ctx)?,
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            };
        }
",
    },
    Edit { file: "src/builtin/timeout.rs", times: 1, from: "use rquickjs::function::Args;\n", to: "" },
    Edit {
        file: "src/builtin/process.js",
        times: 1,
        from: "import EventEmitter from 'node:events';
",
        to: "import EventEmitter from 'node:events';
import { hooks as __hooks, turnEnded as __turnEnded, wake as __wake } from '__wasm_rquickjs_builtin/timeout';
",
    },
    Edit {
        file: "src/builtin/process.js",
        times: 1,
        from: "            process.stderr.write(_formatDefaultWarning(obj, isDeprecationWarning) + '\\n');",
        to: "            (__hooks.warn ?? process.stderr.write)(_formatDefaultWarning(obj, isDeprecationWarning) + '\\n');",
    },
    // Errors of listeners end the process, as in Node.
    Edit {
        file: "src/builtin/events.js",
        times: 1,
        from: "                        entry.listener.call(this, event);
                    } else if",
        to: "                        const result = entry.listener.call(this, event);
                        if (typeof result?.then === 'function') result.then(undefined, globalThis.__wasm_rquickjs_raise);
                    } else if",
    },
    Edit {
        file: "src/builtin/events.js",
        times: 1,
        from: "                    // Swallow errors in event listeners
",
        to: "                    globalThis.__wasm_rquickjs_raise(e);
",
    },
    Edit {
        file: "src/builtin/abort_controller.js",
        times: 1,
        from: "                // Ignore errors in onabort handler
",
        to: "                globalThis.__wasm_rquickjs_raise(e);
",
    },
    Edit {
        file: "src/builtin/abort_controller.js",
        times: 1,
        from: "                item.listener.call(this, event);
            } catch (e) {
                // Ignore errors in event listeners
",
        to: "                const result = item.listener.call(this, event);
                if (typeof result?.then === 'function') result.then(undefined, globalThis.__wasm_rquickjs_raise);
            } catch (e) {
                globalThis.__wasm_rquickjs_raise(e);
",
    },
    Edit {
        file: "src/builtin/node_http.js",
        times: 1,
        from: "            if (!this.push(buf)) {
",
        to: "            let hasRoom = true;
            try {
                hasRoom = this.push(buf);
            } catch (error) {
                globalThis.__wasm_rquickjs_handleUncaughtError(error);
            }
            if (!hasRoom) {
",
    },
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

/// A part of a file that is taken out, and the file of `crates/js/engine` that stands there instead.
struct Part {
    file: &'static str,
    /// Where the part begins.
    from: &'static str,
    /// What follows it.
    to: &'static str,
    with: &'static str,
}

const PARTS: &[Part] = &[
    Part {
        file: "src/builtin/process.js",
        from: "// nextTick queue: callbacks are drained at Node.js-style checkpoints exposed",
        to: "let _umask = 0o022;",
        with: "runtime/turns.js",
    },
    Part {
        file: "src/builtin/process.js",
        from: "const _pendingRejections = new Map();",
        to: "globalThis.__wasm_rquickjs_begin_require_esm_rejection_scope = function() {",
        with: "runtime/rejections.js",
    },
];

/// Puts our own files, from `ours`, into the generated crate and applies [`EDITS`] and [`PARTS`] to it.
pub(crate) fn edit_sources(crate_folder: &Path, ours: &Path) -> anyhow::Result<()> {
    fs::copy(
        ours.join("heap.rs"),
        crate_folder.join("src/internal/heap.rs"),
    )?;
    fs::copy(
        ours.join("runtime/timers.js"),
        crate_folder.join("src/builtin/timeout.js"),
    )?;
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
    for Part {
        file,
        from,
        to,
        with,
    } in PARTS
    {
        let path = crate_folder.join(file);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let (before, rest) = text
            .split_once(from)
            .with_context(|| format!("{file} has no `{from}`"))?;
        let (_, after) = rest
            .split_once(to)
            .with_context(|| format!("{file} has no `{to}` behind `{from}`"))?;
        let part = fs::read_to_string(ours.join(with))?;
        fs::write(&path, format!("{before}{part}{to}{after}"))?;
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
