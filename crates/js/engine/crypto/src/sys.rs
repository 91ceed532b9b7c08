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

unsafe extern "C" {
    // Errors.
    pub fn ERR_get_error() -> c_ulong;
    pub fn ERR_peek_error() -> c_ulong;
    pub fn ERR_peek_last_error() -> c_ulong;
    pub fn ERR_clear_error();
    pub fn ERR_error_string_n(error: c_ulong, buf: *mut c_char, len: usize);
    pub fn ERR_lib_error_string(error: c_ulong) -> *const c_char;
    pub fn ERR_reason_error_string(error: c_ulong) -> *const c_char;
    pub fn ERR_new();
    pub fn ERR_set_error(library: c_int, reason: c_int, format: *const c_char, ...);
    pub fn ERR_set_mark() -> c_int;
    pub fn ERR_pop_to_mark() -> c_int;

    // Library.
    pub fn RAND_set_rand_method(method: *const RAND_METHOD) -> c_int;
    pub fn CRYPTO_free(pointer: *mut c_void, file: *const c_char, line: c_int);
    pub fn CRYPTO_memdup(
        data: *const c_void,
        len: usize,
        file: *const c_char,
        line: c_int,
    ) -> *mut c_void;
    pub fn CRYPTO_memcmp(a: *const c_void, b: *const c_void, len: usize) -> c_int;
    pub fn OBJ_obj2txt(
        buf: *mut c_char,
        len: c_int,
        object: *const ASN1_OBJECT,
        no_name: c_int,
    ) -> c_int;
    pub fn OBJ_sn2nid(name: *const c_char) -> c_int;
    pub fn OBJ_nid2sn(nid: c_int) -> *const c_char;
    pub fn OBJ_nid2ln(nid: c_int) -> *const c_char;
    pub fn OBJ_obj2nid(object: *const ASN1_OBJECT) -> c_int;

    // Numbers.
    pub fn BN_new() -> *mut BIGNUM;
    pub fn BN_clear_free(number: *mut BIGNUM);
    pub fn BN_bin2bn(bytes: *const c_uchar, len: c_int, result: *mut BIGNUM) -> *mut BIGNUM;
    pub fn BN_bn2binpad(number: *const BIGNUM, to: *mut c_uchar, len: c_int) -> c_int;
    pub fn BN_num_bits(number: *const BIGNUM) -> c_int;
    pub fn BN_set_word(number: *mut BIGNUM, word: c_ulong) -> c_int;
    pub fn BN_cmp(a: *const BIGNUM, b: *const BIGNUM) -> c_int;
    pub fn BN_value_one() -> *const BIGNUM;
    pub fn BN_CTX_new() -> *mut BN_CTX;
    pub fn BN_CTX_free(ctx: *mut BN_CTX);
    pub fn BN_generate_prime_ex2(
        result: *mut BIGNUM,
        bits: c_int,
        safe: c_int,
        add: *const BIGNUM,
        rem: *const BIGNUM,
        callback: *mut BN_GENCB,
        ctx: *mut BN_CTX,
    ) -> c_int;
    pub fn BN_is_prime_ex(
        number: *const BIGNUM,
        checks: c_int,
        ctx: *mut BN_CTX,
        callback: *mut BN_GENCB,
    ) -> c_int;
    pub fn BN_bn2hex(number: *const BIGNUM) -> *mut c_char;

    // Streams in memory.
    pub fn BIO_new(method: *const BIO_METHOD) -> *mut BIO;
    pub fn BIO_s_mem() -> *const BIO_METHOD;
    pub fn BIO_new_mem_buf(bytes: *const c_void, len: c_int) -> *mut BIO;
    pub fn BIO_free_all(bio: *mut BIO);
    pub fn BIO_ctrl(bio: *mut BIO, command: c_int, number: c_long, pointer: *mut c_void) -> c_long;

    // Digests.
    pub fn EVP_get_digestbyname(name: *const c_char) -> *const EVP_MD;
    pub fn EVP_MD_fetch(
        lib: *mut c_void,
        name: *const c_char,
        properties: *const c_char,
    ) -> *mut EVP_MD;
    pub fn EVP_MD_free(md: *mut EVP_MD);
    pub fn EVP_MD_get_size(md: *const EVP_MD) -> c_int;
    pub fn EVP_MD_get_flags(md: *const EVP_MD) -> c_ulong;
    pub fn EVP_MD_get0_name(md: *const EVP_MD) -> *const c_char;
    pub fn EVP_MD_CTX_new() -> *mut EVP_MD_CTX;
    pub fn EVP_MD_CTX_free(ctx: *mut EVP_MD_CTX);
    pub fn EVP_MD_CTX_copy(to: *mut EVP_MD_CTX, from: *const EVP_MD_CTX) -> c_int;
    pub fn EVP_DigestInit_ex(ctx: *mut EVP_MD_CTX, md: *const EVP_MD, engine: *mut c_void)
    -> c_int;
    pub fn EVP_DigestUpdate(ctx: *mut EVP_MD_CTX, bytes: *const c_void, len: usize) -> c_int;
    pub fn EVP_DigestFinal_ex(ctx: *mut EVP_MD_CTX, to: *mut c_uchar, len: *mut c_uint) -> c_int;
    pub fn EVP_DigestFinalXOF(ctx: *mut EVP_MD_CTX, to: *mut c_uchar, len: usize) -> c_int;
    pub fn EVP_MD_do_all_sorted(visit: NameVisitor, data: *mut c_void);
    pub fn HMAC_CTX_new() -> *mut HMAC_CTX;
    pub fn HMAC_CTX_free(ctx: *mut HMAC_CTX);
    pub fn HMAC_Init_ex(
        ctx: *mut HMAC_CTX,
        key: *const c_void,
        len: c_int,
        md: *const EVP_MD,
        engine: *mut c_void,
    ) -> c_int;
    pub fn HMAC_Update(ctx: *mut HMAC_CTX, bytes: *const c_uchar, len: usize) -> c_int;
    pub fn HMAC_Final(ctx: *mut HMAC_CTX, to: *mut c_uchar, len: *mut c_uint) -> c_int;

    // Ciphers.
    pub fn EVP_get_cipherbyname(name: *const c_char) -> *const EVP_CIPHER;
    pub fn EVP_CIPHER_fetch(
        lib: *mut c_void,
        name: *const c_char,
        properties: *const c_char,
    ) -> *mut EVP_CIPHER;
    pub fn EVP_CIPHER_free(cipher: *mut EVP_CIPHER);
    pub fn EVP_CIPHER_get_nid(cipher: *const EVP_CIPHER) -> c_int;
    pub fn EVP_CIPHER_get_mode(cipher: *const EVP_CIPHER) -> c_int;
    pub fn EVP_CIPHER_get_iv_length(cipher: *const EVP_CIPHER) -> c_int;
    pub fn EVP_CIPHER_get_key_length(cipher: *const EVP_CIPHER) -> c_int;
    pub fn EVP_CIPHER_get_block_size(cipher: *const EVP_CIPHER) -> c_int;
    pub fn EVP_CIPHER_get0_name(cipher: *const EVP_CIPHER) -> *const c_char;
    pub fn EVP_CIPHER_do_all_sorted(visit: NameVisitor, data: *mut c_void);
    pub fn EVP_CIPHER_CTX_new() -> *mut EVP_CIPHER_CTX;
    pub fn EVP_CIPHER_CTX_free(ctx: *mut EVP_CIPHER_CTX);
    pub fn EVP_CIPHER_CTX_set_flags(ctx: *mut EVP_CIPHER_CTX, flags: c_int);
    pub fn EVP_CIPHER_CTX_set_key_length(ctx: *mut EVP_CIPHER_CTX, len: c_int) -> c_int;
    pub fn EVP_CIPHER_CTX_set_padding(ctx: *mut EVP_CIPHER_CTX, on: c_int) -> c_int;
    pub fn EVP_CIPHER_CTX_get_block_size(ctx: *const EVP_CIPHER_CTX) -> c_int;
    pub fn EVP_CIPHER_CTX_ctrl(
        ctx: *mut EVP_CIPHER_CTX,
        command: c_int,
        number: c_int,
        pointer: *mut c_void,
    ) -> c_int;
    pub fn EVP_CipherInit_ex(
        ctx: *mut EVP_CIPHER_CTX,
        cipher: *const EVP_CIPHER,
        engine: *mut c_void,
        key: *const c_uchar,
        iv: *const c_uchar,
        encrypt: c_int,
    ) -> c_int;
    pub fn EVP_CipherUpdate(
        ctx: *mut EVP_CIPHER_CTX,
        to: *mut c_uchar,
        to_len: *mut c_int,
        from: *const c_uchar,
        len: c_int,
    ) -> c_int;
    pub fn EVP_CipherFinal_ex(ctx: *mut EVP_CIPHER_CTX, to: *mut c_uchar, len: *mut c_int)
    -> c_int;

    // Keys.
    pub fn EVP_PKEY_new() -> *mut EVP_PKEY;
    pub fn EVP_PKEY_free(key: *mut EVP_PKEY);
    pub fn EVP_PKEY_get_id(key: *const EVP_PKEY) -> c_int;
    pub fn EVP_PKEY_get_base_id(key: *const EVP_PKEY) -> c_int;
    pub fn EVP_PKEY_get_bits(key: *const EVP_PKEY) -> c_int;
    pub fn EVP_PKEY_get_size(key: *const EVP_PKEY) -> c_int;
    pub fn EVP_PKEY_eq(a: *const EVP_PKEY, b: *const EVP_PKEY) -> c_int;
    pub fn EVP_PKEY_get_bn_param(
        key: *const EVP_PKEY,
        name: *const c_char,
        number: *mut *mut BIGNUM,
    ) -> c_int;
    pub fn EVP_PKEY_get_raw_public_key(
        key: *const EVP_PKEY,
        to: *mut c_uchar,
        len: *mut usize,
    ) -> c_int;
    pub fn EVP_PKEY_get_raw_private_key(
        key: *const EVP_PKEY,
        to: *mut c_uchar,
        len: *mut usize,
    ) -> c_int;
    pub fn EVP_PKEY_new_raw_public_key(
        kind: c_int,
        engine: *mut c_void,
        bytes: *const c_uchar,
        len: usize,
    ) -> *mut EVP_PKEY;
    pub fn EVP_PKEY_new_raw_private_key(
        kind: c_int,
        engine: *mut c_void,
        bytes: *const c_uchar,
        len: usize,
    ) -> *mut EVP_PKEY;
    pub fn EVP_PKEY_set1_EC_KEY(key: *mut EVP_PKEY, ec: *mut EC_KEY) -> c_int;
    pub fn EVP_PKEY_get0_EC_KEY(key: *const EVP_PKEY) -> *const EC_KEY;
    pub fn EVP_PKEY_get0_RSA(key: *const EVP_PKEY) -> *const c_void;
    pub fn RSA_new() -> *mut c_void;
    pub fn RSA_free(rsa: *mut c_void);
    pub fn RSA_get0_pss_params(rsa: *const c_void) -> *const RSA_PSS_PARAMS;
    pub fn RSA_set0_key(rsa: *mut c_void, n: *mut BIGNUM, e: *mut BIGNUM, d: *mut BIGNUM) -> c_int;
    pub fn RSA_set0_factors(rsa: *mut c_void, p: *mut BIGNUM, q: *mut BIGNUM) -> c_int;
    pub fn RSA_set0_crt_params(
        rsa: *mut c_void,
        dp: *mut BIGNUM,
        dq: *mut BIGNUM,
        qi: *mut BIGNUM,
    ) -> c_int;
    pub fn EVP_PKEY_set1_RSA(key: *mut EVP_PKEY, rsa: *mut c_void) -> c_int;
    pub fn EVP_PKEY_CTX_new(key: *mut EVP_PKEY, engine: *mut c_void) -> *mut EVP_PKEY_CTX;
    pub fn EVP_PKEY_CTX_new_id(kind: c_int, engine: *mut c_void) -> *mut EVP_PKEY_CTX;
    pub fn EVP_PKEY_CTX_free(ctx: *mut EVP_PKEY_CTX);
    pub fn EVP_PKEY_keygen_init(ctx: *mut EVP_PKEY_CTX) -> c_int;
    pub fn EVP_PKEY_paramgen_init(ctx: *mut EVP_PKEY_CTX) -> c_int;
    pub fn EVP_PKEY_keygen(ctx: *mut EVP_PKEY_CTX, key: *mut *mut EVP_PKEY) -> c_int;
    pub fn EVP_PKEY_paramgen(ctx: *mut EVP_PKEY_CTX, key: *mut *mut EVP_PKEY) -> c_int;
    pub fn EVP_PKEY_CTX_set_rsa_keygen_bits(ctx: *mut EVP_PKEY_CTX, bits: c_int) -> c_int;
    pub fn EVP_PKEY_CTX_set1_rsa_keygen_pubexp(
        ctx: *mut EVP_PKEY_CTX,
        number: *mut BIGNUM,
    ) -> c_int;
    pub fn EVP_PKEY_CTX_set_rsa_pss_keygen_md(ctx: *mut EVP_PKEY_CTX, md: *const EVP_MD) -> c_int;
    pub fn EVP_PKEY_CTX_set_rsa_pss_keygen_mgf1_md(
        ctx: *mut EVP_PKEY_CTX,
        md: *const EVP_MD,
    ) -> c_int;
    pub fn EVP_PKEY_CTX_set_rsa_pss_keygen_saltlen(ctx: *mut EVP_PKEY_CTX, len: c_int) -> c_int;
    pub fn EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx: *mut EVP_PKEY_CTX, nid: c_int) -> c_int;
    pub fn EVP_PKEY_CTX_set_ec_param_enc(ctx: *mut EVP_PKEY_CTX, encoding: c_int) -> c_int;
    pub fn EVP_PKEY_CTX_set_dsa_paramgen_bits(ctx: *mut EVP_PKEY_CTX, bits: c_int) -> c_int;
    pub fn EVP_PKEY_CTX_set_dsa_paramgen_q_bits(ctx: *mut EVP_PKEY_CTX, bits: c_int) -> c_int;
    pub fn EVP_PKEY_CTX_set_dh_paramgen_prime_len(ctx: *mut EVP_PKEY_CTX, bits: c_int) -> c_int;
    pub fn EVP_PKEY_CTX_set_dh_paramgen_generator(
        ctx: *mut EVP_PKEY_CTX,
        generator: c_int,
    ) -> c_int;
    pub fn EVP_PKEY_CTX_set_rsa_padding(ctx: *mut EVP_PKEY_CTX, padding: c_int) -> c_int;
    pub fn EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx: *mut EVP_PKEY_CTX, len: c_int) -> c_int;
    pub fn EVP_PKEY_CTX_set_rsa_oaep_md(ctx: *mut EVP_PKEY_CTX, md: *const EVP_MD) -> c_int;
    pub fn EVP_PKEY_CTX_set0_rsa_oaep_label(
        ctx: *mut EVP_PKEY_CTX,
        label: *mut c_void,
        len: c_int,
    ) -> c_int;
    pub fn EVP_PKEY_CTX_set_signature_md(ctx: *mut EVP_PKEY_CTX, md: *const EVP_MD) -> c_int;
    pub fn EVP_PKEY_sign_init(ctx: *mut EVP_PKEY_CTX) -> c_int;
    pub fn EVP_PKEY_sign(
        ctx: *mut EVP_PKEY_CTX,
        to: *mut c_uchar,
        len: *mut usize,
        from: *const c_uchar,
        from_len: usize,
    ) -> c_int;
    pub fn EVP_PKEY_verify_init(ctx: *mut EVP_PKEY_CTX) -> c_int;
    pub fn EVP_PKEY_verify(
        ctx: *mut EVP_PKEY_CTX,
        signature: *const c_uchar,
        signature_len: usize,
        from: *const c_uchar,
        from_len: usize,
    ) -> c_int;
    pub fn EVP_PKEY_verify_recover_init(ctx: *mut EVP_PKEY_CTX) -> c_int;
    pub fn EVP_PKEY_verify_recover(
        ctx: *mut EVP_PKEY_CTX,
        to: *mut c_uchar,
        len: *mut usize,
        from: *const c_uchar,
        from_len: usize,
    ) -> c_int;
    pub fn EVP_PKEY_encrypt_init(ctx: *mut EVP_PKEY_CTX) -> c_int;
    pub fn EVP_PKEY_encrypt(
        ctx: *mut EVP_PKEY_CTX,
        to: *mut c_uchar,
        len: *mut usize,
        from: *const c_uchar,
        from_len: usize,
    ) -> c_int;
    pub fn EVP_PKEY_decrypt_init(ctx: *mut EVP_PKEY_CTX) -> c_int;
    pub fn EVP_PKEY_decrypt(
        ctx: *mut EVP_PKEY_CTX,
        to: *mut c_uchar,
        len: *mut usize,
        from: *const c_uchar,
        from_len: usize,
    ) -> c_int;
    pub fn EVP_PKEY_derive_init(ctx: *mut EVP_PKEY_CTX) -> c_int;
    pub fn EVP_PKEY_derive_set_peer(ctx: *mut EVP_PKEY_CTX, peer: *mut EVP_PKEY) -> c_int;
    pub fn EVP_PKEY_derive(ctx: *mut EVP_PKEY_CTX, to: *mut c_uchar, len: *mut usize) -> c_int;
    pub fn EVP_PKEY_check(ctx: *mut EVP_PKEY_CTX) -> c_int;
    pub fn EVP_PKEY_public_check(ctx: *mut EVP_PKEY_CTX) -> c_int;
    pub fn EVP_DigestSignInit(
        ctx: *mut EVP_MD_CTX,
        key_ctx: *mut *mut EVP_PKEY_CTX,
        md: *const EVP_MD,
        engine: *mut c_void,
        key: *mut EVP_PKEY,
    ) -> c_int;
    pub fn EVP_DigestSign(
        ctx: *mut EVP_MD_CTX,
        to: *mut c_uchar,
        len: *mut usize,
        from: *const c_uchar,
        from_len: usize,
    ) -> c_int;
    pub fn EVP_DigestVerifyInit(
        ctx: *mut EVP_MD_CTX,
        key_ctx: *mut *mut EVP_PKEY_CTX,
        md: *const EVP_MD,
        engine: *mut c_void,
        key: *mut EVP_PKEY,
    ) -> c_int;
    pub fn EVP_DigestVerify(
        ctx: *mut EVP_MD_CTX,
        signature: *const c_uchar,
        signature_len: usize,
        from: *const c_uchar,
        from_len: usize,
    ) -> c_int;
    pub fn ECDSA_SIG_new() -> *mut ECDSA_SIG;
    pub fn ECDSA_SIG_free(signature: *mut ECDSA_SIG);
    pub fn ECDSA_SIG_get0(
        signature: *const ECDSA_SIG,
        r: *mut *const BIGNUM,
        s: *mut *const BIGNUM,
    );
    pub fn ECDSA_SIG_set0(signature: *mut ECDSA_SIG, r: *mut BIGNUM, s: *mut BIGNUM) -> c_int;
    pub fn d2i_ECDSA_SIG(
        to: *mut *mut ECDSA_SIG,
        from: *mut *const c_uchar,
        len: c_long,
    ) -> *mut ECDSA_SIG;
    pub fn i2d_ECDSA_SIG(signature: *const ECDSA_SIG, to: *mut *mut c_uchar) -> c_int;

    // Forms of keys.
    pub fn PEM_read_bio_PrivateKey(
        bio: *mut BIO,
        to: *mut *mut EVP_PKEY,
        password: Option<PemPassword>,
        data: *mut c_void,
    ) -> *mut EVP_PKEY;
    pub fn PEM_bytes_read_bio(
        data: *mut *mut c_uchar,
        len: *mut c_long,
        found: *mut *mut c_char,
        name: *const c_char,
        bio: *mut BIO,
        password: Option<PemPassword>,
        user: *mut c_void,
    ) -> c_int;
    pub fn d2i_PrivateKey(
        kind: c_int,
        to: *mut *mut EVP_PKEY,
        from: *mut *const c_uchar,
        len: c_long,
    ) -> *mut EVP_PKEY;
    pub fn d2i_PublicKey(
        kind: c_int,
        to: *mut *mut EVP_PKEY,
        from: *mut *const c_uchar,
        len: c_long,
    ) -> *mut EVP_PKEY;
    pub fn d2i_PUBKEY(
        to: *mut *mut EVP_PKEY,
        from: *mut *const c_uchar,
        len: c_long,
    ) -> *mut EVP_PKEY;
    pub fn d2i_PKCS8PrivateKey_bio(
        bio: *mut BIO,
        to: *mut *mut EVP_PKEY,
        password: Option<PemPassword>,
        data: *mut c_void,
    ) -> *mut EVP_PKEY;
    pub fn d2i_PKCS8_PRIV_KEY_INFO_bio(
        bio: *mut BIO,
        to: *mut *mut PKCS8_PRIV_KEY_INFO,
    ) -> *mut PKCS8_PRIV_KEY_INFO;
    pub fn PKCS8_PRIV_KEY_INFO_free(info: *mut PKCS8_PRIV_KEY_INFO);
    pub fn EVP_PKCS82PKEY(info: *const PKCS8_PRIV_KEY_INFO) -> *mut EVP_PKEY;
    pub fn PEM_write_bio_RSAPublicKey(bio: *mut BIO, rsa: *const c_void) -> c_int;
    pub fn i2d_RSAPublicKey_bio(bio: *mut BIO, rsa: *const c_void) -> c_int;
    pub fn PEM_write_bio_PUBKEY(bio: *mut BIO, key: *const EVP_PKEY) -> c_int;
    pub fn i2d_PUBKEY_bio(bio: *mut BIO, key: *const EVP_PKEY) -> c_int;
    pub fn PEM_write_bio_RSAPrivateKey(
        bio: *mut BIO,
        rsa: *const c_void,
        cipher: *const EVP_CIPHER,
        pass: *const c_uchar,
        len: c_int,
        password: Option<PemPassword>,
        data: *mut c_void,
    ) -> c_int;
    pub fn i2d_RSAPrivateKey_bio(bio: *mut BIO, rsa: *const c_void) -> c_int;
    pub fn PEM_write_bio_PKCS8PrivateKey(
        bio: *mut BIO,
        key: *const EVP_PKEY,
        cipher: *const EVP_CIPHER,
        pass: *const c_char,
        len: c_int,
        password: Option<PemPassword>,
        data: *mut c_void,
    ) -> c_int;
    pub fn i2d_PKCS8PrivateKey_bio(
        bio: *mut BIO,
        key: *const EVP_PKEY,
        cipher: *const EVP_CIPHER,
        pass: *const c_char,
        len: c_int,
        password: Option<PemPassword>,
        data: *mut c_void,
    ) -> c_int;
    pub fn PEM_write_bio_ECPrivateKey(
        bio: *mut BIO,
        key: *const EC_KEY,
        cipher: *const EVP_CIPHER,
        pass: *const c_uchar,
        len: c_int,
        password: Option<PemPassword>,
        data: *mut c_void,
    ) -> c_int;
    pub fn i2d_ECPrivateKey_bio(bio: *mut BIO, key: *const EC_KEY) -> c_int;

    // Elliptic curves.
    pub fn EC_get_builtin_curves(curves: *mut EC_CURVE, count: usize) -> usize;
    pub fn EC_curve_nist2nid(name: *const c_char) -> c_int;
    pub fn EC_GROUP_new_by_curve_name(nid: c_int) -> *mut EC_GROUP;
    pub fn EC_GROUP_free(group: *mut EC_GROUP);
    pub fn EC_GROUP_get_curve_name(group: *const EC_GROUP) -> c_int;
    pub fn EC_GROUP_get_degree(group: *const EC_GROUP) -> c_int;
    pub fn EC_GROUP_order_bits(group: *const EC_GROUP) -> c_int;
    pub fn EC_GROUP_get0_order(group: *const EC_GROUP) -> *const BIGNUM;
    pub fn EC_KEY_new_by_curve_name(nid: c_int) -> *mut EC_KEY;
    pub fn EC_KEY_free(key: *mut EC_KEY);
    pub fn EC_KEY_get0_group(key: *const EC_KEY) -> *const EC_GROUP;
    pub fn EC_KEY_get0_private_key(key: *const EC_KEY) -> *const BIGNUM;
    pub fn EC_KEY_get0_public_key(key: *const EC_KEY) -> *const EC_POINT;
    pub fn EC_KEY_set_private_key(key: *mut EC_KEY, number: *const BIGNUM) -> c_int;
    pub fn EC_KEY_set_public_key(key: *mut EC_KEY, point: *const EC_POINT) -> c_int;
    pub fn EC_KEY_set_public_key_affine_coordinates(
        key: *mut EC_KEY,
        x: *mut BIGNUM,
        y: *mut BIGNUM,
    ) -> c_int;
    pub fn EC_KEY_generate_key(key: *mut EC_KEY) -> c_int;
    pub fn EC_KEY_check_key(key: *const EC_KEY) -> c_int;
    pub fn EC_POINT_new(group: *const EC_GROUP) -> *mut EC_POINT;
    pub fn EC_POINT_free(point: *mut EC_POINT);
    pub fn EC_POINT_mul(
        group: *const EC_GROUP,
        to: *mut EC_POINT,
        n: *const BIGNUM,
        q: *const EC_POINT,
        m: *const BIGNUM,
        ctx: *mut BN_CTX,
    ) -> c_int;
    pub fn EC_POINT_oct2point(
        group: *const EC_GROUP,
        point: *mut EC_POINT,
        bytes: *const c_uchar,
        len: usize,
        ctx: *mut BN_CTX,
    ) -> c_int;
    pub fn EC_POINT_point2oct(
        group: *const EC_GROUP,
        point: *const EC_POINT,
        form: c_int,
        to: *mut c_uchar,
        len: usize,
        ctx: *mut BN_CTX,
    ) -> usize;
    pub fn EC_POINT_get_affine_coordinates(
        group: *const EC_GROUP,
        point: *const EC_POINT,
        x: *mut BIGNUM,
        y: *mut BIGNUM,
        ctx: *mut BN_CTX,
    ) -> c_int;
    pub fn ECDH_compute_key(
        to: *mut c_void,
        len: usize,
        point: *const EC_POINT,
        key: *const EC_KEY,
        kdf: *const c_void,
    ) -> c_int;

    // Diffie-Hellman.
    pub fn DH_new() -> *mut DH;
    pub fn DH_free(dh: *mut DH);
    pub fn DH_set0_pqg(dh: *mut DH, p: *mut BIGNUM, q: *mut BIGNUM, g: *mut BIGNUM) -> c_int;
    pub fn DH_get0_pqg(
        dh: *const DH,
        p: *mut *const BIGNUM,
        q: *mut *const BIGNUM,
        g: *mut *const BIGNUM,
    );
    pub fn DH_get0_key(dh: *const DH, public: *mut *const BIGNUM, private: *mut *const BIGNUM);
    pub fn DH_set0_key(dh: *mut DH, public: *mut BIGNUM, private: *mut BIGNUM) -> c_int;
    pub fn DH_generate_parameters_ex(
        dh: *mut DH,
        bits: c_int,
        generator: c_int,
        callback: *mut BN_GENCB,
    ) -> c_int;
    pub fn DH_generate_key(dh: *mut DH) -> c_int;
    pub fn DH_check(dh: *const DH, codes: *mut c_int) -> c_int;
    pub fn DH_check_pub_key(dh: *const DH, public: *const BIGNUM, codes: *mut c_int) -> c_int;
    pub fn DH_compute_key(to: *mut c_uchar, public: *const BIGNUM, dh: *mut DH) -> c_int;
    pub fn BN_get_rfc2409_prime_768(number: *mut BIGNUM) -> *mut BIGNUM;
    pub fn BN_get_rfc2409_prime_1024(number: *mut BIGNUM) -> *mut BIGNUM;
    pub fn BN_get_rfc3526_prime_1536(number: *mut BIGNUM) -> *mut BIGNUM;
    pub fn BN_get_rfc3526_prime_2048(number: *mut BIGNUM) -> *mut BIGNUM;
    pub fn BN_get_rfc3526_prime_3072(number: *mut BIGNUM) -> *mut BIGNUM;
    pub fn BN_get_rfc3526_prime_4096(number: *mut BIGNUM) -> *mut BIGNUM;
    pub fn BN_get_rfc3526_prime_6144(number: *mut BIGNUM) -> *mut BIGNUM;
    pub fn BN_get_rfc3526_prime_8192(number: *mut BIGNUM) -> *mut BIGNUM;
    pub fn DH_size(dh: *const DH) -> c_int;
    pub fn EVP_PKEY_set1_DH(key: *mut EVP_PKEY, dh: *mut DH) -> c_int;

    // Derivation.
    pub fn PKCS5_PBKDF2_HMAC(
        pass: *const c_char,
        pass_len: c_int,
        salt: *const c_uchar,
        salt_len: c_int,
        iterations: c_int,
        md: *const EVP_MD,
        len: c_int,
        to: *mut c_uchar,
    ) -> c_int;
    pub fn EVP_PBE_scrypt(
        pass: *const c_char,
        pass_len: usize,
        salt: *const c_uchar,
        salt_len: usize,
        n: u64,
        r: u64,
        p: u64,
        max_memory: u64,
        to: *mut c_uchar,
        len: usize,
    ) -> c_int;

    // Certificates.
    pub fn X509_free(certificate: *mut X509);
    pub fn PEM_read_bio_X509_AUX(
        bio: *mut BIO,
        to: *mut *mut X509,
        password: Option<PemPassword>,
        data: *mut c_void,
    ) -> *mut X509;
    pub fn d2i_X509_bio(bio: *mut BIO, to: *mut *mut X509) -> *mut X509;
    pub fn d2i_X509(to: *mut *mut X509, from: *mut *const c_uchar, len: c_long) -> *mut X509;
    pub fn i2d_X509_bio(bio: *mut BIO, certificate: *const X509) -> c_int;
    pub fn PEM_write_bio_X509(bio: *mut BIO, certificate: *const X509) -> c_int;
    pub fn X509_get_pubkey(certificate: *mut X509) -> *mut EVP_PKEY;
    pub fn X509_get_subject_name(certificate: *const X509) -> *mut X509_NAME;
    pub fn X509_get_issuer_name(certificate: *const X509) -> *mut X509_NAME;
    pub fn X509_NAME_print_ex(
        bio: *mut BIO,
        name: *const X509_NAME,
        indent: c_int,
        flags: c_ulong,
    ) -> c_int;
    pub fn X509_NAME_entry_count(name: *const X509_NAME) -> c_int;
    pub fn X509_NAME_get_entry(name: *const X509_NAME, index: c_int) -> *mut X509_NAME_ENTRY;
    pub fn X509_NAME_ENTRY_get_object(entry: *const X509_NAME_ENTRY) -> *mut ASN1_OBJECT;
    pub fn X509_NAME_ENTRY_get_data(entry: *const X509_NAME_ENTRY) -> *mut ASN1_STRING;
    pub fn ASN1_STRING_to_UTF8(to: *mut *mut c_uchar, text: *const ASN1_STRING) -> c_int;
    pub fn ASN1_STRING_get0_data(text: *const ASN1_STRING) -> *const c_uchar;
    pub fn ASN1_STRING_length(text: *const ASN1_STRING) -> c_int;
    pub fn ASN1_TIME_print(bio: *mut BIO, time: *const ASN1_TIME) -> c_int;
    pub fn ASN1_TIME_to_tm(time: *const ASN1_TIME, tm: *mut Tm) -> c_int;
    pub fn ASN1_INTEGER_to_BN(integer: *const ASN1_INTEGER, to: *mut BIGNUM) -> *mut BIGNUM;
    pub fn X509_get0_notBefore(certificate: *const X509) -> *const ASN1_TIME;
    pub fn X509_get0_notAfter(certificate: *const X509) -> *const ASN1_TIME;
    pub fn X509_get_serialNumber(certificate: *mut X509) -> *mut ASN1_INTEGER;
    pub fn X509_digest(
        certificate: *const X509,
        md: *const EVP_MD,
        to: *mut c_uchar,
        len: *mut c_uint,
    ) -> c_int;
    pub fn X509_get_ext_d2i(
        certificate: *const X509,
        nid: c_int,
        critical: *mut c_int,
        index: *mut c_int,
    ) -> *mut c_void;
    pub fn OPENSSL_sk_num(stack: *const STACK) -> c_int;
    pub fn OPENSSL_sk_value(stack: *const STACK, index: c_int) -> *mut c_void;
    pub fn OPENSSL_sk_pop_free(stack: *mut STACK, free: unsafe extern "C" fn(*mut c_void));
    pub fn GENERAL_NAMES_free(names: *mut GENERAL_NAMES);
    pub fn AUTHORITY_INFO_ACCESS_free(access: *mut STACK);
    pub fn ASN1_OBJECT_free(object: *mut ASN1_OBJECT);
    pub fn X509_check_ca(certificate: *mut X509) -> c_int;
    pub fn X509_check_issued(issuer: *mut X509, subject: *mut X509) -> c_int;
    pub fn X509_check_private_key(certificate: *const X509, key: *const EVP_PKEY) -> c_int;
    pub fn X509_verify(certificate: *mut X509, key: *mut EVP_PKEY) -> c_int;
    pub fn X509_check_host(
        certificate: *mut X509,
        name: *const c_char,
        len: usize,
        flags: c_uint,
        peer: *mut *mut c_char,
    ) -> c_int;
    pub fn X509_check_email(
        certificate: *mut X509,
        name: *const c_char,
        len: usize,
        flags: c_uint,
    ) -> c_int;
    pub fn X509_check_ip_asc(certificate: *mut X509, ip: *const c_char, flags: c_uint) -> c_int;
    pub fn X509_ALGOR_get0(
        object: *mut *const ASN1_OBJECT,
        kind: *mut c_int,
        value: *mut *const c_void,
        a: *const X509_ALGOR,
    );

    // Signed public keys and challenges.
    pub fn NETSCAPE_SPKI_b64_decode(text: *const c_char, len: c_int) -> *mut NETSCAPE_SPKI_FIELDS;
    pub fn NETSCAPE_SPKI_free(spki: *mut NETSCAPE_SPKI_FIELDS);
    pub fn NETSCAPE_SPKI_get_pubkey(spki: *mut NETSCAPE_SPKI_FIELDS) -> *mut EVP_PKEY;
    pub fn NETSCAPE_SPKI_verify(spki: *mut NETSCAPE_SPKI_FIELDS, key: *mut EVP_PKEY) -> c_int;
}

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
