//! What reflection in JavaScript does not show.

use rquickjs::{Array, Ctx, Error, Object, Result, String as JsString, Value, function::Func, qjs};
use std::ffi::CString;

use crate::library;

unsafe extern "C" {
    // See the patches of the engine, crates/js/engine/quickjs.
    fn JS_NewPrivateSymbol(
        ctx: *mut qjs::JSContext,
        description: *const std::ffi::c_char,
    ) -> qjs::JSValue;
    fn JS_PreviewEntries(
        ctx: *mut qjs::JSContext,
        iterator: qjs::JSValue,
        is_key_value: *mut bool,
    ) -> qjs::JSValue;
    fn JS_GetContinuationData(ctx: *mut qjs::JSContext) -> qjs::JSValue;
    fn JS_SetContinuationData(ctx: *mut qjs::JSContext, value: qjs::JSValue);
    fn JS_Places(ctx: *mut qjs::JSContext) -> qjs::JSValue;
}

pub(crate) fn define(native: &Object<'_>) -> Result<()> {
    native.set("classOf", Func::from(class_of))?;
    native.set("proxyDetails", Func::from(proxy_details))?;
    native.set("promiseDetails", Func::from(promise_details))?;
    native.set("markPromiseHandled", Func::from(mark_promise_handled))?;
    native.set("previewEntries", Func::from(preview_entries))?;
    native.set("privateSymbol", Func::from(private_symbol))?;
    native.set("getContinuationData", Func::from(get_continuation_data))?;
    native.set("setContinuationData", Func::from(set_continuation_data))?;
    native.set("places", Func::from(places))?;
    native.set("runJobs", Func::from(run_jobs))?;
    native.set("otherGlobal", Func::from(other_global))?;
    native.set("compile", Func::from(compile))
}

/// A value of the engine, or the exception that it has thrown.
pub(crate) fn owned<'js>(ctx: &Ctx<'js>, value: qjs::JSValue) -> Result<Value<'js>> {
    if unsafe { qjs::JS_IsException(value) } {
        return Err(Error::Exception);
    }
    Ok(unsafe { Value::from_raw(ctx.clone(), value) })
}

/// The number of a value's class in the engine, 0 for what is no object.
fn class_of(value: Value<'_>) -> u32 {
    if !value.is_object() {
        return 0;
    }
    unsafe { qjs::JS_GetClassID(value.as_raw()) }
}

/// `[target, handler]` of a proxy, undefined for other values; `null`s for one that is revoked.
fn proxy_details<'js>(ctx: Ctx<'js>, value: Value<'js>) -> Result<Value<'js>> {
    let raw = value.as_raw();
    if !unsafe { qjs::JS_IsProxy(raw) } {
        return Ok(Value::new_undefined(ctx));
    }
    let details = Array::new(ctx.clone())?;
    for (at, get) in [qjs::JS_GetProxyTarget, qjs::JS_GetProxyHandler]
        .into_iter()
        .enumerate()
    {
        // A proxy that is revoked throws.
        let part = owned(&ctx, unsafe { get(ctx.as_raw().as_ptr(), raw) });
        let part = part.unwrap_or_else(|_| {
            ctx.catch();
            Value::new_null(ctx.clone())
        });
        details.set(at, part)?;
    }
    Ok(details.into_value())
}

/// `[state, result]` of a promise: 0 pending, 1 fulfilled, 2 rejected. Undefined for other values.
fn promise_details<'js>(ctx: Ctx<'js>, value: Value<'js>) -> Result<Value<'js>> {
    let raw = value.as_raw();
    if !unsafe { qjs::JS_IsPromise(raw) } {
        return Ok(Value::new_undefined(ctx));
    }
    let state = unsafe { qjs::JS_PromiseState(ctx.as_raw().as_ptr(), raw) };
    let number = match state {
        qjs::JSPromiseStateEnum_JS_PROMISE_FULFILLED => 1,
        qjs::JSPromiseStateEnum_JS_PROMISE_REJECTED => 2,
        _ => 0,
    };
    let details = Array::new(ctx.clone())?;
    details.set(0, number)?;
    if number > 0 {
        let result = unsafe { qjs::JS_PromiseResult(ctx.as_raw().as_ptr(), raw) };
        details.set(1, owned(&ctx, result)?)?;
    }
    Ok(details.into_value())
}

