//! Hides in bodies that are no UTF-8: other encodings of text are looked into as text, anything else keeps its length.

use std::borrow::Cow;

use super::{Hider, shapes};

/// Returns whether bytes are no text in any encoding: an image, an archive, a message of a binary protocol.
pub(super) fn is_opaque(body: &[u8]) -> bool {
    let control =
        |byte: &&u8| **byte < 0x20 && !matches!(**byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    body.contains(&0) || body.iter().filter(control).count() * 20 > body.len()
}

/// Hides in a body that is no UTF-8 text.
pub(super) fn hide<'b>(hider: &mut Hider<'_>, kind: Option<&str>, body: &'b [u8]) -> Cow<'b, [u8]> {
    if let Some((text, order)) = utf_16(body) {
        return match hider.text(kind, &text) {
            Some(hidden) => Cow::Owned(hidden.encode_utf16().flat_map(order).collect()),
            None => Cow::Borrowed(body),
        };
    }
    if is_opaque(body) {
        return in_place(hider, body);
    }
    // Each byte as the letter of the same number; a mask is ASCII, so all letters are bytes again.
    let text: String = body.iter().copied().map(char::from).collect();
    match hider.text(kind, &text) {
        Some(hidden) => Cow::Owned(
            hidden
                .chars()
                .map(|letter| u8::try_from(letter).unwrap_or(b'*'))
                .collect(),
        ),
        None => Cow::Borrowed(body),
    }
}

/// Reads and writes two bytes in one of the two orders.
type Read = fn([u8; 2]) -> u16;
type Write = fn(u16) -> [u8; 2];

/// The text and the order of bytes of UTF-16, with its mark or of ASCII letters.
fn utf_16(body: &[u8]) -> Option<(String, Write)> {
    let (pairs, []) = body.as_chunks::<2>() else {
        return None;
    };
    let few: Vec<&[u8; 2]> = pairs.iter().take(64).collect();
    let share = |zero: fn(&[u8; 2]) -> bool| {
        few.iter().filter(|pair| zero(pair)).count() * 4 >= few.len() * 3
    };
    let little = body.starts_with(&[0xff, 0xfe]) || share(|pair| pair[1] == 0 && pair[0] != 0);
    let big = body.starts_with(&[0xfe, 0xff]) || share(|pair| pair[0] == 0 && pair[1] != 0);
    let (read, write): (Read, Write) = match (little, big) {
        (true, _) => (u16::from_le_bytes, u16::to_le_bytes),
        (false, true) => (u16::from_be_bytes, u16::to_be_bytes),
        (false, false) => return None,
    };
    let units = pairs.iter().map(|pair| read(*pair));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    Some((text.ok()?, write))
}

/// Keys by their shape and the secrets of the login in runs of ASCII letters, by as many `*`: nothing moves.
fn in_place<'b>(hider: &mut Hider<'_>, body: &'b [u8]) -> Cow<'b, [u8]> {
    let mut hidden = Cow::Borrowed(body);
    let mut start = 0;
    for run in body.split(|byte| !(0x20..0x7f).contains(byte)) {
        if let Ok(text) = str::from_utf8(run)
            && run.len() >= 4
        {
            let mut ranges = shapes::credentials(text);
            let mut known = text.to_owned();
            hider.mask.text(&mut known);
            if known != text {
                ranges.push(0..run.len());
            }
            for range in ranges {
                hider.hid();
                let place = start + range.start..start + range.end;
                if let Some(bytes) = hidden.to_mut().get_mut(place) {
                    bytes.fill(b'*');
                }
            }
        }
        start += run.len() + 1;
    }
    hidden
}
