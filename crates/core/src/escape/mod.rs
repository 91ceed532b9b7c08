//! Text of others, made harmless for the medium that it is printed to.
//!
//! Profiles, claims, logs, error messages, file names and arguments may contain anything. One function for each medium
//! makes sure that such text is shown as text: it cannot steer a terminal, begin a command of a CI system, end a
//! field or a record, or make a document malformed. What would do so becomes visible: `\x1b`, `\r`, `\u{202e}`.

mod commands;
mod machine;
mod terminal;

pub use commands::command_marks;
pub use machine::{
    github_data, github_property, html, json, lcov, shell, tap, xml_attribute, xml_document,
    xml_text,
};
pub use terminal::{block, line, output_line, parts};

use std::borrow::Cow;
use std::fmt::Write as _;

/// Returns whether a character is never printed as it is: it steers terminals, changes the direction of writing, is
/// invisible where that misleads, ends a line for some readers, or is no character at all.
///
/// Joiners (U+200C, U+200D) and variation selectors stay: words and emoji need them.
pub fn is_hostile(letter: char) -> bool {
    matches!(letter,
        '\0'..='\x1f' | '\x7f'..='\u{9f}'
        // Marks, overrides and isolates of direction.
        | '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
        // Line and paragraph separators.
        | '\u{2028}'..='\u{2029}'
        // Invisible.
        | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}'
        // Noncharacters.
        | '\u{fdd0}'..='\u{fdef}')
        || u32::from(letter) & 0xfffe == 0xfffe
}

/// Returns the text on one line, with every hostile character made visible. Tabs stay.
///
/// The line may still be a command of a CI system; see [`line()`].
pub fn inline(text: &str) -> Cow<'_, str> {
    replace(text, |letter| letter != '\t' && is_hostile(letter), visible)
}

/// Writes a character in the form that people know from source code.
fn visible(letter: char, out: &mut String) {
    // A String accepts everything.
    let _ = match letter {
        '\n' => out.write_str("\\n"),
        '\r' => out.write_str("\\r"),
        '\t' => out.write_str("\\t"),
        letter if u32::from(letter) <= 0xff => write!(out, "\\x{:02x}", u32::from(letter)),
        letter => write!(out, "\\u{{{:x}}}", u32::from(letter)),
    };
}

fn replace(
    text: &str,
    is_replaced: impl Fn(char) -> bool,
    by: impl Fn(char, &mut String),
) -> Cow<'_, str> {
    if !text.chars().any(&is_replaced) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match is_replaced(letter) {
            true => by(letter, &mut out),
            false => out.push(letter),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests;
