//! The Management API: users and what belongs to them, the configuration, jobs and logs.
//!
//! <https://auth0.com/docs/api/management/v2>

mod apis;
pub(crate) mod body;
pub(crate) mod clients;
mod connections;
mod credentials;
mod defaults;
pub(crate) mod factors;
pub(crate) mod happenings;
mod identities;
mod invitations;
pub(crate) mod jobs;
pub(crate) mod journal;
mod lists;
mod members;
mod organizations;
mod permissions;
mod query;
mod resources;
mod roles;
mod routes;
mod rules;
pub(crate) mod schema;
pub(crate) mod scopes;
mod search;
mod sessions;
mod tickets;
mod tokens;
mod users;

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

pub(crate) use self::body::merge_metadata;
use self::journal::Happening;
use crate::http::{Call, Content, answer, no_content, set};
use crate::oauth::userinfo::{Access, verify};
use crate::state::Tenant;
use crate::store::StoreError;

/// `{"statusCode", "error", "message", "errorCode"}`.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    status: StatusCode,
    message: String,
    code: Option<&'static str>,
}

impl ApiError {
    fn new(status: u16, message: impl Into<String>, code: &'static str) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        Self {
            status,
            message: message.into(),
            code: Some(code),
        }
    }

    fn response(&self) -> Response {
        let mut body = json!({
            "statusCode": self.status.as_u16(), "error": self.status.canonical_reason().unwrap_or_default(), "message": self.message,
        });
        if let (Some(code), Some(body)) = (self.code, body.as_object_mut()) {
            body.insert("errorCode".into(), code.into());
        }
        let mut response = answer(self.status, &body);
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            set(&mut response, "retry-after", crate::oauth::RETRY_AFTER_S);
        }
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        crate::trouble::tell(&error);
        match error.passing() {
            Some(message) => Self::new(503, message, "service_unavailable"),
            None => Self {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                message: "The tenant's database does not answer.".into(),
                code: None,
            },
        }
    }
}

type Result<T> = std::result::Result<T, ApiError>;

/// The answer to a request.
enum Answered {
    Body(StatusCode, Value),
    Nothing,
    /// 202 without a body: what ends sessions and refresh tokens.
    Accepted,
}

fn ok(body: Value) -> Result<Answered> {
    Ok(Answered::Body(StatusCode::OK, body))
}

/// Who asks, and what the token permits.
struct Caller {
    access: Access,
}

impl Caller {
    fn has(&self, scope: &str) -> bool {
        self.access.scope.iter().any(|known| known == scope)
    }

    /// Refuses a token that has none of these scopes. Scopes of the current user count only for the own profile.
    fn require(&self, scopes: &[&str], user_id: Option<&str>) -> Result<()> {
        let own = user_id == Some(self.access.sub.as_str());
        let fits = |scope: &&&str| self.has(scope) && (own || !scope.contains("current_user"));
        if scopes.iter().any(|scope| fits(&scope)) {
            return Ok(());
        }
        let message = format!("Insufficient scope, expected any of: {}", scopes.join(","));
        Err(ApiError::new(403, message, "insufficient_scope"))
    }
}

pub(crate) async fn management(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    let answered = answered(&tenant, &call).await;
    match answered {
        Ok(Answered::Body(status, body)) => {
            let mut response = answer(status, &body);
            // There is no limit here; clients read the headers nevertheless.
            set(&mut response, "x-ratelimit-limit", "1000");
            set(&mut response, "x-ratelimit-remaining", "999");
            set(
                &mut response,
                "x-ratelimit-reset",
                &(tenant.now_ms() / 1000 + 1).to_string(),
            );
            response
        }
        Ok(Answered::Nothing) => no_content(),
        Ok(Answered::Accepted) => {
            let mut response = no_content();
            *response.status_mut() = StatusCode::ACCEPTED;
            response
        }
        Err(error) => error.response(),
    }
}

async fn answered(tenant: &Arc<Tenant>, call: &Call) -> Result<Answered> {
    let caller = caller(tenant, call)?;
    let answered = routes::dispatch(tenant, call, &caller).await;
    if call.method != Method::GET {
        let (kind, refused) = match &answered {
            Ok(_) => ("sapi", None),
            Err(error) => ("fapi", Some(error.message.as_str())),
        };
        let done = format!("{} {}", call.method, call.path);
        tenant.record_of(
            call,
            &Happening {
                kind,
                description: refused.unwrap_or(&done),
                client_id: caller.access.sub.trim_end_matches("@clients"),
                ..Happening::default()
            },
        );
    }
    answered
}

/// Judges a request by its head: without a token for this API nothing of its body is read.
pub(crate) fn judge(tenant: &Tenant, call: &Call) -> std::result::Result<(), Box<Response>> {
    caller(tenant, call)
        .map(drop)
        .map_err(|error| Box::new(error.response()))
}

fn caller(tenant: &Tenant, call: &Call) -> Result<Caller> {
    let Some(header) = call.header("authorization") else {
        return Err(ApiError::new(
            401,
            "Missing authentication",
            "missing_authentication",
        ));
    };
    let token = call
        .bearer()
        .filter(|token| !token.is_empty() && !token.contains(' '));
    let Some(token) = token else {
        let _ = header;
        return Err(ApiError::new(
            400,
            "Bad HTTP authentication header format",
            "Bearer",
        ));
    };
    let invalid = || ApiError::new(401, "Invalid token", "invalid_token");
    // A token of a custom domain is good there alone, and one of another address is not good there.
    let access = verify(tenant, token)
        .filter(|access| access.issuer == tenant.site.issuer)
        .ok_or_else(invalid)?;
    if !access.audiences.iter().any(|it| tenant.is_management(it)) {
        return Err(ApiError::new(
            401,
            format!("Bad audience: {}", access.audiences.join(",")),
            "invalid_token",
        ));
    }
    Ok(Caller { access })
}

/// The body of a request that changes something: an object.
fn object(call: &Call) -> Result<&serde_json::Map<String, Value>> {
    match &call.content {
        Content::Json(Value::Object(map)) => Ok(map),
        Content::Json(other) => {
            let message = format!(
                "Payload validation error: 'Expected type object but found type {}'.",
                body::type_name(other)
            );
            Err(ApiError::new(400, message, "invalid_body"))
        }
        Content::Empty => Err(ApiError::new(
            400,
            "Payload validation error: 'Missing required property: body'.",
            "invalid_body",
        )),
        _ => Err(ApiError::new(
            400,
            "Invalid request payload JSON format",
            "invalid_body",
        )),
    }
}

/// Returns whether a profile fits a user search (`q`), as the Management API's list of users decides it for a member of no
/// organization.
///
/// # Errors
/// In the words of the vendor's error, when the search cannot be parsed.
pub fn fits_search(q: &str, user: &Value) -> std::result::Result<bool, String> {
    search::Query::of_users(q).map(|query| query.matches_user(user, &[]))
}
