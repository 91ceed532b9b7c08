//! Digests and HMAC.

use std::ffi::{c_int, c_uint};
use std::ptr::{null, null_mut};

use rquickjs::{Class, Ctx, Result};

use crate::{
    Bytes, Native, Out, c_string, handle,
    sys::{self, EVP_MD, HmacCtx, Md, MdCtx},
    wrap,
};

/// The longest digest, in bytes.
const MAX_SIZE: usize = 64;

/// A digest that is being computed.
pub(crate) struct Digest {
    ctx: MdCtx,
    md: Algorithm,
}
handle!(Digest);

/// An HMAC that is being computed.
pub(crate) struct Hmac(HmacCtx);
handle!(Hmac);

/// A digest algorithm: one of OpenSSL's tables, or one that only a provider knows by this name.
pub(crate) struct Algorithm {
    table: *const EVP_MD,
    fetched: Option<Md>,
}

impl Algorithm {
    /// By any name that Node takes.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let name = c_string(name);
        // SAFETY: the name is a string; errors of a failed search are no one's concern.
        unsafe {
            sys::ERR_set_mark();
            let fetched = Md::new(sys::EVP_MD_fetch(null_mut(), name.as_ptr(), null()));
            sys::ERR_pop_to_mark();
            let table = sys::EVP_get_digestbyname(name.as_ptr());
            (fetched.is_some() || !table.is_null()).then_some(Self { table, fetched })
        }
    }

    /// By a name of OpenSSL's table, as signatures and derivations search for it.
    pub(crate) fn in_table(name: &str) -> Option<Self> {
        let name = c_string(name);
        // SAFETY: the name is a string, and the table is static.
        let table = unsafe { sys::EVP_get_digestbyname(name.as_ptr()) };
        (!table.is_null()).then_some(Self {
            table,
            fetched: None,
        })
    }

    pub(crate) fn get(&self) -> *const EVP_MD {
        self.fetched
            .as_ref()
            .map_or(self.table, |md| md.get().cast_const())
    }
}

pub(crate) fn add<'js>(native: &mut Native<'_, 'js>) -> Result<()> {
    native.set("digest", start)?;
    native.set("digestCopy", copy)?;
    native.set(
        "digestUpdate",
        |digest: Class<'js, Digest>, data: Bytes<'js>| {
            let data = data.get();
            // SAFETY: the context is alive, and the bytes are valid for their length.
            unsafe {
                sys::EVP_DigestUpdate(digest.borrow().ctx.get(), data.as_ptr().cast(), data.len())
                    == 1
            }
        },
    )?;
    native.set("digestSize", |digest: Class<'js, Digest>| {
        size(&digest.borrow().md)
    })?;
    native.set("digestName", |digest: Class<'js, Digest>| {
        // SAFETY: the name belongs to the algorithm.
        crate::text::borrowed(unsafe { sys::EVP_MD_get0_name(digest.borrow().md.get()) })
    })?;
    native.set("digestIsXof", |digest: Class<'js, Digest>| {
        // SAFETY: the algorithm is alive.
        unsafe { sys::EVP_MD_get_flags(digest.borrow().md.get()) & 2 != 0 }
    })?;
    native.set(
        "digestFinal",
        |digest: Class<'js, Digest>, length: usize| finish(&digest.borrow(), length),
    )?;
    native.set("digestExists", |name: String| {
        Algorithm::in_table(&name).is_some()
    })?;
    native.set("digestSizeByName", |name: String| {
        Algorithm::in_table(&name).map(|md| size(&md))
    })?;
    native.set("digestNames", |name: String| {
        Algorithm::named(&name).map(|md| size(&md))
    })?;
    native.set("digestOnce", once)?;
    native.set("hmac", hmac)?;
    native.set("hmacUpdate", |hmac: Class<'js, Hmac>, data: Bytes<'js>| {
        let data = data.get();
        // SAFETY: as for digests.
        unsafe { sys::HMAC_Update(hmac.borrow().0.get(), data.as_ptr(), data.len()) == 1 }
    })?;
    native.set("hmacFinal", |hmac: Class<'js, Hmac>| {
        let mut to = vec![0; MAX_SIZE];
        let mut len: c_uint = 0;
        // SAFETY: no digest is longer than the buffer.
        let done =
            unsafe { sys::HMAC_Final(hmac.borrow().0.get(), to.as_mut_ptr(), &raw mut len) == 1 };
        to.truncate(len as usize);
        done.then_some(Out(to))
    })
}

