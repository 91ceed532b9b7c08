//! Refresh tokens: exchange, rotation, reuse detection.
//!
//! <https://auth0.com/docs/secure/tokens/refresh-tokens/refresh-token-rotation>

mod claim;

use std::sync::Arc;

use postlogin_core::RefreshTokenChanges;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub(crate) use self::claim::Claims;
use self::claim::{claim, reused, unknown};
use super::api::named_api;
use super::changes::on_refresh_token;
use super::client_auth::Authenticated;
use super::event::Occasion;
use super::issue::Grant;
use super::request::{is_standard, scopes_for};
use super::run::{Ran, start};
use super::{OAuthError, Result, mfa, standing, words};
use crate::catalog::{Granted, is_confidential, is_strict};
use crate::clock::iso;
use crate::http::{Call, text, texts};
use crate::randomness::digest;
use crate::records::{Consent, RefreshToken, SessionDevice};
use crate::state::Tenant;
use crate::store::{Change, Entry, StoreError};

/// An application's `refresh_token` settings; times in seconds.
pub(crate) struct Policy {
    rotates: bool,
    leeway_s: i64,
    lifetime_s: Option<i64>,
    idle_s: Option<i64>,
}

const DAY_S: i64 = 86_400;

impl Policy {
    /// Returns the longest lifetime of a token, and the longest while unused, in milliseconds; with the defaults for one that does not expire.
    pub(crate) fn longest(&self) -> (i64, i64) {
        let lifetime = self.lifetime_s.unwrap_or(30 * DAY_S);
        let idle = self.idle_s.unwrap_or(15 * DAY_S);
        (lifetime * 1000, idle * 1000)
    }
}

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
    // In the strict mode they rotate by default for public applications, and always end.
    let is_strict = is_strict(client);
    let rotates = match text(&settings, "rotation_type") {
        Some(kind) => kind == "rotating",
        None => is_strict && !is_confidential(client),
    };
    let expires = rotates || is_strict || text(&settings, "expiration_type") == Some("expiring");
    Policy {
        rotates,
        leeway_s: whole("leeway", 0),
        lifetime_s: (expires && (is_strict || !flag("infinite_token_lifetime")))
            .then(|| whole("token_lifetime", 30 * DAY_S)),
        idle_s: (expires && (is_strict || !flag("infinite_idle_token_lifetime")))
            .then(|| whole("idle_token_lifetime", 15 * DAY_S)),
    }
}

/// A token that is being exchanged.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Exchanged {
    key: String,
    family: String,
    document: RefreshToken,
    /// When the exchange began, in milliseconds since the epoch; `None` for one that waited for its user.
    #[serde(skip)]
    claimed_at: Option<i64>,
}

impl Exchanged {
    pub(crate) fn family(&self) -> &str {
        &self.family
    }

    /// The session in which it was issued.
    pub(crate) fn session_id(&self) -> Option<&str> {
        self.document.session_id.as_deref()
    }
}

/// The first refresh token of a login.
///
/// That of a public application is bound to the key that it has proven to have (RFC 9449, section 5).
pub(crate) fn first(tenant: &Tenant, who: &Authenticated, grant: &Grant) -> Result<String> {
    let client = &who.client;
    let family = tenant.randomness.hex_id();
    let now = tenant.now_ms();
    let lifetime = policy(client).lifetime_s;
    let token = RefreshToken {
        id: tenant.randomness.hex_id(),
        family,
        client_id: grant.client_id.clone(),
        user_id: grant.user_id.clone(),
        scope: grant.requested.join(" "),
        audience: grant.audience.clone(),
        organization: grant.organization.clone(),
        session_id: grant.session_id.clone(),
        created_at: now,
        expires_at: lifetime.map(|seconds| now + seconds * 1000),
        idle_expires_at: None,
        last_exchanged_at: None,
        used_at: None,
        metadata: Map::new(),
        jkt: who.jkt.clone().filter(|_| !is_confidential(client)),
        device: Some(SessionDevice::first(&who.origin)),
    };
    let now = tenant.now_ms();
    tenant.store.at_once(now, |change| {
        change.sweep()?;
        issue(
            tenant,
            change,
            (&policy(client), now),
            token,
            &grant.refresh,
        )
    })
}

