//! Refresh tokens of users, and their consents, which are called grants here.
//!
//! <https://auth0.com/docs/secure/tokens/refresh-tokens/manage-refresh-tokens-with-auth0-management-api>,
//! <https://auth0.com/docs/api/management/v2/user-grants>

use serde_json::{Map, Value, json};

use super::body::merge_metadata;
use super::query::{chosen, only, paged};
use super::rules::known_client;
use super::schema::{self, Is, Properties, refuse};
use super::users::inexistent;
use super::{Answered, ApiError, Caller, Result, clients, object, ok};
use crate::catalog::Catalog;
use crate::clock::iso;
use crate::http::{Call, text, texts};
use crate::oauth::refresh;
use crate::records::{Consent, RefreshToken, Session};
use crate::state::Tenant;

fn unknown() -> ApiError {
    ApiError::new(
        404,
        "The refresh token does not exist.",
        "inexistent_refresh_token",
    )
}

/// Whether a token can still be exchanged: those of a family that were used before stay until it ends.
fn is_current(token: &RefreshToken, now: i64) -> bool {
    let ends = token
        .idle_expires_at
        .into_iter()
        .chain(token.expires_at)
        .min();
    token.used_at.is_none() && ends.is_none_or(|ends| ends >= now)
}

fn shown(tenant: &Tenant, token: &RefreshToken) -> Value {
    let client = tenant.catalog.client(&token.client_id);
    let rotation = client.and_then(|it| it.pointer("/refresh_token/rotation_type"));
    let session = token.session_id.as_deref();
    let session = session.and_then(|id| super::sessions::find(tenant, id).ok().flatten());
    let server = json!({"audience": token.audience.clone().unwrap_or_else(|| tenant.url("userinfo")), "scopes": token.scope});
    // Tokens of earlier versions have none of their own.
    let of_session = || session.map(|(_, session): (String, Session)| session.device);
    json!({
        "id": token.id, "user_id": token.user_id, "created_at": iso(token.created_at),
        "idle_expires_at": token.idle_expires_at.map(iso), "expires_at": token.expires_at.map(iso),
        "device": token.device.clone().or_else(of_session),
        "client_id": token.client_id, "session_id": token.session_id,
        "rotating": rotation.and_then(Value::as_str) == Some("rotating"),
        "resource_servers": [server], "refresh_token_metadata": token.metadata,
        "last_exchanged_at": token.last_exchanged_at.map(iso),
    })
}

fn of_user(tenant: &Tenant, user_id: &str) -> Result<Vec<RefreshToken>> {
    let now = tenant.now_ms();
    let tokens = tenant.store.list_of_user::<RefreshToken>(user_id, now)?;
    let current = tokens.into_iter().map(|(_, token)| token);
    Ok(current.filter(|token| is_current(token, now)).collect())
}

/// A list of refresh tokens, which is always one by checkpoint. `name` is `tokens` in the list of a user.
fn listed(call: &Call, name: &str, shown: Vec<Value>) -> Result<Answered> {
    ok(match paged(call, name, shown)? {
        tokens @ Value::Array(_) => json!({name: tokens}),
        body => body,
    })
}

/// `GET /users/{id}/refresh-tokens`
pub(super) fn list_of(tenant: &Tenant, call: &Call, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["read:refresh_tokens"], None)?;
    only(call, &[])?;
    tenant.store.user(id)?.ok_or_else(inexistent)?;
    let tokens = of_user(tenant, id)?;
    listed(
        call,
        "tokens",
        tokens.iter().map(|token| shown(tenant, token)).collect(),
    )
}

/// `DELETE /users/{id}/refresh-tokens`
pub(super) fn end_all(tenant: &Tenant, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["delete:refresh_tokens"], None)?;
    tenant.store.user(id)?.ok_or_else(inexistent)?;
    for (_, token) in tenant
        .store
        .list_of_user::<RefreshToken>(id, tenant.now_ms())?
    {
        tenant.store.remove_owned::<RefreshToken>(&token.family)?;
    }
    Ok(Answered::Accepted)
}

/// `GET /refresh-tokens?user_id=`
pub(super) fn list(tenant: &Tenant, call: &Call, caller: &Caller) -> Result<Answered> {
    caller.require(&["read:refresh_tokens"], None)?;
    only(call, &["user_id", "client_id"])?;
    let user_id = call.query.get("user_id").ok_or_else(|| {
        let message = "Query validation error: 'Missing required property: user_id'.";
        ApiError::new(400, message, "invalid_query_string")
    })?;
    tenant.store.user(user_id)?.ok_or_else(inexistent)?;
    let client = call.query.get("client_id");
    if let Some(id) = client {
        clients::KIND.find(&tenant.catalog, id)?;
    }
    let tokens = of_user(tenant, user_id)?;
    let tokens = tokens
        .iter()
        .filter(|token| client.is_none_or(|it| token.client_id == it));
    listed(
        call,
        "refresh_tokens",
        tokens
            .map(|token| chosen(call, shown(tenant, token)))
            .collect(),
    )
}