fn size(md: &Algorithm) -> c_int {
    // SAFETY: the algorithm is alive.
    unsafe { sys::EVP_MD_get_size(md.get()) }
}

/// Starts a digest; `null`, with nothing in the queue, if there is none of this name.
fn start<'js>(ctx: Ctx<'js>, name: String) -> Result<Option<Class<'js, Digest>>> {
    let digest = Algorithm::named(&name).and_then(|md| {
        // SAFETY: the context is new, the algorithm alive.
        unsafe {
            let ctx = MdCtx::new(sys::EVP_MD_CTX_new())?;
            (sys::EVP_DigestInit_ex(ctx.get(), md.get(), null_mut()) == 1)
                .then_some(Digest { ctx, md })
        }
    });
    wrap(&ctx, digest)
}

fn copy<'js>(ctx: Ctx<'js>, from: Class<'js, Digest>) -> Result<Option<Class<'js, Digest>>> {
    let from = from.borrow();
    // SAFETY: both contexts are alive; a context keeps its own reference to the algorithm that it reports.
    let digest = unsafe {
        MdCtx::new(sys::EVP_MD_CTX_new())
            .filter(|to| sys::EVP_MD_CTX_copy(to.get(), from.ctx.get()) == 1)
            .and_then(|ctx| {
                let name = crate::text::borrowed(sys::EVP_MD_get0_name(from.md.get()));
                Some(Digest {
                    ctx,
                    md: Algorithm::named(&name)?,
                })
            })
    };
    wrap(&ctx, digest)
}

/// Ends a digest with `length` bytes: the algorithm's own number, or any for an extendable one.
fn finish(digest: &Digest, length: usize) -> Option<Out> {
    let own = usize::try_from(size(&digest.md)).unwrap_or(0);
    // SAFETY: the buffer has room for the length that is asked for, and for the algorithm's own.
    unsafe {
        if length == own && own > 0 {
            let mut to = vec![0; own];
            return (sys::EVP_DigestFinal_ex(digest.ctx.get(), to.as_mut_ptr(), null_mut()) == 1)
                .then_some(Out(to));
        }
        let mut to = vec![0; length];
        (sys::EVP_DigestFinalXOF(digest.ctx.get(), to.as_mut_ptr(), length) == 1).then_some(Out(to))
    }
}

/// A whole digest at once; nothing if there is no such algorithm.
fn once(name: String, data: Bytes<'_>, length: c_int) -> Option<Out> {
    let md = Algorithm::named(&name)?;
    let data = data.get();
    // SAFETY: the context is new, the bytes are valid.
    unsafe {
        let ctx = MdCtx::new(sys::EVP_MD_CTX_new())?;
        if sys::EVP_DigestInit_ex(ctx.get(), md.get(), null_mut()) != 1
            || sys::EVP_DigestUpdate(ctx.get(), data.as_ptr().cast(), data.len()) != 1
        {
            return None;
        }
        let digest = Digest { ctx, md };
        let length = usize::try_from(length)
            .unwrap_or_else(|_| usize::try_from(size(&digest.md)).unwrap_or(0));
        finish(&digest, length)
    }
}

fn hmac<'js>(ctx: Ctx<'js>, name: String, key: Bytes<'js>) -> Result<Option<Class<'js, Hmac>>> {
    let hmac = Algorithm::in_table(&name).and_then(|md| {
        let data = key.get();
        // A null key would mean "the one before".
        let pointer = if data.is_empty() {
            c"".as_ptr().cast()
        } else {
            data.as_ptr()
        };
        // SAFETY: the context is new, the key valid for its length.
        unsafe {
            let ctx = HmacCtx::new(sys::HMAC_CTX_new())?;
            (sys::HMAC_Init_ex(ctx.get(), pointer.cast(), key.len(), md.get(), null_mut()) == 1)
                .then_some(Hmac(ctx))
        }
    });
    wrap(&ctx, hmac)
}
