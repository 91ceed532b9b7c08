//! Reading text files, and how their paths are shown.

use std::path::{Component, Path, PathBuf};

use crate::door::{LARGEST_COMPONENT, read_inflated, read_named};
use crate::gzip::inflated;
use crate::{Error, Result};

/// A path as users see it: relative to `base` if it is below it, with `/` between its parts.
pub fn display_path(path: &Path, base: &Path) -> String {
    let path = normalize(path);
    let base = normalize(base);
    let shown = path.strip_prefix(&base).unwrap_or(&path);
    if shown.as_os_str().is_empty() {
        ".".to_owned()
    } else {
        with_slashes(shown)
    }
}

/// The path with `/` between its parts.
pub(crate) fn with_slashes(path: &Path) -> String {
    let text = path.to_string_lossy();
    if cfg!(windows) {
        text.replace('\\', "/")
    } else {
        text.into_owned()
    }
}

/// The path without `.` and with `..` resolved by its text alone, as far as that goes.
pub(crate) fn normalize(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(normal.components().next_back(), Some(Component::Normal(_))) =>
            {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal
}

/// The path from the root of the file system; as it is if the working folder is unknown.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).map_or_else(|_| path.to_owned(), |path| normalize(&path))
}

/// A path that a configuration file gives: either separator, relative to `base`.
pub(crate) fn configured_path(base: &Path, path: &str) -> PathBuf {
    normalize(&base.join(path.replace('\\', "/")))
}

/// The text of a file that the user named, without a byte order mark; `shown` is its name in errors.
pub fn read_text(path: &Path, shown: &str) -> Result<String> {
    decode(read_named(path, shown, LARGEST_COMPONENT)?, shown)
}

/// The largest file of users that is read, and the largest content of a compressed one, in bytes: some 150,000 users of
/// 600 bytes. The tenant keeps the text, and the users beside it.
const LARGEST_USERS: u64 = 96 << 20;

/// The text of a file of users that the user named, as [`read_text`]; it may be larger.
///
/// # Errors
/// When the file cannot be read, or is too large.
pub fn read_users_text(path: &Path, shown: &str) -> Result<String> {
    let bytes = read_inflated(path, shown, LARGEST_USERS).map_err(|error| {
        let hint =
            "the largest file of users has 96 MiB, some 150,000 users; split it and seed a part";
        match error.message.contains("more than") && error.hint.is_none() {
            true => error.with_hint(hint),
            false => error,
        }
    })?;
    decoded(bytes, shown)
}

/// The bytes as text, without a byte order mark; of a compressed file, what is in it.
pub(crate) fn decode(bytes: Vec<u8>, shown: &str) -> Result<String> {
    decoded(inflated(bytes, shown, LARGEST_COMPONENT)?, shown)
}

fn decoded(bytes: Vec<u8>, shown: &str) -> Result<String> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Error::new("the text is UTF-16")
            .in_file(shown)
            .with_hint("save the file as UTF-8"));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before =
            String::from_utf8_lossy(error.as_bytes().get(..valid).unwrap_or_default()).into_owned();
        let (line, column) = end_of(&before);
        Error::new("the text is not UTF-8")
            .in_file(shown)
            .at(line, column)
            .with_hint("save the file as UTF-8")
    })?;
    let mut text = text;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// The line and column (UTF-16, both from 1) after the last character of `text`.
pub(crate) fn end_of(text: &str) -> (u32, u32) {
    let line = text.matches('\n').count() + 1;
    let last = text.rsplit('\n').next().unwrap_or_default();
    (clamp(line), clamp(last.encode_utf16().count() + 1))
}

/// The lines and columns of a text. The time to find one does not depend on where it is.
pub(crate) struct Lines<'t> {
    text: &'t str,
    marks: Marks,
}

/// The line and column at the first character in each [`STRIDE`] of bytes of a text.
#[derive(Default)]
pub(crate) struct Marks(Vec<(usize, u32, u32)>);

/// So many bytes are counted at most to find a place.
const STRIDE: usize = 1024;

impl<'t> Lines<'t> {
    pub fn of(text: &'t str) -> Self {
        let marks = Marks::of(text);
        Self { text, marks }
    }

    /// Returns the line and column (UTF-16, both from 1) of a byte of the text.
    pub fn at(&self, byte: usize) -> (u32, u32) {
        self.marks.at(self.text, byte)
    }
}

impl Marks {
    pub fn of(text: &str) -> Self {
        let mut marks = vec![(0, 1, 1)];
        let (mut line, mut column) = (1_u32, 1_u32);
        for (at, letter) in text.char_indices() {
            if at >= marks.len() * STRIDE {
                marks.push((at, line, column));
            }
            (line, column) = after(letter, line, column);
        }
        Self(marks)
    }

    /// Returns the line and column (UTF-16, both from 1) of a byte of the text.
    pub fn at(&self, text: &str, byte: usize) -> (u32, u32) {
        let next = self.0.partition_point(|(at, ..)| *at <= byte);
        let (start, line, column) = next
            .checked_sub(1)
            .and_then(|last| self.0.get(last).copied())
            .unwrap_or((0, 1, 1));
        let between = text.get(start..byte).unwrap_or_default();
        between
            .chars()
            .fold((line, column), |(line, column), letter| {
                after(letter, line, column)
            })
    }
}

fn after(letter: char, line: u32, column: u32) -> (u32, u32) {
    match letter {
        '\n' => (line.saturating_add(1), 1),
        _ => (line, column.saturating_add(letter.len_utf16() as u32)),
    }
}

/// A count as far as a `u32` goes.
pub(crate) fn clamp(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The files and folders in `folder`, by name; empty if it cannot be read.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    // The order of a folder is the file system's; ours is the same everywhere.
    paths.sort();
    paths
}

/// The extension in lower case, without the dot.
pub(crate) fn extension(path: &Path) -> String {
    path.extension()
        .map(|extension| extension.to_string_lossy().to_ascii_lowercase())
        .unwrap_or_default()
}

/// The last part of the path.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// The last part of the path without its extension.
pub(crate) fn file_stem(path: &Path) -> String {
    path.file_stem()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Lines, end_of};

    #[test]
    fn a_place_is_where_counting_from_the_beginning_leads() {
        for piece in [
            "a",
            "\n",
            "ü\n😀",
            "x\r\n",
            "a long line without an end, ",
            "😀",
        ] {
            let text = piece.repeat(900);
            let lines = Lines::of(&text);
            for (at, _) in text.char_indices().chain([(text.len(), ' ')]) {
                assert_eq!(lines.at(at), end_of(&text[..at]), "{piece:?} {at}");
            }
        }
    }
}
