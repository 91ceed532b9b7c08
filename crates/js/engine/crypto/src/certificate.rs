//! X.509 certificates, and signed public keys with challenges.

use std::ffi::{c_char, c_int, c_long, c_uint, c_ulong, c_void};
use std::ptr::null_mut;

use rquickjs::{Array, Class, Ctx, Object, Result};

use crate::{
    Bytes, Native, Out, c_string,
    digest::Algorithm,
    handle,
    key::Key,
    sys::{self, ASN1_OBJECT, ASN1_STRING, ASN1_TIME, Bn, Cert, Pkey, Spki, X509, X509_NAME},
    text, wrap,
};

mod names;

/// A parsed certificate.
pub(crate) struct Certificate(Cert);
handle!(Certificate);

/// Names over several lines: escaped as RFC 2253 wants but for what is not ASCII, short names of fields.
const MULTILINE: c_ulong = 0x1 | 0x2 | 0x10 | 4 << 16;
const INFO_ACCESS: c_int = 177;
const ALTERNATIVE_NAME: c_int = 85;
const EXTENDED_KEY_USAGE: c_int = 126;

pub(crate) fn add<'js>(native: &mut Native<'_, 'js>) -> Result<()> {
    native.set("certificate", |ctx: Ctx<'js>, data: Bytes<'js>| {
        wrap(&ctx, parse(data.get()).map(Certificate))
    })?;
    native.set(
        "certificateText",
        |certificate: Class<'js, Certificate>, part: String| {
            text_of(certificate.borrow().0.get(), &part)
        },
    )?;
    native.set(
        "certificateDate",
        |certificate: Class<'js, Certificate>, end: bool| {
            // SAFETY: the time belongs to the certificate.
            unsafe { seconds(time(certificate.borrow().0.get(), end)) }
        },
    )?;
    native.set(
        "certificateName",
        |ctx: Ctx<'js>, certificate: Class<'js, Certificate>, issuer: bool| {
            name_object(&ctx, certificate.borrow().0.get(), issuer)
        },
    )?;
    native.set(
        "certificateUsage",
        |certificate: Class<'js, Certificate>| usage(certificate.borrow().0.get()),
    )?;
    native.set("certificateRaw", |certificate: Class<'js, Certificate>| {
        let bio = text::writer()?;
        // SAFETY: both are alive.
        (unsafe { sys::i2d_X509_bio(bio.get(), certificate.borrow().0.get()) } == 1)
            .then(|| Out(text::written(&bio)))
    })?;
    native.set(
        "certificateKey",
        |ctx: Ctx<'js>, certificate: Class<'js, Certificate>| {
            // SAFETY: the key is a reference of our own.
            wrap(
                &ctx,
                Pkey::new(unsafe { sys::X509_get_pubkey(certificate.borrow().0.get()) }).map(Key),
            )
        },
    )?;
    native.set("certificateIsCa", |certificate: Class<'js, Certificate>| {
        // SAFETY: the certificate is alive.
        unsafe { sys::X509_check_ca(certificate.borrow().0.get()) == 1 }
    })?;
    native.set(
        "certificateIssuedBy",
        |certificate: Class<'js, Certificate>, issuer: Class<'js, Certificate>| {
            // SAFETY: both are alive.
            unsafe {
                sys::X509_check_issued(issuer.borrow().0.get(), certificate.borrow().0.get()) == 0
            }
        },
    )?;
    native.set(
        "certificateHasKey",
        |certificate: Class<'js, Certificate>, key: Class<'js, Key>| {
            // SAFETY: both are alive.
            unsafe {
                sys::X509_check_private_key(certificate.borrow().0.get(), key.borrow().0.get()) == 1
            }
        },
    )?;
    native.set(
        "certificateVerify",
        |certificate: Class<'js, Certificate>, key: Class<'js, Key>| {
            // SAFETY: both are alive.
            unsafe { sys::X509_verify(certificate.borrow().0.get(), key.borrow().0.get()) == 1 }
        },
    )?;
    native.set(
        "certificateCheck",
        |ctx: Ctx<'js>,
         certificate: Class<'js, Certificate>,
         what: String,
         name: String,
         flags: c_uint| { check(ctx, certificate.borrow().0.get(), &what, &name, flags) },
    )?;
    native.set("spkac", spkac)
}

