//! The changes of the login in the user's profile.

use std::collections::HashMap;
use std::io;

use postlogin_core::outcome::{Outcome, StoredMetadata};
use serde_json::{Map, Value};

use super::page::{Page, span};
use super::style::Role;
use super::text;

/// One changed key: its path, and its value before and after.
struct Change {
    path: String,
    before: Before,
    after: Option<Value>,
}

enum Before {
    Absent,
    Was(Value),
    /// Only the calls are known.
    Unknown,
}

/// The most changes that are shown.
const MOST_CHANGES: usize = 100;

pub(super) fn write(
    page: &mut Page<'_>,
    outcome: &Outcome,
    before: Option<&StoredMetadata>,
) -> io::Result<()> {
    let changes = match before {
        Some(before) => {
            let mut changes = difference(
                "user_metadata",
                &before.user_metadata,
                &outcome.user.user_metadata,
            );
            changes.extend(difference(
                "app_metadata",
                &before.app_metadata,
                &outcome.user.app_metadata,
            ));
            changes
        }
        None => from_calls(outcome),
    };
    if changes.is_empty() {
        return Ok(());
    }
    page.heading("Metadata", &text::counted(changes.len(), "change"))?;
    let paths = changes
        .iter()
        .map(|change| text::width(&change.path))
        .max()
        .unwrap_or(0)
        .min(page.width() / 2);
    let room = page.width().saturating_sub(4 + paths + 2);
    for change in changes.iter().take(MOST_CHANGES) {
        write_change(page, change, paths, room)?;
    }
    page.left_out(2, changes.len().saturating_sub(MOST_CHANGES), "change")
}

fn write_change(page: &mut Page<'_>, change: &Change, paths: usize, room: usize) -> io::Result<()> {
    let after = change.after.as_ref().map(shown);
    let (mark, role, value) = match (&change.before, after) {
        (Before::Absent, Some(after)) => ("+", Role::Good, text::shorten(&after, room)),
        (Before::Was(before), Some(after)) => {
            let before = shown(before);
            let both = format!("{before} → {after}");
            if text::width(&both) <= room {
                ("~", Role::Warn, both)
            } else {
                let half = room.saturating_sub(3) / 2;
                let both = format!(
                    "{} → {}",
                    text::shorten(&before, half),
                    text::shorten(&after, half)
                );
                ("~", Role::Warn, both)
            }
        }
        (Before::Unknown, Some(after)) => ("~", Role::Warn, text::shorten(&after, room)),
        (Before::Was(before), None) => (
            "-",
            Role::Bad,
            format!(
                "{} removed",
                text::shorten(&shown(before), room.saturating_sub(8))
            ),
        ),
        (Before::Absent | Before::Unknown, None) => ("-", Role::Bad, "removed".to_owned()),
    };
    let path = text::pad(&text::shorten(&change.path, paths), paths);
    page.line(
        2,
        &[
            span(role, mark),
            span(Role::Plain, " "),
            span(Role::Strong, path),
            span(Role::Plain, format!("  {value}")),
        ],
    )
}

fn shown(value: &Value) -> String {
    text::clean(&value.to_string())
}

fn difference(name: &str, before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<Change> {
    let path = |key: &str| text::clean(&format!("{name}.{key}"));
    let mut changes = Vec::new();
    for (key, value) in after {
        let before = match before.get(key) {
            Some(old) if old == value => continue,
            Some(old) => Before::Was(old.clone()),
            None => Before::Absent,
        };
        changes.push(Change {
            path: path(key),
            before,
            after: Some(value.clone()),
        });
    }
    for (key, value) in before {
        if !after.contains_key(key) {
            changes.push(Change {
                path: path(key),
                before: Before::Was(value.clone()),
                after: None,
            });
        }
    }
    changes
}

/// The last call for each key, when nobody told what was there before.
fn from_calls(outcome: &Outcome) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for command in &outcome.commands {
        let name = match command.method.as_str() {
            "user.setUserMetadata" => "user_metadata",
            "user.setAppMetadata" => "app_metadata",
            _ => continue,
        };
        let [Value::String(key), value, ..] = command.args.as_slice() else {
            continue;
        };
        let path = text::clean(&format!("{name}.{key}"));
        let after = Some(value.clone()).filter(|value| !value.is_null());
        match known.get(&path).and_then(|index| changes.get_mut(*index)) {
            Some(change) => change.after = after,
            None => {
                known.insert(path.clone(), changes.len());
                changes.push(Change {
                    path,
                    before: Before::Unknown,
                    after,
                });
            }
        }
    }
    changes
}
