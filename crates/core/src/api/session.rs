//! `api.session` and `api.refreshToken` apart from their metadata: lifetimes, revocation, the cookie.

use serde_json::Value;

use super::entries::refuse_online;
use super::schema::{Schema, Violations};
use super::{Call, Outcome, UNDEFINED};
use crate::limits::REVOKE_REASON_CHARACTERS;
use crate::login::transaction::command::{Command, Lifetime};
use crate::reply::Failure;
use crate::value::Argument;

pub(crate) fn session_expires_at(call: &mut Call<'_>) -> Outcome {
    let at = expiry(call, "absolute")?;
    call.issue(Command::SetSessionExpiry {
        lifetime: Lifetime::Absolute,
        at,
    });
    Ok(UNDEFINED)
}

pub(crate) fn session_idle_expires_at(call: &mut Call<'_>) -> Outcome {
    let at = expiry(call, "inactivity")?;
    call.issue(Command::SetSessionExpiry {
        lifetime: Lifetime::Inactivity,
        at,
    });
    Ok(UNDEFINED)
}

pub(crate) fn refresh_token_expires_at(call: &mut Call<'_>) -> Outcome {
    refuse_online(call, "setExpiresAt")?;
    let at = expiry(call, "absolute")?;
    call.issue(Command::SetRefreshTokenExpiry {
        lifetime: Lifetime::Absolute,
        at,
    });
    Ok(UNDEFINED)
}

pub(crate) fn refresh_token_idle_expires_at(call: &mut Call<'_>) -> Outcome {
    refuse_online(call, "setIdleExpiresAt")?;
    let at = expiry(call, "inactivity")?;
    call.issue(Command::SetRefreshTokenExpiry {
        lifetime: Lifetime::Inactivity,
        at,
    });
    Ok(UNDEFINED)
}

/// Milliseconds since the epoch; past, negative and fractional times are accepted.
fn expiry(call: &Call<'_>, name: &str) -> Result<Argument, Failure> {
    let at = call.arg(0);
    if !at.is_truthy() {
        return Err(Failure::error(
            "Either inactivity or absolute expiration time must be provided",
        ));
    }
    Violations::default()
        .value(name, at, &Schema::Number)
        .into_result()?;
    Ok(at.clone())
}

pub(crate) fn revoke_refresh_token(call: &mut Call<'_>) -> Outcome {
    let reason = call.arg(0);
    Violations::default()
        .value("message", reason, &Schema::text(REVOKE_REASON_CHARACTERS))
        .into_result()?;
    call.issue(Command::RevokeRefreshToken {
        reason: reason.clone(),
    });
    Ok(UNDEFINED)
}

pub(crate) fn revoke_session(call: &mut Call<'_>) -> Outcome {
    let (reason, options) = (call.arg(0), call.arg(1));
    let mut found = Violations::default().value("message", reason, &Schema::Text(None));
    found = match options {
        Argument::Undefined => found,
        Argument::Object(entries) => {
            let additional = entries
                .iter()
                .filter(|(key, _)| key != "preserveRefreshTokens");
            let found = additional.fold(found, |found, _| {
                found.add("options", "must NOT have additional properties")
            });
            found.value(
                "preserveRefreshTokens",
                options.property("preserveRefreshTokens"),
                &Schema::Boolean,
            )
        }
        options if options.is_plain_object() => found,
        _ => found.add("options", "must be object"),
    };
    found.into_result()?;
    call.issue(Command::RevokeSession {
        reason: reason.clone(),
        options: options.clone(),
    });
    Ok(UNDEFINED)
}

pub(crate) fn set_cookie_mode(call: &mut Call<'_>) -> Outcome {
    let mode = call.arg(0);
    if !mode.is_truthy() {
        return Err(Failure::error("Cookie mode must be provided"));
    }
    let Some(mode) = mode
        .as_str()
        .filter(|mode| matches!(*mode, "persistent" | "non-persistent"))
    else {
        let mode = mode.coerce_to_string()?;
        let message = format!(
            "Invalid cookie mode: {mode}. Valid values are 'persistent' and 'non-persistent'."
        );
        return Err(Failure::error(message));
    };
    let mode = mode.to_owned();
    if call
        .event()
        .get("session")
        .and_then(Value::as_object)
        .is_some_and(|session| !session.is_empty())
    {
        let mut cookie = crate::json::object_at(call.event(), &["session", "cookie"]);
        cookie.insert("mode".to_owned(), Value::String(mode.clone()));
        call.assign(&["session", "cookie"], Some(Value::Object(cookie)));
    }
    call.issue(Command::SetCookieMode { mode });
    Ok(UNDEFINED)
}
