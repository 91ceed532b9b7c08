//! General names, printed so that they can be told apart: what could be mistaken for a separator is quoted.

use std::ffi::{c_int, c_ulong, c_void};
use std::ptr::null_mut;

use super::{object_text, string, utf8};
use crate::{
    sys::{self, ACCESS_DESCRIPTION, ASN1_STRING, GENERAL_NAME, OTHERNAME, STACK, X509},
    text,
};

/// RFC 2253, with non-ASCII and control characters as they are: quoting takes care of them.
const RFC2253: c_ulong = 0x1 | 0x10 | 0x100 | 0x200 | 1 << 16 | 1 << 20 | 1 << 24;

/// Kinds of general names.
const OTHER: c_int = 0;
const EMAIL: c_int = 1;
const DNS: c_int = 2;
const X400: c_int = 3;
const DIRECTORY: c_int = 4;
const EDI: c_int = 5;
const URI: c_int = 6;
const IP: c_int = 7;
const REGISTERED: c_int = 8;

/// Kinds of strings that OTHERNAME values have.
const UTF8_STRING: c_int = 12;
const IA5_STRING: c_int = 22;

/// The subject's alternative names.
pub(super) fn alternative(certificate: *mut X509, nid: c_int) -> Option<String> {
    // SAFETY: the list is ours, and freed with its names.
    unsafe {
        let names = sys::X509_get_ext_d2i(certificate, nid, null_mut(), null_mut());
        if names.is_null() {
            return None;
        }
        let list = names.cast::<STACK>();
        let printed: Option<Vec<_>> = (0..sys::OPENSSL_sk_num(list))
            .map(|index| name(sys::OPENSSL_sk_value(list, index).cast()))
            .collect();
        sys::GENERAL_NAMES_free(names.cast());
        printed.map(|names| names.join(", "))
    }
}

/// Where the authority's information is.
pub(super) fn info_access(certificate: *mut X509, nid: c_int) -> Option<String> {
    // SAFETY: as above.
    unsafe {
        let list = sys::X509_get_ext_d2i(certificate, nid, null_mut(), null_mut()).cast::<STACK>();
        if list.is_null() {
            return None;
        }
        let mut lines = String::new();
        for index in 0..sys::OPENSSL_sk_num(list) {
            let access = sys::OPENSSL_sk_value(list, index).cast::<ACCESS_DESCRIPTION>();
            let method = object_text((*access).method, false);
            lines.push_str(&format!(
                "{method} - {}\n",
                name((*access).location).unwrap_or_default()
            ));
        }
        sys::AUTHORITY_INFO_ACCESS_free(list);
        lines.pop();
        Some(lines)
    }
}

/// # Safety
/// The name must be valid.
unsafe fn name(name: *const GENERAL_NAME) -> Option<String> {
    // SAFETY: each kind says what its value is.
    unsafe {
        let (kind, value) = ((*name).kind, (*name).value);
        Some(match kind {
            DNS => format!("DNS:{}", quoted(&raw_bytes(value), false, None)),
            EMAIL => format!("email:{}", quoted(&raw_bytes(value), false, None)),
            URI => format!("URI:{}", quoted(&raw_bytes(value), false, None)),
            DIRECTORY => {
                let bio = text::writer()?;
                if sys::X509_NAME_print_ex(bio.get(), value.cast(), 0, RFC2253) < 0 {
                    return None;
                }
                format!("DirName:{}", quoted(&text::written(&bio), true, None))
            }
            IP => format!("IP Address:{}", ip(&raw_bytes(value))),
            REGISTERED => format!("Registered ID:{}", object_text(value.cast(), true)),
            OTHER => other(value.cast()),
            X400 => "X400Name:<unsupported>".to_owned(),
            EDI => "EdiPartyName:<unsupported>".to_owned(),
            _ => return None,
        })
    }
}

/// # Safety
/// The value must be a valid string.
unsafe fn raw_bytes(value: *const c_void) -> Vec<u8> {
    let value = value.cast::<ASN1_STRING>();
    // SAFETY: by the contract above.
    unsafe {
        text::slice(
            sys::ASN1_STRING_get0_data(value),
            sys::ASN1_STRING_length(value).into(),
        )
    }
}

/// # Safety
/// The name must be valid.
unsafe fn other(name: *const OTHERNAME) -> String {
    // SAFETY: the kind of the value is checked before it is read as a string.
    unsafe {
        let (prefix, expected) = match object_text((*name).type_id, true).as_str() {
            "1.3.6.1.5.5.7.8.9" => ("SmtpUTF8Mailbox", UTF8_STRING),
            "1.3.6.1.5.5.7.8.7" => ("SRVName", IA5_STRING),
            "1.3.6.1.4.1.311.20.2.3" => ("UPN", UTF8_STRING),
            "1.3.6.1.5.5.7.8.8" => ("NAIRealm", UTF8_STRING),
            _ => return "othername:<unsupported>".to_owned(),
        };
        let value = (*name).value;
        if value.is_null() || (*value).kind != expected {
            return "othername:<unsupported>".to_owned();
        }
        let bytes = string((*value).value.cast()).unwrap_or_default();
        format!(
            "othername:{}",
            quoted(&bytes, expected == UTF8_STRING, Some(prefix))
        )
    }
}

fn ip(bytes: &[u8]) -> String {
    let join = |parts: Vec<String>, with: &str| parts.join(with);
    match bytes.len() {
        4 => join(bytes.iter().map(u8::to_string).collect(), "."),
        16 => join(
            bytes
                .chunks(2)
                .map(|pair| format!("{:X}", u16::from_be_bytes([pair[0], pair[1]])))
                .collect(),
            ":",
        ),
        length => format!("<invalid length={length}>"),
    }
}

/// The text, in quotation marks if it has characters that could be mistaken.
fn quoted(bytes: &[u8], is_utf8: bool, prefix: Option<&str>) -> String {
    let plain = |byte: u8| match byte {
        b'"' | b'\\' | b',' | b'\'' => false,
        _ if is_utf8 => byte >= b' ' && byte != 0x7f,
        _ => (b' '..=b'~').contains(&byte),
    };
    let mut to = Vec::new();
    let prefix = prefix
        .map(|prefix| format!("{prefix}:"))
        .unwrap_or_default();
    if bytes.iter().all(|byte| plain(*byte)) {
        to.extend(prefix.as_bytes());
        to.extend(bytes);
        return utf8(to);
    }
    to.push(b'"');
    to.extend(prefix.as_bytes());
    for byte in bytes {
        match byte {
            b'\\' => to.extend(b"\\\\"),
            b'"' => to.extend(b"\\\""),
            b' '..=b'~' if *byte != b',' => to.push(*byte),
            0x80.. if is_utf8 => to.push(*byte),
            _ => to.extend(format!("\\u00{byte:02x}").as_bytes()),
        }
    }
    to.push(b'"');
    utf8(to)
}
