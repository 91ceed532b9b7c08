//! Encryption with RSA keys.

use std::ffi::c_int;
use std::ptr::null_mut;

use rquickjs::{Class, Result};

use crate::{
    Bytes, Native, Out,
    digest::Algorithm,
    key::Key,
    optional,
    sys::{self, EVP_PKEY_CTX, PkeyCtx},
};

type Init = unsafe extern "C" fn(*mut EVP_PKEY_CTX) -> c_int;
type Run = unsafe extern "C" fn(*mut EVP_PKEY_CTX, *mut u8, *mut usize, *const u8, usize) -> c_int;

pub(crate) fn add<'js>(native: &mut Native<'_, 'js>) -> Result<()> {
    native.set(
        "rsaCrypt",
        |operation: c_int,
         key: Class<'js, Key>,
         data: Bytes<'js>,
         padding: c_int,
         hash: Option<String>,
         label: Option<Bytes<'js>>| {
            let (init, run): (Init, Run) = match operation {
                0 => (sys::EVP_PKEY_encrypt_init, sys::EVP_PKEY_encrypt),
                1 => (sys::EVP_PKEY_decrypt_init, sys::EVP_PKEY_decrypt),
                2 => (sys::EVP_PKEY_sign_init, sys::EVP_PKEY_sign),
                _ => (
                    sys::EVP_PKEY_verify_recover_init,
                    sys::EVP_PKEY_verify_recover,
                ),
            };
            crypt(
                init,
                run,
                &key.borrow(),
                data.get(),
                padding,
                hash,
                optional(&label),
            )
            .map(Out)
        },
    )
}

fn crypt(
    init: Init,
    run: Run,
    key: &Key,
    data: &[u8],
    padding: c_int,
    hash: Option<String>,
    label: Option<&[u8]>,
) -> Option<Vec<u8>> {
    // SAFETY: the key is alive, the context new, the digest static; OpenSSL takes over the copy of the label. The first
    // call of `run` gives the length for the second.
    unsafe {
        let ctx = PkeyCtx::new(sys::EVP_PKEY_CTX_new(key.0.get(), null_mut()))?;
        if init(ctx.get()) <= 0 || sys::EVP_PKEY_CTX_set_rsa_padding(ctx.get(), padding) <= 0 {
            return None;
        }
        if let Some(hash) = hash {
            let md = Algorithm::in_table(&hash)?;
            if sys::EVP_PKEY_CTX_set_rsa_oaep_md(ctx.get(), md.get()) <= 0 {
                return None;
            }
        }
        if let Some(label) = label.filter(|label| !label.is_empty()) {
            let copy = sys::CRYPTO_memdup(label.as_ptr().cast(), label.len(), c"".as_ptr(), 0);
            let len = c_int::try_from(label.len()).ok()?;
            if sys::EVP_PKEY_CTX_set0_rsa_oaep_label(ctx.get(), copy, len) <= 0 {
                sys::CRYPTO_free(copy, c"".as_ptr(), 0);
                return None;
            }
        }
        let mut len = 0;
        if run(
            ctx.get(),
            null_mut(),
            &raw mut len,
            data.as_ptr(),
            data.len(),
        ) <= 0
        {
            return None;
        }
        let mut to = vec![0; len];
        if run(
            ctx.get(),
            to.as_mut_ptr(),
            &raw mut len,
            data.as_ptr(),
            data.len(),
        ) <= 0
        {
            return None;
        }
        to.truncate(len);
        Some(to)
    }
}
