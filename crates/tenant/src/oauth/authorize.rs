//! `/authorize`: from an application's request to a login page, or with single sign-on straight to the Actions.
//!
//! <https://auth0.com/docs/api/authentication/authorization-code-flow/authorize-application>

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use maud::html;
use postlogin_core::Suspension;
use serde_json::{Map, Value, json};

use super::cross_origin;
use super::enabled;
use super::event::{self, Occasion};
use super::finish::{Answer, error_page, send, send_error};
use super::issue::Grant;
use super::membership;
use super::mfa;
use super::organizations::{self, Prompt};
use super::par;
use super::provider;
use super::request::{AuthRequest, WayBack, checked, way_back};
use super::run::{LoginDoc, Ran, follow, keep_open, one_time_code, start};
use super::session::{self, Session};
use super::waiting::{self, Waiting, state_of, wait};
use super::{OAuthError, Result, refused as refusals};
use crate::catalog::is_provider;
use crate::http::csp::leave;
use crate::http::{Call, Content, page, redirect, text};
use crate::management::happenings;
use crate::pages;
use crate::phone;
use crate::randomness::digest;
use crate::records::Code;
use crate::state::Tenant;
use crate::store::Entry;

/// Milliseconds for which a login page stays open.
const PAGE_MS: i64 = 3_600_000;
/// Milliseconds for which a code can be used.
const CODE_MS: i64 = 600_000;

pub(crate) async fn authorize(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    let mut response = answered(&tenant, &call).await;
    refusals::about(&mut response, &call);
    response
}

async fn answered(tenant: &Arc<Tenant>, call: &Call) -> Response {
    let params = match (&call.method, &call.content) {
        (&Method::POST, Content::Form(form)) => form.clone(),
        (&Method::GET, _) => call.query.clone(),
        _ => {
            return error_page(&OAuthError::invalid_request(
                "/authorize accepts GET, or POST with a form",
            ));
        }
    };
    let (params, was_pushed) = match par::resolve(tenant, params) {
        Ok(resolved) => resolved,
        Err(error) => return error_page(&error),
    };
    let (client, back) = match way_back(tenant, &params) {
        Ok(known) => known,
        Err(refused) => return error_page(&refused.0),
    };
    if par::is_required(&client) && !was_pushed {
        let description = "The application must use pushed authorization requests.";
        return send_error(&back, &OAuthError::invalid_request(description));
    }
    match checked(tenant, &client, &back, &params) {
        Ok(request) => begin(tenant, call, client, request)
            .await
            .unwrap_or_else(|error| send_error(&back, &error)),
        Err(error) => send_error(&back, &error),
    }
}

async fn begin(
    tenant: &Arc<Tenant>,
    call: &Call,
    client: Value,
    mut request: AuthRequest,
) -> Result<Response> {
    membership::of_request(tenant, call, &client, &mut request)?;
    let prompts = |name: &str| request.prompt.iter().any(|prompt| prompt == name);
    let session = session::current(tenant, call)?.filter(|session| {
        let age = tenant
            .now_ms()
            .saturating_sub(session.record.authenticated_at);
        let fresh = request
            .max_age
            .is_none_or(|max_age| age < max_age.saturating_mul(1000));
        let asks = prompts("login") || prompts("select_account") || prompts("create");
        // "`true` to disable Single Sign On".
        let asks = asks || client.get("sso_disabled") == Some(&Value::Bool(true));
        let same = request
            .connection
            .as_deref()
            .is_none_or(|name| is_of_connection(tenant, &session.record.user_id, name));
        fresh && !asks && same && is_of_login(tenant, session, &request)
    });
    let (browser, is_new) = session::browser(tenant, call);
    let ticket = request.query.shift_remove("login_ticket");
    let login = LoginDoc {
        id: tenant.randomness.token(),
        browser: digest(&browser),
        request,
        ..LoginDoc::default()
    };
    if let Some(ticket) = ticket.as_ref().and_then(Value::as_str) {
        return cross_origin::redeem(tenant, call, &client, login, ticket).await;
    }
    let mut response = match session {
        Some(session) => signed_in(tenant, call, &client, login, &session).await,
        None if login.request.is_silent() => {
            happenings::refused_silently(tenant, call, &login.request, "Login required");
            return Err(OAuthError::new(400, "login_required", "Login required"));
        }
        None => open_page(tenant, &login)?,
    };
    if is_new {
        session::set_browser_cookie(tenant, &mut response, &browser);
    }
    Ok(response)
}

