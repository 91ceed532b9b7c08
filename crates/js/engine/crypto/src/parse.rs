//! Keys out of PEM and DER.

use std::ffi::{CStr, c_char, c_int, c_long, c_void};
use std::ptr::{null_mut, without_provenance_mut};

use rquickjs::{Class, Ctx, Result};

use crate::{
    Bytes, Native,
    key::Key,
    optional,
    sys::{self, Cert, EVP_PKEY, Pkcs8, Pkey},
    text, wrap,
};

/// `EVP_PKEY_RSA` and `EVP_PKEY_EC`.
const RSA: c_int = 6;
const EC: c_int = 408;

/// Node's numbers of key encodings.
const PKCS1: c_int = 0;
const PKCS8: c_int = 1;
const SPKI: c_int = 2;
const SEC1: c_int = 3;

pub(crate) fn add<'js>(native: &mut Native<'_, 'js>) -> Result<()> {
    native.set("isPrivateRsa", |der: Bytes<'js>| is_private_rsa(der.get()))?;
    native.set("parsePrivate", private)?;
    native.set("parsePublicPem", public_pem)?;
    native.set(
        "parsePublicDer",
        |ctx: Ctx<'js>, data: Bytes<'js>, kind: c_int| {
            let key = match kind {
                PKCS1 => from_der(data.get(), |from, len| unsafe {
                    sys::d2i_PublicKey(RSA, null_mut(), from, len)
                }),
                SPKI => from_der(data.get(), |from, len| unsafe {
                    sys::d2i_PUBKEY(null_mut(), from, len)
                }),
                _ => None,
            };
            wrap(&ctx, key)
        },
    )
}

fn from_der(
    data: &[u8],
    read: impl FnOnce(*mut *const u8, c_long) -> *mut EVP_PKEY,
) -> Option<Key> {
    let mut from = data.as_ptr();
    Pkey::new(read(&raw mut from, c_long::try_from(data.len()).ok()?)).map(Key)
}

/// The content of an ASN.1 sequence, as far as it is there.
fn sequence(data: &[u8]) -> Option<&[u8]> {
    let [0x30, length, rest @ ..] = data else {
        return None;
    };
    if length & 0x80 == 0 {
        return Some(&rest[..rest.len().min(usize::from(*length))]);
    }
    let count = usize::from(length & 0x7f);
    let (length, content) = rest
        .split_at_checked(count)
        .filter(|_| count <= size_of::<usize>())?;
    let length = length
        .iter()
        .fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
    Some(&content[..content.len().min(length)])
}

/// A private RSA key starts with a version, a public one with its modulus.
fn is_private_rsa(data: &[u8]) -> bool {
    matches!(sequence(data), Some([2, 1, version, ..]) if version & 0xfe == 0)
}

/// An encrypted PKCS#8 key starts with its algorithm, a plain one with a version.
fn is_encrypted(data: &[u8]) -> bool {
    matches!(sequence(data), Some([first, ..]) if *first != 2)
}

/// Gives OpenSSL the passphrase; without one, or if it is too long, the key can't be read.
unsafe extern "C" fn password(buf: *mut c_char, size: c_int, _: c_int, data: *mut c_void) -> c_int {
    // SAFETY: `data` is what `with_password` passes: null, or an optional slice that lives on its stack.
    let Some(Some(pass)) = (unsafe { data.cast::<Option<&[u8]>>().as_ref() }) else {
        return -1;
    };
    match c_int::try_from(pass.len()) {
        Ok(len) if len <= size => {
            // SAFETY: the buffer has room for `size` bytes.
            unsafe { std::ptr::copy_nonoverlapping(pass.as_ptr(), buf.cast(), pass.len()) };
            len
        }
        _ => -1,
    }
}

