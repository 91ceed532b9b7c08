//! The login page with its picker of users, and the page for signing up.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use maud::{Markup, html};
use serde_json::{Map, Value, json};

use super::picker::{claims_field, pickable, picked, picker};
use super::{
    connection_name, forgotten, hidden, invited, layout, passwordless, problem, tenant_name,
};
use crate::http::{Call, page_towards, redirect, text};
use crate::oauth::authorize::{refused, signed_in};
use crate::oauth::enabled::enabled;
use crate::oauth::extra::Extra;
use crate::oauth::finish::error_page;
use crate::oauth::grants::check_password;
use crate::oauth::run::{LoginDoc, mark_login};
use crate::oauth::session::Arrival;
use crate::oauth::{OAuthError, Result, provider, refused, session};
use crate::randomness::{digest, same_secret};
use crate::signup;
use crate::signup::identifiers::{self, ATTRIBUTES, AtSignup, at_signup, title};
use crate::state::Tenant;

/// The login that a page belongs to, if this is the browser that opened it.
///
/// One whose user is known already is none: what is still asked of that user has a page of its own.
pub(crate) fn open_login(tenant: &Tenant, call: &Call) -> Result<LoginDoc> {
    let login = found_login(tenant, call)?;
    match login.granted {
        None => Ok(login),
        Some(_) => Err(closed()),
    }
}

/// The same for one whose user is known and has to give a code, or a consent.
pub(crate) fn granted_login(tenant: &Tenant, call: &Call) -> Result<LoginDoc> {
    let login = found_login(tenant, call)?;
    match login.granted {
        Some(_) => Ok(login),
        None => Err(closed()),
    }
}

fn closed() -> OAuthError {
    OAuthError::invalid_request(
        "This page belongs to no login of this browser. Go back to the application and sign in again.",
    )
}

fn found_login(tenant: &Tenant, call: &Call) -> Result<LoginDoc> {
    let state = call.field("state").ok_or_else(closed)?;
    let login = tenant
        .store
        .get::<LoginDoc>(&digest(state), tenant.now_ms())?
        .ok_or_else(closed)?;
    require_browser(tenant, call, &login)?;
    Ok(login)
}

/// Refuses a browser that did not begin the login: no link of another user signs a user in.
pub(crate) fn require_browser(tenant: &Tenant, call: &Call, login: &LoginDoc) -> Result<()> {
    let known = session::browser_of(tenant, call)
        .is_some_and(|cookie| same_secret(&digest(cookie), &login.browser));
    match known {
        true => Ok(()),
        false => Err(OAuthError::invalid_request(
            "This page belongs to another browser, or cookies are blocked. Go back to the application and sign in again.",
        )),
    }
}

pub(crate) async fn login(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    let result = async {
        let login = open_login(&tenant, &call)?;
        match call.method {
            Method::POST => sign_in(&tenant, &call, login).await,
            _ => login_page(&tenant, &call, &login, StatusCode::OK, None),
        }
    };
    result.await.unwrap_or_else(|error| error_page(&error))
}

async fn sign_in(tenant: &Arc<Tenant>, call: &Call, login: LoginDoc) -> Result<Response> {
    let client = tenant.client(&login.request.client_id)?.unwrap_or_default();
    let mut login = login;
    if call.body_field("action") == Some("cancel") {
        tenant.store.remove::<LoginDoc>(&digest(&login.id))?;
        let error = OAuthError::new(403, "access_denied", "User did not authorize the request");
        return Ok(refused(tenant, &login, &login.request.way_back(), &error));
    }
    match Extra::written(call.body_field("claims").unwrap_or_default()) {
        Ok(extra) => login.extra = extra,
        Err(wrong) => {
            return login_page(tenant, call, &login, StatusCode::BAD_REQUEST, Some(&wrong));
        }
    }
    let (user_id, method) = match call.body_field("user_id") {
        Some(user_id) => (picked(tenant, &client, &login, user_id)?, "mock"),
        None => {
            let name = database(tenant, &client, &login);
            let username = call.body_field("username").unwrap_or_default();
            if let Some(connection) = provider::of_domain(tenant, &client, &login, username) {
                let name = text(connection, "name").unwrap_or_default();
                return Ok(redirect(&provider::address(tenant, &login.id, name)));
            }
            let secret = call.body_field("password").unwrap_or_default();
            (
                check_password(tenant, &name, username, secret).await?,
                "pwd",
            )
        }
    };
    let Some(user_id) = &user_id else {
        let wrong = "Wrong email or password.";
        let mut response = login_page(tenant, call, &login, StatusCode::BAD_REQUEST, Some(wrong))?;
        let error = OAuthError::new(400, "invalid_user_password", wrong);
        refused::mark(&mut response, &error);
        refused::about(&mut response, call);
        return Ok(response);
    };
    let arrival = Arrival {
        user_id,
        method,
        connection: None,
    };
    proceed(tenant, call, &client, login, arrival).await
}