fn mark_promise_handled<'js>(ctx: Ctx<'js>, promise: Value<'js>) {
    unsafe { qjs::JS_PromiseMarkAsHandled(ctx.as_raw().as_ptr(), promise.as_raw()) };
}

/// `[entries, whether they are keys and values in turn]` of an iterator of a Map or Set, undefined for other values.
fn preview_entries<'js>(ctx: Ctx<'js>, value: Value<'js>) -> Result<Value<'js>> {
    let mut is_key_value = false;
    let entries =
        unsafe { JS_PreviewEntries(ctx.as_raw().as_ptr(), value.as_raw(), &mut is_key_value) };
    let entries = owned(&ctx, entries)?;
    if entries.is_undefined() {
        return Ok(entries);
    }
    let details = Array::new(ctx)?;
    details.set(0, entries)?;
    details.set(1, is_key_value)?;
    Ok(details.into_value())
}

fn private_symbol<'js>(ctx: Ctx<'js>, description: String) -> Result<Value<'js>> {
    let description = CString::new(description).map_err(|_| Error::Unknown)?;
    owned(&ctx, unsafe {
        JS_NewPrivateSymbol(ctx.as_raw().as_ptr(), description.as_ptr())
    })
}

/// Where the caller is in scripts, as the frames of a stack.
fn places(ctx: Ctx<'_>) -> Result<Value<'_>> {
    owned(&ctx, unsafe { JS_Places(ctx.as_raw().as_ptr()) })
}

fn get_continuation_data(ctx: Ctx<'_>) -> Result<Value<'_>> {
    owned(&ctx, unsafe {
        JS_GetContinuationData(ctx.as_raw().as_ptr())
    })
}

fn set_continuation_data<'js>(ctx: Ctx<'js>, value: Value<'js>) {
    unsafe { JS_SetContinuationData(ctx.as_raw().as_ptr(), value.as_raw()) };
}

/// Runs the jobs of promises until there are none.
fn run_jobs(ctx: Ctx<'_>) -> usize {
    let mut count = 0;
    while ctx.execute_pending_job() {
        count += 1;
    }
    count
}

/// Evaluates a text as a sloppy script with this name and returns its value.
fn compile<'js>(ctx: Ctx<'js>, source: JsString<'js>, name: String) -> Result<Value<'js>> {
    let mut options = rquickjs::context::EvalOptions::default();
    options.strict = false;
    options.filename = Some(name.clone());
    let source = source.to_string()?;
    library::parsed(&ctx, &name, || ctx.eval_with_options(source, options))
}

/// The global object of a new realm that has the language's base objects and regular expressions only.
fn other_global(ctx: Ctx<'_>) -> Result<Value<'_>> {
    unsafe {
        let realm = qjs::JS_NewContextRaw(qjs::JS_GetRuntime(ctx.as_raw().as_ptr()));
        if realm.is_null() {
            return Err(Error::Unknown);
        }
        if qjs::JS_AddIntrinsicBaseObjects(realm) < 0 || qjs::JS_AddIntrinsicRegExp(realm) < 0 {
            qjs::JS_FreeContext(realm);
            return Err(Error::Unknown);
        }
        qjs::JS_AddIntrinsicRegExpCompiler(realm);
        // The functions of the realm keep it.
        let global = owned(&ctx, qjs::JS_GetGlobalObject(realm));
        qjs::JS_FreeContext(realm);
        global
    }
}