/// Stores a token that was not used yet, and returns its secret.
fn issue(
    tenant: &Tenant,
    store: &Change<'_>,
    (policy, now): (&Policy, i64),
    record: RefreshToken,
    changes: &RefreshTokenChanges,
) -> Result<String> {
    let token = tenant.randomness.token();
    let idle = policy.idle_s.map(|seconds| now + seconds * 1000);
    let mut record = RefreshToken {
        idle_expires_at: idle,
        used_at: None,
        ..record
    };
    on_refresh_token(&mut record, changes, policy, now);
    store.put(entry(&digest(&token), &record), &record)?;
    Ok(token)
}

/// Returns where a token is stored, and until when.
fn entry<'a>(key: &'a str, token: &'a RefreshToken) -> Entry<'a> {
    let ends = [token.expires_at, token.idle_expires_at];
    Entry {
        id: key,
        owner: Some(&token.family),
        expires_ms: ends.into_iter().flatten().min(),
    }
}

pub(crate) async fn exchange(
    tenant: &Arc<Tenant>,
    call: &Call,
    who: &Authenticated,
) -> Result<Map<String, Value>> {
    who.require_proof()?;
    let token = call.required("refresh_token")?;
    let (_claim, exchanged) = claim(tenant, who, &digest(token))?;
    run(tenant, call, who, exchanged).await
}

async fn run(
    tenant: &Arc<Tenant>,
    call: &Call,
    who: &Authenticated,
    exchanged: Exchanged,
) -> Result<Map<String, Value>> {
    let document = &exchanged.document;
    let (audience, granted) = resource(tenant, call, who, document)?;
    standing::require_api(tenant, audience.as_deref())?;
    let scope = match call.body_field("scope") {
        // Less may be asked for, never more (RFC 6749, section 6).
        Some(asked) => words(asked)
            .into_iter()
            .filter(|scope| granted.contains(scope))
            .collect(),
        None => granted,
    };
    let user_id = document.user_id.clone();
    let user = tenant.store.user(&user_id)?.ok_or_else(unknown)?;
    let occasion = Occasion {
        client: who.client.clone(),
        user_id,
        user: Some(user),
        protocol: "oauth2-refresh-token",
        scope,
        audience,
        organization: document.organization.clone(),
        body: call.body_map(),
        refresh_token: Some(of_event(document, policy(&who.client).rotates)),
        exchanged: Some(exchanged.clone()),
        ..Occasion::default()
    };
    match start(tenant, occasion, call).await? {
        Ran::Granted(grant, _) => succeed(tenant, who, &grant, &exchanged),
        Ran::Waits(waiting) => Err(mfa::required(tenant, *waiting).await),
    }
}

/// The API of the access token and the scopes that it may have: with a multi-resource refresh token, those of the policy for the
/// `audience` that is asked for. One without a policy is ignored.
///
/// Sources: <https://auth0.com/docs/secure/tokens/refresh-tokens/multi-resource-refresh-token>,
/// <https://github.com/auth0/auth0-server-python/pull/58>.
fn resource(
    tenant: &Tenant,
    call: &Call,
    who: &Authenticated,
    document: &RefreshToken,
) -> Result<(Option<String>, Vec<String>)> {
    let granted = words(&document.scope);
    let own = document.audience.clone();
    let asked = named_api(tenant, |name| call.body_field(name));
    let Some(asked) = asked.filter(|asked| own.as_deref() != Some(asked)) else {
        return still(tenant, &who.client, own, granted);
    };
    let policies = who.client.pointer("/refresh_token/policies");
    let policies = policies.and_then(Value::as_array);
    let mut policies = policies.into_iter().flatten();
    let policy = policies.find(|policy| text(policy, "audience") == Some(asked));
    let (Some(policy), Some(api)) = (policy, tenant.catalog.api(asked)) else {
        return still(tenant, &who.client, own, granted);
    };
    let known = scopes_for(tenant, &who.client, api)?;
    let of_api = |scope: &String| known.contains(&scope.as_str());
    let mut scopes: Vec<String> = granted.into_iter().filter(|it| is_standard(it)).collect();
    scopes.extend(texts(policy, "scope").map(str::to_owned).filter(of_api));
    Ok((Some(asked.to_owned()), scopes))
}

