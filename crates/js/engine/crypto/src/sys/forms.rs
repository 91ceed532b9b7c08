//! Functions of libcrypto about forms of keys, curves, derivation and certificates.

use super::*;

unsafe extern "C" {
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
