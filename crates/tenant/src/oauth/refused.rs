//! A line in the log for each request that was refused before any Action ran: those of a login that an Action ended are in the log
//! with its outcome.

use axum::response::Response;
use serde_json::{Map, Value, json};

use super::OAuthError;
use crate::clock::iso;
use crate::http::Call;
use crate::state::Tenant;

/// Answers that are no refusals: the application goes on with them.
const STEPS: &[&str] = &[
    "authorization_pending",
    "consent_required",
    "interaction_required",
    "login_required",
    "mfa_required",
    "slow_down",
    "use_dpop_nonce",
];
/// So many characters of a name in a request are kept.
const LONGEST: usize = 200;

/// The parts of an answer that refuses a request.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    error: String,
    description: String,
    status: u16,
    client_id: Option<String>,
    user: Option<String>,
}

/// Marks an answer as the refusal of a request, unless the log has it already.
pub(crate) fn mark(response: &mut Response, error: &OAuthError) {
    if error.is_logged || STEPS.contains(&error.error.as_str()) {
        return;
    }
    response.extensions_mut().insert(Refused {
        error: error.error.clone(),
        description: error.description.clone(),
        status: error.status.as_u16(),
        client_id: None,
        user: None,
    });
}

/// Adds who asked to a marked answer.
pub(crate) fn about(response: &mut Response, call: &Call) {
    let Some(refused) = response.extensions_mut().get_mut::<Refused>() else {
        return;
    };
    let part = |names: &[&str]| {
        let found = names.iter().find_map(|name| call.field(name))?;
        Some(found.chars().take(LONGEST).collect())
    };
    refused.client_id = part(&["client_id"]);
    refused.user = part(&["username", "email", "phone_number", "user_id"]);
}

/// Logs the refusal of a request (`POST /oauth/token`), if its answer is one.
pub(crate) fn note(tenant: &Tenant, request: &str, response: &mut Response) {
    let Some(refused) = response.extensions_mut().remove::<Refused>() else {
        return;
    };
    let mut entry = Map::new();
    let mut put = |key: &str, value: Value| {
        if !value.is_null() {
            entry.insert(key.to_owned(), value);
        }
    };
    put("type", "refused".into());
    put("date", iso(tenant.now_ms()).into());
    put("request", request.into());
    put("status", refused.status.into());
    put("error", refused.error.into());
    put("error_description", refused.description.into());
    put("client_id", json!(refused.client_id));
    put("user", json!(refused.user));
    tenant.control.log(Value::Object(entry));
}
