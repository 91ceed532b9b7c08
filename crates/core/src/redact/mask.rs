//! The texts to hide, and how they are found.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::Arc,
};

use serde_json::{Map, Value};
use url::form_urlencoded::byte_serialize;

use super::MASK;
use super::beginnings::Beginnings;

/// Secrets of fewer characters are hidden only where they are a whole text: as parts they occur everywhere.
const SHORTEST_PART: usize = 4;

/// Numbers of fewer digits are hidden only where they are a whole text: they are parts of times and sizes.
const SHORTEST_NUMBER: usize = 6;

/// A longer step of a URL's path may be a key, as those of webhooks are.
const LONGEST_STEP: usize = 19;

/// More texts than this are searched for all at once. Few are found sooner one by one.
const FEW: usize = 32;

/// The texts to hide. A secret is found also in the form that JSON, a URL or `inspect` gives to it, and so is each of its lines.
#[derive(Clone, Default)]
pub struct Mask {
    /// Hidden wherever they stand, longest first, so that no rest of a longer secret remains.
    parts: Vec<String>,
    /// Which of many parts may be in a text.
    beginnings: Option<Arc<Beginnings>>,
    /// The parts that a replacement can make, because they have a letter of [`MASK`], by their place in `parts`.
    made: Vec<usize>,
    /// Hidden where they are a whole text.
    wholes: HashSet<String>,
}

/// Without the secrets.
impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mask")
    }
}

