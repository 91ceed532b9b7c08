//! Grants of `/oauth/token` without a browser: `password` and `password-realm`.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

use super::client_auth::Authenticated;
use super::event::Occasion;
use super::organizations::organization;
use super::request::{access, of_password};
use super::run::{Ran, mark_login, start};
use super::token::{REALM_GRANT, issued};
use super::{OAuthError, Result, mfa, words};
use crate::catalog::NoDirectory;
use crate::http::{Call, text};
use crate::management::happenings;
use crate::password;
use crate::records::Method;
use crate::signup::identifiers;
use crate::state::Tenant;

fn not_enabled() -> OAuthError {
    OAuthError::new(
        403,
        "unauthorized_client",
        "the connection was not found or is not enabled for the client",
    )
}

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
            found.ok_or_else(not_enabled)?
        }
        _ => match tenant.catalog.directory(&who.client) {
            Ok(found) => found,
            Err(NoDirectory::Disabled) => return Err(not_enabled()),
            Err(NoDirectory::Missing) => {
                return Err(OAuthError::new(
                    500,
                    "server_error",
                    "Authorization server not configured with default connection.",
                ));
            }
        },
    };
    let (audience, scope) = access(tenant, &who.client, call)?;
    let asked = call.body_field("scope").unwrap_or_default();
    let scope = of_password(
        tenant,
        &who.client,
        audience.as_deref(),
        &words(asked),
        scope,
    )?;
    let organization = organization(tenant, &who.client, call.body_field("organization"))?;
    let name = text(connection, "name").unwrap_or_default();
    let user_id = check_password(tenant, name, username, secret).await?;
    let user_id = user_id.ok_or_else(|| OAuthError::invalid_grant("Wrong email or password."))?;
    mark_login(tenant, &user_id, &call.ip)?;
    let login = Occasion {
        user_id,
        scope,
        audience,
        organization,
        connection: Some(name.to_owned()),
        ..Occasion::default()
    };
    without_browser(tenant, call, who, "pwd", login).await
}

/// Runs the login of a grant that has no browser, whose user has proved by `method` who they are, and answers with its tokens. `login`
/// has the user and what is asked for. A second factor that is due is an error of the grant, with its token.
pub(super) async fn without_browser(
    tenant: &Arc<Tenant>,
    call: &Call,
    who: &Authenticated,
    method: &str,
    login: Occasion,
) -> Result<Map<String, Value>> {
    let method = Method {
        name: method.to_owned(),
        timestamp: crate::clock::iso(tenant.now_ms()),
        factor: None,
    };
    let occasion = Occasion {
        client: who.client.clone(),
        protocol: "oauth2-password",
        body: call.body_map(),
        methods: vec![method],
        ..login
    };
    match start(tenant, occasion, call).await? {
        Ran::Granted(grant, _) if mfa::is_due(tenant, &grant)? => {
            Err(mfa::required_by_tenant(tenant, *grant)?)
        }
        Ran::Granted(grant, _) => issued(tenant, who, &grant),
        Ran::Waits(waiting) => Err(mfa::required(tenant, *waiting).await),
    }
}

/// The turn of passwords whose check is heavy.
static HEAVY: Semaphore = Semaphore::const_new(1);

/// The id of the user with this password, computed on a thread that may block.
pub(crate) async fn check_password(
    tenant: &Arc<Tenant>,
    connection: &str,
    login: &str,
    secret: &str,
) -> Result<Option<String>> {
    if secret.chars().count() > password::MAX_PASSWORD {
        return Ok(None);
    }
    let found = identifiers::find(tenant, connection, login)?;
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
    if let (Some(hash), Some(user)) = (&hash, &user)
        && let Some(problem) = password::problem(hash)
    {
        crate::trouble::tell(&format!(
            "the password of {user} cannot be checked: {problem}"
        ));
        tenant.control.log(json!({
            "type": "password_unchecked", "date": crate::clock::iso(tenant.now_ms()), "user_id": user,
            "reason": problem,
        }));
        return Ok(None);
    }
    // Hashes of imports may take 256 MiB and many seconds. A client that leaves while it waits takes no turn.
    let turn = match hash.as_deref().is_some_and(password::is_heavy) {
        true => HEAVY.acquire().await.ok(),
        false => None,
    };
    let secret = secret.to_owned();
    let known = Arc::clone(tenant);
    let fits = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let fits = password::verify(&secret, hash.as_deref());
        if let Some(hash) = hash.filter(|_| fits) {
            known.passwords.add(&secret, &hash);
        }
        fits
    });
    let fits = fits.await.unwrap_or(false);
    if !fits {
        happenings::wrong_password(tenant, connection, login, user.as_deref());
    }
    Ok(user.filter(|_| fits))
}
