//! The work of Node's binding `buffer`: encodings, comparing, searching.

use memchr::memmem;
use rquickjs::{Ctx, Object, Result, Value, function::Func};

use crate::bytes;

/// As `encodings` of Node's binding `string_decoder` numbers them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Ascii,
    Utf8,
    Base64,
    Utf16,
    Latin1,
    Hex,
    Base64Url,
}

impl Encoding {
    pub(crate) fn of(number: u32) -> Self {
        match number {
            0 => Self::Ascii,
            2 => Self::Base64,
            3 => Self::Utf16,
            4 => Self::Latin1,
            5 => Self::Hex,
            7 => Self::Base64Url,
            _ => Self::Utf8,
        }
    }
}

pub(crate) fn define(native: &Object<'_>) -> Result<()> {
    native.set("slice", Func::from(slice))?;
    native.set("write", Func::from(write))?;
    native.set("encode", Func::from(encode))?;
    native.set("compare", Func::from(compare))?;
    native.set("indexOf", Func::from(index_of))?;
    native.set("fill", Func::from(fill))?;
    native.set("copy", Func::from(copy))?;
    native.set("swap", Func::from(swap))?;
    native.set("isUtf8", Func::from(is_utf8))?;
    native.set("isAscii", Func::from(is_ascii))?;
    native.set("atob", Func::from(atob))
}

/// Bytes as a text, as Node's `Buffer` decodes them.
pub(crate) fn decoded<'js>(ctx: &Ctx<'js>, part: &[u8], encoding: Encoding) -> Result<Value<'js>> {
    match encoding {
        Encoding::Utf8 => bytes::text(ctx, &String::from_utf8_lossy(part)),
        Encoding::Latin1 => bytes::text(
            ctx,
            &part.iter().map(|byte| *byte as char).collect::<String>(),
        ),
        Encoding::Ascii => bytes::text(
            ctx,
            &part
                .iter()
                .map(|byte| (byte & 0x7f) as char)
                .collect::<String>(),
        ),
        Encoding::Utf16 => {
            let units: Vec<u16> = part
                .chunks_exact(2)
                .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
                .collect();
            bytes::text_of_units(ctx, &units)
        }
        Encoding::Hex => {
            const DIGITS: &[u8; 16] = b"0123456789abcdef";
            let digits = part.iter().flat_map(|byte| {
                [
                    DIGITS[usize::from(byte >> 4)],
                    DIGITS[usize::from(byte & 15)],
                ]
            });
            bytes::text(ctx, &digits.map(char::from).collect::<String>())
        }
        Encoding::Base64 => bytes::text(ctx, &base64(part, BASE64, true)),
        Encoding::Base64Url => bytes::text(ctx, &base64(part, BASE64_URL, false)),
    }
}

/// A text as bytes, as Node's `Buffer` encodes it.
pub(crate) fn encoded<'js>(
    ctx: &Ctx<'js>,
    text: &Value<'js>,
    encoding: Encoding,
) -> Result<Vec<u8>> {
    if encoding == Encoding::Utf8 {
        return Ok(bytes::utf8(ctx, text)?.into_bytes());
    }
    let units = bytes::units(ctx, text)?;
    Ok(match encoding {
        Encoding::Utf16 => units.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
        Encoding::Hex => units
            .chunks_exact(2)
            .map_while(|pair| Some(hex_digit(pair[0])? << 4 | hex_digit(pair[1])?))
            .collect(),
        Encoding::Base64 | Encoding::Base64Url => from_base64(&units),
        _ => units.iter().map(|unit| *unit as u8).collect(),
    })
}

