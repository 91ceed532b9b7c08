//! Hides what gives access: in recordings, and in mocks that are proposed to the user.
//!
//! The values of the login's secrets are known. What a server hands out (tokens, cookies) is not; it is recognised by
//! the words of its name ([`names`]) and by its shape ([`shapes`]), in every form that a request or an answer has:
//! headers, queries, forms, JSON, XML, and any of these inside of another.

mod binary;
mod form;
mod json;
mod markup;
mod multipart;
mod names;
mod plain;
mod shapes;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, ops::Range};

use postlogin_core::redact::{MASK, Mask, WORDS};
use serde_json::Value;

use crate::network::Request;

pub(crate) use multipart::boundary;
use names::{Credential, Medium};

/// Texts inside of texts are looked into so deep.
const DEEPEST: usize = 6;

/// So many places are named; the others are counted.
const NAMED_PLACES: usize = 1_000;

/// A value that is replaced, and where it is for the user.
struct Edit {
    range: Range<usize>,
    text: Cow<'static, str>,
}

/// Hides credentials and keeps where they were, without their values.
pub(crate) struct Hider<'a> {
    mask: &'a Mask,
    /// The names that lead to what is looked at.
    path: Vec<String>,
    /// The number of texts around this one.
    depth: usize,
    /// Where something was hidden, each once.
    places: Vec<String>,
    /// The number of hidden values.
    count: usize,
    /// In texts deeper than this, a hidden number is `***` without quotes: the text is compared with a request's.
    bare_below: usize,
}

impl<'a> Hider<'a> {
    /// Hides these secrets, and whatever looks like a credential.
    pub(crate) fn new(mask: &'a Mask) -> Self {
        Self {
            mask,
            path: Vec::new(),
            depth: 0,
            places: Vec::new(),
            count: 0,
            bare_below: usize::MAX,
        }
    }

