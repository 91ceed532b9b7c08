//! Asymmetric keys: their kinds and parts, and keys made of parts.

use std::ffi::{CStr, c_int};
use std::ptr::{null, null_mut};

use rquickjs::{Class, Ctx, Object, Result};

use crate::{
    Bytes, Native, Out, handle, optional,
    sys::{self, Bn, EcGroup, EcKey, EcPoint, Pkey, PkeyCtx, Rsa, X509_ALGOR},
    text, wrap,
};

/// `EVP_PKEY_RSA_PSS`.
pub(crate) const RSA_PSS: c_int = 912;
/// `NID_sha1`.
const SHA1: c_int = 64;
/// `NID_mgf1`.
const MGF1: c_int = 911;

/// A public or private key.
pub(crate) struct Key(pub(crate) Pkey);
handle!(Key);

pub(crate) fn add<'js>(native: &mut Native<'_, 'js>) -> Result<()> {
    // SAFETY (of all these): the key is alive.
    native.set("keyId", |key: Class<'js, Key>| unsafe {
        sys::EVP_PKEY_get_id(key.borrow().0.get())
    })?;
    native.set("keyBits", |key: Class<'js, Key>| unsafe {
        sys::EVP_PKEY_get_bits(key.borrow().0.get())
    })?;
    native.set("keysEqual", |a: Class<'js, Key>, b: Class<'js, Key>| {
        // SAFETY: both keys are alive.
        unsafe { sys::EVP_PKEY_eq(a.borrow().0.get(), b.borrow().0.get()) }
    })?;
    native.set("keyCheck", |key: Class<'js, Key>, private: bool| {
        check(&key.borrow().0, private)
    })?;
    native.set("keyRaw", |key: Class<'js, Key>, private: bool| {
        raw(&key.borrow().0, private)
    })?;
    native.set("rsaParts", rsa_parts)?;
    native.set("rsaPssParts", pss_parts)?;
    native.set("ecParts", ec_parts)?;
    native.set("ecPoint", |key: Class<'js, Key>, form: c_int| {
        ec_point(&key.borrow().0, form)
    })?;
    native.set("dsaBits", |key: Class<'js, Key>| {
        let key = key.borrow();
        vec![bits(&key.0, c"p"), bits(&key.0, c"q")]
    })?;
    native.set("keyFromRsa", from_rsa)?;
    native.set("keyFromEc", from_ec)?;
    native.set("keyFromEcPoint", from_ec_point)?;
    native.set("keyFromRaw", from_raw)
}

fn check(key: &Pkey, private: bool) -> bool {
    // SAFETY: the key is alive, the context new.
    unsafe {
        let Some(ctx) = PkeyCtx::new(sys::EVP_PKEY_CTX_new(key.get(), null_mut())) else {
            return false;
        };
        let result = if private {
            sys::EVP_PKEY_check(ctx.get())
        } else {
            sys::EVP_PKEY_public_check(ctx.get())
        };
        result == 1
    }
}

/// The bytes of an Edwards or Montgomery key.
fn raw(key: &Pkey, private: bool) -> Option<Out> {
    // SAFETY: the first call gives the length for the second.
    unsafe {
        let read = if private {
            sys::EVP_PKEY_get_raw_private_key
        } else {
            sys::EVP_PKEY_get_raw_public_key
        };
        let mut len = 0;
        if read(key.get(), null_mut(), &raw mut len) != 1 {
            return None;
        }
        let mut to = vec![0; len];
        (read(key.get(), to.as_mut_ptr(), &raw mut len) == 1).then_some(Out(to))
    }
}

/// A number of a key, by its name in OpenSSL's parameters.
pub(crate) fn part(key: &Pkey, name: &CStr) -> Option<Bn> {
    let mut number = null_mut();
    // SAFETY: OpenSSL allocates the number.
    unsafe {
        sys::ERR_set_mark();
        let found = sys::EVP_PKEY_get_bn_param(key.get(), name.as_ptr(), &raw mut number) == 1;
        sys::ERR_pop_to_mark();
        Bn::new(number).filter(|_| found)
    }
}

fn bits(key: &Pkey, name: &CStr) -> c_int {
    // SAFETY: the number is alive.
    part(key, name).map_or(0, |number| unsafe { sys::BN_num_bits(number.get()) })
}

/// Modulus, exponents, factors: those that the key has, without zeros in front.
fn rsa_parts<'js>(ctx: Ctx<'js>, key: Class<'js, Key>) -> Result<Object<'js>> {
    let key = key.borrow();
    let parts = Object::new(ctx)?;
    for (name, ours) in [
        (c"n", "n"),
        (c"e", "e"),
        (c"d", "d"),
        (c"rsa-factor1", "p"),
        (c"rsa-factor2", "q"),
        (c"rsa-exponent1", "dp"),
        (c"rsa-exponent2", "dq"),
        (c"rsa-coefficient1", "qi"),
    ] {
        if let Some(number) = part(&key.0, name) {
            parts.set(ours, Out(text::bytes(number.get(), 0)))?;
        }
    }
    Ok(parts)
}