/// The session begins and the Actions run.
pub(crate) async fn proceed(
    tenant: &Arc<Tenant>,
    call: &Call,
    client: &Value,
    login: LoginDoc,
    arrival: Arrival<'_>,
) -> Result<Response> {
    use_up(tenant, &login)?;
    mark_login(tenant, arrival.user_id, &call.ip)?;
    arrive(tenant, call, client, login, arrival).await
}

/// Uses the page of a login up: of two requests at once, one continues.
pub(super) fn use_up(tenant: &Tenant, login: &LoginDoc) -> Result<()> {
    let key = digest(&login.id);
    let taken = tenant.store.take::<LoginDoc>(&key, tenant.now_ms())?;
    let used = || {
        OAuthError::invalid_request(
            "This page has been used already. Go back to the application and sign in again.",
        )
    };
    taken.map(|_| ()).ok_or_else(used)
}

/// Begins the session of a user whose login is counted, and runs the Actions.
pub(super) async fn arrive(
    tenant: &Arc<Tenant>,
    call: &Call,
    client: &Value,
    login: LoginDoc,
    arrival: Arrival<'_>,
) -> Result<Response> {
    let (session, cookie) = session::begin(tenant, call, arrival)?;
    let mut response = signed_in(tenant, call, client, login, &session).await;
    session::set_cookie(tenant, &mut response, &cookie);
    Ok(response)
}

/// The database of a login: the one that was asked for, or the application's own.
pub(super) fn database(tenant: &Tenant, client: &Value, login: &LoginDoc) -> String {
    let asked = login.request.connection.as_deref();
    let organization = login.request.organization.as_deref();
    let is_own = |found: &&Value| enabled(tenant, organization, found).signs_in();
    let default = tenant.catalog.default_database(client);
    let found = default
        .filter(is_own)
        .or_else(|| tenant.catalog.databases(client).find(is_own));
    let known = found.or(default).and_then(|found| text(found, "name"));
    asked.or(known).unwrap_or_default().to_owned()
}

/// Whether the page has a button for a connection: neither the connection nor the organization of the login hides it.
fn has_button(tenant: &Tenant, login: &LoginDoc, connection: &Value) -> bool {
    let organization = login.request.organization.as_deref();
    connection.get("show_as_button") != Some(&Value::Bool(false))
        && enabled(tenant, organization, connection).has_button()
}

/// Whether users of a login may have a password: by the connection that it names, else by any database of the application.
pub(super) fn has_passwords(tenant: &Tenant, client: &Value, login: &LoginDoc) -> bool {
    let organization = login.request.organization.as_deref();
    let asked = login.request.connection.as_deref();
    let mut databases = tenant.catalog.databases(client);
    databases.any(|it| {
        asked.is_none_or(|asked| text(it, "name") == Some(asked))
            && enabled(tenant, organization, it).signs_in()
    })
}

