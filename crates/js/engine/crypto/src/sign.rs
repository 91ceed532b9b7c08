//! Signatures.

use std::ffi::{c_int, c_long};
use std::ptr::null_mut;

use rquickjs::{Class, Result};

use crate::{
    Bytes, Native, Out,
    digest::Algorithm,
    key::{Key, RSA_PSS},
    sys::{self, EVP_PKEY_CTX, EcSig, MdCtx, Pkey, PkeyCtx},
    text,
};

const RSA: c_int = 6;
const RSA2: c_int = 19;
const DSA: c_int = 116;
const EC: c_int = 408;
const PKCS1_PADDING: c_int = 1;
const PSS_PADDING: c_int = 6;

pub(crate) fn add<'js>(native: &mut Native<'_, 'js>) -> Result<()> {
    native.set(
        "signDigest",
        |key: Class<'js, Key>,
         hash: String,
         digest: Bytes<'js>,
         padding: Option<c_int>,
         salt: Option<c_int>| {
            sign_digest(&key.borrow().0, &hash, digest.get(), padding, salt).map(Out)
        },
    )?;
    native.set(
        "verifyDigest",
        |key: Class<'js, Key>,
         hash: String,
         digest: Bytes<'js>,
         signature: Bytes<'js>,
         padding: Option<c_int>,
         salt: Option<c_int>| {
            verify_digest(
                &key.borrow().0,
                &hash,
                digest.get(),
                signature.get(),
                padding,
                salt,
            )
        },
    )?;
    native.set(
        "signMessage",
        |key: Class<'js, Key>,
         hash: Option<String>,
         data: Bytes<'js>,
         padding: Option<c_int>,
         salt: Option<c_int>| {
            sign_message(&key.borrow().0, hash, data.get(), padding, salt).map(Out)
        },
    )?;
    native.set(
        "verifyMessage",
        |key: Class<'js, Key>,
         hash: Option<String>,
         data: Bytes<'js>,
         signature: Bytes<'js>,
         padding: Option<c_int>,
         salt: Option<c_int>| {
            verify_message(
                &key.borrow().0,
                hash,
                data.get(),
                signature.get(),
                padding,
                salt,
            )
        },
    )?;
    native.set("signatureNumberSize", |key: Class<'js, Key>| {
        number_size(&key.borrow().0)
    })?;
    native.set("derToP1363", |signature: Bytes<'js>, size: usize| {
        der_to_p1363(signature.get(), size).map(Out)
    })?;
    native.set("p1363ToDer", |signature: Bytes<'js>, size: usize| {
        p1363_to_der(signature.get(), size).map(Out)
    })
}

fn is_rsa(key: &Pkey) -> bool {
    // SAFETY: the key is alive.
    matches!(
        unsafe { sys::EVP_PKEY_get_id(key.get()) },
        RSA | RSA2 | RSA_PSS
    )
}

/// Sets padding and length of the salt, which only RSA keys have.
fn rsa_options(
    key: &Pkey,
    ctx: *mut EVP_PKEY_CTX,
    padding: Option<c_int>,
    salt: Option<c_int>,
) -> bool {
    if !is_rsa(key) {
        return true;
    }
    // SAFETY: key and context are alive.
    unsafe {
        let default = if sys::EVP_PKEY_get_id(key.get()) == RSA_PSS {
            PSS_PADDING
        } else {
            PKCS1_PADDING
        };
        let padding = padding.unwrap_or(default);
        if sys::EVP_PKEY_CTX_set_rsa_padding(ctx, padding) <= 0 {
            return false;
        }
        match salt {
            Some(salt) if padding == PSS_PADDING => {
                sys::EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt) > 0
            }
            _ => true,
        }
    }
}

/// A context for signing or verifying a digest.
fn prepared(
    key: &Pkey,
    hash: &str,
    init: unsafe extern "C" fn(*mut EVP_PKEY_CTX) -> c_int,
    padding: Option<c_int>,
    salt: Option<c_int>,
) -> Option<PkeyCtx> {
    let md = Algorithm::in_table(hash)?;
    // SAFETY: the key is alive, the context new, the digest static.
    unsafe {
        let ctx = PkeyCtx::new(sys::EVP_PKEY_CTX_new(key.get(), null_mut()))?;
        let ready = init(ctx.get()) > 0
            && rsa_options(key, ctx.get(), padding, salt)
            && sys::EVP_PKEY_CTX_set_signature_md(ctx.get(), md.get()) > 0;
        ready.then_some(ctx)
    }
}

fn sign_digest(
    key: &Pkey,
    hash: &str,
    digest: &[u8],
    padding: Option<c_int>,
    salt: Option<c_int>,
) -> Option<Vec<u8>> {
    let ctx = prepared(key, hash, sys::EVP_PKEY_sign_init, padding, salt)?;
    // SAFETY: the buffer has the size of the longest signature of this key.
    unsafe {
        let mut len = usize::try_from(sys::EVP_PKEY_get_size(key.get())).ok()?;
        let mut to = vec![0; len];
        if sys::EVP_PKEY_sign(
            ctx.get(),
            to.as_mut_ptr(),
            &raw mut len,
            digest.as_ptr(),
            digest.len(),
        ) != 1
        {
            return None;
        }
        to.truncate(len);
        Some(to)
    }
}

