//! Refresh tokens: exchange, rotation, reuse detection.
//!
//! <https://auth0.com/docs/secure/tokens/refresh-tokens/refresh-token-rotation>

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::client_auth::Authenticated;
use super::event::Occasion;
use super::issue::Grant;
use super::run::{Ran, start};
use super::{OAuthError, Result, mfa, words};
use crate::clock::iso;
use crate::http::{Call, text};
use crate::randomness::digest;
use crate::state::Tenant;
use crate::store::{Entry, Kind};

/// What an application's `refresh_token` settings say; times in seconds.
struct Policy {
    rotates: bool,
    leeway_s: i64,
    lifetime_s: Option<i64>,
    idle_s: Option<i64>,
}

const DAY_S: i64 = 86_400;

fn policy(client: &Value) -> Policy {
    let settings = client.get("refresh_token").cloned().unwrap_or_default();
    let whole = |key: &str, default: i64| {
        settings
            .get(key)
            .and_then(Value::as_i64)
            .unwrap_or(default)
            .clamp(0, 100 * 366 * DAY_S)
    };
    let flag = |key: &str| settings.get(key).and_then(Value::as_bool) == Some(true);
    let rotates = text(&settings, "rotation_type") == Some("rotating");
    let expires = rotates || text(&settings, "expiration_type") == Some("expiring");
    Policy {
        rotates,
        leeway_s: whole("leeway", 0),
        lifetime_s: (expires && !flag("infinite_token_lifetime"))
            .then(|| whole("token_lifetime", 30 * DAY_S)),
        idle_s: (expires && !flag("infinite_idle_token_lifetime"))
            .then(|| whole("idle_token_lifetime", 15 * DAY_S)),
    }
}

/// A token that is being exchanged.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Exchanged {
    key: String,
    family: String,
    document: Value,
}

/// The first refresh token of a login.
pub(crate) fn first(tenant: &Tenant, client: &Value, grant: &Grant) -> Result<String> {
    let family = tenant.randomness.hex_id();
    let now = tenant.now_ms();
    let lifetime = policy(client).lifetime_s;
    let document = json!({
        "id": tenant.randomness.hex_id(), "family": family, "client_id": grant.client_id, "user_id": grant.user_id,
        "scope": grant.requested.join(" "), "audience": grant.audience, "organization": grant.organization,
        "session_id": grant.session_id, "created_at": now, "expires_at": lifetime.map(|seconds| now + seconds * 1000),
    });
    issue(tenant, client, document)
}

fn issue(tenant: &Tenant, client: &Value, mut document: Value) -> Result<String> {
    let now = tenant.now_ms();
    let token = tenant.randomness.token();
    let idle = policy(client).idle_s.map(|seconds| now + seconds * 1000);
    let expires = [document.get("expires_at").and_then(Value::as_i64), idle]
        .into_iter()
        .flatten()
        .min();
    if let Some(document) = document.as_object_mut() {
        document.insert("idle_expires_at".into(), json!(idle));
        document.shift_remove("used_at");
    }
    let key = digest(&token);
    let family = text(&document, "family").unwrap_or_default().to_owned();
    let entry = Entry {
        id: &key,
        owner: Some(&family),
        expires_ms: expires,
    };
    tenant.store.put(Kind::Refresh, entry, &document, now)?;
    Ok(token)
}

pub(crate) async fn exchange(
    tenant: &Arc<Tenant>,
    call: &Call,
    who: &Authenticated,
) -> Result<Map<String, Value>> {
    who.require_proof()?;
    let token = call.required("refresh_token")?;
    let exchanged = claim(tenant, who, &digest(token))?;
    let result = run(tenant, call, who, exchanged.clone()).await;
    if result.is_err() {
        // A login that was refused, or that waits for a second factor, has not used the token up.
        let now = tenant.now_ms();
        tenant
            .store
            .change(Kind::Refresh, &exchanged.key, now, |document| {
                document
                    .as_object_mut()
                    .map(|document| document.shift_remove("used_at"));
            })?;
    }
    result
}

/// Marks a token as used, in one step with the check that it was not. One that was used before takes its family along.
fn claim(tenant: &Tenant, who: &Authenticated, key: &str) -> Result<Exchanged> {
    enum Found {
        Ours(Value),
        Reused(String),
        Foreign,
    }
    let unknown = || OAuthError::invalid_grant("Unknown or invalid refresh token.");
    let policy = policy(&who.client);
    let now = tenant.now_ms();
    let found = tenant.store.change(Kind::Refresh, key, now, |document| {
        if text(document, "client_id") != Some(&who.id) {
            return Found::Foreign;
        }
        let used = document.get("used_at").and_then(Value::as_i64);
        if used.is_some_and(|used| {
            now > used.saturating_add(policy.leeway_s * 1000) || policy.leeway_s == 0
        }) {
            return Found::Reused(text(document, "family").unwrap_or_default().to_owned());
        }
        let before = document.clone();
        if let Some(document) = document.as_object_mut() {
            if policy.rotates {
                document.entry("used_at").or_insert_with(|| now.into());
            }
            document.insert("last_exchanged_at".into(), now.into());
        }
        Found::Ours(before)
    })?;
    match found.ok_or_else(unknown)? {
        Found::Ours(document) => {
            let family = text(&document, "family").unwrap_or_default().to_owned();
            Ok(Exchanged {
                key: key.to_owned(),
                family,
                document,
            })
        }
        Found::Reused(family) => {
            tenant.store.remove_owned(Kind::Refresh, &family)?;
            tenant
                .control
                .log(json!({"type": "refresh_token_reuse", "date": iso(now), "client_id": who.id}));
            Err(unknown())
        }
        Found::Foreign => Err(unknown()),
    }
}

