//! Hides in XML and HTML: text, attributes, CDATA. The scanner takes anything; what it does not understand stays as it is.

use std::{borrow::Cow, ops::Range};

use postlogin_core::redact::MASK;

use super::{
    Credential, Edit, Hider, Medium, apply, is_plain_flag,
    names::{credential, is_description, joined},
    shapes,
};

/// Attributes and elements whose text is the name of what stands beside them.
const NAMES: &[&str] = &[
    "name",
    "key",
    "id",
    "property",
    "field",
    "param",
    "http-equiv",
];

/// Attributes and elements beside such a name.
const VALUES: &[&str] = &[
    "value",
    "values",
    "val",
    "content",
    "string",
    "data",
    "integer",
    "array",
    "dict",
    "base64",
    "attributevalue",
];

/// Attributes that describe an element, whatever it is called: they hold no credential unless it looks like one.
const DESCRIBING: &[&str] = &[
    "type",
    "id",
    "href",
    "src",
    "class",
    "style",
    "lang",
    "version",
    "encodingtype",
    "valuetype",
];

/// Elements of HTML that nothing closes.
const VOID: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr",
];

/// So many elements are open at most.
const DEEPEST: usize = 1_000;

struct Element {
    name: String,
    /// The facts that the names so far reveal about the text inside.
    rule: Credential,
    /// The text of the last child that is a name: `<key>password</key>`.
    named: Option<String>,
}

struct Scan<'t, 'h, 'm> {
    text: &'t str,
    edits: Vec<Edit>,
    open: Vec<Element>,
    hider: &'h mut Hider<'m>,
}

/// Hides in a document or a piece of one.
pub(super) fn hide(hider: &mut Hider<'_>, text: &str) -> Option<String> {
    let mut scan = Scan {
        text,
        edits: Vec::new(),
        open: Vec::new(),
        hider,
    };
    let mut at = 0;
    while at < text.len() {
        at = scan.next(at);
    }
    for _ in 0..scan.open.len() {
        scan.hider.leave();
    }
    apply(text, scan.edits)
}