/// Whether the signature is the key's; nothing if that can't be asked.
fn verify_digest(
    key: &Pkey,
    hash: &str,
    digest: &[u8],
    signature: &[u8],
    padding: Option<c_int>,
    salt: Option<c_int>,
) -> Option<bool> {
    let ctx = prepared(key, hash, sys::EVP_PKEY_verify_init, padding, salt)?;
    // SAFETY: the bytes are valid for their lengths.
    let result = unsafe {
        sys::EVP_PKEY_verify(
            ctx.get(),
            signature.as_ptr(),
            signature.len(),
            digest.as_ptr(),
            digest.len(),
        )
    };
    Some(result == 1)
}

fn sign_message(
    key: &Pkey,
    hash: Option<String>,
    data: &[u8],
    padding: Option<c_int>,
    salt: Option<c_int>,
) -> Option<Vec<u8>> {
    let md = hash.map(|name| Algorithm::in_table(&name));
    let md = md.as_ref().map_or(std::ptr::null(), |md| {
        md.as_ref().map_or(std::ptr::null(), Algorithm::get)
    });
    // SAFETY: the key is alive, the contexts new; the key's context belongs to the digest's. The first call of
    // EVP_DigestSign gives the length for the second.
    unsafe {
        let ctx = MdCtx::new(sys::EVP_MD_CTX_new())?;
        let mut key_ctx = null_mut();
        if sys::EVP_DigestSignInit(ctx.get(), &raw mut key_ctx, md, null_mut(), key.get()) <= 0
            || !rsa_options(key, key_ctx, padding, salt)
        {
            return None;
        }
        let mut len = 0;
        if sys::EVP_DigestSign(
            ctx.get(),
            null_mut(),
            &raw mut len,
            data.as_ptr(),
            data.len(),
        ) != 1
        {
            return None;
        }
        let mut to = vec![0; len];
        if sys::EVP_DigestSign(
            ctx.get(),
            to.as_mut_ptr(),
            &raw mut len,
            data.as_ptr(),
            data.len(),
        ) != 1
        {
            return None;
        }
        to.truncate(len);
        Some(to)
    }
}

fn verify_message(
    key: &Pkey,
    hash: Option<String>,
    data: &[u8],
    signature: &[u8],
    padding: Option<c_int>,
    salt: Option<c_int>,
) -> Option<bool> {
    let md = hash.map(|name| Algorithm::in_table(&name));
    let md = md.as_ref().map_or(std::ptr::null(), |md| {
        md.as_ref().map_or(std::ptr::null(), Algorithm::get)
    });
    // SAFETY: as in `sign_message`.
    unsafe {
        let ctx = MdCtx::new(sys::EVP_MD_CTX_new())?;
        let mut key_ctx = null_mut();
        if sys::EVP_DigestVerifyInit(ctx.get(), &raw mut key_ctx, md, null_mut(), key.get()) <= 0
            || !rsa_options(key, key_ctx, padding, salt)
        {
            return None;
        }
        let result = sys::EVP_DigestVerify(
            ctx.get(),
            signature.as_ptr(),
            signature.len(),
            data.as_ptr(),
            data.len(),
        );
        Some(result == 1)
    }
}

/// The bytes of each number of a DSA or ECDSA signature; 0 for other keys.
fn number_size(key: &Pkey) -> usize {
    // SAFETY: what `get0` returns belongs to the key.
    let bits = unsafe {
        match sys::EVP_PKEY_get_base_id(key.get()) {
            DSA => crate::key::part(key, c"q").map_or(0, |q| sys::BN_num_bits(q.get())),
            EC => sys::EC_GROUP_order_bits(sys::EC_KEY_get0_group(sys::EVP_PKEY_get0_EC_KEY(
                key.get(),
            ))),
            _ => 0,
        }
    };
    usize::try_from(bits).unwrap_or(0).div_ceil(8)
}

fn der_to_p1363(signature: &[u8], size: usize) -> Option<Vec<u8>> {
    let mut from = signature.as_ptr();
    let (mut r, mut s) = (std::ptr::null(), std::ptr::null());
    // SAFETY: the bytes are valid for their length; both numbers belong to the signature.
    unsafe {
        let len = c_long::try_from(signature.len()).ok()?;
        let signature = EcSig::new(sys::d2i_ECDSA_SIG(null_mut(), &raw mut from, len))?;
        sys::ECDSA_SIG_get0(signature.get(), &raw mut r, &raw mut s);
        let mut to = text::bytes(r, size);
        to.extend(text::bytes(s, size));
        (to.len() == 2 * size).then_some(to)
    }
}

fn p1363_to_der(signature: &[u8], size: usize) -> Option<Vec<u8>> {
    if signature.len() != 2 * size {
        return None;
    }
    let (r, s) = signature.split_at(size);
    let (r, s) = (text::number(r)?, text::number(s)?);
    // SAFETY: the signature takes both numbers over; OpenSSL allocates the bytes.
    unsafe {
        let signature = EcSig::new(sys::ECDSA_SIG_new())?;
        if sys::ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1 {
            return None;
        }
        std::mem::forget((r, s));
        let mut bytes = null_mut();
        let len = sys::i2d_ECDSA_SIG(signature.get(), &raw mut bytes);
        let der = text::slice(bytes, len.into());
        sys::CRYPTO_free(bytes.cast(), c"".as_ptr(), 0);
        (len > 0).then_some(der)
    }
}
