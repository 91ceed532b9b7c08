//! The Management API, as far as metadata, users and what belongs to them.
//!
//! <https://auth0.com/docs/api/management/v2>

mod body;
mod clients;
mod details;
mod identities;
mod lists;
mod query;
mod rules;
pub(crate) mod scopes;
mod search;
mod sessions;
mod tickets;
mod users;

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

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
        match error.is_busy() {
            true => Self::new(503, crate::oauth::BUSY, "service_unavailable"),
            false => Self {
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
    match dispatch(&tenant, &call).await {
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
        Err(error) => error.response(),
    }
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
    let access = verify(tenant, token).ok_or_else(invalid)?;
    if !access.audiences.contains(&tenant.management_audience()) {
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

async fn dispatch(tenant: &Arc<Tenant>, call: &Call) -> Result<Answered> {
    let caller = caller(tenant, call)?;
    let segments = call.segments("/api/v2");
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    match (call.method.clone(), parts.as_slice()) {
        (Method::GET, ["users"]) => crate::trouble::aside(|| users::list(tenant, call, &caller)),
        (Method::POST, ["users"]) => users::create(tenant, call, &caller).await,
        (Method::GET, ["users", id]) => users::get(tenant, call, &caller, id),
        (Method::PATCH, ["users", id]) => users::update(tenant, call, &caller, id).await,
        (Method::DELETE, ["users", id]) => users::delete(tenant, &caller, id),
        (Method::DELETE, ["users", id, "multifactor", provider]) => {
            users::delete_multifactor(tenant, &caller, id, provider)
        }
        (Method::POST, ["users", id, "identities"]) => identities::link(tenant, call, &caller, id),
        (Method::DELETE, ["users", id, "identities", provider, user_id]) => {
            identities::unlink(tenant, &caller, id, (provider, user_id))
        }
        (Method::GET, ["users-by-email"]) => users::by_email(tenant, call, &caller),
        (Method::GET, ["users", id, "roles"]) => lists::roles_of(tenant, call, &caller, id),
        (Method::POST | Method::DELETE, ["users", id, "roles"]) => {
            lists::change_roles(tenant, call, &caller, id)
        }
        (Method::GET, ["users", id, "organizations"]) => {
            lists::organizations_of(tenant, call, &caller, id)
        }
        (Method::GET, ["clients"]) => clients::list(tenant, call, &caller),
        (Method::GET, ["clients", id]) => clients::get(tenant, call, &caller, id),
        (Method::PATCH, ["clients", id]) => clients::update(tenant, call, &caller, id),
        (Method::GET, ["roles"]) => lists::plain(tenant, call, &caller, "roles", None),
        (Method::GET, ["roles", id]) => lists::plain(tenant, call, &caller, "roles", Some(id)),
        (Method::GET, ["connections"]) => lists::plain(tenant, call, &caller, "connections", None),
        (Method::GET, ["connections", id]) => {
            lists::plain(tenant, call, &caller, "connections", Some(id))
        }
        (Method::GET, ["resource-servers"]) => {
            lists::plain(tenant, call, &caller, "resource-servers", None)
        }
        (Method::GET, ["resource-servers", id]) => {
            lists::plain(tenant, call, &caller, "resource-servers", Some(id))
        }
        (Method::GET, ["organizations"]) => {
            lists::plain(tenant, call, &caller, "organizations", None)
        }
        (Method::GET, ["organizations", id]) => {
            lists::plain(tenant, call, &caller, "organizations", Some(id))
        }
        (Method::GET, ["organizations", id, "members"]) => {
            lists::members(tenant, call, &caller, id)
        }
        (Method::POST | Method::DELETE, ["organizations", id, "members"]) => {
            lists::change_members(tenant, call, &caller, id)
        }
        (Method::POST, ["tickets", "password-change"]) => tickets::password(tenant, call, &caller),
        (Method::POST, ["tickets", "email-verification"]) => {
            tickets::verification(tenant, call, &caller)
        }
        (Method::POST, ["jobs", "verification-email"]) => {
            tickets::send_verification(tenant, call, &caller).await
        }
        (Method::GET, ["users", id, "permissions"]) => {
            details::permissions_of_user(tenant, call, &caller, id)
        }
        (Method::GET, ["roles", id, "permissions"]) => {
            details::permissions_of_role(tenant, call, &caller, id)
        }
        (Method::GET, ["organizations", "name", name]) => {
            details::organization_named(tenant, call, &caller, name)
        }
        (Method::GET, ["organizations", id, "enabled_connections"]) => {
            details::enabled_connections(tenant, call, &caller, id)
        }
        (Method::GET, ["client-grants"]) => details::client_grants(tenant, call, &caller),
        (Method::GET, ["users", id, "sessions"]) => sessions::list(tenant, &caller, id),
        (Method::DELETE, ["users", id, "sessions"]) => sessions::end_all(tenant, &caller, id),
        (Method::GET, ["sessions", id]) => sessions::get(tenant, &caller, id),
        (Method::DELETE, ["sessions", id]) => sessions::end(tenant, &caller, id),
        // 404 and not 501: the vendor's SDKs repeat what is answered with 500 or more, for seconds.
        (method, _) => Err(ApiError::new(
            404,
            format!(
                "{method} {} is not supported by the local tenant; docs/book/src/reference/tenant.md lists what is.",
                call.path
            ),
            "not_supported_locally",
        )),
    }
}

/// Returns whether a profile fits a user search (`q`), as the Management API's list of users decides it.
///
/// # Errors
/// In the words of the vendor's error, when the search cannot be parsed.
pub fn fits_search(q: &str, user: &Value) -> std::result::Result<bool, String> {
    search::Query::parse(q).map(|query| query.matches(user))
}
