//! The organization of a login and that of a machine's token.
//!
//! <https://auth0.com/docs/manage-users/organizations/organizations-for-m2m-applications>

use serde_json::Value;

use super::{OAuthError, Result};
use crate::catalog::{Audience, is_of_client, is_strict, is_third_party};
use crate::http::{text, texts};
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
    let found = named(tenant, asked)?;
    // An application without an entry in the export may do everything.
    let Some(grant) = grant else {
        return Ok(Some(found.clone()));
    };
    if !matches!(usage, Some("allow" | "require")) {
        return refuse("The client grant does not allow organizations (organization_usage).");
    }
    // "`allow_any_organization` is not available" to third-party applications.
    let any = grant.get("allow_any_organization") == Some(&Value::Bool(true)) && !is_strict(client);
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

/// Returns the id of the organization of a machine's request that names none: the application's `default_organization`, if the export has it.
///
/// Source: <https://auth0.github.io/node-auth0/interfaces/index.Management.ClientDefaultOrganization.html>.
pub(super) fn default_of_machine<'a>(tenant: &'a Tenant, client: &Value) -> Option<&'a str> {
    let default = client.get("default_organization")?;
    let is_of_machines = texts(default, "flows").any(|flow| flow == "client_credentials");
    let named = text(default, "organization_id").filter(|_| is_of_machines)?;
    text(tenant.catalog.organization(named)?, "id")
}

/// When an application that requires an organization asks the user for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prompt {
    /// Before the credentials, by its name.
    BeforeLogin,
    /// After the credentials, among those of the user.
    AfterLogin,
}

/// Whether an application asks for the organization of a login that names none.
///
/// Source: <https://auth0.com/docs/manage-users/organizations/configure-organizations/define-organization-behavior>.
pub(crate) fn prompt(client: &Value) -> Option<Prompt> {
    if usage(client) != "require" {
        return None;
    }
    match text(client, "organization_require_behavior") {
        Some("pre_login_prompt") => Some(Prompt::BeforeLogin),
        Some("post_login_prompt") => Some(Prompt::AfterLogin),
        _ => None,
    }
}

/// The organization, by its id, of a request to `/authorize`. `None` where there is none, or a page asks for it.
pub(super) fn of_request(
    tenant: &Tenant,
    client: &Value,
    asked: Option<&str>,
) -> Result<Option<String>> {
    match asked.is_none() && prompt(client).is_some() {
        true => Ok(None),
        false => organization(tenant, client, asked),
    }
}

/// Whether logins of an application are to an organization: `deny`, which is the default, `allow` or `require`.
///
/// Source: <https://auth0.com/docs/api/management/v2/clients/post-clients>.
fn usage(client: &Value) -> &str {
    text(client, "organization_usage").unwrap_or("deny")
}

/// Whether logins of an application may be to an organization: then `{organization_name}` counts in its addresses.
pub(crate) fn are_allowed(client: &Value) -> bool {
    usage(client) != "deny"
}

/// The organization, by its id, of a request that no page can follow.
pub(crate) fn organization(
    tenant: &Tenant,
    client: &Value,
    asked: Option<&str>,
) -> Result<Option<String>> {
    let usage = usage(client);
    match (asked, usage) {
        (None, "require") => Err(required()),
        (None, _) => Ok(None),
        (Some(_), "deny") => Err(OAuthError::invalid_request(
            "parameter organization is not allowed for this client",
        )),
        (Some(asked), _) => {
            let found = named(tenant, asked)?;
            // Organizations are closed to third-party applications until they open, and to those in the permissive mode for good.
            // <https://auth0.com/docs/get-started/applications/third-party-applications/troubleshooting>, …/permissive-mode
            let is_open = text(found, "third_party_client_access") == Some("allow");
            if is_third_party(client) && !(is_strict(client) && is_open) {
                let description = format!("parameter organization is invalid: {asked}");
                return Err(OAuthError::invalid_request(description));
            }
            Ok(text(found, "id").map(str::to_owned))
        }
    }
}

/// The organization that an Action sets, by its id or its name, whatever the tenant allows in requests.
pub(crate) fn organization_of_action(
    tenant: &Tenant,
    client: &Value,
    set: &str,
) -> Result<Option<String>> {
    let found = tenant.catalog.organization(set);
    let id = found.and_then(|found| text(found, "id")).unwrap_or(set);
    organization(tenant, client, Some(id))
}

/// The error for a login without the organization that its application requires.
pub(crate) fn required() -> OAuthError {
    OAuthError::invalid_request("parameter organization is required for this client")
}

/// The organization that a parameter names: by its id, or by its name where the tenant allows that.
///
/// Source: <https://auth0.com/docs/manage-users/organizations/configure-organizations/use-org-name-authentication-api>; the
/// text for a name that is not allowed from <https://github.com/auth0/auth0-react/issues/590>.
fn named<'a>(tenant: &'a Tenant, asked: &str) -> Result<&'a Value> {
    let allowed = "allow_organization_name_in_authentication_api";
    let by_name = tenant.catalog.settings.get(allowed) == Some(&Value::Bool(true));
    let found = tenant.catalog.organization(asked);
    let found = found.filter(|found| by_name || text(found, "id") == Some(asked));
    found.ok_or_else(|| {
        OAuthError::invalid_request(match by_name || asked.starts_with("org_") {
            true => "parameter organization is invalid",
            false => "authorization request parameter organization must be an organization id",
        })
    })
}
