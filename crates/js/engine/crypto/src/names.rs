//! Lists of what OpenSSL has: digests, ciphers, curves.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::{null, null_mut};

use rquickjs::{Ctx, Object, Result};

use crate::{Native, c_string, sys, text};

pub(crate) fn add<'js>(native: &mut Native<'_, 'js>) -> Result<()> {
    native.set("digests", digests)?;
    native.set("ciphers", ciphers)?;
    native.set("curves", curves)?;
    native.set("cipherInfo", cipher_info)?;
    native.set("curveNid", curve_nid)?;
    native.set("nameOfNid", |nid: c_int| {
        // SAFETY: a table of static strings.
        text::borrowed(unsafe { sys::OBJ_nid2sn(nid) })
    })
}

/// Calls a listing function of OpenSSL and collects the names for which `keep` holds.
fn collect(
    list: unsafe extern "C" fn(
        unsafe extern "C" fn(*const c_void, *const c_char, *const c_char, *mut c_void),
        *mut c_void,
    ),
    keep: fn(&str) -> bool,
) -> Vec<String> {
    unsafe extern "C" fn visit(
        _: *const c_void,
        from: *const c_char,
        _: *const c_char,
        data: *mut c_void,
    ) {
        // SAFETY: `data` is the list below, and the name is a static string or null.
        let names = unsafe { &mut *data.cast::<Vec<String>>() };
        names.push(text::borrowed(from));
    }
    let mut names: Vec<String> = Vec::new();
    // SAFETY: the list outlives the call.
    unsafe { list(visit, (&raw mut names).cast()) };
    names.retain(|name| !name.is_empty() && keep(name));
    // Asking for an algorithm that no provider has leaves an error.
    unsafe { sys::ERR_clear_error() };
    names
}

fn digests() -> Vec<String> {
    collect(sys::EVP_MD_do_all_sorted, |name| {
        // SAFETY: the name is a string; what was fetched is freed.
        unsafe {
            let md = sys::EVP_get_digestbyname(c_string(name).as_ptr());
            if md.is_null() {
                return false;
            }
            sys::Md::new(sys::EVP_MD_fetch(
                null_mut(),
                sys::EVP_MD_get0_name(md),
                null(),
            ))
            .is_some()
        }
    })
}

fn ciphers() -> Vec<String> {
    collect(sys::EVP_CIPHER_do_all_sorted, |name| {
        // SAFETY: the name is a string; what was fetched is freed.
        unsafe {
            let cipher = sys::EVP_get_cipherbyname(c_string(name).as_ptr());
            if cipher.is_null() {
                return false;
            }
            let fetched =
                sys::EVP_CIPHER_fetch(null_mut(), sys::EVP_CIPHER_get0_name(cipher), null());
            let there = !fetched.is_null();
            sys::EVP_CIPHER_free(fetched);
            there
        }
    })
}

fn curves() -> Vec<String> {
    // SAFETY: the first call counts, the second fills as many as there is room for; the names are static.
    unsafe {
        let count = sys::EC_get_builtin_curves(null_mut(), 0);
        let mut all = vec![
            sys::EC_CURVE {
                nid: 0,
                comment: null()
            };
            count
        ];
        sys::EC_get_builtin_curves(all.as_mut_ptr(), count);
        all.iter()
            .map(|curve| text::borrowed(sys::OBJ_nid2sn(curve.nid)))
            .collect()
    }
}

/// The number of a curve by its NIST or other name; 0 if there is no such name.
pub(crate) fn curve_nid(name: String) -> c_int {
    let name = c_string(&name);
    // SAFETY: the name is a string.
    unsafe {
        match sys::EC_curve_nist2nid(name.as_ptr()) {
            0 => sys::OBJ_sn2nid(name.as_ptr()),
            nid => nid,
        }
    }
}

/// Mode, sizes and names of a cipher as `crypto.getCipherInfo` gives them; nothing for an unknown one, or if it does not take
/// the lengths. A negative length is one that was not asked for.
fn cipher_info<'js>(
    ctx: Ctx<'js>,
    name: Option<String>,
    nid: c_int,
    key_length: c_int,
    iv_length: c_int,
) -> Result<Option<Object<'js>>> {
    const FLAG_MODE_AEAD_SET_IVLEN: c_int = 0x9;
    // SAFETY: the cipher is static, the context is freed by its owner.
    unsafe {
        let name = match name {
            Some(name) => c_string(&name),
            None => c_string(&text::borrowed(sys::OBJ_nid2sn(nid))),
        };
        let cipher = sys::EVP_get_cipherbyname(name.as_ptr());
        if cipher.is_null() {
            return Ok(None);
        }
        let mode = sys::EVP_CIPHER_get_mode(cipher);
        let mut iv = sys::EVP_CIPHER_get_iv_length(cipher);
        let mut key = sys::EVP_CIPHER_get_key_length(cipher);
        if key_length >= 0 || iv_length >= 0 {
            let Some(test) = sys::CipherCtx::new(sys::EVP_CIPHER_CTX_new()) else {
                return Ok(None);
            };
            if sys::EVP_CipherInit_ex(test.get(), cipher, null_mut(), null(), null(), 1) == 0 {
                sys::ERR_clear_error();
                return Ok(None);
            }
            if key_length >= 0 {
                if sys::EVP_CIPHER_CTX_set_key_length(test.get(), key_length) == 0 {
                    sys::ERR_clear_error();
                    return Ok(None);
                }
                key = key_length;
            }
            if iv_length >= 0 {
                let fits = match mode {
                    // CCM: seven to thirteen bytes.
                    7 => (7..=13).contains(&iv_length),
                    // GCM, OCB.
                    6 | 0x10003 => {
                        sys::EVP_CIPHER_CTX_ctrl(
                            test.get(),
                            FLAG_MODE_AEAD_SET_IVLEN,
                            iv_length,
                            null_mut(),
                        ) > 0
                    }
                    _ => iv_length == iv,
                };
                sys::ERR_clear_error();
                if !fits {
                    return Ok(None);
                }
                iv = iv_length;
            }
        }
        let info = Object::new(ctx)?;
        let mode_name = match mode {
            0 => Some("stream"),
            1 => Some("ecb"),
            2 => Some("cbc"),
            3 => Some("cfb"),
            4 => Some("ofb"),
            5 => Some("ctr"),
            6 => Some("gcm"),
            7 => Some("ccm"),
            0x10001 => Some("xts"),
            0x10002 => Some("wrap"),
            0x10003 => Some("ocb"),
            _ => None,
        };
        if let Some(mode) = mode_name {
            info.set("mode", mode)?;
        }
        let nid = sys::EVP_CIPHER_get_nid(cipher);
        info.set("name", text::borrowed(sys::OBJ_nid2sn(nid)))?;
        info.set("nid", nid)?;
        // A stream cipher has no block size worth a name.
        if mode != 0 {
            info.set("blockSize", sys::EVP_CIPHER_get_block_size(cipher))?;
        }
        if iv != 0 {
            info.set("ivLength", iv)?;
        }
        info.set("keyLength", key)?;
        Ok(Some(info))
    }
}
