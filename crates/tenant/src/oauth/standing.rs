//! The user of a login that was begun earlier, and the API of its token, which may be gone.

use serde_json::Value;

use super::issue::Grant;
use super::{OAuthError, Result, mfa, policy};
use crate::state::Tenant;

/// Refuses a grant whose user was deleted or blocked since the login began (RFC 6749, section 5.2, for the first).
pub(super) fn require_user(tenant: &Tenant, user_id: &str) -> Result<()> {
    let gone = || OAuthError::invalid_grant("The user does not exist.");
    let user = match tenant.store.user(user_id)? {
        Some(user) => Some(user),
        // Who became part of another user meanwhile is not gone.
        None => match user_id.split_once('|') {
            Some((provider, id)) => tenant.store.user_by_identity(provider, id)?,
            None => None,
        },
    };
    let user = user.ok_or_else(gone)?;
    match user.get("blocked") == Some(&Value::Bool(true)) {
        true => Err(OAuthError::new(403, "unauthorized", "user is blocked")),
        false => Ok(()),
    }
}

/// Refuses a token whose organization was deleted since the login began, and one for an API that no longer serves the application, as its
/// access policy or the client grant changed.
pub(super) fn require_access(tenant: &Tenant, client: &Value, grant: &Grant) -> Result<()> {
    require_api(tenant, grant.audience.as_deref())?;
    let api = grant.audience.as_deref();
    if let Some(api) = api.and_then(|audience| tenant.catalog.api(audience)) {
        policy::of_users(tenant, client, api)?;
    }
    let organization = grant.organization.as_deref();
    match organization.is_none_or(|id| tenant.catalog.organization(id).is_some()) {
        true => Ok(()),
        false => Err(OAuthError::invalid_grant(
            "The organization of the login does not exist.",
        )),
    }
}

/// Refuses a token for an API that was deleted since the login began.
pub(super) fn require_api(tenant: &Tenant, audience: Option<&str>) -> Result<()> {
    let Some(audience) = audience else {
        return Ok(());
    };
    let is_there = tenant.is_management(audience)
        || tenant.is_own(audience, "userinfo")
        || mfa::is_api(tenant, Some(audience))
        || tenant.catalog.api(audience).is_some();
    match is_there {
        true => Ok(()),
        false => Err(OAuthError::new(
            403,
            "access_denied",
            format!("Service not found: {audience}"),
        )),
    }
}
