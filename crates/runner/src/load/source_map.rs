//! The source map of an Action that was built from other files: found, read, and completed with the texts of those files.

use std::cell::RefCell;
use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Weak};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use postlogin_core::outcome::Notice;
use postlogin_js::source_map::{LARGEST, Link, SourceMap, link};
use postlogin_project::{ActionKind, ActionSource, Beside, read_beside};

/// The most text of files that a map does not have itself, in bytes.
const MOST_TEXT: usize = 8 << 20;
/// So many of them are looked for.
const MOST_FILES: usize = 1_000;

/// The bytes of memory that the maps of all Actions of a run take together. A map is some times as large as what it was built from.
const MOST_WEIGHT: usize = 64 << 20;
/// The most maps that are kept at once.
const MOST_MAPS: usize = 1_000;
/// The bytes that are read for the maps of all Actions: reading one that is not kept takes time, too.
const MOST_READ: usize = 256 << 20;

/// The source maps of the Actions of a run. What they take together is limited; equal ones are kept once. One that no Action uses any more
/// takes nothing.
#[derive(Debug, Default)]
pub struct SourceMaps {
    /// With their weights.
    kept: Vec<(Weak<SourceMap>, usize)>,
    /// The bytes that were read for Actions, for each of them once: a server reads them again after each edit.
    read: usize,
    read_for: HashSet<String>,
}

/// A source map that an Action names, and what is wrong with it.
#[derive(Debug, Default)]
pub struct FoundMap {
    /// The map, if it can be used.
    pub map: Option<Arc<SourceMap>>,
    /// Why it cannot be used, or not in full.
    pub problem: Option<String>,
}

impl FoundMap {
    /// Returns the notice about a source map that cannot be used, or not in full.
    pub(super) fn notice(&self) -> Option<Notice> {
        let problem = self.problem.as_ref()?;
        Some(Notice {
            code: "source-map-not-used".into(),
            message: match self.map {
                None => format!("{problem}; places are those of the built file"),
                Some(_) => format!("{problem}; places in them are less exact"),
            },
            source: None,
        })
    }
}

impl SourceMaps {
    /// Reads the source map of an Action, if it names one.
    pub fn of(&mut self, source: &ActionSource) -> FoundMap {
        let file = &source.display_path;
        let mut bytes = 0;
        let found = match self.read > MOST_READ {
            true if names_one(source) => Some(Err(format!(
                "{file}: its source map is not used: those of the Actions before it have more than {} MiB",
                MOST_READ >> 20
            ))),
            true => None,
            false => of(source, &mut bytes),
        };
        if bytes > 0 && !self.read_for.contains(file) {
            self.read_for.insert(file.clone());
            self.read = self.read.saturating_add(bytes);
        }
        match found {
            None => FoundMap::default(),
            Some(Err(problem)) => FoundMap {
                map: None,
                problem: Some(problem),
            },
            Some(Ok((map, cut_off))) => match self.keep(map) {
                Some(map) => FoundMap {
                    map: Some(map),
                    problem: cut_off,
                },
                None => {
                    let problem = format!(
                        "{file}: its source map is not used: those of all Actions take more than {} MiB of memory, or are more than {MOST_MAPS}",
                        MOST_WEIGHT >> 20
                    );
                    FoundMap {
                        map: None,
                        problem: Some(problem),
                    }
                }
            },
        }
    }

    fn keep(&mut self, map: SourceMap) -> Option<Arc<SourceMap>> {
        self.kept.retain(|(map, _)| map.strong_count() > 0);
        let mut kept = self.kept.iter().filter_map(|(map, _)| map.upgrade());
        if let Some(equal) = kept.find(|kept| **kept == map) {
            return Some(equal);
        }
        let weight = map.weight();
        let all = self.kept.iter().map(|(_, weight)| weight);
        let all = all.fold(weight, |sum, weight| sum.saturating_add(*weight));
        if all > MOST_WEIGHT || self.kept.len() >= MOST_MAPS {
            return None;
        }
        let map = Arc::new(map);
        self.kept.push((Arc::downgrade(&map), weight));
        Some(map)
    }
}

/// Whether an Action names a source map.
fn names_one(source: &ActionSource) -> bool {
    matches!(&source.kind, ActionKind::Script { text, .. } if link(text).is_some())
}

/// Reads the source map that an Action names, with a remark if not all of its files were read. `None` when it names none. Adds what was
/// read to `bytes`.
fn of(
    source: &ActionSource,
    bytes: &mut usize,
) -> Option<Result<(SourceMap, Option<String>), String>> {
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
    *bytes += json.len();
    let read = SourceMap::read(&json, &base, text);
    Some(match read {
        Ok(map) => Ok(completed(map, path, file, &base, bytes)),
        Err(broken) => Err(format!("{shown} is not used: {broken}")),
    })
}

/// Adds the texts of files that the map names without their text, where they are still there. Returns a remark if there are too many.
fn completed(
    mut map: SourceMap,
    path: &Path,
    file: &str,
    base: &str,
    bytes: &mut usize,
) -> (SourceMap, Option<String>) {
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    // The map's folder, as seen from the Action's.
    let below = base
        .strip_prefix(folder)
        .unwrap_or_default()
        .trim_matches('/');
    let beside = RefCell::new(Beside::of(path, MOST_FILES, MOST_TEXT));
    map.add_texts(|source| {
        let written = &source.written;
        if written.contains("://") {
            return None;
        }
        let mut beside = beside.borrow_mut();
        match below.is_empty() {
            true => beside.text(written),
            false => beside.text(&format!("{below}/{written}")),
        }
    });
    let beside = beside.into_inner();
    *bytes += beside.read();
    let cut_off = beside.is_cut_off().then(|| {
        format!(
            "{file}: its source map names more than {MOST_FILES} files that it does not contain, or {} MiB of them; the rest is not read",
            MOST_TEXT >> 20
        )
    });
    (map, cut_off)
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

    /// A map whose texts have so many bytes, and about this weight.
    fn map(letter: &str, bytes: usize) -> SourceMap {
        let text = letter.repeat(bytes);
        let json = format!(r#"{{"version":3,"sources":["a.ts"],"sourcesContent":["{text}"]}}"#);
        SourceMap::read(&json, "", "").expect("it is a map")
    }

    #[test]
    fn all_maps_have_room_together_and_equal_ones_share_it() {
        let half = 31 << 20;
        let mut maps = SourceMaps::default();
        let one = maps.keep(map("a", half)).expect("there is room");
        let again = maps.keep(map("a", half)).expect("it is kept already");
        assert!(Arc::ptr_eq(&one, &again));
        let other = maps.keep(map("b", half)).expect("there is room");
        assert!(maps.keep(map("c", 2 << 20)).is_none());
        // What is dropped takes nothing.
        drop(other);
        assert!(maps.keep(map("c", half)).is_some());
        let small: Vec<_> = (0..MOST_MAPS + 9)
            .map(|number| maps.keep(map(&format!("{number} "), 1)))
            .collect();
        assert_eq!(small.iter().flatten().count(), MOST_MAPS - 1);
    }

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