/// The entry of a refresh token that can be exchanged, with its key.
fn find(tenant: &Tenant, id: &str) -> Result<(String, RefreshToken)> {
    let now = tenant.now_ms();
    let all = tenant.store.list_with::<RefreshToken>("id", id, now)?;
    let mut current = all.into_iter().filter(|(_, token)| is_current(token, now));
    current.next().ok_or_else(unknown)
}

/// `GET /refresh-tokens/{id}`
pub(super) fn get(tenant: &Tenant, call: &Call, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["read:refresh_tokens"], None)?;
    only(call, &[])?;
    ok(shown(tenant, &find(tenant, id)?.1))
}

/// `DELETE /refresh-tokens/{id}`, with its family. One that is not there has ended.
pub(super) fn end(tenant: &Tenant, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["delete:refresh_tokens"], None)?;
    if let Ok((_, token)) = find(tenant, id) {
        tenant.store.remove_owned::<RefreshToken>(&token.family)?;
    }
    Ok(Answered::Accepted)
}

/// The most keys of the metadata of a session or refresh token.
const KEYS: usize = 25;

/// The metadata that a `PATCH` gives: `null` ends all of it.
pub(super) fn changed_metadata(
    call: &Call,
    key: &'static str,
    known: &Map<String, Value>,
) -> Result<Map<String, Value>> {
    let body = object(call)?;
    schema::not_empty(body)?;
    if let Some(other) = body.keys().find(|name| *name != key) {
        return Err(refuse(
            &format!("Additional properties not allowed: {other}"),
            None,
        ));
    }
    let mut metadata = Value::Object(known.clone());
    match body.get(key) {
        Some(Value::Object(change)) => {
            let checked = Map::from_iter([("metadata".to_owned(), Value::Object(change.clone()))]);
            schema::check(&checked, &[&[("metadata", Is::Texts(KEYS))]], &[])?;
            merge_metadata(&mut metadata, change);
        }
        Some(Value::Null) => metadata = json!({}),
        Some(_) => return Err(refuse("Expected type object", Some(key))),
        None => {}
    }
    let metadata = metadata.as_object().cloned().unwrap_or_default();
    if metadata.len() > KEYS {
        let text = format!(
            "Too many properties defined ({}), maximum {KEYS}",
            metadata.len()
        );
        return Err(refuse(&text, Some(key)));
    }
    Ok(metadata)
}

/// `PATCH /refresh-tokens/{id}`
pub(super) fn update(tenant: &Tenant, call: &Call, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["update:refresh_tokens"], None)?;
    let (key, token) = find(tenant, id)?;
    let metadata = changed_metadata(call, "refresh_token_metadata", &token.metadata)?;
    let set = |token: &mut RefreshToken| {
        token.metadata = metadata;
        token.clone()
    };
    let changed = tenant.store.change(&key, tenant.now_ms(), set)?;
    ok(shown(tenant, &changed.ok_or_else(unknown)?))
}

const REVOKED: Properties = &[
    ("ids", Is::List),
    ("user_id", Is::Text(1, 1_000)),
    ("client_id", Is::Text(1, 1_000)),
    ("audience", Is::Text(1, 1_000)),
];

/// `POST /refresh-tokens/revoke`: by ids, or those of a user, of one application and API if they are named.
pub(super) fn revoke(tenant: &Tenant, call: &Call, caller: &Caller) -> Result<Answered> {
    caller.require(&["delete:refresh_tokens"], None)?;
    let body = object(call)?;
    schema::check(body, &[REVOKED], &[])?;
    let now = tenant.now_ms();
    let part = |key: &str| body.get(key).and_then(Value::as_str);
    let list = Value::Object(body.clone());
    let ids: Vec<&str> = texts(&list, "ids").collect();
    if !ids.is_empty()
        && REVOKED
            .iter()
            .any(|(key, _)| *key != "ids" && part(key).is_some())
    {
        return Err(refuse("Invalid combination of parameters", None));
    }
    if let Some(user) = part("user_id")
        && tenant.store.user(user)?.is_none()
    {
        return Err(ApiError::new(
            400,
            "The user does not exist.",
            "invalid_body",
        ));
    }
    known_client(tenant, body)?;
    let tokens = match (part("user_id"), part("client_id")) {
        _ if !ids.is_empty() => {
            let mut tokens = Vec::new();
            for id in ids {
                tokens.extend(tenant.store.list_with::<RefreshToken>("id", id, now)?);
            }
            tokens
        }
        (Some(user), _) => tenant.store.list_of_user::<RefreshToken>(user, now)?,
        (None, Some(client)) => tenant
            .store
            .list_with::<RefreshToken>("client_id", client, now)?,
        (None, None) => return Err(refuse("Missing required property: ids or user_id", None)),
    };
    for (_, token) in tokens {
        let fits = part("client_id").is_none_or(|it| token.client_id == it)
            && part("audience").is_none_or(|it| token.audience.as_deref() == Some(it));
        if fits {
            tenant.store.remove_owned::<RefreshToken>(&token.family)?;
        }
    }
    Ok(Answered::Accepted)
}

