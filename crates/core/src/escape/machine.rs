//! Formats that programs read.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::{command_marks, inline, is_hostile, replace, visible};

/// Returns the message of a workflow command of GitHub Actions: the part after the second `::`. Newlines stay newlines
/// for the reader.
///
/// <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>
pub fn github_data(text: &str) -> String {
    let text = text.replace('%', "%25");
    let text = lines(&text).replace('\n', "%0A");
    // `::` is no command there, `##vso[` is one of Azure Pipelines anywhere.
    marked(&text, |mark| match mark {
        b':' => ":".to_owned(),
        mark => format!("\\x{mark:02x}"),
    })
}

/// Returns the value of a property of a workflow command, as of `file=`.
pub fn github_property(text: &str) -> String {
    github_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Returns a text for an element of XML; the serialiser quotes `<` and its like. Newlines and tabs stay.
pub fn xml_text(text: &str) -> Cow<'_, str> {
    lines(text)
}

/// Returns a text for an attribute of XML, on one line.
pub fn xml_attribute(text: &str) -> Cow<'_, str> {
    replace(text, is_hostile, visible)
}

/// Returns a serialised document with the same content, none of whose lines is a command of a CI system: it may be
/// written to the log of one. Texts and attributes must not contain hostile characters.
pub fn xml_document(document: &str) -> String {
    each_line(document, |line| marked(line, |mark| format!("&#{mark};")))
}

/// Returns the description of a test point or the reason of a directive of the Test Anything Protocol.
///
/// <https://testanything.org/tap-version-14-specification.html>
pub fn tap(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    inline(&one_line).replace('\\', "\\\\").replace('#', "\\#")
}

/// Returns serialised JSON with the same content that is harmless in a terminal, in the log of a CI system and inside
/// YAML.
pub fn json(text: &str) -> String {
    let is_replaced = |letter: char| letter != '\n' && letter != '\t' && is_hostile(letter);
    // Such characters occur in strings only.
    let text = replace(text, is_replaced, |letter, out| {
        for unit in letter.encode_utf16(&mut [0; 2]) {
            // A String accepts everything.
            let _ = write!(out, "\\u{unit:04x}");
        }
    });
    each_line(&text, |line| marked(line, |mark| format!("\\u{mark:04x}")))
}

/// Returns a name for a record of LCOV, which knows no quotes: one line, and no command of a CI system.
pub fn lcov(text: &str) -> Cow<'_, str> {
    Cow::Owned(super::line(text))
}

/// Returns a text for an element or a quoted attribute of HTML.
pub fn html(text: &str) -> String {
    let text = inline(text);
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(letter),
        }
    }
    out
}

/// Returns an argument for a command line that the user may copy: in single quotes if anything in it needs them.
/// Hostile characters are visible, so that such a command names no file instead of another one.
pub fn shell(argument: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_./:=@%+,".contains(letter);
    match !argument.is_empty() && argument.chars().all(is_plain) {
        true => argument.to_owned(),
        false => format!("'{}'", inline(argument).replace('\'', "'\\''")),
    }
}

/// Keeps newlines and tabs, and makes everything else that is hostile visible.
fn lines(text: &str) -> Cow<'_, str> {
    let is_replaced = |letter: char| letter != '\n' && letter != '\t' && is_hostile(letter);
    match text.contains("\r\n") {
        true => Cow::Owned(replace(&text.replace("\r\n", "\n"), is_replaced, visible).into_owned()),
        false => replace(text, is_replaced, visible),
    }
}

fn each_line(text: &str, change: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        out.push_str(&change(line));
    }
    out
}

/// Writes the characters that make a line a command in another way.
fn marked(line: &str, write: impl Fn(u8) -> String) -> String {
    let mut out = String::with_capacity(line.len());
    let mut done = 0;
    for mark in command_marks(line) {
        out.push_str(line.get(done..mark).unwrap_or_default());
        out.push_str(&write(
            line.as_bytes().get(mark).copied().unwrap_or_default(),
        ));
        done = mark + 1;
    }
    out + line.get(done..).unwrap_or_default()
}
