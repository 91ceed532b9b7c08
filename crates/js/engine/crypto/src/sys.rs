//! The functions of OpenSSL 3.5 that the binding calls, and owners of what they allocate.

#![allow(non_camel_case_types)]

use std::ffi::{c_char, c_int, c_long, c_uchar, c_uint, c_ulong, c_void};

macro_rules! opaque {
    ($($name:ident),* $(,)?) => {
        $(#[repr(C)] pub struct $name { _private: [u8; 0] })*
    };
}
opaque!(
    ASN1_INTEGER,
    ASN1_OBJECT,
    ASN1_STRING,
    ASN1_TIME,
    BIGNUM,
    BIO,
    BIO_METHOD,
    BN_CTX,
    BN_GENCB,
    DH,
    ECDSA_SIG,
    EC_GROUP,
    EC_KEY,
    EC_POINT,
    EVP_CIPHER,
    EVP_CIPHER_CTX,
    EVP_MD,
    EVP_MD_CTX,
    EVP_PKEY,
    EVP_PKEY_CTX,
    GENERAL_NAMES,
    HMAC_CTX,
    PKCS8_PRIV_KEY_INFO,
    STACK,
    X509,
    X509_ALGOR,
    X509_NAME,
    X509_NAME_ENTRY,
    X509_PUBKEY,
);

/// `GENERAL_NAME`; the union is read by its kind.
#[repr(C)]
pub struct GENERAL_NAME {
    pub kind: c_int,
    pub value: *mut c_void,
}

/// `OTHERNAME`: a general name of a registered kind.
#[repr(C)]
pub struct OTHERNAME {
    pub type_id: *mut ASN1_OBJECT,
    pub value: *mut ASN1_TYPE,
}

#[repr(C)]
pub struct ASN1_TYPE {
    pub kind: c_int,
    pub value: *mut c_void,
}

#[repr(C)]
pub struct ACCESS_DESCRIPTION {
    pub method: *mut ASN1_OBJECT,
    pub location: *mut GENERAL_NAME,
}

/// `SPKAC` inside of a signed public key and challenge.
#[repr(C)]
pub struct NETSCAPE_SPKAC {
    pub pubkey: *mut X509_PUBKEY,
    pub challenge: *mut ASN1_STRING,
}

#[repr(C)]
pub struct NETSCAPE_SPKI_FIELDS {
    pub spkac: *mut NETSCAPE_SPKAC,
}

/// `RAND_METHOD`.
#[repr(C)]
pub struct RAND_METHOD {
    pub seed: Option<extern "C" fn(*const c_void, c_int) -> c_int>,
    pub bytes: Option<extern "C" fn(*mut c_uchar, c_int) -> c_int>,
    pub cleanup: Option<extern "C" fn()>,
    pub add: Option<extern "C" fn(*const c_void, c_int, f64) -> c_int>,
    pub pseudorand: Option<extern "C" fn(*mut c_uchar, c_int) -> c_int>,
    pub status: Option<extern "C" fn() -> c_int>,
}

pub type PemPassword =
    unsafe extern "C" fn(buf: *mut c_char, size: c_int, writing: c_int, data: *mut c_void) -> c_int;
type NameVisitor = unsafe extern "C" fn(
    cipher: *const c_void,
    from: *const c_char,
    to: *const c_char,
    data: *mut c_void,
);

mod computing;
mod forms;

pub use computing::*;
pub use forms::*;

/// `EC_builtin_curve`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct EC_CURVE {
    pub nid: c_int,
    pub comment: *const c_char,
}

/// `RSA_PSS_PARAMS`, as the restrictions of an RSA-PSS key are stored.
#[repr(C)]
pub struct RSA_PSS_PARAMS {
    pub hash: *mut X509_ALGOR,
    pub mask: *mut X509_ALGOR,
    pub salt_length: *mut ASN1_INTEGER,
    pub trailer: *mut ASN1_INTEGER,
    pub mask_hash: *mut X509_ALGOR,
}

/// `struct tm` of musl and glibc.
#[repr(C)]
#[derive(Default)]
pub struct Tm {
    pub sec: c_int,
    pub min: c_int,
    pub hour: c_int,
    pub mday: c_int,
    pub mon: c_int,
    pub year: c_int,
    pub wday: c_int,
    pub yday: c_int,
    pub isdst: c_int,
    pub gmtoff: c_long,
    pub zone: usize,
    pub spare: c_long,
}

/// Owners: the pointer is never null, and is freed with its owner.
macro_rules! owner {
    ($($name:ident: $kind:ty, $free:ident;)*) => {
        $(
            pub struct $name(std::ptr::NonNull<$kind>);
            impl $name {
                /// Takes over what OpenSSL returned; nothing if that is null.
                pub fn new(pointer: *mut $kind) -> Option<Self> {
                    std::ptr::NonNull::new(pointer).map(Self)
                }
                pub fn get(&self) -> *mut $kind {
                    self.0.as_ptr()
                }
            }
            impl Drop for $name {
                fn drop(&mut self) {
                    // SAFETY: the owner alone has this pointer, and OpenSSL's matching function frees it.
                    unsafe { $free(self.0.as_ptr()) }
                }
            }
        )*
    };
}
owner! {
    Bn: BIGNUM, BN_clear_free;
    BnCtx: BN_CTX, BN_CTX_free;
    Bio: BIO, BIO_free_all;
    Cert: X509, X509_free;
    CipherCtx: EVP_CIPHER_CTX, EVP_CIPHER_CTX_free;
    Dh: DH, DH_free;
    EcGroup: EC_GROUP, EC_GROUP_free;
    EcKey: EC_KEY, EC_KEY_free;
    EcPoint: EC_POINT, EC_POINT_free;
    EcSig: ECDSA_SIG, ECDSA_SIG_free;
    HmacCtx: HMAC_CTX, HMAC_CTX_free;
    Md: EVP_MD, EVP_MD_free;
    MdCtx: EVP_MD_CTX, EVP_MD_CTX_free;
    Pkcs8: PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free;
    Pkey: EVP_PKEY, EVP_PKEY_free;
    PkeyCtx: EVP_PKEY_CTX, EVP_PKEY_CTX_free;
    Rsa: c_void, RSA_free;
    Spki: NETSCAPE_SPKI_FIELDS, NETSCAPE_SPKI_free;
}

/// OpenSSL asks for it to see that a process has been forked. There are no processes.
#[cfg(target_family = "wasm")]
#[unsafe(no_mangle)]
extern "C" fn getpid() -> c_int {
    1
}