impl Mask {
    /// Returns a mask for these secrets.
    ///
    /// Hidden only where they are a whole text, so never as a part of a claim's name, are: texts of fewer than 4
    /// characters, numbers of fewer than 6 digits, and namespaces: `http` and `https` URLs without user, query and
    /// fragment none of whose steps could be a key, and names that end with a separator (`urn:example:`, `my_app_`).
    /// Not hidden at all are the words `true`, `false`, `null`, `undefined`, `none`, `yes`, `no`, `on` and `off`.
    pub fn of(secrets: &[&str]) -> Mask {
        // The cases of a run name the same secrets again and again.
        let distinct: HashSet<&str> = secrets.iter().copied().collect();
        let (long, short): (Vec<&str>, Vec<&str>) = distinct
            .into_iter()
            .filter(|secret| !secret.is_empty() && !WORDS.contains(secret))
            .partition(|secret| is_hidden_as_part(secret));
        // Most forms of a secret are the same.
        let parts: HashSet<String> = long.into_iter().flat_map(forms).collect();
        let mut parts: Vec<String> = parts.into_iter().collect();
        parts.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        let made = parts.iter().enumerate();
        let made = made.filter(|(_, part)| part.contains('*'));
        Mask {
            made: made.map(|(at, _)| at).collect(),
            beginnings: (parts.len() > FEW).then(|| Arc::new(Beginnings::of(&parts))),
            parts,
            wholes: short.into_iter().map(str::to_owned).collect(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.wholes.is_empty()
    }

    /// Hides them in a text.
    pub fn text(&self, text: &mut String) {
        if self.wholes.contains(text.as_str()) {
            MASK.clone_into(text);
        }
        let Some(beginnings) = &self.beginnings else {
            self.parts.iter().for_each(|part| hide(part, text));
            return;
        };
        // What is not in the text now comes into it only by a replacement, so these and those that are made are all.
        let mut found = beginnings.found_in(text);
        if found.is_empty() && self.made.is_empty() {
            return;
        }
        found.extend(&self.made);
        found.sort_unstable();
        found.dedup();
        for at in found {
            if let Some(part) = self.parts.get(at) {
                hide(part, text);
            }
        }
    }

    pub(super) fn option(&self, text: &mut Option<String>) {
        if let Some(text) = text {
            self.text(text);
        }
    }

    /// Hides them in every text of a JSON value, keys included.
    pub fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(object) => self.object(object),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    pub(crate) fn object(&self, object: &mut Map<String, Value>) {
        let entries = std::mem::take(object);
        // How many keys became the same, so that a number need not be searched for.
        let mut same: HashMap<String, usize> = HashMap::new();
        for (mut key, mut value) in entries {
            self.text(&mut key);
            self.value(&mut value);
            // Two hidden keys must not become one: `***`, `*** (2)`, `*** (3)`.
            if object.contains_key(&key) {
                let count = same.entry(key.clone()).or_insert(1);
                let numbered = loop {
                    *count += 1;
                    let numbered = format!("{key} ({count})");
                    if !object.contains_key(&numbered) {
                        break numbered;
                    }
                };
                key = numbered;
            }
            object.insert(key, value);
        }
    }
}

/// Replaces a part of a text wherever it is.
fn hide(part: &str, text: &mut String) {
    if text.contains(part) {
        *text = text.replace(part, MASK);
    }
}

/// Words that configurations consist of.
pub const WORDS: &[&str] = &[
    "true",
    "false",
    "null",
    "undefined",
    "none",
    "yes",
    "no",
    "on",
    "off",
];

fn is_hidden_as_part(secret: &str) -> bool {
    let length = secret.chars().count();
    let is_number = secret.bytes().all(|byte| byte.is_ascii_digit());
    let shortest = match is_number {
        true => SHORTEST_NUMBER,
        false => SHORTEST_PART,
    };
    length >= shortest && !is_namespace(secret)
}

/// Returns whether a text is what the names of claims begin with rather than a secret.
fn is_namespace(text: &str) -> bool {
    let address = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    match address {
        Some(address) => {
            let is_plain =
                |letter: char| letter.is_ascii_alphanumeric() || "-._~:/".contains(letter);
            address.chars().all(is_plain) && address.split('/').skip(1).all(is_step)
        }
        None => {
            let is_plain = |letter: char| letter.is_ascii_alphabetic() || "-._:/".contains(letter);
            let ends = text.ends_with(['-', '.', '_', ':', '/']);
            let begins = text.starts_with(|first: char| first.is_ascii_alphabetic());
            begins
                && ends
                && text.chars().all(is_plain)
                && text.split(['-', '.', '_', ':', '/']).all(is_step)
        }
    }
}

/// Returns whether a step of a path is a word or a version, not a key: short, and not with digits and letters mixed.
fn is_step(step: &str) -> bool {
    let count = |of: fn(&char) -> bool| step.chars().filter(of).count();
    let (digits, letters) = (
        count(char::is_ascii_digit),
        count(char::is_ascii_alphabetic),
    );
    step.len() <= LONGEST_STEP && (digits <= 4 || letters == 0)
}

/// Shorter lines of a secret are not hidden alone: they are everywhere.
const SHORTEST_LINE: usize = 8;

/// The forms of a secret. Node's `inspect` breaks a text with several lines into its lines.
fn forms(secret: &str) -> Vec<String> {
    let lines = secret.lines().map(str::trim);
    let is_long = |line: &&str| line.chars().count() >= SHORTEST_LINE && *line != secret;
    let lines = lines.filter(is_long).filter(|line| is_hidden_as_part(line));
    let parts = std::iter::once(secret).chain(lines);
    parts.flat_map(forms_of).collect()
}

/// A text as it is, inside a JSON text, inside a URL, and as `inspect` writes it.
fn forms_of(text: &str) -> [String; 7] {
    let json = Value::from(text).to_string();
    let json = json
        .get(1..json.len().saturating_sub(1))
        .unwrap_or_default()
        .to_owned();
    let form: String = byte_serialize(text.as_bytes()).collect();
    let percent = form.replace('+', "%20");
    // `encodeURIComponent` leaves these.
    let component = ["!", "'", "(", ")", "~"];
    let component = component.iter().fold(percent.clone(), |text, letter| {
        let encoded: String = byte_serialize(letter.as_bytes()).collect();
        text.replace(&encoded, letter)
    });
    let (inspected, quoted) = (inspected(text, false), inspected(text, true));
    [
        text.to_owned(),
        json,
        form,
        percent,
        component,
        inspected,
        quoted,
    ]
}

/// Returns a text as Node's `inspect` writes it, without the quotes around it. Single quotes are escaped where all three kinds occur.
///
/// Source: `strEscape` in <https://github.com/nodejs/node/blob/v22.x/lib/internal/util/inspect.js>.
fn inspected(text: &str, escapes_quotes: bool) -> String {
    let mut shown = String::new();
    for letter in text.chars() {
        match letter {
            '\u{8}' => shown.push_str("\\b"),
            '\t' => shown.push_str("\\t"),
            '\n' => shown.push_str("\\n"),
            '\u{c}' => shown.push_str("\\f"),
            '\r' => shown.push_str("\\r"),
            '\\' => shown.push_str("\\\\"),
            '\'' if escapes_quotes => shown.push_str("\\'"),
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => {
                shown.push_str(&format!("\\x{:02X}", u32::from(letter)));
            }
            letter => shown.push(letter),
        }
    }
    shown
}

#[cfg(test)]
mod tests;
