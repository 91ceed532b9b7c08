//! The source inside a built component, as a custom section, so that its errors can name the user's places.

use std::sync::Arc;

/// The name of the section. Its content is the file's name, a zero byte, and the text.
const SECTION: &str = "postlogin:source";

/// The component with the section at its end.
pub(crate) fn add(mut component: Vec<u8>, file: &str, text: &str) -> Vec<u8> {
    let mut content = Vec::new();
    push_leb128(&mut content, SECTION.len());
    content.extend_from_slice(SECTION.as_bytes());
    content.extend_from_slice(file.as_bytes());
    content.push(0);
    content.extend_from_slice(text.as_bytes());
    component.push(0);
    push_leb128(&mut component, content.len());
    component.extend_from_slice(&content);
    component
}

/// The file's name and its text, if the component has the section at its top level.
pub(crate) fn read(component: &[u8]) -> Option<(String, Arc<str>)> {
    let mut rest = component.get(8..)?;
    while let Some((&id, after_id)) = rest.split_first() {
        let (size, body) = split_leb128(after_id)?;
        let (section, following) = (body.get(..size)?, body.get(size..)?);
        if id == 0
            && let Some((length, named)) = split_leb128(section)
            && named.get(..length) == Some(SECTION.as_bytes())
        {
            let content = std::str::from_utf8(named.get(length..)?).ok()?;
            let (file, text) = content.split_once('\0')?;
            return Some((file.to_owned(), text.into()));
        }
        rest = following;
    }
    None
}

fn push_leb128(bytes: &mut Vec<u8>, mut value: usize) {
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            return bytes.push(low);
        }
        bytes.push(low | 0x80);
    }
}

/// A number and what follows it; `None` when it is cut off or too large.
fn split_leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0usize;
    for (index, &byte) in bytes.iter().enumerate().take(5) {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[index + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    #[test]
    fn what_was_added_is_read_back() {
        #[track_caller]
        fn check(file: &str, text: &str) {
            let component = add(EMPTY.to_vec(), file, text);
            assert_eq!(read(&component), Some((file.to_owned(), text.into())));
            // Another section before and after it changes nothing.
            let mut longer = add(EMPTY.to_vec(), "", "");
            longer[10] = b'P';
            longer.extend_from_slice(&component[8..]);
            assert_eq!(read(&longer), Some((file.to_owned(), text.into())));
        }
        check("code.js", "exports.x = 1;\n");
        check("", "");
        check("å.ts", &"x".repeat(100_000));
    }

    #[test]
    fn anything_else_has_no_source() {
        for bytes in [
            &b""[..],
            b"\0asm",
            EMPTY,
            b"\0asm\x0d\0\x01\0\0\xff\xff\xff\xff\xff",
            b"\0asm\x0d\0\x01\0\0\x05\x10",
        ] {
            assert_eq!(read(bytes), None, "{bytes:?}");
        }
    }
}