fn parse(data: &[u8]) -> Option<Cert> {
    /// No certificate is encrypted.
    unsafe extern "C" fn no_password(_: *mut c_char, _: c_int, _: c_int, _: *mut c_void) -> c_int {
        0
    }
    // SAFETY: the streams read `data`, which outlives them.
    unsafe {
        let pem = text::reader(data)?;
        let certificate = Cert::new(sys::PEM_read_bio_X509_AUX(
            pem.get(),
            null_mut(),
            Some(no_password),
            null_mut(),
        ));
        if certificate.is_some() {
            return certificate;
        }
        let der = text::reader(data)?;
        Cert::new(sys::d2i_X509_bio(der.get(), null_mut()))
    }
}

/// # Safety
/// The certificate must be valid.
unsafe fn time(certificate: *mut X509, end: bool) -> *const ASN1_TIME {
    // SAFETY: by the contract above.
    unsafe {
        if end {
            sys::X509_get0_notAfter(certificate)
        } else {
            sys::X509_get0_notBefore(certificate)
        }
    }
}

/// Seconds since 1970.
///
/// # Safety
/// The time must be valid.
unsafe fn seconds(time: *const ASN1_TIME) -> f64 {
    let mut tm = sys::Tm::default();
    // SAFETY: by the contract above; `tm` has the layout of C's.
    unsafe { sys::ASN1_TIME_to_tm(time, &raw mut tm) };
    // Days since 1970 of the civil calendar, with years that begin in March.
    let (year, month) = (i64::from(tm.year) + 1900, i64::from(tm.mon) + 1);
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(tm.mday) - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    (days * 86_400 + i64::from(tm.hour) * 3_600 + i64::from(tm.min) * 60 + i64::from(tm.sec)) as f64
}

/// A part of a certificate as text; nothing if it has none.
fn text_of(certificate: *mut X509, part: &str) -> Option<String> {
    // SAFETY: what is asked for belongs to the certificate, which is alive.
    unsafe {
        match part {
            "subject" => print_name(sys::X509_get_subject_name(certificate)),
            "issuer" => print_name(sys::X509_get_issuer_name(certificate)),
            "validFrom" => print_time(time(certificate, false)),
            "validTo" => print_time(time(certificate, true)),
            "serialNumber" => {
                let number = sys::X509_get_serialNumber(certificate);
                let number = Bn::new(sys::ASN1_INTEGER_to_BN(number, null_mut()))?;
                Some(text::owned(sys::BN_bn2hex(number.get())))
            }
            "pem" => {
                let bio = text::writer()?;
                (sys::PEM_write_bio_X509(bio.get(), certificate) == 1)
                    .then(|| utf8(text::written(&bio)))
            }
            "sha1" | "sha256" | "sha512" => fingerprint(certificate, part),
            "subjectAltName" => names::alternative(certificate, ALTERNATIVE_NAME),
            "infoAccess" => names::info_access(certificate, INFO_ACCESS),
            _ => None,
        }
    }
}

fn utf8(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// # Safety
/// The name must be valid.
unsafe fn print_name(name: *const X509_NAME) -> Option<String> {
    let bio = text::writer()?;
    // SAFETY: by the contract above.
    let printed = unsafe { sys::X509_NAME_print_ex(bio.get(), name, 0, MULTILINE) };
    (printed > 0).then(|| utf8(text::written(&bio)))
}

/// # Safety
/// The time must be valid.
unsafe fn print_time(time: *const ASN1_TIME) -> Option<String> {
    let bio = text::writer()?;
    // SAFETY: by the contract above.
    (unsafe { sys::ASN1_TIME_print(bio.get(), time) } == 1).then(|| utf8(text::written(&bio)))
}

fn fingerprint(certificate: *mut X509, hash: &str) -> Option<String> {
    let md = Algorithm::in_table(hash)?;
    let mut to = [0_u8; 64];
    let mut len: c_uint = 0;
    // SAFETY: the buffer is as long as the longest digest.
    if unsafe { sys::X509_digest(certificate, md.get(), to.as_mut_ptr(), &raw mut len) } != 1 {
        return None;
    }
    let bytes: Vec<_> = to[..len as usize]
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    Some(bytes.join(":"))
}

/// The fields of a name: by short name or number, as `[name, value]` pairs in their order.
fn name_object<'js>(ctx: &Ctx<'js>, certificate: *mut X509, issuer: bool) -> Result<Array<'js>> {
    let fields = Array::new(ctx.clone())?;
    // SAFETY: name, entries and their parts belong to the certificate.
    unsafe {
        let name = if issuer {
            sys::X509_get_issuer_name(certificate)
        } else {
            sys::X509_get_subject_name(certificate)
        };
        for index in 0..sys::X509_NAME_entry_count(name) {
            let entry = sys::X509_NAME_get_entry(name, index);
            let object = sys::X509_NAME_ENTRY_get_object(entry);
            let field = match sys::OBJ_obj2nid(object) {
                0 => object_text(object, true),
                nid => text::borrowed(sys::OBJ_nid2sn(nid)),
            };
            let Some(value) = string(sys::X509_NAME_ENTRY_get_data(entry)) else {
                continue;
            };
            fields.set(fields.len(), vec![field, utf8(value)])?;
        }
    }
    Ok(fields)
}

