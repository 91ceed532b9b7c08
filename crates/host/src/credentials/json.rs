//! Hides in the text of a JSON document. Only values change; everything else stays as it was written, so that a text that
//! holds JSON still fits the request that it was taken from.

mod tables;

use std::{borrow::Cow, ops::Range};

use postlogin_core::redact::MASK;
use serde::de::IgnoredAny;

use super::{
    Credential, Edit, Hider, Medium, apply, is_plain_flag,
    names::{credential, is_description, joined, may_count},
    shapes,
};

/// As deep as a mock can be read again.
const DEEPEST: usize = 120;

/// A larger object or list below the name of a credential is hidden as a whole.
const LARGEST_HIDDEN: usize = 64 << 10;

/// Members whose value is the name of what a member beside them holds.
const NAME_MEMBERS: &[&str] = &[
    "name",
    "key",
    "k",
    "field",
    "property",
    "header",
    "label",
    "param",
    "parameter",
    "attribute",
    "variable",
];

/// Members beside such a name.
const VALUE_MEMBERS: &[&str] = &[
    "value",
    "values",
    "val",
    "v",
    "content",
    "data",
    "defaultvalue",
];

/// Members of a request or an answer of OAuth; beside them `code` and `state` are what they are in a query.
const OAUTH_MEMBERS: &[&str] = &[
    "grant_type",
    "redirect_uri",
    "code_verifier",
    "client_secret",
    "response_type",
    "session_state",
    "id_token",
];

/// The private parts of a JSON Web Key.
/// Source: <https://www.rfc-editor.org/rfc/rfc7518#section-6>.
const PRIVATE_PARTS: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "k"];

/// Returns whether a text is JSON, and not too deep to be looked into.
pub(super) fn is_json(text: &str) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > DEEPEST {
                    return false;
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// Hides in a document of which [`is_json`] is true.
pub(super) fn hide(hider: &mut Hider<'_>, text: &str) -> Option<String> {
    let mut walk = Walk {
        text,
        at: 0,
        edits: Vec::new(),
        hider,
    };
    walk.value(Credential::No, "");
    apply(text, walk.edits)
}

struct Walk<'t, 'h, 'm> {
    text: &'t str,
    at: usize,
    edits: Vec<Edit>,
    hider: &'h mut Hider<'m>,
}

/// The facts about an object that its members reveal. They are known at the object's end.
#[derive(Default)]
struct Members {
    named: Option<String>,
    values: Vec<(String, Range<usize>)>,
    is_oauth: bool,
    oauth: Vec<(String, Range<usize>)>,
    is_key: bool,
    private: Vec<(String, Range<usize>)>,
    table: tables::Table,
}

