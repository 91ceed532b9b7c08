//! The primitives under the binding of `node:crypto`: OpenSSL's operations on bytes and keys.
//!
//! [`bind`] makes one object of plain functions, and the files of `binding/` build on it what Node's own library expects
//! of `internalBinding('crypto')`: its classes, jobs and checks. A primitive that fails returns `null` or `false` and leaves
//! its errors in OpenSSL's queue, as in Node's own binding; `throwOpenssl` turns them into an exception there.
//!
//! Memory: pointers from OpenSSL live in the owners of [`sys`]. Bytes of JavaScript are read within one call, during which
//! no JavaScript runs, so that they can be neither moved nor detached.

mod certificate;
mod cipher;
mod curve;
mod dh;
mod digest;
mod error;
mod export;
mod generate;
mod kdf;
mod key;
mod names;
mod parse;
mod random;
mod rsa;
mod sign;
mod sys;
mod text;

use std::ffi::{CString, c_int};

use rquickjs::{
    Ctx, FromJs, Function, IntoJs, Object, Result, TypedArray, Value, class::JsClass,
    context::EvalOptions, function::IntoJsFunc,
};

/// The JavaScript that builds the binding: a function expression of the primitives and of what it needs from the library.
const BINDING: &str = concat!(
    "(function (native, library) {\n",
    include_str!("binding/base.js"),
    include_str!("binding/digest.js"),
    include_str!("binding/cipher.js"),
    include_str!("binding/key.js"),
    include_str!("binding/sign.js"),
    include_str!("binding/exchange.js"),
    include_str!("binding/derive.js"),
    include_str!("binding/certificate.js"),
    include_str!("binding/warm.js"),
    "return binding;\n})"
);

/// Makes OpenSSL ready to use, with randomness from the sandbox's own source only, and returns the primitives.
///
/// # Errors
/// If JavaScript has no memory left.
fn primitives<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    random::take_over();
    let mut native = Native {
        ctx,
        object: Object::new(ctx.clone())?,
    };
    error::add(&mut native)?;
    names::add(&mut native)?;
    digest::add(&mut native)?;
    cipher::add(&mut native)?;
    key::add(&mut native)?;
    parse::add(&mut native)?;
    export::add(&mut native)?;
    generate::add(&mut native)?;
    sign::add(&mut native)?;
    rsa::add(&mut native)?;
    curve::add(&mut native)?;
    dh::add(&mut native)?;
    kdf::add(&mut native)?;
    random::add(&mut native)?;
    certificate::add(&mut native)?;
    Ok(native.object)
}

/// Makes what Node's library expects of `internalBinding('crypto')`.
///
/// `library` has `require`, which finds Node's own modules (`buffer`, `internal/buffer`, `internal/errors`,
/// `internal/util/types`), and `defer`, which calls a function in a later turn of the event loop.
///
/// # Errors
/// If JavaScript has no memory left.
pub fn bind<'js>(ctx: &Ctx<'js>, library: Object<'js>) -> Result<Object<'js>> {
    let mut options = EvalOptions::default();
    options.filename = Some("node:internal/binding/crypto".to_owned());
    let make: Function = ctx.eval_with_options(BINDING, options)?;
    make.call((primitives(ctx)?, library))
}

/// Collects the primitives.
struct Native<'a, 'js> {
    ctx: &'a Ctx<'js>,
    object: Object<'js>,
}

impl<'js> Native<'_, 'js> {
    fn set<P>(&mut self, name: &str, function: impl IntoJsFunc<'js, P> + 'js) -> Result<()> {
        self.object
            .set(name, Function::new(self.ctx.clone(), function)?)
    }
}

/// Bytes that JavaScript passed: of a `Uint8Array`.
struct Bytes<'js>(TypedArray<'js, u8>);

impl<'js> FromJs<'js> for Bytes<'js> {
    fn from_js(_: &Ctx<'js>, value: Value<'js>) -> Result<Self> {
        TypedArray::from_value(value).map(Self)
    }
}

impl Bytes<'_> {
    fn get(&self) -> &[u8] {
        // SAFETY: no JavaScript runs while a primitive does, so nothing changes or detaches the buffer.
        unsafe { self.0.as_bytes() }.unwrap_or_default()
    }

    fn len(&self) -> c_int {
        c_int::try_from(self.get().len()).unwrap_or(c_int::MAX)
    }
}

/// Bytes or nothing, for a pointer that may be null.
fn optional<'a>(bytes: &'a Option<Bytes<'_>>) -> Option<&'a [u8]> {
    bytes.as_ref().map(Bytes::get)
}

/// Bytes for JavaScript: a new `Uint8Array`.
struct Out(Vec<u8>);

impl<'js> IntoJs<'js> for Out {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        Ok(TypedArray::<u8>::new_copy(ctx.clone(), self.0)?.into_value())
    }
}

/// A string for C; one with a zero byte, which names nothing in OpenSSL, is an empty one.
fn c_string(text: &str) -> CString {
    CString::new(text).unwrap_or_default()
}

/// Declares a class of JavaScript that has neither a constructor nor methods: a handle that the primitives take.
macro_rules! handle {
    ($name:ident) => {
        // SAFETY: the type has no lifetime of JavaScript in it.
        unsafe impl<'js> rquickjs::JsLifetime<'js> for $name {
            type Changed<'to> = $name;
        }
        impl<'js> rquickjs::class::Trace<'js> for $name {
            fn trace<'a>(&self, _: rquickjs::class::Tracer<'a, 'js>) {}
        }
        impl<'js> rquickjs::class::JsClass<'js> for $name {
            const NAME: &'static str = stringify!($name);
            type Mutable = rquickjs::class::Writable;
            fn constructor(
                _: &rquickjs::Ctx<'js>,
            ) -> rquickjs::Result<Option<rquickjs::function::Constructor<'js>>> {
                Ok(None)
            }
        }
    };
}
use handle;

/// Wraps what a primitive made into its handle, or gives `null`.
fn wrap<'js, T: JsClass<'js>>(
    ctx: &Ctx<'js>,
    value: Option<T>,
) -> Result<Option<rquickjs::Class<'js, T>>> {
    value
        .map(|value| rquickjs::Class::instance(ctx.clone(), value))
        .transpose()
}

/// Fills bytes from the sandbox's source of randomness; false if it has none.
#[must_use]
pub fn fill(bytes: &mut [u8]) -> bool {
    random::fill(bytes)
}