impl Scan<'_, '_, '_> {
    fn rest(&self, at: usize) -> &str {
        self.text.get(at..).unwrap_or_default()
    }

    /// The end of what `mark` ends, counted from `at`.
    fn end_of(&self, at: usize, mark: &str) -> usize {
        self.rest(at)
            .find(mark)
            .map_or(self.text.len(), |end| at + end)
    }

    /// Takes one piece and returns where the next begins.
    fn next(&mut self, at: usize) -> usize {
        let rest = self.rest(at);
        if rest.starts_with("<![CDATA[") {
            let start = at + "<![CDATA[".len();
            let end = self.end_of(start, "]]>");
            self.content(start..end, false);
            return (end + 3).min(self.text.len());
        }
        if rest.starts_with("<!--") {
            let end = self.end_of(at + 4, "-->");
            self.content(at + 4..end, false);
            return (end + 3).min(self.text.len());
        }
        if rest.starts_with("<?") {
            return (self.end_of(at, "?>") + 2).min(self.text.len());
        }
        if rest.starts_with("</") {
            let end = self.end_of(at, ">");
            let name = self
                .text
                .get(at + 2..end)
                .unwrap_or_default()
                .trim()
                .to_owned();
            self.close(&name);
            return (end + 1).min(self.text.len());
        }
        if rest.starts_with("<!") {
            let end = self.end_of(at, ">");
            self.content(at + 2..end, false);
            return (end + 1).min(self.text.len());
        }
        let begins =
            |rest: &str| rest.starts_with(|letter: char| letter.is_alphabetic() || letter == '_');
        if rest.strip_prefix('<').is_some_and(begins) {
            return self.open(at);
        }
        // A `<` that begins nothing belongs to the text.
        let skip = usize::from(rest.starts_with('<'));
        let end = self.end_of(at + skip, "<");
        self.content(at..end, true);
        end
    }

    fn open(&mut self, at: usize) -> usize {
        let is_name =
            |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | ':');
        let rest = self.rest(at + 1);
        let length = rest.find(|letter| !is_name(letter)).unwrap_or(rest.len());
        let name = rest.get(..length).unwrap_or_default().to_owned();
        let (attributes, mut end) = self.attributes(at + 1 + length);
        let closes = self.rest(end).starts_with("/>");
        end = (end + if closes { 2 } else { 1 }).min(self.text.len());
        let local = local_name(&name).to_owned();
        let (above, parent, beside) = match self.open.last() {
            Some(parent) => (
                parent.rule,
                local_name(&parent.name).to_owned(),
                parent.named.clone(),
            ),
            None => (Credential::No, String::new(), None),
        };
        let own = credential(&joined(&parent, &local), Medium::Markup);
        let is_value = |name: &str| VALUES.contains(&name.to_lowercase().as_str());
        let named = attributes
            .iter()
            .find(|(name, _)| NAMES.contains(&local_name(name).to_lowercase().as_str()))
            .map(|(_, range)| decode(self.text.get(range.clone()).unwrap_or_default()));
        let named_credential = named
            .as_deref()
            .is_some_and(|named| credential(named, Medium::Markup) >= Credential::Scalar)
            || (local.eq_ignore_ascii_case("input") && self.is_password(&attributes));
        let beside = beside.is_some_and(|named| {
            is_value(&local) && credential(&named, Medium::Markup) >= Credential::Scalar
        });
        let rule = match above {
            Credential::Deep if own == Credential::No && is_description(&local) => {
                Credential::Random
            }
            Credential::Deep => Credential::Deep,
            _ if beside || named_credential => Credential::Deep,
            _ => own,
        };
        let of_element = own;
        self.hider.enter(&local);
        for (attribute, range) in attributes {
            // The declaration of a namespace names a vocabulary.
            let is_vocabulary = attribute.starts_with("xmlns");
            let attribute = local_name(&attribute).to_owned();
            let own = credential(&joined(&local, &attribute), Medium::Markup);
            let below = match above {
                Credential::Deep if is_description(&attribute) => Credential::Random,
                Credential::Deep => Credential::Deep,
                _ if named_credential && is_value(&attribute) => Credential::Deep,
                _ if own == Credential::No && of_element >= Credential::Scalar => {
                    match describes(&attribute) {
                        true => Credential::Random,
                        false => Credential::Scalar,
                    }
                }
                _ => own,
            };
            self.hider.enter(&format!("@{attribute}"));
            if !is_vocabulary {
                self.value(range, below, true);
            }
            self.hider.leave();
        }
        let is_void = VOID.contains(&local.as_str());
        if closes || is_void {
            self.hider.leave();
            return end;
        }
        if matches!(local.as_str(), "script" | "style") {
            let close = self.end_of(end, "</");
            self.value(end..close, Credential::No, false);
            end = close;
        }
        if self.open.len() >= DEEPEST {
            // Too deep to keep account: what is a credential here makes everything that follows one.
            self.hider.leave();
            if let Some(deepest) = self.open.last_mut()
                && rule >= Credential::Scalar
            {
                deepest.rule = Credential::Deep;
            }
            return end;
        }
        self.open.push(Element {
            name,
            rule,
            named: None,
        });
        end
    }

    /// Whether an element is a field that hides what is typed.
    fn is_password(&self, attributes: &[(String, Range<usize>)]) -> bool {
        attributes.iter().any(|(name, range)| {
            let value = self.text.get(range.clone()).unwrap_or_default();
            name.eq_ignore_ascii_case("type") && value.trim().eq_ignore_ascii_case("password")
        })
    }

    /// Names and values of attributes, and where the tag ends: at `>` or `/>`.
    fn attributes(&self, from: usize) -> (Vec<(String, Range<usize>)>, usize) {
        let bytes = self.text.as_bytes();
        let mut found = Vec::new();
        let mut at = from;
        loop {
            let Some(byte) = bytes.get(at) else {
                return (found, self.text.len());
            };
            match byte {
                b'>' => return (found, at),
                b'/' if bytes.get(at + 1) == Some(&b'>') => return (found, at),
                byte if byte.is_ascii_whitespace() || *byte == b'/' => at += 1,
                _ => {
                    let start = at;
                    while bytes
                        .get(at)
                        .is_some_and(|byte| !byte.is_ascii_whitespace() && !b"=>".contains(byte))
                    {
                        at += 1;
                    }
                    let name = self.text.get(start..at).unwrap_or_default().to_owned();
                    let blank = |at: &mut usize| {
                        while bytes.get(*at).is_some_and(u8::is_ascii_whitespace) {
                            *at += 1;
                        }
                    };
                    blank(&mut at);
                    if bytes.get(at) != Some(&b'=') {
                        // Over what is no name either, so that the scan moves on.
                        at = at.max(start + 1);
                        continue;
                    }
                    at += 1;
                    blank(&mut at);
                    let range = match bytes.get(at) {
                        Some(quote @ (b'"' | b'\'')) => {
                            let mark = if *quote == b'"' { "\"" } else { "'" };
                            let end = self.end_of(at + 1, mark);
                            let range = at + 1..end;
                            at = (end + 1).min(self.text.len());
                            range
                        }
                        _ => {
                            let start = at;
                            while bytes
                                .get(at)
                                .is_some_and(|byte| !byte.is_ascii_whitespace() && *byte != b'>')
                            {
                                at += 1;
                            }
                            start..at
                        }
                    };
                    found.push((name, range));
                }
            }
        }
    }

    /// An end without a beginning is left alone; what was not closed ends with what is around it.
    fn close(&mut self, name: &str) {
        let Some(depth) = self.open.iter().rposition(|element| element.name == name) else {
            return;
        };
        for _ in depth..self.open.len() {
            self.hider.leave();
        }
        self.open.truncate(depth);
        // What a name beside it says ends with the value.
        let is_name = NAMES.contains(&local_name(name).to_lowercase().as_str());
        if let Some(parent) = self.open.last_mut()
            && !is_name
        {
            parent.named = None;
        }
    }

    /// Text inside of the innermost element.
    fn content(&mut self, range: Range<usize>, escaped: bool) {
        let raw = self.text.get(range.clone()).unwrap_or_default();
        if raw.trim().is_empty() {
            return;
        }
        let rule = self
            .open
            .last()
            .map_or(Credential::No, |element| element.rule);
        if let [.., parent, element] = self.open.as_mut_slice()
            && NAMES.contains(&local_name(&element.name).to_lowercase().as_str())
        {
            parent.named = Some(raw.trim().to_owned());
        }
        self.value(range, rule, escaped);
    }

    fn value(&mut self, range: Range<usize>, rule: Credential, escaped: bool) {
        let raw = self.text.get(range.clone()).unwrap_or_default();
        let value = raw.trim();
        if value.is_empty() || is_plain_flag(value) {
            return;
        }
        let start = range.start + (raw.len() - raw.trim_start().len());
        let range = start..start + value.len();
        let hides = match rule {
            Credential::Deep | Credential::Scalar => true,
            Credential::Random => shapes::is_random(value),
            Credential::No => false,
        };
        if hides {
            self.hider.hid();
            self.edits.push(Edit {
                range,
                text: Cow::Borrowed(MASK),
            });
            return;
        }
        let decoded = if escaped {
            decode(value)
        } else {
            value.to_owned()
        };
        if let Some(hidden) = self.hider.string(&decoded) {
            let text = match escaped {
                false => hidden,
                true if decoded == value => hidden,
                true => encode_alike(value, &decoded, &hidden),
            };
            self.edits.push(Edit {
                range,
                text: Cow::Owned(text),
            });
        }
    }
}

/// Whether an attribute says something of its element that is no value of it.
fn describes(attribute: &str) -> bool {
    let attribute = attribute.to_lowercase();
    let known = [DESCRIBING, NAMES].concat();
    known.contains(&attribute.as_str()) || is_description(&attribute)
}

fn local_name(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn decode(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    // The ampersand last, so that nothing is decoded twice.
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#34;", "\"")
        .replace("&apos;", "'")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

/// Escaped as before where that can be told; else all of it is hidden.
fn encode_alike(raw: &str, value: &str, hidden: &str) -> String {
    let little = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let text = |text: &str| little(text).replace('>', "&gt;");
    let all = |one: &str| text(one).replace('"', "&quot;");
    let ways: [&dyn Fn(&str) -> String; 3] = [&little, &text, &all];
    for way in ways {
        if way(value) == raw {
            return way(hidden);
        }
    }
    MASK.to_owned()
}
