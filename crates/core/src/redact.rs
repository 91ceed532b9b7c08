//! Hides secrets in an outcome, and in whatever else is shown or written.

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use serde_json::{Map, Value};
use url::form_urlencoded::byte_serialize;

use crate::explanation::{Explanation, WaitsFor};
use crate::outcome::{Effects, ExchangeUser, Outcome};

/// The replacement for a secret.
pub const MASK: &str = "***";

/// Secrets of fewer characters are hidden only where they are a whole text: as parts they occur everywhere.
const SHORTEST_PART: usize = 4;

/// Numbers of fewer digits are hidden only where they are a whole text: they are parts of times and sizes.
const SHORTEST_NUMBER: usize = 6;

/// A longer step of a URL's path may be a key, as those of webhooks are.
const LONGEST_STEP: usize = 19;

impl Outcome {
    /// Replaces every secret by `***` in every text that an Action or the event can have put there: values, keys,
    /// logs, errors, arguments. Names of Actions, methods and files stay. A secret is found also in the form that
    /// JSON, a URL or `console.log` gives to it, and so is each longer line of it; encrypted, hashed or encoded otherwise it is not.
    ///
    /// Values that are given as secrets may be plain configuration, as the values of Rules are. Such values do not take names
    /// of claims and half of every text with them: see [`Mask::of`].
    pub fn redact(&mut self, secrets: &[&str]) {
        let mask = Mask::of(secrets);
        if mask.is_empty() {
            return;
        }
        mask.option(&mut self.reason);
        mask.object(&mut self.id_token.claims);
        mask.object(&mut self.access_token.claims);
        mask.option(&mut self.id_token.jwt);
        mask.option(&mut self.access_token.jwt);
        mask.object(&mut self.userinfo);
        mask.object(&mut self.user.user_metadata);
        mask.object(&mut self.user.app_metadata);
        self.effects.redact(&mask);
        for entry in &mut self.ledger {
            mask.text(&mut entry.name);
            mask.value(&mut entry.value);
            entry
                .sources
                .iter_mut()
                .for_each(|source| mask.text(source));
        }
        for call in &mut self.unset_claims {
            mask.text(&mut call.name);
        }
        for command in &mut self.commands {
            command
                .args
                .iter_mut()
                .for_each(|argument| mask.value(argument));
        }
        for log in &mut self.logs {
            mask.text(&mut log.message);
        }
        for notice in &mut self.notices {
            mask.text(&mut notice.message);
        }
        if let Some(error) = &mut self.error {
            mask.text(&mut error.name);
            mask.text(&mut error.message);
            mask.text(&mut error.stack);
        }
        if let Some(redirect) = &mut self.redirect {
            mask.text(&mut redirect.url);
        }
    }
}

impl Effects {
    fn redact(&mut self, mask: &Mask) {
        let texts = [
            &mut self.user_message,
            &mut self.user_id,
            &mut self.organization,
            &mut self.result_url,
        ];
        texts.into_iter().for_each(|text| mask.option(text));
        for error in &mut self.validation_errors {
            mask.text(&mut error.code);
            mask.text(&mut error.message);
        }
        match &mut self.exchange_user {
            Some(ExchangeUser::Id { id }) => mask.text(id),
            Some(ExchangeUser::Connection {
                connection,
                attributes,
                ..
            }) => {
                mask.text(connection);
                mask.object(attributes);
            }
            None => {}
        }
        if let Some(actor) = &mut self.actor {
            mask.value(actor);
        }
        mask.object(&mut self.metadata.user_metadata);
        mask.object(&mut self.metadata.app_metadata);
        if let Some(notification) = &mut self.notification {
            mask.option(&mut notification.reason);
        }
    }
}

impl Explanation {
    /// Replaces every secret by `***`, as [`Outcome::redact`], and in what Actions read.
    pub fn redact(&mut self, secrets: &[&str]) {
        self.outcome.redact(secrets);
        let mask = Mask::of(secrets);
        if mask.is_empty() {
            return;
        }
        for claim in &mut self.claims {
            mask.text(&mut claim.name);
            mask.value(&mut claim.value);
            for origin in &mut claim.origins {
                mask.text(&mut origin.path);
            }
        }
        for expected in &mut self.expected {
            if let Some(similar) = &mut expected.similar {
                mask.text(similar);
            }
            for site in &mut expected.sites {
                for condition in &mut site.conditions {
                    mask.text(&mut condition.text);
                    for read in &mut condition.reads {
                        mask.text(&mut read.path);
                        mask.value(&mut read.value);
                    }
                }
            }
        }
        for read in &mut self.reads {
            mask.text(&mut read.path);
            mask.value(&mut read.value);
        }
        for usage in &mut self.limits {
            mask.text(&mut usage.subject);
        }
        for wait in &mut self.waits {
            match &mut wait.waits_for {
                WaitsFor::Redirect { url: text } | WaitsFor::Form { id: text } => mask.text(text),
                WaitsFor::Challenge { .. } | WaitsFor::Enroll { .. } => {}
            }
        }
    }
}

