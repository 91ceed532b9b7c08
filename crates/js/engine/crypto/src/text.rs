//! Strings, numbers and streams between OpenSSL and Rust.

use std::ffi::{CStr, c_char, c_int, c_long, c_void};

use crate::sys::{self, BIGNUM, Bio, Bn};

/// `BIO_CTRL_INFO`: the address and length of what a memory stream has.
const BIO_CTRL_INFO: c_int = 3;

/// A string that OpenSSL keeps; empty if there is none.
pub(crate) fn borrowed(pointer: *const c_char) -> String {
    if pointer.is_null() {
        return String::new();
    }
    // SAFETY: OpenSSL's strings end with a zero.
    unsafe { CStr::from_ptr(pointer) }
        .to_string_lossy()
        .into_owned()
}

/// A string that OpenSSL allocated for us.
pub(crate) fn owned(pointer: *mut c_char) -> String {
    let text = borrowed(pointer);
    // SAFETY: it came from OpenSSL's allocator; freeing null is allowed.
    unsafe { sys::CRYPTO_free(pointer.cast(), c"".as_ptr(), 0) };
    text
}

/// A stream to write into.
pub(crate) fn writer() -> Option<Bio> {
    // SAFETY: no arguments that could be wrong.
    Bio::new(unsafe { sys::BIO_new(sys::BIO_s_mem()) })
}

/// A stream over `bytes`, which must outlive it.
pub(crate) fn reader(bytes: &[u8]) -> Option<Bio> {
    let len = c_int::try_from(bytes.len()).ok()?;
    // SAFETY: the bytes are valid for this length.
    Bio::new(unsafe { sys::BIO_new_mem_buf(bytes.as_ptr().cast(), len) })
}

/// What has been written.
pub(crate) fn written(bio: &Bio) -> Vec<u8> {
    let mut data: *mut u8 = std::ptr::null_mut();
    // SAFETY: the call stores the address of the stream's own bytes, which live as long as the stream.
    unsafe {
        let len = sys::BIO_ctrl(
            bio.get(),
            BIO_CTRL_INFO,
            0,
            (&raw mut data).cast::<c_void>(),
        );
        slice(data, len)
    }
}

/// Copies `len` bytes.
///
/// # Safety
/// Unless null, the pointer must be valid for `len` bytes.
pub(crate) unsafe fn slice(data: *const u8, len: c_long) -> Vec<u8> {
    let len = usize::try_from(len).unwrap_or(0);
    if data.is_null() || len == 0 {
        return Vec::new();
    }
    // SAFETY: by the contract above.
    unsafe { std::slice::from_raw_parts(data, len) }.to_vec()
}

/// A number of big-endian bytes.
pub(crate) fn number(bytes: &[u8]) -> Option<Bn> {
    let len = c_int::try_from(bytes.len()).ok()?;
    // SAFETY: the bytes are valid for this length.
    Bn::new(unsafe { sys::BN_bin2bn(bytes.as_ptr(), len, std::ptr::null_mut()) })
}

/// The big-endian bytes of a number, with zeros in front up to `size`.
pub(crate) fn bytes(number: *const BIGNUM, size: usize) -> Vec<u8> {
    if number.is_null() {
        return Vec::new();
    }
    // SAFETY: the number is valid, and the buffer has the length that is named.
    unsafe {
        let own = usize::try_from(sys::BN_num_bits(number))
            .unwrap_or(0)
            .div_ceil(8);
        let mut to = vec![0; own.max(size)];
        sys::BN_bn2binpad(number, to.as_mut_ptr(), to.len() as c_int);
        to
    }
}