fn grant(id: &str, consent: &Consent) -> Value {
    json!({
        "id": id, "clientID": consent.client_id, "user_id": consent.user_id,
        "audience": consent.audience, "scope": consent.scopes,
    })
}

/// `GET /grants`: the consents of users.
pub(super) fn grants(tenant: &Tenant, call: &Call, caller: &Caller) -> Result<Answered> {
    caller.require(&["read:grants"], None)?;
    only(call, &["user_id", "client_id", "audience"])?;
    let consents = tenant
        .store
        .list::<Consent>(call.query.get("user_id"), tenant.now_ms())?;
    let fits = |consent: &Consent| {
        let is = |key: &str, value: &str| call.query.get(key).is_none_or(|asked| asked == value);
        is("client_id", &consent.client_id) && is("audience", &consent.audience)
    };
    // Those of older releases name nothing.
    let named = |consent: &Consent| !consent.client_id.is_empty();
    let shown = consents.iter().filter(|(_, it)| named(it) && fits(it));
    ok(paged(
        call,
        "grants",
        shown.map(|(id, it)| grant(id, it)).collect(),
    )?)
}

/// `DELETE /grants/{id}`: the user is asked again, and the refresh tokens of the grant end.
pub(super) fn end_grant(tenant: &Tenant, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["delete:grants"], None)?;
    if let Some(consent) = tenant.store.get::<Consent>(id, tenant.now_ms())? {
        end_tokens(tenant, &consent)?;
    }
    tenant.store.remove::<Consent>(id)?;
    Ok(Answered::Nothing)
}

fn end_tokens(tenant: &Tenant, consent: &Consent) -> Result<()> {
    let (user, client) = (&consent.user_id, &consent.client_id);
    refresh::end_context(tenant, user, client, &consent.audience)?;
    Ok(())
}

/// `DELETE /grants?user_id=`
pub(super) fn end_grants(tenant: &Tenant, call: &Call, caller: &Caller) -> Result<Answered> {
    caller.require(&["delete:grants"], None)?;
    only(call, &["user_id"])?;
    let user_id = call.query.get("user_id").ok_or_else(|| {
        let message = "Query validation error: 'Missing required property: user_id'.";
        ApiError::new(400, message, "invalid_query_string")
    })?;
    let consents = tenant
        .store
        .list::<Consent>(Some(user_id), tenant.now_ms())?;
    for (_, consent) in &consents {
        end_tokens(tenant, consent)?;
    }
    tenant.store.remove_owned::<Consent>(user_id)?;
    Ok(Answered::Nothing)
}

/// `GET, DELETE /user-blocks` and `/user-blocks/{id}`: nobody is blocked by attack protection here, so there is never one.
pub(super) fn blocks(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
    id: Option<&str>,
) -> Result<Answered> {
    let reads = call.method == axum::http::Method::GET;
    caller.require(&[if reads { "read:users" } else { "update:users" }], None)?;
    match id {
        Some(id) => {
            only(call, &["consider_brute_force_enablement"])?;
            tenant.store.user(id)?.ok_or_else(inexistent)?;
        }
        None => {
            only(call, &["identifier", "consider_brute_force_enablement"])?;
            call.query.get("identifier").ok_or_else(|| {
                let message = "Query validation error: 'Missing required property: identifier'.";
                ApiError::new(400, message, "invalid_query_string")
            })?;
        }
    }
    match reads {
        true => ok(json!({"blocked_for": []})),
        false => Ok(Answered::Nothing),
    }
}

/// The names of the applications and users of log events and lists.
pub(super) fn client_name<'a>(catalog: &'a Catalog, id: &str) -> Option<&'a str> {
    catalog.client(id).and_then(|client| text(client, "name"))
}
