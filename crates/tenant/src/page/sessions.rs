//! The sessions of the tenant's users, for the page and for tests.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use crate::clock::iso;
use crate::control::{failed, refuse};
use crate::http::{answer, no_content, text};
use crate::records::Session;
use crate::state::Tenant;
use crate::store::StoreError;

/// `GET /_postlogin/sessions`: those that have not run out, the one that was used last first.
pub(crate) fn list(tenant: &Arc<Tenant>) -> Response {
    match all(tenant) {
        Ok(sessions) => answer(StatusCode::OK, &Value::Array(sessions)),
        Err(error) => failed(&error),
    }
}

fn all(tenant: &Tenant) -> Result<Vec<Value>, StoreError> {
    let now = tenant.now_ms();
    let sessions = tenant.store.list::<Session>(None, now)?.into_iter();
    let is_current = |session: &Session| session.idle_expires_at.min(session.expires_at) >= now;
    let mut sessions: Vec<Session> = sessions
        .map(|(_, session)| session)
        .filter(is_current)
        .collect();
    sessions.sort_by_key(|session| std::cmp::Reverse(session.last_interacted_at));
    sessions.iter().map(|it| shown(tenant, it)).collect()
}

fn shown(tenant: &Tenant, session: &Session) -> Result<Value, StoreError> {
    let user = tenant.store.user(&session.user_id)?.unwrap_or_default();
    let names = session.clients.iter().map(|client| {
        let mut known = tenant.catalog.clients.iter();
        let known = known.find(|known| text(known, "client_id") == Some(&client.client_id));
        let name = known.and_then(|known| text(known, "name"));
        name.unwrap_or(&client.client_id).to_owned()
    });
    let methods = session.methods.iter();
    Ok(json!({
        "id": session.id,
        "user_id": session.user_id,
        "user": text(&user, "email").or(text(&user, "name")).unwrap_or(&session.user_id),
        "applications": names.collect::<Vec<_>>(),
        "methods": methods.map(|it| match &it.factor {
            Some(factor) => format!("{} ({factor})", it.name),
            None => it.name.clone(),
        }).collect::<Vec<_>>(),
        "created_at": iso(session.created_at),
        "last_used_at": iso(session.last_interacted_at),
        "expires_at": iso(session.idle_expires_at.min(session.expires_at)),
        "device": session.device.last_user_agent,
    }))
}

/// `DELETE /_postlogin/sessions/{id}`: ends one, with the refresh tokens that were issued in it. Its user signs in anew.
pub(crate) fn end(tenant: &Arc<Tenant>, id: &str) -> Response {
    let ended = || -> Result<bool, StoreError> {
        let found = tenant
            .store
            .list_with::<Session>("id", id, tenant.now_ms())?;
        let Some((key, session)) = found.into_iter().next() else {
            return Ok(false);
        };
        tenant.store.remove::<Session>(&key)?;
        tenant.store.remove_refresh_tokens_of(&session.id)?;
        Ok(true)
    };
    match ended() {
        Ok(true) => no_content(),
        Ok(false) => refuse(404, "the tenant has no such session"),
        Err(error) => failed(&error),
    }
}
