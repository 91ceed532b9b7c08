//! The organization of a machine's token.
//!
//! <https://auth0.com/docs/manage-users/organizations/organizations-for-m2m-applications>

use serde_json::Value;

use super::{OAuthError, Result};
use crate::catalog::{Audience, is_of_client};
use crate::http::text;
use crate::state::Tenant;

/// Returns the organization that a machine asks for, if its client grant allows it. The texts of the refusals are ours.
///
/// # Errors
/// When the grant does not allow organizations, requires one, or is not one of the organization.
pub(super) fn of_machine(
    tenant: &Tenant,
    client: &Value,
    audience: &Audience<'_>,
    asked: Option<&str>,
) -> Result<Option<Value>> {
    let grant = tenant.catalog.grants_of(client, audience).next();
    let usage = grant.and_then(|grant| text(grant, "organization_usage"));
    let refuse = |text: &str| Err(OAuthError::new(403, "access_denied", text));
    let Some(asked) = asked else {
        return match usage {
            Some("require") => refuse("The client grant requires the parameter organization."),
            _ => Ok(None),
        };
    };
    let Some(found) = tenant.catalog.organization(asked) else {
        return Err(OAuthError::invalid_request(
            "parameter organization is invalid",
        ));
    };
    // An application without an entry in the export may do everything.
    let Some(grant) = grant else {
        return Ok(Some(found.clone()));
    };
    if !matches!(usage, Some("allow" | "require")) {
        return refuse("The client grant does not allow organizations (organization_usage).");
    }
    let any = grant.get("allow_any_organization") == Some(&Value::Bool(true));
    let granted = found.get("client_grants").and_then(Value::as_array);
    let mut granted = granted.into_iter().flatten();
    let is_granted = |it: &Value| {
        is_of_client(it, client)
            && text(it, "audience").is_none_or(|of| Some(of) == text(grant, "audience"))
    };
    if !any && !granted.any(is_granted) {
        return refuse("The client grant is not one of the organization (client_grants).");
    }
    Ok(Some(found.clone()))
}