/// Whether the organization of a login lets users sign up, or has invited one; without a database no user can.
pub(crate) fn may_sign_up(tenant: &Tenant, client: &Value, login: &LoginDoc) -> Result<bool> {
    if !has_passwords(tenant, client, login) {
        return Ok(false);
    }
    let name = database(tenant, client, login);
    let Some(connection) = tenant.catalog.connection(&name) else {
        return Ok(true);
    };
    let organization = login.request.organization.as_deref();
    Ok(enabled(tenant, organization, connection).signs_up()
        || invited::of(tenant, login)?.is_some())
}

fn login_page(
    tenant: &Tenant,
    call: &Call,
    login: &LoginDoc,
    status: StatusCode,
    wrong: Option<&str>,
) -> Result<Response> {
    let client = tenant.client(&login.request.client_id)?.unwrap_or_default();
    let name = text(&client, "name").unwrap_or_default();
    // What was typed before an error stays.
    let invited = invited::of(tenant, login)?;
    let typed = call
        .body_field("username")
        .or(login.request.login_hint.as_deref())
        .or(invited.as_ref().map(|it| it.invitee.as_str()));
    let hint = typed.unwrap_or_default();
    let state = hidden("state", &login.id);
    let find = call.query.get("find");
    let users = pickable(tenant, &client, login, find)?;
    let written = call.body_field("claims").unwrap_or_default();
    let connection = tenant.catalog.connection(&database(tenant, &client, login));
    let label = identifiers::label(connection.unwrap_or(&Value::Null));
    // Users of another site have their password there.
    let by_domain = provider::has_domains(tenant, &client);
    let by_password = has_passwords(tenant, &client, login);
    let by_code = passwordless::first(tenant, &client, login).is_some();
    let body = html! {
        h1 { "Welcome" }
        p { "Log in to " (tenant_name(tenant)) " to continue to " (name) "." }
        (invited::note(tenant, invited.as_ref()))
        (problem(wrong))
        @if !users.is_empty() || find.is_some() { (picker(&state, &users, find, written)) }
        @if by_password || by_domain {
            form method="post" action="/u/login" {
                (state)
                label {
                    (if by_password { label.as_str() } else { "Email address" })
                    input name="username" value=(hint) autocomplete="username" required autofocus[hint.is_empty()];
                }
                @if by_password {
                    label {
                        "Password"
                        input type="password" name="password" autocomplete="current-password" required[!by_domain] autofocus[!hint.is_empty()];
                    }
                }
                (claims_field(written))
                button name="action" value="default" { "Continue" }
            }
        }
        @if forgotten::is_offered(tenant, &client, login) {
            p { a href={ "/u/reset-password?state=" (login.id) } { "Forgot password?" } }
        }
        @if by_code && !by_password {
            p { a.button href={ "/u/passwordless?state=" (login.id) } { "Continue with a code" } }
        }
        @if may_sign_up(tenant, &client, login)? {
            p {
                "Don't have an account? "
                a href={ "/u/signup?state=" (login.id) } { "Sign up" }
            }
        }
        @for connection in tenant.catalog.providers(&client).filter(|it| has_button(tenant, login, it)) {
            @let name = text(connection, "name").unwrap_or_default();
            p {
                a.button href=(provider::address(tenant, &login.id, name)) {
                    "Continue with " (connection_name(connection))
                }
            }
        }
        form.apart method="post" action="/u/login" {
            (state)
            button.user name="action" value="cancel" { "Cancel" }
        }
    };
    Ok(page_towards(
        status,
        layout("Log in", &body),
        &[&login.request.redirect_uri],
    ))
}

