//! Sessions: what a browser's cookie stands for, and single sign-on.

use axum::response::Response;
use serde_json::{Value, json};

use super::Result;
use crate::http::{Call, add_cookie, text};
use crate::randomness::digest;
use crate::state::Tenant;
use crate::store::{Entry, Kind};

/// The cookie of the session.
const SESSION_COOKIE: &str = "auth0";
/// The cookie of the browser: a login page belongs to the browser that opened it.
const BROWSER_COOKIE: &str = "did";
const YEAR_S: i64 = 31_557_600;

/// The session of a request that has not run out.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// The hash of the cookie.
    pub(crate) key: String,
    pub(crate) document: Value,
}

impl Session {
    pub(crate) fn user_id(&self) -> &str {
        text(&self.document, "user_id").unwrap_or_default()
    }

    pub(crate) fn id(&self) -> &str {
        text(&self.document, "id").unwrap_or_default()
    }

    /// Milliseconds since the epoch.
    pub(crate) fn authenticated_at(&self) -> i64 {
        self.document
            .get("authenticated_at")
            .and_then(Value::as_i64)
            .unwrap_or_default()
    }

    pub(crate) fn methods(&self) -> Vec<Value> {
        self.document
            .get("methods")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    }
}

/// The session that a request's cookie stands for.
pub(crate) fn current(tenant: &Tenant, call: &Call) -> Result<Option<Session>> {
    let Some(cookie) = call.cookie(SESSION_COOKIE) else {
        return Ok(None);
    };
    let key = digest(cookie);
    let now = tenant.now_ms();
    let Some(document) = tenant.store.get(Kind::Session, &key, now)? else {
        return Ok(None);
    };
    let idle = document
        .get("idle_expires_at")
        .and_then(Value::as_i64)
        .unwrap_or_default();
    if idle < now {
        return Ok(None);
    }
    Ok(Some(Session { key, document }))
}

/// How somebody has signed in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival<'a> {
    pub(crate) user_id: &'a str,
    /// The name in `event.authentication.methods`.
    pub(crate) method: &'a str,
    /// The connection, if it is another one than that of the user's first identity.
    pub(crate) connection: Option<&'a str>,
}

/// Begins a session for a user who has just signed in, or renews the user's own. The cookie is a new one each time.
pub(crate) fn begin(
    tenant: &Tenant,
    call: &Call,
    arrival: Arrival<'_>,
) -> Result<(Session, String)> {
    let Arrival {
        user_id,
        method,
        connection,
    } = arrival;
    let now = tenant.now_ms();
    let before = current(tenant, call)?;
    if let Some(before) = &before {
        tenant.store.remove(Kind::Session, &before.key)?;
    }
    let own = before.filter(|before| before.user_id() == user_id);
    let expires = now.saturating_add(tenant.hours("session_lifetime", 168.0));
    let idle = now
        .saturating_add(tenant.hours("idle_session_lifetime", 72.0))
        .min(expires);
    let agent = call.header("user-agent").unwrap_or_default();
    let (id, created, clients, initial) = match &own {
        Some(own) => (
            own.id().to_owned(),
            own.document.get("created_at").cloned().unwrap_or_default(),
            own.document.get("clients").cloned().unwrap_or_default(),
            own.document.get("device").cloned().unwrap_or_default(),
        ),
        None => (
            tenant
                .randomness
                .token()
                .replace(['-', '_'], "0")
                .chars()
                .take(32)
                .collect(),
            json!(now),
            json!([]),
            json!({}),
        ),
    };
    let first = |key: &str, value: &str| initial.get(key).cloned().unwrap_or_else(|| value.into());
    let document = json!({
        "id": id, "user_id": user_id, "created_at": created, "updated_at": now, "authenticated_at": now,
        "expires_at": expires, "idle_expires_at": idle, "last_interacted_at": now, "clients": clients,
        "device": {"initial_ip": first("initial_ip", &call.ip), "initial_user_agent": first("initial_user_agent", agent),
            "last_ip": call.ip, "last_user_agent": agent},
        "methods": [{"name": method, "timestamp": crate::clock::iso(now)}], "connection": connection,
    });
    let cookie = tenant.randomness.token();
    let key = digest(&cookie);
    tenant.store.put(
        Kind::Session,
        Entry::until(&key, expires).of(user_id),
        &document,
        now,
    )?;
    Ok((Session { key, document }, cookie))
}

