//! Ciphers: thin steps, whose order `binding.js` keeps as Node does.

use std::ffi::c_int;
use std::ptr::{null, null_mut};

use rquickjs::{Class, Ctx, Result};

use crate::{
    Bytes, Native, Out, c_string, handle, optional,
    sys::{self, CipherCtx, EVP_CIPHER},
    wrap,
};

const SET_IV_LENGTH: c_int = 0x9;
const GET_TAG: c_int = 0x10;
const SET_TAG: c_int = 0x11;
/// `EVP_CIPHER_CTX_FLAG_WRAP_ALLOW`.
const WRAP_ALLOW: c_int = 1;
const WRAP_MODE: c_int = 0x10002;

/// A message that is being encrypted or decrypted.
pub(crate) struct Cipher {
    ctx: CipherCtx,
    cipher: *const EVP_CIPHER,
    encrypts: bool,
}
handle!(Cipher);

pub(crate) fn add<'js>(native: &mut Native<'_, 'js>) -> Result<()> {
    native.set("cipher", start)?;
    native.set("cipherFacts", |name: String| {
        // SAFETY: the cipher is static.
        unsafe {
            let cipher = sys::EVP_get_cipherbyname(c_string(&name).as_ptr());
            (!cipher.is_null()).then(|| {
                vec![
                    sys::EVP_CIPHER_get_mode(cipher),
                    sys::EVP_CIPHER_get_iv_length(cipher),
                    sys::EVP_CIPHER_get_nid(cipher),
                    sys::EVP_CIPHER_get_key_length(cipher),
                ]
            })
        }
    })?;
    native.set(
        "cipherSetIvLength",
        |cipher: Class<'js, Cipher>, length: c_int| {
            control(&cipher.borrow(), SET_IV_LENGTH, length)
        },
    )?;
    native.set(
        "cipherSetTagLength",
        |cipher: Class<'js, Cipher>, length: c_int| control(&cipher.borrow(), SET_TAG, length),
    )?;
    native.set(
        "cipherSetKeyLength",
        |cipher: Class<'js, Cipher>, length: c_int| {
            // SAFETY: the context is alive.
            unsafe { sys::EVP_CIPHER_CTX_set_key_length(cipher.borrow().ctx.get(), length) == 1 }
        },
    )?;
    native.set(
        "cipherSetPadding",
        |cipher: Class<'js, Cipher>, on: bool| {
            // SAFETY: the context is alive.
            unsafe {
                sys::EVP_CIPHER_CTX_set_padding(cipher.borrow().ctx.get(), c_int::from(on)) == 1
            }
        },
    )?;
    native.set("cipherSetKey", set_key)?;
    native.set(
        "cipherSetTag",
        |cipher: Class<'js, Cipher>, tag: Bytes<'js>| {
            let mut copy = tag.get().to_vec();
            // SAFETY: OpenSSL copies the tag.
            unsafe {
                sys::EVP_CIPHER_CTX_ctrl(
                    cipher.borrow().ctx.get(),
                    SET_TAG,
                    tag.len(),
                    copy.as_mut_ptr().cast(),
                ) == 1
            }
        },
    )?;
    native.set(
        "cipherGetTag",
        |cipher: Class<'js, Cipher>, length: c_int| {
            let mut tag = vec![0; usize::try_from(length).unwrap_or(0)];
            // SAFETY: the buffer has the length that is named.
            let done = unsafe {
                sys::EVP_CIPHER_CTX_ctrl(
                    cipher.borrow().ctx.get(),
                    GET_TAG,
                    length,
                    tag.as_mut_ptr().cast(),
                ) == 1
            };
            done.then_some(Out(tag))
        },
    )?;
    native.set(
        "cipherAad",
        |cipher: Class<'js, Cipher>, data: Bytes<'js>| {
            let mut len: c_int = 0;
            // SAFETY: without an output, the bytes are authenticated only.
            unsafe {
                sys::EVP_CipherUpdate(
                    cipher.borrow().ctx.get(),
                    null_mut(),
                    &raw mut len,
                    data.get().as_ptr(),
                    data.len(),
                ) == 1
            }
        },
    )?;
    native.set(
        "cipherPlainLength",
        |cipher: Class<'js, Cipher>, length: c_int| {
            let mut len: c_int = 0;
            // SAFETY: with neither input nor output, the length is announced (CCM).
            unsafe {
                sys::EVP_CipherUpdate(
                    cipher.borrow().ctx.get(),
                    null_mut(),
                    &raw mut len,
                    null(),
                    length,
                ) == 1
            }
        },
    )?;
    native.set(
        "cipherUpdate",
        |cipher: Class<'js, Cipher>, data: Bytes<'js>| update(&cipher.borrow(), data.get()),
    )?;
    native.set("cipherFinal", |cipher: Class<'js, Cipher>| {
        finish(&cipher.borrow())
    })
}

