//! Node's own JavaScript on QuickJS-ng: its library, unchanged, over bindings of ours.
//!
//! [`install`] evaluates the loader (`js/loader.js`) in a context and returns its face, an object with `require`,
//! `internalBinding`, `process`, and the callbacks of the event loop; see `js/loader.js` for all of them.

mod buffer;
mod bytes;
mod encoding;
#[cfg(target_family = "wasm")]
mod exchange;
mod library;
#[cfg(feature = "runner")]
pub mod runner;
mod url;
mod value;
mod zlib;

use rquickjs::{Ctx, Function, Object, Result, context::EvalOptions, function::Func};

pub use library::{parsed, set_text_of};
pub use node_crypto as crypto;

/// The scripts of ours, in the order in which they are evaluated; each is a function of one object that they fill.
const SCRIPTS: &[(&str, &str)] = &[
    ("node:shapes", include_str!("../js/shapes.js")),
    ("node:bindings/values", include_str!("../js/values.js")),
    ("node:bindings/bytes", include_str!("../js/bytes.js")),
    ("node:bindings/system", include_str!("../js/system.js")),
    ("node:bindings/absent", include_str!("../js/absent.js")),
    ("node:bindings/counts", include_str!("../js/counts.js")),
    ("node:bindings/clone", include_str!("../js/clone.js")),
    ("node:bindings/ports", include_str!("../js/ports.js")),
    ("node:bindings/exchange", include_str!("../js/exchange.js")),
    ("node:bindings/parser", include_str!("../js/parser.js")),
    ("node:bindings/server", include_str!("../js/server.js")),
    ("node:bindings/sockets", include_str!("../js/sockets.js")),
    (
        "node:bindings/addresses",
        include_str!("../js/addresses.js"),
    ),
    ("node:bindings/names", include_str!("../js/names.js")),
    ("node:bindings/files", include_str!("../js/files.js")),
    (
        "node:bindings/serializer",
        include_str!("../js/serializer.js"),
    ),
    (
        "node:bindings/deserializer",
        include_str!("../js/deserializer.js"),
    ),
    ("node:bindings/wasm", include_str!("../js/wasm.js")),
    ("node:bindings/secure", include_str!("../js/secure.js")),
    (
        "node:bindings/dispatcher",
        include_str!("../js/dispatcher.js"),
    ),
    ("node:bindings/crypto", include_str!("../js/crypto.js")),
    ("node:loader", include_str!("../js/loader.js")),
];

/// Loads Node's library into a context.
///
/// `host` is what the library needs of the world around it; `js/system.js` names its functions.
pub fn install<'js>(ctx: &Ctx<'js>, host: Object<'js>) -> Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    value::define(&native)?;
    bytes::define(&native)?;
    buffer::define(&native)?;
    encoding::define(&native)?;
    #[cfg(target_family = "wasm")]
    exchange::define(&native)?;
    url::define(&native)?;
    zlib::define(&native)?;
    library::define(ctx, &native)?;
    native.set("bindCrypto", Func::from(bind_crypto))?;
    let node = Object::new(ctx.clone())?;
    node.set("native", native)?;
    node.set("host", host)?;
    for (name, source) in SCRIPTS {
        #[cfg(feature = "runner")]
        let source = &*runner::edited(name, source);
        let script: Function = evaluate(ctx, source, name)?;
        script.call::<_, ()>((node.clone(),))?;
    }
    Ok(node)
}

/// As [`node_crypto::bind`], called by the library.
fn bind_crypto<'js>(ctx: Ctx<'js>, library: Object<'js>) -> Result<Object<'js>> {
    node_crypto::bind(&ctx, library)
}

/// Evaluates a text that is one expression, strictly.
fn evaluate<'js>(ctx: &Ctx<'js>, source: &str, name: &str) -> Result<Function<'js>> {
    let mut options = EvalOptions::default();
    options.filename = Some(name.to_owned());
    parsed(ctx, name, || ctx.eval_with_options(source, options))
}

/// The text of a script of ours.
fn script(name: &str) -> Option<&'static str> {
    let (_, text) = SCRIPTS.iter().find(|(known, _)| *known == name)?;
    Some(text)
}