async fn run(
    tenant: &Arc<Tenant>,
    call: &Call,
    who: &Authenticated,
    exchanged: Exchanged,
) -> Result<Map<String, Value>> {
    let document = &exchanged.document;
    let granted = words(text(document, "scope").unwrap_or_default());
    let scope = match call.body_field("scope") {
        // Less may be asked for, never more (RFC 6749, section 6).
        Some(asked) => words(asked)
            .into_iter()
            .filter(|scope| granted.contains(scope))
            .collect(),
        None => granted,
    };
    let user_id = text(document, "user_id").unwrap_or_default().to_owned();
    if tenant.store.user(&user_id)?.is_none() {
        return Err(OAuthError::invalid_grant(
            "Unknown or invalid refresh token.",
        ));
    }
    let occasion = Occasion {
        client: who.client.clone(),
        user_id,
        protocol: "oauth2-refresh-token",
        scope,
        audience: text(document, "audience").map(str::to_owned),
        organization: text(document, "organization").map(str::to_owned),
        body: call.body_map(),
        refresh_token: Some(of_event(document, policy(&who.client).rotates)),
        ..Occasion::default()
    };
    match start(tenant, occasion, call).await? {
        Ran::Granted(grant, _) => succeed(tenant, &who.client, &grant, &exchanged),
        Ran::Waits(mut waiting) => {
            waiting.flow.refresh = Some(exchanged);
            Err(mfa::required(tenant, *waiting).await)
        }
    }
}

/// The answer to an exchange; with rotation, it holds the next token of the family.
pub(crate) fn succeed(
    tenant: &Tenant,
    client: &Value,
    grant: &Grant,
    exchanged: &Exchanged,
) -> Result<Map<String, Value>> {
    let mut body = grant.answer(tenant)?;
    let Exchanged {
        key,
        family,
        document,
    } = exchanged;
    let now = tenant.now_ms();
    let rotates = policy(client).rotates;
    let marked = tenant.store.change(Kind::Refresh, key, now, |document| {
        if let Some(document) = document.as_object_mut().filter(|_| rotates) {
            document.entry("used_at").or_insert_with(|| now.into());
        }
    })?;
    // A reuse may have ended the family while the Actions ran.
    if marked.is_none() {
        tenant.store.remove_owned(Kind::Refresh, family)?;
        return Err(OAuthError::invalid_grant(
            "Unknown or invalid refresh token.",
        ));
    }
    if rotates {
        let mut next = document.clone();
        if let Some(next) = next.as_object_mut() {
            next.insert("last_exchanged_at".into(), now.into());
        }
        body.insert("refresh_token".into(), issue(tenant, client, next)?.into());
    }
    Ok(body)
}

/// `event.refresh_token`.
fn of_event(document: &Value, rotates: bool) -> Value {
    let mut token = Map::new();
    for key in ["id", "client_id", "user_id", "session_id"] {
        if let Some(value) = document.get(key) {
            token.insert(key.into(), value.clone());
        }
    }
    for key in [
        "created_at",
        "expires_at",
        "idle_expires_at",
        "last_exchanged_at",
    ] {
        if let Some(ms) = document.get(key).and_then(Value::as_i64) {
            token.insert(key.into(), iso(ms).into());
        }
    }
    token.insert("rotating".into(), rotates.into());
    let audience = text(document, "audience");
    let servers: Vec<Value> = audience
        .map(|audience| json!({"audience": audience, "scopes": document.get("scope")}))
        .into_iter()
        .collect();
    token.insert("resource_servers".into(), servers.into());
    token.insert("metadata".into(), json!({}));
    Value::Object(token)
}

/// Ends the family of the token with this hash.
pub(crate) fn end_family(tenant: &Tenant, key: &str) -> Result<()> {
    let found = tenant.store.get(Kind::Refresh, key, tenant.now_ms())?;
    if let Some(family) = found.as_ref().and_then(|document| text(document, "family")) {
        tenant.store.remove_owned(Kind::Refresh, family)?;
    }
    Ok(())
}

/// Ends the family of a token, if it is this application's.
pub(crate) fn revoke(tenant: &Tenant, token: &str, client_id: &str) -> Result<()> {
    let found = tenant
        .store
        .get(Kind::Refresh, &digest(token), tenant.now_ms())?;
    match found.filter(|document| text(document, "client_id") == Some(client_id)) {
        Some(_) => end_family(tenant, &digest(token)),
        None => Ok(()),
    }
}