/// The API of a token and the scopes that it was granted, as far as the API's policy and the application's client grant still allow them: to
/// delete the grant "revokes the application's access to the API".
///
/// Source: <https://auth0.com/docs/get-started/applications/application-access-to-apis-client-grants>.
fn still(
    tenant: &Tenant,
    client: &Value,
    audience: Option<String>,
    mut granted: Vec<String>,
) -> Result<(Option<String>, Vec<String>)> {
    let api = audience.as_deref().and_then(|it| tenant.catalog.api(it));
    if let Some(api) = api
        && let Granted::Scopes(allowed) = super::policy::of_users(tenant, client, api)?
    {
        granted.retain(|scope| is_standard(scope) || allowed.contains(scope));
    }
    Ok((audience, granted))
}

/// The answer to an exchange; with rotation, it holds the next token of the family.
pub(crate) fn succeed(
    tenant: &Tenant,
    who: &Authenticated,
    grant: &Grant,
    exchanged: &Exchanged,
) -> Result<Map<String, Value>> {
    let client = &who.client;
    // A second factor may have come from elsewhere than the exchange.
    exchanged.document.require_key(who)?;
    let mut body = grant.answer(tenant, client, who.jkt.as_deref())?;
    let Exchanged {
        key,
        family,
        document,
        claimed_at,
    } = exchanged;
    let now = tenant.now_ms();
    let used_at = claimed_at.unwrap_or(now);
    let policy = policy(client);
    // In one step: of the token that is used up and the next one, a process that dies leaves both or none.
    let next = tenant.store.at_once(now, |store| {
        if !policy.rotates {
            let Some(mut token) = store.get::<RefreshToken>(key)? else {
                return Ok(Next::Gone);
            };
            token.last_exchanged_at = Some(used_at);
            // It is "valid without use" for so long.
            token.idle_expires_at = policy.idle_s.map(|seconds| now + seconds * 1000);
            token.device.clone_from(&document.device);
            on_refresh_token(&mut token, &grant.refresh, &policy, now);
            store.put(entry(key, &token), &token)?;
            return Ok(Next::Same);
        }
        let used = store.change(key, |token: &mut RefreshToken| {
            // Another login by this token may have ended while this one waited for its user.
            if policy.is_used_up(token.used_at, used_at) {
                return Next::UsedUp;
            }
            token.used_at.get_or_insert(used_at);
            token.last_exchanged_at = Some(used_at);
            Next::New(String::new())
        })?;
        // A reuse may have ended the family while the Actions ran.
        let Some(Next::New(_)) = used else {
            return Ok(used.unwrap_or(Next::Gone));
        };
        let next = RefreshToken {
            last_exchanged_at: Some(now),
            ..document.clone()
        };
        store.sweep()?;
        let next = issue(tenant, store, (&policy, now), next, &grant.refresh)?;
        // Now and then, as tokens are random: counting a family takes longer than storing a token.
        if next.bytes().next().is_some_and(|byte| byte % 16 == 0) {
            store.trim_family(family)?;
        }
        Ok::<_, OAuthError>(Next::New(next))
    })?;
    match next {
        Next::UsedUp => Err(reused(tenant, who, family)?),
        Next::Gone => {
            tenant.store.remove_owned::<RefreshToken>(family)?;
            Err(unknown())
        }
        Next::Same => Ok(body),
        Next::New(next) => {
            body.insert("refresh_token".to_owned(), next.into());
            Ok(body)
        }
    }
}

