//! `/dbconnections/change_password`.
//!
//! <https://auth0.com/docs/api/authentication/change-password/change-password>

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use super::{Refusal, fields_of};
use crate::clock::iso;
use crate::email::{Cause, Template, send};
use crate::http::{Call, answer, text};
use crate::identities::Linked;
use crate::management::happenings;
use crate::oauth::OAuthError;
use crate::state::Tenant;

/// Checks that a request names a database, and an application that may use it, if it names one. "Missing or invalid parameters" are 400
/// (<https://auth0.com/docs/api/authentication/change-password/change-password>); the texts are those of a sign-up.
fn names_a_database(
    tenant: &Tenant,
    client_id: Option<&str>,
    connection: &str,
) -> Result<(), Refusal> {
    let client = client_id.map(|id| tenant.catalog.client(id));
    if client == Some(None) {
        return Err(Refusal::plain("client_id is invalid"));
    }
    let found = tenant.catalog.connection(connection);
    let is_usable = |found: &&Value| {
        text(found, "strategy") == Some("auth0")
            && client
                .flatten()
                .is_none_or(|client| crate::catalog::is_enabled(found, client))
    };
    match found.filter(is_usable) {
        Some(_) => Ok(()),
        None => Err(Refusal::plain(
            "connection does not exist or is not enabled for the client",
        )),
    }
}

/// Sends the mail with which a password is changed. It does not reveal who has an account.
pub(crate) async fn change_password(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    let fields = match fields_of(&call) {
        Ok(fields) if call.method == Method::POST => fields,
        Ok(_) => {
            return OAuthError::new(405, "invalid_request", "change_password accepts POST")
                .response();
        }
        Err(refusal) => return answer(StatusCode::BAD_REQUEST, &refusal.0),
    };
    let part = |key: &str| {
        fields
            .get(key)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    // "Provide `email` or `username`; at least one is required": @auth0/auth0-auth-js 1.16, `ChangePasswordOptions`.
    let login = part("email").or_else(|| part("username"));
    let (Some(login), Some(connection)) = (login, part("connection")) else {
        return answer(
            StatusCode::BAD_REQUEST,
            &json!({"error": "email and connection are required"}),
        );
    };
    if let Err(refusal) = names_a_database(&tenant, part("client_id"), connection) {
        return answer(StatusCode::BAD_REQUEST, &refusal.0);
    }
    let asked = Asked {
        client_id: part("client_id"),
        organization: part("organization"),
        connection,
        login,
    };
    if let Err(error) = send_link(&tenant, &call, &asked).await {
        return error.response();
    }
    let said = "We've just sent you an email to reset your password.";
    let mut response = Response::new(axum::body::Body::from(said));
    crate::http::set(&mut response, "content-type", "text/html; charset=utf-8");
    response
}

/// Whose password is to be changed.
pub(crate) struct Asked<'a> {
    pub(crate) client_id: Option<&'a str>,
    /// The id of the organization, if there is one.
    pub(crate) organization: Option<&'a str>,
    /// The name of the database.
    pub(crate) connection: &'a str,
    /// An e-mail address, or another identifier of the user.
    pub(crate) login: &'a str,
}

/// Sends the mail to the user, if there is one. Only the log says that there is none.
pub(crate) async fn send_link(
    tenant: &Arc<Tenant>,
    call: &Call,
    asked: &Asked<'_>,
) -> Result<(), OAuthError> {
    let (connection, login) = (asked.connection, asked.login);
    let Some((user, _)) = tenant.store.user_by_login(connection, login)? else {
        tenant.control.log(json!({
            "type": "email", "date": iso(tenant.now_ms()), "template": "reset_email",
            "client_id": asked.client_id,
            "error": format!("no mail: `{connection}` has no user with the address `{login}`"),
        }));
        return Ok(());
    };
    let linked = Linked::by_login(&user, connection, login);
    let cause = Cause {
        client_id: asked.client_id,
        organization: asked.organization,
        linked,
        call: Some(call),
    };
    let addressed = linked.map_or_else(|| user.clone(), |linked| linked.addressed(&user));
    send(tenant, Template::ResetEmail, &addressed, cause).await;
    happenings::of_user(tenant, call, "scpr", &user);
    Ok(())
}
