//! The changes to QuickJS-ng itself: a copy of its crate, in which counts of references can be frozen.
//!
//! Each change must find its text as often as it says, so that a new version can't be patched by half.

use std::{fs, path::Path};

use anyhow::{Context, ensure};

/// The crate that holds QuickJS-ng's sources.
pub(crate) const CRATE: &str = "rquickjs-sys";

/// Stands behind the accessors of the counts.
const COUNTING: &str = "
/* A count with this bit is frozen, see the end of this file. */
#define JS_FROZEN 0x40000000
/* Kept above the bit, for the collector, which counts down and up again. */
#define JS_FROZEN_MARGIN 0x20000000
/* What lies below is part of the image and is never given back. */
static uint8_t *js_frozen_end;
static inline void js_rc_inc(const void *p) {
    JSMallocBlockHeader *h = js_rc(p);
    if (!(h->ref_count & JS_FROZEN))
        h->ref_count++;
}
static inline int js_rc_dec(const void *p) {
    JSMallocBlockHeader *h = js_rc(p);
    if (h->ref_count & JS_FROZEN)
        return h->ref_count;
    return --h->ref_count;
}
";

/// The collector of cycles counts down and up again; it must count everything.
const COLLECTOR: (&str, &str) = (
    "static void gc_decref_child(JSRuntime *rt, JSGCObjectHeader *p)\n{",
    "static void gc_free_cycles(JSRuntime *rt)\n{",
);

/// Changes the copy of the crate in `work`.
pub(crate) fn patch(work: &Path, freeze: &Path) -> anyhow::Result<()> {
    let file = work.join(CRATE).join("quickjs/quickjs.c");
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let text = with_frozen_counts(&text, &fs::read_to_string(freeze)?)?;
    let text = with_guarded_stacks(&text)?;
    fs::write(&file, with_reported_finalizers(&text)?)?;
    Ok(())
}

/// The longest name in a stack, in bytes. The name of a function can be any string.
const LONGEST_NAME: usize = 1000;

/// Stacks are bounded, and show no function to those whom it calls: with a function of the guest, an Action could reach the host.
fn with_guarded_stacks(text: &str) -> anyhow::Result<String> {
    let text = replace(
        text,
        "dbuf_printf(&dbuf, \"    at %s\", str1);",
        1,
        |found| found.replace("%s", &format!("%.{LONGEST_NAME}s")),
    )?;
    let text = replace(&text, "dbuf_printf(&dbuf, \" (%s\", ", 1, |found| {
        found.replace("%s", &format!("%.{LONGEST_NAME}s"))
    })?;
    replace(
        &text,
        "JS_CFUNC_MAGIC_DEF(\"getFunction\", 0, js_callsite_getfield, offsetof(JSCallSiteData, func)),",
        1,
        |_| "JS_CFUNC_DEF(\"getFunction\", 0, js_callsite_getfunction),".to_owned(),
    )
    .and_then(|text| {
        replace(
            &text,
            "static const JSCFunctionListEntry js_callsite_proto_funcs[] = {\n",
            1,
            |found| format!("{GET_FUNCTION}\n{found}"),
        )
    })
}

/// As in V8, for which all code of the guest is strict.
const GET_FUNCTION: &str = "static JSValue js_callsite_getfunction(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    JSCallSiteData *csd = JS_GetOpaque2(ctx, this_val, JS_CLASS_CALL_SITE);
    if (!csd)
        return JS_EXCEPTION;
    return JS_UNDEFINED;
}
";

/// An error of a callback of a `FinalizationRegistry` ends a process of Node. QuickJS forgets the errors of all its jobs;
/// those of promises become rejections before, and these are the others.
fn with_reported_finalizers(text: &str) -> anyhow::Result<String> {
    replace(
        text,
        "    return JS_Call(ctx, argv[0], JS_UNDEFINED, 1, &argv[1]);\n}\n\nint JS_AddIntrinsicWeakRef",
        1,
        |found| {
            found.replacen(
                "    return JS_Call(ctx, argv[0], JS_UNDEFINED, 1, &argv[1]);\n",
                REPORTED_FINALIZER,
                1,
            )
        },
    )
}

