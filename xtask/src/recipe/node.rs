//! Edits that put Node's own library in the place of the runtime's imitations, and those about evaluation and timers.

use std::{fs, path::Path};

use anyhow::{Context, ensure};

use super::Edit;

/// Files of `crates/js/engine` that join the generated crate.
pub(super) const FILES: &[(&str, &str)] = &[
    ("runtime/library.js", "src/builtin/library.js"),
    ("runtime/imitations.js", "src/builtin/imitations.js"),
    ("runtime/node.rs", "src/builtin/node.rs"),
    ("runtime/web_crypto.rs", "src/builtin/web_crypto_lite.rs"),
];

pub(super) const EDITS: &[Edit] = &[
    // The runtime's modules: only ours, and what they import. Users' files are the guest's to load.
    Edit { file: "src/builtin/mod.rs", times: 1, from: "mod net;\n", to: "mod net;\npub(crate) mod node;\n" },
    Edit {
        file: "src/builtin/mod.rs",
        times: 1,
        from: "pub fn wire_builtins() -> String {
",
        to: "pub fn wire_builtins() -> String {
    node::WIRE_JS.to_owned()
}

pub(crate) fn wire_all_builtins() -> String {
",
    },
    Edit {
        file: "src/internal/module_loading.rs",
        times: 1,
        from: "pub(crate) async fn initialize_module_loading(rt: &AsyncRuntime, ctx: &AsyncContext) {
",
        to: "pub(crate) async fn initialize_module_loading(rt: &AsyncRuntime, _: &AsyncContext) {
    let resolver = crate::modules::add_native_module_resolvers(BuiltinResolver::default())
        .with_module(crate::JS_EXPORT_MODULE_NAME);
    let resolver = (SealedResolver, crate::builtin::node::add_module_resolvers(resolver));
    let loader = (crate::modules::module_loader(), crate::builtin::node::module_loader());
    rt.set_loader(resolver, loader).await;
}

async fn initialize_all_module_loading(rt: &AsyncRuntime, ctx: &AsyncContext) {
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
];

/// The module that the runtime's `vm` imports, as a module of Node's library gets it.
const OF_VM: &str = "'use strict';
const { evalInNewContext, evalWithFilename, extractSourceMapURL, createPrivateWeakMap, createPrivateWeakSet } = internalBinding('postlogin_vm');
const schemelessSyncableBuiltinNames = () => [];
const syncableBuiltinNames = schemelessSyncableBuiltinNames;
const pathModule = require('path');
const { pathToFileURL } = require('url');
";

/// Node's `vm` has no classes of modules without a switch, and measures memory.
const EXPORTS_OF_VM: &str =
    "const { Module: _, SourceTextModule: __, SyntheticModule: ___, ...asInNode } = vmExports;
module.exports = {
    ...asInNode,
    async measureMemory() {
        throw new Error('postlogin does not measure memory');
    },
};
";

/// Writes the runtime's `vm`, which is an ES module of the generated crate, into the folder of Node's library.
pub(super) fn take_vm(crate_folder: &Path, library: &Path) -> anyhow::Result<()> {
    let file = crate_folder.join("src/builtin/vm.js");
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let start = text
        .find("\n\nlet contextIdCounter")
        .context("vm.js does not begin as it did")?;
    let body = text[start..]
        .replace(
            "\nexport default vmExports;\n",
            &format!("\n{EXPORTS_OF_VM}"),
        )
        .replace("\nexport ", "\n");
    ensure!(
        body.contains(EXPORTS_OF_VM) && !body.contains("\nimport "),
        "vm.js does not import and export as it did"
    );
    let text = format!("{OF_VM}{body}");
    let target = library.join("vm.js");
    // An unchanged file costs no build.
    if fs::read_to_string(&target).is_ok_and(|there| there == text) {
        return Ok(());
    }
    Ok(fs::write(target, text)?)
}
