//! The page that asks for the organization of a login: before the login by its name, after it among those of the user.
//!
//! <https://auth0.com/docs/manage-users/organizations/login-flows-for-organizations>

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use maud::html;
use serde_json::Value;

use super::login::open_login;
use super::{hidden, layout, problem, tenant_name};
use crate::http::{Call, page_towards, text};
use crate::oauth::authorize::{open_page, refused, signed_in};
use crate::oauth::finish::error_page;
use crate::oauth::organizations::{Prompt, prompt};
use crate::oauth::run::LoginDoc;
use crate::oauth::session::{self, Session};
use crate::oauth::{OAuthError, Result};
use crate::randomness::digest;
use crate::state::Tenant;

/// The number of organizations to pick from, as in production.
const PICKED: usize = 20;

/// The organizations of a user: ids and names that people read, in the order of the configuration.
pub(crate) fn of_user(tenant: &Tenant, user_id: &str) -> Result<Vec<(String, String)>> {
    let mut own = Vec::new();
    for organization in &tenant.catalog.organizations {
        let id = text(organization, "id").unwrap_or_default();
        if tenant.is_member(id, user_id)? {
            let shown = text(organization, "display_name").or_else(|| text(organization, "name"));
            own.push((id.to_owned(), shown.unwrap_or(id).to_owned()));
        }
    }
    Ok(own)
}

pub(crate) async fn organization(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    let result = answered(&tenant, &call).await;
    result.unwrap_or_else(|error| error_page(&error))
}

async fn answered(tenant: &Arc<Tenant>, call: &Call) -> Result<Response> {
    let mut login = open_login(tenant, call)?;
    let client = tenant.client(&login.request.client_id)?.unwrap_or_default();
    let asked = prompt(&client).filter(|_| login.request.organization.is_none());
    let Some(asked) = asked else {
        return Err(OAuthError::invalid_request(
            "This login waits for no organization.",
        ));
    };
    // Whoever is signed in, and is the one that this login was for.
    let session = session::current(tenant, call)?
        .filter(|session| Some(&session.key) == login.session_key.as_ref());
    if login.session_key.is_some() && session.is_none()
        || asked == Prompt::AfterLogin && session.is_none()
    {
        return Err(OAuthError::invalid_request(
            "This page belongs to a session that has ended. Go back to the application and sign in again.",
        ));
    }
    let own = match (&session, asked) {
        (Some(session), Prompt::AfterLogin) => of_user(tenant, &session.record.user_id)?,
        _ => Vec::new(),
    };
    if call.method != Method::POST {
        return shown(tenant, call, &login, asked, &own, None);
    }
    if call.body_field("action") == Some("cancel") {
        tenant.store.remove::<LoginDoc>(&digest(&login.id))?;
        let error = OAuthError::new(403, "access_denied", "User did not authorize the request");
        return Ok(refused(tenant, &login, &login.request.way_back(), &error));
    }
    let answer = call.body_field("organization").unwrap_or_default().trim();
    let found = match asked {
        // Names are lower case, and typed as people type.
        Prompt::BeforeLogin => {
            let name = answer.to_lowercase();
            let mut all = tenant.catalog.organizations.iter();
            let found = all.find(|it| text(it, "name").is_some_and(|it| it.to_lowercase() == name));
            found.and_then(|it| text(it, "id")).map(str::to_owned)
        }
        Prompt::AfterLogin => {
            let mut own = own.iter();
            own.find(|(id, _)| id == answer).map(|(id, _)| id.clone())
        }
    };
    let Some(id) = found else {
        let wrong = "The organization you entered could not be found.";
        return shown(tenant, call, &login, asked, &own, Some(wrong));
    };
    login.request.organization = Some(id);
    match session {
        Some(session) => proceed(tenant, call, &client, login, &session).await,
        None => open_page(tenant, &login),
    }
}

/// The user is known already: the Actions run.
async fn proceed(
    tenant: &Arc<Tenant>,
    call: &Call,
    client: &Value,
    login: LoginDoc,
    session: &Session,
) -> Result<Response> {
    // Of two requests at once, one continues.
    let taken = tenant
        .store
        .take::<LoginDoc>(&digest(&login.id), tenant.now_ms())?;
    if taken.is_none() {
        return Err(OAuthError::invalid_request(
            "This page has been used already. Go back to the application and sign in again.",
        ));
    }
    Ok(signed_in(tenant, call, client, login, session).await)
}

fn shown(
    tenant: &Tenant,
    call: &Call,
    login: &LoginDoc,
    asked: Prompt,
    own: &[(String, String)],
    wrong: Option<&str>,
) -> Result<Response> {
    let client = tenant.client(&login.request.client_id)?.unwrap_or_default();
    let name = text(&client, "name").unwrap_or_default();
    let state = hidden("state", &login.id);
    let typed = call.body_field("organization").unwrap_or_default();
    let body = html! {
        @match asked {
            Prompt::BeforeLogin => {
                h1 { "Enter Your Organization" }
                p { "Log in to " (tenant_name(tenant)) " to continue to " (name) "." }
                (problem(wrong))
                form method="post" action="/u/organization" {
                    (state)
                    label {
                        "Your organization's name"
                        input name="organization" value=(typed) autocomplete="organization" autocapitalize="none" required autofocus;
                    }
                    button { "Continue" }
                }
            }
            Prompt::AfterLogin => {
                h1 { "Select an Organization" }
                p { "Select an organization to continue to " (name) "." }
                (problem(wrong))
                form method="post" action="/u/organization" {
                    (state)
                    @for (id, shown) in own.iter().take(PICKED) {
                        button.user name="organization" value=(id) { (shown) }
                    }
                }
            }
        }
        form.apart method="post" action="/u/organization" {
            (state)
            button.user name="action" value="cancel" { "Cancel" }
        }
    };
    let status = match wrong {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    Ok(page_towards(
        status,
        layout("Organization", &body),
        &[&login.request.redirect_uri],
    ))
}