/// Whether the user of a session is still there, and came by a connection of the login's organization.
fn is_of_login(tenant: &Tenant, session: &Session, request: &AuthRequest) -> bool {
    let Ok(Some(user)) = tenant.store.user(&session.record.user_id) else {
        return false;
    };
    let arrived_by = session.record.connection.as_deref();
    let organization = request.organization.as_deref();
    let connection = event::connection(tenant, &user, arrived_by);
    enabled::enabled(tenant, organization, &connection).signs_in()
}

fn is_of_connection(tenant: &Tenant, user_id: &str, name: &str) -> bool {
    let user = tenant
        .store
        .user(user_id)
        .ok()
        .flatten()
        .unwrap_or_default();
    let identities = user.get("identities").and_then(Value::as_array);
    identities
        .into_iter()
        .flatten()
        .any(|identity| text(identity, "connection") == Some(name))
}

/// Opens the login page, or that for signing up.
pub(crate) fn open_page(tenant: &Tenant, login: &LoginDoc) -> Result<Response> {
    let client = tenant.client(&login.request.client_id)?.unwrap_or_default();
    let organization = login.request.organization.as_deref();
    if login.request.connection.is_none()
        && let Some(closed) = enabled::closed(tenant, &client, organization)
    {
        return Err(OAuthError::invalid_request(closed));
    }
    keep_open(tenant, &login.id, login, PAGE_MS)?;
    let provider = login
        .request
        .connection
        .as_deref()
        .filter(|name| tenant.catalog.connection(name).is_some_and(is_provider));
    if let Some(name) = provider {
        return Ok(redirect(&provider::address(tenant, &login.id, name)));
    }
    let wants_signup = login.request.screen_hint.as_deref() == Some("signup")
        || login.request.prompt.iter().any(|prompt| prompt == "create");
    let asks = organizations::prompt(&client) == Some(Prompt::BeforeLogin);
    let page = match wants_signup {
        _ if asks && login.request.organization.is_none() => "organization",
        true if pages::login::may_sign_up(tenant, &client, login)? => "signup",
        _ if pages::passwordless::is_the_only_way(tenant, &client, login) => "passwordless",
        _ => "login",
    };
    Ok(redirect(
        &tenant.url(&format!("u/{page}?state={}", login.id)),
    ))
}

/// A user is known: the Actions run.
pub(crate) async fn signed_in(
    tenant: &Arc<Tenant>,
    call: &Call,
    client: &Value,
    mut login: LoginDoc,
    session: &Session,
) -> Response {
    let back = login.request.way_back();
    let result = async {
        session::touch(tenant, session, &login.request.client_id)?;
        login.session_key = Some(session.key.clone());
        if let Some(response) =
            ask_organization(tenant, client, &mut login, &session.record.user_id)?
        {
            return Ok(response);
        }
        let occasion = occasion(client, &login, session, call);
        let ran = start(tenant, occasion, call).await?;
        drive(tenant, with_login(ran, login.clone())).await
    };
    result
        .await
        .unwrap_or_else(|error| refused(tenant, &login, &back, &error))
}

/// Makes sure that a login has the organization that its application requires: the user's only one, or that of a page, which
/// is returned.
///
/// # Errors
/// When no user can be asked, and when the user has no organization.
fn ask_organization(
    tenant: &Tenant,
    client: &Value,
    login: &mut LoginDoc,
    user_id: &str,
) -> Result<Option<Response>> {
    let is_required = text(client, "organization_usage") == Some("require");
    if !is_required || login.request.organization.is_some() {
        return Ok(None);
    }
    let prompt = organizations::prompt(client).ok_or_else(organizations::required)?;
    if prompt == Prompt::AfterLogin {
        let mut own = pages::organization::of_user(tenant, user_id)?;
        match (own.len(), own.pop()) {
            (1, only) => {
                login.request.organization = only.map(|(id, _)| id);
                return Ok(None);
            }
            (0, _) => {
                return Err(OAuthError::new(
                    403,
                    "access_denied",
                    "client requires organization membership, but user does not belong to any organization",
                ));
            }
            _ => {}
        }
    }
    if login.request.is_silent() {
        return Err(OAuthError::new(
            403,
            "interaction_required",
            "The organization has to be chosen",
        ));
    }
    keep_open(tenant, &login.id, login, PAGE_MS)?;
    Ok(Some(redirect(
        &tenant.url(&format!("u/organization?state={}", login.id)),
    )))
}

