//! Randomness: from the sandbox's source alone. OpenSSL's own generator would be seeded once, and its state would be frozen
//! into the engine: each login would draw the same numbers.

use std::ffi::{c_int, c_uchar, c_void};
use std::ptr::{null, null_mut};

use rquickjs::Result;

use crate::{
    Bytes, Native, Out,
    sys::{self, Bn, BnCtx, RAND_METHOD},
    text,
};

static METHOD: RAND_METHOD = RAND_METHOD {
    seed: Some(seed),
    bytes: Some(bytes),
    cleanup: None,
    add: Some(add_entropy),
    pseudorand: Some(bytes),
    status: Some(status),
};

/// Puts the sandbox's source in the place of OpenSSL's generator.
pub(crate) fn take_over() {
    // SAFETY: the method is static.
    unsafe { sys::RAND_set_rand_method(&raw const METHOD) };
}

extern "C" fn bytes(to: *mut c_uchar, len: c_int) -> c_int {
    let Ok(len) = usize::try_from(len) else {
        return 0;
    };
    if len == 0 {
        return 1;
    }
    // SAFETY: OpenSSL passes a buffer of this length.
    c_int::from(fill(unsafe { std::slice::from_raw_parts_mut(to, len) }))
}

extern "C" fn seed(_: *const c_void, _: c_int) -> c_int {
    1
}

extern "C" fn add_entropy(_: *const c_void, _: c_int, _: f64) -> c_int {
    1
}

extern "C" fn status() -> c_int {
    1
}

pub(crate) fn fill(to: &mut [u8]) -> bool {
    getrandom::fill(to).is_ok()
}

pub(crate) fn add<'js>(native: &mut Native<'_, 'js>) -> Result<()> {
    native.set("randomFill", |to: Bytes<'js>| {
        let Some(mut bytes) = to.0.as_raw() else {
            return true;
        };
        // SAFETY: no JavaScript runs meanwhile, and nothing else borrows the bytes.
        fill(unsafe { bytes.as_mut() })
    })?;
    native.set("randomBytes", |length: usize| {
        let mut to = vec![0; length];
        fill(&mut to).then_some(Out(to))
    })?;
    native.set("primeBits", |bytes: Bytes<'js>| {
        // SAFETY: the number is alive.
        text::number(bytes.get()).map_or(0, |number| unsafe { sys::BN_num_bits(number.get()) })
    })?;
    native.set("numbersInOrder", |a: Bytes<'js>, b: Bytes<'js>| {
        // SAFETY: both numbers are alive.
        text::number(a.get())
            .zip(text::number(b.get()))
            .is_some_and(|(a, b)| unsafe { sys::BN_cmp(a.get(), b.get()) < 0 })
    })?;
    native.set(
        "prime",
        |bits: c_int, safe: bool, add: Option<Bytes<'js>>, rem: Option<Bytes<'js>>| {
            let number =
                |bytes: Option<Bytes<'js>>| bytes.and_then(|bytes| text::number(bytes.get()));
            prime(bits, safe, number(add), number(rem)).map(Out)
        },
    )?;
    native.set("isPrime", |bytes: Bytes<'js>, checks: c_int| {
        let number = text::number(bytes.get())?;
        // SAFETY: the number is alive, the context new.
        unsafe {
            let ctx = BnCtx::new(sys::BN_CTX_new())?;
            match sys::BN_is_prime_ex(number.get(), checks, ctx.get(), null_mut()) {
                result if result < 0 => None,
                result => Some(result == 1),
            }
        }
    })
}

fn prime(bits: c_int, safe: bool, add: Option<Bn>, rem: Option<Bn>) -> Option<Vec<u8>> {
    let pointer = |number: &Option<Bn>| {
        number
            .as_ref()
            .map_or(null(), |number| number.get().cast_const())
    };
    // SAFETY: all numbers are alive.
    unsafe {
        let result = Bn::new(sys::BN_new())?;
        let ctx = BnCtx::new(sys::BN_CTX_new())?;
        let done = sys::BN_generate_prime_ex2(
            result.get(),
            bits,
            c_int::from(safe),
            pointer(&add),
            pointer(&rem),
            null_mut(),
            ctx.get(),
        );
        (done == 1).then(|| text::bytes(result.get(), 0))
    }
}
