//! OpenSSL's queue of errors, and the exceptions that Node makes of it.

use std::ffi::{CStr, c_char, c_int, c_ulong};

use rquickjs::{Ctx, Error, Object, Result, function::Constructor};

use crate::{Native, sys};

pub(crate) fn add<'js>(native: &mut Native<'_, 'js>) -> Result<()> {
    native.set("clearErrors", || unsafe { sys::ERR_clear_error() })?;
    native.set("markErrors", || unsafe { sys::ERR_set_mark() })?;
    native.set("popErrors", || unsafe { sys::ERR_pop_to_mark() })?;
    native.set("peekError", || unsafe { sys::ERR_peek_error() } as f64)?;
    native.set("putError", put)?;
    native.set("lastError", || {
        // SAFETY: the queue belongs to this only thread.
        match unsafe { sys::ERR_peek_last_error() } {
            0 => String::new(),
            error => line(error),
        }
    })?;
    native.set("throwOpenssl", throw)?;
    native.set("errorOfJob", of_job)
}

/// Adds an error of its own to the queue.
fn put(library: c_int, reason: c_int) {
    // SAFETY: a null format adds no text.
    unsafe {
        sys::ERR_new();
        sys::ERR_set_error(library, reason, std::ptr::null());
    }
}

fn text(pointer: *const c_char) -> Option<String> {
    // SAFETY: OpenSSL's strings are static and end with a zero.
    (!pointer.is_null()).then(|| {
        unsafe { CStr::from_ptr(pointer) }
            .to_string_lossy()
            .into_owned()
    })
}

/// `error:1C800064:Provider routines::bad decrypt`.
fn line(error: c_ulong) -> String {
    let mut buffer = [0 as c_char; 256];
    // SAFETY: OpenSSL writes at most this many bytes, with the zero.
    unsafe { sys::ERR_error_string_n(error, buffer.as_mut_ptr(), buffer.len()) };
    text(buffer.as_ptr()).unwrap_or_default()
}

/// The lines of all errors, the last one first; the queue is empty behind it.
fn take_lines() -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        // SAFETY: the queue belongs to this only thread.
        match unsafe { sys::ERR_get_error() } {
            0 => break,
            error => lines.push(line(error)),
        }
    }
    lines.reverse();
    lines
}

/// Throws the first error of the queue as Node does, with the others as `opensslErrorStack`; if there is none, an error with
/// the message `otherwise`. By `mode` 1 the first one stays in the stack too, by 2 all are in the stack only.
fn throw<'js>(ctx: Ctx<'js>, otherwise: String, mode: c_int) -> Result<()> {
    // SAFETY: as above.
    let first = unsafe {
        match mode {
            0 => sys::ERR_get_error(),
            1 => sys::ERR_peek_error(),
            _ => 0,
        }
    };
    let message = if first == 0 { otherwise } else { line(first) };
    let error = new_error(&ctx, &message)?;
    set_stack(&error, take_lines())?;
    decorate(&error, first)?;
    Err(throw_object(&ctx, error))
}

/// The error that a job ends with: the first of the queue, undecorated.
fn of_job<'js>(ctx: Ctx<'js>, otherwise: String) -> Result<Object<'js>> {
    let mut lines = take_lines();
    let message = lines.pop().unwrap_or(otherwise);
    let error = new_error(&ctx, &message)?;
    set_stack(&error, lines)?;
    Ok(error)
}

/// `new Error(message)`.
fn new_error<'js>(ctx: &Ctx<'js>, message: &str) -> Result<Object<'js>> {
    let constructor: Constructor = ctx.globals().get("Error")?;
    constructor.construct((message,))
}

fn throw_object<'js>(ctx: &Ctx<'js>, error: Object<'js>) -> Error {
    ctx.throw(error.into_value())
}

fn set_stack(error: &Object<'_>, lines: Vec<String>) -> Result<()> {
    if lines.is_empty() {
        Ok(())
    } else {
        error.set("opensslErrorStack", lines)
    }
}

/// Sets `library`, `reason` and `code`.
fn decorate(object: &Object<'_>, error: c_ulong) -> Result<()> {
    if error == 0 {
        return Ok(());
    }
    // SAFETY: OpenSSL's tables of strings are static.
    let (library, reason) = unsafe {
        (
            text(sys::ERR_lib_error_string(error)),
            text(sys::ERR_reason_error_string(error)),
        )
    };
    if let Some(library) = library {
        object.set("library", library)?;
    }
    if let Some(reason) = reason {
        object.set("reason", reason.as_str())?;
        let reason = reason.replace(' ', "_").to_uppercase();
        object.set("code", format!("ERR_{}{reason}", prefix(error)))?;
    }
    Ok(())
}

/// What stands between `ERR_` and the reason: the libraries that Node names.
fn prefix(error: c_ulong) -> &'static str {
    match (error >> 23) & 0xff {
        2 => "OSSL_SYS_",
        3 => "OSSL_BN_",
        4 => "OSSL_RSA_",
        5 => "OSSL_DH_",
        6 => "OSSL_EVP_",
        7 => "OSSL_BUF_",
        8 => "OSSL_OBJ_",
        9 => "OSSL_PEM_",
        10 => "OSSL_DSA_",
        11 => "OSSL_X509_",
        13 => "OSSL_ASN1_",
        14 => "OSSL_CONF_",
        15 => "OSSL_CRYPTO_",
        16 => "OSSL_EC_",
        20 => "",
        32 => "OSSL_BIO_",
        33 => "OSSL_PKCS7_",
        34 => "OSSL_X509V3_",
        35 => "OSSL_PKCS12_",
        36 => "OSSL_RAND_",
        37 => "OSSL_DSO_",
        38 => "OSSL_ENGINE_",
        39 => "OSSL_OCSP_",
        40 => "OSSL_UI_",
        41 => "OSSL_COMP_",
        42 => "OSSL_ECDSA_",
        43 => "OSSL_ECDH_",
        44 => "OSSL_OSSL_STORE_",
        45 => "OSSL_FIPS_",
        46 => "OSSL_CMS_",
        47 => "OSSL_TS_",
        48 => "OSSL_HMAC_",
        50 => "OSSL_CT_",
        51 => "OSSL_ASYNC_",
        52 => "OSSL_KDF_",
        53 => "OSSL_SM2_",
        128 => "OSSL_USER_",
        _ => "OSSL_",
    }
}
