//! The sources of Node's library, packed by `build.rs`.

use flate2::read::DeflateDecoder;
use rquickjs::{Ctx, Exception, Object, Result, Value, function::Func};
use std::{cell::RefCell, collections::HashMap, io::Read};

use crate::bytes;

static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/library.deflate"));

thread_local! {
    /// Id → source, while the library is loaded.
    static SOURCES: RefCell<HashMap<String, String>> = RefCell::default();
}

pub(crate) fn define(native: &Object<'_>) -> Result<()> {
    native.set("libraryIds", Func::from(ids))?;
    native.set("librarySource", Func::from(source))?;
    native.set("forgetLibrary", Func::from(forget))
}

fn unpack(ctx: &Ctx<'_>) -> Result<()> {
    if SOURCES.with_borrow(|sources| !sources.is_empty()) {
        return Ok(());
    }
    let mut bytes = Vec::new();
    let unpacked = DeflateDecoder::new(PACKED).read_to_end(&mut bytes);
    if unpacked.is_err() {
        return Err(Exception::throw_message(
            ctx,
            "the packed library is damaged",
        ));
    }
    let text = String::from_utf8_lossy(&bytes);
    let sources = text.split('\0').collect::<Vec<_>>();
    SOURCES.set(
        sources
            .chunks_exact(2)
            .map(|pair| (pair[0].to_owned(), pair[1].to_owned()))
            .collect(),
    );
    Ok(())
}

fn ids(ctx: Ctx<'_>) -> Result<Vec<String>> {
    unpack(&ctx)?;
    let mut ids: Vec<_> = SOURCES.with_borrow(|sources| sources.keys().cloned().collect());
    ids.sort();
    Ok(ids)
}

/// Undefined for an id that is not there.
fn source<'js>(ctx: Ctx<'js>, id: String) -> Result<Value<'js>> {
    unpack(&ctx)?;
    SOURCES.with_borrow(|sources| match sources.get(&id) {
        Some(source) => bytes::text(&ctx, source),
        None => Ok(Value::new_undefined(ctx.clone())),
    })
}

/// Gives the memory of the sources back; they are unpacked again when one is asked for.
fn forget() {
    SOURCES.take();
}