fn hex_digit(unit: u16) -> Option<u8> {
    char::from_u32(unit.into())?
        .to_digit(16)
        .map(|digit| digit as u8)
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64_URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn base64(part: &[u8], alphabet: &[u8; 64], is_padded: bool) -> String {
    let mut text = String::with_capacity(part.len().div_ceil(3) * 4);
    for group in part.chunks(3) {
        let bits = group.iter().enumerate().fold(0u32, |bits, (at, byte)| {
            bits | u32::from(*byte) << (16 - 8 * at)
        });
        for at in 0..4 {
            if at <= group.len() {
                text.push(char::from(alphabet[(bits >> (18 - 6 * at) & 63) as usize]));
            } else if is_padded {
                text.push('=');
            }
        }
    }
    text
}

fn sextet(unit: u16) -> Option<u32> {
    Some(
        match u8::try_from(unit).ok()? {
            letter @ b'A'..=b'Z' => letter - b'A',
            letter @ b'a'..=b'z' => letter - b'a' + 26,
            digit @ b'0'..=b'9' => digit - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        }
        .into(),
    )
}

/// Both alphabets; what is in neither is passed over, and `=` ends it.
fn from_base64(units: &[u16]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(units.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0);
    for unit in units.iter().take_while(|unit| **unit != u16::from(b'=')) {
        let Some(value) = sextet(*unit) else { continue };
        bits = bits << 6 | value;
        count += 6;
        if count >= 8 {
            count -= 8;
            decoded.push((bits >> count) as u8);
        }
    }
    decoded
}

fn clamped(length: usize, start: f64, end: f64) -> (usize, usize) {
    let end = (end.max(0.0) as usize).min(length);
    ((start.max(0.0) as usize).min(end), end)
}

fn slice<'js>(
    ctx: Ctx<'js>,
    buffer: Value<'js>,
    encoding: u32,
    start: f64,
    end: f64,
) -> Result<Value<'js>> {
    let whole = bytes::of(&ctx, &buffer);
    let (start, end) = clamped(whole.len(), start, end);
    decoded(&ctx, &whole[start..end], Encoding::of(encoding))
}

/// Writes at most `length` bytes of a text at `offset`, whole characters alone; returns how many.
fn write<'js>(
    ctx: Ctx<'js>,
    buffer: Value<'js>,
    text: Value<'js>,
    encoding: u32,
    offset: f64,
    length: f64,
) -> Result<usize> {
    let encoding = Encoding::of(encoding);
    let new = encoded(&ctx, &text, encoding)?;
    let whole = bytes::of(&ctx, &buffer);
    let offset = (offset.max(0.0) as usize).min(whole.len());
    let room = (length.max(0.0) as usize).min(whole.len() - offset);
    let mut count = new.len().min(room);
    match encoding {
        Encoding::Utf8 => {
            while count > 0 && count < new.len() && new[count] & 0xc0 == 0x80 {
                count -= 1;
            }
        }
        Encoding::Utf16 => count &= !1,
        _ => {}
    }
    whole[offset..offset + count].copy_from_slice(&new[..count]);
    Ok(count)
}

fn encode<'js>(ctx: Ctx<'js>, text: Value<'js>, encoding: u32) -> Result<Value<'js>> {
    let new = encoded(&ctx, &text, Encoding::of(encoding))?;
    bytes::array(&ctx, &new)
}

fn compare<'js>(ctx: Ctx<'js>, left: Value<'js>, right: Value<'js>) -> i32 {
    bytes::of(&ctx, &left).cmp(&bytes::of(&ctx, &right)) as i32
}

/// Where `needle` is found in `buffer` from `offset` on, at a multiple of `step`; -1 if nowhere. As `Buffer::IndexOf…` of Node.
fn index_of<'js>(
    ctx: Ctx<'js>,
    buffer: Value<'js>,
    needle: Value<'js>,
    offset: f64,
    step: usize,
    is_forward: bool,
) -> i64 {
    let (whole, needle) = (bytes::of(&ctx, &buffer), bytes::of(&ctx, &needle));
    let length = whole.len() as i64;
    let (wanted, offset) = (needle.len() as i64, offset as i64);
    let mut start = if offset < 0 { offset + length } else { offset };
    if start < 0 {
        if !is_forward {
            return -1;
        }
        start = 0;
    }
    if start > length && is_forward || wanted == 0 {
        return if wanted == 0 { start.min(length) } else { -1 };
    }
    if length < wanted {
        return -1;
    }
    start = start.min(length - if is_forward { 0 } else { wanted });
    let fits = |at: usize| at % step.max(1) == 0;
    let found = if is_forward {
        let start = start as usize;
        memmem::find_iter(&whole[start..], needle)
            .map(|at| at + start)
            .find(|at| fits(*at))
            .or_else(|| overlapping(whole, needle, start, step))
    } else {
        let end = (start + wanted) as usize;
        (0..=end - needle.len())
            .rev()
            .find(|at| fits(*at) && whole[*at..].starts_with(needle))
    };
    found.map_or(-1, |at| at as i64)
}

