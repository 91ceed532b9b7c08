//! The built-in identity provider: the page on which the profile of a social or enterprise connection is chosen.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use maud::html;
use serde_json::{Map, Value, json};

use super::login::open_login;
use super::{connection_name, hidden, layout, problem};
use crate::catalog::is_provider;
use crate::http::{Call, page_towards, redirect, text};
use crate::import::OF_THE_TENANT;
use crate::oauth::finish::error_page;
use crate::oauth::provider::{callback_url, has_script, way_back};
use crate::oauth::run::LoginDoc;
use crate::oauth::{OAuthError, Result};
use crate::records::Identity;
use crate::state::Tenant;

/// The number of identities that the page shows.
const SHOWN: usize = 50;

pub(crate) async fn provider(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    let result = (|| {
        let login = open_login(&tenant, &call)?;
        let connection = connection(&tenant, &call, &login)?;
        match call.method {
            Method::POST => chosen(&tenant, &call, &login, &connection),
            _ => provider_page(&tenant, &login, &connection, None, None),
        }
    })();
    result.unwrap_or_else(|error| error_page(&error))
}

/// The connection of a request, which the application must be allowed to use.
fn connection(tenant: &Tenant, call: &Call, login: &LoginDoc) -> Result<Value> {
    let client = tenant.client(&login.request.client_id)?.unwrap_or_default();
    let name = call.field("connection").unwrap_or_default();
    let organization = login.request.organization.as_deref();
    let mut providers = tenant.catalog.providers(&client);
    let found = providers
        .find(|it| text(it, "name") == Some(name) && tenant.catalog.is_of(it, organization));
    found.cloned().ok_or_else(|| {
        let description = match tenant.catalog.connection(name).is_some_and(is_provider) {
            true => "The connection is not enabled for the application or the organization.",
            false => "There is no such social or enterprise connection.",
        };
        OAuthError::invalid_request(description)
    })
}

fn chosen(tenant: &Tenant, call: &Call, login: &LoginDoc, connection: &Value) -> Result<Response> {
    let name = text(connection, "name").unwrap_or_default();
    if call.body_field("action") == Some("cancel") {
        let refusal = [
            ("error", "access_denied"),
            ("error_description", "The user denied the request"),
            ("state", login.id.as_str()),
        ];
        return Ok(redirect(&callback_url(tenant, &refusal)));
    }
    let go_on = |identity: Option<&Value>| Ok(redirect(&way_back(tenant, login, name, identity)?));
    if let Some(user_id) = call.body_field("user_id") {
        let user = tenant.store.user(user_id)?;
        let told = user.map(|user| told(tenant, name, &user)).transpose()?;
        return match told.flatten() {
            Some((_, identity)) => go_on(Some(&identity)),
            None => provider_page(
                tenant,
                login,
                connection,
                None,
                Some("There is no such user."),
            ),
        };
    }
    let written = call.body_field("identity").unwrap_or_default().trim();
    if written.is_empty() && has_script(connection) {
        return go_on(None);
    }
    let again = |wrong: &str| provider_page(tenant, login, connection, Some(written), Some(wrong));
    let identity: Value = match serde_json::from_str(written) {
        Ok(identity @ Value::Object(_)) => identity,
        Ok(_) => return again("The profile must be a JSON object."),
        Err(error) => return again(&format!("The profile is not valid JSON: {error}")),
    };
    let has_id = ["user_id", "sub", "id"].iter().any(|key| {
        let id = identity.get(key);
        id.is_some_and(|id| id.is_number() || id.as_str().is_some_and(|id| !id.is_empty()))
    });
    if !has_id && !has_script(connection) {
        return again("The profile needs a `user_id`, a `sub` or an `id`.");
    }
    go_on(Some(&identity))
}

/// Returns the first users whom the provider knows, each with the provider's profile.
fn identities(tenant: &Tenant, connection: &str) -> Result<Vec<(String, Value)>> {
    let mut known = Vec::new();
    for user in tenant.store.first_users_with_identity(connection, SHOWN)? {
        known.extend(told(tenant, connection, &user)?);
    }
    Ok(known)
}

/// Returns the id of a user and the profile at the provider of a connection; `None` for users who are unknown there.
fn told(tenant: &Tenant, connection: &str, user: &Value) -> Result<Option<(String, Value)>> {
    let identities = user.get("identities").and_then(Value::as_array);
    let own = identities.into_iter().flatten();
    let mut own = own.filter(|identity| text(identity, "connection") == Some(connection));
    let (Some(identity), Some(user_id)) = (own.next(), text(user, "user_id")) else {
        return Ok(None);
    };
    let kept = tenant
        .store
        .get::<Identity>(&format!("{connection}/{user_id}"), tenant.now_ms())?;
    let told = match kept {
        Some(Identity(kept)) => kept,
        None => as_told(user, identity, connection),
    };
    Ok(Some((user_id.to_owned(), told)))
}

/// Returns the provider's profile of a user who never came by it here: the stored profile, with the id under its usual names.
fn as_told(user: &Value, identity: &Value, connection: &str) -> Value {
    let id = identity.get("user_id").cloned().unwrap_or_default();
    let id = match id
        .as_str()
        .and_then(|id| id.strip_prefix(&format!("{connection}|")))
    {
        Some(bare) => json!(bare),
        None => id,
    };
    let mut told = Map::new();
    for key in ["id", "sub", "user_id"] {
        told.insert(key.into(), id.clone());
    }
    for (key, value) in user.as_object().into_iter().flatten() {
        if !OF_THE_TENANT.contains(&key.as_str()) {
            told.insert(key.clone(), value.clone());
        }
    }
    Value::Object(told)
}

fn provider_page(
    tenant: &Tenant,
    login: &LoginDoc,
    connection: &Value,
    written: Option<&str>,
    wrong: Option<&str>,
) -> Result<Response> {
    let name = text(connection, "name").unwrap_or_default();
    let fields = html! { (hidden("state", &login.id)) (hidden("connection", name)) };
    let (says, sample) = match has_script(connection) {
        true => (
            "What the provider answers when fetchUserProfile asks it, to every request that no exchange of --http answers. Empty: those alone answer.",
            json!({"id": "1", "sub": "1", "email": "jane@example.com", "name": "Jane Doe"}),
        ),
        false => (
            "The profile that the provider gives.",
            json!({"user_id": "1", "email": "jane@example.com", "name": "Jane Doe"}),
        ),
    };
    let sample = serde_json::to_string_pretty(&sample).unwrap_or_default();
    let known = identities(tenant, name)?;
    let body = html! {
        h1 { "Sign in to " (connection_name(connection)) }
        p.note {
            "This page replaces the identity provider of the connection " code { (name) } ". No request leaves this machine."
        }
        (problem(wrong))
        form method="post" action="/u/provider" {
            (fields)
            label {
                (says)
                textarea name="identity" spellcheck="false" { (written.unwrap_or(&sample)) }
            }
            button name="action" value="default" { "Sign in" }
        }
        @if !known.is_empty() {
            hr;
            p.note { "Or sign in as a known user" }
            form method="post" action="/u/provider" {
                (fields)
                @for (user_id, identity) in known.iter().take(SHOWN) {
                    button.user name="user_id" value=(user_id) {
                        (text(identity, "email").unwrap_or(user_id))
                    }
                }
            }
        }
        form.apart method="post" action="/u/provider" {
            (fields)
            button.user name="action" value="cancel" { "Deny" }
        }
    };
    let status = match wrong {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    Ok(page_towards(
        status,
        layout("Sign in", &body),
        &[&login.request.redirect_uri],
    ))
}
