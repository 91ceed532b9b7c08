//! Edits that bring the runtime closer to Node: timers, evaluation of sources, and the errors that nothing handles.

use super::{Edit, Part};

pub(super) const EDITS: &[Edit] = &[
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
    // A rejection is noted by the runtime's own realm, so that the Action's needs no global for it.
    Edit {
        file: "src/internal/runtime_services.rs",
        times: 1,
        from: "                if let Ok(handler) = ctx
                    .globals()
                    .get::<_, Function>(\"__wasm_rquickjs_rejection_tracker\")",
        to: "                if let Ok(handler) = super::module_loading::main_context(&ctx)
                    .globals()
                    .get::<_, Function>(\"__wasm_rquickjs_rejection_tracker\")",
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
    // A frame is what the engine's call sites write: V8's form.
    Edit {
        file: "src/builtin/internal/errors.js",
        times: 1,
        from: "        let text;
        if (fileName) {
            const location = `${fileName}:${lineNumber}:${columnNumber}`;
            text = functionName ? `${functionName} (${location})` : location;
        } else {
            let isNative = false;
            try {
                isNative = callSite.isNative();
            } catch {
                // Use the generic fallback below.
            }
            text = functionName || '<anonymous>';
            if (isNative) text += ' (native)';
        }
        nativeObjectDefineProperty(lines",
        to: "        const text = callSite.toString();
        nativeObjectDefineProperty(lines",
    },
    Edit {
        file: "src/builtin/internal/errors.js",
        times: 1,
        from: "const _internalErrorStackLinePattern = /^\\s*at construct \\(native\\)\\s*$/;",
        to: "const _internalErrorStackLinePattern = /^\\s*at (?:construct \\(native\\)|Reflect\\.construct \\(<anonymous>\\))\\s*$/;",
    },
];

pub(super) const PARTS: &[Part] = &[
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