/// `find_iter` passes over matches that overlap one at no multiple of `step`.
fn overlapping(whole: &[u8], needle: &[u8], start: usize, step: usize) -> Option<usize> {
    if step < 2 {
        return None;
    }
    let first = start.next_multiple_of(step);
    (first..whole.len())
        .step_by(step)
        .find(|at| whole[*at..].starts_with(needle))
}

/// Repeats a pattern, which is not empty, between two places.
fn fill<'js>(ctx: Ctx<'js>, buffer: Value<'js>, pattern: Value<'js>, start: usize, end: usize) {
    let pattern = bytes::of(&ctx, &pattern).to_vec();
    let whole = bytes::of(&ctx, &buffer);
    let end = end.min(whole.len());
    if start >= end || pattern.is_empty() {
        return;
    }
    for (place, byte) in whole[start..end].iter_mut().zip(pattern.iter().cycle()) {
        *place = *byte;
    }
}

/// Copies `count` bytes; both may be the same memory.
fn copy<'js>(
    ctx: Ctx<'js>,
    source: Value<'js>,
    target: Value<'js>,
    to: usize,
    from: usize,
    count: usize,
) -> usize {
    let (source, target) = (bytes::of(&ctx, &source), bytes::of(&ctx, &target));
    let count = count
        .min(source.len().saturating_sub(from))
        .min(target.len().saturating_sub(to));
    if count > 0 {
        // Both slices were checked for this length.
        unsafe {
            std::ptr::copy(
                source.as_ptr().add(from),
                target.as_mut_ptr().add(to),
                count,
            )
        };
    }
    count
}

fn swap<'js>(ctx: Ctx<'js>, buffer: Value<'js>, size: usize) {
    for group in bytes::of(&ctx, &buffer).chunks_exact_mut(size.max(1)) {
        group.reverse();
    }
}

fn is_utf8<'js>(ctx: Ctx<'js>, buffer: Value<'js>) -> bool {
    std::str::from_utf8(bytes::of(&ctx, &buffer)).is_ok()
}

fn is_ascii<'js>(ctx: Ctx<'js>, buffer: Value<'js>) -> bool {
    bytes::of(&ctx, &buffer).is_ascii()
}

/// The forgiving decoder of the web. -2: a character that is not allowed; -1: a length that cannot be.
fn atob<'js>(ctx: Ctx<'js>, text: Value<'js>) -> Result<Value<'js>> {
    let units = bytes::units(&ctx, &text)?;
    let mut kept: Vec<u16> = units
        .into_iter()
        .filter(|unit| !matches!(unit, 0x20 | 0x9 | 0xa | 0xc | 0xd))
        .collect();
    if kept.len() % 4 == 0 {
        for _ in 0..2 {
            if kept.last() == Some(&u16::from(b'=')) {
                kept.pop();
            }
        }
    }
    let is_allowed =
        |unit: &u16| !matches!(u8::try_from(*unit), Ok(b'-' | b'_')) && sextet(*unit).is_some();
    if !kept.iter().all(is_allowed) {
        return Ok(Value::new_int(ctx, -2));
    }
    if kept.len() % 4 == 1 {
        return Ok(Value::new_int(ctx, -1));
    }
    decoded(&ctx, &from_base64(&kept), Encoding::Latin1)
}