/// The first context is the runtime's own; see turns.js for the function.
const REPORTED_FINALIZER: &str = "    JSValue ret, error, global, report;
    ret = JS_Call(ctx, argv[0], JS_UNDEFINED, 1, &argv[1]);
    if (!JS_IsException(ret))
        return ret;
    error = JS_GetException(ctx);
    ctx = list_entry(ctx->rt->context_list.next, JSContext, link);
    global = JS_GetGlobalObject(ctx);
    report = JS_GetPropertyStr(ctx, global, \"__wasm_rquickjs_handleUncaughtError\");
    ret = JS_Call(ctx, report, JS_UNDEFINED, 1, vc(&error));
    JS_FreeValue(ctx, report);
    JS_FreeValue(ctx, global);
    JS_FreeValue(ctx, error);
    return ret;
";

fn with_frozen_counts(text: &str, freeze: &str) -> anyhow::Result<String> {
    let text = replace(
        text,
        "#define JS_GC_MARK(p)   (js_rc(p)->mark)\n",
        1,
        |found| format!("{found}{COUNTING}"),
    )?;
    let text = replace(
        &text,
        "    if (!ptr)\n        return;\n    b = container_of(ptr, JSMallocBlockHeader, user_data);\n    if (unlikely(b->u.block_idx == JS_ARENA_FREE_NIL)) {\n",
        1,
        |found| {
            found.replacen(
                "if (!ptr)",
                "if (!ptr || (uint8_t *)ptr < js_frozen_end)",
                1,
            )
        },
    )?;
    let start = text
        .find(COLLECTOR.0)
        .context("the collector is not where it was")?;
    let end = text
        .find(COLLECTOR.1)
        .context("the collector does not end where it did")?;
    let (before, collector, after) = (&text[..start], &text[start..end], &text[end..]);
    Ok(format!(
        "{}{collector}{}\n{freeze}",
        counted(before, [6, 8, 1])?,
        counted(after, [1, 9, 0])?
    ))
}

/// Replaces what raises and lowers counts: `[lowered, raised, lowered afterwards]` times.
fn counted(
    text: &str,
    [lowered, raised, lowered_afterwards]: [usize; 3],
) -> anyhow::Result<String> {
    let text = around_count(text, "--", "", "js_rc_dec", lowered)?;
    let text = around_count(&text, "", "++;", "js_rc_inc", raised)?;
    around_count(&text, "", "--;", "js_rc_dec", lowered_afterwards)
}

/// `<prefix>JS_REF_COUNT(x)<suffix>` becomes `<function>(x)` and what of the suffix ends the statement.
fn around_count(
    text: &str,
    prefix: &str,
    suffix: &str,
    function: &str,
    times: usize,
) -> anyhow::Result<String> {
    let opening = format!("{prefix}JS_REF_COUNT(");
    let closing = format!("){suffix}");
    let mut result = String::with_capacity(text.len());
    let (mut rest, mut found) = (text, 0);
    while let Some(at) = rest.find(&opening) {
        let (passed, call) = rest.split_at(at);
        result.push_str(passed);
        let inner = &call[opening.len()..];
        let length = inner.find(')').context("JS_REF_COUNT without an end")?;
        if inner[length..].starts_with(&closing) {
            found += 1;
            result.push_str(&format!("{function}({})", &inner[..length]));
            result.push_str(suffix.trim_start_matches(['+', '-']));
            rest = &inner[length + closing.len()..];
        } else {
            result.push_str(&opening);
            rest = inner;
        }
    }
    ensure!(
        found == times,
        "{opening}…{closing} stands {found} times in quickjs.c, expected {times}"
    );
    result.push_str(rest);
    Ok(result)
}

pub(crate) fn replace(
    text: &str,
    from: &str,
    times: usize,
    to: impl Fn(&str) -> String,
) -> anyhow::Result<String> {
    let found = text.matches(from).count();
    ensure!(
        found == times,
        "found {found} times, expected {times}:\n{from}"
    );
    Ok(text.replace(from, &to(from)))
}