/// A private key; what is wrong with it stands in the queue, even if there is a key.
fn private<'js>(
    ctx: Ctx<'js>,
    data: Bytes<'js>,
    pem: bool,
    kind: c_int,
    passphrase: Option<Bytes<'js>>,
) -> Result<Option<Class<'js, Key>>> {
    let mut pass = optional(&passphrase);
    let user = (&raw mut pass).cast::<c_void>();
    let data = data.get();
    // SAFETY: the streams read `data`, which outlives them, and the callback reads `pass`.
    let key = unsafe {
        text::reader(data).and_then(|bio| {
            if pem {
                let key = sys::PEM_read_bio_PrivateKey(bio.get(), null_mut(), Some(password), user);
                return Pkey::new(key).map(Key);
            }
            match kind {
                PKCS1 => from_der(data, |from, len| {
                    sys::d2i_PrivateKey(RSA, null_mut(), from, len)
                }),
                SEC1 => from_der(data, |from, len| {
                    sys::d2i_PrivateKey(EC, null_mut(), from, len)
                }),
                PKCS8 if is_encrypted(data) => {
                    let key =
                        sys::d2i_PKCS8PrivateKey_bio(bio.get(), null_mut(), Some(password), user);
                    Pkey::new(key).map(Key)
                }
                PKCS8 => {
                    let info = Pkcs8::new(sys::d2i_PKCS8_PRIV_KEY_INFO_bio(bio.get(), null_mut()))?;
                    Pkey::new(sys::EVP_PKCS82PKEY(info.get())).map(Key)
                }
                _ => None,
            }
        })
    };
    wrap(&ctx, key)
}

/// A public key out of PEM: a key, an RSA key or a certificate. `false` if it has none of these, `null` if it has one that
/// can't be read.
fn public_pem<'js>(ctx: Ctx<'js>, data: Bytes<'js>) -> Result<rquickjs::Value<'js>> {
    use rquickjs::IntoJs;
    // SAFETY: each reader gets valid bytes.
    let found = unsafe {
        block(data.get(), c"PUBLIC KEY", |from, len| {
            sys::d2i_PUBKEY(null_mut(), from, len)
        })
        .or_else(|| {
            block(data.get(), c"RSA PUBLIC KEY", |from, len| {
                sys::d2i_PublicKey(RSA, null_mut(), from, len)
            })
        })
        .or_else(|| {
            block(data.get(), c"CERTIFICATE", |from, len| {
                let certificate = Cert::new(sys::d2i_X509(null_mut(), from, len));
                certificate.map_or(null_mut(), |certificate| {
                    sys::X509_get_pubkey(certificate.get())
                })
            })
        })
    };
    match found {
        None => Ok(rquickjs::Value::new_bool(ctx, false)),
        Some(key) => match wrap(&ctx, key)? {
            Some(key) => key.into_js(&ctx),
            None => Ok(rquickjs::Value::new_null(ctx)),
        },
    }
}

/// Reads the block of this name; nothing if there is none.
fn block(
    data: &[u8],
    name: &CStr,
    read: impl FnOnce(*mut *const u8, c_long) -> *mut EVP_PKEY,
) -> Option<Option<Key>> {
    let bio = text::reader(data)?;
    let mut bytes = null_mut();
    let mut len = 0;
    // SAFETY: OpenSSL allocates the bytes, which are freed below.
    unsafe {
        sys::ERR_set_mark();
        // Without passphrases: an encrypted public key does not exist.
        let user = without_provenance_mut(0);
        let found = sys::PEM_bytes_read_bio(
            &raw mut bytes,
            &raw mut len,
            null_mut(),
            name.as_ptr(),
            bio.get(),
            Some(password),
            user,
        );
        sys::ERR_pop_to_mark();
        if found != 1 {
            return None;
        }
        let mut from = bytes.cast_const();
        let key = Pkey::new(read(&raw mut from, len)).map(Key);
        sys::CRYPTO_free(bytes.cast(), c"".as_ptr(), 0);
        Some(key)
    }
}