/// The refresh token after an exchange.
enum Next {
    /// The same as before.
    Same,
    /// Another one, with its secret.
    New(String),
    /// None: another login used it up.
    UsedUp,
    /// None: it was ended.
    Gone,
}

/// Returns `event.refresh_token`.
fn of_event(token: &RefreshToken, rotates: bool) -> Value {
    let mut event = Map::new();
    let mut put = |key: &str, value: Value| event.insert(key.to_owned(), value);
    put("id", json!(token.id));
    put("client_id", json!(token.client_id));
    put("user_id", json!(token.user_id));
    put("session_id", json!(token.session_id));
    for (key, ms) in [
        ("created_at", Some(token.created_at)),
        ("expires_at", token.expires_at),
        ("idle_expires_at", token.idle_expires_at),
        ("last_exchanged_at", token.last_exchanged_at),
    ] {
        if let Some(ms) = ms {
            put(key, iso(ms).into());
        }
    }
    if let Some(device) = &token.device {
        put("device", json!(device));
    }
    put("rotating", rotates.into());
    let audience = token.audience.as_ref();
    let servers = audience.map(|audience| json!({"audience": audience, "scopes": token.scope}));
    put("resource_servers", servers.into_iter().collect());
    put("metadata", json!(token.metadata));
    Value::Object(event)
}

/// Ends the family of the token with this hash.
pub(crate) fn end_family(tenant: &Tenant, key: &str) -> Result<()> {
    let found = tenant.store.get::<RefreshToken>(key, tenant.now_ms())?;
    if let Some(token) = found {
        tenant.store.remove_owned::<RefreshToken>(&token.family)?;
    }
    Ok(())
}

/// Ends the family of a token, if it is this application's.
pub(crate) fn revoke(tenant: &Tenant, token: &str, client_id: &str) -> Result<()> {
    let found = tenant
        .store
        .get::<RefreshToken>(&digest(token), tenant.now_ms())?;
    let Some(found) = found.filter(|token| token.client_id == client_id) else {
        return Ok(());
    };
    let flags = tenant.catalog.settings.get("flags");
    // "Refresh Token Revocation Deletes Grant": off in new tenants.
    // <https://auth0.com/docs/secure/tokens/refresh-tokens/revoke-refresh-tokens>
    if flags.and_then(|flags| flags.get("revoke_refresh_token_grant")) == Some(&Value::Bool(true)) {
        let audience = found.audience.as_deref().unwrap_or_default();
        let id = crate::pages::consent::id_of(&found.client_id, &found.user_id, audience);
        tenant.store.remove::<Consent>(&id)?;
        end_context(tenant, &found.user_id, &found.client_id, audience)?;
        return Ok(());
    }
    end_family(tenant, &digest(token))
}

/// Ends the refresh tokens that an application has of a user for an API: "when a grant is revoked, so are all tokens issued in the
/// context of that grant". Without an API the `audience` is empty.
///
/// Source: <https://auth0.com/docs/secure/tokens/refresh-tokens/revoke-refresh-tokens>.
pub(crate) fn end_context(
    tenant: &Tenant,
    user_id: &str,
    client_id: &str,
    audience: &str,
) -> std::result::Result<(), StoreError> {
    let tokens = tenant
        .store
        .list_of_user::<RefreshToken>(user_id, tenant.now_ms())?;
    for (_, token) in tokens {
        if token.client_id == client_id && token.audience.as_deref().unwrap_or_default() == audience
        {
            tenant.store.remove_owned::<RefreshToken>(&token.family)?;
        }
    }
    Ok(())
}