impl Walk<'_, '_, '_> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Over blanks, commas and colons: the document is known to be right.
    fn skip(&mut self) {
        while matches!(
            self.byte(),
            Some(b' ' | b'\t' | b'\n' | b'\r' | b',' | b':')
        ) {
            self.at += 1;
        }
    }

    fn value(&mut self, rule: Credential, name: &str) {
        self.skip();
        let start = self.at;
        match self.byte() {
            Some(b'{') => {
                let edits = self.edits.len();
                self.object(rule, name);
                self.whole(rule, start, edits);
            }
            Some(b'[') => {
                let edits = self.edits.len();
                self.at += 1;
                self.skip();
                let of_lists = self.byte() == Some(b'[') && rule != Credential::Deep;
                while !matches!(self.byte(), Some(b']') | None) {
                    self.value(rule, name);
                    self.skip();
                }
                self.at += 1;
                if of_lists {
                    self.lists(start..self.at);
                }
                self.whole(rule, start, edits);
            }
            Some(b'"') => {
                let range = self.string();
                self.hide_string(rule, name, range);
            }
            Some(_) => {
                while !matches!(
                    self.byte(),
                    None | Some(b' ' | b'\t' | b'\n' | b'\r' | b',' | b']' | b'}')
                ) {
                    self.at += 1;
                }
                self.hide_plain(rule, name, start..self.at);
            }
            None => {}
        }
    }

    /// Many values below one name are hidden as one.
    fn whole(&mut self, rule: Credential, start: usize, edits: usize) {
        if rule == Credential::Deep && self.at - start > LARGEST_HIDDEN {
            self.edits.truncate(edits);
            self.mask(start..self.at);
        }
    }

    fn object(&mut self, rule: Credential, above: &str) {
        let mut members = Members::default();
        let mut hidden_keys = 0;
        self.at += 1;
        self.skip();
        while self.byte() == Some(b'"') {
            let key = self.string();
            let name = self.decoded(&key);
            hidden_keys += usize::from(self.hide_key(&name, key, hidden_keys));
            self.skip();
            let start = self.at;
            let whole_name = joined(above, &name);
            let own = credential(&whole_name, Medium::Json);
            let below = match rule {
                Credential::Deep if own == Credential::No && is_description(&name) => {
                    Credential::Random
                }
                Credential::Deep => Credential::Deep,
                // What a scalar's name says does not go on below an object.
                _ => own,
            };
            self.hider.enter(&name);
            self.value(below, &whole_name);
            self.hider.leave();
            if rule != Credential::Deep {
                members.note(name, own, start..self.at, self.text);
            }
            self.skip();
        }
        self.at += 1;
        self.settle(members, above);
    }

    /// Hides what the object as a whole shows to be a credential.
    fn settle(&mut self, members: Members, above: &str) {
        let mut again = Vec::new();
        if let Some(named) = &members.named
            && credential(&joined(above, named), Medium::Json) >= Credential::Scalar
        {
            again.extend(members.values);
        }
        if members.is_oauth {
            again.extend(members.oauth);
        }
        if members.is_key {
            again.extend(members.private);
        }
        self.table(members.table);
        let end = self.at;
        for (name, range) in again {
            self.at = range.start;
            self.hider.enter(&name);
            self.value(Credential::Deep, "");
            self.hider.leave();
        }
        self.at = end;
    }

    /// Over a string, quotes included.
    fn string(&mut self) -> Range<usize> {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.byte() {
            self.at += match byte {
                b'\\' => 2,
                b'"' => break,
                _ => 1,
            };
        }
        self.at += 1;
        start..self.at
    }

    fn raw(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    /// Half of a surrogate pair cannot be decoded; then the text is taken as it is written.
    fn decoded(&self, range: &Range<usize>) -> String {
        let raw = self.raw(range);
        serde_json::from_str(raw).unwrap_or_else(|_| raw.trim_matches('"').to_owned())
    }

    fn hide_string(&mut self, rule: Credential, name: &str, range: Range<usize>) {
        let value = self.decoded(&range);
        if value.trim().is_empty() || is_plain_flag(&value) {
            return;
        }
        let hides = match rule {
            Credential::Deep => !(may_count(name) && value.parse::<f64>().is_ok()),
            Credential::Scalar => is_one_word(&value) && !is_way_to_authenticate(&value),
            Credential::Random => shapes::is_random(&value),
            Credential::No => false,
        };
        if hides {
            self.mask(range);
        } else if let Some(hidden) = self.hider.string(&value) {
            self.rewrite(&value, &hidden, range);
        }
    }

    /// Two hidden keys of an object must not become one.
    fn hide_key(&mut self, name: &str, range: Range<usize>, before: usize) -> bool {
        let Some(hidden) = self.hider.string(name) else {
            return false;
        };
        let hidden = format!("{hidden}{}", MASK.repeat(before.min(100)));
        self.rewrite(name, &hidden, range);
        true
    }

    /// As it was escaped before, so that the rest of the text stays the same.
    fn rewrite(&mut self, value: &str, hidden: &str, range: Range<usize>) {
        let plain = |text: &str| serde_json::Value::from(text).to_string();
        let with_slashes = |text: &str| plain(text).replace('/', "\\/");
        let raw = self.raw(&range);
        let text = if raw == plain(value) {
            plain(hidden)
        } else if raw == with_slashes(value) {
            with_slashes(hidden)
        } else {
            format!("\"{MASK}\"")
        };
        self.edits.push(Edit {
            range,
            text: Cow::Owned(text),
        });
    }

    /// A number, `true`, `false` or `null`.
    fn hide_plain(&mut self, rule: Credential, name: &str, range: Range<usize>) {
        let raw = self.raw(&range);
        let is_number = raw.starts_with(|letter: char| letter.is_ascii_digit() || letter == '-');
        let mut known = raw.to_owned();
        self.hider.mask.text(&mut known);
        let is_secret = known != raw;
        let counts = may_count(name) && is_number;
        let is_credential =
            matches!(rule, Credential::Deep | Credential::Scalar) && is_number && !counts;
        if is_secret || is_credential {
            self.mask(range);
        }
    }

    fn mask(&mut self, range: Range<usize>) {
        self.hider.hid();
        let is_string = self.raw(&range).starts_with('"');
        let text = match !is_string && self.hider.depth > self.hider.bare_below {
            true => MASK,
            false => "\"***\"",
        };
        self.edits.push(Edit {
            range,
            text: Cow::Borrowed(text),
        });
    }
}

impl Members {
    fn note(&mut self, name: String, own: Credential, range: Range<usize>, text: &str) {
        let lower = name.to_lowercase();
        let raw = text.get(range.clone()).unwrap_or_default();
        if NAME_MEMBERS.contains(&lower.as_str())
            && let Ok(named) = serde_json::from_str::<String>(raw)
            && self.named.is_none()
        {
            self.named = Some(named);
        }
        self.table.note(&lower, &range, raw);
        if OAUTH_MEMBERS.contains(&lower.as_str()) {
            self.is_oauth = true;
        }
        if lower == "kty" {
            self.is_key = true;
        }
        if PRIVATE_PARTS.contains(&name.as_str()) {
            self.private.push((name, range));
        } else if VALUE_MEMBERS.contains(&lower.as_str()) {
            self.values.push((name, range));
        } else if own == Credential::Random && (lower == "code" || lower == "state") {
            self.oauth.push((name, range));
        }
    }
}

fn is_one_word(value: &str) -> bool {
    !value.trim().contains(char::is_whitespace) || shapes::scheme(value).is_some()
}

/// `auth: "basic"` says how, not with what.
fn is_way_to_authenticate(value: &str) -> bool {
    const WAYS: &[&str] = &[
        "apikey", "api_key", "basic", "bearer", "digest", "jwt", "mtls", "oauth", "oauth2", "oidc",
        "optional", "required", "saml",
    ];
    WAYS.iter().any(|way| value.eq_ignore_ascii_case(way))
}
