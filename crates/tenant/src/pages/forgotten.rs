//! The page on which a user asks for the mail that changes a forgotten password.
//!
//! <https://auth0.com/docs/authenticate/database-connections/password-change>

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use maud::html;
use serde_json::Value;

use super::login::{database, has_passwords, open_login};
use super::{hidden, layout};
use crate::http::{Call, page_towards, text};
use crate::oauth::finish::error_page;
use crate::oauth::run::LoginDoc;
use crate::oauth::{OAuthError, Result};
use crate::signup::change_password::{Asked, send_link};
use crate::signup::identifiers;
use crate::state::Tenant;

/// Whether the login page leads here. A database can switch that off: "Set to true to stop the "Forgot Password" being displayed on login
/// pages" (<https://github.com/auth0/go-auth0/blob/main/management/connection.go>).
pub(super) fn is_offered(tenant: &Tenant, client: &Value, login: &LoginDoc) -> bool {
    let connection = tenant.catalog.connection(&database(tenant, client, login));
    let option =
        connection.and_then(|it| it.pointer("/options/disable_self_service_change_password"));
    has_passwords(tenant, client, login) && option != Some(&Value::Bool(true))
}

pub(crate) async fn forgotten(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    let result = answered(&tenant, &call).await;
    result.unwrap_or_else(|error| error_page(&error))
}

async fn answered(tenant: &Arc<Tenant>, call: &Call) -> Result<Response> {
    let login = open_login(tenant, call)?;
    let client = tenant.client(&login.request.client_id)?.unwrap_or_default();
    if !is_offered(tenant, &client, &login) {
        return Err(OAuthError::invalid_request(
            "Users of this login cannot change a password here.",
        ));
    }
    let connection = database(tenant, &client, &login);
    let typed = call.body_field("username").map(str::trim);
    let typed = typed.filter(|typed| !typed.is_empty() && call.method == Method::POST);
    let body = match typed {
        Some(typed) => {
            let asked = Asked {
                client_id: Some(&login.request.client_id),
                organization: login.request.organization.as_deref(),
                connection: &connection,
                login: typed,
            };
            send_link(tenant, call, &asked).await?;
            html! {
                h1 { "Check Your Email" }
                p { "If " (typed) " has an account, it has got a mail with a link to change the password." }
                p.note { "In this local tenant the mail is in the " a href="/_postlogin/outbox" { "outbox" } "." }
                p { a href={ "/u/login?state=" (login.id) } { "Back to the login" } }
            }
        }
        None => {
            let found = tenant.catalog.connection(&connection);
            let label = identifiers::label(found.unwrap_or(&Value::Null));
            let hint = login.request.login_hint.as_deref().unwrap_or_default();
            html! {
                h1 { "Forgot Your Password?" }
                p { "You get a mail with a link to change the password for " (text(&client, "name").unwrap_or_default()) "." }
                form method="post" action="/u/reset-password" {
                    (hidden("state", &login.id))
                    label {
                        (label)
                        input name="username" value=(hint) autocomplete="username" required autofocus;
                    }
                    button { "Continue" }
                }
                p { a href={ "/u/login?state=" (login.id) } { "Back to the login" } }
            }
        }
    };
    Ok(page_towards(
        StatusCode::OK,
        layout("Forgot your password", &body),
        &[&login.request.redirect_uri],
    ))
}
