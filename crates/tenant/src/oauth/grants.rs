//! Grants of `/oauth/token` without a browser: `password`, `password-realm` and `client_credentials`.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::client_auth::Authenticated;
use super::event::Occasion;
use super::issue::machine_token;
use super::request::{access, audience, organization, scopes_of};
use super::run::{Ran, mark_login, start};
use super::token::{REALM_GRANT, issued};
use super::{OAuthError, Result, mfa, words};
use crate::catalog::{Audience, Granted};
use crate::http::{Call, text};
use crate::management::scopes::MANAGEMENT_SCOPES;
use crate::password;
use crate::state::Tenant;

/// Seconds for which a token of an API lives unless the API says otherwise.
const LIFETIME_S: i64 = 86_400;

pub(crate) async fn password(
    tenant: &Arc<Tenant>,
    call: &Call,
    who: &Authenticated,
) -> Result<Map<String, Value>> {
    who.require_proof()?;
    let username = call.required("username")?;
    let secret = call.required("password")?;
    let connection = match call.body_field("grant_type") {
        Some(REALM_GRANT) => {
            let realm = call.required("realm")?;
            let mut known = tenant.catalog.databases(&who.client);
            let found = known.find(|connection| text(connection, "name") == Some(realm));
            found.ok_or_else(|| {
                OAuthError::new(
                    403,
                    "unauthorized_client",
                    "the connection was not found or is not enabled for the client",
                )
            })?
        }
        _ => {
            let found = tenant.catalog.default_database(&who.client);
            found.ok_or_else(|| {
                OAuthError::new(
                    403,
                    "unauthorized_client",
                    "Authorization server not configured with default connection.",
                )
            })?
        }
    };
    let (audience, scope) = access(tenant, call)?;
    let organization = organization(tenant, &who.client, call.body_field("organization"))?;
    let name = text(connection, "name").unwrap_or_default();
    let user_id = check_password(tenant, name, username, secret).await?;
    let user_id = user_id.ok_or_else(|| OAuthError::invalid_grant("Wrong email or password."))?;
    mark_login(tenant, &user_id, &call.ip)?;
    let method = json!({"name": "pwd", "timestamp": crate::clock::iso(tenant.now_ms())});
    let occasion = Occasion {
        client: who.client.clone(),
        user_id,
        protocol: "oauth2-password",
        scope,
        audience,
        organization,
        body: call.body_map(),
        methods: vec![method],
        ..Occasion::default()
    };
    match start(tenant, occasion, call).await? {
        Ran::Granted(grant, _) if tenant.control.forces_mfa() => {
            Err(mfa::required_by_tenant(tenant, *grant)?)
        }
        Ran::Granted(grant, _) => issued(tenant, who, &grant),
        Ran::Waits(waiting) => Err(mfa::required(tenant, *waiting).await),
    }
}

/// The id of the user with this password, computed where nobody is kept waiting.
pub(crate) async fn check_password(
    tenant: &Arc<Tenant>,
    connection: &str,
    login: &str,
    secret: &str,
) -> Result<Option<String>> {
    if secret.chars().count() > password::MAX_PASSWORD {
        return Ok(None);
    }
    let found = tenant.store.user_by_login(connection, login)?;
    let (user, hash) = match found {
        Some((user, hash)) => (text(&user, "user_id").map(str::to_owned), hash),
        None => (None, None),
    };
    if hash
        .as_deref()
        .is_some_and(|hash| tenant.passwords.knows(secret, hash))
    {
        return Ok(user);
    }
    let secret = secret.to_owned();
    let known = Arc::clone(tenant);
    let fits = tokio::task::spawn_blocking(move || {
        let fits = password::verify(&secret, hash.as_deref());
        if let Some(hash) = hash.filter(|_| fits) {
            known.passwords.add(&secret, &hash);
        }
        fits
    });
    let fits = fits.await.unwrap_or(false);
    Ok(user.filter(|_| fits))
}

/// No user, no post-login trigger: the token of a machine.
pub(crate) fn client_credentials(
    tenant: &Tenant,
    call: &Call,
    who: &Authenticated,
) -> Result<Map<String, Value>> {
    if !who.is_proven {
        return Err(OAuthError::new(401, "invalid_client", "Unauthorized"));
    }
    let asked = audience(tenant, call.body_field("audience"));
    let audience = asked.ok_or_else(|| {
        OAuthError::new(
            403,
            "access_denied",
            "No audience parameter was provided, and no default audience has been configured",
        )
    })?;
    let management = tenant.management_audience();
    let is_management = audience == management;
    let (all, lifetime): (Vec<String>, i64) = if is_management {
        (
            MANAGEMENT_SCOPES
                .iter()
                .map(|scope| (*scope).to_owned())
                .collect(),
            LIFETIME_S,
        )
    } else {
        let api = tenant.catalog.api(&audience);
        let api = api.ok_or_else(|| {
            OAuthError::new(
                403,
                "access_denied",
                format!("Service not found: {audience}"),
            )
        })?;
        let lifetime = api
            .get("token_lifetime")
            .and_then(Value::as_i64)
            .filter(|seconds| *seconds > 0);
        (
            scopes_of(api).map(str::to_owned).collect(),
            lifetime.unwrap_or(LIFETIME_S),
        )
    };
    let granted = tenant.catalog.client_grant(
        &who.client,
        &match is_management {
            true => Audience::Management(&management),
            false => Audience::Api(&audience),
        },
    );
    let granted: Vec<String> = match granted {
        None => {
            return Err(OAuthError::new(
                403,
                "access_denied",
                format!(
                    "Client is not authorized to access \"{audience}\". You need to create a \"client-grant\" associated to this API. See: https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants"
                ),
            ));
        }
        Some(Granted::All) => all,
        Some(Granted::Scopes(scopes)) => all
            .into_iter()
            .filter(|scope| scopes.contains(scope))
            .collect(),
    };
    let scope: Vec<String> = match call.body_field("scope") {
        Some(asked) => {
            let (scope, other): (Vec<_>, Vec<_>) = words(asked)
                .into_iter()
                .partition(|scope| granted.contains(scope));
            if !other.is_empty() {
                let description =
                    format!("Client has not been granted scopes: {}", other.join(", "));
                return Err(OAuthError::new(403, "access_denied", description));
            }
            scope
        }
        None => granted,
    };
    let mut body = Map::new();
    body.insert(
        "access_token".into(),
        machine_token(tenant, &who.client, &audience, &scope, lifetime)?.into(),
    );
    if !scope.is_empty() {
        body.insert("scope".into(), scope.join(" ").into());
    }
    body.insert("expires_in".into(), lifetime.into());
    body.insert("token_type".into(), "Bearer".into());
    Ok(body)
}
