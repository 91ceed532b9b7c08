//! Keys into PEM and DER.

use std::ffi::c_int;
use std::ptr::{null, null_mut};

use rquickjs::{Class, Result};

use crate::{Bytes, Native, Out, c_string, key::Key, optional, sys, text};

const PKCS1: c_int = 0;
const PKCS8: c_int = 1;
const SPKI: c_int = 2;
const SEC1: c_int = 3;

pub(crate) fn add<'js>(native: &mut Native<'_, 'js>) -> Result<()> {
    native.set(
        "exportPublic",
        |key: Class<'js, Key>, pem: bool, kind: c_int| public(&key.borrow(), pem, kind),
    )?;
    native.set(
        "exportPrivate",
        |key: Class<'js, Key>,
         pem: bool,
         kind: c_int,
         cipher: Option<String>,
         passphrase: Option<Bytes<'js>>| {
            private(&key.borrow(), pem, kind, cipher, optional(&passphrase))
        },
    )?;
    native.set("cipherExists", |name: String| {
        // SAFETY: the name is a string.
        !unsafe { sys::EVP_get_cipherbyname(c_string(&name).as_ptr()) }.is_null()
    })
}

fn public(key: &Key, pem: bool, kind: c_int) -> Option<Out> {
    let bio = text::writer()?;
    let key = key.0.get();
    // SAFETY: the key is alive; its inner form is asked for only if the key has it.
    let done = unsafe {
        match (kind, pem) {
            (PKCS1, true) => {
                sys::PEM_write_bio_RSAPublicKey(bio.get(), sys::EVP_PKEY_get0_RSA(key))
            }
            (PKCS1, false) => sys::i2d_RSAPublicKey_bio(bio.get(), sys::EVP_PKEY_get0_RSA(key)),
            (SPKI, true) => sys::PEM_write_bio_PUBKEY(bio.get(), key),
            (SPKI, false) => sys::i2d_PUBKEY_bio(bio.get(), key),
            _ => 0,
        }
    };
    (done == 1).then(|| Out(text::written(&bio)))
}

fn private(
    key: &Key,
    pem: bool,
    kind: c_int,
    cipher: Option<String>,
    passphrase: Option<&[u8]>,
) -> Option<Out> {
    let bio = text::writer()?;
    let key = key.0.get();
    // SAFETY: the key is alive, the cipher static, the passphrase valid for its length.
    let done = unsafe {
        let cipher = cipher.map_or(null(), |name| {
            sys::EVP_get_cipherbyname(c_string(&name).as_ptr())
        });
        let len = passphrase.map_or(0, |pass| c_int::try_from(pass.len()).unwrap_or(0));
        // An empty passphrase is one too; none at all would ask on a terminal.
        let pass = match passphrase {
            Some([]) => c"".as_ptr().cast(),
            Some(pass) => pass.as_ptr(),
            None => null(),
        };
        match (kind, pem) {
            (PKCS1, true) => {
                let rsa = sys::EVP_PKEY_get0_RSA(key);
                sys::PEM_write_bio_RSAPrivateKey(
                    bio.get(),
                    rsa,
                    cipher,
                    pass,
                    len,
                    None,
                    null_mut(),
                )
            }
            (PKCS1, false) => sys::i2d_RSAPrivateKey_bio(bio.get(), sys::EVP_PKEY_get0_RSA(key)),
            (PKCS8, true) => sys::PEM_write_bio_PKCS8PrivateKey(
                bio.get(),
                key,
                cipher,
                pass.cast(),
                len,
                None,
                null_mut(),
            ),
            (PKCS8, false) => sys::i2d_PKCS8PrivateKey_bio(
                bio.get(),
                key,
                cipher,
                pass.cast(),
                len,
                None,
                null_mut(),
            ),
            (SEC1, true) => {
                let ec = sys::EVP_PKEY_get0_EC_KEY(key);
                sys::PEM_write_bio_ECPrivateKey(bio.get(), ec, cipher, pass, len, None, null_mut())
            }
            (SEC1, false) => sys::i2d_ECPrivateKey_bio(bio.get(), sys::EVP_PKEY_get0_EC_KEY(key)),
            _ => 0,
        }
    };
    (done == 1).then(|| Out(text::written(&bio)))
}
