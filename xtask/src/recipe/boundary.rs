//! Edits for the boundary of the engine: what starts and ends an export, what is frozen, and what code may import.

use super::Edit;

pub(super) const EDITS: &[Edit] = &[
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
    // The guest is part of the runtime: it may import what is hidden from users' modules.
    Edit {
        file: "src/internal/module_loading.rs",
        times: 1,
        from: "        (base == crate::JS_EXPORT_MODULE_NAME && !is_reserved_embedded_module_name(base))
            || base == \"<input>\"",
        to: "        base == \"<input>\"",
    },
    Edit { file: "src/internal/mod.rs", times: 1, from: "fn restore_runtime_state() {", to: "pub fn restore_runtime_state() {" },
    // Nothing asks for the origin of a clock that Node's library does not use.
    Edit { file: "src/internal/mod.rs", times: 1, from: "    crate::builtin::perf_hooks::reset_time_origin();\n", to: "" },
    // The host has no resources of the guest's.
    Edit {
        file: "src/internal/p2.rs",
        times: 1,
        from: "        use futures::StreamExt;

        let result =
            if let Some(mut resource_drop_queue_rx) = js_state.resource_drop_queue_rx.take() {
                let resource_dropper = async move {
                    while let Some(resource_id) = resource_drop_queue_rx.next().await {
                        if resource_id > 0 {
                            drop_js_resource(resource_id).await;
                        } else {
                            break;
                        }
                    }
                    resource_drop_queue_rx
                };

                // Finish resource dropper
                js_state
                    .resource_drop_queue_tx
                    .unbounded_send(0)
                    .expect(\"Failed to enqueue resource dropper stop signal\");
                let (result, resource_drop_queue_rx) = (future, resource_dropper).join().await;
                js_state
                    .resource_drop_queue_rx
                    .replace(Some(resource_drop_queue_rx));

                result
            } else {
                // This case will never happen because block_on does not allow reentry
                unreachable!()
            };
",
        to: "        let result = future.await;
",
    },
    // What each login calls is looked up once.
    Edit {
        file: "src/internal/p2.rs",
        times: 1,
        from: "                ctx.run_gc();
                ctx.run_gc();
",
        to: "                get_cached_js_export(state, &ctx, \"postlogin:actions\", &[\"loader\", \"load\"], 3);
                get_cached_js_export(state, &ctx, \"postlogin:actions\", &[\"loader\", \"run\"], 3);
                ctx.run_gc();
                ctx.run_gc();
",
    },
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

/// The runtime's own realm, whatever realm's code is running; before the engine is complete, the running one.
pub(crate) fn main_context<'js>(ctx: &Ctx<'js>) -> Ctx<'js> {
    match std::ptr::NonNull::new(MAIN_CONTEXT.load(Ordering::Relaxed)) {
        Some(main) => unsafe { Ctx::from_raw(main) },
        None => ctx.clone(),
    }
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
    // The run of a handler.
    Edit {
        file: "src/lib.rs",
        times: 1,
        from: "        input: crate::bindings::exports::postlogin::actions::loader::Json,
    ) -> Result<(), crate::bindings::exports::postlogin::actions::loader::Fault> {
        crate::internal::async_exported_function(",
        to: "        input: crate::bindings::exports::postlogin::actions::loader::Json,
    ) -> Result<(), crate::bindings::exports::postlogin::actions::loader::Fault> {
        crate::internal::restore_runtime_state();
        crate::internal::async_exported_function(",
    },
];
