//! Edits that put Node's own library in the place of the runtime's imitations, and those about evaluation and timers.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Context;

use super::Edit;

/// Files of `crates/js/engine` that join the generated crate.
pub(super) const FILES: &[(&str, &str)] = &[
    ("runtime/library.js", "src/builtin/library.js"),
    ("runtime/imitations.js", "src/builtin/imitations.js"),
    ("runtime/node.rs", "src/builtin/node.rs"),
    ("runtime/web_crypto.rs", "src/builtin/web_crypto_lite.rs"),
];

pub(super) const EDITS: &[Edit] = &[
    // Node's library, before all else.
    Edit {
        file: "src/builtin/mod.rs",
        times: 1,
        from: "mod net;
",
        to: "mod net;
mod node;
",
    },
    Edit {
        file: "src/builtin/mod.rs",
        times: 1,
        from: "        .with_module(\"__wasm_rquickjs_builtin/timeout_native\")
",
        to: "        .with_module(\"__wasm_rquickjs_builtin/timeout_native\")
        .with_module(\"__wasm_rquickjs_builtin/node_native\")
        .with_module(\"__wasm_rquickjs_builtin/imitations\")
",
    },
    Edit {
        file: "src/builtin/mod.rs",
        times: 1,
        from: "    let native_loader = native_loader.with_module(
        \"__wasm_rquickjs_builtin/child_process_native\",
",
        to: "    let native_loader = native_loader.with_module(\"__wasm_rquickjs_builtin/node_native\", node::js_native_module);
    let native_loader = native_loader.with_module(
        \"__wasm_rquickjs_builtin/child_process_native\",
",
    },
    Edit {
        file: "src/builtin/mod.rs",
        times: 1,
        from: "        .with_module(\"__wasm_rquickjs_builtin/timeout\", timeout::TIMEOUT_JS)
",
        to: "        .with_module(\"__wasm_rquickjs_builtin/timeout\", node::LIBRARY_JS)
        .with_module(\"__wasm_rquickjs_builtin/imitations\", node::IMITATIONS_JS)
",
    },
    Edit {
        file: "src/builtin/mod.rs",
        times: 1,
        from: "pub fn wire_builtins() -> String {
",
        to: "pub fn wire_builtins() -> String {
    node::WIRE_JS.to_owned()
}

pub(crate) fn wire_imitations() -> String {
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

/// Modules of the runtime whose place Node's own take: the file of the imitation, and the module of the library.
const REPLACED: &[(&str, &str)] = &[
    ("assert.js", "assert"),
    ("async_hooks.js", "async_hooks"),
    ("buffer.js", "buffer"),
    ("console.js", "console"),
    ("constants.js", "constants"),
    ("diagnostics_channel.js", "diagnostics_channel"),
    ("dgram.js", "dgram"),
    ("dns.js", "dns"),
    ("dns_promises.js", "dns/promises"),
    ("domain.js", "domain"),
    ("events.js", "events"),
    ("fs.js", "fs"),
    ("fs_promises.js", "fs/promises"),
    ("https.js", "https"),
    ("net.js", "net"),
    ("node_http.js", "http"),
    ("os.js", "os"),
    ("path.js", "path"),
    ("perf_hooks.js", "perf_hooks"),
    ("process.js", "process"),
    ("punycode.js", "punycode"),
    ("querystring.js", "querystring"),
    ("readline.js", "readline"),
    ("readline_promises.js", "readline/promises"),
    ("stream.js", "stream"),
    ("stream_consumers.js", "stream/consumers"),
    ("stream_promises.js", "stream/promises"),
    ("string_decoder.js", "string_decoder"),
    ("timers.js", "timers"),
    ("timers_promises.js", "timers/promises"),
    ("tls.js", "tls"),
    ("tty.js", "tty"),
    ("url.js", "url"),
    ("util.js", "util"),
    ("v8.js", "v8"),
    ("web-crypto.js", "crypto"),
    ("worker_threads.js", "worker_threads"),
    ("zlib.js", "zlib"),
    ("webstreams.js", "stream/web"),
];

/// Other files of the runtime, as modules over Node's own or empty.
const REWRITTEN: &[(&str, &str)] = &[
    (
        "abort_controller.js",
        "export const { AbortController, AbortSignal, DOMException, Event, EventTarget } = globalThis;\n",
    ),
    (
        "fetch-blob-4.0.0.js",
        "export const { Blob, File } = node.require('buffer');\nexport default Blob;\n",
    ),
    (
        "encoding.js",
        "export const { TextDecoder, TextEncoder } = globalThis;\n",
    ),
    ("formdata-polyfill-4.0.10.js", ""),
    ("http.js", ""),
    ("node_http_agent.js", ""),
    ("node_http_common.js", ""),
    ("node_http_incoming.js", ""),
    ("node_http_server.js", ""),
    ("structured_clone.js", ""),
    (
        "module.js",
        // For child_process: the library's `require`, and no children that are evaluated inside of the runtime.
        "export default {
    require: globalThis.require,
    __wasm_rquickjs_begin_inline_child_module_state() {
        throw Object.assign(new Error('spawn node ENOSYS'), { errno: -38, code: 'ENOSYS', syscall: 'spawn node' });
    },
};
export const require = undefined;
",
    ),
    ("test.js", "export default {};\n"),
    ("trace_events.js", "export default {};\n"),
    ("web-streams-polyfill-4.1.0.js", ""),
    (
        "internal/streams/duplex.js",
        "export default node.require('stream').Duplex;\n",
    ),
    (
        "internal/streams/readable.js",
        "export default node.require('stream').Readable;\n",
    ),
    (
        "internal/streams/transform.js",
        "export default node.require('stream').Transform;\n",
    ),
    (
        "internal/streams/writable.js",
        "export default node.require('stream').Writable;\n",
    ),
    (
        "internal/util/inspect.js",
        "export const { inspect, format, formatWithOptions } = node.require('util');\n",
    ),
];

const IMPORT: &str = "import { node } from '__wasm_rquickjs_builtin/timeout';\n";

/// Writes modules over Node's library into the generated crate, in the place of the imitations.
pub(super) fn replace_modules(crate_folder: &Path, library: &Path) -> anyhow::Result<()> {
    let folder = crate_folder.join("src/builtin");
    let shapes: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(library.join("shapes.json"))?)?;
    let keys: BTreeMap<String, Vec<String>> = serde_json::from_value(shapes["$keys"].clone())?;
    for (file, id) in REPLACED {
        let names = keys
            .get(*id)
            .with_context(|| format!("Node has no module {id}"))?;
        // What a module exports may be a word of the language.
        let exports: Vec<String> = names
            .iter()
            .enumerate()
            .map(|(at, name)| format!("const $${at} = $$.{name};\nexport {{ $${at} as {name} }};"))
            .collect();
        let text = format!(
            "{IMPORT}const $$ = node.require('{id}');\nexport default $$;\n{}\n",
            exports.join("\n")
        );
        replace_file(&folder.join(file), &text)?;
    }
    for (file, text) in REWRITTEN {
        replace_file(&folder.join(file), &format!("{IMPORT}{text}"))?;
    }
    Ok(())
}

fn replace_file(file: &Path, text: &str) -> anyhow::Result<()> {
    anyhow::ensure!(file.exists(), "{} is not there any more", file.display());
    Ok(fs::write(file, text)?)
}
