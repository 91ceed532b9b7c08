//! Which applications may have tokens of an API: its `subject_type_authorization`.
//!
//! <https://auth0.com/docs/get-started/apis/api-access-policies-for-applications>

use serde_json::Value;

use super::{OAuthError, Result};
use crate::catalog::{Audience, Granted};
use crate::http::text;
use crate::state::Tenant;

/// Returns the scopes of an API that an application may ask for on behalf of a user: all of them, or those of its client grant.
///
/// # Errors
/// When the API gives no tokens for users, or asks for a grant that the application does not have. The words of the error are what
/// public code quotes of production.
pub(super) fn of_users(tenant: &Tenant, client: &Value, api: &Value) -> Result<Granted> {
    let audience = text(api, "identifier").unwrap_or_default();
    let granted = match policy(api, "user") {
        Some("deny_all") => None,
        Some("require_client_grant") => tenant.catalog.user_grant(client, &Audience::Api(audience)),
        _ => Some(Granted::All),
    };
    granted.ok_or_else(|| {
        let id = text(client, "client_id").unwrap_or_default();
        OAuthError::invalid_request(format!(
            "Client \"{id}\" is not authorized to access resource server \"{audience}\"."
        ))
    })
}

/// Whether an API gives tokens to machines; whether one needs a client grant is not a question: each does.
pub(super) fn serves_machines(api: &Value) -> bool {
    policy(api, "client") != Some("deny_all")
}

fn policy<'a>(api: &'a Value, subject: &str) -> Option<&'a str> {
    let policy = api.pointer(&format!("/subject_type_authorization/{subject}/policy"));
    policy.and_then(Value::as_str)
}
