//! Bytes and texts of JavaScript.

use rquickjs::{Ctx, Error, Object, Result, TypedArray, Value, function::Func, qjs};
use std::{ptr::NonNull, slice};

use crate::value::owned;

pub(crate) fn define(native: &Object<'_>) -> Result<()> {
    native.set("bytesFromText", Func::from(bytes_from_text))?;
    native.set("byteLengthUtf8", Func::from(byte_length_utf8))
}

/// The bytes of an ArrayBuffer or Uint8Array; none of what is detached or something else.
///
/// The slice must not be used after JavaScript has run, which may detach the buffer.
pub(crate) fn of<'a>(ctx: &Ctx<'_>, value: &'a Value<'_>) -> &'a mut [u8] {
    let mut size: usize = 0;
    let raw = value.as_raw();
    let context = ctx.as_raw().as_ptr();
    let start = unsafe {
        if qjs::JS_IsArrayBuffer(raw) {
            qjs::JS_GetArrayBuffer(context, &mut size as *mut usize as *mut _, raw)
        } else {
            qjs::JS_GetUint8Array(context, &mut size as *mut usize as *mut _, raw)
        }
    };
    match NonNull::new(start) {
        Some(start) => unsafe { slice::from_raw_parts_mut(start.as_ptr(), size) },
        None => {
            if ctx.has_exception() {
                ctx.catch();
            }
            &mut []
        }
    }
}

/// A text's units of UTF-16. Fails for what is no text.
pub(crate) fn units(ctx: &Ctx<'_>, text: &Value<'_>) -> Result<Vec<u16>> {
    let mut length: usize = 0;
    let context = ctx.as_raw().as_ptr();
    let start = unsafe {
        qjs::JS_ToCStringLenUTF16(context, &mut length as *mut usize as *mut _, text.as_raw())
    };
    if start.is_null() {
        return Err(Error::Exception);
    }
    let units = unsafe { slice::from_raw_parts(start, length) }.to_vec();
    unsafe { qjs::JS_FreeCStringUTF16(context, start) };
    Ok(units)
}

/// A text as UTF-8, lone surrogates replaced by U+FFFD.
pub(crate) fn utf8(ctx: &Ctx<'_>, text: &Value<'_>) -> Result<String> {
    if let Some(string) = text.as_string()
        && let Ok(string) = string.to_string()
    {
        return Ok(string);
    }
    if ctx.has_exception() {
        ctx.catch();
    }
    Ok(String::from_utf16_lossy(&units(ctx, text)?))
}

pub(crate) fn text<'js>(ctx: &Ctx<'js>, text: &str) -> Result<Value<'js>> {
    let raw = unsafe {
        qjs::JS_NewStringLen(ctx.as_raw().as_ptr(), text.as_ptr().cast(), text.len() as _)
    };
    owned(ctx, raw)
}

pub(crate) fn text_of_units<'js>(ctx: &Ctx<'js>, units: &[u16]) -> Result<Value<'js>> {
    if units.iter().all(|unit| *unit < 0x80) {
        let ascii: Vec<u8> = units.iter().map(|unit| *unit as u8).collect();
        return text(ctx, &String::from_utf8_lossy(&ascii));
    }
    let raw =
        unsafe { qjs::JS_NewStringUTF16(ctx.as_raw().as_ptr(), units.as_ptr(), units.len() as _) };
    owned(ctx, raw)
}

/// A new Uint8Array.
pub(crate) fn array<'js>(ctx: &Ctx<'js>, bytes: &[u8]) -> Result<Value<'js>> {
    Ok(TypedArray::<u8>::new_copy(ctx.clone(), bytes)?.into_value())
}

fn bytes_from_text<'js>(ctx: Ctx<'js>, value: Value<'js>) -> Result<Value<'js>> {
    // The bytes become the array's: bodies of requests have megabytes.
    let bytes = utf8(&ctx, &value)?.into_bytes();
    Ok(TypedArray::<u8>::new(ctx, bytes)?.into_value())
}

fn byte_length_utf8<'js>(ctx: Ctx<'js>, value: Value<'js>) -> Result<usize> {
    Ok(utf8(&ctx, &value)?.len())
}