/// The number of the algorithm that an identifier names, and its parameter.
fn algorithm(identifier: *const X509_ALGOR) -> c_int {
    let mut object = null();
    // SAFETY: the identifier is valid.
    unsafe {
        sys::X509_ALGOR_get0(&raw mut object, null_mut(), null_mut(), identifier);
        sys::OBJ_obj2nid(object)
    }
}

/// The restrictions of an RSA-PSS key, or `null` if it has none.
fn pss_parts<'js>(ctx: Ctx<'js>, key: Class<'js, Key>) -> Result<Option<Object<'js>>> {
    let key = key.borrow();
    // SAFETY: what `get0` returns belongs to the key; each part may be missing, which means its default.
    let (hash, mask, mask_hash, salt) = unsafe {
        let rsa = sys::EVP_PKEY_get0_RSA(key.0.get());
        let Some(params) = (!rsa.is_null())
            .then(|| sys::RSA_get0_pss_params(rsa))
            .and_then(|p| p.as_ref())
        else {
            return Ok(None);
        };
        let hash = if params.hash.is_null() {
            SHA1
        } else {
            algorithm(params.hash)
        };
        let mask = if params.mask.is_null() {
            MGF1
        } else {
            algorithm(params.mask)
        };
        let mask_hash = if params.mask_hash.is_null() {
            SHA1
        } else {
            algorithm(params.mask_hash)
        };
        let salt = match Bn::new(sys::ASN1_INTEGER_to_BN(params.salt_length, null_mut())) {
            Some(number) if !params.salt_length.is_null() => text::bytes(number.get(), 0)
                .iter()
                .fold(0_i64, |sum, byte| sum << 8 | i64::from(*byte)),
            _ => 20,
        };
        sys::ERR_clear_error();
        (hash, mask, mask_hash, salt)
    };
    let parts = Object::new(ctx)?;
    // SAFETY: a table of static strings.
    parts.set("hash", text::borrowed(unsafe { sys::OBJ_nid2ln(hash) }))?;
    if mask == MGF1 {
        parts.set(
            "mgf1Hash",
            text::borrowed(unsafe { sys::OBJ_nid2ln(mask_hash) }),
        )?;
    }
    parts.set("saltLength", salt as f64)?;
    Ok(Some(parts))
}

/// Curve, point and secret number; the numbers have the length of the field.
fn ec_parts<'js>(ctx: Ctx<'js>, key: Class<'js, Key>) -> Result<Option<Object<'js>>> {
    let key = key.borrow();
    // SAFETY: what `get0` returns belongs to the key.
    unsafe {
        let ec = sys::EVP_PKEY_get0_EC_KEY(key.0.get());
        if ec.is_null() {
            return Ok(None);
        }
        let group = sys::EC_KEY_get0_group(ec);
        let size = usize::try_from(sys::EC_GROUP_get_degree(group))
            .unwrap_or(0)
            .div_ceil(8);
        let parts = Object::new(ctx)?;
        parts.set("nid", sys::EC_GROUP_get_curve_name(group))?;
        let point = sys::EC_KEY_get0_public_key(ec);
        let numbers = (Bn::new(sys::BN_new()), Bn::new(sys::BN_new()));
        if let ((Some(x), Some(y)), false) = (&numbers, point.is_null())
            && sys::EC_POINT_get_affine_coordinates(group, point, x.get(), y.get(), null_mut()) == 1
        {
            parts.set("x", Out(text::bytes(x.get(), size)))?;
            parts.set("y", Out(text::bytes(y.get(), size)))?;
        }
        let secret = sys::EC_KEY_get0_private_key(ec);
        if !secret.is_null() {
            let order = usize::try_from(sys::EC_GROUP_order_bits(group))
                .unwrap_or(0)
                .div_ceil(8);
            parts.set("d", Out(text::bytes(secret, order)))?;
        }
        Ok(Some(parts))
    }
}

fn ec_point(key: &Pkey, form: c_int) -> Option<Out> {
    // SAFETY: what `get0` returns belongs to the key.
    unsafe {
        let ec = sys::EVP_PKEY_get0_EC_KEY(key.get());
        if ec.is_null() {
            return None;
        }
        point_bytes(
            sys::EC_KEY_get0_group(ec),
            sys::EC_KEY_get0_public_key(ec),
            form,
        )
    }
}

/// # Safety
/// The group must be valid, the point valid or null.
pub(crate) unsafe fn point_bytes(
    group: *const sys::EC_GROUP,
    point: *const sys::EC_POINT,
    form: c_int,
) -> Option<Out> {
    if point.is_null() {
        return None;
    }
    // SAFETY: the first call gives the length for the second.
    unsafe {
        let len = sys::EC_POINT_point2oct(group, point, form, null_mut(), 0, null_mut());
        let mut to = vec![0; len];
        let written = sys::EC_POINT_point2oct(group, point, form, to.as_mut_ptr(), len, null_mut());
        (len > 0 && written == len).then_some(Out(to))
    }
}