/// An error of a login, for the application or for the person in front of the device's page.
pub(crate) fn refused(
    tenant: &Tenant,
    login: &LoginDoc,
    back: &WayBack,
    error: &OAuthError,
) -> Response {
    match &login.device {
        Some(device) => {
            super::device::refuse(tenant, device, error);
            let mut shown = error_page(error);
            // A refusal of an Action is not an error of the server; the token endpoint alone answers 500.
            if error.error == "access_denied" {
                *shown.status_mut() = StatusCode::FORBIDDEN;
            }
            shown
        }
        None => send_error(back, error),
    }
}

fn with_login(ran: Ran, login: LoginDoc) -> Ran {
    match ran {
        Ran::Granted(grant, mut flow) => {
            flow.login = Some(login);
            Ran::Granted(grant, flow)
        }
        Ran::Waits(mut waiting) => {
            waiting.flow.login = Some(login);
            Ran::Waits(waiting)
        }
    }
}

fn occasion(client: &Value, login: &LoginDoc, session: &Session, call: &Call) -> Occasion {
    let request = &login.request;
    let mut transaction = Map::new();
    let mut put = |key: &str, value: Value| {
        if !value.is_null() {
            transaction.insert(key.to_owned(), value);
        }
    };
    let is_device = login.device.is_some();
    if !is_device {
        put("redirect_uri", json!(request.redirect_uri));
        put("response_mode", json!(request.response_mode));
        put("response_type", json!(request.response_type));
    }
    put("id", json!(login.id.get(..16)));
    put("state", json!(request.state));
    put("login_hint", json!(request.login_hint));
    put("prompt", json!(request.prompt));
    put("acr_values", json!(request.acr_values));
    put("ui_locales", json!(request.ui_locales));
    // `checked` has looked at it.
    let details = request.query.get("authorization_details");
    let details = details.and_then(Value::as_str);
    let details = details.and_then(|details| serde_json::from_str::<Value>(details).ok());
    put(
        "requested_authorization_details",
        details.unwrap_or_default(),
    );
    Occasion {
        client: client.clone(),
        user_id: session.record.user_id.clone(),
        protocol: if is_device {
            "oauth2-device-code"
        } else {
            request.protocol()
        },
        scope: request.scope.clone(),
        audience: request.audience.clone(),
        organization: request.organization.clone(),
        query: request.query.clone(),
        body: if call.path == "/authorize" && call.method == Method::POST {
            call.body_map()
        } else {
            Map::new()
        },
        transaction,
        session: Some(session.record.clone()),
        session_key: Some(session.key.clone()),
        methods: session.record.methods.clone(),
        extra: login.extra.clone(),
        passing: login.passing.clone(),
        ..Occasion::default()
    }
}

/// Continues with a login in a browser: to the application, to another site, or to a page of the tenant.
pub(crate) async fn drive(tenant: &Arc<Tenant>, ran: Ran) -> Result<Response> {
    match ran {
        Ran::Granted(grant, flow) => {
            let login = flow.login.unwrap_or_default();
            if let Some(key) = login.session_key.as_deref().filter(|_| flow.switched) {
                session::hand_over(tenant, key, &grant.user_id)?;
            }
            match login.granted.is_none() && mfa::is_due(tenant, &grant)? {
                true => challenge_of_tenant(tenant, login, *grant),
                false => ask_or_complete(tenant, login, *grant),
            }
        }
        Ran::Waits(waiting) => suspended(tenant, *waiting).await,
    }
}

