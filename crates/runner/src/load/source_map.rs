//! The source map of an Action that was built from other files: found, read, and completed with the texts of those files.

use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use postlogin_core::outcome::Notice;
use postlogin_js::source_map::{LARGEST, Link, SourceMap, link};
use postlogin_project::{ActionKind, ActionSource, read_beside};

/// The most text of files that a map does not have itself, in bytes.
const MOST_TEXT: usize = 8 << 20;

/// Returns the source map of an Action, if it has one that can be read.
#[must_use]
pub fn source_map(source: &ActionSource) -> Option<Arc<SourceMap>> {
    of(source)?.ok().map(Arc::new)
}

/// Says why the source map of an Action cannot be used, if it names one.
#[must_use]
pub fn source_map_problem(source: &ActionSource) -> Option<String> {
    of(source)?.err()
}

/// Returns the notice about a source map that cannot be used.
pub(super) fn notice(source: &ActionSource) -> Option<Notice> {
    let problem = source_map_problem(source)?;
    Some(Notice {
        code: "source-map-not-used".into(),
        message: format!("{problem}; places are those of the built file"),
        source: None,
    })
}

/// Reads the source map that an Action names. `None` when it names none.
fn of(source: &ActionSource) -> Option<Result<SourceMap, String>> {
    let ActionKind::Script { path, text } = &source.kind else {
        return None;
    };
    let file = &source.display_path;
    let folder = |file: &str| {
        file.rsplit_once('/')
            .map_or("", |(folder, _)| folder)
            .to_owned()
    };
    let (json, shown, base) = match link(text)? {
        Link::Elsewhere(url) => {
            return Some(Err(format!(
                "{file}: its source map is not a file of the project: {}",
                shortened(url)
            )));
        }
        Link::Inline(payload, is_base64) => match inline(payload, is_base64) {
            Some(json) => (json, format!("{file}: its source map"), folder(file)),
            None => {
                return Some(Err(format!(
                    "{file}: its source map is not readable: it is not {}",
                    if is_base64 { "Base64" } else { "a data URL" }
                )));
            }
        },
        Link::File(relative) => match read_beside(path, file, relative) {
            Ok((json, shown)) => {
                let base = folder(&shown);
                (json, format!("{shown}: the source map of {file}"), base)
            }
            Err(error) => {
                return Some(Err(format!(
                    "{file}: its source map cannot be read: {error}"
                )));
            }
        },
    };
    let read = SourceMap::read(&json, &base, text);
    Some(match read {
        Ok(map) => Ok(completed(map, path, file, &base)),
        Err(broken) => Err(format!("{shown} is not used: {broken}")),
    })
}

/// Adds the texts of files that the map names without their text, where they are still there.
fn completed(mut map: SourceMap, path: &Path, file: &str, base: &str) -> SourceMap {
    let mut left = MOST_TEXT;
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let text_of = |written: &str| -> Option<String> {
        if written.contains("://") || left == 0 {
            return None;
        }
        // The map's folder, as seen from the Action's.
        let below = base
            .strip_prefix(folder)
            .unwrap_or_default()
            .trim_matches('/');
        let relative = match below.is_empty() {
            true => written.to_owned(),
            false => format!("{below}/{written}"),
        };
        let (text, _) = read_beside(path, file, &relative).ok()?;
        left = left.saturating_sub(text.len());
        Some(text)
    };
    let text_of = std::cell::RefCell::new(text_of);
    map.add_texts(|source| text_of.borrow_mut()(&source.written));
    map
}

/// The text of a data URL.
fn inline(payload: &str, is_base64: bool) -> Option<String> {
    if payload.len() > LARGEST * 2 {
        return None;
    }
    let bytes = match is_base64 {
        true => {
            let padded = STANDARD.decode(payload);
            padded.or_else(|_| STANDARD_NO_PAD.decode(payload)).ok()?
        }
        false => percent_decoded(payload)?,
    };
    String::from_utf8(bytes).ok()
}

fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let value = digit(rest.next())? * 16 + digit(rest.next())?;
        bytes.push(u8::try_from(value).ok()?);
    }
    Some(bytes)
}

fn shortened(url: &str) -> String {
    match url.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", url.get(..end).unwrap_or_default()),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_inside_of_the_text_are_decoded() {
        for (payload, is_base64, expected) in [
            ("e30=", true, Some("{}")),
            ("e30", true, Some("{}")),
            ("e3", true, None),
            ("!", true, None),
            ("//8=", true, None),
            ("%7B%7D", false, Some("{}")),
            ("{}", false, Some("{}")),
            ("%7", false, None),
            ("%GG", false, None),
        ] {
            assert_eq!(inline(payload, is_base64).as_deref(), expected, "{payload}");
        }
    }
}
