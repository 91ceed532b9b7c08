//! A comparison as data, and its differences as cases.

use std::fmt::Write as _;
use std::path::Path;

use postlogin_core::escape::inline;
use postlogin_project::ActionSource;
use serde_json::{Value, json};

use super::{COMPARISON_FORMAT, Comparison, Endings, Found, Origin, Part, What};
use crate::yaml::{entry, nested, relative_action};

impl Comparison {
    /// Whether the sides are known to be equal over these logins: no login shows a difference, all were compared, not
    /// every one failed on both sides, and everything of both sides loads.
    pub fn is_equal(&self) -> bool {
        self.found.is_empty()
            && self.further == 0
            && !self.is_cut_short()
            && !self.is_all_failed()
            && self.left_out.is_empty()
    }

    /// Whether logins were left out, because Actions compute until their time is over.
    pub fn is_cut_short(&self) -> bool {
        self.compared < self.planned()
    }

    /// Whether every login failed on both sides, so that nothing else of them was compared.
    pub fn is_all_failed(&self) -> bool {
        self.failures_on_both > 0 && self.failures_on_both == self.compared
    }

    /// The number of logins that were to be compared.
    pub(super) fn planned(&self) -> u64 {
        let (events, cases, generated) = self.logins;
        events.saturating_add(cases).saturating_add(generated)
    }

    /// The serialised form, `postlogin.comparison/1`.
    pub fn to_json(&self) -> Value {
        let side = |(name, actions): &(String, Vec<String>), endings: &Endings| {
            let endings: serde_json::Map<String, Value> = endings
                .iter()
                .map(|(status, count)| (word(&json!(status)), json!(count)))
                .collect();
            json!({"name": name, "actions": actions, "endings": endings})
        };
        let (events, cases, generated) = self.logins;
        json!({
            "format": COMPARISON_FORMAT,
            "equal": self.is_equal(),
            "left": side(&self.left, &self.left_endings),
            "right": side(&self.right, &self.right_endings),
            "logins": {
                "events": events, "cases": cases, "generated": generated,
                "seed": self.seed, "unanswered": self.unanswered,
                "compared": self.compared, "failed_on_both": self.failures_on_both,
            },
            "cut_short": self.is_cut_short(),
            "failed_on_both": self.failed_on_both.iter().map(|failed| json!({
                "error": failed.error,
                "logins": failed.logins,
                "first": origin(&failed.first),
            })).collect::<Vec<_>>(),
            "left_out": self.left_out.iter().map(|part| json!({
                "action": part.name,
                "error": part.error.message,
            })).collect::<Vec<_>>(),
            "differences": self.found.iter().map(found).collect::<Vec<_>>(),
            "further_differences": self.further,
        })
    }

    /// A file of cases: each difference as a case that the first side passes and the second one fails
    /// (but for requests and calls that only the second one makes, which no case can expect not to happen).
    pub fn to_cases(&self, left: &[&ActionSource], folder: &Path, names: &[String]) -> String {
        let mut out = String::new();
        // Writing to a text does not fail.
        let _ = self.write(&mut out, left, folder, names);
        out
    }

    fn write(
        &self,
        out: &mut String,
        left: &[&ActionSource],
        folder: &Path,
        names: &[String],
    ) -> std::fmt::Result {
        writeln!(
            out,
            "# Where {} and {} differ. The cases expect what {} does.",
            inline(&self.left.0),
            inline(&self.right.0),
            inline(&self.left.0)
        )?;
        let actions = left
            .iter()
            .map(|source| relative_action(source, folder, names));
        entry(out, "actions", &actions.collect())?;
        writeln!(out, "cases:")?;
        let expected = self.found.iter().map(|found| (found, expected(found)));
        for (index, (found, expect)) in expected.enumerate() {
            let name = format!("{} {}", index + 1, title(found));
            writeln!(out, "  - description: {}", json!(name))?;
            match &found.patch {
                Some(Value::Object(patch)) if patch.is_empty() => {}
                Some(patch) => nested(out, "with", patch, 2)?,
                None => nested(out, "event", &found.event, 2)?,
            }
            nested(out, "expect", &expect, 2)?;
        }
        Ok(())
    }
}

/// Returns the subject of a difference: `id_token https://example.com/plan`.
pub(super) fn title(found: &Found) -> String {
    let what = found.difference.what.name();
    match &found.difference.name {
        Some(name) => format!("{what} {name}"),
        None => what.to_owned(),
    }
}

/// Returns the behaviour of the first side as a case writes it.
fn expected(found: &Found) -> Value {
    let left = &found.difference.left;
    let name = found.difference.name.clone().unwrap_or_default();
    // `null` is met by what is not there.
    let value = left.value.clone().unwrap_or_default();
    match found.difference.what {
        What::Status => json!({"status": value}),
        What::Reason => json!({"reason": value}),
        What::Code => json!({"code": value}),
        What::Error => json!({"error": left.value.as_ref().map(|_| json!({"message": "*"}))}),
        What::Redirect => json!({"redirect": value}),
        What::IdToken
        | What::AccessToken
        | What::Userinfo
        | What::UserMetadata
        | What::AppMetadata
        | What::Effect => {
            let key = found.difference.what.name();
            json!({ key: { name: value } })
        }
        What::TokenSize => {
            // The first side's token fits into what the second one's has outgrown.
            let limit = |part: &Part| outgrown_bytes(part.value.as_ref());
            match limit(&found.difference.right) {
                Some(most) if limit(left).is_none_or(|left| left < most) => {
                    json!({ format!("{name}_size"): format!("{most}B") })
                }
                _ => json!({}),
            }
        }
        // No case expects requests; that no login fails is expected anyway.
        What::Request => json!({}),
        What::Command => {
            let method = name.split('(').next().unwrap_or_default();
            match left.value {
                Some(_) => json!({"commands": [method]}),
                None => json!({}),
            }
        }
    }
}

/// Returns the bytes of `more than 4096 bytes`.
fn outgrown_bytes(value: Option<&Value>) -> Option<usize> {
    let digits = value?.as_str()?.split(' ').nth(2)?;
    digits.parse().ok()
}

fn found(found: &Found) -> Value {
    let Found {
        difference,
        logins,
        first,
        event,
        patch,
        ..
    } = found;
    json!({
        "what": difference.what.name(),
        "name": difference.name,
        "left": part(&difference.left),
        "right": part(&difference.right),
        "logins": logins,
        "first": origin(first),
        "with": patch,
        "event": event,
    })
}

/// Returns about how many bytes a difference takes in reports.
pub(super) fn bytes_of(one: &Found) -> usize {
    let changes = one.changes.iter().map(|change| {
        let values = change.before.iter().chain(&change.after);
        change.path.len() + values.map(|value| value.to_string().len()).sum::<usize>()
    });
    found(one).to_string().len() + changes.sum::<usize>()
}

fn origin(origin: &Origin) -> Value {
    match origin {
        Origin::Event(file) => json!({"event": file}),
        Origin::Case(name) => json!({"case": name}),
        Origin::Generated(number) => json!({"generated": number}),
    }
}

fn part(part: &Part) -> Value {
    json!({
        "value": part.value,
        "verdict": part.verdict,
        "rule": part.rule,
        "action": part.action,
        "location": part.location,
        "sources": part.sources,
    })
}

pub(super) fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