async fn suspended(tenant: &Arc<Tenant>, mut waiting: Waiting) -> Result<Response> {
    let login = waiting.flow.login.as_ref();
    if login.is_some_and(|login| login.request.is_silent()) {
        let (ended, flow) = waiting::abandon(tenant, waiting).await;
        follow(tenant, ended, flow)?;
        return Err(OAuthError::new(
            403,
            "interaction_required",
            "External interaction required",
        ));
    }
    let (key, response) = match &waiting.suspension {
        Suspension::Redirect { url } => {
            let state = state_of(url);
            (
                state.unwrap_or_else(|| tenant.randomness.token()),
                leave(url),
            )
        }
        Suspension::Prompt { .. } => {
            let key = tenant.randomness.token();
            let response = redirect(&tenant.url(&format!("u/form?state={key}")));
            (key, response)
        }
        Suspension::Challenge { .. } | Suspension::Enroll { .. } => {
            waiting.flow.otp = one_time_code(tenant);
            waiting.flow.attempts = 0;
            phone::challenge(tenant, &waiting.suspension, &waiting.flow).await;
            let key = tenant.randomness.token();
            let response = redirect(&tenant.url(&format!("u/mfa?state={key}")));
            (key, response)
        }
    };
    wait(tenant, &key, &mut waiting)?;
    Ok(response)
}

/// A challenge that the tenant's policy asks for, after all Actions.
fn challenge_of_tenant(tenant: &Tenant, mut login: LoginDoc, grant: Grant) -> Result<Response> {
    if login.request.is_silent() {
        return Err(OAuthError::new(
            403,
            "interaction_required",
            "Multifactor authentication required",
        ));
    }
    login.granted = Some(grant);
    login.otp = Some(one_time_code(tenant));
    keep_open(tenant, &login.id, &login, PAGE_MS)?;
    Ok(redirect(&tenant.url(&format!("u/mfa?state={}", login.id))))
}

/// Asks the user for consent, where the application needs it; else all is done.
pub(crate) fn ask_or_complete(
    tenant: &Tenant,
    mut login: LoginDoc,
    grant: Grant,
) -> Result<Response> {
    if !pages::consent::is_due(tenant, &login, &grant)? {
        return complete(tenant, &login, &grant);
    }
    if login.request.is_silent() {
        return Err(OAuthError::new(403, "consent_required", "Consent required"));
    }
    login.granted = Some(grant);
    keep_open(tenant, &login.id, &login, PAGE_MS)?;
    Ok(redirect(
        &tenant.url(&format!("u/consent?state={}", login.id)),
    ))
}

/// All is done: what was asked for goes to the application.
pub(crate) fn complete(tenant: &Tenant, login: &LoginDoc, grant: &Grant) -> Result<Response> {
    if let Some(device) = &login.device {
        super::device::grant(tenant, device, grant)?;
        let body = html! {
            h1 { "Congratulations, you're all set!" }
            p { "Your device is now connected." }
        };
        return Ok(page(StatusCode::OK, pages::layout("Connected", &body)));
    }
    let request = &login.request;
    let mut answer: Answer = Vec::new();
    let code = match request.wants("code") {
        true => Some(code(tenant, request, grant)?),
        false => None,
    };
    if let Some(code) = &code {
        answer.push(("code", code.clone()));
    }
    let wants_token = request.wants("token");
    if wants_token || request.wants("id_token") {
        if wants_token && let Some(client) = tenant.catalog.client(&grant.client_id) {
            // No proof can come with this request.
            super::dpop::binding(tenant, client, grant.audience.as_deref(), None)?;
        }
        let tokens = grant.tokens(tenant, code.as_deref(), wants_token, None)?;
        if wants_token {
            answer.push(("access_token", tokens.access_token));
            answer.push(("scope", grant.scope.join(" ")));
            answer.push(("expires_in", tokens.expires_in.to_string()));
            answer.push(("token_type", "Bearer".to_owned()));
        }
        if let Some(id_token) = tokens.id_token.filter(|_| request.wants("id_token")) {
            answer.push(("id_token", id_token));
        }
    }
    Ok(send(&request.way_back(), answer))
}

fn code(tenant: &Tenant, request: &AuthRequest, grant: &Grant) -> Result<String> {
    let code = tenant.randomness.token();
    let now = tenant.now_ms();
    let record = Code {
        client_id: grant.client_id.clone(),
        grant: Some(grant.clone()),
        redirect_uri: request.redirect_uri.clone(),
        named_redirect: request.query.contains_key("redirect_uri"),
        code_challenge: request.code_challenge.clone(),
        code_challenge_method: request.code_challenge_method.clone(),
        dpop_jkt: request
            .query
            .get("dpop_jkt")
            .and_then(Value::as_str)
            .map(str::to_owned),
        tokens: None,
    };
    let entry = &digest(&code);
    let entry = Entry::until(entry, now + CODE_MS);
    tenant.store.put(entry, &record, now)?;
    Ok(code)
}
