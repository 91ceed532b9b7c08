//! Hides secrets in an outcome, and in whatever else is shown or written.

use std::fmt;

use serde_json::{Map, Value};
use url::form_urlencoded::byte_serialize;

use crate::explanation::Explanation;
use crate::outcome::Outcome;

/// What stands in place of a secret.
pub const MASK: &str = "***";

/// Secrets of fewer characters are hidden only where they are a whole text: as parts they occur everywhere.
const SHORTEST_PART: usize = 4;

impl Outcome {
    /// Replaces every secret by `***` in every text that an Action or the event can have put there: values, keys,
    /// logs, errors, arguments. Names of Actions, methods and files stay. A secret is found also in the form that
    /// JSON or a URL gives to it; encrypted, hashed or encoded otherwise it is not.
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
        for entry in &mut self.ledger {
            mask.text(&mut entry.name);
            mask.value(&mut entry.value);
            entry
                .sources
                .iter_mut()
                .for_each(|source| mask.text(source));
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
    }
}

/// The texts to hide. A secret is found also in the form that JSON or a URL gives to it.
#[derive(Clone, Default)]
pub struct Mask {
    /// Hidden wherever they stand, longest first, so that no rest of a longer secret remains.
    parts: Vec<String>,
    /// Hidden where they are a whole text.
    wholes: Vec<String>,
}

/// Without the secrets.
impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mask")
    }
}

impl Mask {
    /// A mask for these secrets.
    pub fn of(secrets: &[&str]) -> Mask {
        let (long, short): (Vec<&str>, Vec<&str>) = secrets
            .iter()
            .copied()
            .filter(|secret| !secret.is_empty())
            .partition(|secret| secret.chars().count() >= SHORTEST_PART);
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
        if self.wholes.contains(text) {
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
        for (mut key, mut value) in entries {
            self.text(&mut key);
            self.value(&mut value);
            // Two hidden keys must not become one.
            while object.contains_key(&key) {
                key.push_str(MASK);
            }
            object.insert(key, value);
        }
    }
}

/// A secret as it is, inside a JSON text, and inside a URL.
fn forms(secret: &str) -> [String; 4] {
    let json = Value::from(secret).to_string();
    let json = json
        .get(1..json.len().saturating_sub(1))
        .unwrap_or_default()
        .to_owned();
    let form: String = byte_serialize(secret.as_bytes()).collect();
    let percent = form.replace('+', "%20");
    [secret.to_owned(), json, form, percent]
}