/// The texts to hide. A secret is found also in the form that JSON, a URL or `inspect` gives to it, and so is each of its lines.
#[derive(Clone, Default)]
pub struct Mask {
    /// Hidden wherever they stand, longest first, so that no rest of a longer secret remains.
    parts: Vec<String>,
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
        let (long, short): (Vec<&str>, Vec<&str>) = secrets
            .iter()
            .copied()
            .filter(|secret| !secret.is_empty() && !WORDS.contains(secret))
            .partition(|secret| is_hidden_as_part(secret));
        let mut parts: Vec<String> = long.into_iter().flat_map(forms).collect();
        parts.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        parts.dedup();
        Mask {
            parts,
            wholes: short.into_iter().map(str::to_owned).collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.wholes.is_empty()
    }

    /// Hides them in a text.
    pub fn text(&self, text: &mut String) {
        if self.wholes.contains(text.as_str()) {
            MASK.clone_into(text);
        }
        for part in &self.parts {
            if text.contains(part) {
                *text = text.replace(part, MASK);
            }
        }
    }

    fn option(&self, text: &mut Option<String>) {
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

    fn object(&self, object: &mut Map<String, Value>) {
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
mod tests {
    use super::*;

    #[track_caller]
    fn check(secret: &str, text: &str, expected: &str) {
        let mut shown = text.to_owned();
        Mask::of(&[secret]).text(&mut shown);
        assert_eq!(shown, expected, "{secret}");
    }

    #[test]
    fn secrets_are_hidden_as_parts() {
        check(
            "hunter2",
            "https://example.com/hunter2",
            "https://example.com/***",
        );
        check("123456", "code-123456", "code-***");
        check("s3cr-t_", "a s3cr-t_ b", "a *** b");
        // Keys in the form of a URL.
        for secret in [
            "https://hooks.example.com/services/T0001/B0001/abcdefghijklmnopqrstuvwx",
            "https://hooks.example.com/a1b2c3d4e5f6",
            "https://user:pass@example.com/",
            "https://example.com/?key=abc",
            "https://example.com/#abc",
        ] {
            check(secret, &format!("to {secret}x"), "to ***x");
        }
        for secret in ["correct-horse", "pk_live_abcdefghijklmnopqrstuvwx_"] {
            check(secret, &format!("{secret}!"), "***!");
        }
    }

    #[test]
    fn configuration_leaves_names_readable() {
        for (secret, text) in [
            ("https://example.com/", "https://example.com/hobby"),
            ("https://example.com", "https://example.com/hobby"),
            (
                "http://example.com/app/v2",
                "http://example.com/app/v2/roles",
            ),
            ("urn:example:", "urn:example:roles"),
            ("my_app_", "my_app_roles"),
            ("1", "https://example.com/1"),
            ("3600", "1763603600"),
            ("true", "true"),
            ("none", "nonexistent"),
        ] {
            check(secret, text, text);
        }
        // As a value of their own, they are hidden all the same.
        for secret in ["https://example.com/", "my_app_", "1", "3600"] {
            check(secret, secret, "***");
        }
    }

    #[test]
    fn keys_that_become_the_same_are_numbered() {
        let keys: Vec<String> = (0..20_000).map(|index| format!("key-{index}x")).collect();
        let mut value: Value = keys.iter().map(|key| (key.clone(), 1)).collect();
        let mask = Mask {
            parts: Vec::new(),
            wholes: keys.into_iter().collect(),
        };
        mask.value(&mut value);
        assert_eq!(value.as_object().map(Map::len), Some(20_000));

        let mut value = serde_json::json!({"hunter2": 1, "hunter3": 2, "*** (2)": 3, "***": 4});
        Mask::of(&["hunter2", "hunter3"]).value(&mut value);
        let keys: Vec<&String> = value.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["***", "*** (2)", "*** (2) (2)", "*** (3)"]);
    }

    /// The output of Node 22 for `console.log({ key })`, `encodeURIComponent(key)` and `JSON.stringify(key)`.
    #[test]
    fn forms_of_console_and_urls_are_hidden() {
        let pem = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqh\nkiG9w0BAQEFAASC\n-----END KEY-----\n";
        check(
            pem,
            "{\n  key: '-----BEGIN KEY-----\\n' +\n    'MIIEvQIBADANBgkqh\\n' +\n    'kiG9w0BAQEFAASC\\n' +\n    '-----END KEY-----\\n'\n}",
            "{\n  key: '***\\n' +\n    '***\\n' +\n    '***\\n' +\n    '***\\n'\n}",
        );
        check("ab\ncd", "{ key: 'ab\\ncd' }", "{ key: '***' }");
        check("pa\\ss'w", "{ key: \"pa\\\\ss'w\" }", "{ key: \"***\" }");
        check(
            "pa'ss\\w\"ord`x",
            "{ key: 'pa\\'ss\\\\w\"ord`x' }",
            "{ key: '***' }",
        );
        check("a\u{7f}b\u{1}c", "'a\\x7Fb\\x01c'", "'***'");
        check("it's (a) key!*~", "?k=it's%20(a)%20key!*~", "?k=***");
        check("ab\ncd", "\"ab\\ncd\"", "\"***\"");
        // Short lines are not hidden alone.
        check("{\n  a\n}", "a {}", "a {}");
    }
}
