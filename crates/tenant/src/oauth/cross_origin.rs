//! Cross-origin authentication: Lock and auth0.js take the password in the application's own page.
//!
//! `/co/authenticate` answers a ticket, which `/authorize` takes in place of its login page.
//! <https://auth0.com/docs/authenticate/login/cross-origin-authentication> and the draft
//! <https://raw.githubusercontent.com/jaredhanson/draft-openid-connect-cross-origin-authentication/master/Draft-1.0.txt>.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use super::authorize::signed_in;
use super::grants::check_password;
use super::run::{LoginDoc, mark_login};
use super::session::Arrival;
use super::token::REALM_GRANT;
use super::{OAuthError, Result, session};
use crate::http::{Call, Content, answer, text};
use crate::randomness::{digest, same_secret};
use crate::records::LoginTicket;
use crate::state::{Tenant, client_knows_origin};
use crate::store::Entry;

/// Milliseconds for which a ticket can be used.
const TICKET_MS: i64 = 300_000;

pub(crate) async fn authenticate(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    if call.method != Method::POST {
        return OAuthError::new(405, "invalid_request", "/co/authenticate accepts POST").response();
    }
    let (browser, is_new) = session::browser(&tenant, &call);
    let mut response = match ticket(&tenant, &call, &browser).await {
        Ok(body) => answer(StatusCode::OK, &body),
        Err(error) => return error.response(),
    };
    if is_new {
        session::set_browser_cookie(&tenant, &mut response, &browser);
    }
    response
}

async fn ticket(tenant: &Arc<Tenant>, call: &Call, browser: &str) -> Result<Value> {
    // A form of any site could be sent here; JSON needs the consent of CORS.
    if !matches!(call.content, Content::Json(Value::Object(_))) {
        return Err(OAuthError::invalid_request(
            "The body must be a JSON object",
        ));
    }
    let unauthorized = |text: &str| OAuthError::new(403, "unauthorized_client", text);
    let client = tenant
        .client(call.required("client_id")?)?
        .ok_or_else(|| unauthorized("Unknown client"))?;
    let allowed = ["cross_origin_authentication", "cross_origin_auth"]
        .iter()
        .any(|key| client.get(key).and_then(Value::as_bool) == Some(true));
    if !allowed {
        return Err(unauthorized("Cross origin login not allowed."));
    }
    if !call
        .header("origin")
        .is_some_and(|origin| client_knows_origin(&tenant.catalog, &client, origin))
    {
        return Err(unauthorized(
            "The origin is not in the list of allowed origins.",
        ));
    }
    let known = |name: &str| {
        let mut databases = tenant.catalog.databases(&client);
        databases.any(|connection| text(connection, "name") == Some(name))
    };
    let name = match call.required("credential_type")? {
        REALM_GRANT => call.required("realm")?.to_owned(),
        "password" => {
            let default = tenant.catalog.default_database(&client);
            let name = default.and_then(|connection| text(connection, "name"));
            name.unwrap_or_default().to_owned()
        }
        other => {
            return Err(OAuthError::invalid_request(format!(
                "Unsupported credential type: {other}"
            )));
        }
    };
    if !known(&name) {
        return Err(unauthorized(
            "the connection was not found or is not enabled for the client",
        ));
    }
    let (username, password) = (call.required("username")?, call.required("password")?);
    let user_id = check_password(tenant, &name, username, password).await?;
    let user_id =
        user_id.ok_or_else(|| OAuthError::new(401, "access_denied", "Wrong email or password."))?;
    let ticket = tenant.randomness.token();
    let now = tenant.now_ms();
    let key = digest(&ticket);
    let entry = Entry::until(&key, now + TICKET_MS).of(&user_id);
    let record = LoginTicket {
        user_id: user_id.clone(),
        client_id: text(&client, "client_id").unwrap_or_default().to_owned(),
        browser: digest(browser),
    };
    tenant.store.put(entry, &record, now)?;
    Ok(json!({
        "login_ticket": ticket, "co_verifier": tenant.randomness.token(), "co_id": tenant.randomness.hex_id(),
    }))
}

/// Continues with a request that brings a ticket. One of another browser or application is none.
pub(crate) async fn redeem(
    tenant: &Arc<Tenant>,
    call: &Call,
    client: &Value,
    login: LoginDoc,
    ticket: &str,
) -> Result<Response> {
    let found = tenant
        .store
        .take::<LoginTicket>(&digest(ticket), tenant.now_ms())?;
    let fits = |ticket: &LoginTicket| {
        ticket.client_id == login.request.client_id && same_secret(&ticket.browser, &login.browser)
    };
    let ticket = found
        .filter(fits)
        .ok_or_else(|| OAuthError::new(403, "access_denied", "Unknown or invalid login ticket."))?;
    let user_id = ticket.user_id.as_str();
    mark_login(tenant, user_id, &call.ip)?;
    let (session, cookie) = session::begin(
        tenant,
        call,
        Arrival {
            user_id,
            method: "pwd",
            connection: None,
        },
    )?;
    let mut response = signed_in(tenant, call, client, login, &session).await;
    session::set_cookie(tenant, &mut response, &cookie);
    Ok(response)
}
