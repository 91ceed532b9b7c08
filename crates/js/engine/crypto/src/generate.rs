//! New keys.

use std::ffi::c_int;
use std::ptr::null_mut;

use rquickjs::{Class, Ctx, Result};

use crate::{
    Bytes, Native,
    dh::Exchange,
    digest::Algorithm,
    key::{Key, RSA_PSS},
    sys::{self, Bn, Pkey, PkeyCtx},
    wrap,
};

const RSA: c_int = 6;
const DH: c_int = 28;
const DSA: c_int = 116;
const EC: c_int = 408;

pub(crate) fn add<'js>(native: &mut Native<'_, 'js>) -> Result<()> {
    native.set(
        "generateRsa",
        |ctx: Ctx<'js>,
         pss: bool,
         bits: c_int,
         exponent: u32,
         hash: Option<String>,
         mgf1: Option<String>,
         salt: c_int| { wrap(&ctx, rsa(pss, bits, exponent, hash, mgf1, salt)) },
    )?;
    native.set(
        "generateEc",
        |ctx: Ctx<'js>, nid: c_int, encoding: c_int| wrap(&ctx, ec(nid, encoding)),
    )?;
    native.set("generateKind", |ctx: Ctx<'js>, kind: c_int| {
        // SAFETY: an unknown kind gives null.
        let key = PkeyCtx::new(unsafe { sys::EVP_PKEY_CTX_new_id(kind, null_mut()) })
            .and_then(|ctx| generate(&ctx));
        wrap(&ctx, key)
    })?;
    native.set(
        "generateDsa",
        |ctx: Ctx<'js>, bits: c_int, divisor: c_int| wrap(&ctx, dsa(bits, divisor)),
    )?;
    native.set(
        "generateDh",
        |ctx: Ctx<'js>, bits: c_int, generator: c_int| wrap(&ctx, dh(bits, generator)),
    )?;
    native.set(
        "generateDhIn",
        |ctx: Ctx<'js>, exchange: Class<'js, Exchange>| {
            // SAFETY: the parameters are alive; the key takes its own reference.
            let key = unsafe {
                Pkey::new(sys::EVP_PKEY_new())
                    .filter(|key| sys::EVP_PKEY_set1_DH(key.get(), exchange.borrow().0.get()) == 1)
                    .and_then(|params| from_params(&params))
            };
            wrap(&ctx, key)
        },
    )?;
    native.set("secretEquals", |a: Bytes<'js>, b: Bytes<'js>| {
        // SAFETY: both have the length that is compared.
        a.len() == b.len()
            && unsafe {
                sys::CRYPTO_memcmp(
                    a.get().as_ptr().cast(),
                    b.get().as_ptr().cast(),
                    a.get().len(),
                ) == 0
            }
    })
}

fn generate(ctx: &PkeyCtx) -> Option<Key> {
    // SAFETY: the context is alive; OpenSSL allocates the key.
    unsafe { (sys::EVP_PKEY_keygen_init(ctx.get()) == 1).then(|| finish(ctx))? }
}

fn finish(ctx: &PkeyCtx) -> Option<Key> {
    let mut key = null_mut();
    // SAFETY: as above.
    let done = unsafe { sys::EVP_PKEY_keygen(ctx.get(), &raw mut key) == 1 };
    Pkey::new(key).filter(|_| done).map(Key)
}

fn parameters(ctx: &PkeyCtx) -> Option<Key> {
    let mut params = null_mut();
    // SAFETY: as above.
    let done = unsafe { sys::EVP_PKEY_paramgen(ctx.get(), &raw mut params) == 1 };
    from_params(&Pkey::new(params).filter(|_| done)?)
}

fn from_params(params: &Pkey) -> Option<Key> {
    // SAFETY: the parameters are alive.
    generate(&PkeyCtx::new(unsafe {
        sys::EVP_PKEY_CTX_new(params.get(), null_mut())
    })?)
}

fn rsa(
    pss: bool,
    bits: c_int,
    exponent: u32,
    hash: Option<String>,
    mgf1: Option<String>,
    salt: c_int,
) -> Option<Key> {
    // SAFETY: the context is new; digests are static; the context takes its own copy of the exponent.
    unsafe {
        let ctx = PkeyCtx::new(sys::EVP_PKEY_CTX_new_id(
            if pss { RSA_PSS } else { RSA },
            null_mut(),
        ))?;
        if sys::EVP_PKEY_keygen_init(ctx.get()) != 1
            || sys::EVP_PKEY_CTX_set_rsa_keygen_bits(ctx.get(), bits) != 1
        {
            return None;
        }
        if exponent != 0x10001 {
            let number = Bn::new(sys::BN_new())?;
            if sys::BN_set_word(number.get(), exponent.into()) != 1
                || sys::EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx.get(), number.get()) <= 0
            {
                return None;
            }
        }
        if pss {
            let hash = hash.and_then(|name| Algorithm::in_table(&name));
            let mgf1 = mgf1.and_then(|name| Algorithm::in_table(&name));
            if let Some(hash) = &hash
                && sys::EVP_PKEY_CTX_set_rsa_pss_keygen_md(ctx.get(), hash.get()) <= 0
            {
                return None;
            }
            if let Some(mgf1) = mgf1.as_ref().or(hash.as_ref())
                && sys::EVP_PKEY_CTX_set_rsa_pss_keygen_mgf1_md(ctx.get(), mgf1.get()) <= 0
            {
                return None;
            }
            let salt = match &hash {
                Some(hash) if salt < 0 => sys::EVP_MD_get_size(hash.get()),
                _ => salt,
            };
            if salt >= 0 && sys::EVP_PKEY_CTX_set_rsa_pss_keygen_saltlen(ctx.get(), salt) <= 0 {
                return None;
            }
        }
        finish(&ctx)
    }
}

fn ec(nid: c_int, encoding: c_int) -> Option<Key> {
    // SAFETY: the context is new.
    unsafe {
        let ctx = PkeyCtx::new(sys::EVP_PKEY_CTX_new_id(EC, null_mut()))?;
        let ready = sys::EVP_PKEY_paramgen_init(ctx.get()) == 1
            && sys::EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx.get(), nid) > 0
            && sys::EVP_PKEY_CTX_set_ec_param_enc(ctx.get(), encoding) > 0;
        ready.then(|| parameters(&ctx))?
    }
}

fn dsa(bits: c_int, divisor: c_int) -> Option<Key> {
    // SAFETY: the context is new.
    unsafe {
        let ctx = PkeyCtx::new(sys::EVP_PKEY_CTX_new_id(DSA, null_mut()))?;
        let ready = sys::EVP_PKEY_paramgen_init(ctx.get()) == 1
            && sys::EVP_PKEY_CTX_set_dsa_paramgen_bits(ctx.get(), bits) > 0
            && (divisor < 0 || sys::EVP_PKEY_CTX_set_dsa_paramgen_q_bits(ctx.get(), divisor) > 0);
        ready.then(|| parameters(&ctx))?
    }
}

fn dh(bits: c_int, generator: c_int) -> Option<Key> {
    // SAFETY: the context is new.
    unsafe {
        let ctx = PkeyCtx::new(sys::EVP_PKEY_CTX_new_id(DH, null_mut()))?;
        let ready = sys::EVP_PKEY_paramgen_init(ctx.get()) == 1
            && sys::EVP_PKEY_CTX_set_dh_paramgen_prime_len(ctx.get(), bits) > 0
            && sys::EVP_PKEY_CTX_set_dh_paramgen_generator(ctx.get(), generator) > 0;
        ready.then(|| parameters(&ctx))?
    }
}