    /// Hides in the body of a request that is to be compared with others: as JSON, or as text.
    pub(crate) fn pattern<'b>(
        &mut self,
        kind: Option<&str>,
        body: &'b [u8],
        as_json: bool,
    ) -> Cow<'b, [u8]> {
        self.bare_below = usize::from(as_json);
        let hidden = self.body(kind, body);
        self.bare_below = usize::MAX;
        hidden
    }

    /// Returns how much was hidden since the last call, and where.
    pub(crate) fn take(&mut self) -> (usize, Vec<String>) {
        (
            std::mem::take(&mut self.count),
            std::mem::take(&mut self.places),
        )
    }

    /// Hides in the value of a response's header.
    pub(crate) fn header(&mut self, name: &str, value: &mut String) {
        self.enter(&format!("header {name}"));
        match name {
            "set-cookie" | "set-cookie2" => {
                if let Some(hidden) = form::cookie(value) {
                    self.hid();
                    *value = hidden;
                }
            }
            "location" | "content-location" | "refresh" | "link" => self.url(value),
            _ => match names::credential(name, Medium::Header) {
                Credential::No => self.replace(value),
                Credential::Random if !shapes::is_random(value) => self.replace(value),
                _ => self.header_value(name, value),
            },
        }
        self.leave();
    }

    /// The scheme stays: it says what the client has to do.
    fn header_value(&mut self, name: &str, value: &mut String) {
        let counts = names::may_count(name) && value.parse::<f64>().is_ok();
        if counts || is_plain_flag(value) {
            return;
        }
        let hidden = match shapes::scheme(value) {
            Some(scheme) => format!("{scheme} {MASK}"),
            None => MASK.to_owned(),
        };
        if hidden != *value {
            self.hid();
            *value = hidden;
        }
    }

    /// Hides in a URL: user and password, segments of the path, query and fragment.
    pub(crate) fn url(&mut self, url: &mut String) {
        if let Some(hidden) = self.nested(|hider| form::url(hider, url)) {
            *url = hidden;
        }
        self.enter("url");
        self.secrets(url);
        self.leave();
    }

    /// Hides in a body of this content type. The result is of the same form: JSON stays JSON, XML stays XML.
    pub(crate) fn body<'b>(&mut self, kind: Option<&str>, body: &'b [u8]) -> Cow<'b, [u8]> {
        self.enter("body");
        let hidden = match str::from_utf8(body) {
            Ok(text) if !binary::is_opaque(body) => match self.text(kind, text) {
                Some(hidden) => Cow::Owned(hidden.into_bytes()),
                None => Cow::Borrowed(body),
            },
            _ => binary::hide(self, kind, body),
        };
        self.leave();
        hidden
    }

    /// Hides in a whole text of this content type; `None` when nothing was to be hidden.
    fn text(&mut self, kind: Option<&str>, text: &str) -> Option<String> {
        let sent = kind.unwrap_or_default();
        let kind = sent.to_lowercase();
        let found = if let Some(boundary) = boundary(sent, shown_boundary(text, &kind)) {
            self.nested(|hider| multipart::hide(hider, text, &boundary))
        } else if kind.contains("x-www-form-urlencoded") && !json::is_json(text) {
            self.nested(|hider| form::parameters(hider, text, Medium::Form))
        } else {
            self.nested(|hider| hider.sniffed(text))
        };
        let mut hidden = found.unwrap_or_else(|| text.to_owned());
        self.secrets(&mut hidden);
        (hidden != text).then_some(hidden)
    }

    /// Hides in a text inside of something: its form has to be recognised.
    fn string(&mut self, text: &str) -> Option<String> {
        let mut known = text.to_owned();
        self.secrets(&mut known);
        let found = self.nested(|hider| hider.sniffed(&known));
        let hidden = found.unwrap_or(known);
        (hidden != text).then_some(hidden)
    }

    fn sniffed(&mut self, text: &str) -> Option<String> {
        let trimmed = text.trim_start_matches('\u{feff}').trim_start();
        if trimmed.starts_with(['{', '[', '"']) && json::is_json(text) {
            return json::hide(self, text);
        }
        if trimmed.starts_with('<') {
            return markup::hide(self, text);
        }
        if form::is_form(text) {
            return form::parameters(self, text, Medium::Form);
        }
        plain::hide(self, text)
    }

    /// Texts inside of texts inside of texts: at some depth one is hidden as a whole if it is suspicious at all.
    fn nested(&mut self, hide: impl FnOnce(&mut Self) -> Option<String>) -> Option<String> {
        if self.depth >= DEEPEST {
            return None;
        }
        self.depth += 1;
        let hidden = hide(self);
        self.depth -= 1;
        hidden
    }

    fn replace(&mut self, text: &mut String) {
        if let Some(hidden) = self.string(text) {
            *text = hidden;
        }
    }

    /// Hides the secrets of the login.
    fn secrets(&mut self, text: &mut String) {
        let before = text.len();
        let stars = text.matches(MASK).count();
        self.mask.text(text);
        if text.len() != before || text.matches(MASK).count() != stars {
            self.hid();
        }
    }

    fn enter(&mut self, name: &str) {
        self.path.push(shown_name(name));
    }

    fn leave(&mut self) {
        self.path.pop();
    }

    /// The names that lead here; of many, the first and the last ones.
    fn place(&self) -> String {
        match self.path.as_slice() {
            [first, second, .., third, fourth, last] if self.path.len() > 8 => {
                [first, second, "…", third, fourth, last].join(".")
            }
            path => path.join("."),
        }
    }

    /// Something was hidden where the path leads.
    fn hid(&mut self) {
        self.count += 1;
        if self.places.len() < NAMED_PLACES {
            let place = self.place();
            if !place.is_empty()
                && self.places.last() != Some(&place)
                && !self.places.contains(&place)
            {
                self.places.push(place);
            }
        }
    }
}

