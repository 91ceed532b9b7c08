//! Key agreement: ECDH on named curves, and by any two keys.

use std::ffi::c_int;
use std::ptr::{null, null_mut};

use rquickjs::{Class, Ctx, Result};

use crate::{
    Bytes, Native, Out, handle,
    key::{self, Key},
    sys::{self, EcKey, EcPoint, PkeyCtx},
    text, wrap,
};

/// One side of an exchange.
pub(crate) struct Ecdh(EcKey);
handle!(Ecdh);

pub(crate) fn add<'js>(native: &mut Native<'_, 'js>) -> Result<()> {
    // SAFETY (of all these): the key is alive.
    native.set("ecdh", |ctx: Ctx<'js>, nid: c_int| {
        wrap(
            &ctx,
            EcKey::new(unsafe { sys::EC_KEY_new_by_curve_name(nid) }).map(Ecdh),
        )
    })?;
    native.set("ecdhGenerate", |ecdh: Class<'js, Ecdh>| unsafe {
        sys::EC_KEY_generate_key(ecdh.borrow().0.get()) == 1
    })?;
    native.set("ecdhIsValid", |ecdh: Class<'js, Ecdh>| unsafe {
        sys::EC_KEY_check_key(ecdh.borrow().0.get()) == 1
    })?;
    native.set("ecdhPublic", |ecdh: Class<'js, Ecdh>, form: c_int| {
        let ecdh = ecdh.borrow();
        // SAFETY: both belong to the key.
        unsafe {
            key::point_bytes(
                sys::EC_KEY_get0_group(ecdh.0.get()),
                sys::EC_KEY_get0_public_key(ecdh.0.get()),
                form,
            )
        }
    })?;
    native.set("ecdhPrivate", |ecdh: Class<'js, Ecdh>| {
        // SAFETY: the number belongs to the key.
        let number = unsafe { sys::EC_KEY_get0_private_key(ecdh.borrow().0.get()) };
        (!number.is_null()).then(|| Out(text::bytes(number, 0)))
    })?;
    native.set(
        "ecdhSetPrivate",
        |ecdh: Class<'js, Ecdh>, bytes: Bytes<'js>| set_private(&ecdh.borrow(), bytes.get()),
    )?;
    native.set(
        "ecdhSetPublic",
        |ecdh: Class<'js, Ecdh>, bytes: Bytes<'js>| {
            let ecdh = ecdh.borrow();
            // SAFETY: the key copies the point.
            unsafe {
                match key::point(sys::EC_KEY_get0_group(ecdh.0.get()), bytes.get()) {
                    None => 1,
                    Some(point) => {
                        2 * c_int::from(sys::EC_KEY_set_public_key(ecdh.0.get(), point.get()) != 1)
                    }
                }
            }
        },
    )?;
    native.set(
        "ecdhHasPoint",
        |ecdh: Class<'js, Ecdh>, bytes: Bytes<'js>| {
            // SAFETY: the group belongs to the key.
            unsafe { key::point(sys::EC_KEY_get0_group(ecdh.borrow().0.get()), bytes.get()) }
                .is_some()
        },
    )?;
    native.set(
        "ecdhCompute",
        |ecdh: Class<'js, Ecdh>, bytes: Bytes<'js>| compute(&ecdh.borrow(), bytes.get()).map(Out),
    )?;
    native.set("ecConvert", |nid: c_int, bytes: Bytes<'js>, form: c_int| {
        let group = key::group(nid)?;
        // SAFETY: group and point are alive.
        unsafe {
            key::point_bytes(
                group.get(),
                key::point(group.get(), bytes.get())?.get(),
                form,
            )
        }
    })?;
    native.set("agree", |own: Class<'js, Key>, peer: Class<'js, Key>| {
        agree(&own.borrow(), &peer.borrow()).map(Out)
    })
}

/// 0 if the key is set, 1 if it is no number of the curve, 2 if OpenSSL refuses it, 3 if there is no public key to it.
fn set_private(ecdh: &Ecdh, bytes: &[u8]) -> c_int {
    let Some(number) = text::number(bytes) else {
        return 1;
    };
    let ec = ecdh.0.get();
    // SAFETY: the group belongs to the key, which copies number and point.
    unsafe {
        let group = sys::EC_KEY_get0_group(ec);
        if sys::BN_cmp(number.get(), sys::BN_value_one()) < 0
            || sys::BN_cmp(number.get(), sys::EC_GROUP_get0_order(group)) >= 0
        {
            return 1;
        }
        if sys::EC_KEY_set_private_key(ec, number.get()) != 1 {
            return 2;
        }
        let Some(point) = EcPoint::new(sys::EC_POINT_new(group)) else {
            return 3;
        };
        let done = sys::EC_POINT_mul(group, point.get(), number.get(), null(), null(), null_mut())
            == 1
            && sys::EC_KEY_set_public_key(ec, point.get()) == 1;
        if done { 0 } else { 3 }
    }
}

fn compute(ecdh: &Ecdh, bytes: &[u8]) -> Option<Vec<u8>> {
    let ec = ecdh.0.get();
    // SAFETY: the buffer has the length of the field.
    unsafe {
        let group = sys::EC_KEY_get0_group(ec);
        let point = key::point(group, bytes)?;
        let mut to = vec![
            0_u8;
            usize::try_from(sys::EC_GROUP_get_degree(group))
                .ok()?
                .div_ceil(8)
        ];
        let len = sys::ECDH_compute_key(to.as_mut_ptr().cast(), to.len(), point.get(), ec, null());
        (len > 0).then_some(to)
    }
}

/// The shared secret of a private and a public key of one kind.
fn agree(own: &Key, peer: &Key) -> Option<Vec<u8>> {
    // SAFETY: both keys are alive, the context new; the first call gives the length for the second.
    unsafe {
        let ctx = PkeyCtx::new(sys::EVP_PKEY_CTX_new(own.0.get(), null_mut()))?;
        let mut len = 0;
        if sys::EVP_PKEY_derive_init(ctx.get()) <= 0
            || sys::EVP_PKEY_derive_set_peer(ctx.get(), peer.0.get()) <= 0
            || sys::EVP_PKEY_derive(ctx.get(), null_mut(), &raw mut len) <= 0
        {
            return None;
        }
        let mut to = vec![0; len];
        let mut written = len;
        if sys::EVP_PKEY_derive(ctx.get(), to.as_mut_ptr(), &raw mut written) <= 0 {
            return None;
        }
        // Diffie-Hellman drops zeros in front; Node puts them back.
        to.truncate(written);
        let mut padded = vec![0; len - written];
        padded.extend(to);
        Some(padded)
    }
}