/// The UTF-8 of a string of any kind.
///
/// # Safety
/// The string must be valid.
unsafe fn string(value: *const ASN1_STRING) -> Option<Vec<u8>> {
    let mut bytes = null_mut();
    // SAFETY: by the contract above; OpenSSL allocates the bytes.
    unsafe {
        let len = sys::ASN1_STRING_to_UTF8(&raw mut bytes, value);
        let copy = (len >= 0).then(|| text::slice(bytes, c_long::from(len)));
        sys::CRYPTO_free(bytes.cast(), c"".as_ptr(), 0);
        copy
    }
}

/// An object's name, or its number.
///
/// # Safety
/// The object must be valid.
unsafe fn object_text(object: *const ASN1_OBJECT, number: bool) -> String {
    let mut buffer = [0 as c_char; 128];
    // SAFETY: OpenSSL writes at most this many bytes.
    unsafe {
        sys::OBJ_obj2txt(
            buffer.as_mut_ptr(),
            buffer.len() as c_int,
            object,
            c_int::from(number),
        )
    };
    text::borrowed(buffer.as_ptr())
}

fn usage(certificate: *mut X509) -> Option<Vec<String>> {
    unsafe extern "C" fn free(object: *mut c_void) {
        // SAFETY: OpenSSL calls it with the objects of the list.
        unsafe { sys::ASN1_OBJECT_free(object.cast()) }
    }
    // SAFETY: the list is ours, and freed with its objects.
    unsafe {
        let list = sys::X509_get_ext_d2i(certificate, EXTENDED_KEY_USAGE, null_mut(), null_mut())
            .cast::<sys::STACK>();
        if list.is_null() {
            return None;
        }
        let usages = (0..sys::OPENSSL_sk_num(list))
            .map(|index| object_text(sys::OPENSSL_sk_value(list, index).cast(), true))
            .collect();
        sys::OPENSSL_sk_pop_free(list, free);
        Some(usages)
    }
}

/// `match` and the name that matched; a number below zero if the name can't be asked for.
fn check<'js>(
    ctx: Ctx<'js>,
    certificate: *mut X509,
    what: &str,
    name: &str,
    flags: c_uint,
) -> Result<Object<'js>> {
    let result = Object::new(ctx)?;
    let c_name = c_string(name);
    // SAFETY: the certificate is alive; OpenSSL allocates the name that matched.
    unsafe {
        let found = match what {
            "host" => {
                let mut peer = null_mut();
                let found = sys::X509_check_host(
                    certificate,
                    name.as_ptr().cast(),
                    name.len(),
                    flags,
                    &raw mut peer,
                );
                if !peer.is_null() {
                    result.set("peer", text::owned(peer))?;
                }
                found
            }
            "email" => sys::X509_check_email(certificate, name.as_ptr().cast(), name.len(), flags),
            _ => sys::X509_check_ip_asc(certificate, c_name.as_ptr(), flags),
        };
        result.set("match", found)?;
    }
    Ok(result)
}

/// 0: whether the signature is right, 1: the key as PEM, 2: the challenge.
fn spkac(data: Bytes<'_>, what: c_int) -> Option<Out> {
    // Line ends after the base64 are no part of it.
    let data = data.get().trim_ascii_end();
    // SAFETY: what is read belongs to the parsed structure.
    unsafe {
        let len = c_int::try_from(data.len()).ok()?;
        let spki = Spki::new(sys::NETSCAPE_SPKI_b64_decode(data.as_ptr().cast(), len))?;
        if what == 2 {
            let challenge = (*(*spki.get()).spkac).challenge;
            return string(challenge).map(Out);
        }
        let key = Pkey::new(sys::NETSCAPE_SPKI_get_pubkey(spki.get()))?;
        if what == 0 {
            return (sys::NETSCAPE_SPKI_verify(spki.get(), key.get()) > 0).then(|| Out(Vec::new()));
        }
        let bio = text::writer()?;
        (sys::PEM_write_bio_PUBKEY(bio.get(), key.get()) > 0).then(|| Out(text::written(&bio)))
    }
}
