//! Which path leads where, and what holds for all of them.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{any, get};
use serde_json::json;

use crate::http::{answer, set};
use crate::oauth::{
    authenticators, authorize, cross_origin, device, discovery, logout, mfa, par, provider, resume,
    token, userinfo,
};
use crate::pages::{form, index, login, mfa as mfa_page, provider as provider_page};
use crate::state::Tenant;
use crate::{control, email, lock, management, signup};

/// Everything that the tenant answers.
pub fn router(tenant: Arc<Tenant>) -> Router {
    Router::new()
        .route("/", get(index::index))
        .route("/health", get(index::health))
        .route(
            "/.well-known/openid-configuration",
            get(discovery::configuration),
        )
        .route("/.well-known/jwks.json", get(discovery::keys))
        .route("/authorize", any(authorize::authorize))
        .route("/login/callback", any(provider::callback))
        .route("/continue", any(resume::resume))
        .route("/oauth/token", any(token::token))
        .route("/oauth/revoke", any(token::revoke))
        .route("/oauth/par", any(par::push))
        .route("/oauth/device/code", any(device::code))
        .route("/activate", any(device::activate))
        .route("/client/{file}", get(lock::client))
        .route("/co/authenticate", any(cross_origin::authenticate))
        .route("/usernamepassword/challenge", any(lock::challenge))
        .route("/dbconnections/signup/challenge", any(lock::challenge))
        .route(
            "/dbconnections/change_password/challenge",
            any(lock::challenge),
        )
        .route("/mfa/challenge", any(mfa::challenge))
        .route("/mfa/associate", any(authenticators::associate))
        .route("/mfa/authenticators", get(authenticators::list))
        .route("/userinfo", any(userinfo::userinfo))
        .route("/v2/logout", get(logout::logout_v2))
        .route("/oidc/logout", any(logout::logout_oidc))
        .route("/dbconnections/signup", any(signup::sign_up))
        .route(
            "/dbconnections/change_password",
            any(signup::change_password),
        )
        .route("/u/login", any(login::login))
        .route("/u/signup", any(login::sign_up))
        .route("/u/mfa", any(mfa_page::challenge))
        .route("/u/form", any(form::form))
        .route("/u/provider", any(provider_page::provider))
        .route("/u/ticket", any(email::ticket))
        .route("/api/v2/{*path}", any(management::management))
        .route("/_postlogin/outbox", get(email::outbox))
        .route("/_postlogin/{*path}", any(control::control))
        .fallback(nowhere)
        .layer(from_fn_with_state(Arc::clone(&tenant), everywhere))
        .with_state(tenant)
}

async fn nowhere(request: Request) -> Response {
    // What production has and this does not should not look like a slip of the pen.
    let known = [
        "/passwordless",
        "/samlp",
        "/wsfed",
        "/oidc/register",
        "/bc-authorize",
        "/tokeninfo",
        "/mfa/authenticators/",
        "/me/",
    ];
    let path = request.uri().path();
    if known.iter().any(|prefix| path.starts_with(prefix)) {
        let message =
            format!("{path} is not supported by the local tenant; docs/tenant.md lists what is.");
        return answer(
            StatusCode::NOT_IMPLEMENTED,
            &json!({"error": "not_supported_locally", "error_description": message}),
        );
    }
    answer(
        StatusCode::NOT_FOUND,
        &json!({"statusCode": 404, "error": "Not Found", "message": "Not Found"}),
    )
}

/// Refuses foreign host names and adds the headers of CORS.
async fn everywhere(State(tenant): State<Arc<Tenant>>, request: Request, next: Next) -> Response {
    if !is_own_host(&tenant, request.headers()) {
        let message = "The request's Host is none of this tenant. Start it with --issuer to give it that name.";
        return answer(
            StatusCode::MISDIRECTED_REQUEST,
            &json!({"error": "invalid_request", "error_description": message}),
        );
    }
    let origin = request
        .headers()
        .get("origin")
        .and_then(|origin| origin.to_str().ok())
        .map(str::to_owned);
    let shared = [
        "/oauth/",
        "/userinfo",
        "/.well-known/",
        "/api/v2/",
        "/dbconnections/",
        "/mfa/",
        "/co/",
        "/usernamepassword/",
    ];
    let is_shared = shared
        .iter()
        .any(|prefix| request.uri().path().starts_with(prefix));
    let with_cookies = request.uri().path().starts_with("/co/");
    let allowed = origin.filter(|origin| is_shared && tenant.knows_origin(origin));
    let is_preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key("access-control-request-method");
    let mut response = match is_preflight && is_shared {
        true => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        }
        false => next.run(request).await,
    };
    if is_shared {
        set(&mut response, "vary", "Origin");
    }
    if let Some(origin) = allowed {
        set(&mut response, "access-control-allow-origin", &origin);
        set(
            &mut response,
            "access-control-allow-methods",
            "GET, POST, PATCH, DELETE, OPTIONS",
        );
        set(
            &mut response,
            "access-control-allow-headers",
            "authorization, content-type, auth0-client",
        );
        set(&mut response, "access-control-max-age", "600");
        if with_cookies {
            set(&mut response, "access-control-allow-credentials", "true");
        }
    }
    response
}

/// A page of the web must not reach this server through a name of its own that leads here (DNS rebinding).
fn is_own_host(tenant: &Tenant, headers: &HeaderMap) -> bool {
    let Some(host) = headers.get("host").and_then(|host| host.to_str().ok()) else {
        // HTTP/1.0, and tests without sockets.
        return true;
    };
    if host.eq_ignore_ascii_case(&tenant.authority) {
        return true;
    }
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<std::net::IpAddr>().is_ok()
}
