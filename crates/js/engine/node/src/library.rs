//! The sources of Node's library, packed by `build.rs`.

use flate2::read::DeflateDecoder;
use rquickjs::{Ctx, Object, Result, Value, function::Func, qjs};
use std::{
    borrow::Cow,
    ffi::{CStr, c_char, c_int},
    io::Read,
    ptr,
    sync::OnceLock,
};

use crate::bytes;

/// For each source: two bytes with the length of its id, the id, four bytes with the length of what follows, and the
/// source, packed by deflate. Numbers begin with the lowest byte.
static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/library.deflate"));

unsafe extern "C" {
    // See the patches of the engine, crates/js/engine/quickjs.
    fn JS_SetSourceHook(
        rt: *mut qjs::JSRuntime,
        hook: extern "C" fn(*const c_char, c_int, *mut c_char, c_int) -> bool,
    );
    fn JS_LeaveSource(rt: *mut qjs::JSRuntime, leaves: bool, is_body: bool);
}

pub(crate) fn define(ctx: &Ctx<'_>, native: &Object<'_>) -> Result<()> {
    // SAFETY: the context is alive, and so is its runtime.
    unsafe {
        JS_SetSourceHook(qjs::JS_GetRuntime(ctx.as_raw().as_ptr()), part_of_source);
    }
    native.set("librarySource", Func::from(source))
}

/// Ids and packed sources.
fn entries() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    let mut rest = PACKED;
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk()?;
        let (id, after) = after.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
        let (length, after) = after.split_first_chunk()?;
        let (packed, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        rest = after;
        Some((str::from_utf8(id).ok()?, packed))
    })
}

fn unpacked(id: &str) -> Option<String> {
    let (_, packed) = entries().find(|(known, _)| *known == id)?;
    let mut text = String::new();
    DeflateDecoder::new(packed).read_to_string(&mut text).ok()?;
    Some(text)
}

/// Returns the text of a script by its name.
type TextOf = fn(&str) -> Option<Cow<'static, str>>;

static TEXT_OF: OnceLock<TextOf> = OnceLock::new();

/// Sets what knows the texts of scripts that are not the library's.
pub fn set_text_of(text_of: TextOf) {
    // A second runtime has the same scripts.
    let _ = TEXT_OF.set(text_of);
}

/// A script whose functions leave their source to it.
enum Script<'a> {
    /// A module of the library, by its id. It is compiled as the body of a function.
    Module(&'a str),
    Whole(Cow<'static, str>),
}

fn script(file: &str) -> Option<Script<'_>> {
    if let Some(text) = crate::script(file) {
        return Some(Script::Whole(text.into()));
    }
    if let Some(id) = file.strip_prefix("node:") {
        return entries()
            .any(|(known, _)| known == id)
            .then_some(Script::Module(id));
    }
    TEXT_OF.get()?(file).map(Script::Whole)
}

/// Undefined for an id that is not there.
fn source<'js>(ctx: Ctx<'js>, id: String) -> Result<Value<'js>> {
    match unpacked(&id) {
        Some(source) => bytes::text(&ctx, &source),
        None => Ok(Value::new_undefined(ctx.clone())),
    }
}

/// Runs `parse`, which parses a file: functions of the library and of the runtime do not keep copies of their source, which are more
/// than twice as long as the sources themselves.
pub fn parsed<T>(ctx: &Ctx<'_>, file: &str, parse: impl FnOnce() -> T) -> T {
    // SAFETY: as in `define`.
    let leave = |leaves, is_body| unsafe {
        JS_LeaveSource(qjs::JS_GetRuntime(ctx.as_raw().as_ptr()), leaves, is_body);
    };
    let script = script(file);
    leave(script.is_some(), matches!(script, Some(Script::Module(_))));
    let result = parse();
    leave(false, false);
    result
}

/// Called by the engine for the source of a function.
extern "C" fn part_of_source(
    file: *const c_char,
    at: c_int,
    out: *mut c_char,
    length: c_int,
) -> bool {
    // SAFETY: the engine passes a name that ends with NUL.
    let file = unsafe { CStr::from_ptr(file) };
    let source = match file.to_str().ok().and_then(script) {
        Some(Script::Module(id)) => unpacked(id).map(Cow::Owned),
        Some(Script::Whole(text)) => Some(text),
        None => None,
    };
    let (Some(source), Ok(at), Ok(length)) = (source, usize::try_from(at), usize::try_from(length))
    else {
        return false;
    };
    let Some(part) = source.as_bytes().get(at..at.saturating_add(length)) else {
        return false;
    };
    // SAFETY: `out` has room for `length` bytes.
    unsafe { ptr::copy_nonoverlapping(part.as_ptr(), out.cast(), length) };
    true
}