/// A context for the cipher, without key; `null` if a provider does not have it.
fn start<'js>(ctx: Ctx<'js>, name: String, encrypts: bool) -> Result<Option<Class<'js, Cipher>>> {
    // SAFETY: the cipher is static, the context new.
    let cipher = unsafe {
        let cipher = sys::EVP_get_cipherbyname(c_string(&name).as_ptr());
        CipherCtx::new(sys::EVP_CIPHER_CTX_new())
            .filter(|_| !cipher.is_null())
            .and_then(|ctx| {
                if sys::EVP_CIPHER_get_mode(cipher) == WRAP_MODE {
                    sys::EVP_CIPHER_CTX_set_flags(ctx.get(), WRAP_ALLOW);
                }
                let done = sys::EVP_CipherInit_ex(
                    ctx.get(),
                    cipher,
                    null_mut(),
                    null(),
                    null(),
                    c_int::from(encrypts),
                ) == 1;
                done.then_some(Cipher {
                    ctx,
                    cipher,
                    encrypts,
                })
            })
    };
    wrap(&ctx, cipher)
}

fn control(cipher: &Cipher, command: c_int, number: c_int) -> bool {
    // SAFETY: these commands take no pointer here.
    unsafe { sys::EVP_CIPHER_CTX_ctrl(cipher.ctx.get(), command, number, null_mut()) == 1 }
}

fn set_key<'js>(cipher: Class<'js, Cipher>, key: Bytes<'js>, iv: Option<Bytes<'js>>) -> bool {
    let cipher = cipher.borrow();
    // An empty slice of Rust has no address that C may read, but it is not null either.
    let iv = optional(&iv)
        .filter(|iv| !iv.is_empty())
        .map_or(null(), <[u8]>::as_ptr);
    // SAFETY: key and IV have the lengths that were set before.
    unsafe {
        sys::EVP_CipherInit_ex(
            cipher.ctx.get(),
            null(),
            null_mut(),
            key.get().as_ptr(),
            iv,
            c_int::from(cipher.encrypts),
        ) == 1
    }
}

fn update(cipher: &Cipher, data: &[u8]) -> Option<Out> {
    // SAFETY: the buffer is longer than the input by a block, or has the length that OpenSSL asks for.
    unsafe {
        let block = sys::EVP_CIPHER_CTX_get_block_size(cipher.ctx.get());
        let input = c_int::try_from(data.len()).ok()?;
        let mut len = input.checked_add(block)?;
        if cipher.encrypts
            && sys::EVP_CIPHER_get_mode(cipher.cipher) == WRAP_MODE
            && sys::EVP_CipherUpdate(
                cipher.ctx.get(),
                null_mut(),
                &raw mut len,
                data.as_ptr(),
                input,
            ) != 1
        {
            return None;
        }
        let mut to = vec![0; usize::try_from(len).ok()?];
        if sys::EVP_CipherUpdate(
            cipher.ctx.get(),
            to.as_mut_ptr(),
            &raw mut len,
            data.as_ptr(),
            input,
        ) != 1
        {
            return None;
        }
        to.truncate(usize::try_from(len).unwrap_or(0));
        Some(Out(to))
    }
}

fn finish(cipher: &Cipher) -> Option<Out> {
    // SAFETY: the last part is at most one block.
    unsafe {
        let block = sys::EVP_CIPHER_CTX_get_block_size(cipher.ctx.get()).max(32);
        let mut to = vec![0; usize::try_from(block).ok()?];
        let mut len: c_int = 0;
        if sys::EVP_CipherFinal_ex(cipher.ctx.get(), to.as_mut_ptr(), &raw mut len) != 1 {
            return None;
        }
        to.truncate(usize::try_from(len).unwrap_or(0));
        Some(Out(to))
    }
}
