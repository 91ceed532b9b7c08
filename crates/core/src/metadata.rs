//! The metadata of the user's profile: what an update may hold, and when it is stored.
//!
//! Changes are merged at the first level and `null` deletes. Later Actions see them at once; they are stored in one
//! update when the login ends or leaves for a redirect or a form. One bad name or value makes that update fail as a
//! whole, and with it the login.

use std::{borrow::Cow, collections::HashMap};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ceilings::compact_bytes;
use crate::json;
use crate::limits::{
    FORBIDDEN_APP_METADATA, METADATA_NAMES_PAGE, METADATA_PAGE, WRITTEN_METADATA_BYTES,
};
use crate::login::transaction::command::MetadataKind;
use crate::outcome::{Notice, StoredMetadata};

/// The stored metadata and the update that waits.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Profile {
    /// The stored metadata.
    pub stored: StoredMetadata,
    /// The user metadata and app metadata that this login writes, for the size limit.
    written: [Written; 2],
    /// The same at the last update that was stored.
    stored_written: [Written; 2],
    /// Why the update that waits will fail.
    refusal: Option<(String, Cow<'static, str>)>,
    changed: bool,
}

impl Profile {
    /// The metadata in the event with which a login starts.
    pub fn of(event: &Value) -> Profile {
        Profile {
            stored: current(event),
            written: [Written::default(), Written::default()],
            stored_written: [Written::default(), Written::default()],
            refusal: None,
            changed: false,
        }
    }

    /// Sets or, with `null`, deletes a key in the event; `None` stands for `undefined`. Gives how many bytes the update
    /// writes so far.
    pub fn set(
        &mut self,
        event: &mut Value,
        kind: MetadataKind,
        name: &str,
        value: Option<Value>,
    ) -> usize {
        if value.is_none() && of_kind(&mut self.written, kind).has(name) {
            return self.take_back(event, kind, name);
        }
        self.changed = true;
        if let Some(refusal) = refusal(kind, name, value.as_ref()) {
            self.refuse(refusal);
        }
        let Some(value) = value else { return 0 };
        let bytes = self.writes(kind, name, json::size(&value));
        if let Some(map) = metadata_of(event, kind) {
            if value.is_null() {
                map.shift_remove(name);
            } else {
                map.insert(name.to_owned(), value);
            }
        }
        bytes
    }

    /// Takes a key that this login has set out of the update: `undefined` leaves the profile as it is stored. Gives how many
    /// bytes the update writes so far.
    ///
    /// Source: <https://community.auth0.com/t/152115>.
    fn take_back(&mut self, event: &mut Value, kind: MetadataKind, name: &str) -> usize {
        let stored = match kind {
            MetadataKind::User => &self.stored.user_metadata,
            MetadataKind::App => &self.stored.app_metadata,
        };
        let stored = stored.get(name).cloned();
        if let Some(map) = metadata_of(event, kind) {
            match stored {
                Some(stored) => drop(map.insert(name.to_owned(), stored)),
                None => drop(map.shift_remove(name)),
            }
        }
        of_kind(&mut self.written, kind).remove(name)
    }

    /// As [`Profile::set`], for a large value that the same handler replaces later: only its size and the reason for
    /// which the update fails are known.
    pub fn set_replaced(
        &mut self,
        event: &mut Value,
        kind: MetadataKind,
        name: &str,
        bytes: usize,
        refusal: Option<(String, &'static str)>,
    ) -> usize {
        self.changed = true;
        if let Some(refusal) = refusal {
            self.refuse(refusal);
        }
        if let Some(map) = metadata_of(event, kind) {
            // It holds the place of the key.
            map.entry(name).or_insert(Value::Null);
        }
        self.writes(kind, name, bytes)
    }

    /// Makes the update that waits fail; the first reason stays.
    fn refuse(&mut self, (reason, source): (String, &'static str)) {
        self.refusal.get_or_insert((reason, Cow::Borrowed(source)));
    }

    /// Counts a value of so many bytes, and gives how many bytes are written so far.
    fn writes(&mut self, kind: MetadataKind, name: &str, bytes: usize) -> usize {
        let written = of_kind(&mut self.written, kind);
        let bytes = written.set(name, bytes);
        if WRITTEN_METADATA_BYTES.exceeded_by(bytes) {
            let message = format!(
                "The Actions of this login write more than {} bytes of {}.",
                WRITTEN_METADATA_BYTES.value,
                kind.key()
            );
            self.refuse((message, WRITTEN_METADATA_BYTES.source));
        }
        bytes
    }

    /// Takes back what waits of one kind: what a switch of the primary user does to `user_metadata`.
    pub fn forget(&mut self, event: &mut Value, kind: MetadataKind) {
        let stored = match kind {
            MetadataKind::User => &self.stored.user_metadata,
            MetadataKind::App => &self.stored.app_metadata,
        };
        of_kind(&mut self.written, kind).clone_from(of_kind(&mut self.stored_written, kind));
        if json::at(event, &["user", kind.key()]).is_some() {
            json::put(
                event,
                &["user", kind.key()],
                Some(Value::Object(stored.clone())),
            );
        }
    }

    /// Stores what waits, unless something in it makes the update fail. `None` when nothing waits.
    pub fn commit(&mut self, event: &Value) -> Option<Commit> {
        let refusal = self.refusal.take();
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        if refusal.is_none() {
            self.stored = current(event);
            self.stored_written.clone_from(&self.written);
        }
        let reason = refusal.as_ref().map(|(reason, _)| reason.clone());
        let refusal = refusal.map(|(message, source)| Notice {
            code: "metadata-update-failed".to_owned(),
            message: format!("The user update would fail and no metadata be stored: {message}"),
            source: Some(source.into_owned()),
        });
        Some(Commit {
            refusal,
            reason: reason.unwrap_or_default(),
            profile_bytes: event.get("user").map_or(0, json::size),
        })
    }
}

/// The sizes of what is written, by key.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Written {
    entries: HashMap<String, usize>,
    bytes: usize,
}

impl Written {
    /// Sets the size of a key's value, and gives the size of the object of all as JSON.
    fn set(&mut self, name: &str, bytes: usize) -> usize {
        let entry = compact_bytes(&name) + 1 + bytes;
        let before = self.entries.insert(name.to_owned(), entry);
        self.bytes = self.bytes.saturating_sub(before.unwrap_or(0)) + entry;
        self.size()
    }

    fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// Takes a key out, and gives the size that is left.
    fn remove(&mut self, name: &str) -> usize {
        let before = self.entries.remove(name);
        self.bytes = self.bytes.saturating_sub(before.unwrap_or(0));
        self.size()
    }

    /// The size of the object of all as JSON.
    fn size(&self) -> usize {
        let commas = self.entries.len().saturating_sub(1);
        self.bytes + commas + "{}".len()
    }
}

fn of_kind(written: &mut [Written; 2], kind: MetadataKind) -> &mut Written {
    let [user, app] = written;
    match kind {
        MetadataKind::User => user,
        MetadataKind::App => app,
    }
}

/// The object in the event, made when there is a user without one.
fn metadata_of(event: &mut Value, kind: MetadataKind) -> Option<&mut Map<String, Value>> {
    let user = event.get_mut("user")?.as_object_mut()?;
    let metadata = user.entry(kind.key()).or_insert(Value::Null);
    if !metadata.is_object() {
        *metadata = Value::Object(Map::new());
    }
    metadata.as_object_mut()
}

/// An update of the profile.
#[derive(Debug)]
pub(crate) struct Commit {
    /// Why it fails, if it does, as a notice.
    pub refusal: Option<Notice>,
    /// The reason alone.
    pub reason: String,
    /// The size of the profile with it.
    pub profile_bytes: usize,
}

fn current(event: &Value) -> StoredMetadata {
    StoredMetadata {
        user_metadata: json::object_at(event, &["user", "user_metadata"]),
        app_metadata: json::object_at(event, &["user", "app_metadata"]),
    }
}

/// Whether stored metadata can have this key with this value: what an update refuses is never there, and neither is `null`,
/// which deletes. `kind` is `user_metadata` or `app_metadata`.
///
/// Source: <https://auth0.com/docs/manage-users/user-accounts/metadata/metadata-fields-data>.
pub fn is_storable(kind: &str, name: &str, value: &Value) -> bool {
    let kind = match kind {
        "app_metadata" => MetadataKind::App,
        _ => MetadataKind::User,
    };
    !value.is_null() && refusal(kind, name, Some(value)).is_none()
}

/// Why an update with this key and value would fail.
pub(crate) fn refusal(
    kind: MetadataKind,
    name: &str,
    value: Option<&Value>,
) -> Option<(String, &'static str)> {
    let Some(value) = value else {
        let message = format!(
            "Payload validation error: `{name}` in {} is undefined.",
            kind.key()
        );
        return Some((message, METADATA_PAGE));
    };
    if kind == MetadataKind::App && FORBIDDEN_APP_METADATA.contains(&name) {
        return Some((
            format!("Forbidden attribute in app_metadata: {name}"),
            METADATA_NAMES_PAGE,
        ));
    }
    let bad = if is_bad_name(name) {
        Some(name)
    } else {
        bad_name_within(value)
    };
    bad.map(|bad| {
        (
            format!("The name `{bad}` in {} has a `.` or a `$`.", kind.key()),
            METADATA_NAMES_PAGE,
        )
    })
}

fn is_bad_name(name: &str) -> bool {
    name.contains('.') || name.contains('$')
}

/// The first bad name by the alphabet: the order of keys says nothing.
fn bad_name_within(value: &Value) -> Option<&str> {
    match value {
        Value::Array(items) => items.iter().filter_map(bad_name_within).min(),
        Value::Object(object) => {
            let own = object
                .keys()
                .map(String::as_str)
                .filter(|name| is_bad_name(name));
            own.chain(object.values().filter_map(bad_name_within)).min()
        }
        _ => None,
    }
}
