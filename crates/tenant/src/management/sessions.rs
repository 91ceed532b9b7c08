//! Sessions of browsers.
//!
//! <https://auth0.com/docs/manage-users/sessions/manage-sessions-with-the-management-api>

use serde_json::{Value, json};

use super::query::{only, paged};
use super::tokens::changed_metadata;
use super::users::inexistent;
use super::{Answered, ApiError, Caller, Result, ok};
use crate::clock::iso;
use crate::http::Call;
use crate::records::Session;
use crate::state::Tenant;

/// `GET /users/{id}/sessions`
pub(super) fn list(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
    user_id: &str,
) -> Result<Answered> {
    caller.require(&["read:sessions"], None)?;
    only(call, &[])?;
    tenant.store.user(user_id)?.ok_or_else(inexistent)?;
    let sessions = tenant
        .store
        .list::<Session>(Some(user_id), tenant.now_ms())?;
    let shown: Vec<Value> = sessions.iter().map(|(_, session)| shown(session)).collect();
    ok(match paged(call, "sessions", shown)? {
        sessions @ Value::Array(_) => json!({"sessions": sessions}),
        body => body,
    })
}

/// `DELETE /users/{id}/sessions`. Refresh tokens outlive a session that is deleted; its revocation ends them.
///
/// <https://auth0.github.io/auth0-cli/auth0_sessions_revoke.html>
pub(super) fn end_all(tenant: &Tenant, caller: &Caller, user_id: &str) -> Result<Answered> {
    caller.require(&["delete:sessions"], None)?;
    tenant.store.user(user_id)?.ok_or_else(inexistent)?;
    tenant.store.remove_owned::<Session>(user_id)?;
    Ok(Answered::Accepted)
}

/// `GET /sessions/{id}`
pub(super) fn get(tenant: &Tenant, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["read:sessions"], None)?;
    let (_, session) = find(tenant, id)?.ok_or_else(unknown)?;
    ok(shown(&session))
}

/// `DELETE /sessions/{id}`. One that is not there has ended.
pub(super) fn end(tenant: &Tenant, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["delete:sessions"], None)?;
    if let Some((key, _)) = find(tenant, id)? {
        tenant.store.remove::<Session>(&key)?;
    }
    Ok(Answered::Accepted)
}

/// `PATCH /sessions/{id}`
pub(super) fn update(tenant: &Tenant, call: &Call, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["update:sessions"], None)?;
    let (key, session) = find(tenant, id)?.ok_or_else(unknown)?;
    let metadata = changed_metadata(call, "session_metadata", &session.metadata)?;
    let set = |session: &mut Session| {
        session.metadata = metadata;
        session.clone()
    };
    let changed = tenant.store.change(&key, tenant.now_ms(), set)?;
    ok(shown(&changed.ok_or_else(unknown)?))
}

/// `POST /sessions/{id}/revoke`, with the refresh tokens that were issued in it.
pub(super) fn revoke(tenant: &Tenant, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["delete:sessions", "delete:refresh_tokens"], None)?;
    let (key, session) = find(tenant, id)?.ok_or_else(unknown)?;
    tenant.store.remove::<Session>(&key)?;
    tenant.store.remove_refresh_tokens_of(&session.id)?;
    Ok(Answered::Body(axum::http::StatusCode::ACCEPTED, json!({})))
}

fn unknown() -> ApiError {
    ApiError::new(404, "The session does not exist.", "inexistent_session")
}

pub(super) fn find(tenant: &Tenant, id: &str) -> Result<Option<(String, Session)>> {
    let found = tenant
        .store
        .list_with::<Session>("id", id, tenant.now_ms())?;
    Ok(found.into_iter().next())
}

/// A session without what only the tenant knows of it.
fn shown(session: &Session) -> Value {
    json!({
        "id": session.id, "user_id": session.user_id, "created_at": iso(session.created_at),
        "updated_at": iso(session.updated_at), "authenticated_at": iso(session.authenticated_at),
        "idle_expires_at": iso(session.idle_expires_at), "expires_at": iso(session.expires_at),
        "last_interacted_at": iso(session.last_interacted_at), "device": session.device,
        "clients": session.clients, "authentication": {"methods": session.methods},
        "session_metadata": session.metadata,
    })
}
