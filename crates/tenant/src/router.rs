//! Which path leads where, and what holds for all of them.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodRouter, any, get};
use axum::{Extension, Router};
use serde_json::json;
use tower_service::Service as _;

use crate::http::csp::let_leave;
use crate::http::intake::Intake;
use crate::http::{answer, set};
use crate::oauth::{
    authenticators, authorize, cross_origin, device, discovery, logout, mfa, par, passwordless,
    provider, refused, resume, token, userinfo,
};
use crate::pages::{consent, forgotten, form, index, login};
use crate::pages::{
    mfa as mfa_page, organization as organization_page, passwordless as passwordless_page,
    provider as provider_page,
};
use crate::site::Site;
use crate::state::{Front, Tenant};
use crate::triggers::streams;
use crate::trouble::caught;
use crate::{control, email, lock, management, page, signup};

/// One path: what it takes in, and what answers.
type Row = (&'static str, Intake, MethodRouter<Front>);

/// Every path of the tenant.
fn table() -> Vec<Row> {
    let challenge = || any(lock::challenge);
    vec![
        ("/", Intake::PAGE, get(index::index)),
        ("/favicon.ico", Intake::PAGE, get(index::icon)),
        ("/health", Intake::PAGE, get(index::health)),
        (
            "/.well-known/openid-configuration",
            Intake::TOKEN,
            get(discovery::configuration),
        ),
        // RFC 8414: production answers both alike.
        (
            "/.well-known/oauth-authorization-server",
            Intake::TOKEN,
            get(discovery::configuration),
        ),
        (
            "/.well-known/jwks.json",
            Intake::TOKEN,
            get(discovery::keys),
        ),
        ("/pem", Intake::TOKEN, get(discovery::certificate)),
        ("/authorize", Intake::PAGE, any(authorize::authorize)),
        ("/login/callback", Intake::PAGE, any(provider::callback)),
        ("/continue", Intake::PAGE, any(resume::resume)),
        ("/oauth/token", Intake::TOKEN, any(token::token)),
        ("/oauth/revoke", Intake::TOKEN, any(token::revoke)),
        (
            "/passwordless/start",
            Intake::TOKEN,
            any(passwordless::begin),
        ),
        (
            "/passwordless/verify_redirect",
            Intake::PAGE,
            get(passwordless::follow_link),
        ),
        ("/ready", Intake::PAGE, get(index::ready)),
        ("/oauth/par", Intake::TOKEN, any(par::push)),
        ("/oauth/device/code", Intake::TOKEN, any(device::code)),
        ("/activate", Intake::PAGE, any(device::activate)),
        ("/client/{file}", Intake::TOKEN, get(lock::client)),
        (
            "/co/authenticate",
            Intake::TOKEN,
            any(cross_origin::authenticate),
        ),
        ("/usernamepassword/challenge", Intake::TOKEN, challenge()),
        (
            "/dbconnections/signup/challenge",
            Intake::TOKEN,
            challenge(),
        ),
        (
            "/dbconnections/change_password/challenge",
            Intake::TOKEN,
            challenge(),
        ),
        ("/mfa/challenge", Intake::TOKEN, any(mfa::challenge)),
        (
            "/mfa/associate",
            Intake::FACTOR,
            any(authenticators::associate),
        ),
        (
            "/mfa/authenticators",
            Intake::FACTOR,
            get(authenticators::list),
        ),
        (
            "/mfa/authenticators/{id}",
            Intake::FACTOR,
            any(authenticators::remove),
        ),
        ("/userinfo", Intake::USERINFO, any(userinfo::userinfo)),
        ("/v2/logout", Intake::PAGE, get(logout::logout_v2)),
        ("/oidc/logout", Intake::PAGE, any(logout::logout_oidc)),
        (
            "/dbconnections/signup",
            Intake::SIGN_UP,
            any(signup::sign_up),
        ),
        (
            "/dbconnections/change_password",
            Intake::TOKEN,
            any(signup::change_password),
        ),
        ("/u/login", Intake::PAGE, any(login::login)),
        (
            "/u/organization",
            Intake::PAGE,
            any(organization_page::organization),
        ),
        ("/u/signup", Intake::PAGE, any(login::sign_up)),
        ("/u/reset-password", Intake::PAGE, any(forgotten::forgotten)),
        (
            "/u/passwordless",
            Intake::PAGE,
            any(passwordless_page::passwordless),
        ),
        ("/u/mfa", Intake::PAGE, any(mfa_page::challenge)),
        ("/u/consent", Intake::PAGE, any(consent::consent)),
        ("/u/form", Intake::PAGE, any(form::form)),
        ("/u/provider", Intake::PROFILE, any(provider_page::provider)),
        ("/u/ticket", Intake::PAGE, any(email::ticket)),
        (
            "/api/v2/{*path}",
            Intake::MANAGEMENT,
            any(management::management),
        ),
        (
            "/exports/{file}",
            Intake::TOKEN,
            get(management::jobs::download),
        ),
        ("/_postlogin", Intake::PAGE, get(page::page)),
        (page::PATH, Intake::PAGE, get(page::page)),
        ("/_postlogin/page.js", Intake::PAGE, get(page::script)),
        ("/_postlogin/page.css", Intake::PAGE, get(page::style)),
        ("/_postlogin/outbox", Intake::PAGE, get(email::outbox)),
        ("/_postlogin/users", Intake::IMPORT, any(control::control)),
        ("/_postlogin/import", Intake::IMPORT, any(control::control)),
        ("/_postlogin/runs", Intake::RUN, any(control::control)),
        ("/_postlogin/generated", Intake::RUN, any(control::control)),
        (
            "/_postlogin/event-problems",
            Intake::RUN,
            any(control::control),
        ),
        (
            "/_postlogin/{*path}",
            Intake::CONTROL,
            any(control::control),
        ),
    ]
}

/// Everything that the tenant answers. A request goes to the routes of the address that its `Host` names, else to those of the first
/// one.
#[expect(clippy::needless_pass_by_value, reason = "it lives on in the router")]
pub fn router(tenant: Arc<Tenant>) -> Router {
    let sites = tenant.sites.iter();
    let routers: Vec<(Arc<Site>, Router)> = sites
        .map(|site| (Arc::clone(site), of_site(tenant.front(site))))
        .collect();
    let first = routers.first().map(|(_, router)| router.clone());
    let first = first.unwrap_or_default();
    if routers.len() < 2 {
        return first;
    }
    let routers: Arc<[(Arc<Site>, Router)]> = routers.into();
    Router::new().fallback(move |request: Request| {
        let mut chosen = chosen(&routers, request.headers()).unwrap_or_else(|| first.clone());
        async move {
            let answered: Result<Response, Infallible> = chosen.call(request).await;
            answered.unwrap_or_else(|never| match never {})
        }
    })
}

/// The routes of the address that a `Host` header names: with its port, else by its name alone.
fn chosen(routers: &[(Arc<Site>, Router)], headers: &HeaderMap) -> Option<Router> {
    let host = headers.get("host")?.to_str().ok()?;
    let name = name_of(host)?;
    let find = |with_any_port| {
        let mut routers = routers.iter();
        routers.find(|(site, _)| site.fits(host, name, with_any_port))
    };
    let (_, router) = find(false).or_else(|| find(true))?;
    Some(router.clone())
}

/// The routes of one address.
fn of_site(front: Front) -> Router {
    let rows = table().into_iter();
    rows.fold(Router::new(), |router, (path, intake, methods)| {
        router.route(path, methods.layer(Extension(intake)))
    })
    .fallback(nowhere)
    .layer(from_fn_with_state(front.clone(), everywhere))
    .with_state(front)
}

async fn nowhere(request: Request) -> Response {
    // What production has and this does not should not look like a slip of the pen.
    let known = [
        "/samlp",
        "/wsfed",
        "/oidc/register",
        "/bc-authorize",
        "/tokeninfo",
        "/cer",
        "/rawpem",
        "/pb7",
        "/me/",
        "/passkey/",
    ];
    let path = request.uri().path();
    if known.iter().any(|prefix| path.starts_with(prefix)) {
        let message = format!(
            "{path} is not supported by the local tenant; see https://github.com/postlogin/postlogin/blob/main/docs/book/src/reference/tenant.md"
        );
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

/// A GET of these uses something up or ends a session, and HEAD must not (RFC 9110, 9.2.1). Scanners of mails send it.
const CHANGES: &[&str] = &[
    "/authorize",
    "/continue",
    "/login/callback",
    "/passwordless/verify_redirect",
    "/u/ticket",
    "/v2/logout",
    "/oidc/logout",
];

/// Refuses foreign host names and adds the headers of CORS.
async fn everywhere(State(tenant): State<Arc<Tenant>>, request: Request, next: Next) -> Response {
    if !is_own_host(&tenant, request.headers()) {
        let message = "The request's Host is not a name of this tenant. Start the tenant with --allow-host or --issuer to add the name.";
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
        "/passwordless/",
        "/co/",
        "/usernamepassword/",
    ];
    let is_shared = shared
        .iter()
        .any(|prefix| request.uri().path().starts_with(prefix));
    let with_cookies = request.uri().path().starts_with("/co/");
    let allowed = origin.filter(|origin| is_shared && tenant.knows_origin(origin));
    if request.method() == Method::HEAD && CHANGES.contains(&request.uri().path()) {
        return Response::new(Body::empty());
    }
    let is_preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key("access-control-request-method");
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let shown = format!("{method} {}", request.uri().path());
    let mut response = match is_preflight && is_shared {
        true => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        }
        false => {
            let answered = caught(next.run(request), &shown).await;
            streams::deliver(&tenant);
            let mut answered = answered.unwrap_or_else(broken);
            refused::note(&tenant, &shown, &mut answered);
            let_leave(&method, &headers, answered)
        }
    };
    if is_shared {
        set(&mut response, "vary", "Origin");
    }
    if let Some(origin) = allowed {
        set(&mut response, "access-control-allow-origin", &origin);
        set(
            &mut response,
            "access-control-allow-methods",
            "GET, POST, PUT, PATCH, DELETE, OPTIONS",
        );
        set(
            &mut response,
            "access-control-allow-headers",
            "authorization, content-type, auth0-client, dpop, x-request-language",
        );
        // Which a page has to read before it can send a proof.
        set(
            &mut response,
            "access-control-expose-headers",
            "dpop-nonce, www-authenticate",
        );
        set(&mut response, "access-control-max-age", "600");
        if with_cookies {
            set(&mut response, "access-control-allow-credentials", "true");
        }
    }
    response
}

/// The answer of a handler that panicked: the connection and all others continue.
fn broken() -> Response {
    let message = "An error in the local tenant itself: see its stderr.";
    answer(
        StatusCode::INTERNAL_SERVER_ERROR,
        &json!({"statusCode": 500, "error": "server_error", "error_description": message, "message": message}),
    )
}

/// A page of the web must not reach this server through a name of its own that leads here (DNS rebinding).
fn is_own_host(tenant: &Tenant, headers: &HeaderMap) -> bool {
    let Some(host) = headers.get("host") else {
        // HTTP/1.0, and tests without sockets.
        return true;
    };
    // One that is not ASCII is no name of ours.
    let Ok(host) = host.to_str() else {
        return false;
    };
    if host.eq_ignore_ascii_case(&tenant.site.authority) {
        return true;
    }
    let Some(name) = name_of(host) else {
        return false;
    };
    name.eq_ignore_ascii_case("localhost")
        || name.eq_ignore_ascii_case(&tenant.site.domain)
        || name.parse::<std::net::IpAddr>().is_ok()
        || (tenant.hosts.iter()).any(|known| name.eq_ignore_ascii_case(known))
}

/// Returns the name or address in a `Host` header; `None` when it is no `host` or `host:port` (RFC 9110, 7.2): what comes after the
/// port could be another host for whoever makes a link of it (`127.0.0.1:3000@evil.example`).
fn name_of(host: &str) -> Option<&str> {
    let (name, rest) = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let is_port = |port: &str| port.bytes().all(|digit| digit.is_ascii_digit());
    let is_whole = rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port);
    is_whole.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn a_host_is_a_name_and_a_port_and_nothing_else() {
        for (host, name) in [
            ("localhost", "localhost"),
            ("localhost:3000", "localhost"),
            ("127.0.0.1:3000", "127.0.0.1"),
            ("127.0.0.1:", "127.0.0.1"),
            ("[::1]", "::1"),
            ("[::1]:3000", "::1"),
        ] {
            assert_eq!(name_of(host), Some(name), "{host}");
        }
        for host in [
            "127.0.0.1:3777@evil.example",
            "localhost:@evil.example",
            "localhost:3000:4000",
            "localhost:3000/x",
            "localhost:3000 evil.example",
            "localhost:+3",
            "[::1",
            "[::1]@evil.example",
            "[::1]3000",
            "[::1]:3000@evil.example",
            "[::1].evil.example",
        ] {
            assert_eq!(name_of(host), None, "{host}");
        }
    }
}
