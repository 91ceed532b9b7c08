//! Derivation of keys.

use std::ffi::c_int;
use std::ptr::null_mut;

use rquickjs::Result;

use crate::{
    Bytes, Native, Out,
    digest::Algorithm,
    sys::{self, HmacCtx},
};

pub(crate) fn add<'js>(native: &mut Native<'_, 'js>) -> Result<()> {
    native.set(
        "hkdf",
        |hash: String, key: Bytes<'js>, salt: Bytes<'js>, info: Bytes<'js>, length: usize| {
            hkdf(
                &Algorithm::in_table(&hash)?,
                key.get(),
                salt.get(),
                info.get(),
                length,
            )
            .map(Out)
        },
    )?;
    native.set(
        "pbkdf2",
        |hash: String, pass: Bytes<'js>, salt: Bytes<'js>, iterations: c_int, length: usize| {
            let md = Algorithm::in_table(&hash)?;
            let mut to = vec![0; length];
            // SAFETY: all bytes are valid for their lengths.
            let done = unsafe {
                sys::PKCS5_PBKDF2_HMAC(
                    pass.get().as_ptr().cast(),
                    pass.len(),
                    salt.get().as_ptr(),
                    salt.len(),
                    iterations,
                    md.get(),
                    c_int::try_from(length).ok()?,
                    to.as_mut_ptr(),
                )
            };
            (done == 1).then_some(Out(to))
        },
    )?;
    native.set("scryptCheck", |n: f64, r: f64, p: f64, max_memory: f64| {
        // SAFETY: without an output, the parameters are checked only.
        unsafe {
            sys::EVP_PBE_scrypt(
                std::ptr::null(),
                0,
                std::ptr::null(),
                0,
                n as u64,
                r as u64,
                p as u64,
                max_memory as u64,
                null_mut(),
                0,
            ) == 1
        }
    })?;
    native.set(
        "scrypt",
        |pass: Bytes<'js>,
         salt: Bytes<'js>,
         n: f64,
         r: f64,
         p: f64,
         max_memory: f64,
         length: usize| {
            let mut to = vec![0; length];
            let (pass, salt) = (pass.get(), salt.get());
            // SAFETY: all bytes are valid for their lengths.
            let done = unsafe {
                sys::EVP_PBE_scrypt(
                    pass.as_ptr().cast(),
                    pass.len(),
                    salt.as_ptr(),
                    salt.len(),
                    n as u64,
                    r as u64,
                    p as u64,
                    max_memory as u64,
                    to.as_mut_ptr(),
                    to.len(),
                )
            };
            (done == 1).then_some(Out(to))
        },
    )
}

/// HMAC over the parts.
fn hmac(md: &Algorithm, key: &[u8], parts: &[&[u8]]) -> Option<Vec<u8>> {
    // SAFETY: the context is new; the bytes are valid; the buffer is as long as the longest digest.
    unsafe {
        let ctx = HmacCtx::new(sys::HMAC_CTX_new())?;
        let pointer = if key.is_empty() {
            c"".as_ptr().cast()
        } else {
            key.as_ptr()
        };
        if sys::HMAC_Init_ex(
            ctx.get(),
            pointer.cast(),
            c_int::try_from(key.len()).ok()?,
            md.get(),
            null_mut(),
        ) != 1
        {
            return None;
        }
        for part in parts {
            if sys::HMAC_Update(ctx.get(), part.as_ptr(), part.len()) != 1 {
                return None;
            }
        }
        let mut to = vec![0; 64];
        let mut len = 0;
        if sys::HMAC_Final(ctx.get(), to.as_mut_ptr(), &raw mut len) != 1 {
            return None;
        }
        to.truncate(len as usize);
        Some(to)
    }
}

/// RFC 5869; an absent salt is one of zeros, which an empty HMAC key is too.
fn hkdf(md: &Algorithm, key: &[u8], salt: &[u8], info: &[u8], length: usize) -> Option<Vec<u8>> {
    let key = hmac(md, salt, &[key])?;
    let mut to: Vec<u8> = Vec::with_capacity(length);
    let mut block = Vec::new();
    for counter in 1..=u8::MAX {
        if to.len() >= length {
            break;
        }
        block = hmac(md, &key, &[&block, info, &[counter]])?;
        to.extend(&block);
    }
    to.truncate(length);
    Some(to)
}
