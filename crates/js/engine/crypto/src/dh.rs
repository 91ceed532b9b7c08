//! Diffie-Hellman with numbers.

use std::ffi::c_int;
use std::ptr::{null, null_mut};

use rquickjs::{Class, Ctx, Result};

use crate::{
    Bytes, Native, Out, handle,
    sys::{self, BIGNUM, Bn, DH, Dh},
    text, wrap,
};

/// Parameters, and keys if there are any.
pub(crate) struct Exchange(pub(crate) Dh);
handle!(Exchange);

pub(crate) fn add<'js>(native: &mut Native<'_, 'js>) -> Result<()> {
    native.set(
        "dh",
        |ctx: Ctx<'js>, prime: Bytes<'js>, generator: Bytes<'js>| {
            let parts = text::number(prime.get()).zip(text::number(generator.get()));
            wrap(&ctx, parts.and_then(|(p, g)| with(p, g)))
        },
    )?;
    native.set("dhNew", |ctx: Ctx<'js>, bits: c_int, generator: c_int| {
        // SAFETY: the parameters are new.
        let dh = Dh::new(unsafe { sys::DH_new() }).filter(|dh| unsafe {
            sys::DH_generate_parameters_ex(dh.get(), bits, generator, null_mut()) == 1
        });
        wrap(&ctx, dh.map(Exchange))
    })?;
    native.set("dhGroup", |ctx: Ctx<'js>, name: String| {
        wrap(&ctx, group(&name))
    })?;
    native.set("dhCheck", |dh: Class<'js, Exchange>| {
        let mut codes = 0;
        // SAFETY: the parameters are alive.
        unsafe { sys::DH_check(dh.borrow().0.get(), &raw mut codes) };
        codes
    })?;
    native.set("dhGenerate", |dh: Class<'js, Exchange>| {
        // SAFETY: the parameters are alive.
        unsafe { sys::DH_generate_key(dh.borrow().0.get()) == 1 }
    })?;
    native.set("dhPart", |dh: Class<'js, Exchange>, part: c_int| {
        part_of(dh.borrow().0.get(), part)
    })?;
    native.set(
        "dhSet",
        |dh: Class<'js, Exchange>, bytes: Bytes<'js>, private: bool| {
            let Some(number) = text::number(bytes.get()) else {
                return false;
            };
            let pointer = number.get();
            // SAFETY: the parameters take the number over.
            let done = unsafe {
                let (public, private) = if private {
                    (null_mut(), pointer)
                } else {
                    (pointer, null_mut())
                };
                sys::DH_set0_key(dh.borrow().0.get(), public, private) == 1
            };
            if done {
                std::mem::forget(number);
            }
            done
        },
    )?;
    native.set(
        "dhCheckPublic",
        |dh: Class<'js, Exchange>, bytes: Bytes<'js>| {
            let mut codes = 0;
            // SAFETY: parameters and number are alive.
            text::number(bytes.get()).map_or(-1, |number| unsafe {
                if sys::DH_check_pub_key(dh.borrow().0.get(), number.get(), &raw mut codes) == 1 {
                    codes
                } else {
                    -1
                }
            })
        },
    )?;
    native.set(
        "dhCompute",
        |dh: Class<'js, Exchange>, bytes: Bytes<'js>| compute(&dh.borrow().0, bytes.get()).map(Out),
    )
}

fn with(p: Bn, g: Bn) -> Option<Exchange> {
    // SAFETY: the parameters take both numbers over.
    unsafe {
        let dh = Dh::new(sys::DH_new())?;
        if sys::DH_set0_pqg(dh.get(), p.get(), null_mut(), g.get()) != 1 {
            return None;
        }
        std::mem::forget((p, g));
        Some(Exchange(dh))
    }
}

/// A group of RFC 2409 or RFC 3526, by Node's name; its generator is 2.
fn group(name: &str) -> Option<Exchange> {
    let prime: unsafe extern "C" fn(*mut BIGNUM) -> *mut BIGNUM =
        match name.to_ascii_lowercase().as_str() {
            "modp1" => sys::BN_get_rfc2409_prime_768,
            "modp2" => sys::BN_get_rfc2409_prime_1024,
            "modp5" => sys::BN_get_rfc3526_prime_1536,
            "modp14" => sys::BN_get_rfc3526_prime_2048,
            "modp15" => sys::BN_get_rfc3526_prime_3072,
            "modp16" => sys::BN_get_rfc3526_prime_4096,
            "modp17" => sys::BN_get_rfc3526_prime_6144,
            "modp18" => sys::BN_get_rfc3526_prime_8192,
            _ => return None,
        };
    // SAFETY: null asks for a new number.
    with(Bn::new(unsafe { prime(null_mut()) })?, text::number(&[2])?)
}

/// 0: prime, 1: generator, 2: public key, 3: private key.
fn part_of(dh: *const DH, part: c_int) -> Option<Out> {
    let (mut p, mut q, mut g, mut public, mut private) = (null(), null(), null(), null(), null());
    // SAFETY: the numbers belong to the parameters, and are copied before anything changes them.
    unsafe {
        sys::DH_get0_pqg(dh, &raw mut p, &raw mut q, &raw mut g);
        sys::DH_get0_key(dh, &raw mut public, &raw mut private);
    }
    let number = match part {
        0 => p,
        1 => g,
        2 => public,
        _ => private,
    };
    (!number.is_null()).then(|| Out(text::bytes(number, 0)))
}

/// The shared secret, with zeros in front up to the length of the prime.
fn compute(dh: &Dh, bytes: &[u8]) -> Option<Vec<u8>> {
    let number = text::number(bytes)?;
    // SAFETY: the buffer has the size that OpenSSL names.
    unsafe {
        let size = usize::try_from(sys::DH_size(dh.get())).ok()?;
        let mut to = vec![0; size];
        let len =
            usize::try_from(sys::DH_compute_key(to.as_mut_ptr(), number.get(), dh.get())).ok()?;
        to.rotate_right(size - len);
        Some(to)
    }
}