/// Makes a session that of another user: an Action switched to the primary one.
pub(crate) fn hand_over(tenant: &Tenant, key: &str, user_id: &str) -> Result<()> {
    let now = tenant.now_ms();
    let Some(mut document) = tenant.store.take(Kind::Session, key, now)? else {
        return Ok(());
    };
    if let Some(document) = document.as_object_mut() {
        document.insert("user_id".into(), user_id.into());
    }
    let entry = Entry {
        id: key,
        owner: Some(user_id),
        expires_ms: document.get("expires_at").and_then(Value::as_i64),
    };
    tenant.store.put(Kind::Session, entry, &document, now)?;
    Ok(())
}

/// Takes down that the user was here, for which application.
pub(crate) fn touch(tenant: &Tenant, session: &Session, client_id: &str) -> Result<()> {
    let now = tenant.now_ms();
    let idle_ms = tenant.hours("idle_session_lifetime", 72.0);
    tenant
        .store
        .change(Kind::Session, &session.key, now, |document| {
            let expires = document
                .get("expires_at")
                .and_then(Value::as_i64)
                .unwrap_or(i64::MAX);
            if let Some(document) = document.as_object_mut() {
                document.insert(
                    "idle_expires_at".into(),
                    now.saturating_add(idle_ms).min(expires).into(),
                );
                document.insert("last_interacted_at".into(), now.into());
                let clients = document.entry("clients").or_insert_with(|| json!([]));
                let known = clients.as_array().is_some_and(|known| {
                    known
                        .iter()
                        .any(|known| text(known, "client_id") == Some(client_id))
                });
                if let Some(list) = clients.as_array_mut().filter(|_| !known) {
                    list.push(json!({"client_id": client_id}));
                }
            }
        })?;
    Ok(())
}

/// Takes down that a second factor was passed.
pub(crate) fn add_method(
    tenant: &Tenant,
    key: &str,
    name: &str,
    factor: Option<&str>,
) -> Result<()> {
    let now = tenant.now_ms();
    tenant.store.change(Kind::Session, key, now, |document| {
        if let Some(methods) = document.get_mut("methods").and_then(Value::as_array_mut) {
            methods.retain(|known| text(known, "name") != Some(name));
            let mut method = json!({"name": name, "timestamp": crate::clock::iso(now)});
            if let (Some(factor), Some(method)) = (factor, method.as_object_mut()) {
                method.insert("type".into(), factor.into());
            }
            methods.push(method);
        }
    })?;
    Ok(())
}

/// Ends a session and tells the browser.
pub(crate) fn end(tenant: &Tenant, call: &Call, response: &mut Response) -> Result<()> {
    if let Some(cookie) = call.cookie(SESSION_COOKIE) {
        tenant.store.remove(Kind::Session, &digest(cookie))?;
    }
    add_cookie(response, SESSION_COOKIE, "", 0);
    Ok(())
}

pub(crate) fn set_cookie(tenant: &Tenant, response: &mut Response, cookie: &str) {
    add_cookie(
        response,
        SESSION_COOKIE,
        cookie,
        tenant.hours("session_lifetime", 168.0) / 1000,
    );
}

/// The browser's own value, and whether it is new.
pub(crate) fn browser(tenant: &Tenant, call: &Call) -> (String, bool) {
    match call.cookie(BROWSER_COOKIE) {
        Some(value) => (value.to_owned(), false),
        None => (tenant.randomness.token(), true),
    }
}

pub(crate) fn set_browser_cookie(response: &mut Response, value: &str) {
    add_cookie(response, BROWSER_COOKIE, value, YEAR_S);
}