pub(crate) async fn sign_up(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    let result = async {
        let login = open_login(&tenant, &call)?;
        if call.method != Method::POST {
            return signup_page(&tenant, &call, &login, StatusCode::OK, None);
        }
        let client = tenant.client(&login.request.client_id)?.unwrap_or_default();
        if !may_sign_up(&tenant, &client, &login)? {
            let wrong = "Sign-up is not enabled for this organization.";
            return signup_page(&tenant, &call, &login, StatusCode::BAD_REQUEST, Some(wrong));
        }
        let mut fields = Map::new();
        for key in ["email", "password", "phone_number", "username"] {
            if let Some(value) = call.body_field(key) {
                fields.insert(key.into(), value.into());
            }
        }
        fields.insert("client_id".into(), json!(login.request.client_id));
        fields.insert(
            "connection".into(),
            database(&tenant, &client, &login).into(),
        );
        let asked = login.request.ui_locales.iter().map(String::as_str);
        let locale = crate::oauth::event::locale(&tenant, asked, Some(&call));
        let transaction = crate::triggers::events::transaction(&login.request, locale);
        match signup::create(&tenant, &call, &fields, Some(transaction)).await? {
            Ok(user) => {
                let id = text(&user, "user_id").unwrap_or_default().to_owned();
                let arrival = Arrival {
                    user_id: &id,
                    method: "pwd",
                    connection: None,
                };
                proceed(&tenant, &call, &client, login, arrival).await
            }
            Err(refusal) => signup_page(
                &tenant,
                &call,
                &login,
                StatusCode::BAD_REQUEST,
                Some(&refusal.for_people()),
            ),
        }
    };
    result.await.unwrap_or_else(|error| error_page(&error))
}

/// Returns the attributes that the page for signing up asks for, and whether each is required.
fn asked_at_signup(connection: Option<&Value>) -> Vec<(&'static str, bool)> {
    let connection = connection.unwrap_or(&Value::Null);
    let asks = |attribute: &str| match at_signup(connection, attribute) {
        AtSignup::Off => None,
        AtSignup::Required => Some(true),
        // Without flexible identifiers, users are not asked for what is not required.
        AtSignup::Optional => identifiers::are_flexible(connection).then_some(false),
    };
    let all = ATTRIBUTES.iter().copied();
    all.filter_map(|attribute| Some((attribute, asks(attribute)?)))
        .collect()
}

fn signup_field(call: &Call, attribute: &str, required: bool, hint: &str) -> Markup {
    let (kind, completes) = match attribute {
        "email" => ("email", "email"),
        "phone_number" => ("tel", "tel"),
        _ => ("text", "username"),
    };
    let typed = match attribute {
        "email" => hint,
        other => call.body_field(other).unwrap_or_default(),
    };
    let mut title = title(attribute).to_owned();
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    html! {
        label {
            (title) @if !required { " (optional)" }
            input type=(kind) name=(attribute) value=(typed) autocomplete=(completes) required[required]
                autofocus[typed.is_empty() && attribute == "email"];
        }
    }
}

fn signup_page(
    tenant: &Tenant,
    call: &Call,
    login: &LoginDoc,
    status: StatusCode,
    wrong: Option<&str>,
) -> Result<Response> {
    let state = hidden("state", &login.id);
    let invited = invited::of(tenant, login)?;
    let typed = call
        .body_field("email")
        .or(login.request.login_hint.as_deref())
        .or(invited.as_ref().map(|it| it.invitee.as_str()));
    let hint = typed.unwrap_or_default();
    let client = tenant.client(&login.request.client_id)?.unwrap_or_default();
    let found = tenant.catalog.connection(&database(tenant, &client, login));
    let policy = found.and_then(signup::policy);
    let body = html! {
        h1 { "Sign up" }
        p { "Sign up to " (tenant_name(tenant)) " to continue to " (text(&client, "name").unwrap_or_default()) "." }
        (invited::note(tenant, invited.as_ref()))
        (problem(wrong))
        form method="post" action="/u/signup" {
            (state)
            @for (attribute, required) in asked_at_signup(found) { (signup_field(call, attribute, required, hint)) }
            label {
                "Password"
                input type="password" name="password" autocomplete="new-password" required autofocus[!hint.is_empty()];
            }
            @if let Some(policy) = policy { p.note.policy { (policy) } }
            button { "Continue" }
        }
        p {
            "Already have an account? "
            a href={ "/u/login?state=" (login.id) } { "Log in" }
        }
    };
    Ok(page_towards(
        status,
        layout("Sign up", &body),
        &[&login.request.redirect_uri],
    ))
}
