//! Which applications may have tokens of an API: its `subject_type_authorization`, and what third-party applications may not.
//!
//! <https://auth0.com/docs/get-started/apis/api-access-policies-for-applications>

use serde_json::Value;

use super::{OAuthError, Result};
use crate::catalog::{Audience, Granted, is_strict};
use crate::http::{Params, text};
use crate::state::Tenant;

/// Returns the scopes of an API that an application may ask for on behalf of a user: all of them, or those of its client grant.
/// A third-party application in the strict mode needs one for each API.
///
/// # Errors
/// When the API gives no tokens for users, or asks for a grant that the application does not have. The words of the error are what
/// public code quotes of production.
pub(super) fn of_users(tenant: &Tenant, client: &Value, api: &Value) -> Result<Granted> {
    let audience = text(api, "identifier").unwrap_or_default();
    let granted = || tenant.catalog.user_grant(client, &Audience::Api(audience));
    let granted = match policy(api, "user") {
        Some("deny_all") => None,
        // Such as that of My Account.
        _ if is_strict(client) && api.get("is_system") == Some(&Value::Bool(true)) => None,
        Some("require_client_grant") => granted(),
        _ if is_strict(client) => granted(),
        _ => Some(Granted::All),
    };
    granted.ok_or_else(|| refused(client, audience))
}

/// Refuses a third-party application in the strict mode, to which APIs of the tenant itself are closed.
pub(super) fn open_to(client: &Value, system_api: &str) -> Result<()> {
    match is_strict(client) {
        true => Err(refused(client, system_api)),
        false => Ok(()),
    }
}

/// `unauthorized_client` is documented for third-party applications, `invalid_request` quoted for those of the owner.
///
/// Source: <https://auth0.com/docs/get-started/applications/third-party-applications/troubleshooting>.
fn refused(client: &Value, audience: &str) -> OAuthError {
    let id = text(client, "client_id").unwrap_or_default();
    let description =
        format!("Client \"{id}\" is not authorized to access resource server \"{audience}\".");
    match is_strict(client) {
        true => OAuthError::new(403, "unauthorized_client", description),
        false => OAuthError::invalid_request(description),
    }
}

/// Parameters of `/authorize` that an application in the strict mode may send, beside those that begin with `ext-`. The documented list
/// does not have `organization` and `response_mode`, which other pages name, and what SDKs send with each request.
const PARAMETERS: &[&str] = &[
    "acr_values",
    "audience",
    "auth0Client",
    "authorization_details",
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "connection",
    "correlation_id",
    "display",
    "dpop_jkt",
    "login_hint",
    "max_age",
    "nonce",
    "organization",
    "prompt",
    "redirect_uri",
    "resource",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "ui_locales",
];

/// Checks what `/authorize` asks more of a third-party application in the strict mode: known parameters, codes alone, and PKCE.
///
/// # Errors
/// The codes are documented; the words are ours.
pub(super) fn strictly(client: &Value, params: &Params) -> Result<()> {
    if !is_strict(client) {
        return Ok(());
    }
    let mut names = params.0.iter().map(|(name, _)| name.as_str());
    let is_allowed = |name: &str| PARAMETERS.contains(&name) || name.starts_with("ext-");
    if let Some(name) = names.find(|name| !is_allowed(name)) {
        return Err(OAuthError::invalid_request(format!(
            "The parameter {name} is not supported for third-party applications"
        )));
    }
    if let Some(kind) = params.get("response_type").filter(|kind| *kind != "code") {
        return Err(OAuthError::new(
            400,
            "unsupported_response_type",
            format!("Unsupported response type: {kind}"),
        ));
    }
    match params.get("code_challenge") {
        Some(_) => Ok(()),
        None => Err(OAuthError::missing("code_challenge")),
    }
}

/// Whether an API gives tokens to machines; whether one needs a client grant is not a question: each does.
pub(super) fn serves_machines(api: &Value) -> bool {
    policy(api, "client") != Some("deny_all")
}

fn policy<'a>(api: &'a Value, subject: &str) -> Option<&'a str> {
    let policy = api.pointer(&format!("/subject_type_authorization/{subject}/policy"));
    policy.and_then(Value::as_str)
}