/// Wraps what `fill` puts into an empty key.
fn filled(fill: impl FnOnce(*mut sys::EVP_PKEY) -> c_int) -> Option<Key> {
    // SAFETY: a new key.
    let key = Pkey::new(unsafe { sys::EVP_PKEY_new() })?;
    (fill(key.get()) == 1).then_some(Key(key))
}

/// A key of [n, e] or [n, e, d, p, q, dp, dq, qi].
fn from_rsa<'js>(ctx: Ctx<'js>, parts: Vec<Bytes<'js>>) -> Result<Option<Class<'js, Key>>> {
    // A number that OpenSSL took over is no longer ours to free.
    fn give(number: Option<&Bytes<'_>>) -> *mut sys::BIGNUM {
        number
            .and_then(|bytes| text::number(bytes.get()))
            .map_or(null_mut(), |number| {
                let pointer = number.get();
                std::mem::forget(number);
                pointer
            })
    }
    // SAFETY: the numbers are new, and OpenSSL takes them over; if it refuses, which it does only for missing ones, they leak.
    let key = unsafe {
        Rsa::new(sys::RSA_new()).and_then(|rsa| {
            let part = |index: usize| give(parts.get(index));
            if sys::RSA_set0_key(rsa.get(), part(0), part(1), part(2)) != 1 {
                return None;
            }
            if parts.len() > 2
                && (sys::RSA_set0_factors(rsa.get(), part(3), part(4)) != 1
                    || sys::RSA_set0_crt_params(rsa.get(), part(5), part(6), part(7)) != 1)
            {
                return None;
            }
            filled(|key| sys::EVP_PKEY_set1_RSA(key, rsa.get()))
        })
    };
    wrap(&ctx, key)
}

fn from_ec<'js>(
    ctx: Ctx<'js>,
    nid: c_int,
    x: Bytes<'js>,
    y: Bytes<'js>,
    secret: Option<Bytes<'js>>,
) -> Result<Option<Class<'js, Key>>> {
    let key = (|| {
        let (x, y) = (text::number(x.get())?, text::number(y.get())?);
        // SAFETY: all are new and alive; the key copies the numbers.
        unsafe {
            let ec = EcKey::new(sys::EC_KEY_new_by_curve_name(nid))?;
            if sys::EC_KEY_set_public_key_affine_coordinates(ec.get(), x.get(), y.get()) != 1 {
                return None;
            }
            if let Some(secret) = optional(&secret) {
                let secret = text::number(secret)?;
                if sys::EC_KEY_set_private_key(ec.get(), secret.get()) != 1 {
                    return None;
                }
            }
            filled(|key| sys::EVP_PKEY_set1_EC_KEY(key, ec.get()))
        }
    })();
    wrap(&ctx, key)
}

fn from_ec_point<'js>(
    ctx: Ctx<'js>,
    nid: c_int,
    bytes: Bytes<'js>,
) -> Result<Option<Class<'js, Key>>> {
    // SAFETY: all are new and alive; the key copies the point.
    let key = unsafe {
        (|| {
            let ec = EcKey::new(sys::EC_KEY_new_by_curve_name(nid))?;
            let point = point(sys::EC_KEY_get0_group(ec.get()), bytes.get())?;
            if sys::EC_KEY_set_public_key(ec.get(), point.get()) != 1 {
                return None;
            }
            filled(|key| sys::EVP_PKEY_set1_EC_KEY(key, ec.get()))
        })()
    };
    wrap(&ctx, key)
}

/// # Safety
/// The group must be valid.
pub(crate) unsafe fn point(group: *const sys::EC_GROUP, bytes: &[u8]) -> Option<EcPoint> {
    // SAFETY: the point is new.
    unsafe {
        let point = EcPoint::new(sys::EC_POINT_new(group))?;
        let read =
            sys::EC_POINT_oct2point(group, point.get(), bytes.as_ptr(), bytes.len(), null_mut())
                == 1;
        read.then_some(point)
    }
}

fn from_raw<'js>(
    ctx: Ctx<'js>,
    kind: c_int,
    bytes: Bytes<'js>,
    private: bool,
) -> Result<Option<Class<'js, Key>>> {
    // SAFETY: the bytes are valid for their length.
    let key = unsafe {
        let make = if private {
            sys::EVP_PKEY_new_raw_private_key
        } else {
            sys::EVP_PKEY_new_raw_public_key
        };
        Pkey::new(make(
            kind,
            null_mut(),
            bytes.get().as_ptr(),
            bytes.get().len(),
        ))
    };
    wrap(&ctx, key.map(Key))
}

/// The group of a curve.
pub(crate) fn group(nid: c_int) -> Option<EcGroup> {
    // SAFETY: an unknown number gives null.
    EcGroup::new(unsafe { sys::EC_GROUP_new_by_curve_name(nid) })
}
