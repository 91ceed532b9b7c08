//! Applies what Actions command beside metadata: on the browser's session, on refresh tokens, on the user's factors.
//!
//! Sources: <https://auth0.com/docs/manage-users/sessions/manage-sessions-actions>,
//! <https://auth0.com/docs/secure/tokens/refresh-tokens/manage-refresh-tokens-actions>.

use postlogin_core::{Changes, RefreshTokenChanges, SessionChanges};
use serde_json::{Value, json};

use super::refresh::Policy;
use super::run::Flow;
use super::{Result, session};
use crate::clock::iso;
use crate::http::text;
use crate::records::{Method, RefreshToken, Session};
use crate::state::Tenant;

/// Applies the changes of a login that was allowed or denied.
pub(crate) fn apply(tenant: &Tenant, flow: &mut Flow, changes: &Changes) -> Result<()> {
    enrolled(tenant, flow, &changes.enrolled)?;
    if let Some(key) = &flow.session_key {
        on_session(tenant, key, changes)?;
    }
    let exchanged = flow.refresh.as_ref();
    if changes.refresh_token.revoked
        && let Some(exchanged) = exchanged
    {
        tenant
            .store
            .remove_owned::<RefreshToken>(exchanged.family())?;
        log(tenant, flow, "refresh_token_revoked", None);
    }
    if let Some(revoked) = &changes.session.revoked {
        let own = flow.about.session_id.as_deref();
        let id = own.or(exchanged.and_then(|exchanged| exchanged.session_id()));
        if let Some(id) = id {
            revoke_session(tenant, flow, id)?;
            if !revoked.preserve_refresh_tokens {
                tenant.store.remove_refresh_tokens_of(id)?;
            }
            log(tenant, flow, "session_revoked", Some(id));
        }
    }
    Ok(())
}

fn log(tenant: &Tenant, flow: &Flow, kind: &str, session_id: Option<&str>) {
    tenant.control.log(json!({
        "type": kind, "date": iso(tenant.now_ms()), "client_id": flow.about.client_id,
        "user_id": flow.about.user_id, "session_id": session_id,
    }));
}

/// Adds what the user of a login has enrolled. Of several types the outcome names the preferred one; the MFA API knows which it was, and
/// has added it already.
pub(crate) fn enrolled(tenant: &Tenant, flow: &mut Flow, factors: &[String]) -> Result<()> {
    match flow.enrolled.take() {
        Some(_) => Ok(()),
        None => enrol(tenant, &flow.about.user_id, factors),
    }
}

/// Adds factors to those of a user.
pub(crate) fn enrol(tenant: &Tenant, user_id: &str, factors: &[String]) -> Result<()> {
    if factors.is_empty() {
        return Ok(());
    }
    let _ = tenant.change_user::<()>(user_id, |profile| {
        if let Some(profile) = profile.as_object_mut() {
            let known = profile
                .entry("enrolledFactors")
                .or_insert_with(|| json!([]));
            if !known.is_array() {
                *known = json!([]);
            }
            for kind in factors {
                let mut listed = known.as_array().into_iter().flatten();
                let has_it = listed.any(|known| text(known, "type") == Some(kind));
                if let Some(known) = known.as_array_mut().filter(|_| !has_it) {
                    known.push(json!({"type": kind}));
                }
            }
        }
        Ok(None)
    })?;
    Ok(())
}

/// Ends the session with an id, the user's own.
fn revoke_session(tenant: &Tenant, flow: &Flow, id: &str) -> Result<()> {
    if let Some(key) = &flow.session_key {
        tenant.store.remove::<Session>(key)?;
    }
    let owner = Some(flow.about.user_id.as_str());
    for (key, session) in tenant.store.list::<Session>(owner, tenant.now_ms())? {
        if session.id == id {
            tenant.store.remove::<Session>(&key)?;
        }
    }
    Ok(())
}

fn on_session(tenant: &Tenant, key: &str, changes: &Changes) -> Result<()> {
    let SessionChanges {
        metadata,
        cookie_mode,
        expires_at_ms,
        idle_expires_at_ms,
        ..
    } = &changes.session;
    let now = tenant.now_ms();
    let (lifetime, idle_lifetime) = session::lifetimes(tenant);
    tenant.store.change(key, now, |record: &mut Session| {
        if let Some(metadata) = metadata {
            record.metadata.clone_from(metadata);
        }
        if let Some(mode) = cookie_mode {
            record.cookie_mode = Some(mode.clone());
        }
        for method in changes.methods.iter().filter_map(recorded) {
            record.methods.retain(|known| known.name != method.name);
            record.methods.push(method);
        }
        // Never beyond the tenant's own settings.
        let longest = record.authenticated_at.saturating_add(lifetime);
        if let Some(at) = expires_at_ms {
            record.expires_at = (*at).min(longest);
        }
        if let Some(at) = idle_expires_at_ms {
            record.idle_expires_at = (*at).min(now.saturating_add(idle_lifetime));
        }
        record.idle_expires_at = record.idle_expires_at.min(record.expires_at);
    })?;
    Ok(())
}

fn recorded(method: &Value) -> Option<Method> {
    Some(Method {
        name: text(method, "name")?.to_owned(),
        timestamp: text(method, "timestamp")?.to_owned(),
        factor: None,
    })
}

/// Applies changes to a refresh token: its times can only become shorter, and one that does not expire gets the defaults
/// as its longest.
pub(crate) fn on_refresh_token(
    token: &mut RefreshToken,
    changes: &RefreshTokenChanges,
    policy: &Policy,
    now_ms: i64,
) {
    if let Some(metadata) = &changes.metadata {
        token.metadata.clone_from(metadata);
    }
    let (longest, longest_idle) = policy.longest();
    let shorter = |now: Option<i64>, at: i64, longest: i64| Some(now.unwrap_or(longest).min(at));
    if let Some(at) = changes.expires_at_ms {
        let longest = token.created_at.saturating_add(longest);
        token.expires_at = shorter(token.expires_at, at.min(longest), longest);
    }
    if let Some(at) = changes.idle_expires_at_ms {
        let longest = now_ms.saturating_add(longest_idle);
        token.idle_expires_at = shorter(token.idle_expires_at, at.min(longest), longest);
    }
}
