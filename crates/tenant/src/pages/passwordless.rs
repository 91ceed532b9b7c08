//! The page of a login with a one-time code: an address or a phone number, then the code.
//!
//! <https://auth0.com/docs/authenticate/passwordless/implement-login/universal-login>

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;

use super::login::{arrive, has_passwords, open_login, use_up};
use super::picker::{pickable, picker};
use super::{hidden, layout, problem, tenant_name};
use crate::catalog::is_provider;
use crate::http::{Call, page_towards, text};
use crate::oauth::authorize::refused;
use crate::oauth::enabled::enabled;
use crate::oauth::finish::error_page;
use crate::oauth::passwordless::{check_code, send_code};
use crate::oauth::run::LoginDoc;
use crate::oauth::session::Arrival;
use crate::oauth::{OAuthError, Result};
use crate::randomness::digest;
use crate::state::Tenant;

/// The passwordless connections by which the user of a login may sign in.
fn open<'a>(
    tenant: &'a Tenant,
    client: &'a Value,
    login: &'a LoginDoc,
) -> impl Iterator<Item = &'a Value> {
    let organization = login.request.organization.as_deref();
    let asked = login.request.connection.as_deref();
    let all = tenant.catalog.passwordless(client);
    all.filter(move |it| {
        asked.is_none_or(|asked| text(it, "name") == Some(asked))
            && enabled(tenant, organization, it).signs_in()
    })
}

/// Returns the first of them.
pub(super) fn first<'a>(
    tenant: &'a Tenant,
    client: &'a Value,
    login: &'a LoginDoc,
) -> Option<&'a Value> {
    open(tenant, client, login).next()
}

/// Whether the user of a login has a code, and neither a password nor another site to sign in at.
pub(crate) fn is_the_only_way(tenant: &Tenant, client: &Value, login: &LoginDoc) -> bool {
    let organization = login.request.organization.as_deref();
    let is_elsewhere = |it: &Value| is_provider(it) && enabled(tenant, organization, it).signs_in();
    let is_asked = login.request.connection.is_some();
    first(tenant, client, login).is_some()
        && !has_passwords(tenant, client, login)
        && (is_asked || !tenant.catalog.providers(client).any(is_elsewhere))
}

pub(crate) async fn passwordless(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    let result = answered(&tenant, &call).await;
    result.unwrap_or_else(|error| error_page(&error))
}

/// The state of the page.
enum Step<'a> {
    /// It asks for an address or a number.
    Contact,
    /// It asks for the code that was sent by a connection.
    Code(&'a str, &'a str),
}

async fn answered(tenant: &Arc<Tenant>, call: &Call) -> Result<Response> {
    let login = open_login(tenant, call)?;
    let client = tenant.client(&login.request.client_id)?.unwrap_or_default();
    if first(tenant, &client, &login).is_none() {
        return Err(OAuthError::invalid_request(
            "This login has no passwordless connection.",
        ));
    }
    if call.method != Method::POST {
        return shown(tenant, call, &client, &login, &Step::Contact, None);
    }
    if call.body_field("action") == Some("cancel") {
        tenant.store.remove::<LoginDoc>(&digest(&login.id))?;
        let error = OAuthError::new(403, "access_denied", "User did not authorize the request");
        return Ok(refused(tenant, &login, &login.request.way_back(), &error));
    }
    let name = call.body_field("connection").unwrap_or_default();
    let found = open(tenant, &client, &login).find(|it| text(it, "name") == Some(name));
    let Some(connection) = found else {
        let wrong = "The connection is not one of this login.";
        return shown(tenant, call, &client, &login, &Step::Contact, Some(wrong));
    };
    let to = call.body_field("to").unwrap_or_default().trim();
    let Some(code) = call.body_field("code").map(str::trim) else {
        return match send_code(tenant, call, &client, (name, to)).await {
            Ok(()) => shown(tenant, call, &client, &login, &Step::Code(name, to), None),
            Err(error) if error.status.is_client_error() => {
                let wrong = Some(error.description.as_str());
                shown(tenant, call, &client, &login, &Step::Contact, wrong)
            }
            Err(error) => Err(error),
        };
    };
    let user_id = match check_code(tenant, call, &client, (name, to), code).await {
        Ok(user_id) => user_id,
        Err(error) if error.error == "invalid_grant" => {
            let wrong = Some(error.description.as_str());
            return shown(tenant, call, &client, &login, &Step::Code(name, to), wrong);
        }
        Err(error) => return Ok(refused(tenant, &login, &login.request.way_back(), &error)),
    };
    use_up(tenant, &login)?;
    let name = name.to_owned();
    let method = match text(connection, "strategy") {
        Some("sms") => "sms",
        _ => "email",
    };
    let arrival = Arrival {
        user_id: &user_id,
        method,
        connection: Some(&name),
    };
    arrive(tenant, call, &client, login, arrival).await
}

fn shown(
    tenant: &Tenant,
    call: &Call,
    client: &Value,
    login: &LoginDoc,
    step: &Step<'_>,
    wrong: Option<&str>,
) -> Result<Response> {
    let state = hidden("state", &login.id);
    let name = text(client, "name").unwrap_or_default();
    let find = call.query.get("find");
    let users = pickable(tenant, client, login, find)?;
    let body = html! {
        @match step {
            Step::Contact => {
                h1 { "Welcome" }
                p { "Log in to " (tenant_name(tenant)) " to continue to " (name) "." }
                (problem(wrong))
                @if !users.is_empty() || find.is_some() { (picker(&state, &users, find, "")) }
                @for connection in open(tenant, client, login) { (contact(call, login, connection)) }
            }
            Step::Code(connection, to) => {
                h1 { "Verify Your Identity" }
                p { "We've sent a code to " (to) "." }
                p.note { "In this local tenant it is in the " a href="/_postlogin/outbox" { "outbox" } "." }
                (problem(wrong))
                form method="post" action="/u/passwordless" {
                    (state) (hidden("connection", connection)) (hidden("to", to))
                    label {
                        "Code"
                        input name="code" inputmode="numeric" autocomplete="one-time-code" required autofocus;
                    }
                    button name="action" value="default" { "Continue" }
                }
                form method="post" action="/u/passwordless" {
                    (state) (hidden("connection", connection)) (hidden("to", to))
                    button.user { "Resend" }
                }
            }
        }
        form.apart method="post" action="/u/passwordless" {
            (state)
            button.user name="action" value="cancel" { "Cancel" }
        }
    };
    let status = match wrong {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    let targets = [login.request.redirect_uri.as_str()];
    Ok(page_towards(status, layout("Log in", &body), &targets))
}

/// Returns the form for the address or the number of one connection.
fn contact(call: &Call, login: &LoginDoc, connection: &Value) -> Markup {
    let name = text(connection, "name").unwrap_or_default();
    let is_sms = text(connection, "strategy") == Some("sms");
    // What was typed before an error stays; a hint is an address.
    let typed = call.body_field("to");
    let typed = typed.filter(|_| call.body_field("connection") == Some(name));
    let hint = login.request.login_hint.as_deref().filter(|_| !is_sms);
    html! {
        form method="post" action="/u/passwordless" {
            (hidden("state", &login.id)) (hidden("connection", name))
            label {
                (if is_sms { "Phone number, with + and the code of the country" } else { "Email address" })
                input type=(if is_sms { "tel" } else { "email" }) name="to" value=(typed.or(hint).unwrap_or_default())
                    autocomplete=(if is_sms { "tel" } else { "email" }) required;
            }
            button name="action" value="default" { "Continue" }
        }
    }
}
