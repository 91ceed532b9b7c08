//! What is changed in QuickJS-ng itself: a copy of its crate, in which counts of references can be frozen.
//!
//! Each change must find its text as often as it says, so that a new version can't be patched by half.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, ensure};

/// The crate that holds QuickJS-ng's sources.
const CRATE: &str = "rquickjs-sys";

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

/// Copies the crate next to the generated one and changes the copy; the generated manifest takes it from there.
pub(crate) fn patch(generated: &Path, work: &Path, freeze: &Path) -> anyhow::Result<()> {
    let copy = work.join(CRATE);
    if copy.exists() {
        fs::remove_dir_all(&copy)?;
    }
    let source = source_folder(&generated.join("Cargo.toml"))?;
    copy_folder(&source, &copy).with_context(|| source.display().to_string())?;
    let file = copy.join("quickjs/quickjs.c");
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    fs::write(
        &file,
        with_frozen_counts(&text, &fs::read_to_string(freeze)?)?,
    )?;
    let manifest = generated.join("Cargo.toml");
    let text = fs::read_to_string(&manifest)?;
    fs::write(
        &manifest,
        format!("{text}\n[patch.crates-io]\n{CRATE} = {{ path = \"../{CRATE}\" }}\n"),
    )?;
    Ok(())
}

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

fn replace(
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

/// Where Cargo keeps the sources of the crate.
fn source_folder(manifest: &Path) -> anyhow::Result<std::path::PathBuf> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--manifest-path"])
        .arg(manifest)
        .output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout)?;
    let end = text
        .match_indices("/Cargo.toml\"")
        .map(|(at, _)| &text[..at])
        .find(|before| before.rsplit('"').next().is_some_and(is_versioned))
        .with_context(|| format!("the generated crate does not depend on {CRATE}"))?;
    Ok(end.rsplit('"').next().unwrap_or_default().into())
}

fn is_versioned(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| {
        name.strip_prefix(CRATE)
            .and_then(|rest| rest.strip_prefix('-'))
            .is_some_and(|version| version.starts_with(|first: char| first.is_ascii_digit()))
    })
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
