//! The metadata of the session and of the refresh token: small maps of strings that are checked as a whole.
//!
//! A refused value stays in the map that the handler works on, as in the vendor's layer, so that later calls are
//! refused as well until it is deleted; the event and the stored metadata never see it.

use serde_json::{Map, Value};

use super::{Call, Outcome, UNDEFINED};
use crate::json::{at, is_truthy, text_at, utf16_length};
use crate::limits::{ENTRY_COUNT, ENTRY_LENGTH};
use crate::login::transaction::command::Command;
use crate::measure;
use crate::reply::Failure;
use crate::value::Argument;

/// Keys that every JavaScript object seems to have; deleting one counts as a change.
const INHERITED: &[&str] = &[
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
];

/// Whose metadata.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Session,
    RefreshToken,
}

impl Owner {
    fn key(self) -> &'static str {
        match self {
            Owner::Session => "session",
            Owner::RefreshToken => "refresh_token",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Owner::Session => "session",
            Owner::RefreshToken => "refresh token",
        }
    }

    fn exists(self, call: &Call<'_>) -> bool {
        is_truthy(call.event().get(self.key()))
    }

    fn map<'c>(self, call: &'c mut Call<'_>) -> &'c mut Map<String, Value> {
        match self {
            Owner::Session => &mut call.running.session_metadata,
            Owner::RefreshToken => &mut call.running.refresh_token_metadata,
        }
    }

    /// Makes the map of the handler the current one.
    fn publish(self, call: &mut Call<'_>) {
        let map = self.map(call).clone();
        let subject = format!("The metadata of the {}", self.title());
        call.flow.measure(measure::ENTRIES, &subject, map.len());
        if call.event().get(self.key()).is_some_and(Value::is_object) {
            call.assign(&[self.key(), "metadata"], Some(Value::Object(map.clone())));
        }
        call.issue(match self {
            Owner::Session => Command::SetSessionMetadata(map),
            Owner::RefreshToken => Command::SetRefreshTokenMetadata(map),
        });
    }
}

pub(crate) fn set_on_session(call: &mut Call<'_>) -> Outcome {
    set(call, Owner::Session)
}

pub(crate) fn set_on_refresh_token(call: &mut Call<'_>) -> Outcome {
    set(call, Owner::RefreshToken)
}

pub(crate) fn delete_from_session(call: &mut Call<'_>) -> Outcome {
    delete(call, Owner::Session)
}

pub(crate) fn delete_from_refresh_token(call: &mut Call<'_>) -> Outcome {
    refuse_online(call, "deleteMetadata")?;
    delete(call, Owner::RefreshToken)
}

pub(crate) fn evict_from_session(call: &mut Call<'_>) -> Outcome {
    if Owner::Session.exists(call) {
        call.running.session_metadata.clear();
        Owner::Session.publish(call);
    }
    Ok(UNDEFINED)
}

pub(crate) fn evict_from_refresh_token(call: &mut Call<'_>) -> Outcome {
    refuse_online(call, "evictMetadata")?;
    if !call.running.refresh_token_metadata.is_empty() {
        call.running.refresh_token_metadata.clear();
        Owner::RefreshToken.publish(call);
    }
    Ok(UNDEFINED)
}

/// An online refresh token lives as long as the session and has neither metadata nor lifetimes of its own.
pub(crate) fn refuse_online(call: &Call<'_>, method: &str) -> Result<(), Failure> {
    if text_at(call.event(), &["refresh_token", "access"]) == Some("online") {
        return Err(Failure::error(format!(
            "Cannot call {method} on an online refresh token."
        )));
    }
    Ok(())
}

/// The metadata that a handler starts with.
pub(crate) fn initial(event: &Value, key: &str) -> Map<String, Value> {
    at(event, &[key, "metadata"])
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default()
}

fn set(call: &mut Call<'_>, owner: Owner) -> Outcome {
    set_checked(call, owner).map_err(|failure| {
        Failure::error(format!(
            "Failed to set {} metadata: {}",
            owner.title(),
            failure.message
        ))
    })
}

fn set_checked(call: &mut Call<'_>, owner: Owner) -> Outcome {
    match owner {
        Owner::Session if !owner.exists(call) => {
            return Err(Failure::error(
                "Cannot set metadata on a session that does not exist.",
            ));
        }
        Owner::Session => {}
        Owner::RefreshToken => refuse_online(call, "setMetadata")?,
    }
    let Some(key) = call.arg(0).as_str().map(str::to_owned) else {
        return Err(invalid("Metadata key must be a string"));
    };
    let value = match call.arg(1) {
        Argument::Null => return delete(call, owner),
        Argument::String(value) => value.clone(),
        _ => return Err(invalid("Metadata value must be a string")),
    };
    if !call.flow.kept.hold(key.len().saturating_add(value.len())) {
        return Ok(UNDEFINED);
    }
    let map = owner.map(call);
    // Assigning a string to this key does nothing in JavaScript.
    if key != "__proto__" {
        map.insert(key, Value::String(value));
    }
    check(map)?;
    owner.publish(call);
    Ok(UNDEFINED)
}

fn delete(call: &mut Call<'_>, owner: Owner) -> Outcome {
    if owner == Owner::Session && !owner.exists(call) {
        return Ok(UNDEFINED);
    }
    if let Ok(key) = call.arg(0).coerce_to_string() {
        let removed = owner.map(call).shift_remove(&key).is_some();
        if removed || INHERITED.contains(&key.as_str()) {
            owner.publish(call);
        }
    }
    Ok(UNDEFINED)
}

fn check(map: &Map<String, Value>) -> Result<(), Failure> {
    if ENTRY_COUNT.exceeded_by(map.len()) {
        return Err(invalid(&format!(
            "Metadata must not contain more than {} entries",
            ENTRY_COUNT.value
        )));
    }
    for (key, value) in map {
        let length = ENTRY_LENGTH.value;
        if ENTRY_LENGTH.exceeded_by(utf16_length(key)) {
            return Err(invalid(&format!(
                "All metadata keys must be at most {length} characters long"
            )));
        }
        if key.contains('\0') {
            return Err(invalid("Metadata keys must not contain null bytes (\0)"));
        }
        if key.is_empty()
            || !key
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        {
            return Err(invalid(
                "Metadata keys may only include letters, numbers, underscores, or hyphens",
            ));
        }
        match value {
            Value::String(value) if ENTRY_LENGTH.exceeded_by(utf16_length(value)) => {
                return Err(invalid(&format!(
                    "All metadata values must be at most {length} characters long"
                )));
            }
            Value::String(value) if value.contains('\0') => {
                return Err(invalid("Metadata values must not contain null bytes (\0)"));
            }
            Value::String(_) | Value::Array(_) => {}
            Value::Null => {
                return Err(Failure::error(
                    "Cannot read properties of null (reading 'length')",
                ));
            }
            // Only the event can bring other types in.
            _ => return Err(Failure::error("value.includes is not a function")),
        }
    }
    Ok(())
}

fn invalid(message: &str) -> Failure {
    Failure::error(format!("Invalid metadata: {message}"))
}