/// Returns a text with all edits; of two at one place the later one counts.
fn apply(text: &str, mut edits: Vec<Edit>) -> Option<String> {
    if edits.is_empty() {
        return None;
    }
    // The later edit of a place comes first, and the longer one.
    edits.reverse();
    edits.sort_by_key(|edit| edit.range.start);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        if edit.range.start < at {
            continue;
        }
        out.push_str(text.get(at..edit.range.start)?);
        out.push_str(&edit.text);
        at = edit.range.end;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

/// Names come from others: short, on one line, and no credential themselves.
fn shown_name(name: &str) -> String {
    const LETTERS: usize = 60;
    let mut shown = String::new();
    let mut at = 0;
    for range in shapes::credentials(name) {
        shown.push_str(name.get(at..range.start).unwrap_or_default());
        shown.push_str(MASK);
        at = range.end;
    }
    shown.push_str(name.get(at..).unwrap_or_default());
    let mut letters = shown.chars().map(|letter| {
        if letter.is_control() {
            '\u{fffd}'
        } else {
            letter
        }
    });
    let short: String = letters.by_ref().take(LETTERS).collect();
    match letters.next() {
        Some(_) => format!("{short}…"),
        None => short,
    }
}

/// Values that give nothing away.
fn is_plain_flag(value: &str) -> bool {
    let value = value.trim();
    value.bytes().all(|byte| byte == b'*')
        || WORDS.iter().any(|flag| value.eq_ignore_ascii_case(flag))
}

/// The content type may be lost; a multipart body holds its own boundary.
fn shown_boundary<'t>(text: &'t str, kind: &str) -> Option<&'t str> {
    if !kind.is_empty() && !kind.contains("multipart/") {
        return None;
    }
    let (first, rest) = text.split_once('\n')?;
    let boundary = first.trim_end().strip_prefix("--")?;
    (!boundary.is_empty() && rest.to_lowercase().starts_with("content-")).then_some(boundary)
}

/// Returns a request as `GET https://…`, without the credentials in its URL.
pub(crate) fn shown(request: &Request) -> String {
    format!("{} {}", request.method, hidden_url(&request.url))
}

/// Returns a URL without credentials.
pub(crate) fn hidden_url(url: &str) -> String {
    let mut hidden = url.to_owned();
    Hider::new(&Mask::default()).url(&mut hidden);
    hidden
}

/// Returns a JSON value without credentials.
pub(crate) fn hidden_json(value: &Value) -> Value {
    let text = value.to_string();
    let hidden = Hider::new(&Mask::default()).string(&text);
    match hidden {
        Some(hidden) => serde_json::from_str(&hidden).unwrap_or_else(|_| MASK.into()),
        None => value.clone(),
    }
}

/// Returns a body without credentials.
pub(crate) fn hidden_body(kind: Option<&str>, body: &str) -> String {
    let hidden = Hider::new(&Mask::default()).text(kind, body);
    hidden.unwrap_or_else(|| body.to_owned())
}

/// Returns a text without credentials: of an error, of a reason.
pub(crate) fn hidden(text: &str) -> String {
    Hider::new(&Mask::default())
        .string(text)
        .unwrap_or_else(|| text.to_owned())
}

/// Returns the value of a named part of a request, without credentials.
pub(crate) fn hidden_part(what: Part, name: &str, value: &str) -> String {
    let mask = Mask::default();
    let mut hider = Hider::new(&mask);
    let mut shown = value.to_owned();
    match what {
        Part::Header if name == "cookie" => MASK.clone_into(&mut shown),
        Part::Header => hider.header(name, &mut shown),
        Part::Parameter => match names::credential(name, Medium::Query) {
            Credential::Deep | Credential::Scalar => MASK.clone_into(&mut shown),
            _ => hider.replace(&mut shown),
        },
    }
    shown
}

/// A named part of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// A header.
    Header,
    /// A parameter of the query.
    Parameter,
}
