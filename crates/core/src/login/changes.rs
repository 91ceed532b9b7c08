//! The changes of a login beside its outcome: the browser's session, the refresh token, the factors of its user.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::transaction::command::Lifetime;
use crate::value::Argument;

/// The changes that a host makes after a login, or while it waits.
///
/// Only what the user enrolled is in it while a login waits and after one that failed; a login that was allowed or denied has all
/// of it.
/// Sources: <https://auth0.com/docs/manage-users/sessions/manage-sessions-actions>,
/// <https://auth0.com/docs/secure/tokens/refresh-tokens/manage-refresh-tokens-actions>.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    /// The factors that the user enrolled, by type, in order.
    pub enrolled: Vec<String>,
    /// The methods that `api.authentication.recordMethod` recorded, as `event.authentication.methods` has them.
    pub methods: Vec<Value>,
    /// The browser's session.
    pub session: SessionChanges,
    /// The refresh token: the one that is exchanged, or the one that is issued.
    pub refresh_token: RefreshTokenChanges,
}

/// Changes of the browser's session.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SessionChanges {
    /// All of its metadata as they are now; `None` when no Action changed them.
    pub metadata: Option<Map<String, Value>>,
    /// `persistent` or `non-persistent`.
    pub cookie_mode: Option<String>,
    /// When it ends, whatever happens, in milliseconds since the epoch.
    pub expires_at_ms: Option<i64>,
    /// When it ends unless it is used, in milliseconds since the epoch.
    pub idle_expires_at_ms: Option<i64>,
    /// Set when the session is revoked.
    pub revoked: Option<RevokedSession>,
}

/// A session that an Action revoked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RevokedSession {
    /// Whether the refresh tokens that were issued in it stay good.
    pub preserve_refresh_tokens: bool,
}

/// Changes of a refresh token.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RefreshTokenChanges {
    /// All of its metadata as they are now; `None` when no Action changed them.
    pub metadata: Option<Map<String, Value>>,
    /// When it ends, whatever happens, in milliseconds since the epoch.
    pub expires_at_ms: Option<i64>,
    /// When it ends unless it is exchanged, in milliseconds since the epoch.
    pub idle_expires_at_ms: Option<i64>,
    /// Whether it was revoked.
    pub revoked: bool,
}

impl Changes {
    /// Returns what stays of them when a login fails or is given up.
    #[must_use]
    pub(crate) fn of_enrolment(&self) -> Changes {
        Changes {
            enrolled: self.enrolled.clone(),
            ..Changes::default()
        }
    }
}

/// Stores when a session or token ends. A later call of an Action replaces an earlier one.
pub(crate) fn expires(
    (absolute, idle): (&mut Option<i64>, &mut Option<i64>),
    lifetime: Lifetime,
    at: &Argument,
) {
    let Ok(Some(Value::Number(at))) = at.to_json() else {
        return;
    };
    #[expect(clippy::cast_possible_truncation, reason = "casts of floats saturate")]
    let at = at.as_i64().or(at.as_f64().map(|at| at as i64));
    match lifetime {
        Lifetime::Absolute => *absolute = at.or(*absolute),
        Lifetime::Inactivity => *idle = at.or(*idle),
    }
}
