//! Functions of libcrypto that compute: errors, numbers, digests, ciphers, keys.

use super::*;

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
}
